//! Bringing every feature to mean 0 and standard deviation 1.
//!
//! Initial weights are scaled for inputs of mean square about 1, so a network should not be fed
//! raw pixels or prices. The test part must be treated with the numbers of the training part:
//! numbers of its own would let the test samples take part in the training.

use evenkeel_tensor::{Real, Tensor};

use crate::{DataError, Dataset};

/// The mean and standard deviation of every feature, and how to remove them.
///
/// ```
/// use evenkeel_data::{Standardizer, moons};
///
/// let (train, test) = moons::<f32>(100, 0.1, 7)?.split(0.3, 7)?;
/// let standardizer = Standardizer::fit(&train);
/// let (train, test) = (standardizer.apply(&train)?, standardizer.apply(&test)?);
/// assert!((train.inputs().variance() - 1.0).abs() < 1e-5);
/// # assert_eq!(test.len(), 30);
/// # Ok::<(), evenkeel_data::DataError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Standardizer {
    mean: Vec<f64>,
    scale: Vec<f64>,
}

impl Standardizer {
    /// Measures every feature of the training part, in `f64`.
    ///
    /// The standard deviation is that of the samples themselves (divided by N, not N − 1). A
    /// constant feature keeps the scale 1, so that it becomes 0.
    pub fn fit<T: Real>(train: &Dataset<T>) -> Self {
        let (mean, deviations) = moments(train);
        let positive = |deviation| if deviation > 0.0 { deviation } else { 1.0 };
        Self { mean, scale: deviations.into_iter().map(positive).collect() }
    }

    /// Measures every feature's mean, and one scale for all features: the root of their mean
    /// variance. (1 if all features are constant.)
    ///
    /// Right where all features are of one kind, as pixels are: dividing each by a deviation of
    /// its own would blow up those at the rim, which are hardly ever inked, until a few samples
    /// reach values of twenty and more.
    pub fn fit_pooled<T: Real>(train: &Dataset<T>) -> Self {
        let (mean, deviations) = moments(train);
        let most = deviations.iter().copied().fold(0.0, f64::max);
        let shares = deviations.iter().map(|deviation| (deviation / most).powi(2));
        let pooled = most * (shares.sum::<f64>() / mean.len() as f64).sqrt();
        let scale = if most > 0.0 { pooled } else { 1.0 };
        Self { scale: vec![scale; mean.len()], mean }
    }

    /// The mean of each feature in the training part.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// What each feature is divided by: its standard deviation in the training part, or 1 if it
    /// is constant there.
    pub fn scale(&self) -> &[f64] {
        &self.scale
    }

    /// The dataset with (x − mean) / scale for every input x; everything else stays.
    ///
    /// # Errors
    /// [`DataError::Features`] if a sample has another number of features than the training
    /// part, [`DataError::Input`] if a result is too large for the number type.
    pub fn apply<T: Real>(&self, dataset: &Dataset<T>) -> Result<Dataset<T>, DataError> {
        let (expected, got) = (self.mean.len(), dataset.inputs().shape().sample_len());
        if expected != got {
            return Err(DataError::Features { dataset: dataset.name().into(), expected, got });
        }
        let mut inputs = dataset.inputs().clone();
        for sample in inputs.as_mut_slice().chunks_exact_mut(got) {
            for ((x, mean), scale) in sample.iter_mut().zip(&self.mean).zip(&self.scale) {
                *x = T::of((x.to_f64() - mean) / scale);
            }
        }
        dataset.with_inputs(inputs)
    }
}

/// The mean and the standard deviation of each feature, in `f64`.
fn moments<T: Real>(train: &Dataset<T>) -> (Vec<f64>, Vec<f64>) {
    let (inputs, samples) = (train.inputs(), train.len() as f64);
    // Distances from the first sample are exactly 0 for a constant feature, whatever the
    // rounding, so its mean is exact and it is found to be constant.
    let first: Vec<f64> = inputs.sample(0).iter().map(|x| x.to_f64()).collect();
    let offset = fold(inputs, |sum, feature, x| sum + (x - first[feature]));
    let mean: Vec<f64> = first.iter().zip(&offset).map(|(x, sum)| x + sum / samples).collect();
    let deviations = deviations(inputs, &mean);
    (mean, deviations)
}

/// The standard deviation of each feature.
fn deviations<T: Real>(inputs: &Tensor<T>, mean: &[f64]) -> Vec<f64> {
    // Squares are taken of shares of the largest distance: they neither overflow nor vanish.
    let reach = fold(inputs, |most, feature, x| most.max((x - mean[feature]).abs()));
    let reach: Vec<f64> = reach.iter().map(|&most| if most > 0.0 { most } else { 1.0 }).collect();
    let squares = fold(inputs, |sum, i, x| sum + ((x - mean[i]) / reach[i]).powi(2));
    let samples = inputs.shape().samples() as f64;
    let deviation = |(sum, reach): (f64, f64)| reach * (sum / samples).sqrt();
    squares.into_iter().zip(reach).map(deviation).collect()
}

