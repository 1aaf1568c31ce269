//! Cutting a dataset into a part to train on and a part to test on.
//!
//! What a network has learned shows only on samples that it has not seen. Both splits draw the
//! test samples at random, reproducibly: the same seed gives the same parts.

use evenkeel_tensor::{Real, Stream};

use crate::{DataError, Dataset};

impl<T: Real> Dataset<T> {
    /// Splits the samples at random: (training part, test part).
    ///
    /// The test part has `test_share` · N samples, rounded; both parts are in random order, and
    /// each sample is in exactly one of them.
    ///
    /// # Errors
    /// [`DataError::TestShare`] unless 0 < `test_share` < 1, [`DataError::EmptyPart`] if so few
    /// samples leave one part empty.
    pub fn split(&self, test_share: f64, seed: u64) -> Result<(Self, Self), DataError> {
        let test = self.test_len(test_share)?;
        let order = self.random_order("split", seed);
        Ok((self.gather(&order[test..]), self.gather(&order[..test])))
    }

    /// Splits the samples at random so that every class keeps its share: (training part, test
    /// part).
    ///
    /// The test part has `test_share` · N samples, rounded. Of a class with n samples it gets
    /// `test_share` · n rounded down, and one more if the rest that this drops is among the
    /// largest (among equal rests, the first classes): the method of largest remainders
    /// (Hamilton 1792).
    ///
    /// # Errors
    /// Those of [`split`](Self::split), and [`DataError::NoClasses`] for regression,
    /// [`DataError::SmallClass`] for a class with fewer than 2 samples.
    pub fn split_stratified(&self, test_share: f64, seed: u64) -> Result<(Self, Self), DataError> {
        let (labels, _) = self.classes_for("a stratified split")?;
        let test = self.test_len(test_share)?;
        let mut left = quotas(&self.splittable_counts()?, test_share, test);
        let order = self.random_order("split_stratified", seed);
        let (test, train): (Vec<_>, Vec<_>) = order.iter().partition(|&&sample| {
            let quota = &mut left[labels[sample]];
            let taken = *quota > 0;
            *quota -= usize::from(taken);
            taken
        });
        Ok((self.gather(&train), self.gather(&test)))
    }

    fn test_len(&self, share: f64) -> Result<usize, DataError> {
        if !(share > 0.0 && share < 1.0) {
            return Err(DataError::TestShare { share });
        }
        let (samples, dataset) = (self.len(), self.name().to_string());
        match (share * samples as f64).round() as usize {
            0 => Err(DataError::EmptyPart { dataset, share, samples, part: "test" }),
            test if test >= samples => {
                Err(DataError::EmptyPart { dataset, share, samples, part: "training" })
            }
            test => Ok(test),
        }
    }

    fn random_order(&self, stream: &str, seed: u64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.len()).collect();
        Stream::new(seed, stream).shuffle(&mut order);
        order
    }

    /// The class counts, if each is large enough to be split.
    fn splittable_counts(&self) -> Result<Vec<usize>, DataError> {
        let counts = self.class_counts().unwrap_or_default();
        let Some(small) = counts.iter().position(|&count| count < 2) else {
            return Ok(counts);
        };
        let class = self.class_names().map_or_else(String::new, |names| names[small].clone());
        Err(DataError::SmallClass { dataset: self.name().into(), class, samples: counts[small] })
    }
}

/// How many test samples each class gives, `total` of them together.
fn quotas(counts: &[usize], share: f64, total: usize) -> Vec<usize> {
    let exact: Vec<f64> = counts.iter().map(|&count| share * count as f64).collect();
    let mut quotas: Vec<usize> = exact.iter().map(|&quota| quota as usize).collect();
    let missing = total.saturating_sub(quotas.iter().sum());
    let mut classes: Vec<usize> = (0..counts.len()).collect();
    // The sort is stable, so the first of equal rests stays in front.
    classes.sort_by(|&a, &b| exact[b].fract().total_cmp(&exact[a].fract()));
    classes.iter().take(missing).for_each(|&class| quotas[class] += 1);
    quotas
}

#[cfg(test)]
mod tests {
    use evenkeel_tensor::Tensor;
    use proptest::prelude::*;

    use super::*;

    /// Sample i has the single feature i, so that it can be recognized.
    fn numbered(labels: Vec<usize>, classes: usize) -> Dataset {
        let values = (0..labels.len()).map(|i| i as f32).collect();
        let inputs = Tensor::from_vec([labels.len(), 1], values).unwrap();
        let names = (0..classes).map(|class| format!("class {class}"));
        Dataset::classification("numbered", inputs, labels, names).unwrap()
    }

