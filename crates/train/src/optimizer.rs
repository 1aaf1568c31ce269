//! The trait of optimizers, and the driver that applies one to a whole model.
//!
//! An optimizer is written for one tensor: whoever adds one never walks a model. The learning
//! rate is passed in, so a schedule is a function of the step.

use std::fmt::Debug;

use evenkeel_graph::{Kind, Params, Plan};
use evenkeel_tensor::Real;

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

    /// Changes `value` in place.
    ///
    /// `step` counts from 1; `rate` is the learning rate of this step. `gradient` has the length
    /// of `value`. `state` is that length times [`slots`](Self::slots), slot after slot, all zero
    /// before the first step.
    fn update(&self, step: u64, rate: f64, value: &mut [T], gradient: &[T], state: &mut [T]);
}

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

    /// Makes one step on all parameters that `plan` has a gradient of.
    pub fn apply(
        &mut self,
        optimizer: &dyn Optimizer<T>,
        rate: f64,
        params: &mut Params<T>,
        plan: &Plan<T>,
    ) {
        self.step += 1;
        for ((id, entry), state) in params.iter_mut().zip(&mut self.state) {
            if let Some(gradient) = plan.param_gradient(id) {
                let value = entry.value_mut().as_mut_slice();
                optimizer.update(self.step, rate, value, gradient, state);
            }
        }
    }

    /// Counts a step that was left out.
    pub(crate) fn skip(&mut self) {
        self.step += 1;
    }
}
