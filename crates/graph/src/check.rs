//! Compares an operation's derivative with finite differences.
//!
//! For random c and d, the function c·f(x + t·d) of the one number t has the derivative
//! ⟨backward(c), d⟩ at t = 0. Central differences at two widths, combined so that their leading
//! errors cancel (Richardson 1911), give it to about ten digits in `f64`.

use evenkeel_tensor::{Real, Stream, Tensor, Write};

use crate::{Backward, Context, Gradient, GraphError, Op, View};

/// The widest step of the finite differences, relative to values of size 1.
const STEP: f64 = 2e-4;

/// Random directions tried for each input.
const DIRECTIONS: u64 = 3;

/// The largest relative error of `op`'s gradient at these inputs, over all differentiable inputs
/// and several random directions, in setting and in adding mode.
///
/// What the op declares not to need in its backward pass is withheld from it. A right gradient
/// gives less than 1e-6, usually 1e-9, if no input is within 1e-3 of a kink.
///
/// # Errors
/// [`GraphError::Operation`] if the op refuses the inputs.
///
/// ```
/// use evenkeel_graph::{check, ops::Unary};
/// use evenkeel_tensor::Tensor;
///
/// let x = Tensor::from_vec([3], vec![0.5, 1.0, 2.0])?;
/// assert!(check::gradient_error(&Unary::Ln, &[x])? < 1e-9);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn gradient_error(op: &dyn Op<f64>, inputs: &[Tensor<f64>]) -> Result<f64, GraphError> {
    let mut stream = Stream::new(0, "gradient check");
    let mut worst = 0.0f64;
    for index in (0..inputs.len()).filter(|&index| op.differentiable(index)) {
        for _ in 0..DIRECTIONS {
            let probe = Probe::new(op, inputs, index, &mut stream)?;
            worst = worst.max(probe.error(Write::Set)?).max(probe.error(Write::Add)?);
        }
    }
    Ok(worst)
}

/// One input, one direction d in it, one combination c of the outputs.
struct Probe<'a> {
    op: &'a dyn Op<f64>,
    inputs: &'a [Tensor<f64>],
    index: usize,
    direction: Vec<f64>,
    combination: Vec<f64>,
}

impl<'a> Probe<'a> {
    fn new(
        op: &'a dyn Op<f64>,
        inputs: &'a [Tensor<f64>],
        index: usize,
        stream: &mut Stream,
    ) -> Result<Self, GraphError> {
        let outputs = run(op, inputs)?.0.len();
        let mut numbers = |len| (0..len).map(|_| stream.standard_normal()).collect();
        let direction = numbers(inputs[index].len());
        Ok(Self { op, inputs, index, direction, combination: numbers(outputs) })
    }

    fn error(&self, write: Write) -> Result<f64, GraphError> {
        let gradient = self.gradient(write)?;
        let products = gradient.iter().zip(&self.direction).map(|(g, d)| g * d);
        let claimed: f64 = products.clone().sum();
        let wide = self.difference(STEP)?;
        let narrow = self.difference(STEP / 2.0)?;
        let measured = (4.0 * narrow - wide) / 3.0;
        // Where the terms of the sum nearly cancel, rounding is measured against the terms.
        let size = products.map(f64::abs).sum::<f64>() * 1e-3;
        let scale = claimed.abs().max(measured.abs()).max(size).max(1e-12);
        Ok((claimed - measured).abs() / scale)
    }

    /// (c·f(x + h·d) − c·f(x − h·d))/2h
    fn difference(&self, h: f64) -> Result<f64, GraphError> {
        Ok((self.combined(h)? - self.combined(-h)?) / (2.0 * h))
    }

    fn combined(&self, t: f64) -> Result<f64, GraphError> {
        let mut inputs = self.inputs.to_vec();
        for (x, d) in inputs[self.index].as_mut_slice().iter_mut().zip(&self.direction) {
            *x += t * d;
        }
        let (output, _) = run(self.op, &inputs)?;
        Ok(output.as_slice().iter().zip(&self.combination).map(|(y, c)| y * c).sum())
    }

