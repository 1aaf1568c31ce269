//! Runs a plan. Buffers that an operation writes are taken out of the plan while it works, so
//! that it can read all others; nothing is allocated.

use std::mem;

use evenkeel_tensor::matmul::Take;
use evenkeel_tensor::{Real, Shape, Tensor, parallel};
use smallvec::SmallVec;

use super::{BackStep, Operand, Place, Plan, Progress, Slot};
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
        parallel::with_team_for(self.work, || {
            (0..self.forward.len()).try_for_each(|index| self.forward_step(index, params, inputs))
        })?;
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
        let views = sources.views(&step.inputs, true);
        let (y, saved_values) = (&mut output[..step.output.len], part(&mut saved, step.saved));
        let result = match step.then.as_ref().and_then(|then| then.pointwise()) {
            Some(then) => {
                let then = |_: usize, run: &mut [T]| then.apply(run);
                step.op.forward_then(&views, y, saved_values, self.context, &then)
            }
            None => step.op.forward(&views, y, saved_values, self.context),
        };
        drop(views);
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
        parallel::with_team_for(self.work, || {
            (0..self.backward.len()).for_each(|index| self.backward_step(index, params, inputs));
        });
        Ok(())
    }

    fn backward_step(&mut self, index: usize, params: &Params<T>, inputs: &[&Tensor<T>]) {
        let back = &self.backward[index];
        let mut target = mem::take(&mut self.buffers[back.target.buffer]);
        let gradient = Gradient { data: &mut target[..back.target.len], write: back.write };
        let sources = self.sources(params, inputs);
        let views = sources.views(&back.inputs, back.op.needs().inputs);
        let pass = back.pass(&sources, &views);
        let link = back.then.as_ref().and_then(|link| Some((link, link.op.pointwise()?)));
        match link {
            Some((link, pointwise)) => {
                let data =
                    |operand: &Option<Operand>| operand.map_or(&[][..], |o| sources.data(&o));
                let (x, y) = (data(&link.input), data(&link.output));
                let then = |first: usize, run: &mut [T]| {
                    let here = first..first + run.len();
                    let [x, y] = [x, y].map(|all| all.get(here.clone()).unwrap_or_default());
                    pointwise.chain(x, y, run);
                };
                back.op.backward_then(pass, back.input, gradient, &then);
            }
            None => back.op.backward(pass, back.input, gradient),
        }
        drop(views);
        let buffer = back.target.buffer;
        self.buffers[buffer] = target;
    }

    /// Computes the gradient of the parameter number `index` of those [streamed](Self::streamed)
    /// and hands it on to `take`, piece by piece, by several threads, together with the same
    /// pieces of `targets`, all as long as the parameter. The operands are those of the last
    /// backward run; the parameter itself is not read and may be missing.
    ///
    /// # Panics
    /// If there is no such number, or before a backward run.
    pub fn stream(
        &self,
        index: usize,
        params: &Params<T>,
        inputs: &[&Tensor<T>],
        targets: &mut [&mut [T]],
        take: &Take<'_, T>,
    ) {
        self.with_stream(index, params, inputs, |back, pass| {
            if let Some(streaming) = back.op.streaming() {
                streaming.stream(pass, back.input, targets, take);
            }
        });
    }

    /// Whether all gradients that are streamed are finite. `false` may also mean that they are so
    /// large that only computing them would tell.
    ///
    /// # Panics
    /// Before a backward run.
    pub fn streams_are_finite(&self, params: &Params<T>, inputs: &[&Tensor<T>]) -> bool {
        let finite = |index: usize| {
            self.with_stream(index, params, inputs, |back, pass| {
                let bound =
                    back.op.streaming().map_or(f64::INFINITY, |s| s.bound(pass, back.input));
                // Half of the greatest number leaves room for rounding.
                T::of(2.0 * bound).is_finite()
            })
        };
        let read = |back: &BackStep<T>| back.inputs[0].shape.len() + back.upstream.shape.len();
        parallel::all(self.streams.len(), self.streams.iter().map(read).sum(), finite)
    }

    fn with_stream<R>(
        &self,
        index: usize,
        params: &Params<T>,
        inputs: &[&Tensor<T>],
        run: impl FnOnce(&BackStep<T>, Backward<'_, T>) -> R,
    ) -> R {
        assert_eq!(self.progress, Progress::Backward, "gradients are streamed after `backward`");
        let back = &self.streams[index];
        let sources = self.sources(params, inputs);
        let mut views = sources.views(&back.inputs, false);
        // All but the parameter itself.
        for (i, (view, operand)) in views.iter_mut().zip(&back.inputs).enumerate() {
            if i != back.input {
                view.data = sources.data(operand);
            }
        }
        let result = run(back, back.pass(&sources, &views));
        drop(views);
        result
    }

    fn sources<'a>(&'a self, params: &'a Params<T>, inputs: &'a [&'a Tensor<T>]) -> Sources<'a, T> {
        Sources { params, inputs, constants: &self.constants, buffers: &self.buffers }
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

impl<T: Real> BackStep<T> {
    /// What the operation reads.
    fn pass<'a>(&self, sources: &Sources<'a, T>, views: &'a [View<'a, T>]) -> Backward<'a, T> {
        let needs = self.op.needs();
        Backward {
            inputs: views,
            output: View {
                shape: self.output.shape,
                data: if needs.output { sources.data(&self.output) } else { &[] },
            },
            saved: self.saved.map_or(&[], |slot| &sources.buffers[slot.buffer][..slot.len]),
            upstream: sources.data(&self.upstream),
        }
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
