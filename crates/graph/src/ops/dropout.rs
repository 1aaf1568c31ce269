//! Dropout (Srivastava et al. 2014), inverted: y = m ⊙ x with m = 0 with probability p and
//! 1/(1 − p) otherwise, so that the expected value stays and nothing is done at inference.
//! The gradient passes where the value passed: dx = m ⊙ dy.

use evenkeel_tensor::{Real, Shape, Stream};

use super::operands;
use crate::{Backward, Context, Gradient, Needs, Op, View};

/// Drops each value with a probability and scales up the others.
#[derive(Clone, Debug, PartialEq)]
pub struct Dropout {
    p: f64,
    name: String,
}

impl Dropout {
    /// Drops with probability `p` in [0, 1); `name` keys the stream of random numbers. Another
    /// `p` is a mistake that building the plan returns.
    pub fn new(p: f64, name: impl Into<String>) -> Self {
        Self { p, name: name.into() }
    }
}

impl<T: Real> Op<T> for Dropout {
    fn name(&self) -> &'static str {
        "dropout"
    }

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, String> {
        let [x] = operands(inputs)?;
        if (0.0..1.0).contains(&self.p) {
            return Ok(x);
        }
        Err(format!("expects p of at least 0 and below 1, got {}", self.p))
    }

    fn saved_len(&self, inputs: &[Shape]) -> usize {
        inputs.first().map_or(0, Shape::len)
    }

    fn needs(&self) -> Needs {
        Needs::NOTHING
    }

    /// Saves the mask m.
    fn forward(
        &self,
        inputs: &[View<'_, T>],
        output: &mut [T],
        saved: &mut [T],
        context: Context,
    ) -> Result<(), String> {
        let (p, kept) = (self.p, 1.0 / (1.0 - self.p));
        let mut stream = Stream::indexed(context.seed, &self.name, context.step);
        stream.fill(saved, |stream| if stream.uniform() < p { 0.0 } else { kept });
        let pairs = inputs[0].data.iter().zip(&*saved);
        output.iter_mut().zip(pairs).for_each(|(y, (&x, &m))| *y = x * m);
        Ok(())
    }

    fn backward(&self, pass: Backward<'_, T>, _: usize, gradient: Gradient<'_, T>) {
        gradient.from_two(pass.upstream, pass.saved, |g, m| g * m);
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_tensor::Tensor;

    use super::super::testing::normal;
    use super::*;
    use crate::check::{gradient_error, run};

    #[test]
    fn gradients_are_right() {
        let op = Dropout::new(0.4, "d");
        assert!(gradient_error(&op, &[normal([6, 5], "x")]).unwrap() < 1e-8);
    }

    #[test]
    fn the_expected_value_stays_and_the_share_dropped_is_p() {
        let (y, _) = run(&Dropout::new(0.25, "d"), &[Tensor::full([100_000], 1.0f64)]).unwrap();
        let dropped = y.as_slice().iter().filter(|&&y| y == 0.0).count();
        // Five standard deviations of a binomial count are 685.
        assert!((dropped as f64 - 25_000.0).abs() < 685.0, "{dropped}");
        assert!((y.mean() - 1.0).abs() < 0.01);
    }

    #[test]
    fn steps_draw_different_masks_and_one_step_the_same() {
        let mask = |step| {
            let (x, mut y, mut saved) = (vec![1.0f64; 64], vec![0.0; 64], vec![0.0; 64]);
            let view = View { shape: [64].into(), data: &x };
            let context = Context { seed: 1, step };
            Dropout::new(0.5, "d").forward(&[view], &mut y, &mut saved, context).unwrap();
            y
        };
        assert_eq!(mask(3), mask(3));
        assert_ne!(mask(3), mask(4));
    }

    #[test]
    fn a_probability_outside_is_refused() {
        for p in [1.0, 1.5, -0.1, f64::NAN] {
            let error = run(&Dropout::new(p, "d"), &[normal([2], "x")]).unwrap_err();
            let text = format!("dropout expects p of at least 0 and below 1, got {p}");
            assert_eq!(error.to_string(), text);
        }
    }
}
