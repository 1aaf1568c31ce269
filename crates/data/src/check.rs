//! What every dataset must fulfil, checked once when it is made.
//!
//! A NaN that slips in here would surface hundreds of steps later as a loss that is not finite,
//! so each check names the sample at fault.

use evenkeel_tensor::{Real, Tensor};

use crate::{DataError, Targets};

/// Checks that there are samples, that they fit their targets, and that all values are finite.
pub(crate) fn check<T: Real>(
    dataset: &str,
    inputs: &Tensor<T>,
    targets: &Targets<T>,
) -> Result<(), DataError> {
    check_shape(dataset, inputs, "inputs")?;
    check_inputs(dataset, inputs)?;
    match targets {
        Targets::Classes { labels, names } => {
            check_count(dataset, inputs, "label", labels.len())?;
            check_labels(dataset, labels, names.len())
        }
        Targets::Values(values) => check_values(dataset, inputs, values),
    }
}

fn check_shape<T: Real>(
    dataset: &str,
    tensor: &Tensor<T>,
    what: &'static str,
) -> Result<(), DataError> {
    let shape = tensor.shape();
    if shape.axes() > 0 && shape.samples() == 0 {
        return Err(DataError::Empty { dataset: dataset.into() });
    }
    if shape.axes() == 0 || shape.is_empty() {
        return Err(DataError::Shape { dataset: dataset.into(), what, shape });
    }
    Ok(())
}

fn check_count<T: Real>(
    dataset: &str,
    inputs: &Tensor<T>,
    what: &'static str,
    got: usize,
) -> Result<(), DataError> {
    let samples = inputs.shape().samples();
    if got == samples {
        return Ok(());
    }
    Err(DataError::Count { dataset: dataset.into(), samples, what, got })
}

fn check_labels(dataset: &str, labels: &[usize], classes: usize) -> Result<(), DataError> {
    match labels.iter().position(|&label| label >= classes) {
        None => Ok(()),
        Some(sample) => {
            let label = labels[sample];
            Err(DataError::Label { dataset: dataset.into(), sample, label, classes })
        }
    }
}

fn check_inputs<T: Real>(dataset: &str, inputs: &Tensor<T>) -> Result<(), DataError> {
    match first_non_finite(inputs) {
        None => Ok(()),
        Some((sample, feature, value)) => {
            Err(DataError::Input { dataset: dataset.into(), sample, feature, value })
        }
    }
}

fn check_values<T: Real>(
    dataset: &str,
    inputs: &Tensor<T>,
    values: &Tensor<T>,
) -> Result<(), DataError> {
    // Targets without samples are miscounted, not misshapen: the inputs have some.
    if values.shape().axes() > 0 {
        check_count(dataset, inputs, "target", values.shape().samples())?;
    }
    check_shape(dataset, values, "targets")?;
    match first_non_finite(values) {
        None => Ok(()),
        Some((sample, target, value)) => {
            Err(DataError::Target { dataset: dataset.into(), sample, target, value })
        }
    }
}

/// The first value that is NaN or infinite: its sample, its place in there, and itself.
fn first_non_finite<T: Real>(tensor: &Tensor<T>) -> Option<(usize, usize, f64)> {
    if tensor.is_finite() {
        return None;
    }
    let values = tensor.as_slice();
    let place = values.iter().position(|value| !value.to_f64().is_finite())?;
    let len = tensor.shape().sample_len();
    Some((place / len, place % len, values[place].to_f64()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dataset;

    fn classes(inputs: Tensor, labels: Vec<usize>, classes: usize) -> String {
        let names = (0..classes).map(|class| class.to_string());
        Dataset::classification("name", inputs, labels, names).unwrap_err().to_string()
    }

    fn values(inputs: Tensor, targets: Tensor) -> String {
        Dataset::regression("name", inputs, targets).unwrap_err().to_string()
    }

    #[test]
    fn a_dataset_needs_samples() {
        let message = "dataset `name`: there are no samples";
        assert_eq!(classes(Tensor::zeros([0, 4]), vec![], 2), message);
        assert_eq!(values(Tensor::zeros([0, 4]), Tensor::zeros([0, 1])), message);
    }

    #[test]
    fn samples_need_an_axis_and_values() {
        let text = |what, shape| {
            format!(
                "dataset `name`: {what} must have the shape [samples, ...] with at least one \
                 value in each sample, got {shape}"
            )
        };
        assert_eq!(classes(Tensor::scalar(1.0), vec![0], 1), text("inputs", "[]"));
        assert_eq!(classes(Tensor::zeros([3, 0]), vec![0; 3], 1), text("inputs", "[3, 0]"));
        let one = || Tensor::zeros([1, 2]);
        assert_eq!(values(one(), Tensor::scalar(1.0)), text("targets", "[]"));
        assert_eq!(values(one(), Tensor::zeros([1, 0])), text("targets", "[1, 0]"));
    }

    #[test]
    fn labels_and_targets_are_as_many_as_samples() {
        let text = classes(Tensor::zeros([10, 2]), vec![0; 9], 1);
        assert_eq!(text, "dataset `name`: 10 samples but 9 labels");
        let text = values(Tensor::zeros([1, 2]), Tensor::zeros([2, 1]));
        assert_eq!(text, "dataset `name`: 1 sample but 2 targets");
        let text = values(Tensor::zeros([3, 2]), Tensor::zeros([0, 1]));
        assert_eq!(text, "dataset `name`: 3 samples but 0 targets");
    }

    #[test]
    fn labels_name_a_class() {
        let text = classes(Tensor::zeros([5, 2]), vec![0, 4, 1, 7, 9], 5);
        let expected = "dataset `name`: sample 3 has label 7, but there are 5 classes (0 to 4)";
        assert_eq!(text, expected);
    }

    #[test]
    fn every_value_is_finite() {
        let mut inputs = Tensor::zeros([4, 2, 3]);
        inputs.as_mut_slice()[17] = f32::NAN;
        let text = classes(inputs.clone(), vec![0; 4], 1);
        let expected = "dataset `name`: feature 5 of sample 2 is NaN; inputs must be finite";
        assert_eq!(text, expected);

        inputs.as_mut_slice()[0] = f32::NEG_INFINITY;
        let text = values(inputs, Tensor::zeros([4]));
        let expected = "dataset `name`: feature 0 of sample 0 is -inf; inputs must be finite";
        assert_eq!(text, expected);

        let mut targets = Tensor::zeros([4, 2]);
        targets.as_mut_slice()[3] = f32::INFINITY;
        let text = values(Tensor::zeros([4, 2]), targets);
        let expected = "dataset `name`: target 1 of sample 1 is inf; targets must be finite";
        assert_eq!(text, expected);
    }
}
