//! Approximate equality of tensors, for tests with the `approx` macros.

use approx::{AbsDiffEq, RelativeEq};

use crate::{Real, Tensor};

/// Equal shapes, and every pair of values within `epsilon`.
impl<T: Real + AbsDiffEq<Epsilon = T>> AbsDiffEq for Tensor<T> {
    type Epsilon = T;

    fn default_epsilon() -> T {
        T::default_epsilon()
    }

    fn abs_diff_eq(&self, other: &Self, epsilon: T) -> bool {
        every_pair(self, other, |a, b| a.abs_diff_eq(b, epsilon))
    }
}

/// Equal shapes, and every pair of values within `epsilon` or a relative `max_relative`.
impl<T: Real + RelativeEq<Epsilon = T>> RelativeEq for Tensor<T> {
    fn default_max_relative() -> T {
        T::default_max_relative()
    }

    fn relative_eq(&self, other: &Self, epsilon: T, max_relative: T) -> bool {
        every_pair(self, other, |a, b| a.relative_eq(b, epsilon, max_relative))
    }
}

fn every_pair<T: Real>(a: &Tensor<T>, b: &Tensor<T>, close: impl Fn(&T, &T) -> bool) -> bool {
    a.shape() == b.shape() && a.as_slice().iter().zip(b.as_slice()).all(|(a, b)| close(a, b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_and_shapes_must_both_agree() {
        let a = Tensor::from_vec([2], vec![1.0f64, 2.0]).unwrap();
        let b = Tensor::from_vec([2], vec![1.0f64, 2.0 + 1e-9]).unwrap();
        approx::assert_relative_eq!(a, b, max_relative = 1e-8);
        approx::assert_relative_ne!(a, b, max_relative = 1e-10);
        approx::assert_relative_ne!(a, a.clone().reshape([2, 1]).unwrap());
    }
}
