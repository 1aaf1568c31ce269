//! The main job on real data: who trains, who does not, and what the table says about it.

use std::sync::LazyLock;

use evenkeel::checkup::{Report, Row};
use evenkeel::prelude::*;

/// Both tests look at the same report.
static REPORT: LazyLock<Report> = LazyLock::new(|| showdown().expect("the showdown runs"));

fn showdown() -> Result<Report, Error> {
    let (train, test) = digits().split_stratified(0.2, 1)?;
    let scaler = Standardizer::fit_pooled(&train);
    let (train, test) = (scaler.apply(&train)?, scaler.apply(&test)?);
    let network = Sequential::mlp(64, &[100; 6], 10, Activation::Relu);
    let model: Model = network.build(&Policy::auto(), 0)?;
    let texts =
        ["zeros", "constant(0.1)", "normal(10)", "normal(0.01)", "glorot_normal", "he_normal"];
    let policies = texts.iter().map(|text| text.parse()).collect::<Result<Vec<_>, _>>()?;
    let showdown = Showdown::new(&model, &train, &test, Loss::softmax_cross_entropy());
    Ok(showdown.policies(policies).learning_rate(0.1).run()?)
}

#[test]
fn initializations_train_as_the_table_says() {
    let report = &*REPORT;
    let [zeros, constant, times_ten, tiny, glorot, he] = &report.rows[..] else {
        panic!("a row for each policy");
    };
    for row in [glorot, he] {
        assert!(row.test_accuracy.mean > 0.96, "{report}");
        assert!(row.diagnosis.contains("95 % after"), "{report}");
    }
    stays_at_chance(zeros, report);
    assert_eq!(zeros.distinct_at_end(), Some(1));
    assert!(zeros.diagnosis.starts_with("no gradient passes the zero weights"), "{report}");

    assert_eq!(constant.distinct_at_end(), Some(1));
    assert!(constant.diagnosis.starts_with("all units of a layer are copies"), "{report}");

    let diverged = times_ten.diverged.as_ref().expect("N(0,1)·10 diverges");
    assert_eq!(diverged.runs, 5);
    assert!(times_ten.diagnosis.starts_with("signal explodes"), "{report}");

    stays_at_chance(tiny, report);
    assert!(tiny.diagnosis.starts_with("signal vanishes"), "{report}");
}

/// One digit in ten is right, and the loss is that of knowing nothing, ln 10.
fn stays_at_chance(row: &Row, report: &Report) {
    assert!((row.test_accuracy.mean - 0.1).abs() < 0.01, "{report}");
    assert!((row.start_loss.mean - 10f64.ln()).abs() < 1e-3, "{report}");
    assert!((row.train_loss.mean - 10f64.ln()).abs() < 2e-3, "{report}");
}

#[test]
fn the_variance_changes_by_the_factor_that_the_initializer_sets() {
    let report = &*REPORT;
    // With ReLU, half of the mean square passes: n·Var(w)/2 per layer, n = 100.
    for (policy, factor) in [
        ("normal(10)", 100.0 * 100.0 / 2.0),
        ("normal(0.01)", 100.0 * 1e-4 / 2.0),
        ("glorot_normal", 0.5),
        ("he_normal", 1.0),
    ] {
        let row = report.rows.iter().find(|row| row.policy == policy).expect("it took part");
        for measured in [row.forward_factor(), row.backward_factor()] {
            let measured = measured.expect("there is a signal");
            assert!((measured / factor).ln().abs() < 0.2, "{policy}: {measured} for {factor}");
        }
    }
}
