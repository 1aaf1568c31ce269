//! Activation functions: what stands between two layers, and which initializer fits depends on.
//!
//! One enum, not a type for each. The values and derivatives here are the definitions that
//! the differentiable operations and the theory of initialization both use.

use std::fmt;
use std::str::FromStr;

use evenkeel_tensor::Real;
use evenkeel_tensor::simd::{Isa, Portable};

use crate::text::Call;
use crate::{InitError, names, text};

/// The slope that `leaky_relu` has unless another is given (Maas et al. 2013).
const LEAKY_SLOPE: f64 = 0.01;

/// λ and α of SELU, the fixed point of mean 0 and variance 1 (Klambauer et al. 2017, eq. 14).
const SELU_SCALE: f64 = 1.050_700_987_355_480_5;
const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;

/// An activation function φ, applied to each value.
///
/// It reads and prints as text: `relu`, `leaky_relu(0.01)`, `gelu`. In the table, σ is the
/// logistic function and Φ the standard normal distribution function.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// φ(x) = x.
    Identity,
    /// φ(x) = max(x, 0); its derivative at 0 is taken as 0.
    Relu,
    /// φ(x) = x for x > 0, else slope · x: a unit that is never quite dead.
    LeakyRelu {
        /// The slope for negative x; 0.01 by default.
        slope: f64,
    },
    /// φ(x) = x for x > 0, else α(eˣ − 1) (Clevert et al. 2015).
    Elu {
        /// The negative of the limit for x → −∞; 1 by default.
        alpha: f64,
    },
    /// λ·ELU with α such that mean 0 and variance 1 are a fixed point (Klambauer et al. 2017).
    Selu,
    /// φ(x) = x·Φ(x) (Hendrycks & Gimpel 2016).
    Gelu,
    /// The approximation ½x(1 + tanh(√(2/π)(x + 0.044715x³))) of GELU.
    GeluTanh,
    /// φ(x) = x·σ(x), also called swish.
    Silu,
    /// φ(x) = σ(x) = 1/(1 + e⁻ˣ).
    Sigmoid,
    /// φ(x) = tanh(x).
    Tanh,
    /// φ(x) = ln(1 + eˣ).
    Softplus,
    /// φ(x) = x/(1 + |x|).
    Softsign,
}

impl Activation {
    /// All activations, those with a parameter at its default.
    pub const ALL: [Self; 12] = [
        Self::Identity,
        Self::Relu,
        Self::LeakyRelu { slope: LEAKY_SLOPE },
        Self::Elu { alpha: 1.0 },
        Self::Selu,
        Self::Gelu,
        Self::GeluTanh,
        Self::Silu,
        Self::Sigmoid,
        Self::Tanh,
        Self::Softplus,
        Self::Softsign,
    ];

    /// Leaky ReLU with the default slope of 0.01.
    pub const fn leaky_relu() -> Self {
        Self::LeakyRelu { slope: LEAKY_SLOPE }
    }

