//! Inputs and targets that belong together.

use evenkeel_tensor::{Real, Shape, Tensor};

use crate::check::check;
use crate::{DataError, Targets};

/// Samples to learn from or to test on: a batch of inputs, and a target for each.
///
/// Inputs have the batch-first shape `[N, ...]`. A dataset has at least one sample, every value
/// in it is finite, and every label names a class: the constructors refuse anything else.
///
/// ```
/// use evenkeel_data::Dataset;
/// use evenkeel_tensor::Tensor;
///
/// let inputs = Tensor::from_vec([3, 2], vec![5.1, 3.5, 6.3, 2.9, 5.0, 3.4])?;
/// let iris = Dataset::classification("iris", inputs, vec![0, 1, 0], ["setosa", "virginica"])?;
/// assert_eq!((iris.len(), iris.classes()), (3, Some(2)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Dataset<T: Real = f32> {
    name: String,
    inputs: Tensor<T>,
    targets: Targets<T>,
    feature_names: Option<Vec<String>>,
}

impl<T: Real> Dataset<T> {
    /// Samples that each belong to one class.
    ///
    /// `inputs` is `[N, ...]`; `labels` holds N indices into `class_names`, which may name
    /// classes that do not occur.
    ///
    /// # Errors
    /// [`DataError::Empty`], [`DataError::Shape`], [`DataError::Input`] (not finite),
    /// [`DataError::Count`] or [`DataError::Label`], each naming the first sample at fault.
    pub fn classification(
        name: impl Into<String>,
        inputs: Tensor<T>,
        labels: Vec<usize>,
        class_names: impl IntoIterator<Item: Into<String>>,
    ) -> Result<Self, DataError> {
        let names = class_names.into_iter().map(Into::into).collect();
        Self::checked(name.into(), inputs, Targets::Classes { labels, names }, None)
    }

    /// Samples that each have numbers to predict.
    ///
    /// `inputs` is `[N, ...]`, and so is `targets`: `[N]`, `[N, 1]` or `[N, outputs]` usually.
    ///
    /// # Errors
    /// [`DataError::Empty`], [`DataError::Shape`], [`DataError::Count`], or [`DataError::Input`]
    /// or [`DataError::Target`] (not finite), each naming the first sample at fault.
    pub fn regression(
        name: impl Into<String>,
        inputs: Tensor<T>,
        targets: Tensor<T>,
    ) -> Result<Self, DataError> {
        Self::checked(name.into(), inputs, Targets::Values(targets), None)
    }

    fn checked(
        name: String,
        inputs: Tensor<T>,
        targets: Targets<T>,
        feature_names: Option<Vec<String>>,
    ) -> Result<Self, DataError> {
        check(&name, &inputs, &targets)?;
        Ok(Self { name, inputs, targets, feature_names })
    }

