//! One training step at a time: forward, loss, backward, update.
//!
//! A stepper holds a compiled plan for each batch shape it has met and the optimizer's state.
//! After the first step with a shape, a step allocates nothing of its own. (A step that is worth
//! several threads enters rayon's pool once, whose queue allocates once in about thirty such entries
//! from outside. [`Trainer`](crate::Trainer) enters it once an epoch; whoever makes steps one by
//! one can do the same with [`parallel::in_pool`].)

use std::sync::Arc;

use evenkeel_graph::{Context, Graph, GraphError, NodeId, Params, Plan, PlanBuilder};
use evenkeel_nn::{Loss, Model};
use evenkeel_tensor::{Real, Shape, Tensor, parallel};

use crate::{Optimizer, OptimizerState, TrainError};

/// What to do when the loss or a gradient is infinite or NaN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NonFinite {
    /// Stop with an error that names the step and the first bad layer; the parameters keep their
    /// values from before the step.
    #[default]
    Stop,
    /// Leave this step out and go on.
    Skip,
    /// Update regardless.
    Continue,
}

/// What came of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepOutcome {
    /// The loss before the update.
    pub loss: f64,
    /// Whether the parameters were updated.
    pub updated: bool,
}

/// Makes training steps on a model.
///
/// ```
/// use evenkeel_init::Policy;
/// use evenkeel_nn::{Loss, Model, Sequential};
/// use evenkeel_tensor::Tensor;
/// use evenkeel_train::{Sgd, Stepper};
///
/// let mut model: Model<f64> = Sequential::new([1]).dense(1).build(&Policy::auto(), 3)?;
/// let x = Tensor::from_vec([2, 1], vec![0.0, 1.0]).unwrap();
/// let y = Tensor::from_vec([2, 1], vec![1.0, 3.0]).unwrap(); // y = 2x + 1
/// let mut stepper = Stepper::new(&model, Loss::mean_squared_error(), Sgd::new(), 0)?;
/// let mut loss = 0.0;
/// for _ in 0..500 {
///     loss = stepper.step(&mut model, &x, &y, 0.3)?.loss;
/// }
/// assert!(loss < 1e-12);
/// # Ok::<(), evenkeel_train::TrainError>(())
/// ```
#[derive(Debug)]
pub struct Stepper<T: Real = f32> {
    loss: Loss,
    optimizer: Arc<dyn Optimizer<T>>,
    state: OptimizerState<T>,
    seed: u64,
    non_finite: NonFinite,
    plans: Vec<Traced<T>>,
    last: usize,
}

/// A training plan for one batch shape.
#[derive(Debug)]
struct Traced<T: Real> {
    shapes: (Shape, Shape),
    plan: Plan<T>,
    output: NodeId,
    output_shape: Shape,
}

impl<T: Real> Traced<T> {
    fn new(
        model: &Model<T>,
        loss: Loss,
        shapes: (Shape, Shape),
        make: impl for<'g> FnOnce(PlanBuilder<'g, T>) -> PlanBuilder<'g, T>,
    ) -> Result<Self, TrainError> {
        let graph = Graph::new(model.params());
        let (x, output) = model.trace(&graph, shapes.0.samples())?;
        if x.shape() != shapes.0 {
            let (expected, got) = (x.shape(), shapes.0);
            let name = "x".into();
            return Err(GraphError::RunShape { what: "input", name, expected, got }.into());
        }
        let loss = loss.trace(output, graph.input("targets", shapes.1));
        let builder = Plan::builder(&graph).output(output).loss(loss);
        let plan = make(builder).build()?;
        Ok(Self { shapes, plan, output: output.id(), output_shape: output.shape() })
    }
}

impl<T: Real> Stepper<T> {
    /// A stepper at step 0. `seed` decides what random layers such as dropout draw.
    ///
    /// # Errors
    /// [`TrainError::Setting`] if a setting of the optimizer is outside its range.
    pub fn new(
        model: &Model<T>,
        loss: Loss,
        optimizer: impl Optimizer<T> + 'static,
        seed: u64,
    ) -> Result<Self, TrainError> {
        Self::shared(model, loss, Arc::new(optimizer), seed)
    }

    pub(crate) fn shared(
        model: &Model<T>,
        loss: Loss,
        optimizer: Arc<dyn Optimizer<T>>,
        seed: u64,
    ) -> Result<Self, TrainError> {
        optimizer.check()?;
        let state = OptimizerState::new(&*optimizer, model.params());
        let (non_finite, plans) = (NonFinite::default(), Vec::new());
        Ok(Self { loss, optimizer, state, seed, non_finite, plans, last: 0 })
    }

    /// What to do when the loss or a gradient is not finite; [`NonFinite::Stop`] by default.
    #[must_use]
    pub fn on_non_finite(self, non_finite: NonFinite) -> Self {
        Self { non_finite, ..self }
    }

    /// How many steps were made.
    pub fn steps(&self) -> u64 {
        self.state.step()
    }

    /// The optimizer's memory.
    pub fn state(&self) -> &OptimizerState<T> {
        &self.state
    }

