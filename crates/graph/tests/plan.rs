//! Plans compute what their graphs say, in as little memory as they may, and refuse the rest.

#![allow(clippy::unwrap_used)]

use evenkeel_graph::ops::Reduction;
use evenkeel_graph::{
    Backward, Context, Gradient, Graph, GraphError, Kind, Mode, Needs, Op, ParamId, Params, Plan,
    PlanBuilder, Role, Var, View, check,
};
use evenkeel_init::{Activation, Policy};
use evenkeel_tensor::{Shape, Stream, Tensor};
use proptest::prelude::*;

/// Standard normal values, keyed by a name.
fn normal(shape: impl Into<Shape>, name: &str) -> Tensor<f64> {
    let mut tensor = Tensor::zeros(shape);
    Stream::new(11, name).fill(tensor.as_mut_slice(), Stream::standard_normal);
    tensor
}

/// Normal parameters `p0`, `p1`, … of these shapes.
fn store<S: Into<Shape>>(shapes: impl IntoIterator<Item = S>) -> (Params<f64>, Vec<ParamId>) {
    let mut params = Params::new();
    let add = |(i, shape): (usize, S)| {
        let name = format!("p{i}");
        let value = normal(shape, &name).map(|w| 0.5 * w);
        params.add(name, value, Role::Scale).unwrap()
    };
    let ids = shapes.into_iter().enumerate().map(add).collect();
    (params, ids)
}

/// The gradient of a parameter; zeros if no derivative leads there.
fn gradient(plan: &Plan<f64>, params: &Params<f64>, id: ParamId) -> Vec<f64> {
    let zeros = || vec![0.0; params.get(id).value().len()];
    plan.param_gradient(id).map_or_else(zeros, <[f64]>::to_vec)
}

/// The loss and all gradients, as bits.
fn bits(plan: &Plan<f64>, params: &Params<f64>) -> Vec<u64> {
    let gradients = params.iter().flat_map(|(id, _)| gradient(plan, params, id));
    plan.loss().into_iter().chain(gradients).map(f64::to_bits).collect()
}

fn run(plan: &mut Plan<f64>, params: &Params<f64>, inputs: &[&Tensor<f64>]) {
    plan.forward(params, inputs).unwrap();
    plan.backward(params, inputs).unwrap();
}

// --- What is left out ---

/// Forward and backward steps of two dense layers and a squared error with some parameters
/// frozen, with or without the gradient of the input.
fn steps(frozen: &[usize], input_gradient: bool) -> (usize, usize) {
    let (mut params, ids) = store([&[3, 4][..], &[4], &[4, 2], &[2]].map(shape));
    frozen.iter().for_each(|&i| params.set_kind(ids[i], Kind::Frozen));
    let graph = Graph::new(&params);
    let p = |i: usize| graph.param(ids[i]);
    let x = graph.input("x", [5, 3]);
    let y = (x.matmul(p(0)) + p(1)).tanh().matmul(p(2)) + p(3);
    let builder = Plan::builder(&graph).loss(y.square().mean_all());
    let builder = if input_gradient { builder.gradient(x) } else { builder };
    builder.build().unwrap().steps()
}

fn shape(dims: &[usize]) -> Shape {
    Shape::new(dims).unwrap()
}

#[test]
fn the_gradient_of_the_input_is_computed_only_if_asked_for() {
    // matmul, add, tanh, matmul, add, square, mean; each by all its operands but x.
    assert_eq!(steps(&[], false), (7, 10));
    assert_eq!(steps(&[], true), (7, 11));
}

#[test]
fn what_leads_to_frozen_parameters_alone_has_no_gradient() {
    // mean, square, add by both, matmul by the weight: nothing behind the second layer.
    assert_eq!(steps(&[0, 1], false), (7, 5));
    // The first weight frozen: its product has no gradient either, its bias has one.
    assert_eq!(steps(&[0], false), (7, 8));
    // All the way to x, past both frozen parameters.
    assert_eq!(steps(&[0, 1], true), (7, 9));
    assert_eq!(steps(&[0, 1, 2, 3], false), (7, 0));
}

#[test]
fn a_frozen_parameter_has_no_gradient_and_changes_no_other() {
    let (mut params, ids) = store([[3, 3], [3, 3]]);
    let x = normal([4, 3], "x");
    let gradients = |params: &Params<f64>| {
        let graph = Graph::new(params);
        let h = graph.constant(x.clone()).matmul(graph.param(ids[0])).tanh();
        let loss = h.matmul(graph.param(ids[1])).square().sum_all();
        let mut plan = Plan::builder(&graph).loss(loss).build().unwrap();
        run(&mut plan, params, &[]);
        ids.iter().map(|&id| plan.param_gradient(id).map(<[f64]>::to_vec)).collect::<Vec<_>>()
    };
    let all = gradients(&params);
    for kind in [Kind::Frozen, Kind::State] {
        params.set_kind(ids[0], kind);
        assert_eq!(gradients(&params), [None, all[1].clone()]);
    }
}

