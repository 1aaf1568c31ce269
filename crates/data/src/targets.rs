//! What a network is to learn of each sample: a class, or numbers.

use evenkeel_tensor::{Real, Tensor};

/// The targets of a [`Dataset`](crate::Dataset), one for each sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Targets<T: Real = f32> {
    /// Classification: each sample belongs to one class.
    Classes {
        /// The class of each sample, an index into `names`.
        labels: Vec<usize>,
        /// The name of each class, used or not.
        names: Vec<String>,
    },
    /// Regression: each sample has one or more numbers, of shape `[N, ...]`.
    Values(Tensor<T>),
}

impl<T: Real> Targets<T> {
    /// The targets of these samples, in this order; their indices must be checked before.
    pub(crate) fn take(&self, samples: &[usize]) -> Self {
        match self {
            Self::Classes { labels, names } => {
                let labels = samples.iter().map(|&sample| labels[sample]).collect();
                Self::Classes { labels, names: names.clone() }
            }
            Self::Values(values) => Self::Values(values.gather(samples)),
        }
    }

    /// The targets in another number type.
    pub(crate) fn cast<U: Real>(&self) -> Targets<U> {
        match self {
            Self::Classes { labels, names } => {
                Targets::Classes { labels: labels.clone(), names: names.clone() }
            }
            Self::Values(values) => Targets::Values(values.cast()),
        }
    }
}
