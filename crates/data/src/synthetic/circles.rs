//! Two circles, one inside of the other.

use evenkeel_tensor::Real;

use super::points::{Generator, class_size, polar};
use crate::{DataError, Dataset};

const CIRCLES: Generator = Generator("circles");

/// Points on a circle of radius 1 (class 0, `"outer"`) and one of radius `factor` (class 1,
/// `"inner"`): inputs `[samples, 2]`.
///
/// The points of a circle are equally spaced; `noise` is the standard deviation of what is added
/// to each coordinate. The same set as scikit-learn's `make_circles`, but for the random numbers.
///
/// # Errors
/// [`DataError::Argument`] if `samples` is 0, `noise` is negative or not finite, or `factor` is
/// not strictly between 0 and 1; [`DataError::Input`] if the noise takes a point out of `T`.
///
/// ```
/// let circles = evenkeel_data::circles::<f32>(300, 0.05, 0.8, 3)?;
/// assert_eq!(circles.class_counts(), Some(vec![150, 150]));
/// # Ok::<(), evenkeel_data::DataError>(())
/// ```
pub fn circles<T: Real>(
    samples: usize,
    noise: f64,
    factor: f64,
    seed: u64,
) -> Result<Dataset<T>, DataError> {
    CIRCLES.check_positive("samples", samples)?;
    CIRCLES.check_deviation("noise", noise)?;
    let inside = factor > 0.0 && factor < 1.0;
    CIRCLES.check(inside, "factor", "lie strictly between 0 and 1", factor)?;
    let circle = |(class, radius)| {
        let size = class_size(samples, 2, class);
        (0..size).map(move |k| (polar(radius, k as f64 / size as f64), class))
    };
    let points = [(0, 1.0), (1, factor)].into_iter().flat_map(circle).collect();
    CIRCLES.finish(points, noise, CIRCLES.stream(seed), ["outer", "inner"])
}

#[cfg(test)]
mod tests {
    use approx::assert_abs_diff_eq;

    use super::*;

    fn radii(data: &Dataset<f64>) -> Vec<(usize, f64)> {
        let radius = |i| data.inputs().sample(i)[0].hypot(data.inputs().sample(i)[1]);
        data.labels().unwrap().iter().enumerate().map(|(i, &label)| (label, radius(i))).collect()
    }

    #[test]
    fn each_class_has_its_radius() {
        for (label, radius) in radii(&circles(51, 0.0, 0.4, 1).unwrap()) {
            assert_abs_diff_eq!(radius, [1.0, 0.4][label], epsilon = 1e-12);
        }
    }

    #[test]
    fn points_go_all_around() {
        let data = circles::<f64>(400, 0.0, 0.5, 1).unwrap();
        assert_abs_diff_eq!(data.inputs().mean(), 0.0, epsilon = 1e-12);
        // The mean square of both coordinates of radius r is r²/2.
        assert_abs_diff_eq!(data.inputs().variance(), (1.0 + 0.25) / 4.0, epsilon = 1e-12);
    }

    #[test]
    fn noise_is_the_standard_deviation() {
        let [clean, noisy] = [0.0, 0.1].map(|noise| circles::<f64>(5000, noise, 0.5, 1).unwrap());
        // Noise is independent of the place, so the variances add up.
        let added = noisy.inputs().variance() - clean.inputs().variance();
        assert_abs_diff_eq!(added, 0.01, epsilon = 0.002);
    }

    #[test]
    fn factors_outside_are_refused() {
        for factor in [0.0, 1.0, -0.5, 1.5, f64::NAN] {
            let text = circles::<f32>(10, 0.0, factor, 1).unwrap_err().to_string();
            let rule = "circles: factor must lie strictly between 0 and 1, got";
            assert_eq!(text, format!("{rule} {factor}"));
        }
    }
}
