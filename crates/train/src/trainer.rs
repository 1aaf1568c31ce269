//! The training loop.

use std::sync::Arc;
use std::time::Instant;

use evenkeel_data::Dataset;
use evenkeel_nn::{Loss, Model, Reduction};
use evenkeel_tensor::{Real, parallel};

use crate::batches::Batches;
use crate::error::check;
use crate::evaluate::Evaluator;
use crate::history::Tally;
use crate::targets::targets_for;
use crate::{
    Epoch, Flow, History, Metric, NonFinite, Observer, Optimizer, Progress, Schedule, Stepper,
    TrainError,
};

/// Trains models: so many epochs over a data set, in batches, each in random order.
///
/// See the [crate's page](crate) for an example.
#[derive(Clone, Debug)]
pub struct Trainer<T: Real = f32> {
    settings: TrainerBuilder<T>,
}

/// The settings of a [`Trainer`].
///
/// | setting | default | range | purpose |
/// |---|---|---|---|
/// | `epochs` | 10 | at least 1 | passes over the data |
/// | `batch_size` | 32 | at least 1 | samples in a step |
/// | `learning_rate` | 0.001 | finite, at least 0 | the size of a step |
/// | `seed` | 0 | any | the order of samples, dropout |
/// | `shuffle` | on | | off: the data's own order, always |
/// | `metric` | none | | figures beside the loss |
/// | `non_finite` | stop | | what to do about NaN |
/// | `progress` | off | | shows how it goes |
#[derive(Clone, Debug)]
pub struct TrainerBuilder<T: Real = f32> {
    loss: Loss,
    optimizer: Arc<dyn Optimizer<T>>,
    schedule: Schedule,
    epochs: usize,
    batch_size: usize,
    seed: u64,
    shuffle: bool,
    metrics: Vec<Metric>,
    non_finite: NonFinite,
    progress: bool,
}

impl<T: Real> TrainerBuilder<T> {
    /// The learning rate of every step.
    #[must_use]
    pub fn learning_rate(self, rate: f64) -> Self {
        Self { schedule: Schedule::Constant(rate), ..self }
    }

    /// The learning rate as a function of the step, counted from 1.
    #[must_use]
    pub fn schedule(self, rate: impl Fn(u64) -> f64 + Send + Sync + 'static) -> Self {
        Self { schedule: Schedule::Function(Arc::new(rate)), ..self }
    }

    /// The number of passes over the data.
    #[must_use]
    pub fn epochs(self, epochs: usize) -> Self {
        Self { epochs, ..self }
    }

    /// The number of samples in a step; the last of an epoch may have fewer.
    #[must_use]
    pub fn batch_size(self, batch_size: usize) -> Self {
        Self { batch_size, ..self }
    }

    /// Decides the order of samples and what random layers draw.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Whether each epoch has an order of its own.
    #[must_use]
    pub fn shuffle(self, shuffle: bool) -> Self {
        Self { shuffle, ..self }
    }

    /// Adds a figure to be computed beside the loss.
    #[must_use]
    pub fn metric(mut self, metric: Metric) -> Self {
        self.metrics.push(metric);
        self
    }

    /// What to do when the loss or a gradient is not finite.
    #[must_use]
    pub fn non_finite(self, non_finite: NonFinite) -> Self {
        Self { non_finite, ..self }
    }

    /// Whether to show progress on standard error.
    #[must_use]
    pub fn progress(self, progress: bool) -> Self {
        Self { progress, ..self }
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`TrainError::Setting`] naming the first one outside its range.
    pub fn build(self) -> Result<Trainer<T>, TrainError> {
        self.optimizer.check()?;
        self.schedule.rate(1)?;
        let at_least_one = |field, count| check(field, count as f64, count > 0, "at least 1");
        at_least_one("epochs", self.epochs)?;
        at_least_one("batch size", self.batch_size)?;
        Ok(Trainer { settings: self })
    }
}

impl<T: Real> Trainer<T> {
    /// Starts the settings of a trainer for this loss and optimizer.
    pub fn builder(loss: Loss, optimizer: impl Optimizer<T> + 'static) -> TrainerBuilder<T> {
        TrainerBuilder {
            loss,
            optimizer: Arc::new(optimizer),
            schedule: Schedule::Constant(1e-3),
            epochs: 10,
            batch_size: 32,
            seed: 0,
            shuffle: true,
            metrics: Vec::new(),
            non_finite: NonFinite::default(),
            progress: false,
        }
    }

