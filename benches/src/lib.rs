//! What the benches of Evenkeel share: networks and batches of known sizes.
//!
//!     cargo bench -p evenkeel-benches
//!     cargo bench -p evenkeel-benches --bench training_step

use evenkeel::prelude::*;

/// A ReLU network of these layer widths, initialized.
///
/// # Panics
/// If there are fewer than two widths, or one is zero.
pub fn network(widths: &[usize]) -> Model {
    let [inputs, hidden @ .., outputs] = widths else { panic!("at least two widths") };
    let network = Sequential::mlp(*inputs, hidden, *outputs, Activation::Relu);
    network.build(&Policy::auto(), 1).expect("no width is zero")
}

/// A batch of normal inputs, with labels 0 and 1 in turn.
pub fn batch(inputs: usize, samples: usize) -> (Tensor, Tensor) {
    let mut x = Tensor::zeros([samples, inputs]);
    Stream::new(1, "x").fill(x.as_mut_slice(), Stream::standard_normal);
    let labels = (0..samples).map(|i| (i % 2) as f32).collect();
    (x, Tensor::from_vec([samples], labels).expect("one label for each sample"))
}
