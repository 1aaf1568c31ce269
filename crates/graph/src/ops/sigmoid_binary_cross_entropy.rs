//! Sigmoid with binary cross-entropy, from logits: L = max(z, 0) − z·t + ln(1 + e^−|z|).
//!
//! This is −t·ln σ(z) − (1 − t)·ln(1 − σ(z)) rearranged. The textbook form yields ∞ (or, as 0·∞,
//! NaN) once σ(z) rounds to 0 or 1, for |z| > 37 in `f64` and > 17 in `f32`; this one is exact
//! for every z. The gradient is dz = σ(z) − t.

use evenkeel_tensor::simd::{self, Isa, Kernel};
use evenkeel_tensor::{Real, Shape, Write};

use super::reduction::Total;
use super::{Reduction, loss_of_pairs};
use crate::{Backward, Context, Gradient, Needs, Op, View};

/// The binary cross-entropy of the sigmoid of logits with targets in [0, 1] of the same shape (or
/// `[N]` for logits `[N, 1]`), its mean or sum over all values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SigmoidBinaryCrossEntropy(
    /// Mean or sum over all values.
    pub Reduction,
);

impl<T: Real> Op<T> for SigmoidBinaryCrossEntropy {
    fn name(&self) -> &'static str {
        "sigmoid_binary_cross_entropy"
    }

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, String> {
        loss_of_pairs(inputs, "logits")
    }

    fn needs(&self) -> Needs {
        Needs::INPUTS
    }

    fn differentiable(&self, input: usize) -> bool {
        input == 0
    }

    fn forward(
        &self,
        inputs: &[View<'_, T>],
        output: &mut [T],
        _: &mut [T],
        _: Context,
    ) -> Result<(), String> {
        let [logits, targets] = [inputs[0].data, inputs[1].data];
        let total = simd::run(Losses(logits, targets));
        let total = total.ok_or_else(|| {
            let outside = |t: &T| !(*t >= T::ZERO && *t <= T::ONE);
            let at = targets.iter().position(outside).unwrap_or_default();
            format!("expects targets from 0 to 1, got {} at index {at}", targets[at])
        })?;
        output[0] = T::of(total.reduce(self.0));
        Ok(())
    }

    fn backward(&self, pass: Backward<'_, T>, _: usize, gradient: Gradient<'_, T>) {
        let [logits, targets] = [pass.inputs[0].data, pass.inputs[1].data];
        let factor = pass.upstream[0] * T::of(self.0.factor(logits.len()));
        simd::run(Slopes { logits, targets, factor, gradient });
    }
}

/// The sum of the losses; `None` if a target is outside of [0, 1].
struct Losses<'a, T>(&'a [T], &'a [T]);

impl<T: Real> Kernel for Losses<'_, T> {
    type Output = Option<Total>;

    #[inline(always)]
    fn run<I: Isa>(self) -> Option<Total> {
        const LEN: usize = 64;
        let mut total = Total::new();
        for (logits, targets) in self.0.chunks(LEN).zip(self.1.chunks(LEN)) {
            let (mut terms, mut inside) = ([0.0; LEN], true);
            for ((term, &z), &t) in terms.iter_mut().zip(logits).zip(targets) {
                inside &= (t >= T::ZERO) & (t <= T::ONE);
                let tail = (-z.abs()).exp_by::<I>().ln_1p_by::<I>();
                let most = if z > T::ZERO { z } else { T::ZERO };
                // NaN is neither above zero nor hidden by the comparison.
                *term = ((most - z * t) + tail).to_f64();
            }
            if !inside {
                return None;
            }
            total.add(&terms[..logits.len()]);
        }
        Some(total)
    }
}

/// factor·(σ(z) − t).
struct Slopes<'a, T> {
    logits: &'a [T],
    targets: &'a [T],
    factor: T,
    gradient: Gradient<'a, T>,
}

impl<T: Real> Kernel for Slopes<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let add = self.gradient.write == Write::Add;
        let pairs = self.logits.iter().zip(self.targets);
        for (g, (&z, &t)) in self.gradient.data.iter_mut().zip(pairs) {
            let before = if add { *g } else { T::ZERO };
            *g = before + self.factor * (z.sigmoid_by::<I>() - t);
        }
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_tensor::Tensor;

    use super::super::testing::normal;
    use super::*;
    use crate::check::{gradient_error, run};

    fn targets() -> Tensor<f64> {
        Tensor::from_vec([4], vec![0.0, 1.0, 0.25, 1.0]).unwrap()
    }

    #[test]
    fn gradients_are_right() {
        for reduction in [Reduction::Mean, Reduction::Sum] {
            let op = SigmoidBinaryCrossEntropy(reduction);
            assert!(gradient_error(&op, &[normal([4, 1], "z"), targets()]).unwrap() < 1e-8);
        }
    }

    #[test]
    fn certain_and_wrong_costs_the_logit() {
        let op = SigmoidBinaryCrossEntropy(Reduction::Sum);
        for z in [800.0f64, -800.0] {
            let target = Tensor::scalar(if z > 0.0 { 0.0 } else { 1.0 });
            let (loss, _) = run(&op, &[Tensor::scalar(z), target]).unwrap();
            assert_eq!(loss.as_slice(), &[800.0]);
        }
    }

    #[test]
    fn targets_outside_are_refused() {
        let op = SigmoidBinaryCrossEntropy(Reduction::Mean);
        let bad = Tensor::from_vec([2], vec![0.5, 1.5]).unwrap();
        assert_eq!(
            run(&op, &[Tensor::zeros([2]), bad]).unwrap_err().to_string(),
            "sigmoid_binary_cross_entropy expects targets from 0 to 1, got 1.5 at index 1"
        );
    }
}
