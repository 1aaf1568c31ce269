//! The same seed gives the same bits, on any number of threads.
#![allow(clippy::unwrap_used)]

use evenkeel::prelude::*;
use evenkeel::train::OptimizerState;

/// Trains for so many steps on `threads` threads and returns all parameters.
fn weights(threads: usize, widths: &[usize], batch: usize, steps: usize) -> Vec<Vec<f32>> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let data = digits();
        let data = Standardizer::fit_pooled(&data).apply(&data).unwrap();
        let network = Sequential::mlp(64, widths, 10, Activation::Relu);
        let mut model: Model = network.build(&Policy::auto(), 7).unwrap();
        let loss = Loss::softmax_cross_entropy();
        let mut stepper = Stepper::new(&model, loss, Adam::default(), 7).unwrap();
        let (inputs, targets) = (data.inputs(), data.target_tensor());
        for step in 0..steps {
            let samples: Vec<usize> = (0..batch).map(|i| (step * batch + i) % data.len()).collect();
            let (x, y) = (inputs.gather(&samples), targets.gather(&samples));
            stepper.step(&mut model, &x, &y, 1e-3).unwrap();
        }
        model.params().iter().map(|(_, entry)| entry.value().as_slice().to_vec()).collect()
    })
}

#[test]
fn fifty_steps_on_one_and_on_four_threads_end_in_the_same_bits() {
    let widths = [100, 100, 100];
    assert_eq!(weights(1, &widths, 32, 50), weights(4, &widths, 32, 50));
}

#[test]
fn so_do_products_that_are_large_enough_for_several_threads() {
    // 512 × 512 × 256 multiply-adds are far above what stays on one thread.
    let one = weights(1, &[512, 512], 256, 4);
    for threads in [2, 3, 4, 8] {
        assert_eq!(one, weights(threads, &[512, 512], 256, 4), "{threads} threads");
    }
}

/// A network and how it is trained.
struct Workload {
    widths: Vec<usize>,
    batch: usize,
    steps: usize,
    loss: Loss,
    optimizer: fn(&Model, Loss) -> Stepper,
}

fn adam(model: &Model, loss: Loss) -> Stepper {
    Stepper::new(model, loss, Adam::default(), 7).unwrap()
}

fn momentum(model: &Model, loss: Loss) -> Stepper {
    let momentum = Sgd::new().with_momentum(Momentum::Classic(0.9));
    Stepper::new(model, loss, momentum, 7).unwrap()
}

fn plain(model: &Model, loss: Loss) -> Stepper {
    Stepper::new(model, loss, Sgd::new(), 7).unwrap()
}

/// The networks that `benches/peers` times: tiny, of middle size, wide, deep.
fn workloads() -> Vec<Workload> {
    let (two, many) = (Loss::sigmoid_binary_cross_entropy(), Loss::softmax_cross_entropy());
    let deep: Vec<usize> = [784].into_iter().chain([128; 30]).chain([10]).collect();
    let wide = vec![2048, 2048, 2048, 2048, 10];
    let workload =
        |widths, batch, steps, loss, optimizer| Workload { widths, batch, steps, loss, optimizer };
    vec![
        workload(vec![10, 64, 1], 32, 20, two, adam),
        workload(vec![2, 10, 5, 1], 300, 20, two, plain),
        workload(vec![784, 512, 256, 10], 128, 3, many, adam),
        workload(deep, 64, 3, many, plain),
        workload(wide, 512, 1, many, momentum),
    ]
}

impl Workload {
    fn model(&self) -> (Model, Tensor, Tensor) {
        let (first, last) = (self.widths[0], self.widths[self.widths.len() - 1]);
        let hidden = &self.widths[1..self.widths.len() - 1];
        let net = Sequential::mlp(first, hidden, last, Activation::Relu);
        let model = net.build(&Policy::auto(), 7).unwrap();
        let mut x = Tensor::zeros([self.batch, first]);
        Stream::new(7, "x").fill(x.as_mut_slice(), Stream::standard_normal);
        let labels = (0..self.batch).map(|i| (i % last.max(2)) as f32).collect();
        let shape = if last == 1 { Shape::from([self.batch, 1]) } else { [self.batch].into() };
        (model, x, Tensor::from_vec(shape, labels).unwrap())
    }

