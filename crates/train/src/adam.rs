//! Adam: adaptive moment estimation.

use evenkeel_tensor::Real;

use crate::error::check;
use crate::{Optimizer, TrainError};

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

    fn update(&self, step: u64, rate: f64, value: &mut [T], gradient: &[T], state: &mut [T]) {
        let Self { beta1, beta2, epsilon } = *self;
        // 1 − βᵗ, without cancellation.
        let correction = |beta: f64| -(step as f64 * beta.ln()).exp_m1();
        let rate = T::of(rate / correction(beta1));
        let root = T::of(correction(beta2).sqrt().recip());
        let [b1, b2, c1, c2] = [beta1, beta2, 1.0 - beta1, 1.0 - beta2].map(T::of);
        let epsilon = T::of(epsilon);
        let (first, second) = state.split_at_mut(value.len());
        let moments = first.iter_mut().zip(second);
        for ((w, &g), (m, v)) in value.iter_mut().zip(gradient).zip(moments) {
            *m = b1 * *m + c1 * g;
            *v = b2 * *v + c2 * g * g;
            *w -= rate * *m / (v.sqrt() * root + epsilon);
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
            let (mut value, mut state) = ([0.0], [0.0; 2]);
            Adam::default().update(1, 0.01, &mut value, &[gradient], &mut state);
            approx::assert_relative_eq!(value[0], -0.01, max_relative = 1e-3);
        }
    }
}
