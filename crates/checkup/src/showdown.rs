//! One architecture, several initializations, several seeds: who trains?

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use evenkeel_data::Dataset;
use evenkeel_init::Policy;
use evenkeel_nn::{Loss, Model};
use evenkeel_tensor::{Real, Tensor};
use evenkeel_train::{Metric, Sgd, Trainer, targets_for};
use rayon::prelude::*;

use crate::error::at_least_one;
use crate::outcome::Outcome;
use crate::{CheckupError, Report};

/// How many training samples the signals are measured on.
const PROBE: usize = 256;

/// Compares initializations: trains the same model from each policy and each seed.
///
/// Runs of the same seed see the same batches in the same order, whatever the policy. Runs go on
/// in parallel; the report does not depend on the number of threads.
///
/// | setting | default |
/// |---|---|
/// | policies | zeros, N(0,1)·10, N(0,1)·0.01, U\[-0.05, 0.05\], Xavier, Glorot and He |
/// | seeds | 5 |
/// | epochs | 30 |
/// | batch size | 32 |
/// | learning rate | 0.05, plain SGD |
/// | target | 0.95 of the test metric |
///
/// See the [crate's page](crate) for an example.
#[derive(Clone)]
pub struct Showdown<'a, T: Real = f32> {
    pub(crate) model: &'a Model<T>,
    pub(crate) train: &'a Dataset<T>,
    pub(crate) test: &'a Dataset<T>,
    pub(crate) loss: Loss,
    pub(crate) metric: Metric,
    pub(crate) policies: Vec<Policy<T>>,
    pub(crate) seeds: usize,
    pub(crate) epochs: usize,
    pub(crate) batch_size: usize,
    pub(crate) learning_rate: f64,
    pub(crate) target: f64,
    progress: Option<Arc<dyn Fn(usize, usize) + Send + Sync + 'a>>,
}

impl<'a, T: Real> Showdown<'a, T> {
    /// A showdown of this architecture; the model's own parameters do not matter.
    pub fn new(
        model: &'a Model<T>,
        train: &'a Dataset<T>,
        test: &'a Dataset<T>,
        loss: Loss,
    ) -> Self {
        let metric = match loss {
            Loss::SigmoidBinaryCrossEntropy(_) => Metric::BinaryAccuracy,
            _ => Metric::Accuracy,
        };
        Self {
            model,
            train,
            test,
            loss,
            metric,
            policies: Self::source_policies(),
            seeds: 5,
            epochs: 30,
            batch_size: 32,
            learning_rate: 0.05,
            target: 0.95,
            progress: None,
        }
    }

    /// The policies that courses on initialization compare.
    pub fn source_policies() -> Vec<Policy<T>> {
        let texts = [
            "zeros",
            "normal(10)",
            "normal(0.01)",
            "uniform(-0.05,0.05)",
            "xavier_normal",
            "glorot_normal",
            "glorot_uniform",
            "he_normal",
            "he_uniform",
        ];
        // Each of these texts is known to read.
        texts.iter().filter_map(|text| text.parse().ok()).collect()
    }

    /// The policies to compare, one row each.
    #[must_use]
    pub fn policies(self, policies: impl IntoIterator<Item = Policy<T>>) -> Self {
        Self { policies: policies.into_iter().collect(), ..self }
    }

    /// The number of seeds, at least 1: 0, 1, 2, …
    #[must_use]
    pub fn seeds(self, seeds: usize) -> Self {
        Self { seeds, ..self }
    }

    /// The number of epochs of each run, at least 1.
    #[must_use]
    pub fn epochs(self, epochs: usize) -> Self {
        Self { epochs, ..self }
    }

    /// The number of samples in a step, at least 1.
    #[must_use]
    pub fn batch_size(self, batch_size: usize) -> Self {
        Self { batch_size, ..self }
    }

    /// The learning rate of plain SGD, finite and at least 0.
    #[must_use]
    pub fn learning_rate(self, learning_rate: f64) -> Self {
        Self { learning_rate, ..self }
    }

    /// The test metric, as a fraction, that counts as having learned.
    #[must_use]
    pub fn target(self, target: f64) -> Self {
        Self { target, ..self }
    }

    /// Calls `report(done, all)` after each run, from any thread.
    #[must_use]
    pub fn on_progress(self, report: impl Fn(usize, usize) + Send + Sync + 'a) -> Self {
        Self { progress: Some(Arc::new(report)), ..self }
    }

    /// Trains all and reports.
    ///
    /// A run whose loss becomes infinite or NaN is reported as such and is no error.
    ///
    /// # Errors
    /// [`CheckupError::Setting`] if a number is zero that must not be, [`CheckupError::Train`] if
    /// the model does not fit the data, [`CheckupError::Model`] if a policy does not fit the
    /// model.
    pub fn run(&self) -> Result<Report, CheckupError> {
        at_least_one("policies", self.policies.len())?;
        at_least_one("seeds", self.seeds)?;
        self.trainer(0)?;
        let probe = self.probe()?;
        let runs = self.policies.len() * self.seeds;
        let done = AtomicUsize::new(0);
        let outcome = |run: usize| {
            let (policy, seed) = (&self.policies[run / self.seeds], (run % self.seeds) as u64);
            let outcome = Outcome::of(self, policy, seed, &probe);
            if let Some(report) = &self.progress {
                report(done.fetch_add(1, Ordering::Relaxed) + 1, runs);
            }
            outcome
        };
        let outcomes: Vec<Outcome> =
            (0..runs).into_par_iter().map(outcome).collect::<Result<_, _>>()?;
        Ok(Report::new(self, outcomes))
    }

    pub(crate) fn trainer(&self, seed: u64) -> Result<Trainer<T>, CheckupError> {
        let builder = Trainer::builder(self.loss, Sgd::new())
            .learning_rate(self.learning_rate)
            .epochs(self.epochs)
            .batch_size(self.batch_size)
            .metric(self.metric)
            .seed(seed);
        Ok(builder.build()?)
    }

    /// The batch that signals are measured on, with the targets as the loss wants them.
    fn probe(&self) -> Result<(Tensor<T>, Tensor<T>), CheckupError> {
        let samples: Vec<usize> = (0..self.train.len().min(PROBE)).collect();
        let targets = targets_for(self.model, self.train, self.loss)?;
        Ok((self.train.inputs().gather(&samples), targets.gather(&samples)))
    }
}

impl<T: Real> fmt::Debug for Showdown<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let policies: Vec<String> = self.policies.iter().map(Policy::to_string).collect();
        write!(f, "Showdown({} seeds of {})", self.seeds, policies.join(", "))
    }
}
