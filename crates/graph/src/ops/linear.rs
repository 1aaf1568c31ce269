//! The affine map of a dense layer: Y = X·W + b.
//!
//! The gradients of the product are those of [`MatMul`](super::MatMul). The bias is added to
//! each sample, so its gradient is the sum of dY over the samples.

use evenkeel_tensor::matmul::{Product, Then};
use evenkeel_tensor::{Real, Shape};

use super::matmul::{WeightGradient, gradient_of, product_of, work_of};
use super::row_sum::add_row_sum;
use crate::{Backward, Context, Gradient, Needs, Op, Streaming, View};

/// `[.., in]` times a weight `[in, out]`, plus a bias `[out]` if there is a third operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linear;

impl<T: Real> Op<T> for Linear {
    fn name(&self) -> &'static str {
        "linear"
    }

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, String> {
        let (&[x, w], bias) = inputs.split_first_chunk().ok_or("expects 2 or 3 operands")?;
        let &[features, units] = w.dims() else {
            return Err(format!("expects a weight of shape [in, out], got {w}"));
        };
        if x.axes() == 0 || x.features() != features {
            let got = if x.axes() == 0 { "a scalar".into() } else { x.features().to_string() };
            return Err(format!("expects {features} features, got {got}"));
        }
        match bias {
            [] => Ok(x.with_features(units)),
            [b] if b.dims() == [units] => Ok(x.with_features(units)),
            [b] => Err(format!("expects a bias of shape [{units}], got {b}")),
            _ => Err(format!("expects 2 or 3 operands, got {}", inputs.len())),
        }
    }

    fn needs(&self) -> Needs {
        Needs::INPUTS
    }

    fn work(&self, inputs: &[Shape]) -> usize {
        work_of(inputs)
    }

    fn forward(
        &self,
        inputs: &[View<'_, T>],
        output: &mut [T],
        _: &mut [T],
        _: Context,
    ) -> Result<(), String> {
        affine(inputs).write(output);
        Ok(())
    }

    fn forward_then(
        &self,
        inputs: &[View<'_, T>],
        output: &mut [T],
        _: &mut [T],
        _: Context,
        then: &Then<'_, T>,
    ) -> Result<(), String> {
        affine(inputs).then(then).write(output);
        Ok(())
    }

    fn backward(&self, pass: Backward<'_, T>, input: usize, mut gradient: Gradient<'_, T>) {
        match input {
            0 | 1 => gradient_of(pass, input, gradient, None),
            _ => add_row_sum(gradient.zeroed(), pass.upstream),
        }
    }

    fn backward_then(
        &self,
        pass: Backward<'_, T>,
        input: usize,
        mut gradient: Gradient<'_, T>,
        then: &Then<'_, T>,
    ) {
        if input < 2 {
            return gradient_of(pass, input, gradient, Some(then));
        }
        let sums = gradient.zeroed();
        add_row_sum(sums, pass.upstream);
        then(0, sums);
    }

    fn streaming(&self) -> Option<&dyn Streaming<T>> {
        Some(&WeightGradient)
    }
}

fn affine<'a, T: Real>(inputs: &'a [View<'a, T>]) -> Product<'a, T> {
    let product = product_of(inputs);
    match inputs.get(2) {
        Some(bias) => product.plus_rows(bias.data),
        None => product,
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::normal;
    use super::*;
    use crate::check::gradient_error;

    #[test]
    fn gradients_are_right_with_and_without_a_bias() {
        let operands = [normal([5, 3], "x"), normal([3, 4], "w"), normal([4], "b")];
        for count in [2, 3] {
            let error = gradient_error(&Linear, &operands[..count]).unwrap();
            assert!(error < 1e-8, "{error:e}");
        }
        let operands = [normal([2, 5, 3], "x"), normal([3, 4], "w"), normal([4], "b")];
        assert!(gradient_error(&Linear, &operands).unwrap() < 1e-8);
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        let refuse = |x: &[usize], w: &[usize], b: &[usize]| {
            let shapes = [x, w, b].map(|dims| Shape::new(dims).unwrap());
            Op::<f64>::shape(&Linear, &shapes).unwrap_err()
        };
        assert_eq!(refuse(&[5, 784], &[512, 10], &[10]), "expects 512 features, got 784");
        assert_eq!(refuse(&[5, 3], &[3], &[10]), "expects a weight of shape [in, out], got [3]");
        assert_eq!(refuse(&[5, 3], &[3, 4], &[3]), "expects a bias of shape [4], got [3]");
        assert_eq!(refuse(&[], &[3, 4], &[4]), "expects 3 features, got a scalar");
    }
}
