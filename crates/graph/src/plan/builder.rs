//! Builds plans: says what is wanted of a graph, and runs the compiler's passes.

use evenkeel_tensor::Real;

use super::layout::Layout;
use super::{Plan, fuse, schedule};
use crate::graph::Inner;
use crate::{Graph, GraphError, NodeId, Var};

/// Says what a plan is to compute.
#[derive(Debug)]
pub struct PlanBuilder<'g, T: Real = f32> {
    graph: &'g Graph<T>,
    pub(super) outputs: Vec<NodeId>,
    pub(super) gradients: Vec<NodeId>,
    pub(super) loss: Option<NodeId>,
    pub(super) keep_all: bool,
    separate: bool,
    streaming: bool,
    foreign: bool,
}

impl<'g, T: Real> PlanBuilder<'g, T> {
    pub(super) fn new(graph: &'g Graph<T>) -> Self {
        let (outputs, gradients) = (Vec::new(), Vec::new());
        Self {
            graph,
            outputs,
            gradients,
            loss: None,
            keep_all: false,
            separate: false,
            streaming: false,
            foreign: false,
        }
    }

    /// The number of a variable's node; remembers if it belongs to another graph.
    fn own(&mut self, var: Var<'_, T>) -> NodeId {
        self.foreign |= !std::ptr::eq(var.graph(), self.graph);
        var.id()
    }

    /// Asks for the value of a variable, to be read with [`Plan::value`].
    #[must_use]
    pub fn output(mut self, var: Var<'g, T>) -> Self {
        let node = self.own(var);
        self.output_of(node)
    }

    /// Asks for the derivative of this single value by every trainable parameter, to be read with
    /// [`Plan::param_gradient`].
    #[must_use]
    pub fn loss(mut self, var: Var<'g, T>) -> Self {
        self.loss = Some(self.own(var));
        self
    }

    /// Asks for the derivative of the loss by a variable, to be read with [`Plan::gradient`].
    #[must_use]
    pub fn gradient(mut self, var: Var<'g, T>) -> Self {
        let node = self.own(var);
        self.gradient_of(node)
    }

    /// Asks for the value of a node by its number.
    #[must_use]
    pub fn output_of(mut self, node: NodeId) -> Self {
        self.outputs.push(node);
        self
    }

    /// Asks for the derivative of the loss by a node.
    #[must_use]
    pub fn gradient_of(mut self, node: NodeId) -> Self {
        self.gradients.push(node);
        self
    }

    /// Asks for the value of everything that is computed.
    #[must_use]
    pub fn keep_all(mut self) -> Self {
        self.keep_all = true;
        self
    }

    /// Runs every operation by itself, with none applied in passing by its neighbour. The results
    /// are the same but for rounding; this is for finding out whether they are.
    #[must_use]
    pub fn separate(mut self) -> Self {
        self.separate = true;
        self
    }

    /// Does not store the gradients of large weights: after the backward pass, [`Plan::stream`]
    /// computes each of them piece by piece and hands the pieces on while they are in the cache.
    /// [`Plan::streamed`] says which; [`Plan::param_gradient`] has none for them.
    #[must_use]
    pub fn streaming(mut self) -> Self {
        self.streaming = true;
        self
    }

    /// Compiles the plan.
    ///
    /// # Errors
    /// The first mistake made while tracing, [`GraphError::ForeignVariable`] for what belongs to
    /// another graph, [`GraphError::NotComputed`] if an output or the loss is an input, a
    /// parameter or a constant, or [`GraphError::LossNotScalar`].
    pub fn build(self) -> Result<Plan<T>, GraphError> {
        self.graph.check()?;
        let inner = self.graph.inner();
        self.check(&inner)?;
        let wanted: Vec<NodeId> = self.outputs.iter().chain(&self.loss).copied().collect();
        let forward = schedule::forward(&inner, &wanted);
        let backward = self.loss.map_or_else(Vec::new, |loss| {
            schedule::backward(&inner, &forward, loss, &self.gradients)
        });
        let kept = |id| self.separate || self.keep_all || wanted.contains(&id);
        let forward = fuse::forward(&inner, forward, &kept, !backward.is_empty());
        let kept = |id| self.separate || self.gradients.contains(&id);
        let backward = fuse::backward(&inner, backward, &kept);
        let kept = |id| !self.streaming || self.gradients.contains(&id);
        let (mut backward, streams) = schedule::streams(&inner, backward, &kept);
        backward.extend(streams);
        Ok(Layout::new(&inner, &self, &forward, &backward).plan(&forward, &backward))
    }

    /// Checks what was asked for.
    fn check(&self, inner: &Inner<T>) -> Result<(), GraphError> {
        let computed = || self.outputs.iter().chain(&self.loss);
        let unknown = |id: &NodeId| id.0 >= inner.nodes.len();
        if self.foreign || computed().chain(&self.gradients).any(unknown) {
            return Err(GraphError::ForeignVariable { path: String::new() });
        }
        if let Some(id) = computed().find(|id| !inner.nodes[id.0].is_op()) {
            let what = if self.loss == Some(*id) { "the loss" } else { "an output" };
            return Err(GraphError::NotComputed { what });
        }
        match self.loss.map(|loss| inner.nodes[loss.0].shape) {
            Some(shape) if shape.axes() != 0 => Err(GraphError::LossNotScalar { shape }),
            _ => Ok(()),
        }
    }
}
