//! Operations that are applied in passing by their neighbours.

use super::*;

/// The forward and backward steps of a chain of dense layers with this activation.
fn steps(activation: Activation, separate: bool) -> (usize, usize) {
    let (params, ids) = chain_store(3);
    let graph = Graph::new(&params);
    let mut last = graph.input("x", [BATCH, WIDTH]);
    for pair in ids.chunks(2) {
        let bias = graph.param(pair[1]);
        last = last.linear(graph.param(pair[0]), Some(bias)).activation(activation);
    }
    let builder = Plan::builder(&graph).loss(last.square().mean_all());
    let builder = if separate { builder.separate() } else { builder };
    builder.build().unwrap().steps()
}

#[test]
fn activations_are_applied_by_the_products_before_them_and_led_back_by_those_behind() {
    // Per layer linear and tanh; square, mean. Backward: mean, square, and per layer tanh, bias,
    // weight, and but for the first the input.
    assert_eq!(steps(Activation::Tanh, true), (8, 2 + 3 * 4 - 1));
    assert_eq!(steps(Activation::Tanh, false), (5, 2 + 3 * 3 - 1));
    // The derivative of GELU needs the input, so that must be kept and is not overwritten; the
    // way back is joined all the same.
    assert_eq!(steps(Activation::Gelu, false), (8, 2 + 3 * 3 - 1));
}

#[test]
fn what_others_read_is_not_overwritten() {
    let (params, ids) = store([[WIDTH, WIDTH]]);
    let graph = Graph::new(&params);
    let z = graph.input("x", [BATCH, WIDTH]).matmul(graph.param(ids[0]));
    let both = z.tanh() + z;
    let mut plan = Plan::builder(&graph).loss(both.sum_all()).build().unwrap();
    let mut separate = Plan::builder(&graph).loss(both.sum_all()).separate().build().unwrap();
    let x = normal([BATCH, WIDTH], "x");
    run(&mut plan, &params, &[&x]);
    run(&mut separate, &params, &[&x]);
    assert_eq!(bits(&plan, &params), bits(&separate, &params));
    assert_eq!(plan.steps().0, 4);
}
