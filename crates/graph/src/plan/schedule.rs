//! The first passes of the compiler: which operations run, and which derivatives.

use evenkeel_tensor::{Real, Shape, Write};

use crate::NodeId;
use crate::graph::{Inner, Node, Source};

/// One computation of the forward pass, still in terms of nodes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Computation {
    pub(super) node: NodeId,
    /// The pointwise operation that is applied to the node's value in passing.
    pub(super) then: Option<NodeId>,
}

impl Computation {
    /// The node whose value comes out.
    pub(super) fn output(&self) -> NodeId {
        self.then.unwrap_or(self.node)
    }
}

/// The derivative of the loss by one input of one node, still in terms of nodes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Derivative {
    pub(super) node: NodeId,
    pub(super) input: usize,
    /// The node whose gradient is written or added to.
    pub(super) target: NodeId,
    pub(super) write: Write,
    /// The pointwise operation through which the derivative is led on in passing; the target is
    /// then the input of this one.
    pub(super) then: Option<NodeId>,
    /// Whether it is streamed after all others instead of stored.
    pub(super) streamed: bool,
}

/// The operations that the wanted nodes depend on, in the order of tracing, in which every
/// operation comes after those that it depends on.
pub(super) fn forward<T: Real>(graph: &Inner<T>, wanted: &[NodeId]) -> Vec<NodeId> {
    let mut live = vec![false; graph.nodes.len()];
    wanted.iter().for_each(|id| live[id.0] = true);
    for i in (0..live.len()).rev().filter(|&i| graph.nodes[i].is_op()) {
        if live[i] {
            graph.nodes[i].inputs.iter().for_each(|id| live[id.0] = true);
        }
    }
    (0..live.len()).filter(|&i| live[i] && graph.nodes[i].is_op()).map(NodeId).collect()
}

/// The derivatives that lead from the loss back to trainable parameters and to the nodes whose
/// gradient is wanted, in the order of running. All others, such as that by the model's input,
/// are left out.
pub(super) fn backward<T: Real>(
    graph: &Inner<T>,
    forward: &[NodeId],
    loss: NodeId,
    wanted: &[NodeId],
) -> Vec<Derivative> {
    let leads = leads_to_wanted(graph, wanted);
    let mut reached = vec![false; graph.nodes.len()];
    reached[loss.0] = true;
    let mut schedule = Vec::new();
    for &node in forward.iter().rev() {
        if !reached[node.0] {
            continue;
        }
        for (input, target) in graph.nodes[node.0].differentiable_inputs() {
            if leads[target.0] {
                let write = if reached[target.0] { Write::Add } else { Write::Set };
                reached[target.0] = true;
                schedule.push(Derivative {
                    node,
                    input,
                    target,
                    write,
                    then: None,
                    streamed: false,
                });
            }
        }
    }
    schedule
}

/// Takes out the derivatives by trainable parameters that can be streamed: those that come from
/// one place alone and are not `kept`.
pub(super) fn streams<T: Real>(
    graph: &Inner<T>,
    schedule: Vec<Derivative>,
    kept: &dyn Fn(NodeId) -> bool,
) -> (Vec<Derivative>, Vec<Derivative>) {
    let mut sources = vec![0; graph.nodes.len()];
    schedule.iter().for_each(|derivative| sources[derivative.target.0] += 1);
    // A parameter may have several nodes.
    let mut nodes = vec![0; graph.params.len()];
    for node in &graph.nodes {
        if let Source::Param(id) = node.source {
            nodes[id.index()] += 1;
        }
    }
    let streams = |derivative: &Derivative| {
        let target = &graph.nodes[derivative.target.0];
        let single = matches!(target.source, Source::Param(id) if nodes[id.index()] == 1)
            && sources[derivative.target.0] == 1;
        let node = &graph.nodes[derivative.node.0];
        let shapes: Vec<Shape> = node.inputs.iter().map(|id| graph.nodes[id.0].shape).collect();
        single
            && derivative.then.is_none()
            && !kept(derivative.target)
            && matches!(&node.source, Source::Op(op) if op
                .streaming()
                .is_some_and(|streaming| streaming.suits(derivative.input, &shapes)))
    };
    let (mut streamed, stored): (Vec<_>, Vec<_>) = schedule.into_iter().partition(streams);
    streamed.iter_mut().for_each(|derivative| derivative.streamed = true);
    (stored, streamed)
}

/// For each node, whether its gradient is wanted or needed for one that is.
fn leads_to_wanted<T: Real>(graph: &Inner<T>, wanted: &[NodeId]) -> Vec<bool> {
    let mut leads: Vec<bool> = Vec::with_capacity(graph.nodes.len());
    for (i, node) in graph.nodes.iter().enumerate() {
        let own = match node.source {
            Source::Param(id) => graph.params[id.index()].trainable,
            _ => node.differentiable_inputs().any(|(_, input)| leads[input.0]),
        };
        leads.push(own || wanted.contains(&NodeId(i)));
    }
    leads
}

impl<T: Real> Node<T> {
    pub(super) fn is_op(&self) -> bool {
        matches!(self.source, Source::Op(_))
    }

    /// The inputs that a gradient can go back to, with their numbers.
    fn differentiable_inputs(&self) -> impl Iterator<Item = (usize, NodeId)> + '_ {
        let op = match &self.source {
            Source::Op(op) => Some(op),
            _ => None,
        };
        let inputs = self.inputs.iter().copied().enumerate();
        inputs.filter(move |&(i, _)| op.is_some_and(|op| op.differentiable(i)))
    }
}
