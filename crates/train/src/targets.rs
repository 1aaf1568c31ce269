//! The targets of a data set in the form that a loss wants, checked against the model.

use evenkeel_data::{Dataset, Targets};
use evenkeel_nn::{Loss, Model};
use evenkeel_tensor::{Real, Shape, Tensor};

use crate::TrainError;

/// The targets of a data set as the tensor that a loss wants: class indices `[N]` for
/// cross-entropy, one-hot rows `[N, C]` for the squared error of classes, values as they are.
///
/// # Errors
/// [`TrainError::Fit`] if the model's inputs or outputs do not fit the data and the loss.
pub fn targets_for<T: Real>(
    model: &Model<T>,
    data: &Dataset<T>,
    loss: Loss,
) -> Result<Tensor<T>, TrainError> {
    fits("input shape of the data", model.sample_shape(), data.sample_shape())?;
    let output = model.output_shape()?;
    match (loss, data.targets()) {
        (Loss::SoftmaxCrossEntropy(_), Targets::Classes { names, .. }) => {
            fits("output of the model (classes)", Shape::from([names.len()]), output)?;
        }
        (Loss::SoftmaxCrossEntropy(_), Targets::Values(_)) => {
            return Err(misfit("targets of softmax cross-entropy", "classes", "values"));
        }
        (Loss::SigmoidBinaryCrossEntropy(_), Targets::Classes { names, .. }) => {
            if names.len() != 2 {
                let got = format!("{} classes", names.len());
                return Err(misfit("targets of sigmoid cross-entropy", "2 classes", &got));
            }
            fits("output of the model (one logit)", Shape::from([1]), output)?;
        }
        (Loss::MeanSquaredError(_), Targets::Classes { names, .. }) => {
            fits("output of the model (classes)", Shape::from([names.len()]), output)?;
            return Ok(data.one_hot()?);
        }
        (_, Targets::Values(values)) => {
            fits("output of the model (values)", values.shape().sample(), output)?;
        }
    }
    Ok(data.target_tensor())
}

fn fits(what: &'static str, expected: Shape, got: Shape) -> Result<(), TrainError> {
    let one = |shape: Shape| shape.len() == 1 && shape.axes() <= 1;
    if expected == got || (one(expected) && one(got)) {
        return Ok(());
    }
    Err(misfit(what, &expected.to_string(), &got.to_string()))
}

fn misfit(what: &'static str, expected: &str, got: &str) -> TrainError {
    TrainError::Fit { what, expected: expected.into(), got: got.into() }
}