    /// Trains `model` on `train`; scores it on `validation` after each epoch if there is any.
    ///
    /// # Errors
    /// [`TrainError::Fit`] if the model, the data and the loss do not fit one another;
    /// [`TrainError::NonFinite`] if a step fails, in which case the model keeps its last good
    /// parameters.
    pub fn fit(
        &self,
        model: &mut Model<T>,
        train: &Dataset<T>,
        validation: Option<&Dataset<T>>,
    ) -> Result<History, TrainError> {
        self.fit_observed(model, train, validation, &mut [])
    }

    /// [`fit`](Self::fit), watched by these observers.
    ///
    /// # Errors
    /// As [`fit`](Self::fit).
    pub fn fit_observed(
        &self,
        model: &mut Model<T>,
        train: &Dataset<T>,
        validation: Option<&Dataset<T>>,
        observers: &mut [&mut dyn Observer<T>],
    ) -> Result<History, TrainError> {
        let mut progress = self.settings.progress.then(Progress::new);
        let shown = progress.iter_mut().map(|progress| progress as &mut dyn Observer<T>);
        let mut all: Vec<&mut dyn Observer<T>> = shown.collect();
        all.extend(observers.iter_mut().map(|observer| &mut **observer as &mut dyn Observer<T>));
        all.iter_mut().for_each(|observer| observer.begin(self.settings.epochs));
        let result = self.run(model, train, validation, &mut all);
        all.iter_mut().for_each(|observer| observer.end());
        result
    }

    fn run(
        &self,
        model: &mut Model<T>,
        train: &Dataset<T>,
        validation: Option<&Dataset<T>>,
        observers: &mut [&mut dyn Observer<T>],
    ) -> Result<History, TrainError> {
        let TrainerBuilder { loss, optimizer, seed, non_finite, .. } = &self.settings;
        let targets = targets_for(model, train, *loss)?;
        let mut evaluator = match validation {
            Some(data) => Some(Evaluator::new(data, targets_for(model, data, *loss)?, *loss)),
            None => None,
        };
        let stepper = Stepper::shared(model, *loss, optimizer.clone(), *seed)?;
        let mut stepper = stepper.on_non_finite(*non_finite);
        let mut batches = Batches::new(train.inputs(), &targets, self.settings.batch_size);
        let mut history = History::default();
        for number in 1..=self.settings.epochs {
            // Inside of the pool from the first step to the last: entering it takes time.
            let (stepper, batches) = (&mut stepper, &mut batches);
            let mut epoch = parallel::in_pool(|| self.epoch(number, model, stepper, batches))?;
            if let Some(evaluator) = &mut evaluator {
                epoch.validate(evaluator, model, &self.settings.metrics)?;
            }
            let flows = observers.iter_mut().map(|observer| observer.epoch(&epoch, model));
            // Every observer is told, also after one has asked to stop.
            let stop = flows.fold(false, |stop, flow| stop | (flow == Flow::Stop));
            history.epochs.push(epoch);
            if stop {
                break;
            }
        }
        Ok(history)
    }

    /// One pass over the data.
    fn epoch(
        &self,
        number: usize,
        model: &mut Model<T>,
        stepper: &mut Stepper<T>,
        batches: &mut Batches<'_, T>,
    ) -> Result<Epoch, TrainError> {
        let start = Instant::now();
        if self.settings.shuffle {
            batches.shuffle(self.settings.seed, number);
        }
        let (mut tally, mut rate) = (Tally::new(&self.settings.metrics), 0.0);
        for index in 0..batches.count() {
            let (x, y) = batches.get(index);
            rate = self.settings.schedule.rate(stepper.steps() + 1)?;
            let step = stepper.step(model, x, y, rate);
            let loss = step.map_err(|error| error.in_epoch(number))?.loss;
            let (logits, shape) = stepper.predictions().unwrap_or_default();
            tally.add(loss, x.shape().samples(), logits, shape, y.as_slice());
        }
        let train = tally.scores(self.settings.loss.reduction() == Reduction::Mean);
        let (steps, seconds) = (stepper.steps(), start.elapsed().as_secs_f64());
        Ok(Epoch { epoch: number, steps, rate, train, validation: None, seconds })
    }
}

