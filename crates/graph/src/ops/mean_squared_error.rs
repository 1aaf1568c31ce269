//! The squared error: L = (y − t)², with the gradient dy = 2(y − t).

use evenkeel_tensor::{Real, Shape};

use super::{Reduction, loss_of_pairs};
use crate::{Backward, Context, Gradient, Needs, Op, View};

/// The squared difference of predictions and targets of one shape, its mean or sum over all
/// values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MeanSquaredError(
    /// Mean or sum over all values.
    pub Reduction,
);

impl<T: Real> Op<T> for MeanSquaredError {
    fn name(&self) -> &'static str {
        "mean_squared_error"
    }

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, String> {
        loss_of_pairs(inputs, "predictions")
    }

    fn needs(&self) -> Needs {
        Needs::INPUTS
    }

    fn forward(
        &self,
        inputs: &[View<'_, T>],
        output: &mut [T],
        _: &mut [T],
        _: Context,
    ) -> Result<(), String> {
        let pairs = inputs[0].data.iter().zip(inputs[1].data);
        output[0] = T::of(self.0.of(pairs.map(|(&y, &t)| ((y - t) * (y - t)).to_f64())));
        Ok(())
    }

    fn backward(&self, pass: Backward<'_, T>, input: usize, gradient: Gradient<'_, T>) {
        let [y, t] = [pass.inputs[0].data, pass.inputs[1].data];
        let sign = if input == 0 { 2.0 } else { -2.0 };
        let factor = pass.upstream[0] * T::of(sign * self.0.factor(y.len()));
        gradient.from_two(y, t, |y, t| factor * (y - t));
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::normal;
    use super::*;
    use crate::check::gradient_error;

    #[test]
    fn gradients_are_right() {
        for reduction in [Reduction::Mean, Reduction::Sum] {
            let op = MeanSquaredError(reduction);
            let error = gradient_error(&op, &[normal([4, 3], "y"), normal([4, 3], "t")]).unwrap();
            assert!(error < 1e-8, "{error:e}");
        }
    }
}
