//! How the signal runs forward and the gradient back through a model, on one batch.

use evenkeel_graph::{Graph, NodeInfo, Plan};
use evenkeel_init::Activation;
use evenkeel_nn::{Loss, Model};
use evenkeel_tensor::{Real, Tensor};

use crate::CheckupError;

/// What was measured at one dense layer.
#[derive(Clone, Debug, PartialEq)]
pub struct LayerSignal {
    /// The layer's path.
    pub layer: String,
    /// How many units it has.
    pub units: usize,
    /// The variance of the pre-activations, over units and samples.
    pub variance: f64,
    /// The variance of the activations; that of the pre-activations where no activation follows.
    pub activation_variance: f64,
    /// The mean square of the derivatives of the loss by the pre-activations.
    pub gradient_variance: f64,
    /// The share of units whose activation is zero on the whole batch and that no gradient
    /// reaches; `None` where no activation follows.
    pub dead: Option<f64>,
}

/// Measures every dense layer of `model` on a batch, in the order in which data flows.
///
/// `inputs` have shape `[N, ..]`, `targets` are as the loss wants them. Nothing is trained.
///
/// # Errors
/// [`CheckupError::Graph`] if the batch does not fit the model or the loss.
///
/// ```
/// use evenkeel_checkup::signals;
/// use evenkeel_nn::{Loss, Model, Sequential};
/// use evenkeel_tensor::{Stream, Tensor};
///
/// let net = Sequential::new([256]).dense(256).relu().dense(256).relu().dense(10);
/// let model: Model = net.build(&"he_normal".parse()?, 1)?;
/// let mut x = Tensor::zeros([64, 256]);
/// Stream::new(1, "x").fill(x.as_mut_slice(), Stream::standard_normal);
/// let layers = signals(&model, &x, &Tensor::zeros([64]), Loss::softmax_cross_entropy())?;
/// // He keeps the variance of the pre-activations, at twice the mean square of the inputs.
/// assert!((layers[1].variance - 2.0).abs() < 0.5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn signals<T: Real>(
    model: &Model<T>,
    inputs: &Tensor<T>,
    targets: &Tensor<T>,
    loss: Loss,
) -> Result<Vec<LayerSignal>, CheckupError> {
    let graph = Graph::new(model.params());
    let (_, output) = model.trace(&graph, inputs.shape().samples())?;
    let loss = loss.trace(output, graph.input("targets", targets.shape()));
    let nodes = graph.nodes();
    let layers: Vec<&NodeInfo> = nodes.iter().filter(|node| is_layer(node, &nodes)).collect();
    let builder = Plan::builder(&graph).loss(loss).keep_all();
    let builder = layers.iter().fold(builder, |builder, node| builder.gradient_of(node.id));
    let mut plan = builder.build()?;
    plan.forward(model.params(), &[inputs, targets])?;
    plan.backward(model.params(), &[inputs, targets])?;
    Ok(layers.iter().map(|node| LayerSignal::of(node, &nodes, &plan)).collect())
}

/// Whether a node is a dense layer's product.
fn is_layer(node: &NodeInfo, nodes: &[NodeInfo]) -> bool {
    let has_param = node.inputs.iter().any(|id| nodes[id.index()].param.is_some());
    matches!(node.operation, Some("linear" | "matmul")) && has_param
}

impl LayerSignal {
    fn of<T: Real>(node: &NodeInfo, nodes: &[NodeInfo], plan: &Plan<T>) -> Self {
        let before = plan.value(node.id).unwrap_or_default();
        let gradient = plan.gradient(node.id).unwrap_or_default();
        let follows = |next: &&NodeInfo| {
            next.inputs == [node.id]
                && next.operation.is_some_and(|name| name.parse::<Activation>().is_ok())
        };
        let after = nodes.iter().find(follows).and_then(|next| plan.value(next.id));
        let units = node.shape.features();
        let (_, variance) = moments(before);
        Self {
            layer: node.path.clone(),
            units,
            variance,
            activation_variance: after.map_or(variance, |after| moments(after).1),
            gradient_variance: mean_square(gradient),
            dead: after.map(|after| dead_share(units, after, gradient)),
        }
    }
}

/// Mean and variance, in `f64`.
fn moments<T: Real>(values: &[T]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().map(|x| x.to_f64()).sum::<f64>() / count;
    let squares: f64 = values.iter().map(|x| (x.to_f64() - mean).powi(2)).sum();
    (mean, squares / count)
}

fn mean_square<T: Real>(values: &[T]) -> f64 {
    values.iter().map(|x| x.to_f64().powi(2)).sum::<f64>() / values.len() as f64
}

/// The share of units that are zero in every sample, values and gradients.
fn dead_share<T: Real>(units: usize, values: &[T], gradients: &[T]) -> f64 {
    let zero =
        |data: &[T], unit: usize| data.iter().skip(unit).step_by(units).all(|&x| x == T::ZERO);
    let dead = (0..units).filter(|&unit| zero(values, unit) && zero(gradients, unit)).count();
    dead as f64 / units as f64
}

#[cfg(test)]
mod tests {
    use evenkeel_nn::Sequential;

    use super::*;

    #[test]
    fn a_unit_that_is_off_for_every_sample_is_dead() {
        let net = Sequential::new([2]).dense(4).relu().dense(1);
        let mut model: Model<f64> = net.build(&"ones".parse().unwrap(), 0).unwrap();
        let bias = model.params().find("dense.0/bias").unwrap();
        model.params_mut().get_mut(bias).value_mut().as_mut_slice()[2] = -1e3;
        let x = Tensor::from_vec([3, 2], vec![1.0, 2.0, 0.5, 0.25, 2.0, 2.0]).unwrap();
        let targets = Tensor::zeros([3, 1]);
        let layers = signals(&model, &x, &targets, Loss::mean_squared_error()).unwrap();
        assert_eq!(layers[0].dead, Some(0.25));
        assert_eq!(layers[1].dead, None);
        assert_eq!((layers[0].layer.as_str(), layers[0].units), ("dense.0", 4));
    }

    #[test]
    fn the_variance_is_that_of_the_values() {
        let net = Sequential::new([1]).dense_without_bias(1);
        let model: Model<f64> = net.build(&"constant(3)".parse().unwrap(), 0).unwrap();
        let x = Tensor::from_vec([2, 1], vec![1.0, -1.0]).unwrap();
        let loss = Loss::mean_squared_error();
        let layers = signals(&model, &x, &Tensor::zeros([2, 1]), loss).unwrap();
        // y = ±3, and the derivative of their mean square by each is y.
        assert_eq!((layers[0].variance, layers[0].gradient_variance), (9.0, 9.0));
    }
}
