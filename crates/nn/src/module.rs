//! The one trait of everything that computes.

use evenkeel_graph::Var;
use evenkeel_tensor::Real;

/// Something that maps a batch to a batch: a layer, or layers composed into a network.
///
/// Implement it by composing layers and the operations of [`Var`]; there is no backward pass to
/// write. A mistake in shapes is remembered with the path of the layer, and comes back as an error
/// when the model is first compiled.
///
/// ```
/// use evenkeel_graph::{Params, Var};
/// use evenkeel_init::{Activation, Policy};
/// use evenkeel_nn::{Dense, Model, Module, NnError};
/// use evenkeel_tensor::Real;
///
/// struct Skipping { hidden: Dense, output: Dense, skip: Dense }
///
/// impl<T: Real> Module<T> for Skipping {
///     fn forward<'g>(&self, x: Var<'g, T>) -> Var<'g, T> {
///         let h = self.hidden.forward(x).relu();
///         self.output.forward(h) + self.skip.forward(x)
///     }
/// }
///
/// let mut params = Params::new();
/// let net = Skipping {
///     hidden: Dense::new(&mut params, "hidden", 4, 16, Activation::Relu)?,
///     output: Dense::new(&mut params, "output", 16, 2, Activation::Identity)?,
///     skip: Dense::new(&mut params, "skip", 4, 2, Activation::Identity)?,
/// };
/// let mut model: Model = Model::new(net, params, [4])?;
/// model.initialize(&Policy::auto(), 42)?;
/// # Ok::<(), NnError>(())
/// ```
pub trait Module<T: Real = f32>: Send + Sync {
    /// Traces this module on `x`; runs nothing.
    fn forward<'g>(&self, x: Var<'g, T>) -> Var<'g, T>;
}