    /// The same dataset with a name for each feature.
    ///
    /// # Errors
    /// [`DataError::FeatureNames`] if there is not exactly one for each value of a sample.
    pub fn with_feature_names(
        mut self,
        names: impl IntoIterator<Item: Into<String>>,
    ) -> Result<Self, DataError> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        let features = self.inputs.shape().sample_len();
        if names.len() != features {
            return Err(DataError::FeatureNames { dataset: self.name, features, got: names.len() });
        }
        self.feature_names = Some(names);
        Ok(self)
    }

    /// The name, which error messages mention.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The number of samples N, at least 1.
    pub fn len(&self) -> usize {
        self.inputs.shape().samples()
    }

    /// Never: a dataset has at least one sample.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The inputs, of shape `[N, ...]`.
    pub fn inputs(&self) -> &Tensor<T> {
        &self.inputs
    }

    /// The targets, N of them.
    pub fn targets(&self) -> &Targets<T> {
        &self.targets
    }

    /// The shape of one sample: that of the inputs without their first axis.
    pub fn sample_shape(&self) -> Shape {
        self.inputs.shape().sample()
    }

    /// A name for each value of a sample; `None` if they were not given.
    pub fn feature_names(&self) -> Option<&[String]> {
        self.feature_names.as_deref()
    }

    /// The targets as one tensor: class indices as numbers, of shape `[N]`, or the values as
    /// they are.
    pub fn target_tensor(&self) -> Tensor<T> {
        match &self.targets {
            Targets::Classes { labels, .. } => {
                let mut numbers = Tensor::zeros([labels.len()]);
                for (number, &label) in numbers.as_mut_slice().iter_mut().zip(labels) {
                    *number = T::of(label as f64);
                }
                numbers
            }
            Targets::Values(values) => values.clone(),
        }
    }

    /// A dataset of these samples, in this order; a sample may be named more than once.
    ///
    /// # Errors
    /// [`DataError::Empty`] if none is named, [`DataError::Sample`] if one is not there.
    pub fn take(&self, samples: &[usize]) -> Result<Self, DataError> {
        if samples.is_empty() {
            return Err(DataError::Empty { dataset: self.name.clone() });
        }
        match samples.iter().find(|&&sample| sample >= self.len()) {
            None => Ok(self.gather(samples)),
            Some(&sample) => {
                let (dataset, samples) = (self.name.clone(), self.len());
                Err(DataError::Sample { dataset, sample, samples })
            }
        }
    }

    /// What [`take`](Self::take) gives, for indices that are known to be there.
    pub(crate) fn gather(&self, samples: &[usize]) -> Self {
        Self {
            name: self.name.clone(),
            inputs: self.inputs.gather(samples),
            targets: self.targets.take(samples),
            feature_names: self.feature_names.clone(),
        }
    }

    /// The same dataset in another number type.
    ///
    /// # Errors
    /// [`DataError::Input`] or [`DataError::Target`] if a number is too large for an `f32`.
    pub fn cast<U: Real>(&self) -> Result<Dataset<U>, DataError> {
        let (name, names) = (self.name.clone(), self.feature_names.clone());
        Dataset::checked(name, self.inputs.cast(), self.targets.cast(), names)
    }

    /// The same dataset with other inputs of the same shape.
    ///
    /// # Errors
    /// [`DataError::Input`] if an input is not finite.
    pub(crate) fn with_inputs(&self, inputs: Tensor<T>) -> Result<Self, DataError> {
        let (targets, names) = (self.targets.clone(), self.feature_names.clone());
        Self::checked(self.name.clone(), inputs, targets, names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn images() -> Dataset {
        let inputs = Tensor::from_vec([3, 1, 2], vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]).unwrap();
        Dataset::classification("images", inputs, vec![1, 0, 1], ["cat", "dog"]).unwrap()
    }

    #[test]
    fn a_dataset_tells_its_parts() {
        let data = images();
        assert_eq!((data.name(), data.len(), data.is_empty()), ("images", 3, false));
        assert_eq!(data.sample_shape(), Shape::from([1, 2]));
        assert_eq!(data.target_tensor().as_slice(), &[1.0, 0.0, 1.0]);
        assert_eq!(data.target_tensor().shape(), Shape::from([3]));
        assert_eq!(data.feature_names(), None);
    }

    #[test]
    fn regression_targets_stay_as_they_are() {
        let targets = Tensor::from_vec([2, 2], vec![1.0, -1.0, 0.5, 0.0]).unwrap();
        let data = Dataset::regression("r", Tensor::zeros([2, 3]), targets.clone()).unwrap();
        assert_eq!(data.target_tensor(), targets);
        assert_eq!(data.take(&[1]).unwrap().target_tensor().as_slice(), &[0.5, 0.0]);
    }

    #[test]
    fn taken_samples_keep_their_targets_and_names() {
        let data = images().with_feature_names(["left", "right"]).unwrap();
        let part = data.take(&[2, 1, 2]).unwrap();
        assert_eq!(part.inputs().as_slice(), &[4.0, 5.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(part.labels(), Some(&[1, 0, 1][..]));
        assert_eq!(part.class_names(), data.class_names());
        assert_eq!(part.feature_names().unwrap(), ["left", "right"]);
    }

    #[test]
    fn samples_that_are_not_there_cannot_be_taken() {
        let text = |samples: &[usize]| images().take(samples).unwrap_err().to_string();
        assert_eq!(text(&[]), "dataset `images`: there are no samples");
        let expected = "dataset `images`: sample 3 was asked for, but there are 3 samples (0 to 2)";
        assert_eq!(text(&[0, 3]), expected);
    }

    #[test]
    fn every_feature_has_one_name() {
        let error = images().with_feature_names(["left"]).unwrap_err();
        assert_eq!(error.to_string(), "dataset `images`: 2 features but 1 feature name");
    }

    #[test]
    fn a_cast_keeps_all_but_the_number_type() {
        let double = images().with_feature_names(["l", "r"]).unwrap().cast::<f64>().unwrap();
        assert_eq!(double.inputs().as_slice(), &[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(double.labels(), Some(&[1, 0, 1][..]));
        assert_eq!(double.feature_names().unwrap(), ["l", "r"]);
    }

    #[test]
    fn a_cast_that_overflows_is_refused() {
        let inputs = Tensor::from_vec([1, 2], vec![0.0, 1e300f64]).unwrap();
        let data = Dataset::regression("big", inputs, Tensor::zeros([1])).unwrap();
        let error = data.cast::<f32>().unwrap_err();
        let expected = "dataset `big`: feature 1 of sample 0 is inf; inputs must be finite";
        assert_eq!(error.to_string(), expected);
    }
}
