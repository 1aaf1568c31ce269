//! Writes a chart as SVG and as PNG.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;

use plotters::prelude::{BitMapBackend, IntoDrawingArea, SVGBackend, WHITE};
use plotters::style::{FontStyle, register_font};

use super::{Area, Chart, DrawResult, text};
use crate::CheckupError;

/// A part of DejaVu Sans; its licence stands beside it.
static FONT: &[u8] = include_bytes!("../../assets/font.ttf");

/// Draws a chart and writes `name.svg` and `name.png` into a folder, which is made if it is not
/// there. Returns the paths of both files.
///
/// # Errors
/// [`CheckupError::Draw`] or [`CheckupError::Write`].
pub fn save(chart: &impl Chart, folder: &Path, name: &str) -> Result<[PathBuf; 2], CheckupError> {
    register();
    let failed = |reason| CheckupError::Draw { name: name.into(), reason };
    let svg = svg(chart).map_err(failed)?;
    let png = png(chart).map_err(failed)?;
    let paths = ["svg", "png"].map(|extension| folder.join(format!("{name}.{extension}")));
    let wrong = |path: &PathBuf| {
        let path = path.clone();
        move |source| CheckupError::Write { path, source }
    };
    fs::create_dir_all(folder).map_err(wrong(&folder.to_path_buf()))?;
    fs::write(&paths[0], svg).map_err(wrong(&paths[0]))?;
    fs::write(&paths[1], png).map_err(wrong(&paths[1]))?;
    Ok(paths)
}

fn register() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // The font is embedded and known to read; without it drawing reports its own error.
        let _ = register_font("sans-serif", FontStyle::Normal, FONT);
    });
}

fn svg(chart: &impl Chart) -> Result<String, String> {
    let mut document = String::new();
    let area = SVGBackend::with_string(&mut document, chart.size()).into_drawing_area();
    paint(chart, &area)?;
    drop(area);
    Ok(document)
}

fn png(chart: &impl Chart) -> Result<Vec<u8>, String> {
    let (width, height) = chart.size();
    let mut pixels = vec![0; (width * height * 3) as usize];
    let area = BitMapBackend::with_buffer(&mut pixels, (width, height)).into_drawing_area();
    paint(chart, &area)?;
    drop(area);
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header().map_err(text)?;
    writer.write_image_data(&pixels).map_err(text)?;
    writer.finish().map_err(text)?;
    Ok(file)
}

fn paint<DB: plotters::prelude::DrawingBackend>(chart: &impl Chart, area: &Area<DB>) -> DrawResult {
    area.fill(&WHITE).map_err(text)?;
    chart.draw(area)?;
    area.present().map_err(text)
}

#[cfg(test)]
mod tests {
    use plotters::prelude::{Circle, DrawingBackend};
    use plotters::style::RED;

    use super::*;

    struct Dot;

    impl Chart for Dot {
        fn size(&self) -> (u32, u32) {
            (40, 30)
        }

        fn draw<DB: DrawingBackend>(&self, area: &Area<DB>) -> DrawResult {
            area.draw(&Circle::new((20, 15), 8, RED)).map_err(text)
        }
    }

    #[test]
    fn both_files_are_written_and_the_png_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let [svg, png] = save(&Dot, &folder.path().join("new"), "dot").unwrap();
        assert!(fs::read_to_string(svg).unwrap().contains("<circle"));
        let file = std::io::BufReader::new(fs::File::open(png).unwrap());
        let mut reader = png::Decoder::new(file).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        assert_eq!((info.width, info.height), (40, 30));
        assert_eq!(pixels[..3], [255, 255, 255]);
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = save(&Dot, &file.path().join("folder"), "dot").unwrap_err().to_string();
        assert!(error.starts_with("cannot write ") && error.contains("folder"), "{error}");
    }
}
