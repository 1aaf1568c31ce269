//! What came of a showdown, as figures.

use evenkeel_init::Policy;
use evenkeel_tensor::Real;
use serde::{Deserialize, Serialize};

use crate::outcome::Outcome;
use crate::showdown::Showdown;
use crate::statistic::number_or_nan;
use crate::{Statistic, diagnosis};

/// The results of a [`Showdown`]: a row for each policy. Prints as a table with a diagnosis for
/// each row; as JSON, what is not finite is `null` and accuracies are fractions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The name of the data set.
    pub dataset: String,
    /// The number of seeds.
    pub seeds: usize,
    /// The number of epochs of each run.
    pub epochs: usize,
    /// The learning rate.
    pub learning_rate: f64,
    /// The test accuracy that counts as having learned.
    pub target: f64,
    /// The entropy of the shares of the classes in the training set, in nats: the lowest loss
    /// without looking at the inputs. `None` if there are no classes.
    pub class_entropy: Option<f64>,
    /// One row for each policy.
    pub rows: Vec<Row>,
}

/// What came of one policy, over all seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The policy, as text.
    pub policy: String,
    /// The training loss before the first step.
    pub start_loss: Statistic,
    /// The training loss at the end, over the runs that did not diverge.
    pub train_loss: Statistic,
    /// The share of right answers on the training set at the end.
    pub train_accuracy: Statistic,
    /// The test loss at the end, over the runs that did not diverge.
    pub test_loss: Statistic,
    /// The share of right answers on the test set at the end.
    pub test_accuracy: Statistic,
    /// How soon the target was reached.
    pub target: Target,
    /// The runs that ended in a loss or gradient that was not finite, if any.
    pub diverged: Option<Diverged>,
    /// Mean training loss in each epoch, over the runs that got so far.
    pub loss_curve: Vec<Statistic>,
    /// The layers at the start, in the order in which data flows.
    pub layers: Vec<LayerRow>,
    /// In one line, what happened and why.
    pub diagnosis: String,
}

/// How soon the target accuracy was reached.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// In how many runs it was reached.
    pub reached: usize,
    /// The epochs that these needed, if there are any.
    pub epochs: Option<Statistic>,
}

/// Runs that ended in a loss or gradient that was not finite.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diverged {
    /// How many.
    pub runs: usize,
    /// The earliest step at which it happened.
    pub step: u64,
    /// What happened then.
    pub message: String,
}

/// One dense layer at the start; means over the seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayerRow {
    /// The layer's path.
    pub layer: String,
    /// The number of units.
    pub units: usize,
    /// The variance of the pre-activations.
    #[serde(deserialize_with = "number_or_nan")]
    pub variance: f64,
    /// The mean square of the derivatives of the loss by the pre-activations.
    #[serde(deserialize_with = "number_or_nan")]
    pub gradient_variance: f64,
    /// The share of dead units; `None` where no activation follows.
    pub dead: Option<f64>,
    /// The number of units that are not copies, before training.
    pub distinct_at_start: f64,
    /// The number of units that are not copies, after training.
    pub distinct_at_end: f64,
}

impl Row {
    /// The largest number of distinct units in any hidden layer after training; `None` without
    /// hidden layers. 1 means that symmetry was never broken.
    pub fn distinct_at_end(&self) -> Option<usize> {
        self.hidden().iter().map(|layer| layer.distinct_at_end.ceil() as usize).max()
    }

    /// All layers but the last.
    pub(crate) fn hidden(&self) -> &[LayerRow] {
        self.layers.split_last().map_or(&[], |(_, hidden)| hidden)
    }

    /// The factor by which the variance of the signal changes from one hidden layer to the next:
    /// a geometric mean. `None` for fewer than two hidden layers, or without signal.
    pub fn forward_factor(&self) -> Option<f64> {
        factor(self.hidden().iter().map(|layer| layer.variance))
    }

    /// The factor by which the mean square of the gradient changes from one hidden layer to the
    /// one *before* it.
    pub fn backward_factor(&self) -> Option<f64> {
        factor(self.hidden().iter().rev().map(|layer| layer.gradient_variance))
    }
}

