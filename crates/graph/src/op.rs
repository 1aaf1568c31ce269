//! One operation: how shapes, values and gradients go through it.
//!
//! An op gets slices in and writes slices out. It allocates nothing and knows nothing of the
//! graph. Whoever writes a new op implements [`Op`] and tests it with
//! [`check::gradient_error`](crate::check::gradient_error).

use std::fmt::Debug;

use evenkeel_tensor::matmul::{Take, Then};
use evenkeel_tensor::{Real, Shape, Write};

/// A tensor that an op reads.
#[derive(Clone, Copy, Debug)]
pub struct View<'a, T> {
    /// Its shape, batch first.
    pub shape: Shape,
    /// Its values. Empty in the backward pass if the op said that it does not need them.
    pub data: &'a [T],
}

/// What an op may know about the run besides its operands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// The seed that random ops derive their streams from.
    pub seed: u64,
    /// The number of the training step, so that each step draws other numbers, and a resumed
    /// run the same ones as a run that never stopped.
    pub step: u64,
}

/// Which forward values the backward pass of an op reads. What no op needs is not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// The values of the inputs.
    pub inputs: bool,
    /// The value of the output.
    pub output: bool,
}

impl Needs {
    /// Neither inputs nor output.
    pub const NOTHING: Self = Self { inputs: false, output: false };
    /// The inputs alone.
    pub const INPUTS: Self = Self { inputs: true, output: false };
    /// The output alone.
    pub const OUTPUT: Self = Self { inputs: false, output: true };
    /// Inputs and output.
    pub const BOTH: Self = Self { inputs: true, output: true };
}

/// What the backward pass of an op reads.
#[derive(Clone, Copy, Debug)]
pub struct Backward<'a, T> {
    /// The inputs of the forward pass.
    pub inputs: &'a [View<'a, T>],
    /// The output of the forward pass.
    pub output: View<'a, T>,
    /// What the forward pass saved.
    pub saved: &'a [T],
    /// The derivative of the loss by the output, of the output's shape.
    pub upstream: &'a [T],
}

/// Where an op puts the derivative of the loss by one of its inputs.
#[derive(Debug)]
pub struct Gradient<'a, T> {
    /// As many values as the input has.
    pub data: &'a mut [T],
    /// Whether the derivative replaces what is there or is added to it (an input that is used
    /// several times receives the sum).
    pub write: Write,
}

impl<T: Real> Gradient<'_, T> {
    /// Writes or adds `f(a)` for each value of a slice.
    ///
    /// # Panics
    /// If the slice is not as long as the gradient.
    pub fn from_one(self, a: &[T], f: impl Fn(T) -> T) {
        assert_eq!(self.data.len(), a.len());
        let pairs = self.data.iter_mut().zip(a);
        match self.write {
            Write::Set => pairs.for_each(|(g, &a)| *g = f(a)),
            Write::Add => pairs.for_each(|(g, &a)| *g += f(a)),
        }
    }

    /// Writes or adds `f(a, b)` for each pair of values of two slices.
    ///
    /// # Panics
    /// If a slice is not as long as the gradient.
    pub fn from_two(self, a: &[T], b: &[T], f: impl Fn(T, T) -> T) {
        assert_eq!((self.data.len(), self.data.len()), (a.len(), b.len()));
        let pairs = self.data.iter_mut().zip(a.iter().zip(b));
        match self.write {
            Write::Set => pairs.for_each(|(g, (&a, &b))| *g = f(a, b)),
            Write::Add => pairs.for_each(|(g, (&a, &b))| *g += f(a, b)),
        }
    }

    /// Writes or adds the values of an iterator, which has as many as the gradient.
    pub fn from_iter(self, values: impl Iterator<Item = T>) {
        let pairs = self.data.iter_mut().zip(values);
        match self.write {
            Write::Set => pairs.for_each(|(g, value)| *g = value),
            Write::Add => pairs.for_each(|(g, value)| *g += value),
        }
    }

    /// The values, set to zero first if the derivative replaces what is there: what remains to
    /// be done is to add.
    pub fn zeroed(&mut self) -> &mut [T] {
        if self.write == Write::Set {
            self.data.fill(T::ZERO);
        }
        self.data
    }
}

