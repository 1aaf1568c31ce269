//! ln x and ln(1 + x) of `f32` without a branch.
//!
//! The number is 2ⁿ·(1 + f) with 1 + f between √½ and √2, and its logarithm
//! n·ln 2 + f − f²/2 + f³·p(f): the plan of the Cephes library's `logf` (Moshier 1989). The
//! polynomial p is the minimax one of degree 7 for the relative error of ln(1 + f), 2⁻²⁷; Remez's
//! exchange found its coefficients, each rounded to `f32` before the next ones were fitted again.

use super::Isa;
use super::exponential::{LN_2_HIGH, LN_2_LOW};

/// The bits of √½, where numbers begin to have the next n.
const ROOT_HALF: u32 = 0x3f35_04f3;

/// n for the positive normal number `x`.
#[inline(always)]
fn exponent(x: f32) -> i32 {
    x.to_bits().wrapping_sub(ROOT_HALF) as i32 >> 23
}

/// ln(2ⁿ·(1 + f)).
#[inline(always)]
fn logarithm<I: Isa>(n: f32, f: f32) -> f32 {
    let p = I::mul_add(f, -7.642_303_4e-2, 1.276_663e-1);
    let p = I::mul_add(f, p, -1.315_950_8e-1);
    let p = I::mul_add(f, p, 1.420_094_7e-1);
    let p = I::mul_add(f, p, -1.662_333_5e-1);
    let p = I::mul_add(f, p, 2.000_126_1e-1);
    let p = I::mul_add(f, p, -2.500_082_3e-1);
    let p = I::mul_add(f, p, 3.333_333e-1);
    let square = f * f;
    let small = I::mul_add(square, -0.5, f * square * p);
    let small = I::mul_add(n, LN_2_LOW, small);
    I::mul_add(n, LN_2_HIGH, f + small)
}

/// The logarithm `y` of `x`, or what it is where x is not a positive number.
#[inline(always)]
fn at_ends(x: f32, y: f32) -> f32 {
    let y = if x == 0.0 { -f32::INFINITY } else { y };
    let y = if x < 0.0 { f32::NAN } else { y };
    // +∞ and NaN are their own logarithms.
    if x < f32::INFINITY { y } else { x }
}

/// ln x. The greatest error over all inputs is 0.90 units in the last place.
#[inline(always)]
pub(crate) fn ln<I: Isa>(x: f32) -> f32 {
    // Subnormal numbers are made normal, times 2²³.
    let tiny = x < f32::MIN_POSITIVE;
    let normal = x * if tiny { 8_388_608.0 } else { 1.0 };
    let n = exponent(normal);
    let mantissa = f32::from_bits(normal.to_bits().wrapping_sub((n as u32) << 23));
    let n = n as f32 - if tiny { 23.0 } else { 0.0 };
    at_ends(x, logarithm::<I>(n, mantissa - 1.0))
}

/// ln(1 + x). The greatest error over all inputs is 1.45 units in the last place.
#[inline(always)]
pub(crate) fn ln_1p<I: Isa>(x: f32) -> f32 {
    let sum = 1.0 + x;
    let n = exponent(sum);
    // The digits of x that the sum lost are not in f = x·2⁻ⁿ + (2⁻ⁿ − 1), where n is the sum's:
    // that is rounded once, and exact for n = 0. (4·2⁻ⁿ, since 2⁻¹²⁸ is subnormal.)
    let scale = f32::from_bits(129_u32.wrapping_sub(n as u32) << 23);
    let f = I::mul_add(x * scale, 0.25, I::mul_add(scale, 0.25, -1.0));
    let y = at_ends(sum, logarithm::<I>(n as f32, f));
    // Keeps −0.
    if x.abs() < 1e-8 { x } else { y }
}

#[cfg(test)]
mod tests {
    use super::super::accuracy::accurate;

    const INFINITY: f32 = f32::INFINITY;
    const NAN: f32 = f32::NAN;

    accurate!(
        ln_by,
        f64::ln,
        1.0,
        [
            (0.0, -INFINITY),
            (-0.0, -INFINITY),
            (INFINITY, INFINITY),
            (-INFINITY, NAN),
            (-1.0, NAN),
            (-1e-45, NAN),
            (1.0, 0.0),
        ]
    );
    accurate!(
        ln_1p_by,
        f64::ln_1p,
        1.5,
        [
            (0.0, 0.0),
            (-0.0, -0.0),
            (-1.0, -INFINITY),
            (-1.000_000_1, NAN),
            (INFINITY, INFINITY),
            (-INFINITY, NAN),
            (1e-40, 1e-40),
            (-1e-40, -1e-40),
        ]
    );
}
