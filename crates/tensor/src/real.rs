//! The number types that networks are made of: `f32` and `f64`.

use std::fmt::LowerExp;
use std::iter::Sum;
use std::str::FromStr;

use nalgebra::RealField;

use crate::matmul::kernel::Gemm;
use crate::simd::{Isa, error_function, exponential, hyperbolic, logarithm};

/// A real number type that tensors can hold: `f32` (the default everywhere) or `f64`.
///
/// The arithmetic and elementary functions come from nalgebra's [`RealField`]; this trait adds
/// conversions and what neural networks need besides. It is sealed.
pub trait Real:
    sealed::Sealed + RealField + Copy + Default + Sum + LowerExp + FromStr + PartialOrd
{
    /// The type's name, `"f32"` or `"f64"`.
    const NAME: &'static str;
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;

    /// The number of this type nearest to `value`.
    fn of(value: f64) -> Self;

    /// This number as an `f64`, exactly.
    fn to_f64(self) -> f64;

    /// The error function, 2/√π ∫₀ˣ exp(−t²) dt, to within one unit in the last place.
    fn erf(self) -> Self;

    /// The complementary error function 1 − erf(x), exact in its tail too.
    fn erfc(self) -> Self;

    /// eˣ, to be used in [kernels](crate::simd): for `f32` within 2 units in the last place and
    /// vectorizable; for `f64` the standard library's. So are the functions below.
    fn exp_by<I: Isa>(self) -> Self;

    /// eˣ − 1.
    fn exp_m1_by<I: Isa>(self) -> Self;

    /// ln x.
    fn ln_by<I: Isa>(self) -> Self;

    /// ln(1 + x).
    fn ln_1p_by<I: Isa>(self) -> Self;

    /// tanh x.
    fn tanh_by<I: Isa>(self) -> Self;

    /// The logistic function 1/(1 + e⁻ˣ).
    fn sigmoid_by<I: Isa>(self) -> Self;

    /// The error function.
    fn erf_by<I: Isa>(self) -> Self;

    /// The complementary error function.
    fn erfc_by<I: Isa>(self) -> Self;

    /// The bits of this number, widened: equal exactly when two numbers are the same bits.
    fn bits(self) -> u64;
}

pub(crate) mod sealed {
    use super::Gemm;

    /// Keeps [`Real`](super::Real) closed, and carries the product kernel of the type.
    pub trait Sealed: Gemm {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

impl Real for f32 {
    const NAME: &'static str = "f32";
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline]
    fn of(value: f64) -> Self {
        value as f32
    }

    #[inline]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    #[inline]
    fn erf(self) -> Self {
        libm::erff(self)
    }

    #[inline]
    fn erfc(self) -> Self {
        libm::erfcf(self)
    }

    #[inline(always)]
    fn exp_by<I: Isa>(self) -> Self {
        exponential::exp::<I>(self)
    }

    #[inline(always)]
    fn exp_m1_by<I: Isa>(self) -> Self {
        exponential::exp_m1::<I>(self)
    }

    #[inline(always)]
    fn ln_by<I: Isa>(self) -> Self {
        logarithm::ln::<I>(self)
    }

    #[inline(always)]
    fn ln_1p_by<I: Isa>(self) -> Self {
        logarithm::ln_1p::<I>(self)
    }

    #[inline(always)]
    fn tanh_by<I: Isa>(self) -> Self {
        hyperbolic::tanh::<I>(self)
    }

    #[inline(always)]
    fn sigmoid_by<I: Isa>(self) -> Self {
        hyperbolic::sigmoid::<I>(self)
    }

    #[inline(always)]
    fn erf_by<I: Isa>(self) -> Self {
        error_function::erf::<I>(self)
    }

    #[inline(always)]
    fn erfc_by<I: Isa>(self) -> Self {
        error_function::erfc::<I>(self)
    }

    #[inline]
    fn bits(self) -> u64 {
        u64::from(self.to_bits())
    }
}

impl Real for f64 {
    const NAME: &'static str = "f64";
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;

    #[inline]
    fn of(value: f64) -> Self {
        value
    }

    #[inline]
    fn to_f64(self) -> f64 {
        self
    }

    #[inline]
    fn erf(self) -> Self {
        libm::erf(self)
    }

    #[inline]
    fn erfc(self) -> Self {
        libm::erfc(self)
    }

    #[inline]
    fn exp_by<I: Isa>(self) -> Self {
        self.exp()
    }

    #[inline]
    fn exp_m1_by<I: Isa>(self) -> Self {
        self.exp_m1()
    }

    #[inline]
    fn ln_by<I: Isa>(self) -> Self {
        self.ln()
    }

    #[inline]
    fn ln_1p_by<I: Isa>(self) -> Self {
        self.ln_1p()
    }

    #[inline]
    fn tanh_by<I: Isa>(self) -> Self {
        self.tanh()
    }

    #[inline]
    fn sigmoid_by<I: Isa>(self) -> Self {
        1.0 / (1.0 + (-self).exp())
    }

    #[inline]
    fn erf_by<I: Isa>(self) -> Self {
        Real::erf(self)
    }

    #[inline]
    fn erfc_by<I: Isa>(self) -> Self {
        Real::erfc(self)
    }

    #[inline]
    fn bits(self) -> u64 {
        self.to_bits()
    }
}
