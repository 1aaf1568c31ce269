//! Gradients of whole graphs.

use super::*;

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

#[test]
fn gradients_are_there_after_backward_alone_and_only_if_asked_for() {
    let (params, ids) = store([[3]]);
    let graph = Graph::new(&params);
    let first = graph.param(ids[0]).tanh();
    let last = (0..4).fold(first, |x, _| x.tanh());
    let loss = last.sum_all();
    let mut plan = Plan::builder(&graph).loss(loss).gradient(last).keep_all().build().unwrap();
    assert_eq!((plan.param_gradient(ids[0]), plan.value(loss.id())), (None, None));
    plan.forward(&params, &[]).unwrap();
    assert_eq!((plan.param_gradient(ids[0]), plan.gradient(last.id())), (None, None));
    plan.backward(&params, &[]).unwrap();
    assert_eq!(plan.gradient(last.id()), Some(&[1.0; 3][..]));
    assert_eq!(plan.gradient(first.id()), None);
    assert!(plan.param_gradient(ids[0]).is_some());
}

#[test]
fn the_gradient_of_a_frozen_parameter_is_there_by_its_variable_alone() {
    let (mut params, ids) = store([[3]]);
    params.set_kind(ids[0], Kind::Frozen);
    let graph = Graph::new(&params);
    let w = graph.param(ids[0]);
    let mut plan = Plan::builder(&graph).loss(w.sum_all()).gradient(w).build().unwrap();
    run(&mut plan, &params, &[]);
    assert_eq!((plan.gradient(w.id()), plan.param_gradient(ids[0])), (Some(&[1.0; 3][..]), None));
}

#[test]
fn the_first_value_that_is_not_finite_is_found_where_it_arose() {
    let params = Params::<f64>::new();
    let graph = Graph::new(&params);
    let x = graph.input("x", [2]);
    let y = graph.scope("a", || x.tanh());
    let y = graph.scope("b", || y.tanh());
    let y = graph.scope("c", || y.ln());
    for all in [false, true] {
        let builder = Plan::builder(&graph).output(y);
        let mut plan = if all { builder.keep_all() } else { builder }.build().unwrap();
        let inputs = Tensor::from_vec([2], vec![-1.0, 2.0]).unwrap();
        plan.forward(&params, &[&inputs]).unwrap();
        assert_eq!(plan.first_non_finite(), Some(("c", "ln")));
    }
}

#[test]
fn a_layer_of_no_features_adds_its_bias() {
    let (params, ids) = store([[0, 2]]);
    let graph = Graph::new(&params);
    let y = graph.constant(Tensor::zeros([4, 0])).linear(graph.param(ids[0]), None);
    let mut plan = Plan::builder(&graph).output(y).build().unwrap();
    plan.forward(&params, &[]).unwrap();
    assert_eq!(plan.value(y.id()), Some(&[0.0; 8][..]));
}
