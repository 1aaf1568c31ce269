//! Memory.

use super::*;

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
