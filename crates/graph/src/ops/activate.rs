//! An activation function applied to each value: y = φ(x), dx = φ′(x)·dy.

use evenkeel_init::Activation;
use evenkeel_tensor::simd::{self, Isa, Kernel};
use evenkeel_tensor::{Real, Shape, Write, parallel};

use super::operands;
use crate::{Backward, Context, Gradient, Needs, Op, Pointwise, View};

/// Applies an activation function to each value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Activate(
    /// The function.
    pub Activation,
);

/// An activation that is known when the loop over it is compiled, so that each has a loop of its
/// own with nothing to decide inside.
trait Phi: Copy {
    fn activation(self) -> Activation;
}

/// Runs `$body` with `$phi` bound to the [`Phi`] of an activation.
macro_rules! with_phi {
    ($activation:expr, $phi:ident => $body:expr) => {
        with_phi!(@ $activation, $phi, $body,
            Identity Relu Selu Gelu GeluTanh Silu Sigmoid Tanh Softplus Softsign)
    };
    (@ $activation:expr, $phi:ident, $body:expr, $($plain:ident)*) => {
        match $activation {
            $(Activation::$plain => {
                let $phi = phi::$plain;
                $body
            })*
            Activation::LeakyRelu { slope } => {
                let $phi = phi::LeakyRelu(slope);
                $body
            }
            Activation::Elu { alpha } => {
                let $phi = phi::Elu(alpha);
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
            Activation::LeakyRelu { slope } if slope >= 0.0 => Needs::OUTPUT,
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
        let x = inputs[0].data;
        parallel::for_each_pieces(&mut [output], |first, pieces| {
            for y in pieces {
                y.copy_from_slice(&x[first..][..y.len()]);
                self.apply(y);
            }
        });
        Ok(())
    }

    fn backward(&self, pass: Backward<'_, T>, _: usize, gradient: Gradient<'_, T>) {
        let (x, y, up) = (pass.inputs[0].data, pass.output.data, pass.upstream);
        let write = gradient.write;
        parallel::for_each_pieces(&mut [gradient.data], |first, pieces| {
            let [dx] = pieces else { return };
            let here = first..first + dx.len();
            let [x, y] = [x, y].map(|values| values.get(here.clone()).unwrap_or_default());
            match write {
                Write::Set => {
                    dx.copy_from_slice(&up[here]);
                    self.chain(x, y, dx);
                }
                Write::Add => {
                    let up = &up[here];
                    // The derivative of the identity needs neither, but the loop some.
                    let x = if x.is_empty() && y.is_empty() { up } else { x };
                    with_phi!(self.0, phi => simd::run(AddChain(x, y, up, dx, phi)));
                }
            }
        });
    }

    fn pointwise(&self) -> Option<&dyn Pointwise<T>> {
        Some(self)
    }
}

impl<T: Real> Pointwise<T> for Activate {
    fn apply(&self, values: &mut [T]) {
        with_phi!(self.0, phi => simd::run(Apply(values, phi)));
    }

    fn chain(&self, x: &[T], y: &[T], gradient: &mut [T]) {
        if self.0 == Activation::Identity {
            return;
        }
        with_phi!(self.0, phi => simd::run(Chain(x, y, gradient, phi)));
    }
}

mod phi {
    use super::{Activation, Phi};

    macro_rules! phi {
        ($($name:ident $(($field:ident))?,)*) => { $(
            #[derive(Clone, Copy)]
            pub(super) struct $name $((pub(super) phi!(@ $field)))?;

            impl Phi for $name {
                #[inline(always)]
                fn activation(self) -> Activation {
                    Activation::$name $({ $field: self.0 })?
                }
            }
        )* };
        (@ $field:ident) => { f64 };
    }

    phi! {
        Identity, Relu, LeakyRelu(slope), Elu(alpha), Selu, Gelu, GeluTanh, Silu, Sigmoid, Tanh,
        Softplus, Softsign,
    }
}

/// x ← φ(x).
struct Apply<'a, T, P>(&'a mut [T], P);

impl<T: Real, P: Phi> Kernel for Apply<'_, T, P> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let phi = self.1.activation();
        for x in self.0 {
            *x = phi.value_by::<I, T>(*x);
        }
    }
}

/// Either of x and y, if the other is not kept because the derivative does not need it.
#[inline(always)]
fn either<'a, T>(x: &'a [T], y: &'a [T]) -> (&'a [T], &'a [T]) {
    (if x.is_empty() { y } else { x }, if y.is_empty() { x } else { y })
}

/// dy ← φ′(x)·dy.
struct Chain<'a, T, P>(&'a [T], &'a [T], &'a mut [T], P);

impl<T: Real, P: Phi> Kernel for Chain<'_, T, P> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let (phi, (x, y)) = (self.3.activation(), either(self.0, self.1));
        for ((g, &x), &y) in self.2.iter_mut().zip(x).zip(y) {
            *g *= phi.derivative_by::<I, T>(x, y);
        }
    }
}

/// dx ← dx + φ′(x)·dy.
struct AddChain<'a, T, P>(&'a [T], &'a [T], &'a [T], &'a mut [T], P);

impl<T: Real, P: Phi> Kernel for AddChain<'_, T, P> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let (phi, (x, y)) = (self.4.activation(), either(self.0, self.1));
        for ((dx, &g), (&x, &y)) in self.3.iter_mut().zip(self.2).zip(x.iter().zip(y)) {
            *dx += g * phi.derivative_by::<I, T>(x, y);
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
