//! Tensor mathematics of Evenkeel: batches of numbers on [nalgebra] matrices, their products,
//! and reproducible random numbers.
//!
//! A [`Tensor`] is a nalgebra matrix whose columns are samples, together with a batch-first
//! [`Shape`]. All matrix products go through [`product`], which alone decides how the work is
//! cut and who multiplies. A [`Stream`] yields random numbers keyed by a seed and a name.
//!
//! Whatever is computed here has the same bits for any number of threads: sums are formed in an
//! order that depends on the sizes alone, however the work is cut.
//!
//! ```
//! use evenkeel_tensor::Tensor;
//!
//! // Two samples of three features, times a 3-in, 1-out weight.
//! let x = Tensor::from_vec([2, 3], vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0])?;
//! let w = Tensor::from_vec([3, 1], vec![1.0, 0.0, -1.0])?;
//! assert_eq!(x.matmul(&w)?.as_slice(), &[-2.0, -2.0]);
//! # Ok::<(), evenkeel_tensor::TensorError>(())
//! ```

mod approximate;
mod error;
pub mod matmul;
pub mod parallel;
mod pieces;
mod real;
mod shape;
pub mod simd;
mod stream;
mod team;
mod tensor;

pub use error::TensorError;
pub use matmul::{MatRef, Write, product};
pub use nalgebra;
pub use real::Real;
pub use shape::{MAX_AXES, Shape};
pub use stream::Stream;
pub use tensor::Tensor;