#[test]
fn a_branch_that_no_output_needs_is_not_run() {
    let params = Params::<f64>::new();
    let graph = Graph::new(&params);
    let x = graph.input("x", [2, 3]);
    let (used, unused) = (x.exp().square(), x.tanh().ln().sqrt());
    let plan = |outputs: &[Var<'_, f64>]| {
        let asked = outputs.iter().fold(Plan::builder(&graph), |b, v| b.output_of(v.id()));
        let mut plan = asked.build().unwrap();
        plan.forward(&params, &[&normal([2, 3], "x")]).unwrap();
        (plan.steps(), outputs.iter().all(|v| plan.value(v.id()).is_some()))
    };
    assert_eq!(plan(&[used]), ((2, 0), true));
    assert_eq!(plan(&[used, unused]), ((5, 0), true));
    let mut keeping = Plan::builder(&graph).output(used).keep_all().build().unwrap();
    keeping.forward(&params, &[&normal([2, 3], "x")]).unwrap();
    assert!(keeping.value(unused.id()).is_none());
}

#[test]
fn class_labels_have_no_gradient() {
    let (params, ids) = store([[4, 3]]);
    let graph = Graph::new(&params);
    let labels = graph.input("labels", [4]);
    let loss = graph.param(ids[0]).softmax_cross_entropy(labels, Reduction::Mean);
    let mut plan = Plan::builder(&graph).loss(loss).gradient(labels).build().unwrap();
    run(&mut plan, &params, &[&Tensor::zeros([4])]);
    assert_eq!(plan.steps(), (1, 1));
    assert!(plan.gradient(labels.id()).is_none() && plan.param_gradient(ids[0]).is_some());
}

// --- Memory ---

const WIDTH: usize = 5;
const BATCH: usize = 7;
/// The bytes of one activation of a layer.
const LAYER: usize = BATCH * WIDTH * size_of::<f64>();

/// Weights and biases of `depth` layers from `WIDTH` features to as many.
fn chain_store(depth: usize) -> (Params<f64>, Vec<ParamId>) {
    store((0..depth).flat_map(|_| [Shape::from([WIDTH, WIDTH]), Shape::from([WIDTH])]))
}

/// A dense layer with tanh, from the handles of its weight and bias.
fn dense<'g>(x: Var<'g, f64>, pair: &[ParamId]) -> Var<'g, f64> {
    let graph = x.graph();
    x.linear(graph.param(pair[0]), Some(graph.param(pair[1]))).tanh()
}

/// Dense layers that follow one another; the output of each.
fn chain<'g>(mut x: Var<'g, f64>, ids: &[ParamId]) -> Vec<Var<'g, f64>> {
    let layer = |pair| {
        x = dense(x, pair);
        x
    };
    ids.chunks(2).map(layer).collect()
}

/// The memory of a plan for a chain: of inference, or of training.
fn memory(depth: usize, mode: Mode, keep_all: bool) -> usize {
    let (params, ids) = chain_store(depth);
    let graph = Graph::with_mode(&params, mode);
    let last = chain(graph.input("x", [BATCH, WIDTH]), &ids)[depth - 1];
    let builder = match mode {
        Mode::Inference => Plan::builder(&graph).output(last),
        Mode::Training => Plan::builder(&graph).loss(last.square().mean_all()),
    };
    let builder = if keep_all { builder.keep_all() } else { builder };
    builder.build().unwrap().memory()
}

#[test]
fn inference_needs_a_few_buffers_however_deep_the_network_is() {
    let deep = memory(50, Mode::Inference, false);
    assert!((LAYER..=3 * LAYER).contains(&deep), "{deep} bytes");
    assert_eq!(deep, memory(5, Mode::Inference, false));
    // Keeping everything, a layer has the product's output and that of tanh.
    assert_eq!(memory(50, Mode::Inference, true), 50 * 2 * LAYER);
}

#[test]
fn training_memory_grows_by_what_each_layer_must_keep() {
    let [ten, twenty, forty] = [10, 20, 40].map(|depth| memory(depth, Mode::Training, false));
    assert_eq!(forty - twenty, 2 * (twenty - ten));
    // One activation, as the derivative of tanh needs its output and the product's output is not
    // kept. The gradients of the parameters may take the place of activations already used.
    let gradients = (WIDTH * WIDTH + WIDTH) * size_of::<f64>();
    assert!((10 * LAYER..=10 * (LAYER + gradients)).contains(&(twenty - ten)));
    assert!(memory(20, Mode::Training, true) >= twenty + 19 * LAYER);
}

#[test]
fn what_operations_save_is_not_kept_without_a_backward_pass() {
    let memory = |depth| {
        let graph = Graph::<f64>::new(&Params::new());
        let x = (0..depth).fold(graph.input("x", [BATCH, WIDTH]), |x, _| x.dropout(0.5));
        Plan::builder(&graph).output(x).build().unwrap().memory()
    };
    assert_eq!(memory(50), memory(5));
}

