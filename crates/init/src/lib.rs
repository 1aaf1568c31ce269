//! How weights start: initializers, fans, and policies that say which parameter gets which.
//!
//! A deep network trains only if the signal that runs forward through its layers, and the
//! gradient that runs back, neither die out nor blow up. Both are decided by the variance of the
//! initial weights. This crate holds the laws that people draw them from: one law, many names.
//!
//! | name | variance | source |
//! |---|---|---|
//! | `zeros`, `ones`, `constant(c)` | 0 | all units of a layer stay alike |
//! | `normal(σ)`, `normal(μ,σ)` | σ² | `normal(10)` explodes, `normal(0.01)` vanishes |
//! | `uniform(ε)`, `uniform(a,b)` | (b − a)²/12 | |
//! | `truncated_normal(σ)` | σ² | cut at two standard deviations of the parent normal |
//! | `xavier_normal`, `xavier_uniform` | 1/n_in | see below |
//! | `glorot_normal`, `glorot_uniform` | 2/(n_in + n_out) | Glorot & Bengio 2010, eq. 12 and 16 |
//! | `he_normal`, `he_uniform` | 2/n_in | He et al. 2015, eq. 10 |
//! | `lecun_normal`, `lecun_uniform` | 1/n_in | LeCun et al. 1998, section 4.6 |
//!
//! **Two names clash in the literature.** What courses call *Xavier* is σ = √(1/n_in); what
//! Xavier Glorot's paper derives is σ = √(2/(n_in + n_out)), and PyTorch calls that one
//! `xavier`. Here `xavier_*` is the first and `glorot_*` the second. No `*_normal` here is
//! truncated (Keras and JAX truncate theirs: `variance_scaling(2,fan_in,truncated_normal)`).
//!
//! ```
//! use evenkeel_init::{Fans, Init, Policy};
//! use evenkeel_tensor::{Stream, Tensor};
//!
//! let he: Init = "he_normal".parse()?;
//! let fans = Fans::new(128, 64)?;
//! assert_eq!(he.describe(fans).std(), 0.125);
//!
//! let mut weights = Tensor::zeros([128, 64]);
//! he.fill(&mut weights, fans, &mut Stream::new(42, "hidden/weight"))?;
//!
//! let policy: Policy = "he_normal; bias=constant(0.1); output/weight=zeros".parse()?;
//! assert_eq!(policy.to_string(), "he_normal; bias=constant(0.1); output/weight=zeros");
//! # Ok::<(), evenkeel_init::InitError>(())
//! ```

mod activation;
mod constant;
mod error;
mod fans;
mod initializer;
mod law;
mod names;
mod normal;
mod pattern;
mod policy;
mod role;
mod text;
mod uniform;
mod variance_scaling;

pub use activation::Activation;
pub use constant::Constant;
pub use error::InitError;
pub use fans::Fans;
pub use initializer::{Init, Initializer};
pub use law::Law;
pub use names::known_names;
pub use normal::{Normal, TRUNCATED_STD, TruncatedNormal};
pub use policy::Policy;
pub use role::Role;
pub use uniform::Uniform;
pub use variance_scaling::{Distribution, FanMode, VarianceScaling};
