//! The exercise: two circles, a network 2-10-5-1 (ReLU, ReLU, sigmoid), 15,000 iterations of
//! full-batch gradient descent at rate 0.01 in `f64`, from three initializations.

use std::path::{Path, PathBuf};

use evenkeel::prelude::*;
use serde::{Deserialize, Serialize};

const ITERATIONS: usize = 15_000;
const PRINT_EVERY: usize = 1_000;

/// The initial weights of a run as the exercise stores them: out × in.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Weights {
    w1: Vec<Vec<f64>>,
    w2: Vec<Vec<f64>>,
    w3: Vec<Vec<f64>>,
}

/// What came of one run.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Run {
    /// The initialization: `zeros`, `random_x10`, `he`.
    pub(crate) init: &'static str,
    /// The cost every 1,000 iterations, each before its update.
    pub(crate) costs: Vec<f64>,
    /// The share of right answers on the 300 training points at the end.
    pub(crate) train_accuracy: f64,
    /// The share of right answers on the 100 test points at the end.
    pub(crate) test_accuracy: f64,
    /// The first cost by the textbook formula, which takes logarithms of rounded probabilities;
    /// infinite where one of them has become 0.
    #[serde(skip)]
    #[allow(dead_code)]
    pub(crate) naive_first_cost: f64,
    /// The model at the end.
    #[serde(skip)]
    #[allow(dead_code)]
    pub(crate) model: Model<f64>,
}

/// The points of the exercise.
pub(crate) struct Circles {
    pub(crate) train: Dataset<f64>,
    pub(crate) test: Dataset<f64>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/circles")
}

impl Circles {
    pub(crate) fn load() -> Result<Self, Error> {
        let read = |name| read_csv(folder().join(name));
        Ok(Self { train: read("train.csv")?, test: read("test.csv")? })
    }

    /// Trains from one of the three initializations.
    pub(crate) fn run(&self, init: &'static str) -> Result<Run, Error> {
        let network = Sequential::mlp(2, &[10, 5], 1, Activation::Relu);
        let mut model: Model<f64> = network.build(&"zeros".parse()?, 0)?;
        if init != "zeros" {
            start_from(&mut model, init)?;
        }
        let naive_first_cost = naive_cost(&model, &self.train)?;
        let (x, y) = (self.train.inputs(), self.train.target_tensor());
        let loss = Loss::sigmoid_binary_cross_entropy();
        let mut stepper = Stepper::new(&model, loss, Sgd::new(), 0)?;
        let mut costs = Vec::new();
        for iteration in 0..ITERATIONS {
            let cost = stepper.step(&mut model, x, &y, 0.01)?.loss;
            if iteration % PRINT_EVERY == 0 {
                costs.push(cost);
            }
        }
        let accuracy = |data: &Dataset<f64>| -> Result<f64, Error> {
            let metric = Metric::BinaryAccuracy;
            Ok(evaluate(&model, data, loss, &[metric])?.metrics[metric.name()])
        };
        let (train_accuracy, test_accuracy) = (accuracy(&self.train)?, accuracy(&self.test)?);
        Ok(Run { init, costs, train_accuracy, test_accuracy, naive_first_cost, model })
    }
}

/// Writes the exercise's initial weights into a model.
fn start_from(model: &mut Model<f64>, init: &str) -> Result<(), Error> {
    let text = std::fs::read_to_string(folder().join("initial_weights.json"))?;
    let mut all: std::collections::BTreeMap<String, Weights> =
        serde_json::from_str(&text).map_err(std::io::Error::from)?;
    let unknown = || std::io::Error::other(format!("no weights named {init}"));
    let weights = all.remove(init).ok_or_else(unknown)?;
    for (layer, rows) in [weights.w1, weights.w2, weights.w3].iter().enumerate() {
        let name = format!("dense.{layer}/weight");
        let id = model.params().find(&name).ok_or_else(unknown)?;
        let value = model.params_mut().get_mut(id).value_mut().as_mut_slice();
        for (unit, row) in rows.iter().enumerate() {
            for (input, &weight) in row.iter().enumerate() {
                value[input * rows.len() + unit] = weight;
            }
        }
    }
    Ok(())
}

/// Binary cross-entropy as textbooks write it: −t·ln a − (1 − t)·ln(1 − a) with a = σ(z).
fn naive_cost(model: &Model<f64>, data: &Dataset<f64>) -> Result<f64, Error> {
    let logits = model.predict(data.inputs())?;
    let targets = data.target_tensor();
    let pairs = logits.as_slice().iter().zip(targets.as_slice());
    let terms = pairs.map(|(&z, &t)| {
        let a = Activation::Sigmoid.value(z);
        if t > 0.5 { -a.ln() } else { -(1.0 - a).ln() }
    });
    Ok(terms.sum::<f64>() / data.len() as f64)
}

/// The published costs every 1,000 iterations: `zeros`, `random_x10`, `he`.
pub(crate) fn published(init: &str) -> Result<Vec<f64>, Error> {
    let text = std::fs::read_to_string(folder().join("published_costs.csv"))?;
    let column = match init {
        "zeros" => 1,
        "random_x10" => 2,
        _ => 3,
    };
    let rows = text.lines().filter(|line| !line.starts_with(['#', 'i']));
    let cell = |line: &str| line.split(',').nth(column).and_then(|cell| cell.parse().ok());
    Ok(rows.filter_map(cell).collect())
}
