//! How the training loss of each policy falls, or does not.

use plotters::prelude::DrawingBackend;

use super::axes::{Labels, Line, legend, log_lines};
use super::{Area, Chart, DrawResult};
use crate::{Report, Row};

/// The mean training loss by epoch, a line for each policy. The point at epoch 0 is the loss
/// before the first step. Of policies whose runs all diverge, the legend says so: their losses
/// would press all others flat.
#[derive(Clone, Copy, Debug)]
pub struct LossCurves<'a>(
    /// What is shown.
    pub &'a Report,
);

impl Chart for LossCurves<'_> {
    fn size(&self) -> (u32, u32) {
        (1300, 720)
    }

    fn draw<DB: DrawingBackend>(&self, area: &Area<DB>) -> DrawResult {
        let Self(report) = self;
        let lines: Vec<Line> = report.rows.iter().map(|row| line(row, report.seeds)).collect();
        let title = format!("Training loss on {}, mean of {} seeds", report.dataset, report.seeds);
        let (plot, side) = area.split_horizontally(1040);
        log_lines(&plot, &Labels { title: &title, x: "epoch", y: "loss" }, &lines)?;
        legend(&side, lines.iter().map(|line| line.name.as_str()))
    }
}

fn line(row: &Row, seeds: usize) -> Line {
    if row.diverged.as_ref().is_some_and(|diverged| diverged.runs == seeds) {
        return Line { name: format!("{}: diverges", row.policy), points: Vec::new() };
    }
    let curve = [row.start_loss].into_iter().chain(row.loss_curve.iter().copied());
    let points = curve.enumerate().map(|(epoch, loss)| (epoch as f64, loss.mean)).collect();
    Line { name: row.policy.clone(), points }
}
