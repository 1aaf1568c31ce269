//! erf x and erfc x of `f32` without a branch.
//!
//! All coefficients are those of minimax polynomials for the relative error of the result, found
//! by Remez's exchange.

use super::Isa;
use super::exponential::{Reduced, clamp};

/// Below this the series of erf is used, above it 1 − e^…, which there no longer cancels.
const SERIES: f32 = 0.9;

/// erf x. The greatest error over all inputs is 1.19 units in the last place, and 1.14 where
/// multiplication and addition are fused.
#[inline(always)]
pub(crate) fn erf<I: Isa>(x: f32) -> f32 {
    let size = x.abs();
    let y = if size < SERIES { series::<I>(size) } else { by_exponential::<I>(size) };
    y.copysign(x)
}

/// x + x·p(x²), to 2⁻²⁶.
#[inline(always)]
fn series<I: Isa>(x: f32) -> f32 {
    let square = x * x;
    let p = I::mul_add(square, -6.020_799_6e-4, 4.998_959e-3);
    let p = I::mul_add(square, p, -2.677_049_3e-2);
    let p = I::mul_add(square, p, 1.128_192_2e-1);
    let p = I::mul_add(square, p, -3.761_250_4e-1);
    let p = I::mul_add(square, p, 1.283_791_5e-1);
    I::mul_add(x, p, x)
}

/// 1 − exp(−x·q(x)) for x ≥ 0.9, to 2⁻²⁸.
#[inline(always)]
fn by_exponential<I: Isa>(x: f32) -> f32 {
    // Above 3.92 the result is 1 already.
    let x = clamp(x, 0.0, 4.0);
    let q = I::mul_add(x, -2.145_905_6e-4, 3.219_933_2e-3);
    let q = I::mul_add(x, q, -2.290_587_9e-2);
    let q = I::mul_add(x, q, 1.052_866e-1);
    let q = I::mul_add(x, q, 6.356_995_7e-1);
    let q = I::mul_add(x, q, 1.128_519_9);
    let reduced = Reduced::of::<I>(-x * q);
    let power = reduced.power(0);
    1.0 - I::mul_add(power, reduced.fraction(), power)
}

/// erfc x. The greatest error over all inputs is 0.63 units in the last place.
///
/// exp(−x²)·t·p(t) with t = 1/(1 + 11x/32): but for the coefficients, Hastings' formula (Abramowitz
/// & Stegun 1964, eq. 7.1.26), to 2⁻²⁷. In `f64`, where x² is exact, so that the rounding of the
/// result to `f32` is nearly the only error.
#[inline(always)]
pub(crate) fn erfc<I: Isa>(x: f32) -> f32 {
    // Above 10.1 the result is less than half the least number.
    let size = f64::from(clamp(x.abs(), 0.0, 10.1));
    let t = 1.0 / I::mul_add(size, 0.343_75, 1.0);
    let p = I::mul_add(t, 0.046_436_126_850_622_844, -0.214_013_131_693_307_24);
    let p = I::mul_add(t, p, 0.317_577_262_718_531_4);
    let p = I::mul_add(t, p, -0.179_745_518_450_053_96);
    let p = I::mul_add(t, p, 0.199_863_163_363_999_7);
    let p = I::mul_add(t, p, 0.095_026_450_041_468_09);
    let p = I::mul_add(t, p, 0.164_841_448_028_855_95);
    let p = I::mul_add(t, p, 0.182_154_331_667_420_87);
    let p = I::mul_add(t, p, 0.193_916_290_721_364_5);
    let p = I::mul_add(t, p, 0.193_943_581_596_738_7);
    let tail = t * p * exp_f64::<I>(-size * size);
    (if x < 0.0 { 2.0 - tail } else { tail }) as f32
}

/// eˣ to 2⁻²⁸ for x within ±700: the method of [`exponential`](super::exponential).
#[inline(always)]
fn exp_f64<I: Isa>(x: f64) -> f64 {
    const ROUNDER: f64 = 6_755_399_441_055_744.0;
    let rounded = I::mul_add(x, std::f64::consts::LOG2_E, ROUNDER);
    let r = I::mul_add(rounded - ROUNDER, -std::f64::consts::LN_2, x);
    let q = I::mul_add(r, 1.381_459_133_454_069_9e-3, 8.368_716_883_166_413e-3);
    let q = I::mul_add(r, q, 4.166_838_813_757_651e-2);
    let q = I::mul_add(r, q, 1.666_652_063_249_074_7e-1);
    let q = I::mul_add(r, q, 4.999_999_344_783_847e-1);
    let y = I::mul_add(r * r, q, 1.0 + r);
    y * f64::from_bits(rounded.to_bits().wrapping_add(1023) << 52)
}

#[cfg(test)]
mod tests {
    use super::super::accuracy::accurate;

    const INFINITY: f32 = f32::INFINITY;

    accurate!(
        erf_by,
        libm::erf,
        1.2,
        [(0.0, 0.0), (-0.0, -0.0), (INFINITY, 1.0), (-INFINITY, -1.0), (1e38, 1.0), (-1e38, -1.0)]
    );
    accurate!(
        erfc_by,
        libm::erfc,
        0.65,
        [(0.0, 1.0), (-0.0, 1.0), (INFINITY, 0.0), (-INFINITY, 2.0), (1e38, 0.0), (-1e38, 2.0)]
    );
}
