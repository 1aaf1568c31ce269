//! Lines over a logarithmic axis, and a legend beside them: what the charts share.

use plotters::prelude::*;

use super::{Area, DrawResult, palette, text};

/// A named line.
pub(super) struct Line {
    pub(super) name: String,
    pub(super) points: Vec<(f64, f64)>,
}

/// The words around a plot.
pub(super) struct Labels<'a> {
    pub(super) title: &'a str,
    pub(super) x: &'a str,
    pub(super) y: &'a str,
}

/// Draws lines with a logarithmic vertical axis. Values that are not positive and finite cannot
/// be shown and are left out.
pub(super) fn log_lines<DB: DrawingBackend>(
    area: &Area<DB>,
    labels: &Labels<'_>,
    lines: &[Line],
) -> DrawResult {
    let shown = |y: f64| y.is_finite() && y > 0.0;
    let points = lines.iter().flat_map(|line| &line.points).filter(|point| shown(point.1));
    let (x, y) = ranges(points.copied());
    let mut chart = ChartBuilder::on(area)
        .caption(labels.title, ("sans-serif", 24))
        .margin(14)
        .x_label_area_size(48)
        .y_label_area_size(88)
        .build_cartesian_2d(x.0..x.1, (y.0..y.1).log_scale())
        .map_err(text)?;
    chart
        .configure_mesh()
        .x_desc(labels.x)
        .y_desc(labels.y)
        .label_style(("sans-serif", 17))
        .axis_desc_style(("sans-serif", 19))
        .light_line_style(WHITE)
        .x_labels(8)
        .x_label_formatter(&|x| format!("{x:.0}"))
        .y_label_formatter(&|y| power_of_ten(*y))
        .draw()
        .map_err(text)?;
    for (index, line) in lines.iter().enumerate() {
        let (colour, dashed) = palette::line(index);
        let points = line.points.iter().copied().filter(|point| shown(point.1));
        let style = colour.stroke_width(3);
        if dashed {
            chart.draw_series(DashedLineSeries::new(points.clone(), 9, 6, style)).map_err(text)?;
        } else {
            chart.draw_series(LineSeries::new(points.clone(), style)).map_err(text)?;
        }
        // Dots show lines that have a single point, and where layers are.
        if points.clone().count() <= 20 {
            let dots = points.map(|point| Circle::new(point, 4, colour.filled()));
            chart.draw_series(dots).map_err(text)?;
        }
    }
    Ok(())
}

/// The ranges of both axes: at least one wide, and at least a decade high.
fn ranges(points: impl Iterator<Item = (f64, f64)>) -> ((f64, f64), (f64, f64)) {
    let wider = |(low, high): (f64, f64), v: f64| (low.min(v), high.max(v));
    let none = (f64::INFINITY, f64::NEG_INFINITY);
    let (x, y) = points.fold((none, none), |(xs, ys), (x, y)| (wider(xs, x), wider(ys, y)));
    if x.0 > x.1 {
        return ((0.0, 1.0), (0.1, 1.0));
    }
    let (low, high) = (10f64.powf(y.0.log10().floor()), 10f64.powf(y.1.log10().ceil()));
    ((x.0, x.1.max(x.0 + 1.0)), (low, high.max(10.0 * low)))
}

fn power_of_ten(y: f64) -> String {
    let exponent = y.log10();
    if (-3.0..=3.0).contains(&exponent) { format!("{y}") } else { format!("{y:e}") }
}

/// Draws the names of lines, each behind a piece of its line.
pub(super) fn legend<'a, DB: DrawingBackend>(
    area: &Area<DB>,
    names: impl Iterator<Item = &'a str>,
) -> DrawResult {
    for (index, name) in names.enumerate() {
        let (colour, dashed) = palette::line(index);
        let y = 62 + 30 * index as i32;
        let pieces: &[(i32, i32)] = if dashed { &[(8, 20), (26, 38)] } else { &[(8, 38)] };
        for &(from, to) in pieces {
            let stroke = PathElement::new(vec![(from, y), (to, y)], colour.stroke_width(3));
            area.draw(&stroke).map_err(text)?;
        }
        area.draw(&Text::new(name.to_owned(), (46, y - 9), ("sans-serif", 18))).map_err(text)?;
    }
    Ok(())
}
