//! What a dataset knows of its classes: their names, their sizes, one-hot targets.

use evenkeel_tensor::{Real, Tensor};

use crate::{DataError, Dataset, Targets};

impl<T: Real> Dataset<T> {
    /// The class of each sample, N indices below [`classes`](Self::classes); `None` for
    /// regression.
    pub fn labels(&self) -> Option<&[usize]> {
        self.labels_and_names().map(|(labels, _)| labels)
    }

    /// The number of classes C, whether they occur or not; `None` for regression.
    pub fn classes(&self) -> Option<usize> {
        self.class_names().map(<[String]>::len)
    }

    /// The names of the C classes; `None` for regression.
    pub fn class_names(&self) -> Option<&[String]> {
        self.labels_and_names().map(|(_, names)| names)
    }

    pub(crate) fn labels_and_names(&self) -> Option<(&[usize], &[String])> {
        match self.targets() {
            Targets::Classes { labels, names } => Some((labels, names)),
            Targets::Values(_) => None,
        }
    }

    /// How many samples each of the C classes has; `None` for regression.
    pub fn class_counts(&self) -> Option<Vec<usize>> {
        let (labels, names) = self.labels_and_names()?;
        let mut counts = vec![0; names.len()];
        labels.iter().for_each(|&label| counts[label] += 1);
        Some(counts)
    }

    /// The entropy −Σ p ln p of the class shares p, in nats; `None` for regression.
    ///
    /// It is the lowest mean cross-entropy that a constant prediction reaches, so a network
    /// whose loss stays above it has learned nothing: ln C if the classes are equally frequent.
    ///
    /// ```
    /// let circles = evenkeel_data::circles::<f64>(100, 0.05, 0.5, 1)?;
    /// assert_eq!(circles.class_entropy(), Some(2f64.ln()));
    /// # Ok::<(), evenkeel_data::DataError>(())
    /// ```
    pub fn class_entropy(&self) -> Option<f64> {
        let (counts, samples) = (self.class_counts()?, self.len() as f64);
        let shares = counts.iter().filter(|&&count| count > 0).map(|&n| n as f64 / samples);
        Some(shares.map(|share| share * (1.0 / share).ln()).sum())
    }

    /// The classes as a tensor of shape `[N, C]`: 1 at the sample's class, 0 elsewhere.
    ///
    /// # Errors
    /// [`DataError::NoClasses`] for regression.
    pub fn one_hot(&self) -> Result<Tensor<T>, DataError> {
        let (labels, names) = self.classes_for("a one-hot tensor")?;
        let mut tensor = Tensor::zeros([labels.len(), names.len()]);
        for (row, &label) in tensor.as_mut_slice().chunks_exact_mut(names.len()).zip(labels) {
            row[label] = T::ONE;
        }
        Ok(tensor)
    }

    /// The labels and class names, or an error that says that `what` needs them.
    pub(crate) fn classes_for(
        &self,
        what: &'static str,
    ) -> Result<(&[usize], &[String]), DataError> {
        let missing = || DataError::NoClasses { dataset: self.name().into(), what };
        self.labels_and_names().ok_or_else(missing)
    }
}

#[cfg(test)]
mod tests {
    use approx::assert_relative_eq;

    use super::*;

    fn pets() -> Dataset {
        let names = ["cat", "dog", "emu"];
        Dataset::classification("pets", Tensor::zeros([4, 2]), vec![2, 0, 2, 2], names).unwrap()
    }

    fn numbers() -> Dataset {
        Dataset::regression("numbers", Tensor::zeros([4, 2]), Tensor::zeros([4])).unwrap()
    }

    #[test]
    fn classes_are_named_and_counted() {
        assert_eq!(pets().classes(), Some(3));
        assert_eq!(pets().labels(), Some(&[2, 0, 2, 2][..]));
        assert_eq!(pets().class_names().unwrap(), ["cat", "dog", "emu"]);
        assert_eq!(pets().class_counts(), Some(vec![1, 0, 3]));
    }

    #[test]
    fn the_entropy_is_that_of_the_shares() {
        let expected = -(0.25 * 0.25f64.ln() + 0.75 * 0.75f64.ln());
        assert_relative_eq!(pets().class_entropy().unwrap(), expected, epsilon = 1e-15);
        let one = Dataset::<f32>::classification("one", Tensor::zeros([3]), vec![0; 3], ["a"]);
        assert_eq!(one.unwrap().class_entropy(), Some(0.0));
    }

    #[test]
    fn one_hot_rows_point_at_the_class() {
        let tensor = pets().one_hot().unwrap();
        assert_eq!(tensor.shape().dims(), &[4, 3]);
        assert_eq!(tensor.sample(0), &[0.0, 0.0, 1.0]);
        assert_eq!(tensor.sample(1), &[1.0, 0.0, 0.0]);
    }

    #[test]
    fn numbers_have_no_classes() {
        let data = numbers();
        assert_eq!((data.labels(), data.classes()), (None, None));
        assert_eq!((data.class_counts(), data.class_entropy()), (None, None));
        let text = data.one_hot().unwrap_err().to_string();
        let expected =
            "dataset `numbers`: a one-hot tensor needs classes, but the targets are numbers";
        assert_eq!(text, expected);
    }
}
