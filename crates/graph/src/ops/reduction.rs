//! How the losses of single values become one number.

use std::fmt;

/// Mean or sum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Reduction {
    /// Divide by how many there are.
    #[default]
    Mean,
    /// Add up.
    Sum,
}

impl Reduction {
    /// The factor of each of `count` terms.
    pub(crate) fn factor(self, count: usize) -> f64 {
        match self {
            Self::Mean => 1.0 / count as f64,
            Self::Sum => 1.0,
        }
    }

    /// Reduces terms.
    pub(crate) fn of(self, terms: impl Iterator<Item = f64>) -> f64 {
        let mut total = Total::new();
        terms.for_each(|term| total.add(&[term]));
        total.reduce(self)
    }
}

/// How many sums run side by side.
const LANES: usize = 16;

/// A sum in `f64` with the rounding errors carried along (Knuth's TwoSum, in several running sums
/// so that it vectorizes): a loss is one number that many are compared by, so it is worth being
/// exact.
pub(crate) struct Total {
    sums: [f64; LANES],
    errors: [f64; LANES],
    count: usize,
}

impl Total {
    pub(crate) fn new() -> Self {
        Self { sums: [0.0; LANES], errors: [0.0; LANES], count: 0 }
    }

    /// Adds terms, sixteen side by side.
    #[inline(always)]
    pub(crate) fn add(&mut self, terms: &[f64]) {
        self.count += terms.len();
        for terms in terms.chunks(LANES) {
            let lanes = self.sums.iter_mut().zip(&mut self.errors);
            for ((sum, error), &term) in lanes.zip(terms) {
                (*sum, *error) = two_sum(*sum, term, *error);
            }
        }
    }

    /// The mean or the sum.
    pub(crate) fn reduce(self, by: Reduction) -> f64 {
        let (mut sum, mut error) = (0.0, 0.0);
        for term in self.sums.into_iter().chain(self.errors) {
            (sum, error) = two_sum(sum, term, error);
        }
        // An infinite sum has an error of NaN.
        let sum = if error.is_finite() { sum + error } else { self.sums.iter().sum() };
        match by {
            Reduction::Mean => sum / self.count as f64,
            Reduction::Sum => sum,
        }
    }
}

/// sum + term, and `error` plus what that rounded away.
#[inline(always)]
fn two_sum(sum: f64, term: f64, error: f64) -> (f64, f64) {
    let next = sum + term;
    let gained = next - sum;
    (next, error + ((sum - (next - gained)) + (term - gained)))
}

impl fmt::Display for Reduction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Mean => "mean",
            Self::Sum => "sum",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_errors_are_carried_along() {
        assert_eq!(Reduction::Sum.of([1.0, 1e100, 1.0, -1e100].into_iter()), 2.0);
        assert_eq!(Reduction::Mean.of(vec![0.1; 1000].into_iter()), 0.1);
        assert_eq!(Reduction::Sum.of([f64::INFINITY, 1.0].into_iter()), f64::INFINITY);
        assert!(Reduction::Sum.of([f64::NAN, 1.0].into_iter()).is_nan());
    }
}
