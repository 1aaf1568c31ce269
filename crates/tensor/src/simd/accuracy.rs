//! What the tests of the elementary functions share: how far from exact a function of `f32` is,
//! over all numbers or a sample of them, in each way that it may be called.

use std::fmt;

use rayon::prelude::*;

use super::{Fused, Isa, Kernel, Portable, run};
use crate::Real;

/// Numbers at a time.
const CHUNK: u64 = 1 << 13;

/// Around these the functions change their method or their kind of result.
const SPECIAL: [f32; 24] = [
    0.0,
    f32::MIN_POSITIVE,
    1e-8,
    6e-8,
    0.346_573_6,
    0.414_213_56,
    0.55,
    std::f32::consts::FRAC_1_SQRT_2,
    0.9,
    1.0,
    1.039_720_8,
    std::f32::consts::SQRT_2,
    3.92,
    9.01,
    10.05,
    16.6,
    20.0,
    30.0,
    44.0,
    87.3,
    88.722_84,
    103.97,
    104.0,
    f32::INFINITY,
];

/// A function of one number, compiled for each instruction set.
pub(super) trait Function<T>: Copy {
    /// Its value at `x`.
    fn at<I: Isa>(self, x: T) -> T;
}

struct Map<'a, T, F>(&'a [T], &'a mut [T], F);

impl<T: Real, F: Function<T>> Kernel for Map<'_, T, F> {
    type Output = ();

    #[inline(always)]
    fn run<I: Isa>(self) {
        let Self(x, y, f) = self;
        for (y, &x) in y.iter_mut().zip(x) {
            *y = f.at::<I>(x);
        }
    }
}

/// Writes `f(x)` for every `x` of `source` into `target`, on the calling thread.
pub(super) fn map<T: Real>(source: &[T], target: &mut [T], f: impl Function<T>) {
    run(Map(source, target, f));
}

/// The greatest error of a function, in units in the last place, and where it is.
#[derive(Clone, Copy)]
pub(super) struct Worst {
    pub(super) units: f64,
    x: f32,
}

impl fmt::Debug for Worst {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3} at {:e}", self.units, self.x)
    }
}

impl Worst {
    const NONE: Self = Self { units: 0.0, x: 0.0 };

    fn or(self, other: Self) -> Self {
        if other.units > self.units { other } else { self }
    }

    fn of(x: &[f32], got: &[f32], exact: &[f64]) -> Self {
        let errors = x.iter().zip(got).zip(exact);
        errors.fold(Self::NONE, |worst, ((&x, &got), &exact)| {
            worst.or(Self { units: units(got, exact), x })
        })
    }
}

/// |got − exact| in units in the last place of `exact` as an `f32`; infinite where one is NaN and
/// the other is not, or the signs differ.
fn units(got: f32, exact: f64) -> f64 {
    let alike =
        (got.is_nan(), got.is_sign_negative()) == (exact.is_nan(), exact.is_sign_negative());
    // What overflows counts as the first number beyond the largest.
    let beyond = 2f64.powi(128);
    let got = f64::from(got).clamp(-beyond, beyond);
    let exact = exact.clamp(-beyond, beyond);
    let exponent = ((exact.abs().to_bits() >> 52) as i32 - 1023).clamp(-126, 127);
    let per_unit = f64::from_bits(((1023 + 23 - exponent) as u64) << 52);
    if exact.is_nan() && got.is_nan() {
        0.0
    } else if alike {
        (got - exact).abs() * per_unit
    } else {
        f64::INFINITY
    }
}

/// The greatest errors over the numbers `x` of: the machine's dispatch, the portable code, and
/// the fused code where `fused` (it is slow outside of the dispatch).
fn worst(x: &[f32], f: impl Function<f32>, exact: fn(f64) -> f64, fused: bool) -> [Worst; 3] {
    let exact: Vec<f64> = x.iter().map(|&x| exact(f64::from(x))).collect();
    let mut y = vec![0.0; x.len()];
    map(x, &mut y, f);
    let dispatched = Worst::of(x, &y, &exact);
    y.iter_mut().zip(x).for_each(|(y, &x)| *y = f.at::<Portable>(x));
    let portable = Worst::of(x, &y, &exact);
    if fused {
        y.iter_mut().zip(x).for_each(|(y, &x)| *y = f.at::<Fused>(x));
    }
    [dispatched, portable, if fused { Worst::of(x, &y, &exact) } else { Worst::NONE }]
}

