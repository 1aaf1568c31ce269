//! A graph compiled to run many times.
//!
//! Building a plan is a small compiler, and each of its passes is a function of its own: drop
//! what no output needs ([`schedule`]), derive the backward schedule and drop the gradients that
//! nobody asked for ([`schedule`]), join steps so that values are worked on while they are in the
//! cache ([`fuse`]), and lay all values into buffers by lifetime ([`memory`]). Running a plan then
//! allocates nothing.

mod builder;
mod fuse;
mod layout;
mod memory;
mod run;
mod schedule;

use std::sync::Arc;

use evenkeel_tensor::{Real, Shape, Tensor, Write, parallel};
use smallvec::SmallVec;

pub use builder::PlanBuilder;

use crate::{Context, Graph, NodeId, Op, ParamId};

/// A schedule of operations with the buffers that they work in.
///
/// Run [`forward`](Self::forward), then, if there is a loss, [`backward`](Self::backward) with
/// the same operands; then read values and gradients. See the [crate's page](crate) for an
/// example.
#[derive(Clone, Debug)]
pub struct Plan<T: Real = f32> {
    forward: Vec<Step<T>>,
    backward: Vec<BackStep<T>>,
    /// Derivatives by parameters that are streamed after the backward pass.
    streams: Vec<BackStep<T>>,
    streamed: Vec<ParamId>,
    buffers: Vec<Vec<T>>,
    constants: Vec<Arc<Tensor<T>>>,
    inputs: Vec<(String, Shape)>,
    params: Vec<(ParamId, String, Shape)>,
    loss: Option<Slot>,
    values: Vec<(NodeId, Slot)>,
    gradients: Vec<(NodeId, Slot)>,
    param_gradients: Vec<Option<Slot>>,
    context: Context,
    progress: Progress,
    work: usize,
}

/// How far the present run has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Nothing,
    Forward,
    Backward,
}

/// Where an operand's values are at run time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Input(usize),
    Param(ParamId),
    Constant(usize),
    Buffer(usize),
}

#[derive(Clone, Copy, Debug)]
struct Operand {
    place: Place,
    shape: Shape,
}

/// The first `len` values of a buffer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Slot {
    buffer: usize,
    len: usize,
}

/// One operation of the forward schedule.
#[derive(Clone, Debug)]
struct Step<T: Real> {
    node: NodeId,
    op: Arc<dyn Op<T>>,
    path: String,
    inputs: SmallVec<[Operand; 4]>,
    output: Slot,
    saved: Option<Slot>,
    /// The pointwise operation that is applied to the output in passing.
    then: Option<Arc<dyn Op<T>>>,
}

/// One derivative of the backward schedule: that of the loss by one input of one step.
#[derive(Clone, Debug)]
struct BackStep<T: Real> {
    op: Arc<dyn Op<T>>,
    /// What the operation read, wrote and saved on the way forward.
    inputs: SmallVec<[Operand; 4]>,
    output: Operand,
    saved: Option<Slot>,
    /// Which input the derivative is by.
    input: usize,
    upstream: Operand,
    target: Slot,
    write: Write,
    /// The pointwise operation through which the derivative is led on in passing.
    then: Option<Link<T>>,
}

/// A pointwise operation, and the forward values that its derivative reads.
#[derive(Clone, Debug)]
struct Link<T: Real> {
    op: Arc<dyn Op<T>>,
    input: Option<Operand>,
    output: Option<Operand>,
}

impl<T: Real> Plan<T> {
    /// Starts to build a plan for a graph.
    pub fn builder(graph: &Graph<T>) -> PlanBuilder<'_, T> {
        PlanBuilder::new(graph)
    }

    /// Sets what random operations draw by; a trainer does so before every step.
    pub fn set_context(&mut self, context: Context) {
        self.context = context;
    }

    /// The loss of the last forward run; `None` if there was no run or there is no loss.
    pub fn loss(&self) -> Option<T> {
        let slot = self.loss.filter(|_| self.progress != Progress::Nothing)?;
        Some(self.slot(slot)[0])
    }

    /// The value of a node that was asked for as an output, batch first; `None` if it was not, or
    /// before `forward`.
    pub fn value(&self, node: NodeId) -> Option<&[T]> {
        (self.progress != Progress::Nothing).then_some(())?;
        let found = self.values.iter().find(|(id, _)| *id == node);
        found.map(|&(_, slot)| self.slot(slot))
    }

    /// The derivative of the loss by a node that was asked for; `None` if it was not, before
    /// `backward`, or if the loss does not depend on the node (or is that node).
    pub fn gradient(&self, node: NodeId) -> Option<&[T]> {
        self.after_backward()?;
        let found = self.gradients.iter().find(|(id, _)| *id == node);
        found.map(|&(_, slot)| self.slot(slot))
    }

    /// The derivative of the loss by a parameter; `None` before `backward`, if the parameter is
    /// not trainable, if the loss does not depend on it, or if the derivative is
    /// [streamed](Self::streamed).
    pub fn param_gradient(&self, param: ParamId) -> Option<&[T]> {
        self.after_backward()?;
        let slot = self.param_gradients.get(param.index()).copied().flatten();
        slot.map(|slot| self.slot(slot))
    }

    /// The first step, in the order of running, whose kept output has a value that is infinite or
    /// NaN: the layer's path and the operation's name. Meant for plans that
    /// [keep everything](PlanBuilder::keep_all).
    pub fn first_non_finite(&self) -> Option<(&str, &'static str)> {
        let kept = |step: &&Step<T>| self.values.iter().any(|(node, _)| *node == step.node);
        let bad = |step: &&Step<T>| !parallel::all_finite(self.slot(step.output));
        let step = self.forward.iter().filter(kept).find(bad)?;
        Some((step.path.as_str(), step.op.name()))
    }

    /// The memory of all buffers, in bytes. Inputs and parameters are not copied and not counted.
    pub fn memory(&self) -> usize {
        self.buffers.iter().map(|buffer| buffer.len() * size_of::<T>()).sum()
    }

    /// The parameters whose gradients this plan does not store but [streams](Self::stream).
    pub fn streamed(&self) -> &[ParamId] {
        &self.streamed
    }

    /// About how many multiply-adds a run forward and backward takes.
    pub fn work(&self) -> usize {
        self.work
    }

    /// The number of operations run forward, and of derivatives run backward.
    pub fn steps(&self) -> (usize, usize) {
        (self.forward.len(), self.backward.len())
    }

    fn after_backward(&self) -> Option<()> {
        (self.progress == Progress::Backward).then_some(())
    }

    fn slot(&self, slot: Slot) -> &[T] {
        &self.buffers[slot.buffer][..slot.len]
    }
}
