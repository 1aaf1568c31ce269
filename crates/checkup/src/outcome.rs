//! One training run of a showdown: one policy, one seed.

use evenkeel_data::Dataset;
use evenkeel_init::Policy;
use evenkeel_nn::Model;
use evenkeel_tensor::{Real, Tensor};
use evenkeel_train::{Epoch, Flow, Observer, Scores, TrainError, Trainer, evaluate};

use crate::showdown::Showdown;
use crate::{CheckupError, LayerSignal, UnitCount, distinct_units, signals};

/// What came of one run.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) signals: Vec<LayerSignal>,
    pub(crate) units_at_start: Vec<UnitCount>,
    pub(crate) units_at_end: Vec<UnitCount>,
    pub(crate) start: Scores,
    pub(crate) epochs: Vec<Epoch>,
    pub(crate) train: Scores,
    pub(crate) test: Scores,
    /// The step and the message of the error that ended the run.
    pub(crate) diverged: Option<(u64, String)>,
}

/// Keeps the epochs, so that they survive a run that fails.
#[derive(Default)]
struct Recorder(Vec<Epoch>);

impl<T: Real> Observer<T> for Recorder {
    fn epoch(&mut self, epoch: &Epoch, _: &Model<T>) -> Flow {
        self.0.push(epoch.clone());
        Flow::Continue
    }
}

impl Outcome {
    pub(crate) fn of<T: Real>(
        showdown: &Showdown<'_, T>,
        policy: &Policy<T>,
        seed: u64,
        probe: &(Tensor<T>, Tensor<T>),
    ) -> Result<Self, CheckupError> {
        let mut model = showdown.model.clone();
        model.initialize(policy, seed)?;
        let score = |model: &Model<T>, data: &Dataset<T>| {
            evaluate(model, data, showdown.loss, &[showdown.metric])
        };
        let units_at_start = distinct_units(model.params());
        let signals = signals(&model, &probe.0, &probe.1, showdown.loss)?;
        let start = score(&model, showdown.train)?;
        let trainer = showdown.trainer(seed)?;
        let (epochs, diverged) = train(&trainer, &mut model, showdown)?;
        Ok(Self {
            signals,
            units_at_start,
            units_at_end: distinct_units(model.params()),
            start,
            epochs,
            train: score(&model, showdown.train)?,
            test: score(&model, showdown.test)?,
            diverged,
        })
    }

    /// The first epoch after which the test metric was at least `target`.
    pub(crate) fn epochs_to(&self, target: f64) -> Option<usize> {
        let metric = |epoch: &&Epoch| {
            let scores = epoch.validation.as_ref();
            scores.is_some_and(|scores| scores.metrics.values().any(|&value| value >= target))
        };
        self.epochs.iter().find(metric).map(|epoch| epoch.epoch)
    }
}

type Trained = (Vec<Epoch>, Option<(u64, String)>);

/// Trains; a loss that is not finite is a result, not an error.
fn train<T: Real>(
    trainer: &Trainer<T>,
    model: &mut Model<T>,
    showdown: &Showdown<'_, T>,
) -> Result<Trained, CheckupError> {
    let mut recorder = Recorder::default();
    let test = Some(showdown.test);
    let result = trainer.fit_observed(model, showdown.train, test, &mut [&mut recorder]);
    let diverged = match result {
        Ok(_) => None,
        Err(TrainError::NonFinite { step, what, value, origin, .. }) => {
            Some((step, format!("{what} is {value}, first in {origin}")))
        }
        Err(error) => return Err(error.into()),
    };
    Ok((recorder.0, diverged))
}
