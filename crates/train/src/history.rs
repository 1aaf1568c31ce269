//! What happened in training, epoch by epoch.

use std::collections::BTreeMap;
use std::fmt;

use evenkeel_tensor::{Real, Shape};
use serde::{Deserialize, Serialize};

use crate::Metric;

/// A loss and the metrics beside it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Scores {
    /// The loss.
    pub loss: f64,
    /// The metrics by name, as fractions.
    pub metrics: BTreeMap<String, f64>,
}

/// One epoch of training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// The number of the epoch, counted from 1.
    pub epoch: usize,
    /// The steps made since training began.
    pub steps: u64,
    /// The learning rate of the epoch's last step.
    pub rate: f64,
    /// Mean loss and metrics over the epoch's batches, each before its update.
    pub train: Scores,
    /// Loss and metrics on the validation data after the epoch, if there are any.
    pub validation: Option<Scores>,
    /// How long the epoch took, in seconds, validation included.
    pub seconds: f64,
}

/// All epochs of a training run. Prints as a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct History {
    /// The epochs, in order.
    pub epochs: Vec<Epoch>,
}

impl History {
    /// The last epoch.
    pub fn last(&self) -> Option<&Epoch> {
        self.epochs.last()
    }

    /// The training loss of each epoch.
    pub fn losses(&self) -> Vec<f64> {
        self.epochs.iter().map(|epoch| epoch.train.loss).collect()
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.epochs.iter().map(Epoch::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "epoch {:>3}  loss {:.4}", self.epoch, self.train.loss)?;
        write_metrics(f, "", &self.train)?;
        if let Some(validation) = &self.validation {
            write!(f, "  validation loss {:.4}", validation.loss)?;
            write_metrics(f, "validation ", validation)?;
        }
        write!(f, "  {:.2} s", self.seconds)
    }
}

fn write_metrics(f: &mut fmt::Formatter<'_>, prefix: &str, scores: &Scores) -> fmt::Result {
    let mut metrics = scores.metrics.iter();
    metrics.try_for_each(|(name, value)| write!(f, "  {prefix}{name} {:.2} %", 100.0 * value))
}

/// Adds up losses and right answers over batches.
#[derive(Clone, Debug)]
pub(crate) struct Tally<'a> {
    metrics: &'a [Metric],
    hits: Vec<(usize, usize)>,
    loss: f64,
    weighted: f64,
    samples: usize,
}

impl<'a> Tally<'a> {
    pub(crate) fn new(metrics: &'a [Metric]) -> Self {
        let hits = vec![(0, 0); metrics.len()];
        Self { metrics, hits, loss: 0.0, weighted: 0.0, samples: 0 }
    }

    pub(crate) fn add<T: Real>(
        &mut self,
        loss: f64,
        samples: usize,
        logits: &[T],
        shape: Shape,
        targets: &[T],
    ) {
        self.loss += loss;
        self.weighted += loss * samples as f64;
        self.samples += samples;
        for (metric, (hits, answers)) in self.metrics.iter().zip(&mut self.hits) {
            let (right, all) = metric.count(logits, shape, targets);
            (*hits, *answers) = (*hits + right, *answers + all);
        }
    }

    /// The mean over all samples of a loss that is a mean itself, or the sum of the others.
    pub(crate) fn scores(&self, mean: bool) -> Scores {
        let share = |&(hits, answers): &(usize, usize)| hits as f64 / answers as f64;
        let named = self.metrics.iter().map(|metric| metric.name().to_owned());
        let loss = if mean { self.weighted / self.samples as f64 } else { self.loss };
        Scores { loss, metrics: named.zip(self.hits.iter().map(share)).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch() -> Epoch {
        let metrics = BTreeMap::from([("accuracy".to_owned(), 0.875)]);
        let train = Scores { loss: 0.5, metrics };
        let validation = Some(Scores { loss: 0.75, metrics: BTreeMap::new() });
        Epoch { epoch: 3, steps: 12, rate: 0.1, train, validation, seconds: 1.0 }
    }

    #[test]
    fn an_epoch_prints_as_a_line() {
        assert_eq!(
            epoch().to_string(),
            "epoch   3  loss 0.5000  accuracy 87.50 %  validation loss 0.7500  1.00 s"
        );
    }

    #[test]
    fn a_history_survives_json() {
        let history = History { epochs: vec![epoch()] };
        let json = serde_json::to_string(&history).unwrap();
        assert_eq!(serde_json::from_str::<History>(&json).unwrap(), history);
    }
}
