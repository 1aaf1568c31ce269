//! One training step: forward, loss, backward, update. And prediction.
//!
//!     cargo bench -p evenkeel-benches --bench training_step

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use evenkeel::prelude::*;
use evenkeel_benches::{batch, network};

/// Layer widths and batch size, from forty parameters to half a million.
const NETWORKS: [(&str, &[usize], usize); 4] = [
    ("10-64-2, batch 32", &[10, 64, 2], 32),
    ("64-100x6-10, batch 32", &[64, 100, 100, 100, 100, 100, 100, 10], 32),
    ("784-128x10-10, batch 64", &[784, 128, 128, 128, 128, 128, 128, 128, 128, 128, 128, 10], 64),
    ("784-512-256-10, batch 128", &[784, 512, 256, 10], 128),
];

fn steps(c: &mut Criterion) {
    let mut group = c.benchmark_group("training step");
    for (name, widths, samples) in NETWORKS {
        let (x, y) = batch(widths[0], samples);
        let loss = Loss::softmax_cross_entropy();
        let mut run = |kind: &str, mut model: Model, mut stepper: Stepper| {
            group.bench_function(BenchmarkId::new(kind, name), |bench| {
                bench.iter(|| stepper.step(&mut model, &x, &y, 1e-4).expect("nothing overflows"));
            });
        };
        let model = network(widths);
        let sgd = Stepper::new(&model, loss, Sgd::new(), 1).expect("the settings are sound");
        run("sgd", model.clone(), sgd);
        let adam = Stepper::new(&model, loss, Adam::default(), 1).expect("the settings are sound");
        run("adam", model, adam);
    }
    group.finish();
}

fn predictions(c: &mut Criterion) {
    let mut group = c.benchmark_group("predict");
    for (name, widths, _) in NETWORKS {
        let model = network(widths);
        for samples in [1, 1024] {
            let (x, _) = batch(widths[0], samples);
            let id = BenchmarkId::new(format!("{samples} samples"), name);
            group.bench_function(id, |bench| bench.iter(|| model.predict(&x).expect("shapes fit")));
        }
    }
    group.finish();
}

criterion_group!(benches, steps, predictions);
criterion_main!(benches);
