//! Pictures of reports and models, as SVG and PNG from the same data.
//!
//! The font is a part of DejaVu Sans that comes with the crate, so pictures look the same
//! everywhere and nothing needs to be installed.

mod axes;
mod boundary;
mod loss_curves;
mod output;
mod palette;
mod variance_by_layer;

use plotters::coord::Shift;
use plotters::prelude::{DrawingArea, DrawingBackend};

pub use boundary::Boundary;
pub use loss_curves::LossCurves;
pub use output::save;
pub use variance_by_layer::VarianceByLayer;

/// A drawing area, and the reason why drawing on it failed.
type Area<DB> = DrawingArea<DB, Shift>;
type DrawResult = Result<(), String>;

/// A picture.
pub trait Chart {
    /// The size in pixels: width, height.
    fn size(&self) -> (u32, u32);

    /// Draws on any backend of `plotters`.
    ///
    /// # Errors
    /// What the backend says went wrong.
    fn draw<DB: DrawingBackend>(&self, area: &DrawingArea<DB, Shift>) -> DrawResult;
}

/// The text of any error.
fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
