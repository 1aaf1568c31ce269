//! The same seed gives the same bits, on any number of threads.
#![allow(clippy::unwrap_used)]

use evenkeel::prelude::*;

/// Trains for so many steps on `threads` threads and returns all parameters.
fn weights(threads: usize, widths: &[usize], batch: usize, steps: usize) -> Vec<Vec<f32>> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let data = digits();
        let data = Standardizer::fit_pooled(&data).apply(&data).unwrap();
        let network = Sequential::mlp(64, widths, 10, Activation::Relu);
        let mut model: Model = network.build(&Policy::auto(), 7).unwrap();
        let loss = Loss::softmax_cross_entropy();
        let mut stepper = Stepper::new(&model, loss, Adam::default(), 7).unwrap();
        let (inputs, targets) = (data.inputs(), data.target_tensor());
        for step in 0..steps {
            let samples: Vec<usize> = (0..batch).map(|i| (step * batch + i) % data.len()).collect();
            let (x, y) = (inputs.gather(&samples), targets.gather(&samples));
            stepper.step(&mut model, &x, &y, 1e-3).unwrap();
        }
        model.params().iter().map(|(_, entry)| entry.value().as_slice().to_vec()).collect()
    })
}

#[test]
fn fifty_steps_on_one_and_on_four_threads_end_in_the_same_bits() {
    let widths = [100, 100, 100];
    assert_eq!(weights(1, &widths, 32, 50), weights(4, &widths, 32, 50));
}

#[test]
fn so_do_products_that_are_large_enough_for_several_threads() {
    // 512 × 512 × 256 multiply-adds are far above what stays on one thread.
    let one = weights(1, &[512, 512], 256, 4);
    for threads in [2, 3, 4, 8] {
        assert_eq!(one, weights(threads, &[512, 512], 256, 4), "{threads} threads");
    }
}

#[test]
fn another_layer_changes_no_other_layers_start() {
    let start = |widths: &[usize]| -> Vec<f32> {
        let network = Sequential::mlp(64, widths, 10, Activation::Relu);
        let model: Model = network.build(&Policy::auto(), 7).unwrap();
        let id = model.params().find("dense.1/weight").unwrap();
        model.params().get(id).value().as_slice().to_vec()
    };
    assert_eq!(start(&[32, 32]), start(&[32, 32, 32]));
}