#[test]
fn values_asked_for_survive_the_whole_run() {
    let (params, ids) = chain_store(6);
    let x = normal([BATCH, WIDTH], "x");
    let graph = Graph::new(&params);
    let layers = chain(graph.input("x", [BATCH, WIDTH]), &ids);
    let loss = layers[5].square().mean_all();
    let builder = Plan::builder(&graph).output(layers[0]).output(layers[3]).output(layers[5]);
    let mut plan = builder.loss(loss).build().unwrap();
    run(&mut plan, &params, &[&x]);
    for layer in [0, 3, 5] {
        let mut alone = Plan::builder(&graph).output(layers[layer]).build().unwrap();
        alone.forward(&params, &[&x]).unwrap();
        assert_eq!(plan.value(layers[layer].id()), alone.value(layers[layer].id()));
        assert!(plan.value(layers[layer].id()).is_some());
    }
    assert!(plan.value(layers[1].id()).is_none());
}

#[test]
fn gradients_asked_for_are_those_of_a_network_that_starts_there() {
    let (params, ids) = chain_store(6);
    let x = normal([BATCH, WIDTH], "x");
    let graph = Graph::new(&params);
    let layers = chain(graph.input("x", [BATCH, WIDTH]), &ids);
    let builder = Plan::builder(&graph).output(layers[2]).loss(layers[5].square().mean_all());
    let mut plan = builder.gradient(layers[2]).build().unwrap();
    run(&mut plan, &params, &[&x]);

    let rest = Graph::new(&params);
    let h = rest.input("h", [BATCH, WIDTH]);
    let last = chain(h, &ids[6..])[2];
    let builder = Plan::builder(&rest).loss(last.square().mean_all());
    let mut tail = builder.gradient(h).build().unwrap();
    let middle = Tensor::from_vec([BATCH, WIDTH], plan.value(layers[2].id()).unwrap().to_vec());
    run(&mut tail, &params, &[&middle.unwrap()]);
    assert!(tail.gradient(h.id()).is_some());
    assert_eq!(plan.gradient(layers[2].id()), tail.gradient(h.id()));
}

// --- Gradients of whole graphs ---

/// The widest step of the finite differences. Two widths are combined so that their errors of
/// order h² cancel: left are some h⁴ = 1e-16, and the rounding of the loss over h, 1e-12.
const H: f64 = 1e-4;

/// The derivative of `loss` at 0, from its values at ±H and ±H/2.
fn difference(mut loss: impl FnMut(f64) -> f64) -> f64 {
    let mut slope = |h| (loss(h) - loss(-h)) / (2.0 * h);
    (4.0 * slope(H / 2.0) - slope(H)) / 3.0
}

/// To 1e-6, relative to the derivative or, where that nearly vanishes, to a thousandth of the
/// loss, whose rounding is what limits the difference.
fn agree(claimed: f64, measured: f64, loss: f64) -> bool {
    (claimed - measured).abs() <= 1e-6 * measured.abs().max(1e-3 * (1.0 + loss.abs()))
}

/// These parameters with one value moved.
fn moved(params: &Params<f64>, id: ParamId, index: usize, by: f64) -> Params<f64> {
    let mut params = params.clone();
    params.get_mut(id).value_mut().as_mut_slice()[index] += by;
    params
}