/// For each feature, what `step(result so far, feature, value)` gives over all samples, from 0.
fn fold<T: Real>(inputs: &Tensor<T>, step: impl Fn(f64, usize, f64) -> f64) -> Vec<f64> {
    let features = inputs.shape().sample_len();
    let mut results = vec![0.0; features];
    for sample in inputs.as_slice().chunks_exact(features) {
        for (feature, (result, x)) in results.iter_mut().zip(sample).enumerate() {
            *result = step(*result, feature, x.to_f64());
        }
    }
    results
}

#[cfg(test)]
mod tests {
    use approx::assert_abs_diff_eq;
    use evenkeel_tensor::Stream;

    use super::*;

    fn of<T: Real>(features: usize, values: Vec<T>) -> Dataset<T> {
        let samples = values.len() / features;
        let inputs = Tensor::from_vec([samples, features], values).unwrap();
        Dataset::regression("data", inputs, Tensor::zeros([samples])).unwrap()
    }

    fn random(features: usize, samples: usize) -> Dataset<f64> {
        let mut stream = Stream::new(1, "test");
        of(features, (0..samples * features).map(|_| 5.0 + 3.0 * stream.uniform()).collect())
    }

    fn feature(data: &Dataset<f64>, feature: usize) -> Tensor<f64> {
        let column: Vec<f64> = (0..data.len()).map(|i| data.inputs().sample(i)[feature]).collect();
        Tensor::from_vec([data.len()], column).unwrap()
    }

    #[test]
    fn mean_and_scale_of_known_values() {
        let standardizer = Standardizer::fit(&of(2, vec![1.0f32, 10.0, 3.0, 10.0, 5.0, 40.0]));
        assert_abs_diff_eq!(standardizer.mean(), &[3.0, 20.0][..], epsilon = 1e-12);
        let expected = [(8.0f64 / 3.0).sqrt(), 200f64.sqrt()];
        assert_abs_diff_eq!(standardizer.scale(), &expected[..], epsilon = 1e-12);
    }

    #[test]
    fn the_training_part_alone_gets_mean_0_and_deviation_1() {
        let (train, test) = random(3, 90).split(0.5, 2).unwrap();
        let standardizer = Standardizer::fit(&train);
        let parts = [train, test].map(|part| standardizer.apply(&part).unwrap());
        for column in 0..3 {
            let [train, test] = [0, 1].map(|part| feature(&parts[part], column));
            assert_abs_diff_eq!(train.mean(), 0.0, epsilon = 1e-12);
            assert_abs_diff_eq!(train.variance(), 1.0, epsilon = 1e-12);
            assert!(test.mean().abs() > 1e-3 && (test.variance() - 1.0).abs() > 1e-3);
            assert!(test.mean().abs() < 0.5 && (test.variance() - 1.0).abs() < 0.5);
        }
    }

    #[test]
    fn a_constant_feature_becomes_0() {
        // 0.1 is not a binary fraction: a plain sum over 7 samples would miss the mean.
        let train = of(1, vec![0.1f32; 7]);
        let standardizer = Standardizer::fit(&train);
        assert_eq!(standardizer.scale(), &[1.0]);
        assert_eq!(standardizer.apply(&train).unwrap().inputs().as_slice(), &[0.0; 7]);
    }

    #[test]
    fn a_pooled_scale_makes_the_mean_variance_1_and_keeps_the_features_in_proportion() {
        // Variances 4 and 0: the pooled one is 2.
        let train = of(2, vec![2.0f64, 7.0, -2.0, 7.0]);
        let standardizer = Standardizer::fit_pooled(&train);
        assert_eq!(standardizer.mean(), &[0.0, 7.0]);
        let expected = [2f64.sqrt(); 2];
        assert_abs_diff_eq!(standardizer.scale(), &expected[..], epsilon = 1e-15);
        let result = standardizer.apply(&train).unwrap();
        assert_abs_diff_eq!(result.inputs().variance(), 1.0, epsilon = 1e-15);
        assert_eq!(Standardizer::fit_pooled(&of(1, vec![3.0f32; 4])).scale(), &[1.0]);
    }

    #[test]
    fn extreme_values_do_not_overflow() {
        for size in [1e200, 1e-200] {
            let train = of(1, vec![size, -size, size, -size]);
            let result = Standardizer::fit(&train).apply(&train).unwrap();
            let expected = [1.0, -1.0, 1.0, -1.0];
            assert_abs_diff_eq!(result.inputs().as_slice(), &expected[..], epsilon = 1e-12);
        }
    }

    #[test]
    fn everything_but_the_inputs_stays() {
        let train = crate::circles::<f32>(20, 0.1, 0.5, 1).unwrap();
        let result = Standardizer::fit(&train).apply(&train).unwrap();
        assert_eq!(result.name(), train.name());
        assert_eq!(result.targets(), train.targets());
        assert_eq!(result.feature_names(), train.feature_names());
    }

    #[test]
    fn misfits_are_named() {
        let standardizer = Standardizer::fit(&random(3, 5));
        let text = standardizer.apply(&random(2, 5)).unwrap_err().to_string();
        assert_eq!(text, "dataset `data`: the standardizer was fitted to 3 features, got 2");

        let narrow = Standardizer::fit(&of(1, vec![0.0f32, 1e-30]));
        let text = narrow.apply(&of(1, vec![0.0f32, 1e30])).unwrap_err().to_string();
        assert_eq!(text, "dataset `data`: feature 0 of sample 1 is inf; inputs must be finite");
    }
}
