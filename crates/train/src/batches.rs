//! The samples of an epoch in random order, batch by batch.

use evenkeel_tensor::{Real, Stream, Tensor};

/// Gathers batches; each is copied into one of two tensors (full size, and the smaller rest),
/// which are made once.
#[derive(Debug)]
pub(crate) struct Batches<'a, T: Real> {
    inputs: &'a Tensor<T>,
    targets: &'a Tensor<T>,
    order: Vec<usize>,
    batch_size: usize,
    full: (Tensor<T>, Tensor<T>),
    rest: (Tensor<T>, Tensor<T>),
}

impl<'a, T: Real> Batches<'a, T> {
    pub(crate) fn new(inputs: &'a Tensor<T>, targets: &'a Tensor<T>, batch_size: usize) -> Self {
        let samples = inputs.shape().samples();
        let batch_size = batch_size.min(samples);
        let pair = |count| {
            let like = |tensor: &Tensor<T>| Tensor::zeros(tensor.shape().with_samples(count));
            (like(inputs), like(targets))
        };
        Self {
            inputs,
            targets,
            order: (0..samples).collect(),
            batch_size,
            full: pair(batch_size),
            rest: pair(samples % batch_size),
        }
    }

    /// Puts the samples into the order of this epoch, which the seed and the number of the epoch
    /// decide: a resumed run sees the same batches.
    pub(crate) fn shuffle(&mut self, seed: u64, epoch: usize) {
        self.order.iter_mut().enumerate().for_each(|(i, index)| *index = i);
        Stream::indexed(seed, "shuffle", epoch as u64).shuffle(&mut self.order);
    }

    /// How many batches an epoch has; the last may be smaller.
    pub(crate) fn count(&self) -> usize {
        self.order.len().div_ceil(self.batch_size)
    }

    /// The inputs and targets of batch `index`.
    pub(crate) fn get(&mut self, index: usize) -> (&Tensor<T>, &Tensor<T>) {
        let first = index * self.batch_size;
        let last = (first + self.batch_size).min(self.order.len());
        let samples = &self.order[first..last];
        let whole = samples.len() == self.batch_size;
        let pair = if whole { &mut self.full } else { &mut self.rest };
        self.inputs.gather_into(samples, &mut pair.0);
        self.targets.gather_into(samples, &mut pair.1);
        (&pair.0, &pair.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_shows_every_sample_once_with_its_target() {
        let inputs = Tensor::from_vec([10, 1], (0..10).map(f64::from).collect()).unwrap();
        let targets = Tensor::from_vec([10], (0..10).map(|i| f64::from(i * i)).collect()).unwrap();
        let mut batches = Batches::new(&inputs, &targets, 4);
        let mut epoch = |number| {
            batches.shuffle(1, number);
            let mut seen = Vec::new();
            for index in 0..batches.count() {
                let (x, y) = batches.get(index);
                assert!(x.as_slice().iter().zip(y.as_slice()).all(|(x, y)| x * x == *y));
                seen.extend(x.as_slice().iter().map(|&x| x as usize));
            }
            seen
        };
        let (first, second) = (epoch(1), epoch(2));
        assert_ne!(first, second);
        assert_eq!(first, epoch(1));
        for mut seen in [first, second] {
            seen.sort_unstable();
            assert_eq!(seen, (0..10).collect::<Vec<_>>());
        }
    }
}
