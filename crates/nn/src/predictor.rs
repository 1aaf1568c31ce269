//! A model compiled for inference: for serving, where the same model answers again and again.

use evenkeel_graph::{Graph, Mode, NodeId, Plan};
use evenkeel_tensor::{Real, Shape, Tensor, parallel};

use crate::{Model, NnError};

/// How many samples are predicted at a time: memory stays bounded however many there are.
const CHUNK: usize = 256;

/// Predicts with a model in inference mode, and keeps what it has compiled: one plan for each
/// number of samples it has been asked for, 256 at most.
///
/// ```
/// use evenkeel_init::Policy;
/// use evenkeel_nn::{Model, Sequential};
/// use evenkeel_tensor::Tensor;
///
/// let model: Model = Sequential::new([4]).dense(8).relu().dense(2).build(&Policy::auto(), 1)?;
/// let mut predictor = model.predictor()?;
/// let mut logits = Tensor::zeros([1, 2]);
/// for i in 0..3 {
///     predictor.predict_into(&Tensor::full([1, 4], i as f32), &mut logits)?;
///     assert_eq!(logits, model.predict(&Tensor::full([1, 4], i as f32))?);
/// }
/// # Ok::<(), evenkeel_nn::NnError>(())
/// ```
#[derive(Debug)]
pub struct Predictor<'m, T: Real = f32> {
    model: &'m Model<T>,
    output: Shape,
    plans: Vec<Compiled<T>>,
}

/// An inference plan for batches of one size.
#[derive(Debug)]
struct Compiled<T: Real> {
    samples: usize,
    plan: Plan<T>,
    output: NodeId,
    /// The batch that is read where there are more samples than one plan takes.
    chunk: Tensor<T>,
}

impl<'m, T: Real> Predictor<'m, T> {
    pub(crate) fn new(model: &'m Model<T>) -> Result<Self, NnError> {
        Ok(Self { model, output: model.output_shape()?, plans: Vec::new() })
    }

    /// The model's output for each sample of `inputs`, `[N, ..]`.
    ///
    /// # Errors
    /// [`NnError::InputShape`] if the samples do not have the model's shape.
    pub fn predict(&mut self, inputs: &Tensor<T>) -> Result<Tensor<T>, NnError> {
        self.check(inputs)?;
        let mut outputs = Tensor::zeros(self.output.batch(inputs.shape().samples())?);
        self.run(inputs, outputs.as_mut_slice())?;
        Ok(outputs)
    }

    /// The same, written to `outputs` of shape `[N, ..]`. Allocates nothing if it has predicted
    /// as many samples before.
    ///
    /// # Errors
    /// [`NnError::InputShape`] if the samples do not have the model's shape,
    /// [`NnError::OutputShape`] if `outputs` does not have that of the results.
    pub fn predict_into(
        &mut self,
        inputs: &Tensor<T>,
        outputs: &mut Tensor<T>,
    ) -> Result<(), NnError> {
        self.check(inputs)?;
        let expected = self.output.batch(inputs.shape().samples())?;
        if outputs.shape() != expected {
            return Err(NnError::OutputShape { expected, got: outputs.shape() });
        }
        self.run(inputs, outputs.as_mut_slice())
    }

    fn check(&self, inputs: &Tensor<T>) -> Result<(), NnError> {
        let (expected, got) = (self.model.sample_shape(), inputs.shape());
        if got.axes() > 0 && got.sample() == expected {
            return Ok(());
        }
        Err(NnError::InputShape { expected: expected.to_string(), got })
    }

    fn run(&mut self, inputs: &Tensor<T>, outputs: &mut [T]) -> Result<(), NnError> {
        let (model, samples) = (self.model, inputs.shape().samples());
        if samples == 0 {
            return Ok(());
        }
        if samples <= CHUNK {
            let compiled = self.compiled(samples)?;
            compiled.plan.forward(model.params(), &[inputs])?;
            outputs.copy_from_slice(compiled.plan.value(compiled.output).unwrap_or_default());
            return Ok(());
        }
        let work = self.compiled(CHUNK)?.plan.work() * samples.div_ceil(CHUNK);
        parallel::with_team_for(work, || {
            let (in_len, out_len) = (inputs.shape().sample_len(), self.output.len());
            for first in (0..samples).step_by(CHUNK) {
                let count = CHUNK.min(samples - first);
                let compiled = self.compiled(count)?;
                let inputs = &inputs.as_slice()[first * in_len..][..count * in_len];
                compiled.chunk.as_mut_slice().copy_from_slice(inputs);
                compiled.plan.forward(model.params(), &[&compiled.chunk])?;
                outputs[first * out_len..][..count * out_len]
                    .copy_from_slice(compiled.plan.value(compiled.output).unwrap_or_default());
            }
            Ok(())
        })
    }

    /// The plan for so many samples, made if there is none yet.
    fn compiled(&mut self, samples: usize) -> Result<&mut Compiled<T>, NnError> {
        let found = self.plans.iter().position(|plan| plan.samples == samples);
        let index = match found {
            Some(index) => index,
            None => {
                self.plans.push(Compiled::new(self.model, samples)?);
                self.plans.len() - 1
            }
        };
        Ok(&mut self.plans[index])
    }
}

impl<T: Real> Compiled<T> {
    fn new(model: &Model<T>, samples: usize) -> Result<Self, NnError> {
        let graph = Graph::with_mode(model.params(), Mode::Inference);
        let (input, output) = model.trace(&graph, samples)?;
        let plan = Plan::builder(&graph).output(output).build()?;
        let (chunk, output) = (Tensor::zeros(input.shape()), output.id());
        Ok(Self { samples, plan, output, chunk })
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_init::Policy;

    use super::*;
    use crate::Sequential;

    #[test]
    fn a_predictor_predicts_what_the_model_does_for_any_number_of_samples() {
        let net = Sequential::new([3]).dense(5).tanh().dense(2);
        let model: Model<f64> = net.build(&Policy::auto(), 1).unwrap();
        let mut predictor = model.predictor().unwrap();
        for samples in [0, 1, 7, 1, CHUNK, CHUNK + 1, 3 * CHUNK + 2] {
            let mut inputs = Tensor::zeros([samples, 3]);
            inputs.as_mut_slice().iter_mut().enumerate().for_each(|(i, x)| *x = (i as f64).sin());
            let mut outputs = Tensor::zeros([samples, 2]);
            predictor.predict_into(&inputs, &mut outputs).unwrap();
            assert_eq!(outputs, model.predict(&inputs).unwrap());
            for index in (0..samples).step_by(100) {
                let one = model.predict(&inputs.gather(&[index])).unwrap();
                let row = &outputs.as_slice()[2 * index..][..2];
                approx::assert_relative_eq!(one.as_slice(), row, max_relative = 1e-14);
            }
        }
        let error = predictor.predict_into(&Tensor::zeros([2, 3]), &mut Tensor::zeros([2, 3]));
        assert_eq!(error.unwrap_err().to_string(), "outputs: expected shape [2, 2], got [2, 3]");
    }
}
