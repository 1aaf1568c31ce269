//! What a model answers over the plane, for data with two features.

use evenkeel_data::Dataset;
use evenkeel_nn::Model;
use evenkeel_tensor::{Real, Tensor};
use plotters::prelude::*;

use super::{Area, Chart, DrawResult, palette, text};
use crate::CheckupError;

/// Points along each side of the grid on which the model is asked.
const GRID: usize = 240;

/// The decision boundary of a model, with the samples of a data set on top.
#[derive(Clone, Debug)]
pub struct Boundary {
    title: String,
    x: (f64, f64),
    y: (f64, f64),
    /// The class answered at each point of the grid, row by row from below.
    answers: Vec<usize>,
    samples: Vec<(f64, f64, usize)>,
}

impl Boundary {
    /// Asks `model` over the area that `data` covers.
    ///
    /// A model with one output answers class 1 where it is positive and 0 elsewhere; one with
    /// more outputs, the class of the largest.
    ///
    /// # Errors
    /// [`CheckupError::NotTwoDimensional`] if samples do not have two features,
    /// [`CheckupError::Model`] if the model does not take such samples.
    pub fn new<T: Real>(
        title: impl Into<String>,
        model: &Model<T>,
        data: &Dataset<T>,
    ) -> Result<Self, CheckupError> {
        let got = data.sample_shape();
        if got.dims() != [2] {
            return Err(CheckupError::NotTwoDimensional { got });
        }
        let points: Vec<(f64, f64)> = data
            .inputs()
            .as_slice()
            .chunks_exact(2)
            .map(|point| (point[0].to_f64(), point[1].to_f64()))
            .collect();
        let (x, y) = (span(points.iter().map(|p| p.0)), span(points.iter().map(|p| p.1)));
        let answers = answers(model, x, y)?;
        let labels = data.labels().unwrap_or_default().iter().copied().chain(std::iter::repeat(0));
        let samples = points.iter().zip(labels).map(|(&(x, y), label)| (x, y, label)).collect();
        Ok(Self { title: title.into(), x, y, answers, samples })
    }
}

/// From the least to the greatest value, and a tenth more on both sides.
fn span(values: impl Iterator<Item = f64> + Clone) -> (f64, f64) {
    let least = values.clone().fold(f64::INFINITY, f64::min);
    let most = values.fold(f64::NEG_INFINITY, f64::max);
    let margin = 0.1 * (most - least).max(1e-9);
    (least - margin, most + margin)
}

/// The middle of cell `index` of a side.
fn cell(range: (f64, f64), index: usize) -> f64 {
    range.0 + (range.1 - range.0) * (index as f64 + 0.5) / GRID as f64
}

fn answers<T: Real>(
    model: &Model<T>,
    x: (f64, f64),
    y: (f64, f64),
) -> Result<Vec<usize>, CheckupError> {
    let cells = (0..GRID * GRID).map(|i| (cell(x, i % GRID), cell(y, i / GRID)));
    let values = cells.flat_map(|(x, y)| [T::of(x), T::of(y)]).collect();
    let grid = Tensor::from_vec([GRID * GRID, 2], values).map_err(evenkeel_nn::NnError::from)?;
    let outputs = model.predict(&grid)?;
    let rows = outputs.as_slice().chunks_exact(outputs.shape().sample_len().max(1));
    Ok(rows.map(answer).collect())
}

fn answer<T: Real>(logits: &[T]) -> usize {
    match logits {
        [logit] => usize::from(*logit > T::ZERO),
        _ => {
            let better = |best: usize, i: usize| if logits[i] > logits[best] { i } else { best };
            (1..logits.len()).fold(0, better)
        }
    }
}

impl Chart for Boundary {
    fn size(&self) -> (u32, u32) {
        (760, 720)
    }

    fn draw<DB: DrawingBackend>(&self, area: &Area<DB>) -> DrawResult {
        let mut chart = ChartBuilder::on(area)
            .caption(&self.title, ("sans-serif", 24))
            .margin(14)
            .x_label_area_size(36)
            .y_label_area_size(48)
            .build_cartesian_2d(self.x.0..self.x.1, self.y.0..self.y.1)
            .map_err(text)?;
        let labels = ("sans-serif", 17);
        chart.configure_mesh().disable_mesh().label_style(labels).draw().map_err(text)?;
        chart.draw_series(self.regions()).map_err(text)?;
        let dots = self.samples.iter().flat_map(|&(x, y, class)| {
            let point = (x, y);
            [
                Circle::new(point, 5, WHITE.filled()),
                Circle::new(point, 4, palette::class(class).filled()),
            ]
        });
        chart.draw_series(dots).map(|_| ()).map_err(text)
    }
}

impl Boundary {
    /// Rectangles of one answer each: runs of cells along each row of the grid.
    fn regions(&self) -> Vec<Rectangle<(f64, f64)>> {
        let edge = |range: (f64, f64), index: usize| {
            range.0 + (range.1 - range.0) * index as f64 / GRID as f64
        };
        let mut regions = Vec::new();
        for (row, answers) in self.answers.chunks_exact(GRID).enumerate() {
            let mut first = 0;
            for run in answers.chunk_by(|a, b| a == b) {
                let corners = [
                    (edge(self.x, first), edge(self.y, row)),
                    (edge(self.x, first + run.len()), edge(self.y, row + 1)),
                ];
                let colour = palette::class(run[0]).mix(0.3);
                regions.push(Rectangle::new(corners, colour.filled()));
                first += run.len();
            }
        }
        regions
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_data::{circles, digits};
    use evenkeel_nn::Sequential;

    use super::*;

    fn model(inputs: usize) -> Model {
        let net = Sequential::new([inputs]).dense(1);
        net.build(&"ones".parse().unwrap(), 0).unwrap()
    }

    #[test]
    fn the_boundary_of_a_sum_is_the_diagonal() {
        let data = circles(100, 0.0, 0.5, 1).unwrap();
        let boundary = Boundary::new("sum", &model(2), &data).unwrap();
        for (i, &answer) in boundary.answers.iter().enumerate() {
            let sum = cell(boundary.x, i % GRID) + cell(boundary.y, i / GRID);
            assert!(sum.abs() < 1e-6 || answer == usize::from(sum > 0.0));
        }
        assert_eq!(boundary.samples.len(), 100);
    }

    #[test]
    fn data_of_more_dimensions_is_refused() {
        let error = Boundary::new("digits", &model(64), &digits()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "a decision boundary needs inputs of 2 features, got samples of shape [64]"
        );
    }
}