    /// The name without its argument: `leaky_relu`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Relu => "relu",
            Self::LeakyRelu { .. } => "leaky_relu",
            Self::Elu { .. } => "elu",
            Self::Selu => "selu",
            Self::Gelu => "gelu",
            Self::GeluTanh => "gelu_tanh",
            Self::Silu => "silu",
            Self::Sigmoid => "sigmoid",
            Self::Tanh => "tanh",
            Self::Softplus => "softplus",
            Self::Softsign => "softsign",
        }
    }

    /// φ(x).
    #[inline]
    pub fn value<T: Real>(self, x: T) -> T {
        self.value_by::<Portable, T>(x)
    }

    /// φ′(x).
    #[inline]
    pub fn derivative<T: Real>(self, x: T) -> T {
        self.derivative_at(x, self.value(x))
    }

    /// φ′(x) where y = φ(x) is already known, which saves most activations an exponential.
    #[inline]
    pub fn derivative_at<T: Real>(self, x: T, y: T) -> T {
        self.derivative_by::<Portable, T>(x, y)
    }

    /// φ(x), to be used in [kernels](evenkeel_tensor::simd): once the activation is known (match
    /// it outside of the loop) it is free of branches, both sides of a choice being computed.
    #[inline(always)]
    pub fn value_by<I: Isa, T: Real>(self, x: T) -> T {
        let (zero, one) = (T::ZERO, T::ONE);
        match self {
            Self::Identity => x,
            // `x < 0`, not `x > 0`, so that NaN stays NaN.
            Self::Relu => select(x < zero, zero, x),
            Self::LeakyRelu { slope } => select(x < zero, T::of(slope) * x, x),
            Self::Elu { alpha } => elu::<I, T>(x, one, T::of(alpha)),
            Self::Selu => elu::<I, T>(x, T::of(SELU_SCALE), T::of(SELU_ALPHA)),
            Self::Gelu => x * normal_distribution::<I, T>(x),
            Self::GeluTanh => T::of(0.5) * x * (one + gelu_inner(x).tanh_by::<I>()),
            Self::Silu => x * x.sigmoid_by::<I>(),
            Self::Sigmoid => x.sigmoid_by::<I>(),
            Self::Tanh => x.tanh_by::<I>(),
            // max(x, 0) + ln(1 + e^-|x|): neither overflows nor loses the tail.
            Self::Softplus => select(x > zero, x, zero) + (-x.abs()).exp_by::<I>().ln_1p_by::<I>(),
            Self::Softsign => x / (one + x.abs()),
        }
    }

    /// φ′(x) where y = φ(x), to be used in [kernels](evenkeel_tensor::simd) as
    /// [`value_by`](Self::value_by) is.
    #[inline(always)]
    pub fn derivative_by<I: Isa, T: Real>(self, x: T, y: T) -> T {
        let (zero, one) = (T::ZERO, T::ONE);
        match self {
            Self::Identity => one,
            Self::Relu => select(x > zero, one, zero),
            Self::LeakyRelu { slope } => select(x > zero, one, T::of(slope)),
            // For x < 0: φ = λα(e^x − 1), so φ′ = λα e^x. (φ + λα is the same, but cancels.)
            Self::Elu { alpha } => elu_slope::<I, T>(x, one, T::of(alpha)),
            Self::Selu => elu_slope::<I, T>(x, T::of(SELU_SCALE), T::of(SELU_ALPHA)),
            Self::Gelu => normal_distribution::<I, T>(x) + x * normal_density::<I, T>(x),
            Self::GeluTanh => gelu_tanh_derivative::<I, T>(x),
            // φ = xσ, so φ′ = σ + xσ(1 − σ) = σ + φ(1 − σ).
            Self::Silu => {
                let s = x.sigmoid_by::<I>();
                s + y * (one - s)
            }
            Self::Sigmoid => y * (one - y),
            Self::Tanh => one - y * y,
            Self::Softplus => x.sigmoid_by::<I>(),
            Self::Softsign => {
                let root = one / (one + x.abs());
                root * root
            }
        }
    }
}

/// One of two values that are both at hand, which compiles to a blend, not a branch.
#[inline(always)]
fn select<T>(condition: bool, yes: T, no: T) -> T {
    if condition { yes } else { no }
}

#[inline(always)]
fn elu<I: Isa, T: Real>(x: T, scale: T, alpha: T) -> T {
    scale * select(x > T::ZERO, x, alpha * x.exp_m1_by::<I>())
}

#[inline(always)]
fn elu_slope<I: Isa, T: Real>(x: T, scale: T, alpha: T) -> T {
    scale * select(x > T::ZERO, T::ONE, alpha * x.exp_by::<I>())
}

/// Φ(x) by the complementary error function, which keeps the lower tail exact.
#[inline(always)]
fn normal_distribution<I: Isa, T: Real>(x: T) -> T {
    T::of(0.5) * (x * T::of(-std::f64::consts::FRAC_1_SQRT_2)).erfc_by::<I>()
}

#[inline(always)]
fn normal_density<I: Isa, T: Real>(x: T) -> T {
    // 1/√(2π)
    T::of(0.398_942_280_401_432_7) * (T::of(-0.5) * x * x).exp_by::<I>()
}

/// √(2/π)
const GELU_ROOT: f64 = 0.797_884_560_802_865_4;
const GELU_CUBIC: f64 = 0.044715;

#[inline(always)]
fn gelu_inner<T: Real>(x: T) -> T {
    T::of(GELU_ROOT) * (x + T::of(GELU_CUBIC) * x * x * x)
}

