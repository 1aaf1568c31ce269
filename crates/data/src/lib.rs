//! Data for Evenkeel: what a network learns from and is tested on.
//!
//! A [`Dataset`] is a batch of inputs with one target for each sample: a class or numbers. It
//! comes from [`digits`] (embedded), from a synthetic generator such as [`circles`], from a file
//! ([`read_csv`]) or from tensors of your own, and is checked once, when it is made. It can be
//! split into a training and a test part, and standardized.
//!
//! ```
//! use evenkeel_data::{Standardizer, digits};
//!
//! let (train, test) = digits::<f32>().split_stratified(0.2, 42)?;
//! assert_eq!((train.len(), test.len()), (1438, 359));
//!
//! // The test part is standardized with what the training part alone has told.
//! let standardizer = Standardizer::fit(&train);
//! let (train, test) = (standardizer.apply(&train)?, standardizer.apply(&test)?);
//! assert!(train.inputs().mean().abs() < 1e-6);
//! assert!(test.inputs().is_finite());
//! # Ok::<(), evenkeel_data::DataError>(())
//! ```

mod check;
mod classes;
mod csv;
mod dataset;
mod digits;
mod error;
mod split;
mod standardize;
pub mod synthetic;
mod targets;

pub use csv::read_csv;
pub use dataset::Dataset;
pub use digits::digits;
pub use error::{CsvProblem, DataError};
pub use standardize::Standardizer;
pub use synthetic::{blobs, circles, moons, spirals, xor};
pub use targets::Targets;
