//! Matrix products over the shapes that dense layers need: forward Y = W·X, and backward
//! dX = Wᵀ·dY and dW = dY·Xᵀ. Throughput is in multiply-adds (two floating-point operations).
//!
//!     cargo bench -p evenkeel-benches --bench products

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use evenkeel::tensor::{MatRef, Write, product};

/// Units, inputs and samples of a dense layer.
const LAYERS: [(usize, usize, usize); 5] =
    [(64, 10, 32), (100, 100, 32), (512, 784, 128), (2048, 2048, 512), (512, 784, 1)];

fn products(c: &mut Criterion) {
    let mut group = c.benchmark_group("product");
    for (units, inputs, samples) in LAYERS {
        let numbers = |len| (0..len).map(|i| (i % 17) as f32 * 0.1).collect::<Vec<f32>>();
        let (w, x, dy) =
            (numbers(units * inputs), numbers(inputs * samples), numbers(units * samples));
        let (w, x) = (MatRef::new(&w, units, inputs), MatRef::new(&x, inputs, samples));
        let dy = MatRef::new(&dy, units, samples);
        let mut result = vec![0.0f32; (units * inputs).max(inputs * samples).max(units * samples)];
        group.throughput(Throughput::Elements((units * inputs * samples) as u64));
        let name = format!("{units}x{inputs}, {samples} samples");
        let mut run = |kind: &str, a: MatRef<'_, f32>, b: MatRef<'_, f32>, len: usize| {
            group.bench_function(BenchmarkId::new(kind, &name), |bench| {
                bench.iter(|| product(a, b, Write::Set, &mut result[..len]));
            });
        };
        run("forward", w, x, units * samples);
        run("input gradient", w.t(), dy, inputs * samples);
        run("weight gradient", dy, x.t(), units * inputs);
    }
    group.finish();
}

criterion_group!(benches, products);
criterion_main!(benches);
