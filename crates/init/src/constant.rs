//! Constant initial values, zero and one among them.
//!
//! With constant weights all units of a layer compute the same thing and receive the same
//! gradient, so they stay copies of one another for ever: nothing breaks the symmetry. With
//! zeros, no gradient even passes. Constants are for biases and scales.

use std::fmt;

use evenkeel_tensor::{Real, Stream, Tensor};

use crate::{Fans, InitError, Initializer, Law, text};

/// Every value the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Constant {
    value: f64,
}

impl Constant {
    /// Every value `value`.
    ///
    /// # Errors
    /// [`InitError::Argument`] if it is not finite.
    pub fn new(value: f64) -> Result<Self, InitError> {
        Ok(Self { value: text::finite("constant", "value", value)? })
    }

    /// Every value 0.
    pub const fn zeros() -> Self {
        Self { value: 0.0 }
    }

    /// Every value 1.
    pub const fn ones() -> Self {
        Self { value: 1.0 }
    }
}

impl fmt::Display for Constant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.value {
            0.0 => write!(f, "zeros"),
            1.0 => write!(f, "ones"),
            value => write!(f, "constant({value})"),
        }
    }
}

impl<T: Real> Initializer<T> for Constant {
    fn fill(&self, weights: &mut Tensor<T>, _: Fans, _: &mut Stream) -> Result<(), InitError> {
        weights.as_mut_slice().fill(T::of(self.value));
        Ok(())
    }

    fn describe(&self, _: Fans) -> Law {
        let value = self.value;
        Law { formula: format!("{value}"), mean: value, variance: 0.0, bounds: (value, value) }
    }

    fn needs_fans(&self) -> bool {
        false
    }
}
