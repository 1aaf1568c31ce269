//! Whatever watches training: progress bars, early stopping, checkpoints.

use evenkeel_nn::Model;
use evenkeel_tensor::Real;

use crate::Epoch;

/// Whether training goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// It does.
    Continue,
    /// It ends after this epoch, as if it were the last.
    Stop,
}

/// Watches a training run.
///
/// ```
/// use evenkeel_nn::Model;
/// use evenkeel_train::{Epoch, Flow, Observer};
///
/// /// Stops once the training loss is small enough.
/// struct Enough(f64);
///
/// impl Observer for Enough {
///     fn epoch(&mut self, epoch: &Epoch, _: &Model) -> Flow {
///         if epoch.train.loss < self.0 { Flow::Stop } else { Flow::Continue }
///     }
/// }
/// ```
pub trait Observer<T: Real = f32> {
    /// Called once before the first epoch, with the number of epochs planned.
    fn begin(&mut self, _epochs: usize) {}

    /// Called after each epoch, with what happened and the model as it is now.
    fn epoch(&mut self, epoch: &Epoch, model: &Model<T>) -> Flow;

    /// Called once after the last epoch, also when training fails.
    fn end(&mut self) {}
}
