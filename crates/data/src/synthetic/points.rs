//! What the generators share: checked arguments, noise, and the random order.

use std::f64::consts::TAU;

use evenkeel_tensor::{Real, Stream, Tensor};

use crate::{DataError, Dataset};

/// A point of the plane and its class.
pub(super) type Point = ([f64; 2], usize);

/// The point at this distance from the origin, `turns` full turns anticlockwise from the x axis.
pub(super) fn polar(radius: f64, turns: f64) -> [f64; 2] {
    let (sin, cos) = (turns * TAU).sin_cos();
    [radius * cos, radius * sin]
}

/// The name of a generator, for its stream, its dataset and its errors.
#[derive(Clone, Copy)]
pub(super) struct Generator(pub(super) &'static str);

impl Generator {
    /// The generator's random numbers.
    pub(super) fn stream(self, seed: u64) -> Stream {
        Stream::new(seed, self.0)
    }

    /// Moves every point by normal noise, shuffles them, and makes a dataset of them.
    pub(super) fn finish<T: Real>(
        self,
        mut points: Vec<Point>,
        noise: f64,
        mut stream: Stream,
        class_names: impl IntoIterator<Item: Into<String>>,
    ) -> Result<Dataset<T>, DataError> {
        for ([x, y], _) in &mut points {
            *x += noise * stream.standard_normal();
            *y += noise * stream.standard_normal();
        }
        stream.shuffle(&mut points);
        let labels = points.iter().map(|&(_, class)| class).collect();
        Dataset::classification(self.0, coordinates(&points), labels, class_names)?
            .with_feature_names(["x", "y"])
    }

    /// Refuses a number of samples or classes that is 0.
    pub(super) fn check_positive(
        self,
        argument: &'static str,
        value: usize,
    ) -> Result<(), DataError> {
        self.check(value > 0, argument, "be at least 1", value as f64)
    }

    /// Refuses no samples, no classes, and classes without samples.
    pub(super) fn check_classes(self, samples: usize, classes: usize) -> Result<(), DataError> {
        self.check_positive("samples", samples)?;
        self.check_positive("classes", classes)?;
        let rule = "be at most the number of samples";
        self.check(classes <= samples, "classes", rule, classes as f64)
    }

    /// Refuses a standard deviation that is none.
    pub(super) fn check_deviation(
        self,
        argument: &'static str,
        value: f64,
    ) -> Result<(), DataError> {
        let good = value.is_finite() && value >= 0.0;
        self.check(good, argument, "be finite and not negative", value)
    }

    /// Refuses whatever is not `good`.
    pub(super) fn check(
        self,
        good: bool,
        argument: &'static str,
        rule: &'static str,
        got: f64,
    ) -> Result<(), DataError> {
        if good {
            return Ok(());
        }
        Err(DataError::Argument { generator: self.0, argument, rule, got })
    }
}

/// How many of the samples this class gets: equally many, the first classes one more if need be.
pub(super) fn class_size(samples: usize, classes: usize, class: usize) -> usize {
    samples / classes + usize::from(class < samples % classes)
}

fn coordinates<T: Real>(points: &[Point]) -> Tensor<T> {
    let mut tensor = Tensor::zeros([points.len(), 2]);
    for (to, (from, _)) in tensor.as_mut_slice().chunks_exact_mut(2).zip(points) {
        to.copy_from_slice(&from.map(T::of));
    }
    tensor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_sizes_add_up() {
        let sizes: Vec<usize> = (0..4).map(|class| class_size(10, 4, class)).collect();
        assert_eq!(sizes, [3, 3, 2, 2]);
    }
}
