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

    /// Reduces terms, added in `f64` with the rounding errors carried along (Neumaier 1974): a
    /// loss is one number that many are compared by, so it is worth being exact.
    pub(crate) fn of(self, terms: impl ExactSizeIterator<Item = f64>) -> f64 {
        let count = terms.len();
        let (mut sum, mut carry) = (0.0f64, 0.0);
        for term in terms {
            let next = sum + term;
            carry +=
                if sum.abs() >= term.abs() { (sum - next) + term } else { (term - next) + sum };
            sum = next;
        }
        // An infinite sum carries NaN.
        let sum = if carry.is_finite() { sum + carry } else { sum };
        match self {
            Self::Mean => sum / count as f64,
            Self::Sum => sum,
        }
    }
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