    fn train(&self, threads: usize) -> (Vec<Vec<f32>>, Vec<f32>) {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let (mut model, x, y) = self.model();
            let mut stepper = (self.optimizer)(&model, self.loss);
            for _ in 0..self.steps {
                stepper.step(&mut model, &x, &y, 1e-2).unwrap();
            }
            let outputs = model.predict(&x).unwrap().as_slice().to_vec();
            (values(&model), outputs)
        })
    }
}

fn values(model: &Model) -> Vec<Vec<f32>> {
    model.params().iter().map(|(_, entry)| entry.value().as_slice().to_vec()).collect()
}

#[test]
fn networks_of_all_sizes_train_and_predict_to_the_same_bits_on_any_number_of_threads() {
    for workload in workloads() {
        let one = workload.train(1);
        for threads in [2, 3, 8] {
            assert!(one == workload.train(threads), "{:?}, {threads} threads", workload.widths);
        }
    }
}

#[test]
fn a_gradient_that_is_never_stored_has_the_same_effect_to_the_bit() {
    let workload = &workloads()[2];
    let (mut model, x, y) = workload.model();
    let graph = Graph::new(model.params());
    let (_, output) = model.trace(&graph, workload.batch).unwrap();
    let loss = workload.loss.trace(output, graph.input("targets", y.shape()));
    let mut stored = Plan::builder(&graph).loss(loss).build().unwrap();
    let mut streaming = Plan::builder(&graph).loss(loss).streaming().build().unwrap();
    assert_eq!((stored.streamed().len(), streaming.streamed().len()), (0, 2));
    assert!(streaming.memory() < stored.memory());
    let mut results = Vec::new();
    for plan in [&mut stored, &mut streaming] {
        let mut model = model.clone();
        let mut state = OptimizerState::new(&Adam::default(), model.params());
        for _ in 0..3 {
            plan.forward(model.params(), &[&x, &y]).unwrap();
            plan.backward(model.params(), &[&x, &y]).unwrap();
            assert!(plan.streams_are_finite(model.params(), &[&x, &y]));
            state.apply(&Adam::default(), 1e-2, model.params_mut(), plan, &[&x, &y]);
        }
        results.push((values(&model), state.state().to_vec()));
    }
    assert!(results[0] == results[1]);
    // And the stepper does the same.
    let mut stepper = adam(&model, workload.loss);
    for _ in 0..3 {
        stepper.step(&mut model, &x, &y, 1e-2).unwrap();
    }
    assert!(results[0].0 == values(&model));
}

#[test]
fn a_streamed_gradient_reads_parameters_as_they_were_before_the_step() {
    // y = x·(a·b): the gradient of b is made from a, which the same step changes.
    let mut params = Params::<f64>::new();
    let mut add = |name: &str, rows: usize, columns: usize| {
        let mut value = Tensor::zeros([rows, columns]);
        Stream::new(3, name).fill(value.as_mut_slice(), Stream::standard_normal);
        params.add(name, value, Role::Scale).unwrap()
    };
    let (a, b) = (add("a", 8, 256), add("b", 256, 512));
    let graph = Graph::new(&params);
    let x = graph.input("x", [4, 8]);
    let loss = x.matmul(graph.param(a).matmul(graph.param(b))).square().mean_all();
    let mut stored = Plan::builder(&graph).loss(loss).build().unwrap();
    let mut streaming = Plan::builder(&graph).loss(loss).streaming().build().unwrap();
    assert_eq!(streaming.streamed(), [b]);
    let x = Tensor::full([4, 8], 0.5);
    let step = |plan: &mut Plan<f64>| {
        let (mut params, mut state) = (params.clone(), OptimizerState::new(&Sgd::new(), &params));
        plan.forward(&params, &[&x]).unwrap();
        plan.backward(&params, &[&x]).unwrap();
        state.apply(&Sgd::new(), 1e-3, &mut params, plan, &[&x]);
        [a, b].map(|id| params.get(id).value().as_slice().to_vec())
    };
    assert!(step(&mut stored) == step(&mut streaming));
}

#[test]
fn another_layer_changes_no_other_layers_start() {
    let start = |widths: &[usize]| -> Vec<f32> {
        let network = Sequential::mlp(64, widths, 10, Activation::Relu);
        let model: Model = network.build(&Policy::auto(), 7).unwrap();
        let id = model.params().find("dense.1/weight").unwrap();
        model.params().get(id).value().as_slice().to_vec()
    };
    assert_eq!(start(&[32, 32]), start(&[32, 32, 32]));
}
