//! Small two-dimensional classification tasks, drawn on demand.
//!
//! Each generator returns points `[samples, 2]` with the features `x` and `y`, in random order,
//! whose classes have equally many samples to within one. The same arguments always give the
//! same points. Coordinates stay within about one unit of the origin, [`blobs`] within five.
//!
//! | set | classes | what it takes to tell them apart |
//! |---|---|---|
//! | [`blobs`] | any number | straight lines, as long as the spread is small |
//! | [`xor`] | 2 | two lines: the classic task that no linear model solves |
//! | [`moons`] | 2 | a bent line |
//! | [`circles`] | 2 | a closed curve |
//! | [`spirals`] | any number | long, winding curves: hard for a small network |

mod blobs;
mod circles;
mod moons;
mod points;
mod spirals;
mod xor;

pub use blobs::blobs;
pub use circles::circles;
pub use moons::moons;
pub use spirals::spirals;
pub use xor::xor;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DataError, Dataset};

    type Generator = fn(usize, u64) -> Result<Dataset<f64>, DataError>;

    const ALL: [(&str, Generator); 5] = [
        ("blobs", |samples, seed| blobs(samples, 3, 0.5, seed)),
        ("circles", |samples, seed| circles(samples, 0.1, 0.5, seed)),
        ("moons", |samples, seed| moons(samples, 0.1, seed)),
        ("spirals", |samples, seed| spirals(samples, 3, 0.1, seed)),
        ("xor", |samples, seed| xor(samples, 0.1, seed)),
    ];

    #[test]
    fn sets_are_named_points_in_the_plane() {
        for (name, generator) in ALL {
            let data = generator(31, 1).unwrap();
            assert_eq!(data.name(), name);
            assert_eq!(data.inputs().shape().dims(), &[31, 2]);
            assert_eq!(data.feature_names().unwrap(), ["x", "y"]);
        }
    }

    #[test]
    fn classes_are_balanced_to_within_one_and_mixed() {
        for (name, generator) in ALL {
            for samples in 30..36 {
                let data = generator(samples, 1).unwrap();
                let counts = data.class_counts().unwrap();
                let (most, least) = (counts.iter().max().unwrap(), counts.iter().min().unwrap());
                assert!(most - least <= 1, "{name}: {counts:?}");
                assert!(!data.labels().unwrap().is_sorted(), "{name}");
            }
        }
    }

    #[test]
    fn a_seed_fixes_the_points() {
        for (name, generator) in ALL {
            let [a, b, other] = [1, 1, 2].map(|seed| generator(40, seed).unwrap());
            assert_eq!((a.inputs(), a.targets()), (b.inputs(), b.targets()), "{name}");
            assert_ne!(a.inputs(), other.inputs(), "{name}");
        }
    }

    #[test]
    fn f32_points_are_the_f64_points_rounded() {
        let (single, double) = (moons::<f32>(50, 0.2, 4), moons::<f64>(50, 0.2, 4));
        assert_eq!(single.unwrap().inputs(), &double.unwrap().inputs().cast::<f32>());
    }

    #[test]
    fn no_samples_are_refused() {
        for (name, generator) in ALL {
            let text = generator(0, 1).unwrap_err().to_string();
            assert_eq!(text, format!("{name}: samples must be at least 1, got 0"));
        }
    }

    #[test]
    fn noise_that_is_no_deviation_is_refused() {
        for noise in [-0.5, f64::NAN, f64::INFINITY] {
            let rule = |name, argument| {
                format!("{name}: {argument} must be finite and not negative, got {noise}")
            };
            let text = |result: Result<Dataset, DataError>| result.unwrap_err().to_string();
            assert_eq!(text(circles(9, noise, 0.5, 1)), rule("circles", "noise"));
            assert_eq!(text(moons(9, noise, 1)), rule("moons", "noise"));
            assert_eq!(text(spirals(9, 2, noise, 1)), rule("spirals", "noise"));
            assert_eq!(text(xor(9, noise, 1)), rule("xor", "noise"));
            assert_eq!(text(blobs(9, 2, noise, 1)), rule("blobs", "spread"));
        }
    }

    #[test]
    fn classes_are_some_and_no_more_than_samples() {
        let text = |result: Result<Dataset, DataError>| result.unwrap_err().to_string();
        assert_eq!(text(blobs(9, 0, 1.0, 1)), "blobs: classes must be at least 1, got 0");
        let rule = "spirals: classes must be at most the number of samples, got 10";
        assert_eq!(text(spirals(9, 10, 0.1, 1)), rule);
    }

    #[test]
    fn noise_beyond_the_number_type_is_refused() {
        assert!(matches!(moons::<f32>(9, 1e39, 1), Err(DataError::Input { .. })));
        assert!(moons::<f64>(9, 1e39, 1).is_ok());
    }
}
