//! Work cut into pieces for several threads.
//!
//! Pieces have a fixed length and partial results are combined in the order of the pieces, so
//! every function here gives the same bits for any number of threads. Work too short to be worth
//! sharing stays on the calling thread: that of a [team](with_team), whose threads are awake, is
//! worth it much earlier.

use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use crate::Real;
use crate::pieces::cut_each;
use crate::simd::{self, Isa, Kernel};
use crate::team::{share, team_size};

pub use crate::team::with_team;

/// How many values one piece of work has.
pub const PIECE: usize = 1 << 14;

/// Slices with at least this many values are worked on by several threads.
pub const PARALLEL_LEN: usize = 1 << 17;

/// The same for the threads of a team.
const TEAM_LEN: usize = 1 << 15;

/// Products with at least this many multiply-adds are worth sharing with a team, and with threads
/// that must be woken first. A core does about as much in two and in thirty microseconds.
const TEAM_WORK: usize = 1 << 17;
const POOL_WORK: usize = 1 << 21;

/// Runs of at least this much work are worth a team where the pool's threads are awake, which
/// they are inside of it, and where they must be woken.
const RUN_IN_POOL: usize = 1 << 20;
const RUN_OUTSIDE: usize = 1 << 23;

/// Runs `run` [with a team](with_team) if it does enough: `work` is about the number of its
/// multiply-adds.
pub fn with_team_for<R: Send>(work: usize, run: impl FnOnce() -> R + Send) -> R {
    let inside = rayon::current_thread_index().is_some();
    if work < if inside { RUN_IN_POOL } else { RUN_OUTSIDE } { run() } else { with_team(run) }
}

/// Runs `run` in a thread of rayon's pool. Many short runs with a team start faster there: the
/// pool need not be entered for each.
pub fn in_pool<R: Send>(run: impl FnOnce() -> R + Send) -> R {
    rayon::join(run, || ()).0
}

/// How many threads are worth having for so many multiply-adds.
pub(crate) fn threads_for(work: usize) -> usize {
    match team_size() {
        Some(threads) => threads.min(work / (TEAM_WORK / 2)).max(1),
        None if work < POOL_WORK => 1,
        None => rayon::current_num_threads(),
    }
}

/// Runs `work(0)`, …, `work(count - 1)` on several threads, in any order.
pub(crate) fn for_each_index(count: usize, work: &(dyn Fn(usize) + Sync)) {
    if count < 2 {
        return (0..count).for_each(work);
    }
    if !share(count, work) {
        (0..count).into_par_iter().with_max_len(1).for_each(work);
    }
}

/// Whether so many values are worth sharing.
fn worth_sharing(len: usize) -> bool {
    len >= if team_size().is_some() { TEAM_LEN } else { PARALLEL_LEN }
}

/// Runs `work(first, piece)` on consecutive pieces of `values` of [`PIECE`] values; `first` is the
/// index of the piece's first value.
pub fn for_each_piece<T: Send>(values: &mut [T], work: impl Fn(usize, &mut [T]) + Sync) {
    cut_each(&mut [values], PIECE, worth_sharing, |first, pieces| {
        pieces.iter_mut().for_each(|piece| work(first, piece));
    });
}

/// Runs `work(first, pieces)` on the same piece of several slices at once, in as many pieces as
/// there are threads to work on them.
///
/// # Panics
/// If the slices differ in length.
pub fn for_each_pieces<T: Send>(
    slices: &mut [&mut [T]],
    work: impl Fn(usize, &mut [&mut [T]]) + Sync,
) {
    let len = slices.first().map_or(0, |slice| slice.len());
    if !worth_sharing(len) {
        return work(0, slices);
    }
    let threads = team_size().unwrap_or_else(rayon::current_num_threads);
    let each = len.div_ceil(threads).next_multiple_of(64).max(1);
    cut_each(slices, each, worth_sharing, work);
}

/// The sum of the squares of all values, with no care for rounding: for judging magnitudes. It is
/// infinite or NaN if any value is, or if the sum is too large for the type.
pub fn sum_of_squares<T: Real>(values: &[T]) -> T {
    simd::run(Squares(values))
}

struct Squares<'a, T>(&'a [T]);

impl<T: Real> Kernel for Squares<'_, T> {
    type Output = T;

    #[inline(always)]
    fn run<I: Isa>(self) -> T {
        let mut sums = [T::ZERO; 64];
        for chunk in self.0.chunks(64) {
            for (sum, &x) in sums.iter_mut().zip(chunk) {
                *sum = I::mul_add(x, x, *sum);
            }
        }
        sums.into_iter().sum()
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
    let halves = if values.len() < PARALLEL_LEN || team_size().is_some() {
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
    all(values.len().div_ceil(PIECE), values.len(), |index| {
        let first = index * PIECE;
        simd::run(Finite(&values[first..values.len().min(first + PIECE)]))
    })
}

/// Whether `test` holds for 0, …, `count − 1`; on several threads if all of it together reads
/// enough values for that to pay.
pub fn all(count: usize, values: usize, test: impl Fn(usize) -> bool + Sync) -> bool {
    if !worth_sharing(values) {
        return (0..count).all(test);
    }
    let all = AtomicBool::new(true);
    for_each_index(count, &|index| {
        if !test(index) {
            all.store(false, Ordering::Relaxed);
        }
    });
    all.into_inner()
}

struct Finite<'a, T>(&'a [T]);

impl<T: Real> Kernel for Finite<'_, T> {
    type Output = bool;

    #[inline(always)]
    fn run<I: Isa>(self) -> bool {
        // Zero times a finite number is zero; times anything else, NaN. A sum vectorizes where a
        // search that stops early does not.
        let mut sums = [T::ZERO; 64];
        let (chunks, rest) = self.0.as_chunks::<64>();
        for chunk in chunks {
            for (sum, &x) in sums.iter_mut().zip(chunk) {
                *sum = I::mul_add(x, T::ZERO, *sum);
            }
        }
        for (sum, &x) in sums.iter_mut().zip(rest) {
            *sum = I::mul_add(x, T::ZERO, *sum);
        }
        sums.iter().all(|&sum| sum == T::ZERO)
    }
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
