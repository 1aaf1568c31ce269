//! A builder of networks whose layers follow one another.

use evenkeel_graph::Params;
use evenkeel_init::{Activation, Policy};
use evenkeel_tensor::{Real, Shape};

use crate::stack::{Stack, Stage};
use crate::{Dense, Model, NnError};

/// Describes a network layer by layer; shapes are inferred.
///
/// Layers are named by what they are and counted from zero: `dense.0`, `relu.0`, `dense.1`.
/// The initializer of a dense layer is chosen by the activation that follows it.
///
/// ```
/// use evenkeel_init::Policy;
/// use evenkeel_nn::{Model, Sequential};
///
/// let model: Model = Sequential::new([64]).dense(64).relu().dropout(0.1).dense(10)
///     .build(&"he_normal; dense.1/weight=glorot_normal".parse()?, 42)?;
/// let names: Vec<&str> = model.params().iter().map(|(_, entry)| entry.name()).collect();
/// assert_eq!(names, ["dense.0/weight", "dense.0/bias", "dense.1/weight", "dense.1/bias"]);
/// # Ok::<(), evenkeel_nn::NnError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Sequential {
    sample: Shape,
    layers: Vec<Layer>,
}

#[derive(Clone, Copy, Debug)]
enum Layer {
    Dense { units: usize, bias: bool },
    Activation(Activation),
    Dropout(f64),
    Flatten,
}

impl Layer {
    fn kind(self) -> &'static str {
        match self {
            Self::Dense { .. } => "dense",
            Self::Activation(activation) => activation.name(),
            Self::Dropout(_) => "dropout",
            Self::Flatten => "flatten",
        }
    }
}

impl Sequential {
    /// Starts a network for samples of this shape (without the batch): `[64]`, `[1, 28, 28]`.
    pub fn new(sample: impl Into<Shape>) -> Self {
        Self { sample: sample.into(), layers: Vec::new() }
    }

    /// A multi-layer perceptron: dense layers of these widths, each followed by `activation`, and
    /// a dense output layer.
    #[must_use]
    pub fn mlp(inputs: usize, hidden: &[usize], outputs: usize, activation: Activation) -> Self {
        let start = Self::new([inputs]);
        let body = hidden.iter().fold(start, |net, &units| net.dense(units).activation(activation));
        body.dense(outputs)
    }

    fn with(mut self, layer: Layer) -> Self {
        self.layers.push(layer);
        self
    }

    /// A fully connected layer with a bias, on the last axis.
    #[must_use]
    pub fn dense(self, units: usize) -> Self {
        self.with(Layer::Dense { units, bias: true })
    }

    /// A fully connected layer without a bias, on the last axis.
    #[must_use]
    pub fn dense_without_bias(self, units: usize) -> Self {
        self.with(Layer::Dense { units, bias: false })
    }

    /// An activation.
    #[must_use]
    pub fn activation(self, activation: Activation) -> Self {
        self.with(Layer::Activation(activation))
    }

    /// max(x, 0).
    #[must_use]
    pub fn relu(self) -> Self {
        self.activation(Activation::Relu)
    }

    /// The hyperbolic tangent.
    #[must_use]
    pub fn tanh(self) -> Self {
        self.activation(Activation::Tanh)
    }

    /// The logistic function.
    #[must_use]
    pub fn sigmoid(self) -> Self {
        self.activation(Activation::Sigmoid)
    }

    /// Drops values with probability `p` in training.
    #[must_use]
    pub fn dropout(self, p: f64) -> Self {
        self.with(Layer::Dropout(p))
    }

    /// Joins all axes of a sample into one.
    #[must_use]
    pub fn flatten(self) -> Self {
        self.with(Layer::Flatten)
    }

