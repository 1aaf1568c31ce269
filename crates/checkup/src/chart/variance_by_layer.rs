//! How the variance of the signal changes forward through the layers, and that of the gradient
//! on its way back, before the first step.

use plotters::prelude::DrawingBackend;

use super::axes::{Labels, Line, legend, log_lines};
use super::{Area, Chart, DrawResult};
use crate::{LayerRow, Report};

/// The variance of the pre-activations and the mean square of the gradient in each dense layer, a
/// line for each policy. Zeros cannot be shown on a logarithmic axis and are left out.
#[derive(Clone, Copy, Debug)]
pub struct VarianceByLayer<'a>(
    /// What is shown.
    pub &'a Report,
);

impl VarianceByLayer<'_> {
    fn lines(&self, figure: fn(&LayerRow) -> f64) -> Vec<Line> {
        let line = |row: &crate::Row| -> Vec<(f64, f64)> {
            let layers = row.layers.iter().enumerate();
            layers.map(|(i, layer)| ((i + 1) as f64, figure(layer))).collect()
        };
        self.0.rows.iter().map(|row| Line { name: row.policy.clone(), points: line(row) }).collect()
    }
}

impl Chart for VarianceByLayer<'_> {
    fn size(&self) -> (u32, u32) {
        (1700, 720)
    }

    fn draw<DB: DrawingBackend>(&self, area: &Area<DB>) -> DrawResult {
        let (plots, side) = area.split_horizontally(1440);
        let (left, right) = plots.split_horizontally(720);
        let forward = self.lines(|layer| layer.variance);
        let backward = self.lines(|layer| layer.gradient_variance);
        let labels = |title, y| Labels { title, x: "dense layer", y };
        log_lines(&left, &labels("Signal forward, at the start", "variance"), &forward)?;
        log_lines(&right, &labels("Gradient back, at the start", "mean square"), &backward)?;
        legend(&side, forward.iter().map(|line| line.name.as_str()))
    }
}
