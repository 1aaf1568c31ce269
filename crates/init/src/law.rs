//! The probability law of initial weights, in words and figures.

use std::fmt;

/// The law that an initializer draws from, for given fans.
///
/// ```
/// use evenkeel_init::{Fans, Init};
///
/// let he: Init = "he_uniform".parse()?;
/// let law = he.describe(Fans::new(6, 10)?);
/// assert_eq!(law.to_string(), "U[-√(6/n_in), √(6/n_in)]: mean 0, std 0.57735, within [-1, 1]");
/// # Ok::<(), evenkeel_init::InitError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Law {
    /// The formula, such as `N(0, 2/n_in)`.
    pub formula: String,
    /// The expected value.
    pub mean: f64,
    /// The expected squared distance from the mean.
    pub variance: f64,
    /// The least and the greatest value that can come; infinite where there is none.
    pub bounds: (f64, f64),
}

impl Law {
    /// The standard deviation: the square root of the variance.
    pub fn std(&self) -> f64 {
        self.variance.sqrt()
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (mean, std) = (Figure(self.mean), Figure(self.std()));
        write!(f, "{}: mean {mean}, std {std}", self.formula)?;
        match self.bounds {
            (low, high) if low == high => Ok(()),
            (low, high) if low.is_finite() || high.is_finite() => {
                write!(f, ", within [{}, {}]", Figure(low), Figure(high))
            }
            _ => write!(f, ", unbounded"),
        }
    }
}

/// A figure with five significant digits and no trailing zeros.
struct Figure(f64);

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounded: f64 = format!("{:.4e}", self.0).parse().unwrap_or(self.0);
        write!(f, "{rounded}")
    }
}