/// Compares the derivative by every value of every parameter with finite differences of the
/// whole graph; returns the plan after its run.
fn check_gradients(
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

#[test]
fn a_variable_used_twice_or_thrice_gets_the_sum_of_its_gradients() {
    let (params, ids) = store([[2, 3]]);
    let w = ids[0];
    let times = |factor: f64| params.get(w).value().map(|w| factor * w).into_vec();
    let sum = check_gradients(&params, |g| (g.param(w) + g.param(w)).sum_all());
    assert_eq!(sum.param_gradient(w), Some(&[2.0; 6][..]));
    let none = check_gradients(&params, |g| (g.param(w) - g.param(w)).sum_all());
    assert_eq!(none.param_gradient(w), Some(&[0.0; 6][..]));
    let square = check_gradients(&params, |g| (g.param(w) * g.param(w)).sum_all());
    assert_eq!(square.param_gradient(w), Some(&times(2.0)[..]));
    check_gradients(&params, |g| (g.param(w) * g.param(w) * g.param(w)).sum_all());
    check_gradients(&params, |g| {
        let h = g.param(w).tanh();
        (h * h + h / (h.square() + 1.0) - h.softmax()).square().sum_all()
    });
}

#[test]
fn a_parameter_shared_by_two_layers_gets_the_sum_of_their_gradients() {
    let (params, ids) = store([shape(&[4, 4]), shape(&[4])]);
    let x = normal([3, 4], "x");
    let shared = check_gradients(&params, |g| {
        dense(dense(g.constant(x.clone()), &ids), &ids).square().mean_all()
    });
    // Two parameters of the same value have the two terms of the sum.
    let (mut apart, _) = store([shape(&[4, 4]), shape(&[4]), shape(&[4, 4]), shape(&[4])]);
    for (id, entry) in apart.iter_mut() {
        *entry.value_mut() = params.get(ids[id.index() % 2]).value().clone();
    }
    let all: Vec<ParamId> = apart.iter().map(|(id, _)| id).collect();
    let split = check_gradients(&apart, |g| {
        dense(dense(g.constant(x.clone()), &all[..2]), &all[2..]).square().mean_all()
    });
    for (i, &id) in ids.iter().enumerate() {
        let terms = [gradient(&split, &apart, all[i]), gradient(&split, &apart, all[i + 2])];
        for (k, sum) in gradient(&shared, &params, id).into_iter().enumerate() {
            approx::assert_relative_eq!(sum, terms[0][k] + terms[1][k], max_relative = 1e-13);
        }
    }
}

#[test]
fn a_row_repeated_over_samples_gets_the_sum_over_them() {
    let (params, ids) = store([shape(&[3]), shape(&[1, 3]), shape(&[])]);
    let x = normal([5, 3], "x");
    check_gradients(&params, |g| {
        let [row, line, one] = [0, 1, 2].map(|i| g.param(ids[i]));
        let x = g.constant(x.clone());
        (row * x - line / (x.square() + one.square() + 1.0) + one).square().sum_all()
    });
}

// --- Random architectures ---

/// One line of a random program: what it does, on which two recent values, how wide.
type Line = (usize, usize, usize, usize);

/// Whether the derivative jumps or bends at 0, which finite differences must not cross.
fn kinked(activation: Activation) -> bool {
    use Activation as A;
    matches!(activation, A::Relu | A::LeakyRelu { .. } | A::Elu { .. } | A::Selu | A::Softsign)
}

/// `y` itself, a row or a single value of it: what can be repeated over `x`.
fn fitted<'g>(y: Var<'g, f64>, x: Var<'g, f64>) -> Var<'g, f64> {
    match (y.shape() == x.shape(), y.shape().features() == x.shape().features()) {
        (true, _) => y,
        (_, true) => y.mean(&[0]),
        _ => y.mean_all(),
    }
}

/// Traces a program on `x`: its loss, and the values that meet a kink at 0. `param` yields the
/// parameter of a shape and a mark.
fn trace<'g>(
    program: &[Line],
    x: Var<'g, f64>,
    mut param: impl FnMut(Shape, usize) -> Var<'g, f64>,
) -> (Var<'g, f64>, Vec<Var<'g, f64>>) {
    let (mut values, mut kinks) = (vec![x], vec![]);
    for &(what, a, b, units) in program {
        let recent = |i: usize| values[values.len() - 1 - i % values.len().min(4)];
        let (x, y) = (recent(a), recent(b));
        let (rows, features) = (x.shape().samples(), x.shape().features());
        let mut param = |shape| param(shape, b % 3);
        values.push(match what {
            0 => x.matmul(param(shape(&[features, units]))),
            1 => x.linear(param(shape(&[features, units])), Some(param(shape(&[units])))),
            2..=4 => {
                let activation = Activation::ALL[b % Activation::ALL.len()];
                kinks.extend(kinked(activation).then_some(x));
                x.activation(activation)
            }
            5 => x + fitted(y, x),
            6 => fitted(y, x) * x,
            7 => x.softmax(),
            8 => x.log_softmax(),
            9 => x.reshape([features, rows]),
            10 => x - x.mean(&[0]),
            11 => x.sum(&[1]).reshape([rows, 1]),
            _ => x.dropout(0.3),
        });
    }
    let last = values[values.len() - 1];
    let labels = || x.graph().constant(Tensor::zeros([last.shape().samples()]));
    let loss = match program.len() % 2 {
        0 => last.square().mean_all(),
        _ => last.softmax_cross_entropy(labels(), Reduction::Mean),
    };
    (loss, kinks)
}

/// The shape of a random program's input.
const X: [usize; 2] = [4, 3];

/// Random programs. A layer comes first, so that there is a parameter to differentiate by.
fn programs() -> impl Strategy<Value = Vec<Line>> {
    let line = (0..13usize, 0..4usize, 0..60usize, 1..5usize);
    prop::collection::vec(line, 1..16).prop_map(|lines| [&[(1, 0, 0, 4)], &lines[..]].concat())
}

/// The parameters of a program. Lines that want the same shape and mark share one.
fn parameters(program: &[Line]) -> Params<f64> {
    let mut params = Params::new();
    let graph = Graph::new(&Params::new());
    trace(program, graph.input("x", X), |shape, mark| {
        let name = format!("{shape} {mark}");
        if params.find(&name).is_none() {
            let value = normal(shape, &name).map(|w| 0.5 * w);
            params.add(name, value, Role::Scale).unwrap();
        }
        graph.constant(Tensor::zeros(shape))
    });
    params
}

/// Traces a program with its parameters.
fn traced<'g>(
    program: &[Line],
    graph: &'g Graph<f64>,
    params: &Params<f64>,
) -> (Var<'g, f64>, Vec<Var<'g, f64>>) {
    trace(program, graph.input("x", X), |shape, mark| {
        graph.param(params.find(&format!("{shape} {mark}")).unwrap())
    })
}

