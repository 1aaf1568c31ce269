//! Drawing initial weights: values per second by initializer.
//!
//!     cargo bench -p evenkeel-benches --bench initialization

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use evenkeel::prelude::*;

fn initializers(c: &mut Criterion) {
    let mut group = c.benchmark_group("initialize");
    let fans = Fans::new(1000, 1000).expect("not zero");
    for text in ["zeros", "uniform(0.1)", "he_uniform", "he_normal", "truncated_normal(0.02)"] {
        let init: Init = text.parse().expect("a known text");
        let mut weights = Tensor::zeros([1000, 1000]);
        group.throughput(Throughput::Elements(weights.len() as u64));
        group.bench_function(BenchmarkId::from_parameter(text), |bench| {
            bench.iter(|| init.fill(&mut weights, fans, &mut Stream::new(1, "w")));
        });
    }
    group.finish();
}

criterion_group!(benches, initializers);
criterion_main!(benches);
