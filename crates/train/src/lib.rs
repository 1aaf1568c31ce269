//! Training: optimizers, metrics and the loop.
//!
//! A [`Trainer`] runs over a data set for some epochs; everything else observes it. An
//! [`Optimizer`] is written for one tensor and knows nothing of models. A [`Stepper`] is one
//! training step at a time, for those who write their own loop.
//!
//! ```
//! use evenkeel_data::{Standardizer, digits};
//! use evenkeel_init::Policy;
//! use evenkeel_nn::{Loss, Model, Sequential};
//! use evenkeel_train::{Adam, Metric, Trainer};
//!
//! let (train, test) = digits::<f32>().split_stratified(0.2, 1)?;
//! let scaler = Standardizer::fit(&train);
//! let (train, test) = (scaler.apply(&train)?, scaler.apply(&test)?);
//! let mut model: Model =
//!     Sequential::new([64]).dense(32).relu().dense(10).build(&Policy::auto(), 42)?;
//! let trainer = Trainer::builder(Loss::softmax_cross_entropy(), Adam::default())
//!     .learning_rate(3e-3)
//!     .epochs(8)
//!     .metric(Metric::Accuracy)
//!     .build()?;
//! let history = trainer.fit(&mut model, &train, Some(&test))?;
//! assert!(history.last().unwrap().validation.as_ref().unwrap().metrics["accuracy"] > 0.9);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod adam;
mod batches;
mod error;
mod evaluate;
mod history;
mod metric;
mod observer;
mod optimizer;
mod progress;
mod schedule;
mod sgd;
mod stepper;
mod targets;
mod trainer;

pub use adam::Adam;
pub use error::TrainError;
pub use evaluate::evaluate;
pub use history::{Epoch, History, Scores};
pub use metric::Metric;
pub use observer::{Flow, Observer};
pub use optimizer::{Coefficients, Optimizer, OptimizerState};
pub use progress::Progress;
pub use schedule::Schedule;
pub use sgd::{Momentum, Sgd};
pub use stepper::{NonFinite, StepOutcome, Stepper};
pub use targets::targets_for;
pub use trainer::{Trainer, TrainerBuilder};
