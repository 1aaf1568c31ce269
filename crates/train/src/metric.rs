//! Figures that people judge a model by, beside the loss.

use std::fmt;

use evenkeel_tensor::{Real, Shape};

/// A share of right answers, counted from logits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Metric {
    /// The share of samples whose largest logit, of `[N, C]`, is that of their class, `[N]` class
    /// indices (or one-hot `[N, C]`). Of equal logits the first counts.
    Accuracy,
    /// The share of logits on the right side of zero; targets are 0 or 1.
    BinaryAccuracy,
}

impl Metric {
    /// The name in histories and reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Accuracy => "accuracy",
            Self::BinaryAccuracy => "binary_accuracy",
        }
    }

    /// How many answers are right, and how many there are.
    ///
    /// A logit of NaN is never right.
    pub fn count<T: Real>(self, logits: &[T], shape: Shape, targets: &[T]) -> (usize, usize) {
        match self {
            Self::Accuracy => {
                let classes = shape.features().max(1);
                let rows = logits.chunks_exact(classes);
                let answers = rows.len();
                let one_hot = targets.len() == logits.len() && classes > 1;
                let hits = rows.enumerate().filter(|(i, row)| {
                    let class = if one_hot {
                        largest(&targets[i * classes..][..classes])
                    } else {
                        targets.get(*i).map(|label| label.to_f64() as usize)
                    };
                    class.is_some() && largest(row) == class
                });
                (hits.count(), answers)
            }
            Self::BinaryAccuracy => {
                let half = T::of(0.5);
                let hit = |(z, t): &(&T, &T)| {
                    let (z, t) = (**z, **t);
                    (z > T::ZERO && t > half) || (z <= T::ZERO && t <= half)
                };
                (logits.iter().zip(targets).filter(hit).count(), logits.len())
            }
        }
    }
}

/// The index of the largest value; of the first, if several are; none if one is NaN.
fn largest<T: Real>(row: &[T]) -> Option<usize> {
    let mut best = None;
    for (i, &value) in row.iter().enumerate() {
        match best {
            _ if value.partial_cmp(&value).is_none() => return None,
            Some((_, most)) if value <= most => {}
            _ => best = Some((i, value)),
        }
    }
    best.map(|(i, _)| i)
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn right_answers_are_counted() {
        let logits = [1.0f32, 2.0, 0.0, 5.0, 5.0, 1.0, f32::NAN, 9.0, 0.0];
        let shape = Shape::from([3, 3]);
        let accuracy = |labels: &[f32]| Metric::Accuracy.count(&logits, shape, labels);
        assert_eq!(accuracy(&[1.0, 0.0, 1.0]), (2, 3));
        assert_eq!(accuracy(&[0.0, 1.0, 0.0]), (0, 3));
        let one_hot = [0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0, 0.0];
        assert_eq!(accuracy(&one_hot), (2, 3));
    }

    #[test]
    fn binary_answers_are_counted_by_sign() {
        let logits = [0.1f64, -0.1, 3.0, f64::NAN, 0.0];
        let hits = Metric::BinaryAccuracy.count(&logits, [5, 1].into(), &[1.0, 1.0, 1.0, 0.0, 0.0]);
        assert_eq!(hits, (3, 5));
    }
}
