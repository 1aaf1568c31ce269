//! Fans: how many values a unit sums over, and how many units a value feeds.

use crate::InitError;

/// The fan-in and fan-out of a weight.
///
/// *Fan-in* is the number of inputs that one output unit sums over; it decides how the variance
/// of the signal changes on its way forward. *Fan-out* is the number of output units that one
/// input feeds; it decides how the variance of the gradient changes on its way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fans {
    fan_in: usize,
    fan_out: usize,
}

impl Fans {
    /// The fans of a dense layer from `fan_in` to `fan_out` features.
    ///
    /// # Errors
    /// [`InitError::ZeroFan`] if either is zero.
    pub fn new(fan_in: usize, fan_out: usize) -> Result<Self, InitError> {
        match (fan_in, fan_out) {
            (0, _) => Err(InitError::ZeroFan { which: "fan_in" }),
            (_, 0) => Err(InitError::ZeroFan { which: "fan_out" }),
            _ => Ok(Self { fan_in, fan_out }),
        }
    }

    /// The number of inputs of one output unit, at least 1.
    pub fn fan_in(self) -> usize {
        self.fan_in
    }

    /// The number of output units that one input feeds, at least 1.
    pub fn fan_out(self) -> usize {
        self.fan_out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fan_of_zero_is_refused() {
        let error = Fans::new(0, 3).unwrap_err();
        assert_eq!(error.to_string(), "fan_in must be at least 1, got 0");
        assert!(Fans::new(3, 0).is_err());
    }
}
