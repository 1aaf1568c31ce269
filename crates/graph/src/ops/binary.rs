//! Elementwise arithmetic on two operands, the smaller repeated over the leading axes of the
//! larger: z = x ∘ y.
//!
//! The derivative by a repeated operand is the sum over its repetitions, because each of them
//! contributes to the loss.

use evenkeel_tensor::{Real, Shape};

use super::operands;
use crate::{Backward, Context, Gradient, Needs, Op, View};

/// An elementwise operation on two operands.
///
/// The shapes are equal, or one is the tail of the other: `[N, F]` with `[F]`, `[1, F]` or `[]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binary {
    /// x + y.
    Add,
    /// x − y.
    Subtract,
    /// x·y.
    Multiply,
    /// x/y.
    Divide,
}

impl Binary {
    #[inline]
    fn value<T: Real>(self, x: T, y: T) -> T {
        match self {
            Self::Add => x + y,
            Self::Subtract => x - y,
            Self::Multiply => x * y,
            Self::Divide => x / y,
        }
    }

    /// The derivative by operand `input` at (x, y).
    #[inline]
    fn slope<T: Real>(self, input: usize, x: T, y: T) -> T {
        match (self, input) {
            (Self::Subtract, 1) => -T::ONE,
            (Self::Add | Self::Subtract, _) => T::ONE,
            (Self::Multiply, 0) => y,
            (Self::Multiply, _) => x,
            (Self::Divide, 0) => T::ONE / y,
            (Self::Divide, _) => -x / (y * y),
        }
    }
}

/// Whether `small` is the tail of `large`, leading ones aside.
fn repeats(small: Shape, large: Shape) -> bool {
    let ones = small.dims().iter().take_while(|&&dim| dim == 1).count();
    small.axes() <= large.axes()
        && (large.dims().ends_with(small.dims()) || large.dims().ends_with(&small.dims()[ones..]))
}

/// Each value of `data` in turn, over and over, `len` values in all.
fn cycle<T: Copy>(data: &[T], len: usize) -> impl Iterator<Item = T> + '_ {
    let repeats = if data.is_empty() { 0 } else { len / data.len() };
    (0..repeats).flat_map(move |_| data.iter().copied())
}

impl<T: Real> Op<T> for Binary {
    fn name(&self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Subtract => "subtract",
            Self::Multiply => "multiply",
            Self::Divide => "divide",
        }
    }

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, String> {
        let [x, y] = operands(inputs)?;
        match (repeats(y, x), repeats(x, y)) {
            (true, _) => Ok(x),
            (_, true) => Ok(y),
            _ => {
                Err(format!("expects equal shapes, or one the tail of the other, got {x} and {y}"))
            }
        }
    }

    fn needs(&self) -> Needs {
        match self {
            Self::Add | Self::Subtract => Needs::NOTHING,
            Self::Multiply | Self::Divide => Needs::INPUTS,
        }
    }

    fn forward(
        &self,
        inputs: &[View<'_, T>],
        output: &mut [T],
        _: &mut [T],
        _: Context,
    ) -> Result<(), String> {
        let (x, y, len) = (inputs[0].data, inputs[1].data, output.len());
        if x.len() == y.len() {
            let pairs = x.iter().zip(y);
            output.iter_mut().zip(pairs).for_each(|(z, (&x, &y))| *z = self.value(x, y));
        } else {
            let pairs = cycle(x, len).zip(cycle(y, len));
            output.iter_mut().zip(pairs).for_each(|(z, (x, y))| *z = self.value(x, y));
        }
        Ok(())
    }

    fn backward(&self, pass: Backward<'_, T>, input: usize, mut gradient: Gradient<'_, T>) {
        let (x, y, up) = (pass.inputs[0].data, pass.inputs[1].data, pass.upstream);
        let target = gradient.zeroed();
        if target.is_empty() {
            return;
        }
        for (start, up) in (0..).step_by(target.len()).zip(up.chunks_exact(target.len())) {
            for (i, (g, &up)) in target.iter_mut().zip(up).enumerate() {
                // Addition and subtraction are not given their operands: their slopes are fixed.
                let at = |data: &[T]| match data.len() {
                    0 => T::ONE,
                    len => data[(start + i) % len],
                };
                *g += up * self.slope(input, at(x), at(y));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_tensor::Tensor;

    use super::super::testing::positive;
    use super::*;
    use crate::check::{gradient_error, run};

    const ALL: [Binary; 4] = [Binary::Add, Binary::Subtract, Binary::Multiply, Binary::Divide];

    #[test]
    fn gradients_are_right_however_operands_repeat() {
        let shapes: [(&[usize], &[usize]); 6] = [
            (&[3, 4], &[3, 4]),
            (&[3, 4], &[4]),
            (&[4], &[3, 4]),
            (&[3, 2, 4], &[2, 4]),
            (&[3, 4], &[1, 4]),
            (&[3, 4], &[]),
        ];
        for op in ALL {
            for (x, y) in shapes {
                let (x, y) = (Shape::new(x).unwrap(), Shape::new(y).unwrap());
                let error = gradient_error(&op, &[positive(x, "x"), positive(y, "y")]).unwrap();
                assert!(error < 1e-8, "{op:?} {x} {y}: {error:e}");
            }
        }
    }

    #[test]
    fn a_row_is_added_to_each_sample() {
        let x = Tensor::from_vec([2, 2], vec![1.0f64, 2.0, 3.0, 4.0]).unwrap();
        let y = Tensor::from_vec([2], vec![10.0, 20.0]).unwrap();
        let (sum, _) = run(&Binary::Add, &[x, y]).unwrap();
        assert_eq!(sum.as_slice(), &[11.0, 22.0, 13.0, 24.0]);
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        let error = Op::<f64>::shape(&Binary::Add, &[[3, 4].into(), [3].into()]).unwrap_err();
        assert_eq!(error, "expects equal shapes, or one the tail of the other, got [3, 4] and [3]");
    }
}
