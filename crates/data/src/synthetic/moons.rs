//! Two interleaving half circles.

use std::f64::consts::PI;

use evenkeel_tensor::Real;

use super::points::{Generator, Point, class_size};
use crate::{DataError, Dataset};

const MOONS: Generator = Generator("moons");

/// Points on two half circles of radius 1 that reach into one another: inputs `[samples, 2]`.
///
/// Class 0, `"upper"`, is (cos t, sin t), and class 1, `"lower"`, is (1 − cos t, ½ − sin t), for
/// equally spaced t from 0 to π. `noise` is the standard deviation of what is added to each
/// coordinate. The same set as scikit-learn's `make_moons`, but for the random numbers.
///
/// # Errors
/// [`DataError::Argument`] if `samples` is 0 or `noise` is negative or not finite;
/// [`DataError::Input`] if the noise takes a point out of `T`.
///
/// ```
/// let moons = evenkeel_data::moons::<f32>(200, 0.1, 3)?;
/// assert_eq!(moons.class_names().unwrap(), ["upper", "lower"]);
/// # Ok::<(), evenkeel_data::DataError>(())
/// ```
pub fn moons<T: Real>(samples: usize, noise: f64, seed: u64) -> Result<Dataset<T>, DataError> {
    MOONS.check_positive("samples", samples)?;
    MOONS.check_deviation("noise", noise)?;
    let points = (0..2).flat_map(|class| moon(class, class_size(samples, 2, class))).collect();
    MOONS.finish(points, noise, MOONS.stream(seed), ["upper", "lower"])
}

fn moon(class: usize, size: usize) -> impl Iterator<Item = Point> {
    // Both ends belong to the moon; a single point is its beginning.
    let step = PI / size.saturating_sub(1).max(1) as f64;
    (0..size).map(move |k| {
        let (sin, cos) = (k as f64 * step).sin_cos();
        let place = if class == 0 { [cos, sin] } else { [1.0 - cos, 0.5 - sin] };
        (place, class)
    })
}

#[cfg(test)]
mod tests {
    use approx::assert_abs_diff_eq;

    use super::*;

    fn points(samples: usize) -> Vec<Point> {
        let data = moons::<f64>(samples, 0.0, 1).unwrap();
        let place = |i| [data.inputs().sample(i)[0], data.inputs().sample(i)[1]];
        data.labels().unwrap().iter().enumerate().map(|(i, &label)| (place(i), label)).collect()
    }

    #[test]
    fn moons_are_half_circles_about_their_centres() {
        for ([x, y], label) in points(101) {
            let centre = [[0.0, 0.0], [1.0, 0.5]][label];
            assert_abs_diff_eq!((x - centre[0]).hypot(y - centre[1]), 1.0, epsilon = 1e-12);
            assert!(if label == 0 { y > -1e-12 } else { y < 0.5 + 1e-12 });
        }
    }

    #[test]
    fn both_ends_are_there() {
        let mut xs = [0, 1].map(|class| {
            let all = points(20).into_iter().filter(|&(_, label)| label == class);
            all.map(|([x, _], _)| x).collect::<Vec<_>>()
        });
        xs.iter_mut().for_each(|xs| xs.sort_by(f64::total_cmp));
        for (found, ends) in xs.into_iter().zip([[-1.0, 1.0], [0.0, 2.0]]) {
            assert_abs_diff_eq!(found[0], ends[0], epsilon = 1e-12);
            assert_abs_diff_eq!(found[9], ends[1], epsilon = 1e-12);
        }
    }

    #[test]
    fn few_samples_are_fine() {
        assert_eq!(points(1), [([1.0, 0.0], 0)]);
        assert_eq!(points(2).len(), 2);
    }
}
