//! What can go wrong when tensors are made, reshaped or multiplied.

use crate::Shape;

/// An error of the tensor crate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TensorError {
    /// The number of values does not fill the shape.
    #[error("shape {shape} holds {expected} values, got {got}", expected = .shape.len())]
    Length {
        /// The shape asked for.
        shape: Shape,
        /// How many values were given.
        got: usize,
    },
    /// More axes than [`MAX_AXES`](crate::MAX_AXES).
    #[error("a shape has at most {} axes, got {got}", crate::MAX_AXES)]
    TooManyAxes {
        /// How many axes were given.
        got: usize,
    },
    /// Two shapes that do not fit one another.
    #[error("{operation}: {left} and {right} do not fit: {reason}")]
    Mismatch {
        /// What was to be done with them.
        operation: &'static str,
        /// The shape of the left operand.
        left: Shape,
        /// The shape of the right operand.
        right: Shape,
        /// Why they do not fit.
        reason: &'static str,
    },
}
