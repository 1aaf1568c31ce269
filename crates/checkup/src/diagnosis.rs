//! One line that says what an initialization did to a network, and why, from what was measured.

use crate::statistic::significant;
use crate::{Report, Row};

/// Between these factors per layer, the signal holds: a hundred layers would be too many, ten are
/// not.
const HOLDS: std::ops::RangeInclusive<f64> = 0.6..=1.67;

/// Outside of these, a handful of layers is too many.
const BEARABLE: std::ops::RangeInclusive<f64> = 0.1..=10.0;

/// What happened to a row, and why.
pub(crate) fn of(row: &Row, report: &Report) -> String {
    let cause = if row.distinct_at_end() == Some(1) { copies(row, report) } else { signal(row) };
    format!("{cause}; {}", result(row, report))
}

/// All units of every hidden layer are copies of one another.
fn copies(row: &Row, report: &Report) -> String {
    let silent = row.hidden().iter().all(|layer| layer.gradient_variance == 0.0);
    if !silent {
        return "all units of a layer are copies and get the same gradient: symmetry is never \
                broken, each layer acts as one unit"
            .into();
    }
    let entropy = report.class_entropy.map_or_else(String::new, |entropy| {
        format!(", so the loss ends near the class prior's entropy, {}", significant(entropy, 4))
    });
    format!("no gradient passes the zero weights: only the output bias learns{entropy}")
}

/// How the variance changes from layer to layer.
fn signal(row: &Row) -> String {
    let (Some(forward), Some(backward)) = (row.forward_factor(), row.backward_factor()) else {
        return "too few hidden layers to follow the signal".into();
    };
    let verb = match forward {
        x if HOLDS.contains(&x) => "holds",
        x if x < *BEARABLE.start() => "vanishes",
        x if x < *HOLDS.start() => "shrinks",
        x if x > *BEARABLE.end() => "explodes",
        _ => "grows",
    };
    let dead = row.hidden().iter().filter_map(|layer| layer.dead).fold(0.0, f64::max);
    let dead = if dead >= 0.01 {
        format!(", up to {:.0} % of a layer's units dead", 100.0 * dead)
    } else {
        String::new()
    };
    let (forward, backward) = (significant(forward, 2), significant(backward, 2));
    format!("signal {verb}: variance ×{forward} per layer forward, ×{backward} back{dead}")
}

/// What came of it.
fn result(row: &Row, report: &Report) -> String {
    if let Some(diverged) = &row.diverged {
        let (runs, seeds, step) = (diverged.runs, report.seeds, diverged.step);
        return format!("{runs} of {seeds} runs diverge, the first at step {step}");
    }
    let target = 100.0 * report.target;
    match row.target.epochs {
        Some(epochs) if row.target.reached == report.seeds => {
            format!("{target:.0} % after {} epochs", significant(epochs.mean, 2))
        }
        Some(_) => {
            format!("{target:.0} % in {} of {} runs", row.target.reached, report.seeds)
        }
        None => format!("never reaches {target:.0} %"),
    }
}