    /// Makes one step on a batch: inputs `x` of shape `[N, ..]`, targets `y` as the loss wants
    /// them, learning rate `rate`.
    ///
    /// # Errors
    /// [`TrainError::NonFinite`] (the parameters are then unchanged), [`TrainError::Setting`] for
    /// a negative or non-finite rate, [`TrainError::Graph`] or [`TrainError::Model`] if shapes or
    /// labels do not fit.
    pub fn step(
        &mut self,
        model: &mut Model<T>,
        x: &Tensor<T>,
        y: &Tensor<T>,
        rate: f64,
    ) -> Result<StepOutcome, TrainError> {
        crate::Schedule::Constant(rate).rate(self.steps() + 1)?;
        self.compile(model, x.shape(), y.shape())?;
        let work = self.plans[self.last].plan.work();
        parallel::with_team_for(work, || self.run(model, x, y, rate))
    }

    /// Makes a step with the plan at hand.
    fn run(
        &mut self,
        model: &mut Model<T>,
        x: &Tensor<T>,
        y: &Tensor<T>,
        rate: f64,
    ) -> Result<StepOutcome, TrainError> {
        let loss = self.differentiate(model, x, y)?;
        let plan = &self.plans[self.last].plan;
        if self.non_finite != NonFinite::Continue {
            if let Some((what, value)) = non_finite(plan, model.params(), loss) {
                return self.refuse(model, [x, y], loss, what, value);
            }
            if !plan.streams_are_finite(model.params(), &[x, y]) {
                // Numbers near the end of the range: look at every gradient before any is used.
                let shapes = (x.shape(), y.shape());
                self.plans[self.last] = Traced::new(model, self.loss, shapes, |builder| builder)?;
                return self.run(model, x, y, rate);
            }
        }
        let plan = &self.plans[self.last].plan;
        self.state.apply(&*self.optimizer, rate, model.params_mut(), plan, &[x, y]);
        Ok(StepOutcome { loss, updated: true })
    }

    /// Runs the plan at hand forward and backward; the loss.
    fn differentiate(
        &mut self,
        model: &Model<T>,
        x: &Tensor<T>,
        y: &Tensor<T>,
    ) -> Result<f64, TrainError> {
        let context = self.context();
        let plan = &mut self.plans[self.last].plan;
        plan.set_context(context);
        plan.forward(model.params(), &[x, y])?;
        plan.backward(model.params(), &[x, y])?;
        Ok(plan.loss().map_or(f64::NAN, Real::to_f64))
    }

    /// The model's output in the last step, before the update, and its shape; `None` before the
    /// first step.
    pub fn predictions(&self) -> Option<(&[T], Shape)> {
        let traced = self.plans.get(self.last)?;
        traced.plan.value(traced.output).map(|values| (values, traced.output_shape))
    }

    fn context(&self) -> Context {
        Context { seed: self.seed, step: self.steps() + 1 }
    }

    /// Finds the plan for these shapes, or makes it.
    fn compile(&mut self, model: &Model<T>, x: Shape, y: Shape) -> Result<(), TrainError> {
        self.last = match self.plans.iter().position(|plan| plan.shapes == (x, y)) {
            Some(index) => index,
            None => {
                let traced = Traced::new(model, self.loss, (x, y), |builder| builder.streaming())?;
                self.plans.push(traced);
                self.plans.len() - 1
            }
        };
        Ok(())
    }

    /// Leaves a step out, or reports where its first non-finite value came from.
    fn refuse(
        &mut self,
        model: &Model<T>,
        [x, y]: [&Tensor<T>; 2],
        loss: f64,
        what: String,
        value: String,
    ) -> Result<StepOutcome, TrainError> {
        if self.non_finite == NonFinite::Skip {
            self.state.skip();
            return Ok(StepOutcome { loss, updated: false });
        }
        let origin = self.origin(model, x, y)?;
        let step = self.steps() + 1;
        Err(TrainError::NonFinite { what, value, step, epoch: None, origin })
    }

    /// Runs the step again with everything kept, to find where non-finite values begin.
    fn origin(&self, model: &Model<T>, x: &Tensor<T>, y: &Tensor<T>) -> Result<String, TrainError> {
        if !x.is_finite() {
            return Ok("in the inputs".into());
        }
        let bad = |p: &Params<T>| {
            let mut entries = p.iter();
            entries.find(|(_, e)| !e.value().is_finite()).map(|(_, e)| e.name().to_owned())
        };
        if let Some(name) = bad(model.params()) {
            return Ok(format!("in the parameter `{name}`"));
        }
        let mut traced =
            Traced::new(model, self.loss, (x.shape(), y.shape()), |builder| builder.keep_all())?;
        traced.plan.set_context(self.context());
        traced.plan.forward(model.params(), &[x, y])?;
        Ok(match traced.plan.first_non_finite() {
            Some((path, operation)) => format!("the output of `{path}` ({operation})"),
            None => "in the backward pass".into(),
        })
    }
}