/// On which side of 0 the values of these variables are.
fn sides(plan: &Plan<f64>, vars: &[Var<'_, f64>]) -> Vec<bool> {
    let values = vars.iter().filter_map(|var| plan.value(var.id()));
    values.flatten().map(|&value| value > 0.0).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn values_in_shared_memory_have_the_bits_of_values_in_memory_of_their_own(
        program in programs(),
    ) {
        let (params, x) = (parameters(&program), normal(X, "x"));
        let graph = Graph::new(&params);
        let (loss, _) = traced(&program, &graph, &params);
        let mut kept = Plan::builder(&graph).loss(loss).keep_all().build().unwrap();
        run(&mut kept, &params, &[&x]);

        let mut plain = Plan::builder(&graph).loss(loss).build().unwrap();
        let taps = || graph.nodes().into_iter().map(|node| node.id).step_by(3);
        let tapped = taps().fold(Plan::builder(&graph).loss(loss), PlanBuilder::output_of);
        let mut tapped = tapped.build().unwrap();
        for plan in [&mut plain, &mut tapped] {
            run(plan, &params, &[&x]);
            prop_assert_eq!(bits(plan, &params), bits(&kept, &params));
        }
        for id in taps().filter(|&id| kept.value(id).is_some()) {
            prop_assert_eq!(tapped.value(id), kept.value(id));
        }
    }

    #[test]
    fn random_graphs_have_the_gradients_that_differences_measure(program in programs()) {
        let (params, x) = (parameters(&program), normal(X, "x"));
        let graph = Graph::new(&params);
        let (loss, kinks) = traced(&program, &graph, &params);
        let mut plan = Plan::builder(&graph).loss(loss).build().unwrap();
        run(&mut plan, &params, &[&x]);

        let probe = Plan::builder(&graph).loss(loss).keep_all();
        let mut probe = kinks.iter().fold(probe, |probe, &kink| probe.output(kink)).build().unwrap();
        probe.forward(&params, &[&x]).unwrap();
        // Differences of huge values would have huge rounding errors.
        let values = || graph.nodes().into_iter().filter_map(|node| probe.value(node.id));
        prop_assume!(values().flatten().all(|value| value.abs() < 30.0));

        let start = sides(&probe, &kinks);
        for (id, entry) in params.iter() {
            for (i, claimed) in gradient(&plan, &params, id).into_iter().enumerate() {
                let mut crossed = false;
                let measured = difference(|t| {
                    probe.forward(&moved(&params, id, i, t), &[&x]).unwrap();
                    crossed |= sides(&probe, &kinks) != start;
                    probe.loss().unwrap()
                });
                prop_assume!(!crossed);
                let near = agree(claimed, measured, plan.loss().unwrap());
                prop_assert!(near, "{}[{i}]: {claimed} for {measured}", entry.name());
            }
        }
    }
}

// --- Running again ---

#[test]
fn running_twice_gives_the_same_bits_whatever_was_run_between() {
    let (params, ids) = chain_store(8);
    let graph = Graph::new(&params);
    let x = graph.input("x", [BATCH, WIDTH]);
    let last = chain(x, &ids)[7].dropout(0.5) * x;
    let loss = (last.softmax() + last).square().mean_all();
    let mut plan = Plan::builder(&graph).loss(loss).build().unwrap();
    let (batch, other) = (normal([BATCH, WIDTH], "batch"), normal([BATCH, WIDTH], "other"));
    run(&mut plan, &params, &[&batch]);
    let first = bits(&plan, &params);
    plan.forward(&params, &[&other]).unwrap();
    run(&mut plan, &params, &[&other]);
    assert_ne!(bits(&plan, &params), first);
    run(&mut plan, &params, &[&batch]);
    assert_eq!(bits(&plan, &params), first);
    let mut clone = plan.clone();
    run(&mut clone, &params, &[&batch]);
    assert_eq!(bits(&clone, &params), first);
}

#[test]
fn plans_for_two_batch_sizes_work_on_the_same_parameters() {
    let (mut params, ids) = chain_store(3);
    let plan = |params: &Params<f64>, samples| {
        let graph = Graph::new(params);
        let last = chain(graph.input("x", [samples, WIDTH]), &ids)[2];
        Plan::builder(&graph).loss(last.square().mean_all()).build().unwrap()
    };
    let (mut whole, mut half) = (plan(&params, 6), plan(&params, 3));
    let x = normal([6, WIDTH], "x");
    let halves = [x.gather(&[0, 1, 2]), x.gather(&[3, 4, 5])];
    for _ in 0..2 {
        run(&mut whole, &params, &[&x]);
        let parts = halves.each_ref().map(|part| {
            run(&mut half, &params, &[part]);
            (half.loss().unwrap(), gradient(&half, &params, ids[0]))
        });
        // The mean over six samples is the mean of two means over three; sums of so few terms
        // of size 1 round by a few 1e-16.
        let mean = (parts[0].0 + parts[1].0) / 2.0;
        approx::assert_relative_eq!(whole.loss().unwrap(), mean, max_relative = 1e-14);
        for (i, all) in gradient(&whole, &params, ids[0]).into_iter().enumerate() {
            let mean = (parts[0].1[i] + parts[1].1[i]) / 2.0;
            approx::assert_abs_diff_eq!(all, mean, epsilon = 1e-15);
        }
        // Both plans see the new values.
        params.get_mut(ids[0]).value_mut().as_mut_slice().iter_mut().for_each(|w| *w += 0.5);
    }
}

// --- Dropout ---

#[test]
fn dropout_passes_everything_at_inference() {
    let params = Params::<f64>::new();
    let graph = Graph::with_mode(&params, Mode::Inference);
    let x = graph.input("x", [3, 4]);
    let y = x.dropout(0.5);
    assert_eq!((y.id(), graph.nodes().len()), (x.id(), 1));
    let doubled = (y + y).dropout(0.9);
    let mut plan = Plan::builder(&graph).output(doubled).build().unwrap();
    let batch = normal([3, 4], "x");
    plan.forward(&params, &[&batch]).unwrap();
    let twice = batch.map(|x| x + x);
    assert_eq!(plan.value(doubled.id()), Some(twice.as_slice()));
}

#[test]
fn dropout_draws_by_seed_step_and_path() {
    let params = Params::<f64>::new();
    let graph = Graph::new(&params);
    let x = graph.constant(Tensor::full([8, 8], 1.0));
    let [one, two] = ["one", "two"].map(|name| graph.scope(name, || x.dropout(0.5)));
    let mut plan = Plan::builder(&graph).output(one).output(two).build().unwrap();
    let mut draw = |seed, step| {
        plan.set_context(Context { seed, step });
        plan.forward(&params, &[]).unwrap();
        [one, two].map(|var| plan.value(var.id()).unwrap().to_vec())
    };
    let [first, second] = draw(1, 1);
    assert_ne!(first, second);
    assert!(first.iter().all(|&y| y == 0.0 || y == 2.0));
    assert_ne!(draw(1, 2)[0], first);
    assert_ne!(draw(2, 1)[0], first);
    assert_eq!(draw(1, 1), [first, second]);
}

#[test]
fn the_gradient_passes_where_dropout_let_the_value_pass() {
    let (params, ids) = store([[6, 5]]);
    let graph = Graph::new(&params);
    let w = graph.param(ids[0]);
    // The mask is needed on the way back, long after other values took the place of its output.
    let y = w.dropout(0.4);
    let loss = (y.tanh().square().tanh() * graph.constant(normal([6, 5], "c"))).sum_all();
    let mut plan = Plan::builder(&graph).output(y).loss(loss).gradient(y).build().unwrap();
    plan.set_context(Context { seed: 5, step: 9 });
    run(&mut plan, &params, &[]);
    let (values, before) = (plan.value(y.id()).unwrap(), plan.gradient(y.id()).unwrap());
    let through = plan.param_gradient(ids[0]).unwrap();
    let dropped = values.iter().filter(|&&y| y == 0.0).count();
    assert!(0 < dropped && dropped < 30, "{dropped} of 30");
    for ((y, before), through) in values.iter().zip(before).zip(through) {
        let mask = if *y == 0.0 { 0.0 } else { 1.0 / (1.0 - 0.4) };
        assert_eq!(*through, before * mask);
    }
}

// --- Operations of one's own ---

/// y = min(max(slope·x, −1), 1), which tells the backward pass by a saved mask where it was cut.
#[derive(Debug)]
struct Clip {
    slope: f64,
}

impl Op<f64> for Clip {
    fn name(&self) -> &'static str {
        "clip"
    }

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, String> {
        match inputs {
            [x] if x.axes() > 0 => Ok(*x),
            _ => Err("expects one operand with axes".into()),
        }
    }

    fn saved_len(&self, inputs: &[Shape]) -> usize {
        inputs[0].len()
    }

    fn needs(&self) -> Needs {
        Needs::NOTHING
    }

    fn forward(
        &self,
        inputs: &[View<'_, f64>],
        output: &mut [f64],
        saved: &mut [f64],
        _: Context,
    ) -> Result<(), String> {
        for ((y, mask), x) in output.iter_mut().zip(saved).zip(inputs[0].data) {
            let line = self.slope * x;
            (*y, *mask) = (line.clamp(-1.0, 1.0), if line.abs() < 1.0 { self.slope } else { 0.0 });
        }
        if inputs[0].data.iter().any(|x| x.is_nan()) {
            Err("expects numbers".into())
        } else {
            Ok(())
        }
    }

    fn backward(&self, pass: Backward<'_, f64>, _: usize, gradient: Gradient<'_, f64>) {
        gradient.from_two(pass.upstream, pass.saved, |g, mask| g * mask);
    }
}

#[test]
fn an_operation_of_ones_own_works_among_others() {
    let x = Tensor::from_vec([4], vec![-0.9, -0.2, 0.3, 1.7]).unwrap();
    // Linear on both sides of the corners, so that the check is exact up to rounding.
    assert!(check::gradient_error(&Clip { slope: 2.0 }, &[x]).unwrap() < 1e-9);

    let (mut params, ids) = store([[4, 4], [4, 4]]);
    let x = normal([3, 4], "x");
    // Within ±1 for some and beyond for others, none near enough to be moved across by H.
    params.get_mut(ids[0]).value_mut().as_mut_slice().iter_mut().for_each(|w| *w *= 2.0);
    let mut cut = x.matmul(params.get(ids[0]).value()).unwrap().map(|x| (1.5 * x).abs()).into_vec();
    cut.sort_by(f64::total_cmp);
    assert!(cut[0] < 1.0 && cut[11] > 1.0 && cut.iter().all(|x| (x - 1.0).abs() > 1e-2));
    check_gradients(&params, |g| {
        let h = g.constant(x.clone()).matmul(g.param(ids[0]));
        let clipped = g.apply(Clip { slope: 1.5 }, &[h]);
        (clipped.matmul(g.param(ids[1])).silu() + clipped * h).square().mean_all()
    });
}

#[test]
fn an_operation_of_ones_own_is_named_with_its_path_when_it_refuses() {
    let params = Params::<f64>::new();
    let graph = Graph::new(&params);
    let x = graph.input("x", [2]);
    let y = graph.scope("cut", || graph.apply(Clip { slope: 1.0 }, &[x]));
    let mut plan = Plan::builder(&graph).output(y).build().unwrap();
    let bad = Tensor::from_vec([2], vec![0.0, f64::NAN]).unwrap();
    assert_eq!(message(plan.forward(&params, &[&bad])), "cut: clip expects numbers");
    let _ = graph.scope("cut", || graph.apply(Clip { slope: 1.0 }, &[x.sum_all()]));
    assert_eq!(message(graph.check()), "cut: clip expects one operand with axes");
}

// --- Mistakes ---

fn message<R>(result: Result<R, GraphError>) -> String {
    result.err().map_or_else(|| "no error".into(), |error| error.to_string())
}

/// What building a plan says about a graph in which `trace` made a mistake.
fn refusal(trace: impl for<'g> Fn(&'g Graph<f64>) -> Var<'g, f64>) -> String {
    let graph = Graph::new(&Params::new());
    let output = trace(&graph);
    message(Plan::builder(&graph).output(output).build())
}

