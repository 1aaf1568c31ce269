//! Mistakes.

use super::*;

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
    assert_eq!(none, "the parameter does not belong to the model's params");
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

#[test]
fn what_is_not_computed_is_refused() {
    let (params, ids) = store([Shape::SCALAR]);
    let graph = Graph::new(&params);
    let (x, w) = (graph.input("x", [2]), graph.param(ids[0]));
    assert_eq!(
        message(Plan::builder(&graph).output(x).build()),
        "an output is not computed: it is an input, a parameter or a constant"
    );
    assert_eq!(
        message(Plan::builder(&graph).loss(w).build()),
        "the loss is not computed: it is an input, a parameter or a constant"
    );
}

#[test]
fn a_plan_for_a_variable_of_another_graph_is_refused() {
    let params = Params::<f64>::new();
    let (short, long) = (Graph::new(&params), Graph::new(&params));
    let _ = short.input("x", [2]).exp();
    let foreign = long.input("y", [2]).square();
    let far = foreign.square();
    for var in [foreign, far] {
        let text = "a variable of another graph was used";
        assert_eq!(message(Plan::builder(&short).output(var).build()), text);
    }
    // A bare number is only found out if it is too large.
    let text = "a variable of another graph was used";
    assert_eq!(message(Plan::builder(&short).output_of(far.id()).build()), text);
}

#[test]
fn a_scalar_parameter_of_another_store_is_refused() {
    let (params, ids) = store([Shape::SCALAR]);
    let graph = Graph::new(&params);
    let mut plan = Plan::builder(&graph).output(graph.param(ids[0]).exp()).build().unwrap();
    assert_eq!(
        message(plan.forward(&Params::new(), &[])),
        "the parameter does not belong to the model's params"
    );
}
