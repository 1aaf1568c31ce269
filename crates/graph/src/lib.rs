//! The engine of Evenkeel: operations with their derivatives, graphs traced once, and plans that
//! run many times without allocating.
//!
//! | piece | what it is |
//! |---|---|
//! | [`Params`] | the flat, named store of everything a model learns |
//! | [`Graph`] | records what is to be computed; runs nothing |
//! | [`Var`] | a copyable handle to one value of a graph; expressions of them trace |
//! | [`Op`] | one operation: shape, forward and backward over slices |
//! | [`Plan`] | a graph compiled into schedules and buffers |
//! | [`check`] | compares an operation's derivative with finite differences |
//!
//! ```
//! use evenkeel_graph::{Graph, Params, Plan, Role};
//! use evenkeel_tensor::Tensor;
//!
//! // d/dw of mean((x·w)²) at w = 2, for x = 1 and x = 3.
//! let mut params = Params::<f64>::new();
//! let w = params.add("w", Tensor::full([1, 1], 2.0), Role::Scale)?;
//! let graph = Graph::new(&params);
//! let x = graph.input("x", [2, 1]);
//! let loss = x.matmul(graph.param(w)).square().mean_all();
//! let mut plan = Plan::builder(&graph).loss(loss).build()?;
//!
//! let x = Tensor::from_vec([2, 1], vec![1.0, 3.0]).unwrap();
//! plan.forward(&params, &[&x])?;
//! plan.backward(&params, &[&x])?;
//! assert_eq!(plan.loss(), Some(20.0)); // (4 + 36)/2
//! assert_eq!(plan.param_gradient(w), Some(&[20.0][..]));
//! # Ok::<(), evenkeel_graph::GraphError>(())
//! ```

pub mod check;
mod error;
mod graph;
mod op;
pub mod ops;
mod params;
mod plan;
mod var;

pub use error::GraphError;
pub use evenkeel_init::Role;
pub use graph::{Graph, Mode, NodeId, NodeInfo};
pub use op::{Backward, Context, Gradient, Needs, Op, Pointwise, Streaming, View};
pub use params::{Entry, Kind, ParamId, Params};
pub use plan::{Plan, PlanBuilder};
pub use var::Var;
