//! What a parameter is for, as far as its initial value is concerned.

use crate::{Activation, Fans};

/// The role of a parameter in its layer.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Role {
    /// A weight that inputs are multiplied by.
    Weight {
        /// The weight's fans.
        fans: Fans,
        /// The activation that the layer's output goes into; identity for an output layer.
        feeds: Activation,
    },
    /// A bias that is added to a layer's output.
    Bias {
        /// The fans of the weight beside it: some libraries draw biases by them.
        fans: Fans,
    },
    /// A factor that each feature is multiplied by; 1 changes nothing.
    Scale,
}

impl Role {
    /// The fans, where the role has any.
    pub fn fans(&self) -> Option<Fans> {
        match *self {
            Self::Weight { fans, .. } | Self::Bias { fans } => Some(fans),
            Self::Scale => None,
        }
    }

    /// The role in one word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Weight { .. } => "weight",
            Self::Bias { .. } => "bias",
            Self::Scale => "scale",
        }
    }
}