    fn joined((train, test): &(Dataset, Dataset)) -> Vec<usize> {
        let values = [train.inputs().as_slice(), test.inputs().as_slice()].concat();
        let mut samples: Vec<usize> = values.iter().map(|&value| value as usize).collect();
        samples.sort_unstable();
        samples
    }

    fn of_sizes(sizes: &[usize]) -> Dataset {
        let class = |(class, &size): (usize, &usize)| vec![class; size];
        numbered(sizes.iter().enumerate().flat_map(class).collect(), sizes.len())
    }

    #[test]
    fn sizes_are_rounded_and_seeds_differ() {
        let data = of_sizes(&[11]);
        let (train, test) = data.split(0.25, 1).unwrap();
        assert_eq!((train.len(), test.len()), (8, 3));
        assert_eq!(data.split(0.25, 1).unwrap().1.inputs(), test.inputs());
        assert_ne!(data.split(0.25, 2).unwrap().1.inputs(), test.inputs());
    }

    #[test]
    fn labels_stay_with_their_samples() {
        let data = of_sizes(&[20, 30]);
        let (train, test) = data.split_stratified(0.3, 5).unwrap();
        for part in [train, test] {
            for (&value, &label) in part.inputs().as_slice().iter().zip(part.labels().unwrap()) {
                assert_eq!(label, usize::from(value >= 20.0));
            }
        }
    }

    #[test]
    fn stratified_parts_keep_the_shares_exactly_where_they_can() {
        let (train, test) = of_sizes(&[100, 50, 10]).split_stratified(0.2, 3).unwrap();
        assert_eq!(train.class_counts().unwrap(), [80, 40, 8]);
        assert_eq!(test.class_counts().unwrap(), [20, 10, 2]);
        // Mixed, not class after class.
        assert!(!test.labels().unwrap().is_sorted());
    }

    #[test]
    fn the_largest_remainders_get_the_missing_samples() {
        // Exact quotas 1.5, 0.9 and 0.6, that is 3 together, of which rounding down gives 1.
        assert_eq!(quotas(&[5, 3, 2], 0.3, 3), [1, 1, 1]);
        assert_eq!(quotas(&[5, 3, 2], 0.3, 2), [1, 1, 0]);
        // Equal remainders: the first class.
        assert_eq!(quotas(&[5, 5, 5], 0.5, 8), [3, 3, 2]);
    }

    #[test]
    fn shares_outside_are_refused() {
        for share in [1.5, 0.0, 1.0, -0.2, f64::NAN] {
            let expected = format!("test share must lie strictly between 0 and 1, got {share}");
            let data = of_sizes(&[5, 5]);
            assert_eq!(data.split(share, 0).unwrap_err().to_string(), expected);
            assert_eq!(data.split_stratified(share, 0).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn empty_parts_and_small_classes_are_refused() {
        let text = |share| of_sizes(&[4, 6]).split(share, 0).unwrap_err().to_string();
        let lead = "dataset `numbered`: a test share of";
        assert_eq!(text(0.01), format!("{lead} 0.01 of 10 samples leaves no test samples"));
        assert_eq!(text(0.99), format!("{lead} 0.99 of 10 samples leaves no training samples"));
        let text = of_sizes(&[4, 1]).split_stratified(0.5, 0).unwrap_err().to_string();
        let expected = "dataset `numbered`: class `class 1` has 1 sample; \
                        a stratified split needs at least 2 of each";
        assert_eq!(text, expected);
        let data = Dataset::<f32>::regression("r", Tensor::zeros([4, 1]), Tensor::zeros([4]));
        let text = data.unwrap().split_stratified(0.5, 0).unwrap_err().to_string();
        let expected = "dataset `r`: a stratified split needs classes, but the targets are numbers";
        assert_eq!(text, expected);
    }

    proptest! {
        #[test]
        fn no_sample_is_lost_or_doubled(
            sizes in prop::collection::vec(2usize..40, 1..6),
            share in 0.05f64..0.95,
            seed: u64,
        ) {
            let data = of_sizes(&sizes);
            let all: Vec<usize> = (0..data.len()).collect();
            let test = (share * data.len() as f64).round() as usize;
            prop_assume!(test > 0 && test < data.len());
            let plain = data.split(share, seed).unwrap();
            prop_assert_eq!(joined(&plain), all.clone());
            prop_assert_eq!(plain.1.len(), test);
            let stratified = data.split_stratified(share, seed).unwrap();
            prop_assert_eq!(joined(&stratified), all);
            prop_assert_eq!(stratified.1.len(), test);
            for (count, size) in stratified.1.class_counts().unwrap().iter().zip(&sizes) {
                prop_assert!((*count as f64 - share * *size as f64).abs() < 1.0 + 1e-9);
            }
        }
    }
}
