//! Evenkeel computes what PyTorch computes: the values in `tests/fixtures/pytorch.json`, which
//! `make_pytorch.py` beside it wrote.
//!
//! In `f64` two right programs differ by rounding alone: 1e-16 for each operation, times how much
//! the operations after it magnify that. The 1e-10 allowed here is far above it and far below any
//! difference in a formula.

#![allow(clippy::unwrap_used)]

use approx::relative_eq;
use evenkeel::graph::ops::Activate;
use evenkeel::nn::Reduction;
use evenkeel::prelude::*;
use serde_json::Value;

const RELATIVE: f64 = 1e-10;

/// Where a result near 0 is the difference of two numbers near 1, as in 1 − tanh²(x), it is off
/// by 1e-16 however small it is; the derivative of GELU's approximation multiplies that by up to
/// 30. PyTorch so loses the tails of GELU, of its approximation, and of the derivatives of sigmoid
/// and tanh. Evenkeel keeps that of GELU, and loses those of the derivatives of ELU and SELU.
const CANCELLED: f64 = 1e-13;

/// One part of the fixtures.
fn fixture(pointer: &str) -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/fixtures/pytorch.json");
    let text = std::fs::read_to_string(path).unwrap();
    let all: Value = serde_json::from_str(&text).unwrap();
    all.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in the fixtures")).clone()
}

/// A list of numbers.
fn numbers(list: &Value) -> Vec<f64> {
    let list = list.as_array().unwrap();
    list.iter().map(|number| number.as_f64().unwrap()).collect()
}

fn tensor(shape: impl Into<Shape>, list: &Value) -> Tensor<f64> {
    Tensor::from_vec(shape, numbers(list)).unwrap()
}

/// The shape of a fixture that has one.
fn shape(case: &Value) -> Shape {
    let dims: Vec<usize> = numbers(&case["shape"]).iter().map(|&dim| dim as usize).collect();
    Shape::new(&dims).unwrap()
}

/// Asserts that all values agree to `relative`, or to within `floor` of one another.
fn assert_near<T: Real>(what: &str, got: &[T], want: &Value, relative: f64, floor: f64) {
    let want = numbers(want);
    assert_eq!(got.len(), want.len(), "{what}");
    for (i, (got, want)) in got.iter().map(|x| x.to_f64()).zip(want).enumerate() {
        let near = relative_eq!(got, want, epsilon = floor, max_relative = relative);
        assert!(near, "{what}[{i}]: {got:e}, PyTorch has {want:e}");
    }
}

/// The same to `RELATIVE`, with no floor.
fn assert_equal(what: &str, got: &[f64], want: &Value) {
    assert_near(what, got, want, RELATIVE, 0.0);
}

/// What a function of one tensor, traced and planned, returns for `x`, and the gradient of its sum
/// weighted by `upstream`.
fn value_and_gradient<T: Real>(
    x: &Tensor<T>,
    upstream: Tensor<T>,
    function: impl for<'g> Fn(Var<'g, T>) -> Var<'g, T>,
) -> (Vec<T>, Vec<T>) {
    let params = Params::new();
    let graph = Graph::new(&params);
    let var = graph.input("x", x.shape());
    let y = function(var);
    let loss = (y * graph.constant(upstream)).sum_all();
    let mut plan = Plan::builder(&graph).output(y).loss(loss).gradient(var).build().unwrap();
    plan.forward(&params, &[x]).unwrap();
    plan.backward(&params, &[x]).unwrap();
    (plan.value(y.id()).unwrap().to_vec(), plan.gradient(var.id()).unwrap().to_vec())
}

