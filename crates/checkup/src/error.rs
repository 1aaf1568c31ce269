//! What can go wrong when networks are measured and compared.

use std::io;
use std::path::PathBuf;

use evenkeel_graph::GraphError;
use evenkeel_nn::NnError;
use evenkeel_train::TrainError;

/// An error of the checkup crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CheckupError {
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
    /// A file could not be written.
    #[error("cannot write {}: {source}", .path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A picture could not be drawn.
    #[error("cannot draw {name}: {reason}")]
    Draw {
        /// The picture's name.
        name: String,
        /// Why.
        reason: String,
    },
    /// A picture of a decision boundary of data that is not two-dimensional.
    #[error("a decision boundary needs inputs of 2 features, got samples of shape {got}")]
    NotTwoDimensional {
        /// The shape of a sample.
        got: evenkeel_tensor::Shape,
    },
    /// Tracing or running failed.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// The model failed.
    #[error(transparent)]
    Model(#[from] NnError),
    /// Training failed for another reason than a loss that is not finite.
    #[error(transparent)]
    Train(#[from] TrainError),
}

pub(crate) fn at_least_one(field: &'static str, count: usize) -> Result<(), CheckupError> {
    if count > 0 {
        return Ok(());
    }
    Err(CheckupError::Setting { field, allowed: "at least 1", value: 0.0 })
}
