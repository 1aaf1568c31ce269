//! Stochastic gradient descent, with or without momentum.

use evenkeel_tensor::Real;
use evenkeel_tensor::simd::{self, Isa, Kernel};

use crate::error::check;
use crate::{Coefficients, Optimizer, TrainError};

/// How earlier gradients carry on. The number is μ in [0, 1), usually 0.9.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Momentum {
    /// v ← μv + g, w ← w − ηv (Polyak 1964).
    Classic(f64),
    /// v ← μv + g, w ← w − η(g + μv) (Nesterov 1983, in the form of Sutskever et al. 2013).
    Nesterov(f64),
}

impl Momentum {
    fn coefficient(self) -> f64 {
        match self {
            Self::Classic(mu) | Self::Nesterov(mu) => mu,
        }
    }
}

/// Stochastic gradient descent: w ← w − ηg, or with momentum.
///
/// | setting | default | range |
/// |---|---|---|
/// | momentum | none | μ at least 0 and below 1 |
///
/// ```
/// use evenkeel_train::{Momentum, Sgd};
///
/// let plain = Sgd::new();
/// let fast = Sgd::new().with_momentum(Momentum::Nesterov(0.9));
/// assert_ne!(plain, fast);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sgd {
    momentum: Option<Momentum>,
}

impl Sgd {
    /// Without momentum.
    pub const fn new() -> Self {
        Self { momentum: None }
    }

    /// With momentum.
    #[must_use]
    pub const fn with_momentum(self, momentum: Momentum) -> Self {
        Self { momentum: Some(momentum) }
    }
}

impl<T: Real> Optimizer<T> for Sgd {
    fn name(&self) -> &'static str {
        "sgd"
    }

    fn check(&self) -> Result<(), TrainError> {
        let mu = self.momentum.map_or(0.0, Momentum::coefficient);
        check("momentum", mu, (0.0..1.0).contains(&mu), "at least 0 and below 1")
    }

    fn slots(&self) -> usize {
        usize::from(self.momentum.is_some())
    }

    /// The rate.
    fn coefficients(&self, _: u64, rate: f64) -> Coefficients {
        [rate, 0.0, 0.0, 0.0]
    }

    fn update(
        &self,
        &[rate, ..]: &Coefficients,
        value: &mut [T],
        gradient: &[T],
        state: &mut [&mut [T]],
    ) {
        let rate = T::of(rate);
        match (self.momentum, state) {
            (Some(momentum), [velocity]) => {
                simd::run(WithMomentum { momentum, rate, gradient, value, velocity });
            }
            _ => simd::run(Plain { rate, gradient, value }),
        }
    }
}

/// One step without momentum.
struct Plain<'a, T> {
    rate: T,
    gradient: &'a [T],
    value: &'a mut [T],
}

impl<T: Real> Kernel for Plain<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        for (w, &g) in self.value.iter_mut().zip(self.gradient) {
            *w = I::mul_add(-self.rate, g, *w);
        }
    }
}

/// One step with momentum.
struct WithMomentum<'a, T> {
    momentum: Momentum,
    rate: T,
    gradient: &'a [T],
    value: &'a mut [T],
    velocity: &'a mut [T],
}

impl<T: Real> Kernel for WithMomentum<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let (mu, rate) = (T::of(self.momentum.coefficient()), self.rate);
        let triples = self.value.iter_mut().zip(self.gradient).zip(self.velocity);
        match self.momentum {
            Momentum::Classic(_) => {
                for ((w, &g), v) in triples {
                    *v = I::mul_add(mu, *v, g);
                    *w = I::mul_add(-rate, *v, *w);
                }
            }
            Momentum::Nesterov(_) => {
                for ((w, &g), v) in triples {
                    *v = I::mul_add(mu, *v, g);
                    *w = I::mul_add(-rate, I::mul_add(mu, *v, g), *w);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_momentum_outside_its_range_is_refused() {
        for (mu, text) in [(1.0, "1"), (-0.1, "-0.1"), (f64::NAN, "NaN")] {
            let sgd = Sgd::new().with_momentum(Momentum::Classic(mu));
            let error = Optimizer::<f32>::check(&sgd).unwrap_err();
            let message = format!("momentum must be at least 0 and below 1, got {text}");
            assert_eq!(error.to_string(), message);
        }
    }
}
