//! Sum or mean over chosen axes, which disappear.
//!
//! Each value contributes to one output with factor 1 (sum) or 1/n (mean), so the gradient of
//! the output comes back to each of them with that factor.

use evenkeel_tensor::{MAX_AXES, Real, Shape};

use super::{Reduction, operands};
use crate::{Backward, Context, Gradient, Needs, Op, View};

/// Sum or mean over chosen axes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reduce {
    /// The axes; all of them if there is no list.
    axes: Option<Vec<usize>>,
    reduction: Reduction,
}

impl Reduce {
    /// The sum over these axes.
    pub fn sum(axes: &[usize]) -> Self {
        Self { axes: Some(axes.into()), reduction: Reduction::Sum }
    }

    /// The mean over these axes.
    pub fn mean(axes: &[usize]) -> Self {
        Self { axes: Some(axes.into()), reduction: Reduction::Mean }
    }

    /// The sum of all values, of shape `[]`.
    pub fn sum_all() -> Self {
        Self { axes: None, reduction: Reduction::Sum }
    }

    /// The mean of all values, of shape `[]`.
    pub fn mean_all() -> Self {
        Self { axes: None, reduction: Reduction::Mean }
    }

    fn reduces(&self, axis: usize) -> bool {
        self.axes.as_ref().is_none_or(|axes| axes.contains(&axis))
    }

    fn reduced(&self, x: Shape) -> Shape {
        let kept = x.dims().iter().enumerate().filter(|&(axis, _)| !self.reduces(axis));
        let dims: Vec<usize> = kept.map(|(_, &dim)| dim).collect();
        // Fewer axes than the input has are never too many.
        Shape::new(&dims).unwrap_or_default()
    }

    /// For each value of a tensor of shape `x`, in order, the index of the output it belongs to.
    fn targets(&self, x: Shape) -> Targets {
        let mut steps = [0; MAX_AXES];
        let mut step = 1;
        for axis in (0..x.axes()).rev().filter(|&axis| !self.reduces(axis)) {
            steps[axis] = step;
            step *= x.dims()[axis];
        }
        Targets { shape: x, steps, at: [0; MAX_AXES], target: 0, left: x.len() }
    }

    /// The factor of each value.
    fn factor(&self, x: Shape, outputs: usize) -> f64 {
        self.reduction.factor(x.len().checked_div(outputs).unwrap_or(1))
    }
}

/// Walks a tensor in memory order and keeps the index of the output along.
struct Targets {
    shape: Shape,
    steps: [usize; MAX_AXES],
    at: [usize; MAX_AXES],
    target: usize,
    left: usize,
}

impl Iterator for Targets {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        self.left = self.left.checked_sub(1)?;
        let here = self.target;
        for axis in (0..self.shape.axes()).rev() {
            (self.at[axis], self.target) = (self.at[axis] + 1, self.target + self.steps[axis]);
            if self.at[axis] < self.shape.dims()[axis] {
                break;
            }
            self.target -= self.at[axis] * self.steps[axis];
            self.at[axis] = 0;
        }
        Some(here)
    }
}

impl<T: Real> Op<T> for Reduce {
    fn name(&self) -> &'static str {
        match self.reduction {
            Reduction::Sum => "sum",
            Reduction::Mean => "mean",
        }
    }

    fn shape(&self, inputs: &[Shape]) -> Result<Shape, String> {
        let [x] = operands(inputs)?;
        match self.axes.iter().flatten().find(|&&axis| axis >= x.axes()) {
            Some(axis) => Err(format!("over axis {axis} expects more axes, got shape {x}")),
            None => Ok(self.reduced(x)),
        }
    }

    fn needs(&self) -> Needs {
        Needs::NOTHING
    }

    fn forward(
        &self,
        inputs: &[View<'_, T>],
        output: &mut [T],
        _: &mut [T],
        _: Context,
    ) -> Result<(), String> {
        let [x] = [inputs[0]];
        if let [total] = output {
            *total = T::of(self.reduction.of(x.data.iter().map(|x| x.to_f64())));
            return Ok(());
        }
        output.fill(T::ZERO);
        for (&value, target) in x.data.iter().zip(self.targets(x.shape)) {
            output[target] += value;
        }
        let factor = T::of(self.factor(x.shape, output.len()));
        output.iter_mut().for_each(|y| *y *= factor);
        Ok(())
    }

    fn backward(&self, pass: Backward<'_, T>, _: usize, gradient: Gradient<'_, T>) {
        let x = pass.inputs[0].shape;
        let factor = T::of(self.factor(x, pass.upstream.len()));
        gradient.from_iter(self.targets(x).map(|target| factor * pass.upstream[target]));
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_tensor::Tensor;

    use super::super::testing::normal;
    use super::*;
    use crate::check::{gradient_error, run};

    #[test]
    fn gradients_are_right_over_any_axes() {
        for axes in [&[][..], &[0], &[1], &[2], &[0, 1], &[0, 2], &[1, 2], &[0, 1, 2]] {
            for op in [Reduce::sum(axes), Reduce::mean(axes)] {
                let error = gradient_error(&op, &[normal([3, 4, 2], "x")]).unwrap();
                assert!(error < 1e-8, "{op:?}: {error:e}");
            }
        }
        assert!(gradient_error(&Reduce::mean_all(), &[normal([3, 4], "x")]).unwrap() < 1e-8);
    }

    #[test]
    fn sums_and_means_of_known_values() {
        let x = Tensor::from_vec([2, 3], vec![1.0f64, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap();
        let of = |op: Reduce| run(&op, std::slice::from_ref(&x)).unwrap().0;
        assert_eq!(of(Reduce::sum(&[0])).as_slice(), &[5.0, 7.0, 9.0]);
        assert_eq!(of(Reduce::mean(&[1])).as_slice(), &[2.0, 5.0]);
        assert_eq!(of(Reduce::sum_all()).shape(), Shape::SCALAR);
        assert_eq!(of(Reduce::mean_all()).as_slice(), &[3.5]);
        let error = Op::<f64>::shape(&Reduce::sum(&[2]), &[x.shape()]).unwrap_err();
        assert_eq!(error, "over axis 2 expects more axes, got shape [2, 3]");
    }
}
