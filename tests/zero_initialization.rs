//! What zero and constant initialization do, as facts.
#![allow(clippy::unwrap_used)]

use evenkeel::checkup::distinct_units;
use evenkeel::prelude::*;
use evenkeel::train::Coefficients;

/// Trains on the whole set at once and returns the last loss.
fn train<T: Real>(
    model: &mut Model<T>,
    data: &Dataset<T>,
    loss: Loss,
    optimizer: impl Optimizer<T> + 'static,
    (steps, rate): (usize, f64),
) -> f64 {
    let mut stepper = Stepper::new(model, loss, optimizer, 0).unwrap();
    let targets = data.target_tensor();
    let mut last = f64::NAN;
    for _ in 0..steps {
        last = stepper.step(model, data.inputs(), &targets, rate).unwrap().loss;
    }
    last
}

/// 60, 30 and 10 samples of three classes.
fn unbalanced() -> Dataset<f64> {
    let data = blobs::<f64>(300, 3, 0.5, 1).unwrap();
    let labels = data.labels().unwrap();
    let of = |class, count| {
        let samples = (0..labels.len()).filter(move |&i| labels[i] == class);
        samples.take(count).collect::<Vec<_>>()
    };
    data.take(&[of(0, 60), of(1, 30), of(2, 10)].concat()).unwrap()
}

#[test]
fn behind_relu_only_the_output_bias_learns_and_the_loss_falls_to_the_prior_entropy() {
    let data = unbalanced();
    let network = Sequential::new([2]).dense(8).relu().dense(8).relu().dense(3);
    let mut model: Model<f64> = network.build(&"zeros".parse().unwrap(), 0).unwrap();
    let loss = train(&mut model, &data, Loss::softmax_cross_entropy(), Sgd::new(), (3_000, 0.5));

    // −(0.6 ln 0.6 + 0.3 ln 0.3 + 0.1 ln 0.1)
    let entropy = data.class_entropy().unwrap();
    approx::assert_relative_eq!(entropy, 0.8979457248567797, max_relative = 1e-12);
    approx::assert_relative_eq!(loss, entropy, max_relative = 1e-9);
    for (_, entry) in model.params().iter() {
        let learned = entry.value().as_slice().iter().any(|&x| x != 0.0);
        assert_eq!(learned, entry.name() == "dense.2/bias", "{}", entry.name());
    }
}

#[test]
fn on_a_balanced_set_not_even_that() {
    let data = circles::<f64>(300, 0.05, 0.5, 1).unwrap();
    let mut model: Model<f64> =
        Sequential::new([2]).dense(10).relu().dense(1).build(&"zeros".parse().unwrap(), 0).unwrap();
    let loss = Loss::sigmoid_binary_cross_entropy();
    assert_eq!(train(&mut model, &data, loss, Sgd::new(), (200, 0.5)), 2f64.ln());
    assert!(model.params().iter().all(|(_, e)| e.value().as_slice().iter().all(|&x| x == 0.0)));
}

fn copies_stay_copies<T: Real>(policy: &str, widths: &[usize], activation: Activation) {
    let data = moons::<T>(150, 0.1, 1).unwrap();
    let optimizers: [Box<dyn Optimizer<T>>; 3] = [
        Box::new(Sgd::new()),
        Box::new(Sgd::new().with_momentum(Momentum::Nesterov(0.9))),
        Box::new(Adam::default()),
    ];
    for optimizer in optimizers {
        let network = Sequential::mlp(2, widths, 2, activation);
        let mut model: Model<T> = network.build(&policy.parse().unwrap(), 0).unwrap();
        let start = model.clone();
        let name = optimizer.name();
        train(&mut model, &data, Loss::softmax_cross_entropy(), Shared(optimizer), (100, 0.01));

        let counts = distinct_units(model.params());
        for hidden in &counts[..widths.len()] {
            assert_eq!(hidden.distinct, 1, "{policy} {activation} {name} {hidden:?}");
        }
        // They do learn where the gradient is large enough to show: it is symmetry that keeps them
        // alike, not a lack of training.
        if policy != "constant(0.3)" {
            continue;
        }
        let id = model.params().find("dense.0/weight").unwrap();
        let value = |model: &Model<T>| model.params().get(id).value().clone();
        assert_ne!(value(&start), value(&model), "{policy} {activation} {name}");
    }
}

/// An optimizer behind a box.
#[derive(Debug)]
struct Shared<T: Real>(Box<dyn Optimizer<T>>);

impl<T: Real> Optimizer<T> for Shared<T> {
    fn name(&self) -> &'static str {
        self.0.name()
    }

    fn check(&self) -> Result<(), evenkeel::train::TrainError> {
        self.0.check()
    }

    fn slots(&self) -> usize {
        self.0.slots()
    }

    fn coefficients(&self, step: u64, rate: f64) -> Coefficients {
        self.0.coefficients(step, rate)
    }

    fn update(
        &self,
        coefficients: &Coefficients,
        value: &mut [T],
        gradient: &[T],
        state: &mut [&mut [T]],
    ) {
        self.0.update(coefficients, value, gradient, state);
    }
}

#[test]
fn with_constant_weights_all_units_of_a_layer_stay_copies_for_ever() {
    for activation in [Activation::Relu, Activation::Tanh, Activation::Sigmoid, Activation::Gelu] {
        for policy in ["constant(0.3)", "ones; bias=constant(0.1)", "constant(0.02)"] {
            // Widths with and without a rest against any width of vector registers.
            for widths in [&[5, 7][..], &[16, 37], &[100]] {
                copies_stay_copies::<f64>(policy, widths, activation);
                copies_stay_copies::<f32>(policy, widths, activation);
            }
        }
    }
}
