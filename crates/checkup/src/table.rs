//! A report as a table for the terminal.

use std::fmt;

use comfy_table::{CellAlignment, Table, presets};

use crate::statistic::significant;
use crate::{Report, Row};

const HEADER: [&str; 9] = [
    "policy",
    "start loss",
    "train loss",
    "train %",
    "test %",
    "epochs to target",
    "variance per layer",
    "dead %",
    "distinct units",
];

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut table = Table::new();
        table.load_style(presets::ASCII_MARKDOWN);
        table.set_header(HEADER);
        table.add_rows(self.rows.iter().map(|row| cells(row, self.seeds)));
        for column in table.column_iter_mut().skip(1) {
            column.set_cell_alignment(CellAlignment::Right);
        }
        writeln!(f, "{table}\n")?;
        let width = self.rows.iter().map(|row| row.policy.len()).max().unwrap_or(0);
        let mut rows = self.rows.iter();
        rows.try_for_each(|row| writeln!(f, "{:width$}  {}", row.policy, row.diagnosis))
    }
}

fn cells(row: &Row, seeds: usize) -> [String; 9] {
    let percent = |x: f64| if x.is_finite() { format!("{:.1}", 100.0 * x) } else { "-".into() };
    let spread = |s: crate::Statistic| format!("{} ± {}", percent(s.mean), percent(s.sd));
    let loss = |x: f64| if x.is_nan() { "-".into() } else { significant(x, 4) };
    let dead = row.hidden().iter().filter_map(|layer| layer.dead).reduce(f64::max);
    [
        row.policy.clone(),
        loss(row.start_loss.mean),
        row.diverged.as_ref().filter(|diverged| diverged.runs == seeds).map_or_else(
            || loss(row.train_loss.mean),
            |diverged| format!("diverged, step {}", diverged.step),
        ),
        percent(row.train_accuracy.mean),
        spread(row.test_accuracy),
        match row.target.epochs {
            Some(epochs) if row.target.reached == seeds => significant(epochs.mean, 2),
            Some(epochs) => {
                format!("{} ({} of {seeds})", significant(epochs.mean, 2), row.target.reached)
            }
            None => "never".into(),
        },
        row.forward_factor().map_or("-".into(), |x| format!("×{}", significant(x, 2))),
        dead.map_or("-".into(), |share| format!("{:.0}", 100.0 * share)),
        distinct(row),
    ]
}

/// The fewest distinct units of any hidden layer, before and after training.
fn distinct(row: &Row) -> String {
    let least = |figure: fn(&crate::LayerRow) -> f64| {
        let layers = row.hidden().iter().map(figure);
        layers.reduce(f64::min).map_or("-".into(), |x| significant(x, 3))
    };
    format!("{} → {}", least(|layer| layer.distinct_at_start), least(|layer| layer.distinct_at_end))
}
