//! Compares the ways in which a network can start.
//!
//! A [`Showdown`] trains one architecture from several initializations and seeds, under the same
//! batches, and says what came of each and why: a [`Report`] that prints as a table, serializes
//! as JSON and draws its own pictures. [`signals`] measures how the signal runs forward and the
//! gradient back through a model at its start; [`distinct_units`] counts the units of each layer
//! that are not copies of one another.
//!
//! ```
//! use evenkeel_checkup::Showdown;
//! use evenkeel_data::moons;
//! use evenkeel_init::Policy;
//! use evenkeel_nn::{Loss, Model, Sequential};
//!
//! let data = moons(200, 0.1, 1)?;
//! let (train, test) = data.split_stratified(0.25, 1)?;
//! let model: Model = Sequential::new([2]).dense(16).relu().dense(16).relu().dense(2)
//!     .build(&Policy::auto(), 0)?;
//! let report = Showdown::new(&model, &train, &test, Loss::softmax_cross_entropy())
//!     .policies(["zeros".parse()?, "he_normal".parse()?])
//!     .seeds(2)
//!     .epochs(20)
//!     .run()?;
//! assert_eq!(report.rows[0].distinct_at_end(), Some(1)); // zeros: all units are copies
//! assert!(report.rows[1].test_accuracy.mean > 0.8);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod chart;
mod diagnosis;
mod error;
mod outcome;
mod report;
mod showdown;
mod signal;
mod statistic;
mod table;
mod units;

pub use chart::{Boundary, Chart, LossCurves, VarianceByLayer, save};
pub use error::CheckupError;
pub use report::{Diverged, LayerRow, Report, Row, Target};
pub use showdown::Showdown;
pub use signal::{LayerSignal, signals};
pub use statistic::Statistic;
pub use units::{UnitCount, distinct_units};
