//! Variance scaling: one law with many names, Xavier, Glorot, He and LeCun among them.
//!
//! If the inputs of a unit are independent with mean zero, the variance of its sum is
//! n_in · Var(w) times theirs. To keep it from layer to layer, Var(w) must be scale/n_in, where
//! the scale makes up for what the activation does: 1 for the identity, 2 for ReLU, which lets
//! half of the signal through. The same argument on the way back gives scale/n_out; Glorot's
//! law is the harmonic compromise between the two.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use evenkeel_tensor::{Real, Stream, Tensor};

use crate::normal::truncated;
use crate::{Fans, InitError, Initializer, Law, TRUNCATED_STD, names, text};

/// Which fan divides the variance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FanMode {
    /// n_in: keeps the variance of the signal on its way forward.
    FanIn,
    /// n_out: keeps the variance of the gradient on its way back.
    FanOut,
    /// (n_in + n_out)/2, Glorot's compromise.
    Average,
    /// √(n_in · n_out).
    GeometricAverage,
}

impl FanMode {
    const NAMES: [(&'static str, Self); 4] = [
        ("fan_in", Self::FanIn),
        ("fan_out", Self::FanOut),
        ("average", Self::Average),
        ("geometric_average", Self::GeometricAverage),
    ];

    /// The number that divides the variance.
    pub fn of(self, fans: Fans) -> f64 {
        let (fan_in, fan_out) = (fans.fan_in() as f64, fans.fan_out() as f64);
        match self {
            Self::FanIn => fan_in,
            Self::FanOut => fan_out,
            Self::Average => (fan_in + fan_out) / 2.0,
            Self::GeometricAverage => (fan_in * fan_out).sqrt(),
        }
    }

    /// The formula of `numerator` over this fan.
    fn formula(self, numerator: f64) -> String {
        match self {
            Self::FanIn => format!("{numerator}/n_in"),
            Self::FanOut => format!("{numerator}/n_out"),
            Self::Average => format!("{}/(n_in+n_out)", 2.0 * numerator),
            Self::GeometricAverage => format!("{numerator}/√(n_in·n_out)"),
        }
    }
}

/// The shape of the law, given its variance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Distribution {
    /// Normal, unbounded.
    Normal,
    /// Normal cut at two standard deviations of its parent, widened to keep the variance.
    TruncatedNormal,
    /// Uniform on ±√(3 · variance).
    Uniform,
}