fn factor(mut values: impl ExactSizeIterator<Item = f64> + Clone) -> Option<f64> {
    let steps = values.len().checked_sub(1).filter(|&steps| steps > 0)?;
    let (last, first) = (values.clone().last()?, values.next()?);
    let ratio = last / first;
    (ratio.is_finite() && ratio > 0.0).then(|| ratio.powf(1.0 / steps as f64))
}

impl Report {
    pub(crate) fn new<T: Real>(showdown: &Showdown<'_, T>, outcomes: Vec<Outcome>) -> Self {
        let mut report = Self {
            dataset: showdown.train.name().into(),
            seeds: showdown.seeds,
            epochs: showdown.epochs,
            learning_rate: showdown.learning_rate,
            target: showdown.target,
            class_entropy: showdown.train.class_entropy(),
            rows: Vec::new(),
        };
        let groups = outcomes.chunks(showdown.seeds).zip(&showdown.policies);
        let rows: Vec<Row> = groups.map(|(runs, policy)| report.row(policy, runs)).collect();
        report.rows = rows;
        report
    }

    fn row<T: Real>(&self, policy: &Policy<T>, runs: &[Outcome]) -> Row {
        let all = |figure: fn(&Outcome) -> f64| Statistic::of(runs.iter().map(figure));
        let survivors = |figure: fn(&Outcome) -> f64| {
            Statistic::of(runs.iter().filter(|run| run.diverged.is_none()).map(figure))
        };
        let accuracy = |scores: &evenkeel_train::Scores| {
            scores.metrics.values().next().copied().unwrap_or(f64::NAN)
        };
        let mut row = Row {
            policy: policy.to_string(),
            start_loss: all(|run| run.start.loss),
            train_loss: survivors(|run| run.train.loss),
            train_accuracy: Statistic::of(runs.iter().map(|run| accuracy(&run.train))),
            test_loss: survivors(|run| run.test.loss),
            test_accuracy: Statistic::of(runs.iter().map(|run| accuracy(&run.test))),
            target: Target::of(runs, self.target),
            diverged: Diverged::of(runs),
            loss_curve: loss_curve(runs),
            layers: layers(runs),
            diagnosis: String::new(),
        };
        row.diagnosis = diagnosis::of(&row, self);
        row
    }
}

impl Target {
    fn of(runs: &[Outcome], target: f64) -> Self {
        let epochs: Vec<f64> =
            runs.iter().filter_map(|run| run.epochs_to(target)).map(|e| e as f64).collect();
        let reached = epochs.len();
        Self { reached, epochs: (reached > 0).then(|| Statistic::of(epochs)) }
    }
}

impl Diverged {
    fn of(runs: &[Outcome]) -> Option<Self> {
        let diverged = runs.iter().filter_map(|run| run.diverged.as_ref());
        let (step, message) = diverged.clone().min_by_key(|(step, _)| *step)?;
        Some(Self { runs: diverged.count(), step: *step, message: message.clone() })
    }
}

fn loss_curve(runs: &[Outcome]) -> Vec<Statistic> {
    let longest = runs.iter().map(|run| run.epochs.len()).max().unwrap_or(0);
    let at = |epoch: usize| {
        Statistic::of(runs.iter().filter_map(|run| run.epochs.get(epoch)).map(|e| e.train.loss))
    };
    (0..longest).map(at).collect()
}

fn layers(runs: &[Outcome]) -> Vec<LayerRow> {
    let Some(first) = runs.first() else { return Vec::new() };
    let row = |(i, signal): (usize, &crate::LayerSignal)| {
        let mean = |figure: &dyn Fn(&Outcome) -> f64| Statistic::of(runs.iter().map(figure)).mean;
        let distinct = |units: &[crate::UnitCount]| {
            let found = units.iter().find(|count| count.layer == signal.layer);
            found.map_or(f64::NAN, |count| count.distinct as f64)
        };
        LayerRow {
            layer: signal.layer.clone(),
            units: signal.units,
            variance: mean(&|run| run.signals[i].variance),
            gradient_variance: mean(&|run| run.signals[i].gradient_variance),
            dead: signal.dead.map(|_| mean(&|run| run.signals[i].dead.unwrap_or(0.0))),
            distinct_at_start: mean(&|run| distinct(&run.units_at_start)),
            distinct_at_end: mean(&|run| distinct(&run.units_at_end)),
        }
    };
    first.signals.iter().enumerate().map(row).collect()
}
