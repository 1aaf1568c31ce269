//! Elementwise functions of one operand that are not activations: y = f(x), dx = f′(x)·dy.

use evenkeel_tensor::{Real, Shape};

use super::operands;
use crate::{Backward, Context, Gradient, Needs, Op, View};

/// An elementwise function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Unary<T> {
    /// −x.
    Negate,
    /// eˣ; its derivative is its value.
    Exp,
    /// ln x; its derivative is 1/x.
    Ln,
    /// √x; its derivative is 1/(2√x).
    Sqrt,
    /// x²; its derivative is 2x.
    Square,
    /// scale·x + shift; its derivative is the scale.
    Affine {
        /// The factor.
        scale: T,
        /// The term.
        shift: T,
    },
}

impl<T: Real> Unary<T> {
    fn value(self, x: T) -> T {
        match self {
            Self::Negate => -x,
            Self::Exp => x.exp(),
            Self::Ln => x.ln(),
            Self::Sqrt => x.sqrt(),
            Self::Square => x * x,
            Self::Affine { scale, shift } => scale * x + shift,
        }
    }
}

impl<T: Real> Op<T> for Unary<T> {
    fn name(&self) -> &'static str {
        match self {
            Self::Negate => "negate",
            Self::Exp => "exp",
            Self::Ln => "ln",
            Self::Sqrt => "sqrt",
            Self::Square => "square",
            Self::Affine { .. } => "affine",
        }
    }

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, String> {
        operands::<1>(inputs).map(|[x]| x)
    }

    fn needs(&self) -> Needs {
        match self {
            Self::Negate | Self::Affine { .. } => Needs::NOTHING,
            Self::Exp | Self::Sqrt => Needs::OUTPUT,
            Self::Ln | Self::Square => Needs::INPUTS,
        }
    }

    fn forward(
        &self,
        inputs: &[View<'_, T>],
        output: &mut [T],
        _: &mut [T],
        _: Context,
    ) -> Result<(), String> {
        output.iter_mut().zip(inputs[0].data).for_each(|(y, &x)| *y = self.value(x));
        Ok(())
    }

    fn backward(&self, pass: Backward<'_, T>, _: usize, gradient: Gradient<'_, T>) {
        let (x, y, up) = (pass.inputs[0].data, pass.output.data, pass.upstream);
        match *self {
            Self::Negate => gradient.from_one(up, |g| -g),
            Self::Exp => gradient.from_two(up, y, |g, y| g * y),
            Self::Ln => gradient.from_two(up, x, |g, x| g / x),
            Self::Sqrt => gradient.from_two(up, y, |g, y| g * T::of(0.5) / y),
            Self::Square => gradient.from_two(up, x, |g, x| g * (x + x)),
            Self::Affine { scale, .. } => gradient.from_one(up, |g| g * scale),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::positive;
    use super::*;
    use crate::check::gradient_error;

    #[test]
    fn gradients_are_right() {
        let affine = Unary::Affine { scale: -1.5, shift: 0.25 };
        for op in [Unary::Negate, Unary::Exp, Unary::Ln, Unary::Sqrt, Unary::Square, affine] {
            let error = gradient_error(&op, &[positive([3, 5], "x")]).unwrap();
            assert!(error < 1e-8, "{op:?}: {error:e}");
        }
    }
}
