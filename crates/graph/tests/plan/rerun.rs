//! Running again.

use super::*;

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