#[test]
fn the_first_mistake_is_told_with_the_path_of_its_layer() {
    let error = refusal(|graph| {
        let x = graph.input("x", [32, 784]);
        let (w, b) = (graph.constant(Tensor::zeros([512, 10])), graph.constant(Tensor::zeros([9])));
        graph.scope("hidden", || graph.scope("1", || x.linear(w, None)));
        graph.scope("hidden", || graph.scope("2", || x.linear(w, Some(b))));
        x.matmul(x)
    });
    assert_eq!(error, "hidden.1: linear expects 512 features, got 784");
}

#[test]
fn a_mistake_outside_of_any_layer_has_no_path() {
    let error = refusal(|graph| graph.input("x", [2, 3]).reshape([4]));
    assert_eq!(error, "reshape to [4] expects 4 values, got 6 in [2, 3]");
    // The path ends with its scope, and a mistake does not disturb those that follow.
    let error = refusal(|graph| {
        graph.scope("layer", || assert_eq!(graph.path(), "layer"));
        graph.input("x", [2, 3]).mean(&[2])
    });
    assert_eq!(error, "mean over axis 2 expects more axes, got shape [2, 3]");
}

#[test]
fn a_layers_own_complaint_is_told_with_its_path() {
    let error = refusal(|graph| graph.scope("conv", || graph.fail("pool", "expects 4 axes")));
    assert_eq!(error, "conv: pool expects 4 axes");
}

