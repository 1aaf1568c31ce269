//! The last pass: gives every value its place in memory, and writes down the plan.

use std::sync::Arc;

use evenkeel_tensor::{Real, Shape, Tensor};
use smallvec::SmallVec;

use super::builder::PlanBuilder;
use super::memory::{Value, lay_out};
use super::schedule::{Computation, Derivative};
use super::{BackStep, Link, Operand, Place, Plan, Progress, Slot, Step};
use crate::graph::{Inner, Source};
use crate::{Context, NodeId, Op, ParamId};

/// All values of a plan, with the slots that they were given.
pub(super) struct Layout<'a, T: Real> {
    graph: &'a Inner<T>,
    request: &'a PlanBuilder<'a, T>,
    slots: Vec<Slot>,
    /// By node: the index of its value, of what its operation saves, and of its gradient.
    values: Vec<Option<usize>>,
    saved: Vec<Option<usize>>,
    gradients: Vec<Option<usize>>,
    buffers: Vec<usize>,
}

impl<'a, T: Real> Layout<'a, T> {
    pub(super) fn new(
        graph: &'a Inner<T>,
        request: &'a PlanBuilder<'a, T>,
        forward: &[Computation],
        backward: &[Derivative],
    ) -> Self {
        let none = vec![None; graph.nodes.len()];
        let mut layout = Self {
            graph,
            request,
            slots: Vec::new(),
            values: none.clone(),
            saved: none.clone(),
            gradients: none,
            buffers: Vec::new(),
        };
        let mut lives = Vec::new();
        layout.forward_lives(&mut lives, forward);
        layout.backward_lives(&mut lives, forward.len(), backward);
        layout.keep(&mut lives);
        (layout.slots, layout.buffers) = lay_out(&lives);
        layout
    }

    /// Values are born when computed and live until last read by another operation.
    fn forward_lives(&mut self, lives: &mut Vec<Value>, forward: &[Computation]) {
        for (moment, computation) in forward.iter().enumerate() {
            let id = computation.node;
            let node = &self.graph.nodes[id.0];
            for input in &node.inputs {
                if let Some(value) = self.values[input.0] {
                    lives[value].used(moment);
                }
            }
            self.values[computation.output().0] = Some(lives.len());
            lives.push(Value::new(node.shape.len(), moment));
            let saved = op(self.graph, id).saved_len(&self.input_shapes(id));
            if saved > 0 {
                self.saved[id.0] = Some(lives.len());
                lives.push(Value::new(saved, moment));
            }
        }
    }

    /// Gradients live from the first contribution to the last use; what a derivative reads of the
    /// forward pass lives until then.
    fn backward_lives(&mut self, lives: &mut Vec<Value>, start: usize, backward: &[Derivative]) {
        for (moment, derivative) in (start..).zip(backward) {
            let mut read: Vec<Option<usize>> = vec![
                self.saved[derivative.node.0],
                self.gradients[derivative.node.0],
                self.gradients[derivative.target.0],
            ];
            for id in [Some(derivative.node), derivative.then].into_iter().flatten() {
                let needs = op(self.graph, id).needs();
                if needs.inputs {
                    let inputs = &self.graph.nodes[id.0].inputs;
                    read.extend(inputs.iter().map(|id| self.values[id.0]));
                }
                if needs.output {
                    read.push(self.values[id.0]);
                }
            }
            read.into_iter().flatten().for_each(|value| lives[value].used(moment));
            if self.gradients[derivative.target.0].is_none() && !derivative.streamed {
                self.gradients[derivative.target.0] = Some(lives.len());
                let len = self.graph.nodes[derivative.target.0].shape.len();
                lives.push(Value::new(len, moment));
            }
        }
    }

    /// What was asked for lives on after the run.
    fn keep(&self, lives: &mut [Value]) {
        let Self { graph, request, .. } = self;
        let outputs = request.outputs.iter().chain(&request.loss).map(|id| self.values[id.0]);
        let wanted = request.gradients.iter().map(|id| self.gradients[id.0]);
        let params = (0..graph.nodes.len())
            .filter(|&i| matches!(graph.nodes[i].source, Source::Param(_)))
            .map(|i| self.gradients[i]);
        let all = self.values.iter().copied().filter(|_| request.keep_all);
        let kept = outputs.chain(wanted).chain(params).chain(all);
        kept.flatten().for_each(|value| lives[value].kept());
    }

    pub(super) fn plan(&self, forward: &[Computation], backward: &[Derivative]) -> Plan<T> {
        let constants = self.constants();
        let one = constants.len() - 1;
        let back = |derivative: &Derivative| self.back_step(derivative, one);
        let stored = backward.iter().filter(|derivative| !derivative.streamed);
        let streamed = || backward.iter().filter(|derivative| derivative.streamed);
        Plan {
            forward: forward.iter().map(|computation| self.step(computation)).collect(),
            backward: stored.map(back).collect(),
            streams: streamed().map(back).collect(),
            streamed: streamed().filter_map(|derivative| self.param(derivative.target)).collect(),
            buffers: self.buffers.iter().map(|&len| vec![T::ZERO; len]).collect(),
            constants,
            inputs: self.graph.inputs.clone(),
            params: self.params(),
            loss: self.request.loss.and_then(|id| self.slot(self.values[id.0])),
            values: self.kept_values(),
            gradients: self.slots(&self.gradients, self.request.gradients.iter().copied()),
            param_gradients: self.param_gradients(),
            context: Context::default(),
            progress: Progress::Nothing,
            work: self.work(forward, backward),
        }
    }