fn all_of(a: [Worst; 3], b: [Worst; 3]) -> [Worst; 3] {
    [a[0].or(b[0]), a[1].or(b[1]), a[2].or(b[2])]
}

/// The greatest errors over all bit patterns `step` apart.
pub(super) fn worst_by_step(
    step: u64,
    f: impl Function<f32> + Send + Sync,
    exact: fn(f64) -> f64,
) -> [Worst; 3] {
    let patterns = (1_u64 << 32).div_ceil(step);
    let chunks = (0..patterns.div_ceil(CHUNK)).into_par_iter();
    let errors = chunks.map(|chunk| {
        let range = chunk * CHUNK..patterns.min((chunk + 1) * CHUNK);
        let x: Vec<f32> = range.map(|i| f32::from_bits((i * step) as u32)).collect();
        worst(&x, f, exact, step > 1)
    });
    errors.reduce(|| [Worst::NONE; 3], all_of)
}

/// The greatest errors over the neighbours of the special numbers.
pub(super) fn worst_at_special(f: impl Function<f32>, exact: fn(f64) -> f64) -> [Worst; 3] {
    let near =
        |x: f32| (0..4096).map(move |i| f32::from_bits((x.to_bits() + i).saturating_sub(2048)));
    let sizes: Vec<f32> = SPECIAL.into_iter().flat_map(near).collect();
    let x: Vec<f32> = sizes.iter().flat_map(|&x| [x, -x]).collect();
    worst(&x, f, exact, true)
}

/// Whether vectors of all lengths have the bits that their numbers have one at a time.
pub(super) fn lengths_agree(f: impl Function<f32>) -> bool {
    (0..70).all(|length| {
        let x: Vec<f32> = (0..length).map(|i| (i as f32 - 33.3) * (i as f32 * 0.6)).collect();
        let (mut together, mut alone) = (vec![0.0; length], vec![0.0; length]);
        map(&x, &mut together, f);
        x.iter().zip(&mut alone).for_each(|(x, y)| {
            map(std::slice::from_ref(x), std::slice::from_mut(y), f);
        });
        together.iter().zip(&alone).all(|(a, b)| a.to_bits() == b.to_bits())
    })
}

/// Tests of a method of `Real`: its exact function, the error allowed in units in the last place,
/// and values that must be met to the bit.
macro_rules! accurate {
    ($name:ident, $exact:expr, $units:expr, $values:expr $(,)?) => {
        mod $name {
            use super::*;
            use crate::Real;
            use crate::simd::accuracy::Function;
            use crate::simd::accuracy::{lengths_agree, worst_at_special, worst_by_step};
            use crate::simd::{Fused, Isa, Portable};

            #[derive(Clone, Copy)]
            struct Tested;

            impl Function<f32> for Tested {
                #[inline(always)]
                fn at<I: Isa>(self, x: f32) -> f32 {
                    x.$name::<I>()
                }
            }

            #[test]
            fn is_accurate_on_a_sample() {
                let errors = worst_by_step(2_039, Tested, $exact);
                assert!(errors.iter().all(|e| e.units <= $units), "{errors:?}");
                let errors = worst_at_special(Tested, $exact);
                assert!(errors.iter().all(|e| e.units <= $units), "{errors:?}");
            }

            #[test]
            #[ignore = "all 2³² inputs, minutes for each function: \
                        cargo test --release -p evenkeel-tensor -- --ignored exhaustive"]
            fn is_accurate_exhaustive() {
                let errors = worst_by_step(1, Tested, $exact);
                println!("{}: {errors:?}", stringify!($name));
                assert!(errors.iter().all(|e| e.units <= $units), "{errors:?}");
            }

            #[test]
            fn special_values_are_exact() {
                for (x, y) in $values {
                    let y: f32 = y;
                    for got in [Tested.at::<Portable>(x), Tested.at::<Fused>(x)] {
                        let same = got.to_bits() == y.to_bits() || got.is_nan() && y.is_nan();
                        assert!(same, "{x:e}: {got:e}, not {y:e}");
                    }
                }
                assert!(Tested.at::<Portable>(f32::NAN).is_nan());
                assert!(Tested.at::<Fused>(f32::NAN).is_nan());
            }

            #[test]
            fn any_length_has_the_same_bits() {
                assert!(lengths_agree(Tested));
            }
        }
    };
}
pub(super) use accurate;
