//! Activation functions: what stands between two layers, and which initializer fits depends on.
//!
//! One enum, not a type for each. The values and derivatives here are the definitions that
//! the differentiable operations and the theory of initialization both use.

use std::fmt;
use std::str::FromStr;

use evenkeel_tensor::Real;

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
        let zero = T::ZERO;
        match self {
            Self::Identity => x,
            // `x < 0`, not `x > 0`, so that NaN stays NaN.
            Self::Relu => {
                if x < zero {
                    zero
                } else {
                    x
                }
            }
            Self::LeakyRelu { slope } => {
                if x < zero {
                    T::of(slope) * x
                } else {
                    x
                }
            }
            Self::Elu { alpha } => elu(x, T::ONE, T::of(alpha)),
            Self::Selu => elu(x, T::of(SELU_SCALE), T::of(SELU_ALPHA)),
            Self::Gelu => x * normal_distribution(x),
            Self::GeluTanh => T::of(0.5) * x * (T::ONE + gelu_inner(x).tanh()),
            Self::Silu => x * sigmoid(x),
            Self::Sigmoid => sigmoid(x),
            Self::Tanh => x.tanh(),
            // max(x, 0) + ln(1 + e^-|x|): neither overflows nor loses the tail.
            Self::Softplus => x.max(zero) + (-x.abs()).exp().ln_1p(),
            Self::Softsign => x / (T::ONE + x.abs()),
        }
    }

    /// φ′(x).
    #[inline]
    pub fn derivative<T: Real>(self, x: T) -> T {
        self.derivative_at(x, self.value(x))
    }

    /// φ′(x) where y = φ(x) is already known, which saves most activations an exponential.
    #[inline]
    pub fn derivative_at<T: Real>(self, x: T, y: T) -> T {
        let (zero, one) = (T::ZERO, T::ONE);
        match self {
            Self::Identity => one,
            Self::Relu => {
                if x > zero {
                    one
                } else {
                    zero
                }
            }
            Self::LeakyRelu { slope } => {
                if x > zero {
                    one
                } else {
                    T::of(slope)
                }
            }
            // For x < 0: φ = λα(e^x − 1), so φ′ = λα e^x. (φ + λα is the same, but cancels.)
            Self::Elu { alpha } => elu_slope(x, T::ONE, T::of(alpha)),
            Self::Selu => elu_slope(x, T::of(SELU_SCALE), T::of(SELU_ALPHA)),
            Self::Gelu => normal_distribution(x) + x * normal_density(x),
            Self::GeluTanh => gelu_tanh_derivative(x),
            // φ = xσ, so φ′ = σ + xσ(1 − σ) = σ + φ(1 − σ).
            Self::Silu => {
                let s = sigmoid(x);
                s + y * (one - s)
            }
            Self::Sigmoid => y * (one - y),
            Self::Tanh => one - y * y,
            Self::Softplus => sigmoid(x),
            Self::Softsign => {
                let root = one / (one + x.abs());
                root * root
            }
        }
    }
}

#[inline]
fn sigmoid<T: Real>(x: T) -> T {
    T::ONE / (T::ONE + (-x).exp())
}

#[inline]
fn elu<T: Real>(x: T, scale: T, alpha: T) -> T {
    scale * if x > T::ZERO { x } else { alpha * x.exp_m1() }
}

#[inline]
fn elu_slope<T: Real>(x: T, scale: T, alpha: T) -> T {
    scale * if x > T::ZERO { T::ONE } else { alpha * x.exp() }
}

/// Φ(x) by the complementary error function, which keeps the lower tail exact.
#[inline]
fn normal_distribution<T: Real>(x: T) -> T {
    T::of(0.5) * (x * T::of(-std::f64::consts::FRAC_1_SQRT_2)).erfc()
}

#[inline]
fn normal_density<T: Real>(x: T) -> T {
    // 1/√(2π)
    T::of(0.398_942_280_401_432_7) * (T::of(-0.5) * x * x).exp()
}

/// √(2/π)
const GELU_ROOT: f64 = 0.797_884_560_802_865_4;
const GELU_CUBIC: f64 = 0.044715;

#[inline]
fn gelu_inner<T: Real>(x: T) -> T {
    T::of(GELU_ROOT) * (x + T::of(GELU_CUBIC) * x * x * x)
}

#[inline]
fn gelu_tanh_derivative<T: Real>(x: T) -> T {
    let (half, one) = (T::of(0.5), T::ONE);
    let t = gelu_inner(x).tanh();
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
