//! The fully connected layer.

use evenkeel_graph::{ParamId, Params, Role, Var};
use evenkeel_init::{Activation, Fans};
use evenkeel_tensor::{Real, Tensor};

use crate::{Module, NnError};

/// y = x·w + b: `[.., inputs]` to `[.., units]`.
///
/// The weight has shape `[inputs, units]` and is named `name/weight`; the bias has shape
/// `[units]` and is named `name/bias`. Both are zero until the model is initialized.
#[derive(Clone, Debug)]
pub struct Dense {
    name: String,
    weight: ParamId,
    bias: Option<ParamId>,
}

impl Dense {
    /// A layer from `inputs` features to `units` units, with a bias. `feeds` is the activation
    /// that follows, which [`Policy::auto`](evenkeel_init::Policy::auto) chooses by; the identity
    /// for an output layer.
    ///
    /// # Errors
    /// [`NnError::Layer`] if `inputs` or `units` is zero, [`NnError::Graph`] if the name is taken.
    pub fn new<T: Real>(
        params: &mut Params<T>,
        name: &str,
        inputs: usize,
        units: usize,
        feeds: Activation,
    ) -> Result<Self, NnError> {
        let mut layer = Self::without_bias(params, name, inputs, units, feeds)?;
        let role = Role::Bias { fans: Fans::new(inputs, units)? };
        layer.bias = Some(params.add(format!("{name}/bias"), Tensor::zeros([units]), role)?);
        Ok(layer)
    }

    /// The same without a bias.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn without_bias<T: Real>(
        params: &mut Params<T>,
        name: &str,
        inputs: usize,
        units: usize,
        feeds: Activation,
    ) -> Result<Self, NnError> {
        for (field, count) in [("inputs", inputs), ("units", units)] {
            if count == 0 {
                let (layer, value) = (name.into(), 0.0);
                return Err(NnError::Layer { layer, field, value, allowed: "at least 1" });
            }
        }
        let role = Role::Weight { fans: Fans::new(inputs, units)?, feeds };
        let weight = params.add(format!("{name}/weight"), Tensor::zeros([inputs, units]), role)?;
        Ok(Self { name: name.into(), weight, bias: None })
    }

    /// The handle of the weight, of shape `[inputs, units]`.
    pub fn weight(&self) -> ParamId {
        self.weight
    }

    /// The handle of the bias, of shape `[units]`, if there is one.
    pub fn bias(&self) -> Option<ParamId> {
        self.bias
    }
}

impl<T: Real> Module<T> for Dense {
    fn forward<'g>(&self, x: Var<'g, T>) -> Var<'g, T> {
        let graph = x.graph();
        graph.scope(&self.name, || {
            x.linear(graph.param(self.weight), self.bias.map(|bias| graph.param(bias)))
        })
    }
}
