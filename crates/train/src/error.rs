//! What can go wrong in training.

use evenkeel_data::DataError;
use evenkeel_graph::GraphError;
use evenkeel_nn::NnError;

/// An error of the training crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrainError {
    /// A setting outside its range.
    #[error("{field} must be {allowed}, got {value}")]
    Setting {
        /// The setting.
        field: &'static str,
        /// The range that is allowed.
        allowed: &'static str,
        /// The value given.
        value: f64,
    },
    /// The loss or a gradient became infinite or NaN. The parameters are those before the step.
    #[error("{what} is {value} at step {step}{}: the first non-finite value is {origin}; \
        the parameters are those before this step", epoch_text(*.epoch))]
    NonFinite {
        /// `the loss`, or the parameter whose gradient it is.
        what: String,
        /// `NaN`, `inf` or `not finite`.
        value: String,
        /// The number of the step, counted from 1.
        step: u64,
        /// The number of the epoch, counted from 1, where there are epochs.
        epoch: Option<usize>,
        /// Where the first non-finite value came from: a layer's path and operation.
        origin: String,
    },
    /// The model does not fit the data or the loss.
    #[error("{what}: expected {expected}, got {got}")]
    Fit {
        /// What does not fit.
        what: &'static str,
        /// What was expected.
        expected: String,
        /// What came.
        got: String,
    },
    /// Tracing or running failed.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// The model failed.
    #[error(transparent)]
    Model(#[from] NnError),
    /// The data failed.
    #[error(transparent)]
    Data(#[from] DataError),
}

fn epoch_text(epoch: Option<usize>) -> String {
    epoch.map_or_else(String::new, |epoch| format!(" (epoch {epoch})"))
}

/// Passes a setting that holds, or names the field, the value and the range.
pub(crate) fn check(
    field: &'static str,
    value: f64,
    holds: bool,
    allowed: &'static str,
) -> Result<(), TrainError> {
    if holds { Ok(()) } else { Err(TrainError::Setting { field, allowed, value }) }
}
