//! Evenkeel is a neural-network training framework written from scratch in Rust, on nalgebra, for
//! CPUs. Its subject is how training *starts*: initial weights that keep the signal on an even
//! keel, so that it neither dies out nor blows up on its way through the layers.
//!
//! This crate is the facade: everything is re-exported here, the usual things in [`prelude`].
//!
//! ```
//! use evenkeel::prelude::*;
//!
//! let (train, test) = digits().split_stratified(0.2, 1)?;
//! let scaler = Standardizer::fit(&train);
//! let (train, test) = (scaler.apply(&train)?, scaler.apply(&test)?);
//!
//! let mut model: Model = Sequential::new([64])
//!     .dense(32).relu()
//!     .dense(10)
//!     .build(&Policy::auto(), 42)?;
//!
//! let trainer = Trainer::builder(Loss::softmax_cross_entropy(), Adam::default())
//!     .learning_rate(3e-3)
//!     .epochs(5)
//!     .metric(Metric::Accuracy)
//!     .build()?;
//! let history = trainer.fit(&mut model, &train, Some(&test))?;
//! println!("{history}");
//! # Ok::<(), evenkeel::Error>(())
//! ```
//!
//! | module | what it holds |
//! |---|---|
//! | [`tensor`] | tensors on nalgebra matrices, matrix products over rayon, random streams |
//! | [`init`] | initializers, fans, activations, policies |
//! | [`graph`] | operations, graphs, plans, parameters, the gradient check |
//! | [`nn`] | layers, losses, models |
//! | [`data`] | data sets: digits, synthetic ones, CSV files |
//! | [`train`] | optimizers, metrics, the training loop |
//! | [`checkup`] | comparing initializations (feature `checkup`, on by default) |

mod error;

pub use error::Error;
#[cfg(feature = "checkup")]
pub use evenkeel_checkup as checkup;
pub use evenkeel_data as data;
pub use evenkeel_graph as graph;
pub use evenkeel_init as init;
pub use evenkeel_nn as nn;
pub use evenkeel_tensor as tensor;
pub use evenkeel_train as train;

/// What most programs use: `use evenkeel::prelude::*`.
pub mod prelude {
    pub use crate::Error;
    #[cfg(feature = "checkup")]
    pub use evenkeel_checkup::Showdown;
    pub use evenkeel_data::{
        Dataset, Standardizer, blobs, circles, digits, moons, read_csv, spirals, xor,
    };
    pub use evenkeel_graph::{Graph, Params, Plan, Role, Var};
    pub use evenkeel_init::{Activation, Fans, Init, Initializer, Policy};
    pub use evenkeel_nn::{Dense, Loss, Model, Module, Predictor, Sequential};
    pub use evenkeel_tensor::{Real, Shape, Stream, Tensor};
    pub use evenkeel_train::{
        Adam, History, Metric, Momentum, Optimizer, Sgd, Stepper, Trainer, evaluate,
    };
}

/// Runs the README's program as a documentation test.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
