//! Colours that people with any colour vision can tell apart (Okabe & Ito 2008), and dashes for
//! when there are more lines than colours.

use plotters::style::RGBColor;

const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(230, 159, 0),
    RGBColor(60, 60, 60),
];

/// The colour of line `index`, and whether it is dashed.
pub(super) fn line(index: usize) -> (RGBColor, bool) {
    (COLOURS[index % COLOURS.len()], (index / COLOURS.len()) % 2 == 1)
}

/// The colour of class `index`.
pub(super) fn class(index: usize) -> RGBColor {
    COLOURS[index % COLOURS.len()]
}
