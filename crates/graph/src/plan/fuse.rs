//! The pass that joins steps: a function of single values is applied by the operation before it
//! (forward) or behind it (backward), to values that are still in the cache.

use evenkeel_tensor::{Real, Write};

use super::layout::op;
use super::schedule::{Computation, Derivative};
use crate::NodeId;
use crate::graph::Inner;

/// Joins each pointwise operation with the one whose output it alone reads, where nothing else
/// needs that output: neither the derivatives nor whoever asked for the plan.
pub(super) fn forward<T: Real>(
    graph: &Inner<T>,
    schedule: Vec<NodeId>,
    wanted: &dyn Fn(NodeId) -> bool,
    has_backward: bool,
) -> Vec<Computation> {
    let mut readers = vec![0; graph.nodes.len()];
    schedule.iter().for_each(|id| graph.nodes[id.0].inputs.iter().for_each(|x| readers[x.0] += 1));
    let mut computations: Vec<Computation> = Vec::with_capacity(schedule.len());
    let mut place = vec![None; graph.nodes.len()];
    for id in schedule {
        let joined = pointwise_input(graph, id).and_then(|input| {
            let needs = (op(graph, input).needs(), op(graph, id).needs());
            let unread = !has_backward || (!needs.0.output && !needs.1.inputs);
            let alone = readers[input.0] == 1 && !wanted(input);
            (unread && alone).then(|| place[input.0]).flatten()
        });
        match joined {
            Some(before) => {
                let before: &mut Computation = &mut computations[before];
                before.then = Some(id);
            }
            None => {
                place[id.0] = Some(computations.len());
                computations.push(Computation { node: id, then: None });
            }
        }
    }
    computations
}

/// Joins the derivative of each pointwise operation with the derivative that its upstream comes
/// from, where that comes from one alone and nobody asked for it.
pub(super) fn backward<T: Real>(
    graph: &Inner<T>,
    schedule: Vec<Derivative>,
    wanted: &dyn Fn(NodeId) -> bool,
) -> Vec<Derivative> {
    let mut sources = vec![0; graph.nodes.len()];
    schedule.iter().for_each(|derivative| sources[derivative.target.0] += 1);
    let mut joined: Vec<Derivative> = Vec::with_capacity(schedule.len());
    let mut place = vec![None; graph.nodes.len()];
    for derivative in schedule {
        let node = derivative.node;
        let single = derivative.write == Write::Set && sources[node.0] == 1 && !wanted(node);
        let before = pointwise_input(graph, node).filter(|_| single).and(place[node.0]);
        match before {
            Some(before) => {
                let before: &mut Derivative = &mut joined[before];
                (before.target, before.then) = (derivative.target, Some(node));
            }
            None => {
                place[derivative.target.0] = Some(joined.len());
                joined.push(derivative);
            }
        }
    }
    joined
}

/// The input of a pointwise operation, if that is computed by an operation itself.
fn pointwise_input<T: Real>(graph: &Inner<T>, id: NodeId) -> Option<NodeId> {
    op(graph, id).pointwise()?;
    let &[input] = graph.nodes[id.0].inputs.as_slice() else {
        return None;
    };
    graph.nodes[input.0].is_op().then_some(input)
}
