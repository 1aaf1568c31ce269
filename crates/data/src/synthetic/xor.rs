//! The exclusive or: a square whose opposite quarters belong together.

use evenkeel_tensor::{Real, Stream};

use super::points::{Generator, Point};
use crate::{DataError, Dataset};

const XOR: Generator = Generator("xor");

/// Points uniform in the square from −1 to 1: inputs `[samples, 2]`.
///
/// Where x and y have the same sign, a point belongs to class 0, `"same sign"`, elsewhere to
/// class 1, `"other sign"`; all four quarters have equally many points to within one. `noise` is
/// the standard deviation of what is added to each coordinate *after* the class is settled, so
/// with noise some points lie on the wrong side. No linear model does better than chance
/// (Minsky and Papert 1969).
///
/// # Errors
/// [`DataError::Argument`] if `samples` is 0 or `noise` is negative or not finite;
/// [`DataError::Input`] if the noise takes a point out of `T`.
///
/// ```
/// let xor = evenkeel_data::xor::<f32>(200, 0.0, 3)?;
/// let (point, label) = (xor.inputs().sample(0), xor.labels().unwrap()[0]);
/// assert_eq!(label == 0, point[0] * point[1] > 0.0);
/// # Ok::<(), evenkeel_data::DataError>(())
/// ```
pub fn xor<T: Real>(samples: usize, noise: f64, seed: u64) -> Result<Dataset<T>, DataError> {
    XOR.check_positive("samples", samples)?;
    XOR.check_deviation("noise", noise)?;
    let mut stream = XOR.stream(seed);
    let points = (0..samples).map(|index| point(index % 4, &mut stream)).collect();
    XOR.finish(points, noise, stream, ["same sign", "other sign"])
}

/// A point in one of the quarters, counted anticlockwise from the one where x, y > 0.
fn point(quarter: usize, stream: &mut Stream) -> Point {
    // In (0, 1], so that no point lies on an axis, between the classes.
    let [x, y] = [1.0 - stream.uniform(), 1.0 - stream.uniform()];
    let place = [[x, y], [-x, y], [-x, -y], [x, -y]][quarter];
    (place, quarter % 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn points(noise: f64) -> Vec<Point> {
        let data = xor::<f64>(402, noise, 1).unwrap();
        let place = |i| [data.inputs().sample(i)[0], data.inputs().sample(i)[1]];
        data.labels().unwrap().iter().enumerate().map(|(i, &label)| (place(i), label)).collect()
    }

    #[test]
    fn signs_tell_the_class() {
        for ([x, y], label) in points(0.0) {
            assert_eq!(label, usize::from(x * y < 0.0));
            assert!(x.abs() <= 1.0 && y.abs() <= 1.0);
        }
    }

    #[test]
    fn quarters_have_equally_many_points() {
        let mut counts = [0; 4];
        for ([x, y], _) in points(0.0) {
            counts[2 * usize::from(x < 0.0) + usize::from(y < 0.0)] += 1;
        }
        assert!(counts.iter().all(|count| [100, 101].contains(count)), "{counts:?}");
    }

    #[test]
    fn noise_takes_some_points_to_the_wrong_side() {
        let wrong = |noise| {
            let misfit = |&&([x, y], label): &&Point| label != usize::from(x * y < 0.0);
            points(noise).iter().filter(misfit).count()
        };
        assert_eq!(wrong(0.0), 0);
        assert!((20..150).contains(&wrong(0.2)), "{}", wrong(0.2));
    }
}
