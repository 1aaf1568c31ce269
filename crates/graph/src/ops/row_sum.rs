//! The sum of the rows of a batch, nearly as exact as if it were computed in twice the precision.
//!
//! The gradient of a bias is a sum over all samples whose terms often cancel: for a network that
//! knows nothing and balanced classes they cancel altogether. Added one after another they would
//! leave a rest of rounding errors, and the bias would drift. So the error of each addition is
//! computed (Knuth's TwoSum, without a branch, so that it vectorizes) and added at the end.

use evenkeel_tensor::Real;

/// How many columns are summed at a time, in registers and the innermost cache.
const COLUMNS: usize = 32;

/// Adds the sum of the rows of `rows`, each as long as `target`, to `target`.
pub(super) fn add_row_sum<T: Real>(target: &mut [T], rows: &[T]) {
    let len = target.len();
    for (block, target) in target.chunks_mut(COLUMNS).enumerate() {
        let (mut sum, mut error) = ([T::ZERO; COLUMNS], [T::ZERO; COLUMNS]);
        for row in rows.chunks_exact(len) {
            let terms = &row[block * COLUMNS..][..target.len()];
            for ((sum, error), &term) in sum.iter_mut().zip(&mut error).zip(terms) {
                let next = *sum + term;
                let gained = next - *sum;
                *error += (*sum - (next - gained)) + (term - gained);
                *sum = next;
            }
        }
        for (target, (sum, error)) in target.iter_mut().zip(sum.into_iter().zip(error)) {
            // An infinite sum has an error of NaN.
            *target += if error.is_finite() { sum + error } else { sum };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_that_cancel_leave_nothing() {
        let third = 1.0f64 / 300.0;
        let rows: Vec<f64> =
            (0..300).flat_map(|i| [if i % 7 < 3 { third } else { -third }, 1.0]).collect();
        let expected = rows.chunks_exact(2).filter(|row| row[0] > 0.0).count() as f64 * 2.0 - 300.0;
        let mut sum = [0.0, 0.5];
        add_row_sum(&mut sum, &rows);
        assert_eq!(sum, [expected * third, 300.5]);
        let mut sum = [0.0f32; 40];
        let rows: Vec<f32> =
            [1e8, 1.0, -1e8].into_iter().flat_map(|x: f32| std::iter::repeat_n(x, 40)).collect();
        add_row_sum(&mut sum, &rows);
        assert_eq!(sum, [1.0; 40]);
    }

    #[test]
    fn what_is_not_finite_stays_so() {
        let mut sum = [0.0f32, 0.0];
        add_row_sum(&mut sum, &[f32::INFINITY, f32::NAN, 1.0, 1.0]);
        assert!(sum[0] == f32::INFINITY && sum[1].is_nan());
    }
}
