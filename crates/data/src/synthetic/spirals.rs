//! Spiral arms wound around one another.

use evenkeel_tensor::Real;

use super::points::{Generator, Point, class_size, polar};
use crate::{DataError, Dataset};

const SPIRALS: Generator = Generator("spirals");

/// Points on `classes` spiral arms, each a full turn long: inputs `[samples, 2]`.
///
/// Arm j of C, the class `"arm j"`, is at the radius r and the angle 2π (j/C + r), for equally
/// spaced r from just above 0 up to 1 (Archimedean spirals). `noise` is the standard deviation of
/// what is added to each coordinate; neighbouring arms are 1/C apart.
///
/// # Errors
/// [`DataError::Argument`] if `samples` or `classes` is 0, there are more classes than samples,
/// or `noise` is negative or not finite; [`DataError::Input`] if the noise takes a point out of
/// `T`.
///
/// ```
/// let spirals = evenkeel_data::spirals::<f32>(300, 3, 0.02, 3)?;
/// assert_eq!(spirals.class_counts(), Some(vec![100, 100, 100]));
/// # Ok::<(), evenkeel_data::DataError>(())
/// ```
pub fn spirals<T: Real>(
    samples: usize,
    classes: usize,
    noise: f64,
    seed: u64,
) -> Result<Dataset<T>, DataError> {
    SPIRALS.check_classes(samples, classes)?;
    SPIRALS.check_deviation("noise", noise)?;
    let size = |class| class_size(samples, classes, class);
    let points = (0..classes).flat_map(|class| arm(class, classes, size(class))).collect();
    let names = (0..classes).map(|class| format!("arm {class}"));
    SPIRALS.finish(points, noise, SPIRALS.stream(seed), names)
}

fn arm(class: usize, classes: usize, size: usize) -> impl Iterator<Item = Point> {
    let start = class as f64 / classes as f64;
    // No arm begins at the origin, where all of them would meet.
    let radii = (1..=size).map(move |k| k as f64 / size as f64);
    radii.map(move |radius| (polar(radius, start + radius), class))
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use approx::assert_abs_diff_eq;

    use super::*;

    #[test]
    fn the_angle_tells_the_arm() {
        let data = spirals::<f64>(100, 4, 0.0, 1).unwrap();
        for (i, &label) in data.labels().unwrap().iter().enumerate() {
            let [x, y] = [data.inputs().sample(i)[0], data.inputs().sample(i)[1]];
            let radius = x.hypot(y);
            assert!(radius > 0.03 && radius < 1.0 + 1e-12);
            // How many arms the point is away from its own: a whole number of turns.
            let turns = y.atan2(x) / TAU - radius - label as f64 / 4.0;
            assert_abs_diff_eq!(turns, turns.round(), epsilon = 1e-9);
        }
    }

    #[test]
    fn arms_reach_from_the_middle_to_radius_1() {
        let data = spirals::<f64>(60, 3, 0.0, 1).unwrap();
        let radius = |i| data.inputs().sample(i)[0].hypot(data.inputs().sample(i)[1]);
        let mut radii: Vec<f64> = (0..60).map(radius).collect();
        radii.sort_by(f64::total_cmp);
        assert_abs_diff_eq!(radii[0], 0.05, epsilon = 1e-12);
        assert_abs_diff_eq!(radii[59], 1.0, epsilon = 1e-12);
    }
}
