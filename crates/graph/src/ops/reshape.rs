//! The same values in another shape; the gradient goes back as it came.

use evenkeel_tensor::{Real, Shape};

use super::operands;
use crate::{Backward, Context, Gradient, Needs, Op, View};

/// The same values in this shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reshape(
    /// The shape of the output.
    pub Shape,
);

impl<T: Real> Op<T> for Reshape {
    fn name(&self) -> &'static str {
        "reshape"
    }

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, String> {
        let [x] = operands(inputs)?;
        if x.len() == self.0.len() {
            return Ok(self.0);
        }
        Err(format!("to {} expects {} values, got {} in {x}", self.0, self.0.len(), x.len()))
    }

    fn needs(&self) -> Needs {
        Needs::NOTHING
    }

    fn forward(
        &self,
        inputs: &[View<'_, T>],
        output: &mut [T],
        _: &mut [T],
        _: Context,
    ) -> Result<(), String> {
        output.copy_from_slice(inputs[0].data);
        Ok(())
    }

    fn backward(&self, pass: Backward<'_, T>, _: usize, gradient: Gradient<'_, T>) {
        gradient.from_one(pass.upstream, |g| g);
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::normal;
    use super::*;
    use crate::check::gradient_error;

    #[test]
    fn gradients_are_right_and_misfits_refused() {
        let op = Reshape([2, 6].into());
        assert!(gradient_error(&op, &[normal([3, 4], "x")]).unwrap() < 1e-8);
        let error = Op::<f64>::shape(&op, &[[3, 5].into()]).unwrap_err();
        assert_eq!(error, "to [2, 6] expects 12 values, got 15 in [3, 5]");
    }
}