    fn gradient(&self, write: Write) -> Result<Vec<f64>, GraphError> {
        const BEFORE: f64 = 0.25;
        let (output, saved) = run(self.op, self.inputs)?;
        let needs = self.op.needs();
        let view = |tensor: &'a Tensor<f64>| View {
            shape: tensor.shape(),
            data: if needs.inputs { tensor.as_slice() } else { &[] },
        };
        let inputs: Vec<_> = self.inputs.iter().map(view).collect();
        let data = if needs.output { output.as_slice() } else { &[] };
        let pass = Backward {
            inputs: &inputs,
            output: View { shape: output.shape(), data },
            saved: &saved,
            upstream: &self.combination,
        };
        let (before, minus) = match write {
            Write::Set => (f64::NAN, 0.0),
            Write::Add => (BEFORE, BEFORE),
        };
        let mut values = vec![before; self.inputs[self.index].len()];
        self.op.backward(pass, self.index, Gradient { data: &mut values, write });
        values.iter_mut().for_each(|value| *value -= minus);
        Ok(values)
    }
}

/// Runs an op forward once: its output, and what it saved.
pub(crate) fn run<T: Real>(
    op: &dyn Op<T>,
    inputs: &[Tensor<T>],
) -> Result<(Tensor<T>, Vec<T>), GraphError> {
    let fail = |reason| GraphError::Operation { path: String::new(), operation: op.name(), reason };
    let shapes: Vec<_> = inputs.iter().map(Tensor::shape).collect();
    let views: Vec<_> =
        inputs.iter().map(|x| View { shape: x.shape(), data: x.as_slice() }).collect();
    let mut output = Tensor::full(op.shape(&shapes).map_err(fail)?, T::of(f64::NAN));
    let mut saved = vec![T::of(f64::NAN); op.saved_len(&shapes)];
    let context = Context::default();
    op.forward(&views, output.as_mut_slice(), &mut saved, context).map_err(fail)?;
    Ok((output, saved))
}

#[cfg(test)]
mod tests {
    use evenkeel_tensor::Shape;

    use super::*;
    use crate::Needs;

    /// x³, with a factor that its derivative is off by.
    #[derive(Debug)]
    struct Cube {
        factor: f64,
        needs: Needs,
    }

    impl Op<f64> for Cube {
        fn name(&self) -> &'static str {
            "cube"
        }

        fn shape(&self, inputs: &[Shape]) -> Result<Shape, String> {
            Ok(inputs[0])
        }

        fn needs(&self) -> Needs {
            self.needs
        }

        fn forward(
            &self,
            inputs: &[View<'_, f64>],
            output: &mut [f64],
            _: &mut [f64],
            _: Context,
        ) -> Result<(), String> {
            output.iter_mut().zip(inputs[0].data).for_each(|(y, x)| *y = x * x * x);
            Ok(())
        }

        fn backward(&self, pass: Backward<'_, f64>, _: usize, gradient: Gradient<'_, f64>) {
            let x = pass.inputs[0].data;
            gradient.from_two(pass.upstream, x, |g, x| self.factor * 3.0 * x * x * g);
        }
    }

    fn inputs() -> [Tensor<f64>; 1] {
        [Tensor::from_vec([4], vec![-1.5, -0.3, 0.7, 2.0]).unwrap()]
    }

    #[test]
    fn a_right_gradient_passes_and_a_wrong_one_fails() {
        let cube = |factor| Cube { factor, needs: Needs::INPUTS };
        assert!(gradient_error(&cube(1.0), &inputs()).unwrap() < 1e-9);
        // A fault of one in 100,000 is seen.
        assert!(gradient_error(&cube(1.00001), &inputs()).unwrap() > 5e-6);
        assert!(gradient_error(&cube(-1.0), &inputs()).unwrap() > 1.0);
    }

    #[test]
    #[should_panic(expected = "left == right")]
    fn reading_what_was_not_declared_is_found() {
        let _ = gradient_error(&Cube { factor: 1.0, needs: Needs::OUTPUT }, &inputs());
    }
}
