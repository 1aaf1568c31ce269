//! What is left out.

use super::*;

/// Forward and backward steps of two dense layers and a squared error with some parameters
/// frozen, with or without the gradient of the input.
fn steps(frozen: &[usize], input_gradient: bool) -> (usize, usize) {
    let (mut params, ids) = store([&[3, 4][..], &[4], &[4, 2], &[2]].map(shape));
    frozen.iter().for_each(|&i| params.set_kind(ids[i], Kind::Frozen));
    let graph = Graph::new(&params);
    let p = |i: usize| graph.param(ids[i]);
    let x = graph.input("x", [5, 3]);
    let y = (x.matmul(p(0)) + p(1)).tanh().matmul(p(2)) + p(3);
    let builder = Plan::builder(&graph).loss(y.square().mean_all()).separate();
    let builder = if input_gradient { builder.gradient(x) } else { builder };
    builder.build().unwrap().steps()
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
