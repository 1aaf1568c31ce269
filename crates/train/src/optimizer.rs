//! The trait of optimizers, and the driver that applies one to a whole model.
//!
//! An optimizer is written for one tensor: whoever adds one never walks a model. The learning
//! rate is passed in, so a schedule is a function of the step.

use std::fmt::Debug;

use evenkeel_graph::{Kind, Params, Plan};
use evenkeel_tensor::{Real, Tensor, parallel};
use smallvec::SmallVec;

use crate::TrainError;

/// A rule that changes a parameter by its gradient.
pub trait Optimizer<T: Real = f32>: Debug + Send + Sync {
    /// The name in the field's terms: `sgd`, `adam`.
    fn name(&self) -> &'static str;

    /// Checks the settings.
    ///
    /// # Errors
    /// [`TrainError::Setting`] naming the first one outside its range.
    fn check(&self) -> Result<(), TrainError>;

    /// How many numbers of state each value of a parameter needs.
    fn slots(&self) -> usize;

    /// The numbers of one step that are the same for all values: whatever of the rule depends on
    /// `step`, which counts from 1, and on the learning rate of this step.
    fn coefficients(&self, step: u64, rate: f64) -> Coefficients;

    /// Changes `value` in place.
    ///
    /// `gradient` has the length of `value`, as has each of the [`slots`](Self::slots) slices of
    /// `state`, all zero before the first step.
    ///
    /// Each value is changed by its own gradient and state alone: a parameter may be handed over
    /// in parts, by several threads, in any order.
    fn update(
        &self,
        coefficients: &Coefficients,
        value: &mut [T],
        gradient: &[T],
        state: &mut [&mut [T]],
    );
}

/// What [`Optimizer::coefficients`] computes and [`Optimizer::update`] uses; how many of the
/// numbers mean something is up to the optimizer.
pub type Coefficients = [f64; 4];

/// What an optimizer remembers of each parameter, and how many steps it has made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OptimizerState<T: Real = f32> {
    step: u64,
    state: Vec<Vec<T>>,
}

impl<T: Real> OptimizerState<T> {
    /// The state before the first step, for these parameters.
    pub fn new(optimizer: &dyn Optimizer<T>, params: &Params<T>) -> Self {
        let len = |trainable, values| if trainable { values * optimizer.slots() } else { 0 };
        let state = params.iter().map(|(_, entry)| {
            vec![T::ZERO; len(entry.kind() == Kind::Trainable, entry.value().len())]
        });
        Self { step: 0, state: state.collect() }
    }

    /// How many steps were made.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// What the optimizer remembers of each parameter, in the order of the parameters.
    pub fn state(&self) -> &[Vec<T>] {
        &self.state
    }

    /// Makes one step on all parameters that `plan` has a gradient of, and has the plan make it
    /// on those whose gradients it does not store; `inputs` are those of its last run.
    pub fn apply(
        &mut self,
        optimizer: &dyn Optimizer<T>,
        rate: f64,
        params: &mut Params<T>,
        plan: &Plan<T>,
        inputs: &[&Tensor<T>],
    ) {
        self.step += 1;
        let numbers = optimizer.coefficients(self.step, rate);
        // First, while all parameters are those that the plan has run with: a gradient may be made
        // from another parameter.
        for index in 0..plan.streamed().len() {
            let id = plan.streamed()[index];
            // Taken out of the store, so that the plan can read the others meanwhile.
            let mut value = std::mem::take(params.get_mut(id).value_mut());
            {
                let targets = &mut targets(value.as_mut_slice(), &mut self.state[id.index()]);
                plan.stream(index, params, inputs, targets, &|gradient, targets| {
                    if let [value, state @ ..] = targets {
                        optimizer.update(&numbers, value, gradient, state);
                    }
                });
            }
            *params.get_mut(id).value_mut() = value;
        }
        for ((id, entry), state) in params.iter_mut().zip(&mut self.state) {
            if let Some(gradient) = plan.param_gradient(id) {
                let targets = &mut targets(entry.value_mut().as_mut_slice(), state);
                parallel::for_each_pieces(targets, |first, pieces| {
                    if let [value, state @ ..] = pieces {
                        let gradient = &gradient[first..][..value.len()];
                        optimizer.update(&numbers, value, gradient, state);
                    }
                });
            }
        }
    }

    /// Counts a step that was left out.
    pub(crate) fn skip(&mut self) {
        self.step += 1;
    }
}

/// A parameter's value and each slot of its state.
fn targets<'a, T>(value: &'a mut [T], state: &'a mut [T]) -> SmallVec<[&'a mut [T]; 4]> {
    let slots = state.chunks_exact_mut(value.len().max(1));
    std::iter::once(value).chain(slots).collect()
}
