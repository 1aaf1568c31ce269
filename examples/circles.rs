//! Reproduces a well-known course exercise on initialization to the last published digit: two
//! circles, one network, started from zeros, from N(0,1)·10 and from He.
//!
//!     cargo run --release --example circles
//!     cargo run --release --example circles -- --json

use std::path::PathBuf;

use clap::Parser;
use evenkeel::checkup::{Boundary, save};
use evenkeel::prelude::*;

#[path = "circles/course.rs"]
mod course;

use course::{Circles, Run, published};

/// Reproduce the published costs of the two-circles exercise.
#[derive(Debug, Parser)]
struct Options {
    /// Print one JSON object for each initialization instead of the table
    #[arg(long)]
    json: bool,

    /// Where the pictures of the decision boundaries go
    #[arg(long, default_value = "target/circles")]
    out: PathBuf,
}

fn main() -> Result<(), Error> {
    let options = Options::parse();
    let circles = Circles::load()?;
    for init in ["zeros", "random_x10", "he"] {
        let run = circles.run(init)?;
        let title = format!("{init}: {:.2} % of the training points", 100.0 * run.train_accuracy);
        let picture = Boundary::new(title, &run.model, &circles.train)?;
        let [_, png] = save(&picture, &options.out, init)?;
        if options.json {
            println!("{}", serde_json::to_string(&run).map_err(std::io::Error::from)?);
        } else {
            print(&run, &published(init)?);
            println!("decision boundary: {}\n", png.display());
        }
    }
    Ok(())
}

fn print(run: &Run, published: &[f64]) {
    println!("{}", run.init);
    println!("{:>10}  {:<20}  {:<20}  relative difference", "iteration", "cost", "published");
    for (i, (cost, published)) in run.costs.iter().zip(published).enumerate() {
        let difference = (cost - published).abs() / published;
        println!("{:>10}  {cost:<20}  {published:<20}  {difference:.1e}", i * 1_000);
    }
    let (train, test) = (100.0 * run.train_accuracy, 100.0 * run.test_accuracy);
    println!("accuracy: {train:.2} % of the training points, {test:.2} % of the test points");
    note(run);
}

/// What there is to say about a run besides its figures.
fn note(run: &Run) {
    match run.init {
        "zeros" => println!("nothing is learned: all units are copies, and the classes balance"),
        "random_x10" => println!(
            "the first cost is {} by the textbook formula (a probability rounds to 0 or 1 and its \
             logarithm is infinite) and {:.4} by ours, computed from logits; later costs are \
             sensitive to rounding and differ between published copies too",
            run.naive_first_cost, run.costs[0]
        ),
        _ => {}
    }
}