/// Each activation in number type `T`, with the allowed relative and absolute differences.
fn check_activations<T: Real>(relative: f64, floor: impl Fn(Activation) -> f64) {
    let fixtures = fixture("/activations");
    assert_eq!(fixtures.as_object().unwrap().len(), Activation::ALL.len());
    for activation in Activation::ALL {
        let (name, floor) = (activation.name(), floor(activation));
        let case = &fixtures[name];
        let x = numbers(&case["x"]);
        let x: Tensor<T> = Tensor::from_vec([x.len()], x).unwrap().cast();
        let ones = Tensor::full(x.shape(), T::ONE);
        let (y, dx) = value_and_gradient(&x, ones, |x| x.graph().apply(Activate(activation), &[x]));
        assert_near(name, &y, &case["y"], relative, floor);
        assert_near(&format!("{name}'"), &dx, &case["dy"], relative, floor);
    }
}

#[test]
fn activations_and_their_derivatives_agree() {
    use Activation as A;
    check_activations::<f64>(RELATIVE, |activation| match activation {
        A::Gelu | A::GeluTanh | A::Sigmoid | A::Tanh | A::Elu { .. } | A::Selu => CANCELLED,
        _ => 0.0,
    });
}

/// Rounding x to `f32` moves it by up to 6e-8 of itself, and its exponential by |x| ≤ 8 times
/// that; each operation adds as much again. The tails beyond, at 20 and 30, are below the floor.
#[test]
fn activations_and_their_derivatives_agree_in_single_precision() {
    check_activations::<f32>(2e-6, |_| 1e-6);
}