#[inline(always)]
fn gelu_tanh_derivative<I: Isa, T: Real>(x: T) -> T {
    let (half, one) = (T::of(0.5), T::ONE);
    let t = gelu_inner(x).tanh_by::<I>();
    let inner = T::of(GELU_ROOT) * (one + T::of(3.0 * GELU_CUBIC) * x * x);
    half * (one + t) + half * x * (one - t * t) * inner
}

impl fmt::Display for Activation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LeakyRelu { slope } => write!(f, "leaky_relu({slope})"),
            Self::Elu { alpha } if *alpha != 1.0 => write!(f, "elu({alpha})"),
            _ => write!(f, "{}", self.name()),
        }
    }
}

impl FromStr for Activation {
    type Err = InitError;

    /// Reads `relu`, `leaky_relu`, `leaky_relu(0.2)`, `elu(1.5)`, …
    fn from_str(text: &str) -> Result<Self, InitError> {
        let call = Call::parse(text)?;
        let found = Self::ALL.into_iter().find(|activation| activation.name() == call.name);
        let known = Self::ALL.iter().map(|activation| activation.name());
        let found = found.ok_or_else(|| names::unknown("activation", call.name, known))?;
        match (found, call.numbers()?.as_slice()) {
            (found, []) => Ok(found),
            (Self::LeakyRelu { .. }, &[slope]) => {
                Ok(Self::LeakyRelu { slope: text::finite("leaky_relu", "slope", slope)? })
            }
            (Self::Elu { .. }, &[alpha]) => {
                Ok(Self::Elu { alpha: text::finite("elu", "alpha", alpha)? })
            }
            (found, _) => Err(call.wants(found.name())),
        }
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_tensor::simd::Fused;

    use super::*;

    #[test]
    fn every_activation_prints_as_it_reads() {
        for activation in Activation::ALL {
            assert_eq!(activation.to_string().parse(), Ok(activation));
        }
        assert_eq!("leaky_relu".parse(), Ok(Activation::leaky_relu()));
        assert_eq!("elu(0.5)".parse(), Ok(Activation::Elu { alpha: 0.5 }));
        let error = "rleu".parse::<Activation>().unwrap_err().to_string();
        assert!(error.starts_with("unknown activation `rleu`; the nearest known are relu"));
        assert!("relu(1)".parse::<Activation>().is_err());
    }

    #[test]
    fn derivatives_are_the_slopes_of_the_values() {
        for activation in Activation::ALL {
            for i in -40..40 {
                let (x, h) = (f64::from(i) * 0.2 + 0.07, 1e-5);
                let slope = (activation.value(x + h) - activation.value(x - h)) / (2.0 * h);
                approx::assert_abs_diff_eq!(activation.derivative(x), slope, epsilon = 1e-8);
            }
        }
    }

    #[test]
    fn both_instruction_sets_and_precisions_agree() {
        fn check<I: Isa>(activation: Activation, x: f32) {
            let wide = f64::from(x);
            let (y, slope) = (activation.value(wide), activation.derivative(wide));
            let got = activation.value_by::<I, f32>(x);
            approx::assert_relative_eq!(f64::from(got), y, epsilon = 1e-6, max_relative = 1e-6);
            let got = f64::from(activation.derivative_by::<I, f32>(x, got));
            // GELU's approximation takes 1 − tanh², which cancels.
            approx::assert_relative_eq!(got, slope, epsilon = 4e-6);
        }
        for activation in Activation::ALL {
            for x in (-400..400).map(|i| i as f32 * 0.05 + 0.01) {
                check::<Portable>(activation, x);
                check::<Fused>(activation, x);
            }
        }
    }

    #[test]
    fn gelu_keeps_its_lower_tail() {
        // −12·Φ(−12), where 1 + erf is 0.
        let y = Activation::Gelu.value(-12.0_f32);
        approx::assert_relative_eq!(y, -2.131_779_3e-32, max_relative = 1e-4);
    }

    #[test]
    fn the_ends_of_the_line_are_sound() {
        for activation in Activation::ALL {
            for x in [-1e4f32, -100.0, 100.0, 1e4] {
                assert!(activation.value(x).is_finite(), "{activation}({x})");
                assert!(activation.derivative(x).is_finite(), "{activation}'({x})");
            }
            assert!(activation.value(f64::NAN).is_nan(), "{activation} hides NaN");
        }
    }
}
