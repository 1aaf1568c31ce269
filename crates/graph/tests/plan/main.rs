//! Plans compute what their graphs say, in as little memory as they may, and refuse the rest.

#![allow(clippy::unwrap_used)]

use evenkeel_graph::ops::Reduction;
use evenkeel_graph::{
    Backward, Context, Gradient, Graph, GraphError, Kind, Mode, Needs, Op, ParamId, Params, Plan,
    PlanBuilder, Role, Var, View, check,
};
use evenkeel_init::{Activation, Policy};
use evenkeel_tensor::{Shape, Stream, Tensor};
use proptest::prelude::*;

mod dropout;
mod gradients;
mod joining;
mod memory;
mod mistakes;
mod own_operation;
mod pruning;
mod random;
mod rerun;
mod support;

use support::*;
