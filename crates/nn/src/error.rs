//! What can go wrong when models are built and run.

use evenkeel_graph::GraphError;
use evenkeel_init::InitError;
use evenkeel_tensor::TensorError;

/// An error of the layers and models crate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NnError {
    /// A layer's setting outside its range.
    #[error("{layer}: {field} must be {allowed}, got {value}")]
    Layer {
        /// The layer's name.
        layer: String,
        /// The setting.
        field: &'static str,
        /// The value given.
        value: f64,
        /// The range that is allowed.
        allowed: &'static str,
    },
    /// A model without any layer.
    #[error("a model needs at least one layer")]
    NoLayers,
    /// The model returns its input: nothing is computed.
    #[error("the model computes nothing: its output is its input")]
    NothingComputed,
    /// Inputs of another shape than the model's.
    #[error("the model expects inputs of shape [N, {expected}], got {got}", expected = .expected.trim_matches(['[', ']']))]
    InputShape {
        /// The shape of one sample.
        expected: String,
        /// The shape that came.
        got: evenkeel_tensor::Shape,
    },
    /// A tensor of another shape than that of the outputs which are to be written to it.
    #[error("outputs: expected shape {expected}, got {got}")]
    OutputShape {
        /// The shape of the outputs.
        expected: evenkeel_tensor::Shape,
        /// The shape that came.
        got: evenkeel_tensor::Shape,
    },
    /// Tracing or running failed.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// An initializer failed.
    #[error(transparent)]
    Init(#[from] InitError),
    /// A tensor could not be made.
    #[error(transparent)]
    Tensor(#[from] TensorError),
}