#[test]
fn a_dropout_that_drops_everything_is_refused() {
    let error = refusal(|graph| graph.scope("drop", || graph.input("x", [2]).dropout(1.0)));
    assert_eq!(error, "drop: dropout expects p of at least 0 and below 1, got 1");
}

#[test]
fn a_variable_of_another_graph_is_refused() {
    let params = Params::<f64>::new();
    let (graph, other) = (Graph::new(&params), Graph::new(&params));
    let (x, foreign) = (graph.input("x", [2]), other.input("x", [2]));
    let sum = graph.scope("skip", || x + foreign);
    let error = message(Plan::builder(&graph).output(sum).build());
    assert_eq!(error, "skip: a variable of another graph was used");
    assert!(other.check().is_ok());
}

#[test]
fn a_parameter_of_another_store_is_refused() {
    let (params, _) = store([[2]]);
    let (_, foreign) = store([[2], [2]]);
    let graph = Graph::new(&params);
    let w = graph.scope("hidden.0", || graph.param(foreign[1]));
    let error = message(Plan::builder(&graph).output(w).build());
    assert_eq!(error, "hidden.0: the parameter does not belong to the model's params");
}

#[test]
fn a_loss_of_many_values_is_refused() {
    let params = Params::<f64>::new();
    let graph = Graph::new(&params);
    let x = graph.input("x", [2, 3]).exp();
    let error = message(Plan::builder(&graph).loss(x).build());
    assert_eq!(error, "the loss must be a single value of shape [], got shape [2, 3]");
    let one = message(Plan::builder(&graph).loss(x.sum_all().reshape([1])).build());
    assert_eq!(one, "the loss must be a single value of shape [], got shape [1]");
}

