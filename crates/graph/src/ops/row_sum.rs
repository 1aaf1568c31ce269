//! The sum of the rows of a batch, nearly as exact as if it were computed in twice the precision.
//!
//! The gradient of a bias is a sum over all samples whose terms often cancel: for a network that
//! knows nothing and balanced classes they cancel altogether. Added one after another they would
//! leave a rest of rounding errors, and the bias would drift. So `f32` is summed in `f64`; for
//! `f64` the error of each addition is computed (Knuth's TwoSum, without a branch, so that it
//! vectorizes) and added at the end.

use evenkeel_tensor::Real;
use evenkeel_tensor::simd::{self, Isa, Kernel};

/// How many columns are summed at a time, in registers and the innermost cache.
const COLUMNS: usize = 32;

/// Shorter rows are summed several at a time.
const SHORT: usize = 16;

/// Adds the sum of the rows of `rows`, each as long as `target`, to `target`.
pub(super) fn add_row_sum<T: Real>(target: &mut [T], rows: &[T]) {
    match (size_of::<T>() < size_of::<f64>(), target.len()) {
        (_, 0) => {}
        (true, 1..=SHORT) => simd::run(Short { target, rows }),
        (true, _) => simd::run(Wide { target, rows }),
        (false, _) => simd::run(Compensated { target, rows }),
    }
}

/// Short rows of a narrow type, in running sums for as many consecutive values as there are in
/// [`SHORT`] rows: however short the rows, whole registers are added.
struct Short<'a, T> {
    target: &'a mut [T],
    rows: &'a [T],
}

impl<T: Real> Kernel for Short<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let len = self.target.len();
        let mut sums = [0.0f64; SHORT * SHORT];
        let sums = &mut sums[..SHORT * len];
        for values in self.rows.chunks(SHORT * len) {
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += value.to_f64();
            }
        }
        let (first, others) = sums.split_at_mut(len);
        for row in others.chunks_exact(len) {
            for (sum, value) in first.iter_mut().zip(row) {
                *sum += *value;
            }
        }
        for (target, sum) in self.target.iter_mut().zip(first) {
            *target += T::of(*sum);
        }
    }
}

/// Long rows of a narrow type.
struct Wide<'a, T> {
    target: &'a mut [T],
    rows: &'a [T],
}

impl<T: Real> Kernel for Wide<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let len = self.target.len();
        for (block, target) in self.target.chunks_mut(COLUMNS).enumerate() {
            let mut sums = [0.0f64; COLUMNS];
            for row in self.rows.chunks_exact(len) {
                let terms = &row[block * COLUMNS..][..target.len()];
                match terms.first_chunk::<COLUMNS>() {
                    Some(terms) => add(&mut sums, terms),
                    None => add(&mut sums, terms),
                }
            }
            for (target, sum) in target.iter_mut().zip(sums) {
                *target += T::of(sum);
            }
        }
    }
}

#[inline(always)]
fn add<T: Real>(sums: &mut [f64], terms: &[T]) {
    for (sum, term) in sums.iter_mut().zip(terms) {
        *sum += term.to_f64();
    }
}

/// Rows of the widest type, with the error of each addition.
struct Compensated<'a, T> {
    target: &'a mut [T],
    rows: &'a [T],
}

impl<T: Real> Kernel for Compensated<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let len = self.target.len();
        for (block, target) in self.target.chunks_mut(COLUMNS).enumerate() {
            let (mut sum, mut error) = ([T::ZERO; COLUMNS], [T::ZERO; COLUMNS]);
            for row in self.rows.chunks_exact(len) {
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
    fn rows_of_every_length_are_summed() {
        for len in 1..70 {
            for count in [0, 1, 15, 16, 17, 40] {
                let rows: Vec<f32> = (0..len * count).map(|i| (i % 23) as f32).collect();
                let mut sums = vec![0.5f32; len];
                add_row_sum(&mut sums, &rows);
                for (column, sum) in sums.iter().enumerate() {
                    let terms = rows[column.min(rows.len())..].iter().step_by(len);
                    assert_eq!(*sum, 0.5 + terms.sum::<f32>(), "{count} rows of {len}");
                }
            }
        }
    }

    #[test]
    fn what_is_not_finite_stays_so() {
        let mut sum = [0.0f32, 0.0];
        add_row_sum(&mut sum, &[f32::INFINITY, f32::NAN, 1.0, 1.0]);
        assert!(sum[0] == f32::INFINITY && sum[1].is_nan());
    }
}
