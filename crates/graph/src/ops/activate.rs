//! An activation function applied to each value: y = φ(x), dx = φ′(x)·dy.

use evenkeel_init::Activation;
use evenkeel_tensor::{Real, Shape};

use super::operands;
use crate::{Backward, Context, Gradient, Needs, Op, View};

/// Applies an activation function to each value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activate(
    /// The function.
    pub Activation,
);

/// Runs `$body` with `$phi` bound to the activation as a literal, so that each gets a loop of
/// its own with nothing to decide inside, which the compiler can vectorize.
macro_rules! for_each_activation {
    ($activation:expr, $phi:ident => $body:expr) => {
        for_each_activation!(@ $activation, $phi, $body,
            Identity Relu Selu Gelu GeluTanh Silu Sigmoid Tanh Softplus Softsign)
    };
    (@ $activation:expr, $phi:ident, $body:expr, $($plain:ident)*) => {
        match $activation {
            $(Activation::$plain => { let $phi = Activation::$plain; $body })*
            Activation::LeakyRelu { slope } => {
                let $phi = Activation::LeakyRelu { slope };
                $body
            }
            Activation::Elu { alpha } => {
                let $phi = Activation::Elu { alpha };
                $body
            }
        }
    };
}

impl<T: Real> Op<T> for Activate {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, String> {
        operands::<1>(inputs).map(|[x]| x)
    }

    fn needs(&self) -> Needs {
        match self.0 {
            Activation::Identity => Needs::NOTHING,
            // y decides: positive exactly where x is.
            Activation::Relu | Activation::Sigmoid | Activation::Tanh => Needs::OUTPUT,
            _ => Needs::BOTH,
        }
    }

    fn forward(
        &self,
        inputs: &[View<'_, T>],
        output: &mut [T],
        _: &mut [T],
        _: Context,
    ) -> Result<(), String> {
        let pairs = output.iter_mut().zip(inputs[0].data);
        for_each_activation!(self.0, phi => pairs.for_each(|(y, &x)| *y = phi.value(x)));
        Ok(())
    }

    fn backward(&self, pass: Backward<'_, T>, _: usize, gradient: Gradient<'_, T>) {
        let (x, y, up) = (pass.inputs[0].data, pass.output.data, pass.upstream);
        match <Self as Op<T>>::needs(self) {
            Needs::NOTHING => gradient.from_one(up, |g| g),
            Needs::OUTPUT => for_each_activation!(self.0, phi => {
                gradient.from_two(up, y, |g, y| g * phi.derivative_at(y, y));
            }),
            _ => for_each_activation!(self.0, phi => {
                let slopes = x.iter().zip(y).map(|(&x, &y)| phi.derivative_at(x, y));
                gradient.from_iter(up.iter().zip(slopes).map(|(&g, slope)| g * slope));
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::normal;
    use super::*;
    use crate::check::gradient_error;

    #[test]
    fn gradients_are_right() {
        for activation in Activation::ALL {
            let error = gradient_error(&Activate(activation), &[normal([4, 9], "x")]).unwrap();
            assert!(error < 1e-8, "{activation}: {error:e}");
        }
    }
}
