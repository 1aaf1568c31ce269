//! What training makes small. Losses work on logits: the output activation is inside, fused.

use std::fmt;

use evenkeel_graph::Var;
use evenkeel_graph::ops::Reduction;
use evenkeel_init::Activation;
use evenkeel_tensor::Real;

/// A loss function, with its output activation.
///
/// The model's last layer has no activation of its own: softmax or sigmoid is part of the loss,
/// which is then finite whatever the logits are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loss {
    /// Softmax and cross-entropy: logits `[N, C]` and class indices `[N]`. ln C for a model that
    /// knows nothing.
    SoftmaxCrossEntropy(Reduction),
    /// Sigmoid and binary cross-entropy: logits `[N, 1]` or `[N, F]` and targets in [0, 1]. ln 2
    /// for a model that knows nothing.
    SigmoidBinaryCrossEntropy(Reduction),
    /// The squared difference of predictions and targets of one shape.
    MeanSquaredError(Reduction),
}

impl Loss {
    /// Softmax cross-entropy, the mean over samples.
    pub const fn softmax_cross_entropy() -> Self {
        Self::SoftmaxCrossEntropy(Reduction::Mean)
    }

    /// Sigmoid binary cross-entropy, the mean over values.
    pub const fn sigmoid_binary_cross_entropy() -> Self {
        Self::SigmoidBinaryCrossEntropy(Reduction::Mean)
    }

    /// Mean squared error, the mean over values.
    pub const fn mean_squared_error() -> Self {
        Self::MeanSquaredError(Reduction::Mean)
    }

    /// Mean or sum.
    pub fn reduction(self) -> Reduction {
        let (Self::SoftmaxCrossEntropy(reduction)
        | Self::SigmoidBinaryCrossEntropy(reduction)
        | Self::MeanSquaredError(reduction)) = self;
        reduction
    }

    /// Traces the loss of predictions against targets; the result has shape `[]`.
    pub fn trace<'g, T: Real>(self, predictions: Var<'g, T>, targets: Var<'g, T>) -> Var<'g, T> {
        predictions.graph().scope("loss", || match self {
            Self::SoftmaxCrossEntropy(by) => predictions.softmax_cross_entropy(targets, by),
            Self::SigmoidBinaryCrossEntropy(by) => {
                predictions.sigmoid_binary_cross_entropy(targets, by)
            }
            Self::MeanSquaredError(by) => predictions.mean_squared_error(targets, by),
        })
    }

    /// Traces what turns the model's output into probabilities (or, for the squared error, into
    /// itself).
    pub fn probabilities<'g, T: Real>(self, logits: Var<'g, T>) -> Var<'g, T> {
        match self {
            Self::SoftmaxCrossEntropy(_) => logits.softmax(),
            Self::SigmoidBinaryCrossEntropy(_) => logits.activation(Activation::Sigmoid),
            Self::MeanSquaredError(_) => logits,
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self {
            Self::SoftmaxCrossEntropy(_) => "softmax cross-entropy",
            Self::SigmoidBinaryCrossEntropy(_) => "sigmoid binary cross-entropy",
            Self::MeanSquaredError(_) => "squared error",
        };
        write!(f, "{name} ({})", self.reduction())
    }
}
