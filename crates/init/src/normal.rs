//! The normal law, and the normal law cut off at two standard deviations.

use std::fmt;

use evenkeel_tensor::{Real, Stream, Tensor};

use crate::{Fans, InitError, Initializer, Law, text};

/// The standard deviation of a standard normal variable cut off at ±2.
///
/// √(1 − 2·2·φ(2)/(2Φ(2) − 1)), φ and Φ being the standard normal density and distribution.
pub const TRUNCATED_STD: f64 = 0.879_625_661_034_239_8;

/// Where the standard normal variable is cut off.
const CUT: f64 = 2.0;

/// Draws a standard normal number within ±2, by rejection: 95 % of draws are kept. Rejecting
/// before scaling leaves no outlier whatever the scale, unlike inverting the distribution
/// function in single precision.
pub(crate) fn truncated(stream: &mut Stream) -> f64 {
    loop {
        let z = stream.standard_normal();
        if z.abs() <= CUT {
            return z;
        }
    }
}

/// Normal with a given mean and standard deviation, unbounded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Normal {
    mean: f64,
    std: f64,
}

impl Normal {
    /// Normal with this mean and standard deviation. `Normal::new(0.0, 10.0)` is the N(0,1)·10
    /// that explodes, `Normal::new(0.0, 0.01)` the N(0,1)·0.01 that vanishes.
    ///
    /// # Errors
    /// [`InitError::Argument`] if the mean is not finite, or the standard deviation is negative
    /// or not finite.
    pub fn new(mean: f64, std: f64) -> Result<Self, InitError> {
        let mean = text::finite("normal", "mean", mean)?;
        Ok(Self { mean, std: text::non_negative("normal", "std", std)? })
    }
}

impl fmt::Display for Normal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write_moments(f, "normal", self.mean, self.std)
    }
}

impl<T: Real> Initializer<T> for Normal {
    fn fill(&self, weights: &mut Tensor<T>, _: Fans, s: &mut Stream) -> Result<(), InitError> {
        let Self { mean, std } = *self;
        s.fill(weights.as_mut_slice(), |s| mean + std * s.standard_normal());
        Ok(())
    }

    fn describe(&self, _: Fans) -> Law {
        Law {
            formula: format!("N({}, {}²)", self.mean, self.std),
            mean: self.mean,
            variance: self.std.powi(2),
            bounds: (f64::NEG_INFINITY, f64::INFINITY),
        }
    }

    fn needs_fans(&self) -> bool {
        false
    }
}

/// Normal, cut off at two standard deviations of the parent law.
///
/// `std` is the standard deviation of the values that come out: the parent normal is widened by
/// 1/[`TRUNCATED_STD`] to make up for the missing tails. (PyTorch and Keras take the parent's
/// standard deviation instead, so that their values spread 12 % less than the number given.)
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TruncatedNormal {
    mean: f64,
    std: f64,
}

impl TruncatedNormal {
    /// Truncated normal whose values have this mean and standard deviation.
    ///
    /// # Errors
    /// [`InitError::Argument`] if the mean is not finite, or the standard deviation is negative
    /// or not finite.
    pub fn new(mean: f64, std: f64) -> Result<Self, InitError> {
        let mean = text::finite("truncated_normal", "mean", mean)?;
        Ok(Self { mean, std: text::non_negative("truncated_normal", "std", std)? })
    }

    fn parent_std(&self) -> f64 {
        self.std / TRUNCATED_STD
    }
}

impl fmt::Display for TruncatedNormal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        text::write_moments(f, "truncated_normal", self.mean, self.std)
    }
}

impl<T: Real> Initializer<T> for TruncatedNormal {
    fn fill(&self, weights: &mut Tensor<T>, _: Fans, s: &mut Stream) -> Result<(), InitError> {
        let (mean, parent) = (self.mean, self.parent_std());
        s.fill(weights.as_mut_slice(), |s| mean + parent * truncated(s));
        Ok(())
    }

    fn describe(&self, _: Fans) -> Law {
        let reach = CUT * self.parent_std();
        Law {
            formula: format!("N({}, {}²) cut at ±2σ of its parent", self.mean, self.std),
            mean: self.mean,
            variance: self.std.powi(2),
            bounds: (self.mean - reach, self.mean + reach),
        }
    }

    fn needs_fans(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_correction_is_the_closed_form() {
        let density = (-CUT * CUT / 2.0f64).exp() / (2.0 * std::f64::consts::PI).sqrt();
        let inside = evenkeel_tensor::Real::erf(CUT / std::f64::consts::SQRT_2);
        let variance = 1.0 - 2.0 * CUT * density / inside;
        approx::assert_relative_eq!(variance.sqrt(), TRUNCATED_STD, max_relative = 1e-15);
    }
}