    /// Makes the model and gives its parameters their initial values.
    ///
    /// # Errors
    /// [`NnError::Layer`] for a layer of zero units or a dropout outside [0, 1),
    /// [`NnError::NoLayers`] without any layer, [`NnError::Init`] from the policy.
    pub fn build<T: Real>(&self, policy: &Policy<T>, seed: u64) -> Result<Model<T>, NnError> {
        let mut params = Params::new();
        let mut sample = self.sample;
        let mut stages = Vec::new();
        for (index, &layer) in self.layers.iter().enumerate() {
            let (stage, shape) = self.stage(index, layer, sample, &mut params)?;
            stages.push(stage);
            sample = shape;
        }
        if stages.is_empty() {
            return Err(NnError::NoLayers);
        }
        let mut model = Model::new(Stack::new(stages), params, self.sample)?;
        model.initialize(policy, seed)?;
        Ok(model)
    }

    /// The stage of one layer, and the shape of a sample behind it.
    fn stage<T: Real>(
        &self,
        index: usize,
        layer: Layer,
        sample: Shape,
        params: &mut Params<T>,
    ) -> Result<(Stage, Shape), NnError> {
        let name = self.name(index);
        Ok(match layer {
            Layer::Dense { units, bias } => {
                let (inputs, feeds) = (sample.features(), self.feeds(index));
                let make = if bias { Dense::new } else { Dense::without_bias };
                let dense = make(params, &name, inputs, units, feeds)?;
                (Stage::Dense(dense), sample.with_features(units))
            }
            Layer::Activation(activation) => (Stage::Activation(name, activation), sample),
            Layer::Dropout(p) if !(0.0..1.0).contains(&p) => {
                let allowed = "at least 0 and below 1";
                return Err(NnError::Layer { layer: name, field: "p", value: p, allowed });
            }
            Layer::Dropout(p) => (Stage::Dropout(name, p), sample),
            Layer::Flatten => (Stage::Flatten(name), Shape::from([sample.len()])),
        })
    }

    /// The layer's kind and its number among the layers of that kind.
    fn name(&self, index: usize) -> String {
        let kind = self.layers[index].kind();
        let before = self.layers[..index].iter().filter(|layer| layer.kind() == kind).count();
        format!("{kind}.{before}")
    }

    /// The activation that a layer's output goes into, dropout and reshaping aside.
    fn feeds(&self, index: usize) -> Activation {
        let activation = |layer: &Layer| match *layer {
            Layer::Activation(activation) => Some(activation),
            Layer::Dense { .. } => Some(Activation::Identity),
            Layer::Dropout(_) | Layer::Flatten => None,
        };
        self.layers[index + 1..].iter().find_map(activation).unwrap_or(Activation::Identity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refuse(net: &Sequential) -> String {
        net.build::<f32>(&Policy::auto(), 0).unwrap_err().to_string()
    }

    #[test]
    fn settings_outside_their_range_are_named() {
        let net = Sequential::new([4]);
        assert_eq!(refuse(&net), "a model needs at least one layer");
        let two = net.clone().dense(8).dense(0);
        assert_eq!(refuse(&two), "dense.1: units must be at least 1, got 0");
        for (p, text) in [(1.5, "1.5"), (1.0, "1"), (-0.1, "-0.1"), (f64::NAN, "NaN")] {
            let message = format!("dropout.0: p must be at least 0 and below 1, got {text}");
            assert_eq!(refuse(&net.clone().dense(8).dropout(p)), message);
        }
        assert_eq!(
            refuse(&Sequential::new([0]).dense(3)),
            "dense.0: inputs must be at least 1, got 0"
        );
    }

    #[test]
    fn auto_sees_the_activation_behind_dropout() {
        let net = Sequential::new([2, 3]).flatten().dense(8).dropout(0.5).relu().dense(1);
        let model: Model = net.build(&Policy::auto(), 0).unwrap();
        let used: Vec<_> = model.params().iter().map(|(_, e)| e.initializer().unwrap()).collect();
        assert_eq!(used, ["he_normal", "zeros", "glorot_normal", "zeros"]);
    }
}
