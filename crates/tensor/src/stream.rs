//! Random numbers that depend on a seed and a name, and on nothing else.
//!
//! Every parameter, shuffle and synthetic data set draws from a [`Stream`] of its own. So adding
//! a layer, or building layers in another order, changes no other layer's numbers, and any
//! number of threads draws the same ones. The generator is ChaCha with 8 rounds (Bernstein 2008),
//! whose output is specified and the same on every platform.

use std::convert::Infallible;

use rand::{Rng, SeedableRng, TryRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::{Real, parallel};

/// A reproducible source of random numbers, keyed by a seed and a name.
///
/// It implements [`rand::Rng`], so every distribution of `rand_distr` can draw from it.
///
/// ```
/// use evenkeel_tensor::Stream;
///
/// let mut a = Stream::new(42, "hidden.0/weight");
/// let mut b = Stream::new(42, "hidden.0/weight");
/// let mut other = Stream::new(42, "hidden.1/weight");
/// let x = a.standard_normal();
/// assert_eq!(x, b.standard_normal());
/// assert_ne!(x, other.standard_normal());
/// ```
#[derive(Clone, Debug)]
pub struct Stream {
    rng: ChaCha8Rng,
    fills: u32,
}

impl Stream {
    /// The stream of this seed and name, at its beginning.
    pub fn new(seed: u64, name: &str) -> Self {
        Self::indexed(seed, name, 0)
    }

    /// One of a family of independent streams of this seed and name: that of an epoch or a
    /// training step, say. Index 0 is [`Stream::new`].
    pub fn indexed(seed: u64, name: &str, index: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..24].copy_from_slice(&fnv1a(name.as_bytes()).to_le_bytes());
        key[24..].copy_from_slice(&index.to_le_bytes());
        Self { rng: ChaCha8Rng::from_seed(key), fills: 0 }
    }

    /// A uniform number in [0, 1), a multiple of 2⁻⁵³.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        (self.rng.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// A number from the standard normal law, mean 0 and variance 1.
    #[inline]
    pub fn standard_normal(&mut self) -> f64 {
        StandardNormal.sample(&mut self.rng)
    }

    /// A uniform integer below `bound`, without bias (Lemire 2019).
    ///
    /// # Panics
    /// If `bound` is zero.
    pub fn below(&mut self, bound: usize) -> usize {
        assert!(bound > 0, "there is no integer below zero");
        let bound = bound as u64;
        let threshold = bound.wrapping_neg() % bound;
        loop {
            let wide = u128::from(self.rng.next_u64()) * u128::from(bound);
            if wide as u64 >= threshold {
                return (wide >> 64) as usize;
            }
        }
    }

    /// Puts `items` in random order, each order equally likely (Fisher and Yates 1938).
    pub fn shuffle<I>(&mut self, items: &mut [I]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }

    /// Fills `values` with what `draw` returns, in parallel for large slices.
    ///
    /// Fixed pieces of the slice draw from parts of the stream of their own, so the result
    /// does not depend on the number of threads. Numbers are drawn in `f64` and rounded, so an
    /// `f32` and an `f64` network start from the same values up to rounding.
    pub fn fill<T: Real>(&mut self, values: &mut [T], draw: impl Fn(&mut Stream) -> f64 + Sync) {
        self.fills += 1;
        let (fills, rng) = (u64::from(self.fills), &self.rng);
        parallel::for_each_piece(values, |first, piece| {
            let mut part = Stream { rng: rng.clone(), fills: 0 };
            part.rng.set_stream((fills << 32) | (first / parallel::PIECE) as u64);
            part.rng.set_word_pos(0);
            piece.iter_mut().for_each(|value| *value = T::of(draw(&mut part)));
        });
    }
}

impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.rng.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.rng.next_u64())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.rng.fill_bytes(bytes);
        Ok(())
    }
}

/// The 128-bit FNV-1a hash (Fowler, Noll, Vo): short, specified, and far from colliding on names.
fn fnv1a(bytes: &[u8]) -> u128 {
    const BASIS: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    const PRIME: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;
    bytes.iter().fold(BASIS, |hash, &byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(fnv1a(b""), 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
        assert_eq!(fnv1a(b"a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
    }

    #[test]
    fn a_fill_has_the_same_bits_on_any_number_of_threads() {
        let run = |threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut values = vec![0.0f32; parallel::PARALLEL_LEN + 1001];
            pool.install(|| Stream::new(7, "w").fill(&mut values, Stream::standard_normal));
            values
        };
        let one = run(1);
        assert!([2, 3, 8].into_iter().all(|threads| run(threads) == one));
    }

    #[test]
    fn pieces_and_repeated_fills_differ() {
        let mut stream = Stream::new(1, "w");
        let mut values = vec![0.0f64; 2 * parallel::PIECE];
        stream.fill(&mut values, Stream::uniform);
        assert_ne!(values[0], values[parallel::PIECE]);
        let first = values[0];
        stream.fill(&mut values, Stream::uniform);
        assert_ne!(values[0], first);
    }

    #[test]
    fn an_f32_fill_is_the_f64_fill_rounded() {
        let (mut single, mut double) = (vec![0.0f32; 100], vec![0.0f64; 100]);
        Stream::new(3, "w").fill(&mut single, Stream::standard_normal);
        Stream::new(3, "w").fill(&mut double, Stream::standard_normal);
        assert!(single.iter().zip(&double).all(|(&s, &d)| s == d as f32));
    }

    #[test]
    fn integers_below_a_bound_are_uniform() {
        let mut counts = [0u32; 6];
        let mut stream = Stream::new(5, "dice");
        (0..60_000).for_each(|_| counts[stream.below(6)] += 1);
        // Chi-squared with 5 degrees of freedom: 20.5 is passed once in a thousand.
        let chi2: f64 = counts.iter().map(|&c| (f64::from(c) - 1e4).powi(2) / 1e4).sum();
        assert!(chi2 < 20.5, "{counts:?}");
    }

    #[test]
    fn a_shuffle_keeps_every_item() {
        let mut items: Vec<usize> = (0..100).collect();
        Stream::new(9, "order").shuffle(&mut items);
        assert_ne!(items, (0..100).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..100).collect::<Vec<_>>());
    }
}