#[test]
fn softmax_and_its_logarithm_agree_with_their_gradients() {
    let check = |name: &str, function: fn(Var<'_, f64>) -> Var<'_, f64>| {
        let case = fixture(&format!("/{name}"));
        let (x, upstream) = (&case["x"], &case["upstream"]);
        let [x, upstream] = [x, upstream].map(|list| tensor(shape(&case), list));
        let (y, dx) = value_and_gradient(&x, upstream, function);
        assert_equal(name, &y, &case["y"]);
        assert_equal(&format!("{name}'"), &dx, &case["dx"]);
    };
    check("softmax", |x| x.softmax());
    check("log_softmax", |x| x.log_softmax());
}

/// Compares a loss, traced on its own, with the fixture of this name and reduction.
fn check_loss(name: &str, loss: Loss, predictions: &str, targets: &str) {
    let case = fixture(&format!("/losses/{name}_{}", loss.reduction()));
    let predictions = tensor(shape(&case), &case[predictions]);
    let labels = matches!(loss, Loss::SoftmaxCrossEntropy(_));
    let targets_shape = if labels { [shape(&case).samples()].into() } else { shape(&case) };
    let targets = tensor(targets_shape, &case[targets]);

    let params = Params::new();
    let graph = Graph::new(&params);
    let z = graph.input("z", predictions.shape());
    let traced = loss.trace(z, graph.input("targets", targets.shape()));
    let mut plan = Plan::builder(&graph).loss(traced).gradient(z).build().unwrap();
    plan.forward(&params, &[&predictions, &targets]).unwrap();
    plan.backward(&params, &[&predictions, &targets]).unwrap();
    let want = Value::Array(vec![case["loss"].clone()]);
    assert_equal(&loss.to_string(), &[plan.loss().unwrap()], &want);
    let gradient = plan.gradient(z.id()).unwrap();
    assert_equal(&format!("{loss}'"), gradient, &case["gradient"]);
}

#[test]
fn losses_agree_with_their_gradients() {
    for by in [Reduction::Mean, Reduction::Sum] {
        let [softmax, sigmoid, squares] = [
            Loss::SoftmaxCrossEntropy(by),
            Loss::SigmoidBinaryCrossEntropy(by),
            Loss::MeanSquaredError(by),
        ];
        check_loss("softmax_cross_entropy", softmax, "logits", "labels");
        check_loss("sigmoid_binary_cross_entropy", sigmoid, "logits", "targets");
        check_loss("mean_squared_error", squares, "prediction", "target");
    }
}

/// Writes a fixture's values into the parameter of this name.
fn write(params: &mut Params<f64>, name: &str, values: &Value) {
    let id = params.find(name).unwrap();
    params.get_mut(id).value_mut().as_mut_slice().copy_from_slice(&numbers(values));
}

#[test]
fn a_dense_layer_agrees_with_its_gradients() {
    let case = fixture("/dense");
    let mut params = Params::new();
    let layer = Dense::new(&mut params, "dense", 4, 3, Activation::Identity).unwrap();
    write(&mut params, "dense/weight", &case["w"]);
    write(&mut params, "dense/bias", &case["b"]);

    let graph = Graph::new(&params);
    let x = graph.input("x", [5, 4]);
    let y = layer.forward(x);
    let loss = (y * graph.constant(tensor([5, 3], &case["upstream"]))).sum_all();
    let mut plan = Plan::builder(&graph).output(y).loss(loss).gradient(x).build().unwrap();
    let batch = tensor([5, 4], &case["x"]);
    plan.forward(&params, &[&batch]).unwrap();
    plan.backward(&params, &[&batch]).unwrap();
    assert_equal("y", plan.value(y.id()).unwrap(), &case["y"]);
    assert_equal("dx", plan.gradient(x.id()).unwrap(), &case["dx"]);
    assert_equal("dw", plan.param_gradient(layer.weight()).unwrap(), &case["dw"]);
    assert_equal("db", plan.param_gradient(layer.bias().unwrap()).unwrap(), &case["db"]);
}

/// Takes the fixture's steps with `optimizer` and compares the weights after each.
fn check_optimizer(name: &str, optimizer: &dyn Optimizer<f64>) {
    let case = fixture(&format!("/optimizers/{name}"));
    let rate = case["learning_rate"].as_f64().unwrap();
    let mut value = numbers(&case["initial"]);
    let mut state = vec![vec![0.0; value.len()]; optimizer.slots()];
    let (gradients, weights) = (case["gradients"].as_array(), case["weights"].as_array());
    let steps = gradients.unwrap().iter().zip(weights.unwrap());
    assert_eq!(steps.len(), 12);
    for (step, (gradient, want)) in (1..).zip(steps) {
        let mut state: Vec<&mut [f64]> = state.iter_mut().map(Vec::as_mut_slice).collect();
        let coefficients = optimizer.coefficients(step, rate);
        optimizer.update(&coefficients, &mut value, &numbers(gradient), &mut state);
        assert_equal(&format!("{name}, step {step}"), &value, want);
    }
}

#[test]
fn gradient_descent_agrees_with_and_without_momentum() {
    check_optimizer("sgd", &Sgd::new());
    check_optimizer("momentum", &Sgd::new().with_momentum(Momentum::Classic(0.9)));
    check_optimizer("nesterov", &Sgd::new().with_momentum(Momentum::Nesterov(0.9)));
}

#[test]
fn adam_agrees_with_default_and_with_other_settings() {
    check_optimizer("adam", &Adam::default());
    check_optimizer("adam_other", &Adam::default().with_betas(0.8, 0.95).with_epsilon(1e-3));
}

#[test]
fn twenty_steps_of_training_agree_in_every_loss_and_in_the_final_weights() {
    let case = fixture("/training");
    let names = [
        ("dense.0/weight", "w1"),
        ("dense.0/bias", "b1"),
        ("dense.1/weight", "w2"),
        ("dense.1/bias", "b2"),
    ];
    let net = Sequential::new([4]).dense(6).tanh().dense(3);
    let mut model: Model<f64> = net.build(&Policy::auto(), 0).unwrap();
    names.iter().for_each(|(name, key)| write(model.params_mut(), name, &case[key]));

    let (x, labels) = (tensor([10, 4], &case["x"]), tensor([10], &case["labels"]));
    let mut stepper =
        Stepper::new(&model, Loss::softmax_cross_entropy(), Adam::default(), 0).unwrap();
    let mut step = |_| stepper.step(&mut model, &x, &labels, 0.01).unwrap().loss;
    let losses: Vec<f64> = (0..20).map(&mut step).collect();
    assert_equal("losses", &losses, &case["losses"]);
    for (name, key) in names {
        let entry = model.params().get(model.params().find(name).unwrap());
        assert_equal(name, entry.value().as_slice(), &case[format!("{key}_end")]);
    }
}
