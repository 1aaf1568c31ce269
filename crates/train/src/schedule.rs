//! The learning rate as a function of the step.

use std::fmt;
use std::sync::Arc;

use crate::TrainError;
use crate::error::check;

/// The learning rate of each step, counted from 1.
#[derive(Clone)]
pub enum Schedule {
    /// The same rate always.
    Constant(f64),
    /// A function of the step.
    Function(Arc<dyn Fn(u64) -> f64 + Send + Sync>),
}

impl Schedule {
    /// The rate of a step.
    ///
    /// # Errors
    /// [`TrainError::Setting`] if it is negative or not finite.
    pub fn rate(&self, step: u64) -> Result<f64, TrainError> {
        let rate = match self {
            Self::Constant(rate) => *rate,
            Self::Function(function) => function(step),
        };
        let holds = rate.is_finite() && rate >= 0.0;
        check("learning rate", rate, holds, "finite and at least 0")?;
        Ok(rate)
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Constant(rate) => write!(f, "Constant({rate})"),
            Self::Function(_) => write!(f, "Function(..)"),
        }
    }
}
