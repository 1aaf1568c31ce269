//! tanh x and the logistic function 1/(1 + e⁻ˣ) of `f32` without a branch.

use super::Isa;
use super::exponential::{Reduced, clamp};

/// Below this the series of tanh is used, above it the exponential: there 1 − 2/(e²ˣ + 1) no
/// longer cancels.
const SERIES: f32 = 0.55;

/// tanh x. The greatest error over all inputs is 1.35 units in the last place.
#[inline(always)]
pub(crate) fn tanh<I: Isa>(x: f32) -> f32 {
    let size = x.abs();
    let y = if size < SERIES { series::<I>(size) } else { by_exponential::<I>(size) };
    y.copysign(x)
}

/// x + x³·p(x²), where p is the minimax polynomial of degree 4 for the relative error of tanh,
/// 2⁻³⁰, found by Remez's exchange.
#[inline(always)]
fn series<I: Isa>(x: f32) -> f32 {
    let square = x * x;
    let p = I::mul_add(square, -6.242_849_4e-3, 2.105_071_4e-2);
    let p = I::mul_add(square, p, -5.384_754_8e-2);
    let p = I::mul_add(square, p, 1.333_254_4e-1);
    let p = I::mul_add(square, p, -3.333_331_6e-1);
    I::mul_add(x * square, p, x)
}

/// 1 − 2/(e²ˣ + 1) for x ≥ ½.
#[inline(always)]
fn by_exponential<I: Isa>(x: f32) -> f32 {
    // Above 10 the result is 1 already.
    let reduced = Reduced::of::<I>(2.0 * clamp(x, 0.0, 10.0));
    let power = reduced.power(0);
    1.0 - 2.0 / I::mul_add(power, reduced.fraction(), power + 1.0)
}

/// 1/(1 + e⁻ˣ). The greatest error over all inputs is 1.75 units in the last place.
#[inline(always)]
pub(crate) fn sigmoid<I: Isa>(x: f32) -> f32 {
    // Above 30 the result is 1 already, below −104 it is less than half the least number.
    let reduced = Reduced::of::<I>(-clamp(x, -104.0, 30.0));
    // The fraction c/(c + c·e⁻ˣ), in which c = 2⁻⁶⁴ keeps the denominator from overflowing where
    // the result is tiny, so that only the division rounds it to a subnormal number.
    let large = x < -44.0;
    let one = if large { 5.421_011e-20 } else { 1.0 };
    let power = if large { reduced.power(-64) } else { reduced.power(0) };
    // The sum of the powers of 2 is exact, so that the denominator is rounded but once; where it
    // would not be, the smaller of them hardly matters to the rest.
    let far = x < -12.0;
    let (sum, rest) = if far { (one, power) } else { (one + power, 0.0) };
    one / (I::mul_add(power, reduced.fraction(), sum) + rest)
}

#[cfg(test)]
mod tests {
    use super::super::accuracy::accurate;

    const INFINITY: f32 = f32::INFINITY;

    fn logistic(x: f64) -> f64 {
        1.0 / (1.0 + (-x).exp())
    }

    accurate!(
        tanh_by,
        f64::tanh,
        1.4,
        [
            (0.0, 0.0),
            (-0.0, -0.0),
            (INFINITY, 1.0),
            (-INFINITY, -1.0),
            (1e38, 1.0),
            (-1e38, -1.0),
            (1e-40, 1e-40),
            (-1e-40, -1e-40),
        ]
    );
    accurate!(
        sigmoid_by,
        logistic,
        1.8,
        [(0.0, 0.5), (-0.0, 0.5), (INFINITY, 1.0), (-INFINITY, 0.0), (1e38, 1.0), (-1e38, 0.0)]
    );
}
