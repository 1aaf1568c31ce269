//! The matrix product: Y = X·W, batch first.
//!
//! From dL = ⟨dY, dX·W + X·dW⟩ follow the two gradients, each a product again:
//! dX = dY·Wᵀ and dW = Xᵀ·dY. In the column-major reading of the same memory, where the operands
//! change places, they are Wᵀ·dY and dY·Xᵀ.

use evenkeel_tensor::matmul::{MOST_TAKEN, MatRef, Product, Take, Then};
use evenkeel_tensor::{Real, Shape, Write, parallel};

use super::operands;
use crate::{Backward, Context, Gradient, Needs, Op, Streaming, View};

/// The matrix product: `[N, K]` times `[K, M]` gives `[N, M]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MatMul;

/// A view as the column-major matrix that it is: its last axis is the rows, all others the
/// columns.
pub(super) fn columns<'a, T: Copy>(shape: Shape, data: &'a [T]) -> MatRef<'a, T> {
    let dims = shape.dims();
    let columns = dims[..dims.len().saturating_sub(1)].iter().product();
    MatRef::new(data, shape.features(), columns)
}

/// The multiply-adds of the product of the first two operands. With a single sample, memory is
/// what takes the time: as much as that of about four.
pub(super) fn work_of(inputs: &[Shape]) -> usize {
    match inputs {
        [x, w, ..] => (x.len() / x.features().max(1)).max(4) * w.len(),
        _ => 0,
    }
}

/// The product of the first two operands, in the column-major reading W·X.
pub(super) fn product_of<'a, T: Real>(inputs: &[View<'a, T>]) -> Product<'a, T> {
    let [x, w] = [inputs[0], inputs[1]];
    Product::new(columns(w.shape, w.data), columns(x.shape, x.data))
}

/// The derivative by operand `input` of that product, a product again.
fn derivative<'a, T: Real>(pass: Backward<'a, T>, input: usize) -> Product<'a, T> {
    let [x, w] = [pass.inputs[0], pass.inputs[1]];
    let up = columns(pass.output.shape, pass.upstream);
    match input {
        0 => Product::new(columns(w.shape, w.data).t(), up),
        _ => Product::new(up, columns(x.shape, x.data).t()),
    }
}

/// The smallest weight whose gradient is streamed: a smaller gradient stays in the cache until it is
/// used.
const STREAMED: usize = 1 << 17;

/// The derivative by the weight of such a product, streamed: large ones, of batches that are not
/// too large.
pub(super) struct WeightGradient;

impl<T: Real> Streaming<T> for WeightGradient {
    fn suits(&self, input: usize, inputs: &[Shape]) -> bool {
        let samples = |x: &Shape| x.len() / x.features().max(1);
        matches!(inputs, [x, w, ..] if input == 1 && w.len() >= STREAMED && samples(x) <= MOST_TAKEN)
    }

    fn stream(
        &self,
        pass: Backward<'_, T>,
        input: usize,
        targets: &mut [&mut [T]],
        take: &Take<'_, T>,
    ) {
        derivative(pass, input).take(targets, take);
    }

    /// Each value is the inner product of a row of X and one of dY, and so (Cauchy, Schwarz) no
    /// greater than the product of the norms of all values of the two.
    fn bound(&self, pass: Backward<'_, T>, _: usize) -> f64 {
        let norm = |values: &[T]| parallel::sum_of_squares(values).to_f64().sqrt();
        norm(pass.inputs[0].data) * norm(pass.upstream)
    }
}

/// Writes or adds the derivative by operand `input` of that product.
pub(super) fn gradient_of<T: Real>(
    pass: Backward<'_, T>,
    input: usize,
    gradient: Gradient<'_, T>,
    then: Option<&Then<'_, T>>,
) {
    let product = derivative(pass, input);
    let product = then.map_or(product, |then| product.then(then));
    match gradient.write {
        Write::Set => product.write(gradient.data),
        Write::Add => product.add(gradient.data),
    }
}

impl<T: Real> Op<T> for MatMul {
    fn name(&self) -> &'static str {
        "matmul"
    }

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, String> {
        let [x, w] = operands(inputs)?;
        match (x.dims(), w.dims()) {
            (&[n, k], &[k2, m]) if k == k2 => Ok(Shape::from([n, m])),
            _ => Err(format!("expects shapes [N, K] and [K, M], got {x} and {w}")),
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
        product_of(inputs).write(output);
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
        product_of(inputs).then(then).write(output);
        Ok(())
    }

    fn backward(&self, pass: Backward<'_, T>, input: usize, gradient: Gradient<'_, T>) {
        gradient_of(pass, input, gradient, None);
    }

    fn backward_then(
        &self,
        pass: Backward<'_, T>,
        input: usize,
        gradient: Gradient<'_, T>,
        then: &Then<'_, T>,
    ) {
        gradient_of(pass, input, gradient, Some(then));
    }

    fn streaming(&self) -> Option<&dyn Streaming<T>> {
        Some(&WeightGradient)
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::normal;
    use super::*;
    use crate::check::gradient_error;

    #[test]
    fn gradients_are_right() {
        let error = gradient_error(&MatMul, &[normal([5, 3], "x"), normal([3, 4], "w")]).unwrap();
        assert!(error < 1e-8, "{error:e}");
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        let error = Op::<f64>::shape(&MatMul, &[[5, 3].into(), [4, 2].into()]).unwrap_err();
        assert_eq!(error, "expects shapes [N, K] and [K, M], got [5, 3] and [4, 2]");
    }
}