/// A differentiable operation.
pub trait Op<T: Real>: Debug + Send + Sync {
    /// The operation's name in the field's terms, such as `linear`.
    fn name(&self) -> &'static str;

    /// The output's shape for inputs of these shapes.
    ///
    /// # Errors
    /// What was expected and what came, as the rest of a sentence that starts with the op's name:
    /// `expects 512 features, got 784`.
    fn shape(&self, inputs: &[Shape]) -> Result<Shape, String>;

    /// How many values the forward pass saves for the backward pass, besides inputs and output.
    fn saved_len(&self, _inputs: &[Shape]) -> usize {
        0
    }

    /// Which forward values [`backward`](Self::backward) reads.
    fn needs(&self) -> Needs {
        Needs::BOTH
    }

    /// Whether the loss can be differentiated by this input; class labels cannot.
    fn differentiable(&self, _input: usize) -> bool {
        true
    }

    /// About how many multiply-adds the forward pass takes, and each derivative; it decides
    /// whether other threads are called to help. The number of values read, unless overridden.
    fn work(&self, inputs: &[Shape]) -> usize {
        inputs.iter().map(Shape::len).sum()
    }

    /// Computes the output. `output` and `saved` hold anything at first, and all of both is to be
    /// written.
    ///
    /// # Errors
    /// What is wrong with the *values*, as the rest of a sentence that starts with the op's name.
    fn forward(
        &self,
        inputs: &[View<'_, T>],
        output: &mut [T],
        saved: &mut [T],
        context: Context,
    ) -> Result<(), String>;

    /// Computes the derivative of the loss by input number `input`.
    fn backward(&self, pass: Backward<'_, T>, input: usize, gradient: Gradient<'_, T>);

    /// What this operation does to each value, if it does the same to every value of its single
    /// input. A plan then lets the operation before it, or behind it on the way back, do that in
    /// passing.
    fn pointwise(&self) -> Option<&dyn Pointwise<T>> {
        None
    }

    /// Computes the output and hands every value of it on to `then`, in runs, once it is
    /// finished. To be overridden where that can be done while the values are in the cache.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    fn forward_then(
        &self,
        inputs: &[View<'_, T>],
        output: &mut [T],
        saved: &mut [T],
        context: Context,
        then: &Then<'_, T>,
    ) -> Result<(), String> {
        self.forward(inputs, output, saved, context)?;
        then(0, output);
        Ok(())
    }

    /// Computes a derivative and hands every value of it on to `then`, in runs, once it is
    /// finished. To be overridden where that can be done while the values are in the cache.
    fn backward_then(
        &self,
        pass: Backward<'_, T>,
        input: usize,
        gradient: Gradient<'_, T>,
        then: &Then<'_, T>,
    ) {
        let Gradient { data, write } = gradient;
        self.backward(pass, input, Gradient { data: &mut *data, write });
        then(0, data);
    }

    /// How derivatives of this operation are computed without being stored, if there are any that
    /// can be.
    fn streaming(&self) -> Option<&dyn Streaming<T>> {
        None
    }
}

/// Derivatives that can be computed piece by piece and used without being stored.
pub trait Streaming<T: Real>: Sync {
    /// Whether that can be done with the derivative by this input, and is worth while.
    fn suits(&self, input: usize, inputs: &[Shape]) -> bool;

    /// Computes the derivative by `input` and hands it on to `take`, piece by piece, by several
    /// threads, together with the same pieces of `targets`, all as long as the input. What
    /// `pass` has of that input itself is empty.
    fn stream(
        &self,
        pass: Backward<'_, T>,
        input: usize,
        targets: &mut [&mut [T]],
        take: &Take<'_, T>,
    );

    /// A number that no value of the derivative by `input` is greater than, in absolute value;
    /// infinite or NaN if they are not known to be finite.
    fn bound(&self, pass: Backward<'_, T>, input: usize) -> f64;
}

/// A function φ that an operation applies to each value of its input.
pub trait Pointwise<T: Real>: Sync {
    /// Replaces each x by φ(x).
    fn apply(&self, values: &mut [T]);

    /// Multiplies each derivative by y = φ(x) with φ′(x), which makes it the one by x. `x` and `y`
    /// are empty where the operation does not [need](Op::needs) them.
    fn chain(&self, x: &[T], y: &[T], gradient: &mut [T]);
}
