//! The operations that come with the engine. Each file holds one idea: the formula, the forward
//! and the backward pass, and a test of the gradient.

mod activate;
mod binary;
mod dropout;
mod linear;
mod matmul;
mod mean_squared_error;
mod reduce;
mod reduction;
mod reshape;
mod row_sum;
mod sigmoid_binary_cross_entropy;
mod softmax;
mod softmax_cross_entropy;
mod unary;

pub use activate::Activate;
pub use binary::Binary;
pub use dropout::Dropout;
pub use linear::Linear;
pub use matmul::MatMul;
pub use mean_squared_error::MeanSquaredError;
pub use reduce::Reduce;
pub use reduction::Reduction;
pub use reshape::Reshape;
pub use sigmoid_binary_cross_entropy::SigmoidBinaryCrossEntropy;
pub use softmax::{LogSoftmax, Softmax};
pub use softmax_cross_entropy::SoftmaxCrossEntropy;
pub use unary::Unary;

use evenkeel_tensor::Shape;

/// Takes exactly `N` shapes, or says how many were expected.
fn operands<const N: usize>(inputs: &[Shape]) -> Result<[Shape; N], String> {
    inputs.try_into().map_err(|_| format!("expects {N} operands, got {}", inputs.len()))
}

/// The shape of a loss of predictions and targets of one shape, or of predictions `[N, 1]` and
/// targets `[N]`.
fn loss_of_pairs(inputs: &[Shape], predictions: &str) -> Result<Shape, String> {
    let [y, t] = operands(inputs)?;
    let column = matches!((y.dims(), t.dims()), (&[n, 1], &[m]) if n == m);
    if y == t || column {
        return Ok(Shape::SCALAR);
    }
    Err(format!("expects {predictions} and targets of one shape, got {y} and {t}"))
}

#[cfg(test)]
mod testing {
    use evenkeel_tensor::{Shape, Stream, Tensor};

    /// Standard normal values, none within 0.01 of zero (where ReLU and its kin have a kink).
    pub(crate) fn normal(shape: impl Into<Shape>, name: &str) -> Tensor<f64> {
        let mut tensor = Tensor::zeros(shape);
        Stream::new(17, name).fill(tensor.as_mut_slice(), |stream| {
            let x = stream.standard_normal();
            x + 0.01 * x.signum()
        });
        tensor
    }

    /// Values between 0.5 and 2.5.
    pub(crate) fn positive(shape: impl Into<Shape>, name: &str) -> Tensor<f64> {
        let mut tensor = Tensor::zeros(shape);
        Stream::new(19, name).fill(tensor.as_mut_slice(), |stream| 0.5 + 2.0 * stream.uniform());
        tensor
    }
}