    fn work(&self, forward: &[Computation], backward: &[Derivative]) -> usize {
        let nodes = forward.iter().map(|computation| computation.node);
        let all = nodes.chain(backward.iter().map(|derivative| derivative.node));
        all.map(|id| op(self.graph, id).work(&self.input_shapes(id))).sum()
    }

    fn slot(&self, value: Option<usize>) -> Option<Slot> {
        value.map(|value| self.slots[value])
    }

    fn step(&self, computation: &Computation) -> Step<T> {
        let id = computation.node;
        let node = &self.graph.nodes[id.0];
        Step {
            node: computation.output(),
            op: op(self.graph, id).clone(),
            path: node.path.clone(),
            inputs: self.operands(id),
            output: self.slot(self.values[computation.output().0]).unwrap_or_default(),
            saved: self.slot(self.saved[id.0]),
            then: computation.then.map(|id| op(self.graph, id).clone()),
        }
    }

    fn back_step(&self, derivative: &Derivative, one: usize) -> BackStep<T> {
        let id = derivative.node;
        BackStep {
            op: op(self.graph, id).clone(),
            inputs: self.operands(id),
            output: self.operand(id),
            saved: self.slot(self.saved[id.0]),
            input: derivative.input,
            upstream: self.upstream(id, one),
            target: self.slot(self.gradients[derivative.target.0]).unwrap_or_default(),
            write: derivative.write,
            then: derivative.then.map(|id| self.link(id)),
        }
    }

    fn operands(&self, id: NodeId) -> SmallVec<[Operand; 4]> {
        self.graph.nodes[id.0].inputs.iter().map(|&input| self.operand(input)).collect()
    }

    /// A pointwise operation with what its derivative reads.
    fn link(&self, id: NodeId) -> Link<T> {
        let (op, inputs) = (op(self.graph, id).clone(), &self.graph.nodes[id.0].inputs);
        let needs = op.needs();
        let input = inputs.first().filter(|_| needs.inputs).map(|&input| self.operand(input));
        Link { op, input, output: needs.output.then(|| self.operand(id)) }
    }

    /// Where the value of a node is; anywhere if it is not kept because nobody reads it.
    fn operand(&self, id: NodeId) -> Operand {
        let node = &self.graph.nodes[id.0];
        let place = match &node.source {
            Source::Input(index) => Place::Input(*index),
            Source::Param(param) => Place::Param(*param),
            Source::Constant(_) => Place::Constant(self.constants_before(id)),
            Source::Op(_) | Source::Broken => {
                Place::Buffer(self.slot(self.values[id.0]).unwrap_or_default().buffer)
            }
        };
        Operand { place, shape: node.shape }
    }

    /// The gradient of a node; that of the loss by itself is the constant 1.
    fn upstream(&self, id: NodeId, one: usize) -> Operand {
        let shape = self.graph.nodes[id.0].shape;
        let place = match self.slot(self.gradients[id.0]) {
            Some(slot) => Place::Buffer(slot.buffer),
            None => Place::Constant(one),
        };
        Operand { place, shape }
    }

    /// The graph's constants in order, and the 1 that the backward pass starts from.
    fn constants(&self) -> Vec<Arc<Tensor<T>>> {
        let constant = |source: &Source<T>| match source {
            Source::Constant(tensor) => Some(tensor.clone()),
            _ => None,
        };
        let own = self.graph.nodes.iter().filter_map(|node| constant(&node.source));
        own.chain([Arc::new(Tensor::scalar(T::ONE))]).collect()
    }

    fn constants_before(&self, id: NodeId) -> usize {
        let before = self.graph.nodes[..id.0].iter();
        before.filter(|node| matches!(node.source, Source::Constant(_))).count()
    }

    /// The parameters that the graph uses, with the shapes traced.
    fn params(&self) -> Vec<(ParamId, String, Shape)> {
        let used = self.graph.nodes.iter().filter_map(|node| match node.source {
            Source::Param(id) => Some(id),
            _ => None,
        });
        used.map(|id| {
            let spec = &self.graph.params[id.index()];
            (id, spec.name.clone(), spec.shape)
        })
        .collect()
    }

    fn kept_values(&self) -> Vec<(NodeId, Slot)> {
        let all = (0..self.values.len()).map(NodeId).filter(|_| self.request.keep_all);
        self.slots(&self.values, self.request.outputs.iter().copied().chain(all))
    }

    fn slots(
        &self,
        values: &[Option<usize>],
        nodes: impl Iterator<Item = NodeId>,
    ) -> Vec<(NodeId, Slot)> {
        nodes.filter_map(|id| self.slot(values[id.0]).map(|slot| (id, slot))).collect()
    }

    fn param(&self, id: NodeId) -> Option<ParamId> {
        match self.graph.nodes[id.0].source {
            Source::Param(param) => Some(param),
            _ => None,
        }
    }

    fn param_gradients(&self) -> Vec<Option<Slot>> {
        let mut slots = vec![None; self.graph.params.len()];
        for (i, node) in self.graph.nodes.iter().enumerate() {
            if let Source::Param(id) = node.source
                && self.graph.params[id.index()].trainable
            {
                slots[id.index()] = self.slot(self.gradients[i]);
            }
        }
        slots
    }

    fn input_shapes(&self, id: NodeId) -> Vec<Shape> {
        let inputs = &self.graph.nodes[id.0].inputs;
        inputs.iter().map(|input| self.graph.nodes[input.0].shape).collect()
    }
}

/// The operation of a scheduled node.
///
/// # Panics
/// If the node is not an operation; only operations are scheduled.
pub(super) fn op<T: Real>(graph: &Inner<T>, id: NodeId) -> &Arc<dyn Op<T>> {
    match &graph.nodes[id.0].source {
        Source::Op(op) => op,
        _ => unreachable!("only operations are scheduled"),
    }
}
