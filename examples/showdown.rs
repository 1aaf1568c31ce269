//! The main job: trains one network on real data from every initialization in the textbooks and
//! says what came of each, and why.
//!
//!     cargo run --release --example showdown
//!     cargo run --release --example showdown -- --dataset moons --layers 16,16 --activation tanh

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Parser;
use evenkeel::checkup::{LossCurves, Report, VarianceByLayer, save};
use evenkeel::prelude::*;

/// Train one network from every initialization and compare.
#[derive(Debug, Parser)]
struct Options {
    /// digits, circles, moons, spirals, or `csv PATH` (last column: the class)
    #[arg(long, num_args = 1..=2, value_names = ["NAME", "PATH"], default_values = ["digits"])]
    dataset: Vec<String>,

    /// Widths of the hidden layers
    #[arg(long, value_delimiter = ',', default_value = "100,100,100,100,100,100")]
    layers: Vec<usize>,

    /// Activation of the hidden layers: relu, tanh, sigmoid, leaky_relu(0.1), gelu, …
    #[arg(long, default_value = "relu")]
    activation: Activation,

    /// Policies to compare, with commas between: he_normal,normal(0.01),uniform(-0.1,0.1)
    #[arg(long)]
    policies: Option<String>,

    /// How many seeds each policy is trained with
    #[arg(long, default_value_t = 5)]
    seeds: usize,

    /// Passes over the training data
    #[arg(long, default_value_t = 30)]
    epochs: usize,

    /// Samples in a step
    #[arg(long, default_value_t = 32)]
    batch_size: usize,

    /// Learning rate of plain SGD
    #[arg(long, default_value_t = 0.1, allow_negative_numbers = true)]
    learning_rate: f64,

    /// Print the report as one JSON object instead of the table
    #[arg(long)]
    json: bool,

    /// Where pictures and report.json go
    #[arg(long, default_value = "target/showdown")]
    out: PathBuf,
}

fn main() {
    if let Err(error) = run(&Options::parse()) {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

fn run(options: &Options) -> Result<(), Error> {
    make_folder(&options.out)?;
    let policies = match &options.policies {
        Some(text) => read_policies(text)?,
        None => Showdown::<f32>::source_policies(),
    };
    let (train, test) = dataset(&options.dataset)?.split_stratified(0.2, 1)?;
    // Pixels are all of one kind; columns of a table are not.
    let digits = options.dataset == ["digits"];
    let scaler = if digits { Standardizer::fit_pooled(&train) } else { Standardizer::fit(&train) };
    let (train, test) = (scaler.apply(&train)?, scaler.apply(&test)?);

    let (inputs, classes) = (train.sample_shape().len(), train.classes().unwrap_or(1));
    let network = Sequential::mlp(inputs, &options.layers, classes, options.activation);
    let model: Model = network.build(&Policy::auto(), 0)?;
    let report = Showdown::new(&model, &train, &test, Loss::softmax_cross_entropy())
        .policies(policies)
        .seeds(options.seeds)
        .epochs(options.epochs)
        .batch_size(options.batch_size)
        .learning_rate(options.learning_rate)
        .on_progress(show_progress)
        .run()?;

    let json = to_json(&report)?;
    let files = write(&report, &json, &options.out)?;
    let mut out = std::io::stdout().lock();
    if options.json {
        return Ok(writeln!(out, "{json}")?);
    }
    writeln!(out, "{}: {} training and {} test samples", train.name(), train.len(), test.len())?;
    let widths: Vec<String> = options.layers.iter().map(usize::to_string).collect();
    writeln!(out, "network {inputs}-{}-{classes}, {}\n", widths.join("-"), options.activation)?;
    writeln!(out, "{report}\nwritten:")?;
    files.iter().try_for_each(|file| writeln!(out, "  {}", file.display()))?;
    Ok(())
}

/// Makes the folder for the results before hours are spent on them.
fn make_folder(folder: &Path) -> Result<(), Error> {
    let named = |error: std::io::Error| {
        std::io::Error::new(error.kind(), format!("cannot make {}: {error}", folder.display()))
    };
    Ok(std::fs::create_dir_all(folder).map_err(named)?)
}

/// Reads a data set by its name.
fn dataset(words: &[String]) -> Result<Dataset, Error> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Ok(match words.as_slice() {
        ["digits"] => digits(),
        ["circles"] => circles(600, 0.08, 0.5, 1)?,
        ["moons"] => moons(600, 0.15, 1)?,
        ["spirals"] => spirals(900, 3, 0.1, 1)?,
        ["csv", path] => read_csv(path)?,
        ["csv"] => return Err(usage("--dataset csv needs a path")),
        _ => {
            let text = words.join(" ");
            return Err(usage(&format!(
                "unknown data set `{text}`; there are digits, circles, moons, spirals, csv PATH"
            )));
        }
    })
}

/// Reads policies with commas between them; commas inside of parentheses belong to a policy.
fn read_policies(text: &str) -> Result<Vec<Policy>, Error> {
    let mut depth = 0i32;
    let parts = text.split(|letter| {
        depth += i32::from(letter == '(') - i32::from(letter == ')');
        letter == ',' && depth == 0
    });
    parts.map(|part| Ok(part.trim().parse()?)).collect()
}

fn usage(message: &str) -> Error {
    std::io::Error::new(std::io::ErrorKind::InvalidInput, message).into()
}

fn show_progress(done: usize, all: usize) {
    if std::io::stderr().is_terminal() {
        let end = if done == all { "\n" } else { "" };
        eprint!("\r{done} of {all} runs{end}");
    }
}

fn to_json(report: &Report) -> Result<String, Error> {
    serde_json::to_string(report).map_err(|error| Error::Io(error.into()))
}

fn write(report: &Report, json: &str, folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = save(&LossCurves(report), folder, "loss_curves")?.to_vec();
    files.extend(save(&VarianceByLayer(report), folder, "variance_by_layer")?);
    let path = folder.join("report.json");
    std::fs::write(&path, format!("{json}\n"))?;
    files.push(path);
    Ok(files)
}
