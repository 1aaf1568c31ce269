//! Round clouds of points around the corners of a polygon.

use evenkeel_tensor::Real;

use super::points::{Generator, class_size, polar};
use crate::{DataError, Dataset};

const BLOBS: Generator = Generator("blobs");

/// How far the centres are from the origin.
const RADIUS: f64 = 5.0;

/// Normally distributed clouds, one for each class: inputs `[samples, 2]`.
///
/// The centre of class j of C, `"blob j"`, is at the radius 5 and the angle 2π j/C; `spread` is
/// the standard deviation of its points in each coordinate. Unlike scikit-learn's `make_blobs`,
/// which draws the centres, the seed does not decide whether blobs overlap: how hard the task is
/// depends on `classes` and `spread` alone.
///
/// # Errors
/// [`DataError::Argument`] if `samples` or `classes` is 0, there are more classes than samples,
/// or `spread` is negative or not finite; [`DataError::Input`] if the spread takes a point out
/// of `T`.
///
/// ```
/// let blobs = evenkeel_data::blobs::<f32>(300, 3, 1.0, 3)?;
/// assert_eq!(blobs.class_names().unwrap(), ["blob 0", "blob 1", "blob 2"]);
/// # Ok::<(), evenkeel_data::DataError>(())
/// ```
pub fn blobs<T: Real>(
    samples: usize,
    classes: usize,
    spread: f64,
    seed: u64,
) -> Result<Dataset<T>, DataError> {
    BLOBS.check_classes(samples, classes)?;
    BLOBS.check_deviation("spread", spread)?;
    let centre = |class| (polar(RADIUS, class as f64 / classes as f64), class);
    let blob = |class| std::iter::repeat_n(centre(class), class_size(samples, classes, class));
    let points = (0..classes).flat_map(blob).collect();
    let names = (0..classes).map(|class| format!("blob {class}"));
    BLOBS.finish(points, spread, BLOBS.stream(seed), names)
}

#[cfg(test)]
mod tests {
    use approx::assert_abs_diff_eq;
    use evenkeel_tensor::Tensor;

    use super::*;

    /// The coordinates of one class, of shape [n].
    fn coordinates(data: &Dataset<f64>, class: usize, axis: usize) -> Tensor<f64> {
        let labels = data.labels().unwrap().iter().enumerate();
        let inside = labels.filter(|&(_, &label)| label == class);
        let values: Vec<f64> = inside.map(|(i, _)| data.inputs().sample(i)[axis]).collect();
        Tensor::from_vec([values.len()], values).unwrap()
    }

    #[test]
    fn clouds_have_their_centre_and_spread() {
        let data = blobs::<f64>(12_000, 4, 0.7, 1).unwrap();
        let centres = [[5.0, 0.0], [0.0, 5.0], [-5.0, 0.0], [0.0, -5.0]];
        for (class, centre) in centres.into_iter().enumerate() {
            for (axis, middle) in centre.into_iter().enumerate() {
                let values = coordinates(&data, class, axis);
                assert_abs_diff_eq!(values.mean(), middle, epsilon = 0.06);
                assert_abs_diff_eq!(values.variance().sqrt(), 0.7, epsilon = 0.05);
            }
        }
    }

    #[test]
    fn without_spread_points_are_the_centres() {
        let data = blobs::<f64>(9, 3, 0.0, 1).unwrap();
        for sample in 0..9 {
            let [x, y] = [data.inputs().sample(sample)[0], data.inputs().sample(sample)[1]];
            assert_abs_diff_eq!(x.hypot(y), 5.0, epsilon = 1e-12);
        }
    }
}