/// What is not finite, and its value: the loss, or else the gradient of the parameter nearest to
/// the loss.
fn non_finite<T: Real>(plan: &Plan<T>, params: &Params<T>, loss: f64) -> Option<(String, String)> {
    if !loss.is_finite() {
        return Some(("the loss".into(), loss.to_string()));
    }
    let bad = |id| plan.param_gradient(id).is_some_and(|g| !parallel::all_finite(g));
    let (_, entry) = params.iter().filter(|(id, _)| bad(*id)).last()?;
    Some((format!("the gradient of `{}`", entry.name()), "not finite".into()))
}

#[cfg(test)]
mod tests {
    use evenkeel_init::Policy;
    use evenkeel_nn::Sequential;

    use super::*;
    use crate::Sgd;

    fn overflowing() -> Model {
        let net = Sequential::new([2]).dense(4).relu().dense(4).relu().dense(1);
        net.build(&"constant(1e20)".parse().unwrap(), 0).unwrap()
    }

    fn batch() -> (Tensor, Tensor) {
        (Tensor::full([3, 2], 1.0), Tensor::zeros([3, 1]))
    }

    #[test]
    fn a_non_finite_loss_stops_and_names_step_and_layer() {
        let mut model = overflowing();
        let before = model.params().get(model.params().find("dense.0/weight").unwrap()).clone();
        let mut stepper = Stepper::new(&model, Loss::mean_squared_error(), Sgd::new(), 0).unwrap();
        let (x, y) = batch();
        let error = stepper.step(&mut model, &x, &y, 0.1).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the loss is inf at step 1: the first non-finite value is the output of `dense.1` \
             (linear); the parameters are those before this step"
        );
        let after = model.params().get(model.params().find("dense.0/weight").unwrap());
        assert_eq!(before.value(), after.value());
    }

    #[test]
    fn nan_in_the_inputs_is_found_there() {
        let net = Sequential::new([2]).dense(1);
        let mut model: Model = net.build(&Policy::auto(), 0).unwrap();
        let mut stepper = Stepper::new(&model, Loss::mean_squared_error(), Sgd::new(), 0).unwrap();
        let (mut x, y) = batch();
        x.as_mut_slice()[1] = f32::NAN;
        assert_eq!(
            stepper.step(&mut model, &x, &y, 0.1).unwrap_err().to_string(),
            "the loss is NaN at step 1: the first non-finite value is in the inputs; the \
             parameters are those before this step"
        );
    }

    #[test]
    fn skipping_keeps_the_parameters_and_counts_the_step() {
        let mut model = overflowing();
        let stepper = Stepper::new(&model, Loss::mean_squared_error(), Sgd::new(), 0).unwrap();
        let mut stepper = stepper.on_non_finite(NonFinite::Skip);
        let (x, y) = batch();
        let outcome = stepper.step(&mut model, &x, &y, 0.1).unwrap();
        assert!(!outcome.updated && outcome.loss == f64::INFINITY && stepper.steps() == 1);
    }

    /// A layer whose gradient is streamed, with zeros for weights, and inputs of this size.
    fn huge(input: f32) -> (Model, Tensor, Stepper) {
        let net = Sequential::new([512]).dense(256);
        let model: Model = net.build(&"zeros".parse().unwrap(), 0).unwrap();
        let stepper = Stepper::new(&model, Loss::mean_squared_error(), Sgd::new(), 0).unwrap();
        (model, Tensor::full([2, 512], input), stepper)
    }

    fn weight(model: &Model) -> &[f32] {
        model.params().get(model.params().find("dense.0/weight").unwrap()).value().as_slice()
    }

    #[test]
    fn a_streamed_gradient_that_overflows_changes_nothing() {
        let (mut model, x, mut stepper) = huge(1e30);
        let y = Tensor::full([2, 256], 1e12);
        let error = stepper.step(&mut model, &x, &y, 0.1).unwrap_err().to_string();
        assert!(error.starts_with("the gradient of `dense.0/weight` is not finite"), "{error}");
        assert!(
            model.params().iter().all(|(_, entry)| entry
                .value()
                .as_slice()
                .iter()
                .all(|&w| w == 0.0))
        );
    }

    #[test]
    fn a_gradient_is_used_whose_bound_overflows_though_it_does_not_itself() {
        let (mut model, x, mut stepper) = huge(1e25);
        let y = Tensor::full([2, 256], 1e-20);
        assert!(stepper.step(&mut model, &x, &y, 1e-3).unwrap().updated);
        assert!(weight(&model).iter().all(|&w| w > 0.0 && w.is_finite()));
    }

    #[test]
    fn a_negative_rate_is_refused() {
        let mut model = overflowing();
        let mut stepper = Stepper::new(&model, Loss::mean_squared_error(), Sgd::new(), 0).unwrap();
        let (x, y) = batch();
        let error = stepper.step(&mut model, &x, &y, -0.1).unwrap_err();
        assert_eq!(error.to_string(), "learning rate must be finite and at least 0, got -0.1");
    }
}
