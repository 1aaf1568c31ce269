//! eˣ and eˣ − 1 of `f32` without a branch.
//!
//! The method is Cody and Waite's (*Software Manual for the Elementary Functions*, 1980, ch. 6):
//! x = n·ln 2 + r with |r| ≤ ½ ln 2, and eˣ = 2ⁿ·(1 + r + w), where w = r²·q(r). The polynomial q
//! is the minimax one of degree 4 for the relative error of eʳ, 2⁻²⁸; Remez's exchange found its
//! coefficients, each rounded to `f32` before the next ones were fitted again.

use super::Isa;

/// Adding 1.5·2²³ to a small number rounds it to an integer, which the lowest bits then hold.
const ROUNDER: f32 = 12_582_912.0;

/// ln 2 in two parts, of which the first has so few digits that its multiples are exact.
pub(super) const LN_2_HIGH: f32 = 355.0 / 512.0;
pub(super) const LN_2_LOW: f32 = -2.121_944_4e-4;

/// eˣ lies beyond the largest number for x above the one, and below half the least for x below
/// the other.
const OVERFLOW: f32 = 89.0;
const UNDERFLOW: f32 = -104.0;

/// A number whose exponential is 2ⁿ·(1 + r + w).
pub(super) struct Reduced {
    /// n, in the lowest 22 bits.
    bits: u32,
    r: f32,
    w: f32,
}

impl Reduced {
    /// The reduction of an x within ±2¹⁵, or of NaN.
    #[inline(always)]
    pub(super) fn of<I: Isa>(x: f32) -> Self {
        let rounded = I::mul_add(x, std::f32::consts::LOG2_E, ROUNDER);
        let n = rounded - ROUNDER;
        let r = I::mul_add(n, -LN_2_HIGH, x);
        let r = I::mul_add(n, -LN_2_LOW, r);
        let q = I::mul_add(r, 1.383_643_5e-3, 8.369_131e-3);
        let q = I::mul_add(r, q, 4.166_810_6e-2);
        let q = I::mul_add(r, q, 1.666_651_7e-1);
        let q = I::mul_add(r, q, 4.999_999_4e-1);
        Self { bits: rounded.to_bits(), r, w: r * r * q }
    }

    /// 2ⁿ⁺ᵐ where that is a normal number: the sum's lowest bits, shifted to the exponent.
    #[inline(always)]
    pub(super) fn power(&self, m: i32) -> f32 {
        let one = (127 + m) as u32;
        f32::from_bits(self.bits.wrapping_add(one) << 23)
    }

    /// r + w = eʳ − 1.
    #[inline(always)]
    pub(super) fn fraction(&self) -> f32 {
        self.r + self.w
    }
}

/// `x` between the bounds; NaN stays NaN.
#[inline(always)]
pub(super) fn clamp(x: f32, low: f32, high: f32) -> f32 {
    let x = if x < low { low } else { x };
    if x > high { high } else { x }
}

/// eˣ. The greatest error over all inputs is 0.99 units in the last place.
#[inline(always)]
pub(crate) fn exp<I: Isa>(x: f32) -> f32 {
    let reduced = Reduced::of::<I>(clamp(x, UNDERFLOW, OVERFLOW));
    // 2ⁿ in two factors: by itself it may be too large or too small for a normal number. A
    // product that is subnormal is rounded once, by the second.
    let half = ((reduced.bits << 10) as i32 >> 11) as u32;
    let first = f32::from_bits(half.wrapping_add(127) << 23);
    let second = f32::from_bits(reduced.bits.wrapping_sub(half).wrapping_add(127) << 23);
    (1.0 + reduced.fraction()) * first * second
}

/// eˣ − 1. The greatest error over all inputs is 1.29 units in the last place.
#[inline(always)]
pub(crate) fn exp_m1<I: Isa>(x: f32) -> f32 {
    // Below −20 the result is −1 already.
    let reduced = Reduced::of::<I>(clamp(x, -20.0, OVERFLOW));
    // Half of it, since 2ⁿ may overflow where the result does not. The difference with 1 is taken
    // before w is added: for n = 1, where it cancels, it is exact.
    let half = reduced.power(-1);
    let sum = I::mul_add(half, reduced.r, half - 0.5);
    let y = 2.0 * I::mul_add(half, reduced.w, sum);
    // Keeps −0, and the digits of the subnormal.
    if x.abs() < 1e-8 { x } else { y }
}

#[cfg(test)]
mod tests {
    use super::super::accuracy::accurate;

    const INFINITY: f32 = f32::INFINITY;

    accurate!(
        exp_by,
        f64::exp,
        1.0,
        [
            (-INFINITY, 0.0),
            (INFINITY, INFINITY),
            (0.0, 1.0),
            (-0.0, 1.0),
            (-104.0, 0.0),
            (88.722_84, INFINITY),
            (1e38, INFINITY),
            (-1e38, 0.0),
        ]
    );
    accurate!(
        exp_m1_by,
        f64::exp_m1,
        1.3,
        [
            (-INFINITY, -1.0),
            (INFINITY, INFINITY),
            (0.0, 0.0),
            (-0.0, -0.0),
            (1e-40, 1e-40),
            (-1e-40, -1e-40),
            (1e38, INFINITY),
            (-1e38, -1.0),
        ]
    );
}
