//! Small graphs, stores and comparisons that the tests share.

use super::*;

/// The widest step of the finite differences. Two widths are combined so that their errors of
/// order h² cancel: left are some h⁴ = 1e-16, and the rounding of the loss over h, 1e-12.
pub(crate) const H: f64 = 1e-4;

pub(crate) const WIDTH: usize = 5;

pub(crate) const BATCH: usize = 7;

/// The bytes of one activation of a layer.
pub(crate) const LAYER: usize = BATCH * WIDTH * size_of::<f64>();

/// One line of a random program: what it does, on which two recent values, how wide.
pub(crate) type Line = (usize, usize, usize, usize);

/// The shape of a random program's input.
pub(crate) const X: [usize; 2] = [4, 3];

/// To 1e-6, relative to the derivative or, where that nearly vanishes, to a thousandth of the
/// loss, whose rounding is what limits the difference.
pub(crate) fn agree(claimed: f64, measured: f64, loss: f64) -> bool {
    (claimed - measured).abs() <= 1e-6 * measured.abs().max(1e-3 * (1.0 + loss.abs()))
}

/// The loss and all gradients, as bits.
pub(crate) fn bits(plan: &Plan<f64>, params: &Params<f64>) -> Vec<u64> {
    let gradients = params.iter().flat_map(|(id, _)| gradient(plan, params, id));
    plan.loss().into_iter().chain(gradients).map(f64::to_bits).collect()
}

/// Dense layers that follow one another; the output of each.
pub(crate) fn chain<'g>(mut x: Var<'g, f64>, ids: &[ParamId]) -> Vec<Var<'g, f64>> {
    let layer = |pair| {
        x = dense(x, pair);
        x
    };
    ids.chunks(2).map(layer).collect()
}

/// Weights and biases of `depth` layers from `WIDTH` features to as many.
pub(crate) fn chain_store(depth: usize) -> (Params<f64>, Vec<ParamId>) {
    store((0..depth).flat_map(|_| [Shape::from([WIDTH, WIDTH]), Shape::from([WIDTH])]))
}

/// A dense layer with tanh, from the handles of its weight and bias.
pub(crate) fn dense<'g>(x: Var<'g, f64>, pair: &[ParamId]) -> Var<'g, f64> {
    let graph = x.graph();
    x.linear(graph.param(pair[0]), Some(graph.param(pair[1]))).tanh()
}

/// The derivative of `loss` at 0, from its values at ±H and ±H/2.
pub(crate) fn difference(mut loss: impl FnMut(f64) -> f64) -> f64 {
    let mut slope = |h| (loss(h) - loss(-h)) / (2.0 * h);
    (4.0 * slope(H / 2.0) - slope(H)) / 3.0
}

/// The gradient of a parameter; zeros if no derivative leads there.
pub(crate) fn gradient(plan: &Plan<f64>, params: &Params<f64>, id: ParamId) -> Vec<f64> {
    let zeros = || vec![0.0; params.get(id).value().len()];
    plan.param_gradient(id).map_or_else(zeros, <[f64]>::to_vec)
}

pub(crate) fn message<R>(result: Result<R, GraphError>) -> String {
    result.err().map_or_else(|| "no error".into(), |error| error.to_string())
}

/// These parameters with one value moved.
pub(crate) fn moved(params: &Params<f64>, id: ParamId, index: usize, by: f64) -> Params<f64> {
    let mut params = params.clone();
    params.get_mut(id).value_mut().as_mut_slice()[index] += by;
    params
}

/// Standard normal values, keyed by a name.
pub(crate) fn normal(shape: impl Into<Shape>, name: &str) -> Tensor<f64> {
    let mut tensor = Tensor::zeros(shape);
    Stream::new(11, name).fill(tensor.as_mut_slice(), Stream::standard_normal);
    tensor
}

pub(crate) fn run(plan: &mut Plan<f64>, params: &Params<f64>, inputs: &[&Tensor<f64>]) {
    plan.forward(params, inputs).unwrap();
    plan.backward(params, inputs).unwrap();
}

pub(crate) fn shape(dims: &[usize]) -> Shape {
    Shape::new(dims).unwrap()
}

/// Normal parameters `p0`, `p1`, … of these shapes.
pub(crate) fn store<S: Into<Shape>>(
    shapes: impl IntoIterator<Item = S>,
) -> (Params<f64>, Vec<ParamId>) {
    let mut params = Params::new();
    let add = |(i, shape): (usize, S)| {
        let name = format!("p{i}");
        let value = normal(shape, &name).map(|w| 0.5 * w);
        params.add(name, value, Role::Scale).unwrap()
    };
    let ids = shapes.into_iter().enumerate().map(add).collect();
    (params, ids)
}

/// Compares the derivative by every value of every parameter with finite differences of the
/// whole graph; returns the plan after its run.
pub(crate) fn check_gradients(
    params: &Params<f64>,
    trace: impl for<'g> Fn(&'g Graph<f64>) -> Var<'g, f64>,
) -> Plan<f64> {
    let graph = Graph::new(params);
    let mut plan = Plan::builder(&graph).loss(trace(&graph)).build().unwrap();
    let mut probe = plan.clone();
    run(&mut plan, params, &[]);
    for (id, entry) in params.iter() {
        for (i, claimed) in gradient(&plan, params, id).into_iter().enumerate() {
            let measured = difference(|t| {
                probe.forward(&moved(params, id, i, t), &[]).unwrap();
                probe.loss().unwrap()
            });
            let near = agree(claimed, measured, plan.loss().unwrap());
            assert!(near, "{}[{i}]: {claimed} for {measured}", entry.name());
        }
    }
    plan
}
