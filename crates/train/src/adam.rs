//! Adam: adaptive moment estimation.

use evenkeel_tensor::Real;
use evenkeel_tensor::simd::{self, Isa, Kernel};

use crate::error::check;
use crate::{Coefficients, Optimizer, TrainError};

/// Adam (Kingma & Ba 2015, algorithm 1).
///
/// m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², and with the bias corrections
/// m̂ = m/(1 − β₁ᵗ) and v̂ = v/(1 − β₂ᵗ): w ← w − η·m̂/(√v̂ + ε).
///
/// | setting | default | range |
/// |---|---|---|
/// | β₁ | 0.9 | at least 0 and below 1 |
/// | β₂ | 0.999 | at least 0 and below 1 |
/// | ε | 1e-8 | above 0 |
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    beta1: f64,
    beta2: f64,
    epsilon: f64,
}

impl Default for Adam {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }
    }
}

impl Adam {
    /// With other decay rates of the two moments.
    #[must_use]
    pub const fn with_betas(self, beta1: f64, beta2: f64) -> Self {
        Self { beta1, beta2, ..self }
    }

    /// With another term in the denominator.
    #[must_use]
    pub const fn with_epsilon(self, epsilon: f64) -> Self {
        Self { epsilon, ..self }
    }
}

impl<T: Real> Optimizer<T> for Adam {
    fn name(&self) -> &'static str {
        "adam"
    }

    fn check(&self) -> Result<(), TrainError> {
        for (field, beta) in [("beta1", self.beta1), ("beta2", self.beta2)] {
            check(field, beta, (0.0..1.0).contains(&beta), "at least 0 and below 1")?;
        }
        let epsilon = self.epsilon;
        check("epsilon", epsilon, epsilon.is_finite() && epsilon > 0.0, "finite and above 0")
    }

    fn slots(&self) -> usize {
        2
    }

    /// The rate with the first correction, and the root of the second one's inverse.
    fn coefficients(&self, step: u64, rate: f64) -> Coefficients {
        // 1 − βᵗ, without cancellation.
        let correction = |beta: f64| -(step as f64 * beta.ln()).exp_m1();
        [rate / correction(self.beta1), correction(self.beta2).sqrt().recip(), 0.0, 0.0]
    }

    fn update(
        &self,
        &[rate, root, ..]: &Coefficients,
        value: &mut [T],
        gradient: &[T],
        state: &mut [&mut [T]],
    ) {
        let Self { beta1, beta2, epsilon } = *self;
        let rule = Rule {
            beta1: T::of(beta1),
            beta2: T::of(beta2),
            rest1: T::of(1.0 - beta1),
            rest2: T::of(1.0 - beta2),
            rate: T::of(rate),
            root: T::of(root),
            epsilon: T::of(epsilon),
        };
        if let [first, second] = state {
            simd::run(Update { rule, value, gradient, first, second });
        }
    }
}

/// The numbers of one step.
#[derive(Clone, Copy)]
struct Rule<T> {
    beta1: T,
    beta2: T,
    rest1: T,
    rest2: T,
    rate: T,
    root: T,
    epsilon: T,
}

/// One step of a piece: every array is read and written once.
struct Update<'a, T> {
    rule: Rule<T>,
    value: &'a mut [T],
    gradient: &'a [T],
    first: &'a mut [T],
    second: &'a mut [T],
}

impl<T: Real> Kernel for Update<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let Rule { beta1, beta2, rest1, rest2, rate, root, epsilon } = self.rule;
        let moments = self.first.iter_mut().zip(self.second);
        for ((w, &g), (m, v)) in self.value.iter_mut().zip(self.gradient).zip(moments) {
            *m = I::mul_add(beta1, *m, rest1 * g);
            *v = I::mul_add(beta2, *v, rest2 * g * g);
            *w -= rate * *m / I::mul_add(v.sqrt(), root, epsilon);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_outside_their_range_are_refused() {
        let refuse = |adam: Adam| Optimizer::<f32>::check(&adam).unwrap_err().to_string();
        let adam = Adam::default();
        assert_eq!(
            refuse(adam.with_betas(0.9, 1.0)),
            "beta2 must be at least 0 and below 1, got 1"
        );
        assert_eq!(refuse(adam.with_epsilon(0.0)), "epsilon must be finite and above 0, got 0");
    }

    #[test]
    fn the_first_step_is_the_rate_whatever_the_gradient() {
        for gradient in [1e-4f64, 1.0, 1e6] {
            let (mut value, mut first, mut second) = ([0.0], [0.0], [0.0]);
            let state = &mut [&mut first[..], &mut second];
            let adam = Adam::default();
            let coefficients = Optimizer::<f64>::coefficients(&adam, 1, 0.01);
            adam.update(&coefficients, &mut value, &[gradient], state);
            approx::assert_relative_eq!(value[0], -0.01, max_relative = 1e-3);
        }
    }
}
