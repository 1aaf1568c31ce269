//! The uniform law on an interval.

use std::fmt;

use evenkeel_tensor::{Real, Stream, Tensor};

use crate::{Fans, InitError, Initializer, Law, text};

/// Uniform on [low, high): variance (high − low)²/12.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uniform {
    low: f64,
    high: f64,
}

impl Uniform {
    /// Uniform on [low, high).
    ///
    /// # Errors
    /// [`InitError::Argument`] if either is not finite or `high` is below `low`.
    pub fn new(low: f64, high: f64) -> Result<Self, InitError> {
        text::finite("uniform", "low", low)?;
        text::finite("uniform", "high", high)?;
        text::check("uniform", "high", high, high >= low, "at least low")?;
        Ok(Self { low, high })
    }

    /// Uniform on [−epsilon, epsilon).
    ///
    /// # Errors
    /// [`InitError::Argument`] if `epsilon` is negative or not finite.
    pub fn symmetric(epsilon: f64) -> Result<Self, InitError> {
        let epsilon = text::non_negative("uniform", "epsilon", epsilon)?;
        Ok(Self { low: -epsilon, high: epsilon })
    }
}

impl fmt::Display for Uniform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "uniform({},{})", self.low, self.high)
    }
}

impl<T: Real> Initializer<T> for Uniform {
    fn fill(&self, weights: &mut Tensor<T>, _: Fans, s: &mut Stream) -> Result<(), InitError> {
        let (low, high) = (self.low, self.high);
        // A weighted mean of the ends: `high - low` could overflow.
        s.fill(weights.as_mut_slice(), |s| {
            let u = s.uniform();
            low * (1.0 - u) + high * u
        });
        Ok(())
    }

    fn describe(&self, _: Fans) -> Law {
        let (low, high) = (self.low, self.high);
        Law {
            formula: format!("U[{low}, {high}]"),
            mean: low / 2.0 + high / 2.0,
            variance: (high - low).powi(2) / 12.0,
            bounds: (low, high),
        }
    }

    fn needs_fans(&self) -> bool {
        false
    }
}
