//! Elementwise work and reductions, cut into fixed pieces for rayon.
//!
//! Pieces have a fixed length and partial results are combined in the order of the pieces, so
//! every function here gives the same bits for any number of threads. Work shorter than
//! [`PARALLEL_LEN`] stays on the calling thread: waking a worker costs more than it saves.

use rayon::prelude::*;

use crate::Real;

/// How many values one piece of work has.
pub const PIECE: usize = 1 << 14;

/// Slices with at least this many values are worked on by several threads.
pub const PARALLEL_LEN: usize = 1 << 17;

/// Runs `work(first, piece)` on consecutive pieces of `values`; `first` is the index of the
/// piece's first value.
pub fn for_each_piece<T: Send>(values: &mut [T], work: impl Fn(usize, &mut [T]) + Sync) {
    if values.len() < PARALLEL_LEN {
        values.chunks_mut(PIECE).enumerate().for_each(|(i, piece)| work(i * PIECE, piece));
    } else {
        values.par_chunks_mut(PIECE).enumerate().for_each(|(i, piece)| work(i * PIECE, piece));
    }
}

/// Writes `f(x)` for every `x` of `source` into `target`.
///
/// # Panics
/// If the two differ in length.
pub fn map<T: Real>(source: &[T], target: &mut [T], f: impl Fn(T) -> T + Sync) {
    assert_eq!(source.len(), target.len(), "map: source and target differ in length");
    for_each_piece(target, |first, piece| {
        for (y, &x) in piece.iter_mut().zip(&source[first..]) {
            *y = f(x);
        }
    });
}

/// Replaces every `x` of `values` by `f(x)`.
pub fn map_in_place<T: Real>(values: &mut [T], f: impl Fn(T) -> T + Sync) {
    for_each_piece(values, |_, piece| piece.iter_mut().for_each(|x| *x = f(*x)));
}

/// The sum of `f(x)` over all of `values`: within a piece in eight running sums (so that the loop
/// vectorizes), over the pieces in a tree whose form depends on their number alone. So the result
/// does not depend on the number of threads, rounding errors grow with the logarithm of the
/// length, and nothing is allocated.
pub fn sum_of<T: Real>(values: &[T], f: impl Fn(T) -> T + Sync) -> T {
    tree_sum(values, &f)
}

fn tree_sum<T: Real>(values: &[T], f: &(impl Fn(T) -> T + Sync)) -> T {
    if values.len() <= PIECE {
        return piece_sum(values, f);
    }
    let (left, right) = values.split_at((values.len() / PIECE).div_ceil(2) * PIECE);
    let halves = if values.len() < PARALLEL_LEN {
        (tree_sum(left, f), tree_sum(right, f))
    } else {
        rayon::join(|| tree_sum(left, f), || tree_sum(right, f))
    };
    halves.0 + halves.1
}

fn piece_sum<T: Real>(piece: &[T], f: &impl Fn(T) -> T) -> T {
    let mut lanes = [T::ZERO; 8];
    let mut eights = piece.chunks_exact(8);
    for eight in &mut eights {
        for (lane, &x) in lanes.iter_mut().zip(eight) {
            *lane += f(x);
        }
    }
    let rest = eights.remainder().iter().fold(T::ZERO, |sum, &x| sum + f(x));
    lanes.iter().fold(rest, |sum, &lane| sum + lane)
}

/// The sum of all values.
pub fn sum<T: Real>(values: &[T]) -> T {
    sum_of(values, |x| x)
}

/// Whether every value is finite: neither infinite nor NaN.
pub fn all_finite<T: Real>(values: &[T]) -> bool {
    // Zero times a finite number is zero; times anything else, NaN. A sum vectorizes where a
    // search that stops early does not.
    sum_of(values, |x| x * T::ZERO) == T::ZERO
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_threads<R: Send>(threads: usize, work: impl FnOnce() -> R + Send) -> R {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(work)
    }

    #[test]
    fn sums_have_the_same_bits_on_any_number_of_threads() {
        let values: Vec<f32> = (0..400_003).map(|i| (i as f32).sin() * 1e3).collect();
        let one = with_threads(1, || sum(&values));
        for threads in [2, 3, 8] {
            assert_eq!(one.to_bits(), with_threads(threads, || sum(&values)).to_bits());
        }
        let exact: f64 = values.iter().map(|&x| f64::from(x)).sum();
        approx::assert_relative_eq!(f64::from(one), exact, epsilon = 1.0);
    }

    #[test]
    fn maps_reach_every_value() {
        for len in [0, 1, PIECE, PIECE + 1, PARALLEL_LEN + 3] {
            let source: Vec<f64> = (0..len).map(|i| i as f64).collect();
            let mut target = vec![0.0; len];
            map(&source, &mut target, |x| x + 1.0);
            assert!(target.iter().enumerate().all(|(i, &y)| y == i as f64 + 1.0));
        }
    }

    #[test]
    fn a_single_bad_value_is_found_wherever_it_is() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for at in [0, 7, 8, 200_000] {
                let mut values = vec![1.0f32; 200_001];
                assert!(all_finite(&values));
                values[at] = bad;
                assert!(!all_finite(&values));
            }
        }
    }
}
