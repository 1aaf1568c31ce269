//! What can go wrong when a graph is traced, compiled or run.

use evenkeel_init::InitError;
use evenkeel_tensor::{Shape, TensorError};

/// An error of the graph crate.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum GraphError {
    /// An operation met operands that it cannot work on: shapes when the graph is traced, values
    /// (a label outside the classes, say) when the plan is run.
    #[error("{}{operation} {reason}", at(.path))]
    Operation {
        /// The path of the layer, such as `hidden.1`; empty outside of any layer.
        path: String,
        /// The operation's name.
        operation: &'static str,
        /// What it expected and what it got.
        reason: String,
    },
    /// A variable of one graph was used in another.
    #[error("{}a variable of another graph was used", at(.path))]
    ForeignVariable {
        /// The path of the layer where it was used.
        path: String,
    },
    /// A parameter that the graph's store does not have.
    #[error("{}the parameter does not belong to the model's params", at(.path))]
    ForeignParameter {
        /// The path of the layer where it was used.
        path: String,
    },
    /// An output or the loss of a plan is an input, a parameter or a constant.
    #[error("{what} is not computed: it is an input, a parameter or a constant")]
    NotComputed {
        /// `an output` or `the loss`.
        what: &'static str,
    },
    /// The loss of a plan is not a single value.
    #[error("the loss must be a single value of shape [], got shape {shape}")]
    LossNotScalar {
        /// The shape that it has.
        shape: Shape,
    },
    /// `backward` on a plan that was built without a loss, or before `forward`.
    #[error("backward needs {0}")]
    NoBackward(&'static str),
    /// The wrong number of inputs was given to a plan.
    #[error("the plan takes {expected} inputs, got {got}")]
    InputCount {
        /// How many inputs the graph declares.
        expected: usize,
        /// How many were given.
        got: usize,
    },
    /// A tensor given to a plan does not have the shape that was traced.
    #[error("{what} `{name}` expects shape {expected}, got {got}")]
    RunShape {
        /// `input` or `parameter`.
        what: &'static str,
        /// Its name.
        name: String,
        /// The shape that was traced.
        expected: Shape,
        /// The shape that came.
        got: Shape,
    },
    /// Two parameters of the same name.
    #[error("there already is a parameter `{name}`")]
    DuplicateParameter {
        /// The name.
        name: String,
    },
    /// An initializer failed.
    #[error(transparent)]
    Init(#[from] InitError),
    /// A tensor could not be made.
    #[error(transparent)]
    Tensor(#[from] TensorError),
}

/// `path: `, or nothing at the root.
fn at(path: &str) -> String {
    if path.is_empty() { String::new() } else { format!("{path}: ") }
}
