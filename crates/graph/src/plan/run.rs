//! Runs a plan. Buffers that an operation writes are taken out of the plan while it works, so
//! that it can read all others; nothing is allocated.

use std::mem;

use evenkeel_tensor::{Real, Shape, Tensor};
use smallvec::SmallVec;

use super::{Operand, Place, Plan, Progress, Slot};
use crate::{Backward, Gradient, GraphError, Params, View};

/// Everything that operands can refer to.
#[derive(Clone, Copy)]
struct Sources<'a, T: Real> {
    params: &'a Params<T>,
    inputs: &'a [&'a Tensor<T>],
    constants: &'a [std::sync::Arc<Tensor<T>>],
    buffers: &'a [Vec<T>],
}

impl<'a, T: Real> Sources<'a, T> {
    fn data(&self, operand: &Operand) -> &'a [T] {
        match operand.place {
            Place::Input(index) => self.inputs[index].as_slice(),
            Place::Param(id) => self.params.get(id).value().as_slice(),
            Place::Constant(index) => self.constants[index].as_slice(),
            Place::Buffer(index) => &self.buffers[index][..operand.shape.len()],
        }
    }

    /// The operands' views; without their values if these are not needed.
    fn views(&self, operands: &[Operand], needed: bool) -> SmallVec<[View<'a, T>; 4]> {
        let data = |operand| if needed { self.data(operand) } else { &[] };
        operands.iter().map(|o| View { shape: o.shape, data: data(o) }).collect()
    }
}

impl<T: Real> Plan<T> {
    /// Computes all outputs and the loss.
    ///
    /// `inputs` are in the order of their declaration, of the shapes declared; `params` is the
    /// store that the graph was traced with, or one of the same make.
    ///
    /// # Errors
    /// [`GraphError::InputCount`] or [`GraphError::RunShape`] if the operands are not those that
    /// were traced; [`GraphError::Operation`] if an operation refuses its values.
    pub fn forward(&mut self, params: &Params<T>, inputs: &[&Tensor<T>]) -> Result<(), GraphError> {
        self.check(params, inputs)?;
        self.progress = Progress::Nothing;
        for index in 0..self.forward.len() {
            self.forward_step(index, params, inputs)?;
        }
        self.progress = Progress::Forward;
        Ok(())
    }

    fn forward_step(
        &mut self,
        index: usize,
        params: &Params<T>,
        inputs: &[&Tensor<T>],
    ) -> Result<(), GraphError> {
        let step = &self.forward[index];
        let mut output = mem::take(&mut self.buffers[step.output.buffer]);
        let mut saved = step.saved.map(|slot| mem::take(&mut self.buffers[slot.buffer]));
        let sources =
            Sources { params, inputs, constants: &self.constants, buffers: &self.buffers };
        let result = step.op.forward(
            &sources.views(&step.inputs, true),
            &mut output[..step.output.len],
            part(&mut saved, step.saved),
            self.context,
        );
        self.buffers[step.output.buffer] = output;
        if let (Some(slot), Some(saved)) = (step.saved, saved) {
            self.buffers[slot.buffer] = saved;
        }
        result.map_err(|reason| GraphError::Operation {
            path: step.path.clone(),
            operation: step.op.name(),
            reason,
        })
    }

    /// Computes the derivatives of the loss, after [`forward`](Self::forward) with the same
    /// operands.
    ///
    /// # Errors
    /// [`GraphError::NoBackward`] if the plan has no loss or has not run forward, and the errors
    /// of `forward` about operands.
    pub fn backward(
        &mut self,
        params: &Params<T>,
        inputs: &[&Tensor<T>],
    ) -> Result<(), GraphError> {
        if self.loss.is_none() {
            return Err(GraphError::NoBackward("a loss"));
        }
        // Buffers are used again on the way back, so each forward run serves one backward run.
        if self.progress != Progress::Forward {
            return Err(GraphError::NoBackward("a forward run before it"));
        }
        self.check(params, inputs)?;
        self.progress = Progress::Backward;
        for index in 0..self.backward.len() {
            self.backward_step(index, params, inputs);
        }
        Ok(())
    }

    fn backward_step(&mut self, index: usize, params: &Params<T>, inputs: &[&Tensor<T>]) {
        let back = &self.backward[index];
        let step = &self.forward[back.step];
        let needs = step.op.needs();
        let mut target = mem::take(&mut self.buffers[back.target.buffer]);
        let sources =
            Sources { params, inputs, constants: &self.constants, buffers: &self.buffers };
        let output = Operand { place: Place::Buffer(step.output.buffer), shape: step.shape };
        let views = sources.views(&step.inputs, needs.inputs);
        let pass = Backward {
            inputs: &views,
            output: View {
                shape: step.shape,
                data: if needs.output { sources.data(&output) } else { &[] },
            },
            saved: step.saved.map_or(&[], |slot| &self.buffers[slot.buffer][..slot.len]),
            upstream: sources.data(&back.upstream),
        };
        let data = &mut target[..back.target.len];
        step.op.backward(pass, back.input, Gradient { data, write: back.write });
        drop(views);
        self.buffers[back.target.buffer] = target;
    }

    fn check(&self, params: &Params<T>, inputs: &[&Tensor<T>]) -> Result<(), GraphError> {
        if inputs.len() != self.inputs.len() {
            let (expected, got) = (self.inputs.len(), inputs.len());
            return Err(GraphError::InputCount { expected, got });
        }
        for ((name, shape), input) in self.inputs.iter().zip(inputs) {
            same("input", name, *shape, input.shape())?;
        }
        for (id, name, shape) in &self.params {
            if id.index() >= params.len() {
                return Err(GraphError::ForeignParameter { path: String::new() });
            }
            same("parameter", name, *shape, params.get(*id).value().shape())?;
        }
        Ok(())
    }
}

fn same(what: &'static str, name: &str, expected: Shape, got: Shape) -> Result<(), GraphError> {
    if expected == got {
        return Ok(());
    }
    Err(GraphError::RunShape { what, name: name.into(), expected, got })
}

/// The part of a buffer that a slot names; empty without one.
fn part<T>(buffer: &mut Option<Vec<T>>, slot: Option<Slot>) -> &mut [T] {
    match (buffer, slot) {
        (Some(buffer), Some(slot)) => &mut buffer[..slot.len],
        _ => &mut [],
    }
}