impl Distribution {
    const NAMES: [(&'static str, Self); 3] = [
        ("normal", Self::Normal),
        ("truncated_normal", Self::TruncatedNormal),
        ("uniform", Self::Uniform),
    ];
}

macro_rules! reads_by_name {
    ($type:ident, $kind:literal) => {
        impl FromStr for $type {
            type Err = InitError;

            fn from_str(text: &str) -> Result<Self, InitError> {
                let found = Self::NAMES.iter().find(|(name, _)| *name == text);
                let known = Self::NAMES.iter().map(|&(name, _)| name);
                found.map(|&(_, it)| it).ok_or_else(|| names::unknown($kind, text, known))
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let found = Self::NAMES.iter().find(|(_, it)| it == self);
                write!(f, "{}", found.map_or("", |(name, _)| name))
            }
        }
    };
}

reads_by_name!(FanMode, "fan mode");
reads_by_name!(Distribution, "distribution");

/// Mean 0 and variance scale/fan, normal, truncated normal or uniform.
#[derive(Clone, Debug, PartialEq)]
pub struct VarianceScaling {
    scale: f64,
    mode: FanMode,
    distribution: Distribution,
    name: Option<Cow<'static, str>>,
}

/// Writes the two constructors of a family: the normal and the uniform one.
macro_rules! family {
    ($(#[$doc:meta])* $scale:literal, $mode:ident, $normal:ident, $uniform:ident) => {
        $(#[$doc])*
        ///
        /// Normal, not truncated.
        pub const fn $normal() -> Self {
            Self::named($scale, FanMode::$mode, Distribution::Normal, stringify!($normal))
        }

        $(#[$doc])*
        ///
        /// Uniform on ±√(3σ²).
        pub const fn $uniform() -> Self {
            Self::named($scale, FanMode::$mode, Distribution::Uniform, stringify!($uniform))
        }
    };
}

impl VarianceScaling {
    /// Variance `scale`/fan.
    ///
    /// # Errors
    /// [`InitError::Argument`] if the scale is negative or not finite.
    pub fn new(scale: f64, mode: FanMode, distribution: Distribution) -> Result<Self, InitError> {
        let scale = text::non_negative("variance_scaling", "scale", scale)?;
        Ok(Self { scale, mode, distribution, name: None })
    }

    const fn named(scale: f64, mode: FanMode, law: Distribution, name: &'static str) -> Self {
        Self { scale, mode, distribution: law, name: Some(Cow::Borrowed(name)) }
    }

    family! {
        /// "Xavier" as courses teach it: σ² = 1/n_in, for tanh. What most libraries call Xavier
        /// is [`glorot_normal`](Self::glorot_normal).
        1.0, FanIn, xavier_normal, xavier_uniform
    }
    family! {
        /// Glorot & Bengio 2010: σ² = 2/(n_in + n_out), for tanh and other odd activations of
        /// slope 1; the uniform limit is √(6/(n_in + n_out)) (their eq. 16).
        1.0, Average, glorot_normal, glorot_uniform
    }
    family! {
        /// He et al. 2015, eq. 10: σ² = 2/n_in, for ReLU; the uniform limit is √(6/n_in).
        2.0, FanIn, he_normal, he_uniform
    }
    family! {
        /// LeCun et al. 1998, section 4.6: σ² = 1/n_in; also the right one for SELU (Klambauer
        /// et al. 2017).
        1.0, FanIn, lecun_normal, lecun_uniform
    }

    /// He for a leaky ReLU with this slope: σ² = 2/((1 + slope²) n_in) (He et al. 2015, eq. 15).
    ///
    /// # Errors
    /// [`InitError::Argument`] if the slope is not finite.
    pub fn he_leaky(slope: f64, distribution: Distribution) -> Result<Self, InitError> {
        let name = if distribution == Distribution::Uniform { "he_uniform" } else { "he_normal" };
        let slope = text::finite(name, "slope", slope)?;
        let scale = 2.0 / (1.0 + slope * slope);
        let name = Some(Cow::Owned(format!("{name}({slope})")));
        Ok(Self { scale, mode: FanMode::FanIn, distribution, name })
    }

    /// The variance for these fans.
    pub fn variance(&self, fans: Fans) -> f64 {
        self.scale / self.mode.of(fans)
    }
}

impl fmt::Display for VarianceScaling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { scale, mode, distribution, name } = self;
        match name {
            Some(name) => write!(f, "{name}"),
            None => write!(f, "variance_scaling({scale},{mode},{distribution})"),
        }
    }
}

impl<T: Real> Initializer<T> for VarianceScaling {
    fn fill(&self, weights: &mut Tensor<T>, fans: Fans, s: &mut Stream) -> Result<(), InitError> {
        let std = self.variance(fans).sqrt();
        let values = weights.as_mut_slice();
        match self.distribution {
            Distribution::Normal => s.fill(values, |s| std * s.standard_normal()),
            Distribution::TruncatedNormal => {
                s.fill(values, |s| std / TRUNCATED_STD * truncated(s));
            }
            Distribution::Uniform => {
                let limit = 3f64.sqrt() * std;
                s.fill(values, |s| limit * (2.0 * s.uniform() - 1.0));
            }
        }
        Ok(())
    }

    fn describe(&self, fans: Fans) -> Law {
        let variance = self.variance(fans);
        let (formula, limit) = match self.distribution {
            Distribution::Normal => {
                (format!("N(0, {})", self.mode.formula(self.scale)), f64::INFINITY)
            }
            Distribution::TruncatedNormal => (
                format!("N(0, {}) cut at ±2σ of its parent", self.mode.formula(self.scale)),
                2.0 * variance.sqrt() / TRUNCATED_STD,
            ),
            Distribution::Uniform => {
                let limit = self.mode.formula(3.0 * self.scale);
                (format!("U[-√({limit}), √({limit})]"), (3.0 * variance).sqrt())
            }
        };
        Law { formula, mean: 0.0, variance, bounds: (-limit, limit) }
    }
}
