//! Softmax and its logarithm over the last axis: pᵢ = exp(xᵢ)/Σⱼ exp(xⱼ).
//!
//! The largest value is subtracted first, which changes nothing but keeps exp from overflowing.
//! With ∂pᵢ/∂xⱼ = pᵢ(δᵢⱼ − pⱼ) the gradients are dx = p ⊙ (dy − ⟨dy, p⟩) for softmax, and
//! dx = dy − p·Σdy for its logarithm.

use evenkeel_tensor::simd::{self, Isa, Kernel};
use evenkeel_tensor::{Real, Shape};

use super::operands;
use crate::{Backward, Context, Gradient, Needs, Op, View};

/// Softmax over the last axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Softmax;

/// The logarithm of softmax over the last axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogSoftmax;

/// The largest value m of a row. What is computed from it and Σ exp(xⱼ − m), which is at least 1,
/// keeps its precision however large the values are; ln Σ exp(xⱼ) as one number would not.
pub(super) fn largest<T: Real>(x: &[T]) -> T {
    // `b < a` is false for NaN, which so comes through.
    x.iter().copied().fold(T::of(f64::NEG_INFINITY), |a, b| if b < a { a } else { b })
}

/// Writes exp(xⱼ − m) for all rows of `features` values.
pub(super) fn exponentials<T: Real>(x: &[T], features: usize, y: &mut [T]) {
    for (x, y) in x.chunks_exact(features).zip(y.chunks_exact_mut(features)) {
        let most = largest(x);
        y.iter_mut().zip(x).for_each(|(y, &x)| *y = x - most);
    }
    // All rows at once: they may be short.
    simd::run(Exponential(y));
}

struct Exponential<'a, T>(&'a mut [T]);

impl<T: Real> Kernel for Exponential<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        for x in self.0 {
            *x = x.exp_by::<I>();
        }
    }
}

fn shape_of(inputs: &[Shape]) -> Result<Shape, String> {
    let [x] = operands(inputs)?;
    if x.axes() == 0 { Err("expects at least one axis, got a scalar".into()) } else { Ok(x) }
}

/// Rows of the last axis.
fn rows<T>(shape: Shape, data: &[T]) -> std::slice::ChunksExact<'_, T> {
    data.chunks_exact(shape.features().max(1))
}

/// Writes or adds `f(row of upstream, row of output)(upstream, output)` along each row.
fn by_row<T: Real, F: Fn(T, T) -> T>(
    pass: Backward<'_, T>,
    gradient: Gradient<'_, T>,
    f: impl Fn(&[T], &[T]) -> F,
) {
    let Gradient { data, write } = gradient;
    let features = pass.output.shape.features().max(1);
    let outputs = rows(pass.output.shape, pass.output.data);
    let pairs = rows(pass.output.shape, pass.upstream).zip(outputs);
    for (data, (up, y)) in data.chunks_exact_mut(features).zip(pairs) {
        Gradient { data, write }.from_two(up, y, f(up, y));
    }
}

impl<T: Real> Op<T> for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, String> {
        shape_of(inputs)
    }

    fn needs(&self) -> Needs {
        Needs::OUTPUT
    }

    fn forward(
        &self,
        inputs: &[View<'_, T>],
        output: &mut [T],
        _: &mut [T],
        _: Context,
    ) -> Result<(), String> {
        let [x] = [inputs[0]];
        let features = x.shape.features().max(1);
        exponentials(x.data, features, output);
        for y in output.chunks_exact_mut(features) {
            let sum: T = y.iter().copied().sum();
            y.iter_mut().for_each(|y| *y /= sum);
        }
        Ok(())
    }

    fn backward(&self, pass: Backward<'_, T>, _: usize, gradient: Gradient<'_, T>) {
        by_row(pass, gradient, |up, p| {
            let inner: T = up.iter().zip(p).map(|(&g, &p)| g * p).sum();
            move |g, p| p * (g - inner)
        });
    }
}

impl<T: Real> Op<T> for LogSoftmax {
    fn name(&self) -> &'static str {
        "log_softmax"
    }

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, String> {
        shape_of(inputs)
    }

    fn needs(&self) -> Needs {
        Needs::OUTPUT
    }

    fn forward(
        &self,
        inputs: &[View<'_, T>],
        output: &mut [T],
        _: &mut [T],
        _: Context,
    ) -> Result<(), String> {
        let [x] = [inputs[0]];
        let features = x.shape.features().max(1);
        exponentials(x.data, features, output);
        for (x, y) in rows(x.shape, x.data).zip(output.chunks_exact_mut(features)) {
            let (most, total) = (largest(x), y.iter().copied().sum::<T>().ln());
            y.iter_mut().zip(x).for_each(|(y, &x)| *y = (x - most) - total);
        }
        Ok(())
    }

    fn backward(&self, pass: Backward<'_, T>, _: usize, gradient: Gradient<'_, T>) {
        by_row(pass, gradient, |up, _| {
            let total: T = up.iter().copied().sum();
            move |g, log_p| g - log_p.exp() * total
        });
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
        let x = [normal([2, 3, 5], "x")];
        assert!(gradient_error(&Softmax, &x).unwrap() < 1e-8);
        assert!(gradient_error(&LogSoftmax, &x).unwrap() < 1e-8);
    }

    #[test]
    fn huge_values_neither_overflow_nor_vanish() {
        let x = Tensor::from_vec([2, 2], vec![1e4f64, 1e4, -1e4, 0.0]).unwrap();
        let (p, _) = run(&Softmax, std::slice::from_ref(&x)).unwrap();
        assert_eq!(p.as_slice(), &[0.5, 0.5, 0.0, 1.0]);
        let (log_p, _) = run(&LogSoftmax, &[x]).unwrap();
        assert_eq!(log_p.as_slice()[2..], [-1e4, 0.0]);
    }
}