impl Epoch {
    fn validate<T: Real>(
        &mut self,
        evaluator: &mut Evaluator<'_, T>,
        model: &Model<T>,
        metrics: &[Metric],
    ) -> Result<(), TrainError> {
        let start = Instant::now();
        self.validation = Some(evaluator.scores(model, metrics)?);
        self.seconds += start.elapsed().as_secs_f64();
        Ok(())
    }
}

impl TrainError {
    /// Says in which epoch a step failed.
    fn in_epoch(mut self, number: usize) -> Self {
        if let Self::NonFinite { epoch, .. } = &mut self {
            *epoch = Some(number);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_data::{circles, digits};
    use evenkeel_init::Policy;
    use evenkeel_nn::Sequential;

    use super::*;
    use crate::{Adam, Sgd};

    fn builder() -> TrainerBuilder {
        Trainer::builder(Loss::sigmoid_binary_cross_entropy(), Adam::default())
    }

    fn network() -> Sequential {
        Sequential::new([2]).dense(16).relu().dense(1)
    }

    #[test]
    fn a_network_learns_and_its_history_tells() {
        let data = circles::<f32>(300, 0.05, 0.5, 1).unwrap();
        let mut model = network().build(&Policy::auto(), 3).unwrap();
        let trainer = builder()
            .learning_rate(0.01)
            .epochs(40)
            .metric(Metric::BinaryAccuracy)
            .build()
            .unwrap();
        let history = trainer.fit(&mut model, &data, Some(&data)).unwrap();
        let last = history.last().unwrap();
        assert_eq!((last.epoch, last.steps), (40, 400));
        assert!(last.train.metrics["binary_accuracy"] > 0.98, "{history}");
        assert!(last.validation.as_ref().unwrap().loss < 0.25 * history.epochs[0].train.loss);
    }

    #[test]
    fn the_same_seed_gives_the_same_bits_and_another_seed_others() {
        let data = circles::<f32>(200, 0.05, 0.5, 1).unwrap();
        let run = |seed| {
            let mut model = network().build(&Policy::auto(), 3).unwrap();
            let trainer = builder().seed(seed).epochs(3).build().unwrap();
            trainer.fit(&mut model, &data, None).unwrap().losses()
        };
        assert_eq!(run(1), run(1));
        assert_ne!(run(1), run(2));
    }

    #[test]
    fn settings_outside_their_range_are_refused() {
        let refuse = |builder: TrainerBuilder| builder.build().unwrap_err().to_string();
        assert_eq!(
            refuse(builder().learning_rate(-0.1)),
            "learning rate must be finite and at least 0, got -0.1"
        );
        assert_eq!(refuse(builder().epochs(0)), "epochs must be at least 1, got 0");
        assert_eq!(refuse(builder().batch_size(0)), "batch size must be at least 1, got 0");
    }

    #[test]
    fn misfits_between_model_data_and_loss_are_named() {
        let mut model: Model = network().build(&Policy::auto(), 3).unwrap();
        let mut refuse = |loss, data: &Dataset| {
            let trainer = Trainer::builder(loss, Sgd::new()).build().unwrap();
            trainer.fit(&mut model, data, None).unwrap_err().to_string()
        };
        let circles = circles(10, 0.0, 0.5, 1).unwrap();
        assert_eq!(
            refuse(Loss::softmax_cross_entropy(), &circles),
            "output of the model (classes): expected [2], got [1]"
        );
        assert_eq!(
            refuse(Loss::sigmoid_binary_cross_entropy(), &digits()),
            "input shape of the data: expected [2], got [64]"
        );
    }

    /// Stops after two epochs and counts what it is told.
    #[derive(Default)]
    struct Two {
        begun: usize,
        ended: usize,
    }

    impl Observer for Two {
        fn begin(&mut self, epochs: usize) {
            self.begun = epochs;
        }

        fn epoch(&mut self, epoch: &Epoch, _: &Model) -> Flow {
            if epoch.epoch == 2 { Flow::Stop } else { Flow::Continue }
        }

        fn end(&mut self) {
            self.ended += 1;
        }
    }

    #[test]
    fn an_observer_can_stop_the_run() {
        let data = circles(20, 0.0, 0.5, 1).unwrap();
        let mut model = network().build(&Policy::auto(), 3).unwrap();
        let mut two = Two::default();
        let trainer = builder().build().unwrap();
        let history = trainer.fit_observed(&mut model, &data, None, &mut [&mut two]).unwrap();
        assert_eq!((history.epochs.len(), two.begun, two.ended), (2, 10, 1));
    }
}
