//! Random architectures.

use super::*;

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
        let computed = || graph.nodes().into_iter().filter(|node| node.operation.is_some());
        let taps = || computed().map(|node| node.id).step_by(3);
        let tapped = taps().fold(Plan::builder(&graph).loss(loss), PlanBuilder::output_of);
        let mut tapped = tapped.build().unwrap();
        let mut separate = Plan::builder(&graph).loss(loss).separate().build().unwrap();
        for plan in [&mut plain, &mut tapped, &mut separate] {
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

        let mut probe = Plan::builder(&graph).loss(loss).keep_all().build().unwrap();
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
