//! Loss and metrics of a model over a whole data set.

use evenkeel_data::Dataset;
use evenkeel_graph::{Graph, Mode, NodeId, Plan};
use evenkeel_nn::{Loss, Model, Reduction};
use evenkeel_tensor::{Real, Shape, Tensor};

use crate::history::Tally;
use crate::targets::targets_for;
use crate::{Metric, Scores, TrainError};

/// How many samples are evaluated at a time.
const CHUNK: usize = 256;

/// The loss and the metrics of `model` on all of `data`, in inference mode.
///
/// A mean loss is the mean over all samples, whatever the chunks.
///
/// # Errors
/// [`TrainError::Fit`] if the model does not fit the data.
pub fn evaluate<T: Real>(
    model: &Model<T>,
    data: &Dataset<T>,
    loss: Loss,
    metrics: &[Metric],
) -> Result<Scores, TrainError> {
    let targets = targets_for(model, data, loss)?;
    Evaluator::new(data, targets, loss).scores(model, metrics)
}

/// Evaluates models of one make on one data set; plans are compiled once.
#[derive(Debug)]
pub(crate) struct Evaluator<'a, T: Real> {
    inputs: &'a Tensor<T>,
    targets: Tensor<T>,
    loss: Loss,
    plans: Vec<Compiled<T>>,
}

#[derive(Debug)]
struct Compiled<T: Real> {
    plan: Plan<T>,
    batch: (Tensor<T>, Tensor<T>),
    output: (NodeId, Shape),
    loss: NodeId,
}

impl<'a, T: Real> Evaluator<'a, T> {
    pub(crate) fn new(data: &'a Dataset<T>, targets: Tensor<T>, loss: Loss) -> Self {
        Self { inputs: data.inputs(), targets, loss, plans: Vec::new() }
    }

    pub(crate) fn scores(
        &mut self,
        model: &Model<T>,
        metrics: &[Metric],
    ) -> Result<Scores, TrainError> {
        let samples = self.inputs.shape().samples();
        let mut tally = Tally::new(metrics);
        for first in (0..samples).step_by(CHUNK) {
            let chosen: Vec<usize> = (first..samples.min(first + CHUNK)).collect();
            let index = self.compile(model, chosen.len())?;
            let compiled = &mut self.plans[index];
            let (x, y) = &mut compiled.batch;
            self.inputs.gather_into(&chosen, x);
            self.targets.gather_into(&chosen, y);
            compiled.plan.forward(model.params(), &[x, y])?;
            let (node, shape) = compiled.output;
            let logits = compiled.plan.value(node).unwrap_or_default();
            let loss = compiled.plan.value(compiled.loss).map_or(f64::NAN, |loss| loss[0].to_f64());
            tally.add(loss, chosen.len(), logits, shape, y.as_slice());
        }
        Ok(tally.scores(self.loss.reduction() == Reduction::Mean))
    }

    fn compile(&mut self, model: &Model<T>, samples: usize) -> Result<usize, TrainError> {
        let fits = |plan: &Compiled<T>| plan.batch.0.shape().samples() == samples;
        if let Some(index) = self.plans.iter().position(fits) {
            return Ok(index);
        }
        let graph = Graph::with_mode(model.params(), Mode::Inference);
        let (x, output) = model.trace(&graph, samples)?;
        let y = graph.input("targets", self.targets.shape().with_samples(samples));
        let loss = self.loss.trace(output, y);
        let plan = Plan::builder(&graph).output(output).output(loss).build()?;
        let batch = (Tensor::zeros(x.shape()), Tensor::zeros(y.shape()));
        let (output, loss) = ((output.id(), output.shape()), loss.id());
        self.plans.push(Compiled { plan, batch, output, loss });
        Ok(self.plans.len() - 1)
    }
}