#[test]
fn operands_other_than_those_traced_are_refused() {
    let (mut params, ids) = store([[3, 2]]);
    let graph = Graph::new(&params);
    let (x, t) = (graph.input("x", [5, 3]), graph.input("targets", [5, 2]));
    let loss = x.matmul(graph.param(ids[0])).mean_squared_error(t, Reduction::Mean);
    let mut plan = Plan::builder(&graph).loss(loss).build().unwrap();
    let (x, t) = (Tensor::zeros([5, 3]), Tensor::zeros([5, 2]));

    let mut say = |params: &Params<f64>, inputs: &[&Tensor<f64>]| {
        let forward = message(plan.forward(params, inputs));
        let mut ready = plan.clone();
        ready.forward(&store([[3, 2]]).0, &[&x, &t]).unwrap();
        assert_eq!(message(ready.backward(params, inputs)), forward);
        forward
    };
    assert_eq!(say(&params, &[&x]), "the plan takes 2 inputs, got 1");
    assert_eq!(say(&params, &[&x, &t, &t]), "the plan takes 2 inputs, got 3");
    assert_eq!(say(&params, &[&t, &x]), "input `x` expects shape [5, 3], got [5, 2]");
    assert_eq!(say(&params, &[&x, &x]), "input `targets` expects shape [5, 2], got [5, 3]");
    let none = say(&Params::new(), &[&x, &t]);
    assert_eq!(none, "parameter `p0` expects shape [3, 2], got []");
    *params.get_mut(ids[0]).value_mut() = Tensor::zeros([2, 3]);
    assert_eq!(say(&params, &[&x, &t]), "parameter `p0` expects shape [3, 2], got [2, 3]");
}

#[test]
fn backward_needs_a_loss_and_one_forward_run_for_itself() {
    let (params, ids) = store([[3]]);
    let graph = Graph::new(&params);
    let y = graph.param(ids[0]).exp();
    let mut plan = Plan::builder(&graph).output(y).build().unwrap();
    plan.forward(&params, &[]).unwrap();
    assert_eq!(message(plan.backward(&params, &[])), "backward needs a loss");
    assert_eq!(plan.loss(), None);

    let mut plan = Plan::builder(&graph).loss(y.sum_all()).build().unwrap();
    let too_soon = "backward needs a forward run before it";
    assert_eq!(message(plan.backward(&params, &[])), too_soon);
    assert_eq!(plan.loss(), None);
    run(&mut plan, &params, &[]);
    // The buffers of the forward run were used again on the way back.
    assert_eq!(message(plan.backward(&params, &[])), too_soon);
    run(&mut plan, &params, &[]);
}

#[test]
fn a_forward_run_that_failed_leads_to_no_backward_run() {
    let (params, ids) = store([[2, 3]]);
    let graph = Graph::new(&params);
    let labels = graph.input("labels", [2]);
    let logits = graph.param(ids[0]);
    let loss = graph.scope("loss", || logits.softmax_cross_entropy(labels, Reduction::Mean));
    let mut plan = Plan::builder(&graph).loss(loss).build().unwrap();
    let [good, bad] = [2.0, 3.0].map(|last| Tensor::from_vec([2], vec![0.0, last]).unwrap());
    run(&mut plan, &params, &[&good]);
    let before = bits(&plan, &params);
    let error = message(plan.forward(&params, &[&bad]));
    let text = "loss: softmax_cross_entropy expects labels from 0 to 2, got 3 for sample 1";
    assert_eq!(error, text);
    assert_eq!(plan.loss(), None);
    let error = message(plan.backward(&params, &[&bad]));
    assert_eq!(error, "backward needs a forward run before it");
    run(&mut plan, &params, &[&good]);
    assert_eq!(bits(&plan, &params), before);
}

#[test]
fn mistakes_with_parameters_are_told() {
    let (mut params, _) = store([[2]]);
    let twice = params.add("p0", Tensor::zeros([2]), Role::Scale);
    assert_eq!(message(twice), "there already is a parameter `p0`");
    let policy: Policy<f64> = "zeros; p*=he_normal".parse().unwrap();
    let text = "parameter `p0`: he_normal needs fans, which a scale does not have";
    assert_eq!(message(params.initialize(&policy, 0)), text);
    let short = Tensor::<f64>::from_vec([2], vec![0.0]).map_err(GraphError::from);
    assert_eq!(message(short), "shape [2] holds 2 values, got 1");
}
