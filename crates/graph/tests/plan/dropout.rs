//! Dropout.

use super::*;

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

#[test]
fn two_dropouts_of_one_layer_have_masks_of_their_own() {
    let params = Params::<f64>::new();
    let graph = Graph::new(&params);
    let x = graph.constant(Tensor::full([10_000], 1.0));
    let y = graph.scope("block", || x.dropout(0.5).dropout(0.5));
    let mut plan = Plan::builder(&graph).output(y).build().unwrap();
    plan.forward(&params, &[]).unwrap();
    let dropped = plan.value(y.id()).unwrap().iter().filter(|&&y| y == 0.0).count();
    // Three in four; five standard deviations are 217.
    assert!((7_283..=7_717).contains(&dropped), "{dropped}");
}
