//! The handwritten digits that are part of this crate: a real task with nothing to download.

use std::sync::LazyLock;

use evenkeel_tensor::{Real, Tensor};
use miniz_oxide::inflate::decompress_to_vec_zlib_with_limit;

use crate::Dataset;

const SAMPLES: usize = 1797;
const PIXELS: usize = 64;

/// Pixels, sample after sample, then labels, one byte each (`assets/make_digits.py` made it).
static BYTES: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let packed = include_bytes!("../assets/digits.bin");
    decompress_to_vec_zlib_with_limit(packed, SAMPLES * (PIXELS + 1))
        .expect("the embedded digits can be unpacked")
});

/// 1,797 handwritten digits of 8×8 pixels: inputs `[1797, 64]`, 10 classes `"0"` to `"9"`.
///
/// Pixels are whole numbers from 0 to 16, row by row, as they are in the source: most networks
/// want them [standardized](crate::Standardizer). The classes are nearly balanced, with 174 to
/// 183 samples each. The digits are unpacked once, at the first call.
///
/// They are the test part of *Optical Recognition of Handwritten Digits*, E. Alpaydin and
/// C. Kaynak, 1998, UCI Machine Learning Repository, <https://doi.org/10.24432/C50P49>, licensed
/// under [CC BY 4.0](https://creativecommons.org/licenses/by/4.0/).
///
/// ```
/// let digits = evenkeel_data::digits::<f32>();
/// assert_eq!(digits.inputs().shape().dims(), &[1797, 64]);
/// assert_eq!(digits.classes(), Some(10));
/// ```
pub fn digits<T: Real>() -> Dataset<T> {
    let (pixels, labels) = BYTES.split_at(SAMPLES * PIXELS);
    let mut inputs = Tensor::zeros([SAMPLES, PIXELS]);
    for (input, &pixel) in inputs.as_mut_slice().iter_mut().zip(pixels) {
        *input = T::of(f64::from(pixel));
    }
    let labels = labels.iter().map(|&label| usize::from(label)).collect();
    let names = (0..10).map(|digit| digit.to_string());
    Dataset::classification("digits", inputs, labels, names).expect("the digits are sound")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_are_those_of_the_source() {
        let digits = digits::<f64>();
        assert_eq!(digits.name(), "digits");
        assert_eq!(digits.inputs().shape().dims(), &[1797, 64]);
        assert_eq!(digits.inputs().sample(0)[..8], [0.0, 0.0, 5.0, 13.0, 9.0, 1.0, 0.0, 0.0]);
        assert_eq!(digits.labels().unwrap()[..12], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]);
    }

    #[test]
    fn classes_have_the_published_sizes() {
        let counts = [178, 182, 177, 183, 181, 182, 181, 179, 174, 180];
        assert_eq!(digits::<f32>().class_counts().unwrap(), counts);
        let names = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
        assert_eq!(digits::<f32>().class_names().unwrap(), names);
    }

    #[test]
    fn pixels_are_whole_numbers_to_16() {
        let digits = digits::<f64>();
        let pixels = digits.inputs().as_slice();
        assert!(pixels.iter().all(|&x| (0.0..=16.0).contains(&x) && x.fract() == 0.0));
        // The mean brightness, which every shift or swap of bytes with labels would change.
        assert_eq!(digits.inputs().sum(), 561_718.0);
    }
}
