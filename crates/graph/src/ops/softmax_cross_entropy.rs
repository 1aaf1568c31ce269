//! Softmax with cross-entropy, from logits and class indices: Lₙ = ln Σⱼ exp(zⱼ) − z_label.
//!
//! Fused, the two need no logarithm of a probability, which would be −∞ as soon as the
//! probability underflows, and the gradient is as simple as can be: dz = softmax(z) − onehot.

use evenkeel_tensor::{Real, Shape};

use super::softmax::{exponentials, largest};
use super::{Reduction, operands};
use crate::{Backward, Context, Gradient, Needs, Op, View};

/// The cross-entropy of softmax of logits `[.., C]` with class indices `[..]` (whole numbers from
/// 0 to C − 1), its mean or sum over all samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SoftmaxCrossEntropy(
    /// Mean or sum over the samples.
    pub Reduction,
);

/// The class that a label stands for.
fn class<T: Real>(sample: usize, label: T, classes: usize) -> Result<usize, String> {
    let value = label.to_f64();
    if value >= 0.0 && value < classes as f64 && value.fract() == 0.0 {
        return Ok(value as usize);
    }
    let last = classes.saturating_sub(1);
    Err(format!("expects labels from 0 to {last}, got {value} for sample {sample}"))
}

impl<T: Real> Op<T> for SoftmaxCrossEntropy {
    fn name(&self) -> &'static str {
        "softmax_cross_entropy"
    }

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, String> {
        let [logits, labels] = operands(inputs)?;
        match logits.dims().split_last() {
            Some((_, samples)) if labels.dims() == samples => Ok(Shape::SCALAR),
            _ => Err(format!("expects logits [N, C] and labels [N], got {logits} and {labels}")),
        }
    }

    fn saved_len(&self, inputs: &[Shape]) -> usize {
        inputs.first().map_or(0, Shape::len)
    }

    fn needs(&self) -> Needs {
        Needs::INPUTS
    }

    fn differentiable(&self, input: usize) -> bool {
        input == 0
    }

    /// Saves the probabilities.
    fn forward(
        &self,
        inputs: &[View<'_, T>],
        output: &mut [T],
        saved: &mut [T],
        _: Context,
    ) -> Result<(), String> {
        let [logits, labels] = [inputs[0], inputs[1]];
        let classes = logits.shape.features().max(1);
        for (i, &label) in labels.data.iter().enumerate() {
            class(i, label, classes)?;
        }
        exponentials(logits.data, classes, saved);
        let rows = logits.data.chunks_exact(classes).zip(saved.chunks_exact_mut(classes));
        let losses = rows.zip(labels.data).map(|((z, p), label)| {
            let sum: T = p.iter().copied().sum();
            p.iter_mut().for_each(|p| *p /= sum);
            (sum.ln() + (largest(z) - z[label.to_f64() as usize])).to_f64()
        });
        output[0] = T::of(self.0.of(losses));
        Ok(())
    }

    fn backward(&self, pass: Backward<'_, T>, _: usize, gradient: Gradient<'_, T>) {
        let labels = pass.inputs[1].data;
        let classes = pass.inputs[0].shape.features().max(1);
        let factor = pass.upstream[0] * T::of(self.0.factor(labels.len()));
        let Gradient { data, write } = gradient;
        Gradient { data: &mut *data, write }.from_one(pass.saved, |p| factor * p);
        for (row, label) in data.chunks_exact_mut(classes).zip(labels) {
            row[label.to_f64() as usize] -= factor;
        }
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_tensor::Tensor;

    use super::super::testing::normal;
    use super::*;
    use crate::check::{gradient_error, run};

    fn labels() -> Tensor<f64> {
        Tensor::from_vec([4], vec![0.0, 2.0, 1.0, 2.0]).unwrap()
    }

    #[test]
    fn gradients_are_right() {
        for reduction in [Reduction::Mean, Reduction::Sum] {
            let op = SoftmaxCrossEntropy(reduction);
            assert!(gradient_error(&op, &[normal([4, 3], "z"), labels()]).unwrap() < 1e-8);
        }
    }

    #[test]
    fn equal_logits_cost_the_logarithm_of_the_classes() {
        let op = SoftmaxCrossEntropy(Reduction::Mean);
        let (loss, _) = run(&op, &[Tensor::full([4, 3], 7.0), labels()]).unwrap();
        approx::assert_relative_eq!(loss.as_slice()[0], 3f64.ln(), max_relative = 1e-15);
    }

    #[test]
    fn a_hopeless_sample_costs_a_finite_amount() {
        let logits = Tensor::from_vec([1, 2], vec![0.0f32, 1e6]).unwrap();
        let op = SoftmaxCrossEntropy(Reduction::Sum);
        let (loss, _) = run(&op, &[logits, Tensor::zeros([1])]).unwrap();
        assert_eq!(loss.as_slice(), &[1e6]);
    }

    #[test]
    fn labels_outside_the_classes_are_refused() {
        for (label, text) in [(3.0, "3"), (-1.0, "-1"), (0.5, "0.5"), (f64::NAN, "NaN")] {
            let mut labels = labels();
            labels.as_mut_slice()[2] = label;
            let op = SoftmaxCrossEntropy(Reduction::Mean);
            let error = run(&op, &[normal([4, 3], "z"), labels]).unwrap_err().to_string();
            let rest = format!("expects labels from 0 to 2, got {text} for sample 2");
            assert_eq!(error, format!("softmax_cross_entropy {rest}"));
        }
    }
}
