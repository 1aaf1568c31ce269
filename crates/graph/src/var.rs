//! A handle to one value of a graph. Expressions of handles trace operations.

use std::fmt;
use std::ops::{Add, Div, Mul, Neg, Sub};

use evenkeel_init::Activation;
use evenkeel_tensor::{Real, Shape};

use crate::ops::{
    Activate, Binary, Dropout, Linear, LogSoftmax, MatMul, MeanSquaredError, Reduce, Reduction,
    Reshape, SigmoidBinaryCrossEntropy, Softmax, SoftmaxCrossEntropy, Unary,
};
use crate::{Graph, NodeId};

/// A value of a [`Graph`]: copyable, of known shape, computed only when a plan is run.
///
/// The operators `+ - * /` work elementwise. The smaller operand is repeated over the leading
/// axes of the larger one: `[N, F] + [F]` adds to each sample.
pub struct Var<'g, T: Real = f32> {
    graph: &'g Graph<T>,
    id: NodeId,
}

impl<T: Real> Clone for Var<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Real> Copy for Var<'_, T> {}

impl<T: Real> fmt::Debug for Var<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Var({}, {})", self.id.0, self.shape())
    }
}

/// Methods that trace an elementwise function.
macro_rules! elementwise {
    ($($(#[$doc:meta])* $name:ident => $op:expr;)*) => {
        $($(#[$doc])*
        #[must_use]
        pub fn $name(self) -> Self {
            self.graph.apply($op, &[self])
        })*
    };
}

impl<'g, T: Real> Var<'g, T> {
    pub(crate) fn new(graph: &'g Graph<T>, id: NodeId) -> Self {
        Self { graph, id }
    }

    /// The graph that this value belongs to.
    pub fn graph(self) -> &'g Graph<T> {
        self.graph
    }

    /// The number of this value's node, which plans know it by.
    pub fn id(self) -> NodeId {
        self.id
    }

    /// The shape, batch first.
    pub fn shape(self) -> Shape {
        self.graph.shape_of(self.id)
    }

    elementwise! {
        /// eˣ.
        exp => Unary::Exp;
        /// The natural logarithm; NaN for negative values.
        ln => Unary::Ln;
        /// The square root; NaN for negative values.
        sqrt => Unary::Sqrt;
        /// x².
        square => Unary::Square;
        /// max(x, 0).
        relu => Activate(Activation::Relu);
        /// ReLU with a slope of 0.01 for negative values.
        leaky_relu => Activate(Activation::leaky_relu());
        /// The hyperbolic tangent.
        tanh => Activate(Activation::Tanh);
        /// The logistic function.
        sigmoid => Activate(Activation::Sigmoid);
        /// x·Φ(x).
        gelu => Activate(Activation::Gelu);
        /// x·σ(x).
        silu => Activate(Activation::Silu);
        /// Softmax over the last axis.
        softmax => Softmax;
        /// The logarithm of softmax over the last axis, computed stably.
        log_softmax => LogSoftmax;
    }

    /// Any activation function.
    #[must_use]
    pub fn activation(self, activation: Activation) -> Self {
        match activation {
            Activation::Identity => self,
            _ => self.graph.apply(Activate(activation), &[self]),
        }
    }

    /// x·w + b: `[.., in]` with a weight `[in, out]` and a bias `[out]` gives `[.., out]`.
    #[must_use]
    pub fn linear(self, weight: Self, bias: Option<Self>) -> Self {
        match bias {
            Some(bias) => self.graph.apply(Linear, &[self, weight, bias]),
            None => self.graph.apply(Linear, &[self, weight]),
        }
    }

    /// The matrix product: `[N, K]` times `[K, M]` gives `[N, M]`.
    #[must_use]
    pub fn matmul(self, other: Self) -> Self {
        self.graph.apply(MatMul, &[self, other])
    }

    /// The same values in another shape.
    #[must_use]
    pub fn reshape(self, shape: impl Into<Shape>) -> Self {
        self.graph.apply(Reshape(shape.into()), &[self])
    }

    /// The sum over these axes, which disappear. A batch's samples are axis 0.
    #[must_use]
    pub fn sum(self, axes: &[usize]) -> Self {
        self.graph.apply(Reduce::sum(axes), &[self])
    }

    /// The mean over these axes, which disappear.
    #[must_use]
    pub fn mean(self, axes: &[usize]) -> Self {
        self.graph.apply(Reduce::mean(axes), &[self])
    }

    /// The sum of all values, of shape `[]`.
    #[must_use]
    pub fn sum_all(self) -> Self {
        self.graph.apply(Reduce::sum_all(), &[self])
    }

    /// The mean of all values, of shape `[]`.
    #[must_use]
    pub fn mean_all(self) -> Self {
        self.graph.apply(Reduce::mean_all(), &[self])
    }

    /// Drops each value with probability `p` and divides the others by 1 − p, in a graph traced
    /// for training; the value itself otherwise. The numbers drawn depend on the plan's seed,
    /// the step, the layer's path and how many dropouts came before it there.
    #[must_use]
    pub fn dropout(self, p: f64) -> Self {
        if self.graph.mode() == crate::Mode::Inference {
            return self;
        }
        let name = format!("{}/dropout.{}", self.graph.path(), self.graph.count_here("dropout"));
        self.graph.apply(Dropout::new(p, name), &[self])
    }

    /// Cross-entropy of softmax of these logits `[N, C]` with class indices `[N]`.
    #[must_use]
    pub fn softmax_cross_entropy(self, labels: Self, reduction: Reduction) -> Self {
        self.graph.apply(SoftmaxCrossEntropy(reduction), &[self, labels])
    }

    /// Binary cross-entropy of the sigmoid of these logits with targets in [0, 1].
    #[must_use]
    pub fn sigmoid_binary_cross_entropy(self, targets: Self, reduction: Reduction) -> Self {
        self.graph.apply(SigmoidBinaryCrossEntropy(reduction), &[self, targets])
    }

    /// The squared difference from targets of the same shape.
    #[must_use]
    pub fn mean_squared_error(self, targets: Self, reduction: Reduction) -> Self {
        self.graph.apply(MeanSquaredError(reduction), &[self, targets])
    }

    fn affine(self, scale: T, shift: T) -> Self {
        self.graph.apply(Unary::Affine { scale, shift }, &[self])
    }
}

macro_rules! operators {
    ($($trait:ident, $method:ident, $op:ident;)*) => {
        $(impl<T: Real> $trait for Var<'_, T> {
            type Output = Self;

            fn $method(self, other: Self) -> Self {
                self.graph.apply(Binary::$op, &[self, other])
            }
        })*
    };
}

operators! {
    Add, add, Add;
    Sub, sub, Subtract;
    Mul, mul, Multiply;
    Div, div, Divide;
}

impl<T: Real> Neg for Var<'_, T> {
    type Output = Self;

    fn neg(self) -> Self {
        self.graph.apply(Unary::Negate, &[self])
    }
}

impl<T: Real> Mul<T> for Var<'_, T> {
    type Output = Self;

    fn mul(self, factor: T) -> Self {
        self.affine(factor, T::ZERO)
    }
}

impl<T: Real> Div<T> for Var<'_, T> {
    type Output = Self;

    fn div(self, divisor: T) -> Self {
        self.affine(T::ONE / divisor, T::ZERO)
    }
}

impl<T: Real> Add<T> for Var<'_, T> {
    type Output = Self;

    fn add(self, term: T) -> Self {
        self.affine(T::ONE, term)
    }
}

impl<T: Real> Sub<T> for Var<'_, T> {
    type Output = Self;

    fn sub(self, term: T) -> Self {
        self.affine(T::ONE, -term)
    }
}
