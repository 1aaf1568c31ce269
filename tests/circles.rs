//! The published figures of the two-circles exercise are reproduced.

use evenkeel::Error;

#[path = "../examples/circles/course.rs"]
mod course;

use course::{Circles, Run, published};

fn run(init: &'static str) -> Result<Run, Error> {
    Circles::load()?.run(init)
}

#[test]
fn zeros_stay_at_the_logarithm_of_two() -> Result<(), Error> {
    let run = run("zeros")?;
    assert_eq!(run.costs, [std::f64::consts::LN_2; 15]);
    assert_eq!(run.costs, published("zeros")?);
    assert_eq!((run.train_accuracy, run.test_accuracy), (0.5, 0.5));
    Ok(())
}

#[test]
fn he_agrees_with_every_published_cost() -> Result<(), Error> {
    let run = run("he")?;
    let published = published("he")?;
    assert_eq!((run.costs.len(), published.len()), (15, 15));
    for (cost, published) in run.costs.iter().zip(published) {
        approx::assert_relative_eq!(*cost, published, max_relative = 1e-12);
    }
    assert_eq!(run.train_accuracy, 298.0 / 300.0);
    assert_eq!(run.test_accuracy, 0.96);
    Ok(())
}

#[test]
fn times_ten_is_infinite_in_the_naive_formula_alone() -> Result<(), Error> {
    let run = run("random_x10")?;
    assert_eq!(published("random_x10")?[0], f64::INFINITY);
    assert_eq!(run.naive_first_cost, f64::INFINITY);
    assert!(run.costs.iter().all(|cost| cost.is_finite()));
    assert!((0.80..=0.86).contains(&run.train_accuracy), "{}", run.train_accuracy);
    Ok(())
}
