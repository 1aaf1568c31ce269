//! Layers, losses and models.
//!
//! A [`Module`] is pure: it holds handles to parameters, not their values, and tracing it runs
//! nothing. A [`Model`] is a module together with its parameters. The quickest way to one is
//! [`Sequential`], which infers all shapes.
//!
//! ```
//! use evenkeel_init::Policy;
//! use evenkeel_nn::{Model, Sequential};
//! use evenkeel_tensor::Tensor;
//!
//! let model: Model = Sequential::new([64])
//!     .dense(32).relu()
//!     .dense(10)
//!     .build(&Policy::auto(), 42)?;
//! let logits = model.predict(&Tensor::zeros([5, 64]))?;
//! assert_eq!(logits.shape().dims(), &[5, 10]);
//! # Ok::<(), evenkeel_nn::NnError>(())
//! ```

mod dense;
mod error;
mod loss;
mod model;
mod module;
mod predictor;
mod sequential;
mod stack;
mod summary;

pub use dense::Dense;
pub use error::NnError;
pub use evenkeel_graph::ops::Reduction;
pub use evenkeel_init::Activation;
pub use loss::Loss;
pub use model::Model;
pub use module::Module;
pub use predictor::Predictor;
pub use sequential::Sequential;
pub use summary::{Summary, SummaryRow};
