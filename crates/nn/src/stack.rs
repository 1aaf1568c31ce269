//! Layers that follow one another: what [`Sequential`](crate::Sequential) builds.

use evenkeel_graph::Var;
use evenkeel_init::Activation;
use evenkeel_tensor::{Real, Shape};

use crate::{Dense, Module};

/// One layer of a [`Stack`], with its name unless the layer knows it.
#[derive(Clone, Debug)]
pub(crate) enum Stage {
    Dense(Dense),
    Activation(String, Activation),
    Dropout(String, f64),
    Flatten(String),
}

impl Stage {
    fn forward<'g, T: Real>(&self, x: Var<'g, T>) -> Var<'g, T> {
        let graph = x.graph();
        match self {
            Self::Dense(dense) => dense.forward(x),
            Self::Activation(name, activation) => graph.scope(name, || x.activation(*activation)),
            Self::Dropout(name, p) => graph.scope(name, || x.dropout(*p)),
            Self::Flatten(name) => graph.scope(name, || {
                let shape = x.shape();
                x.reshape(Shape::from([shape.samples(), shape.sample_len()]))
            }),
        }
    }
}

/// Layers that follow one another.
#[derive(Clone, Debug)]
pub(crate) struct Stack {
    stages: Vec<Stage>,
}

impl Stack {
    pub(crate) fn new(stages: Vec<Stage>) -> Self {
        Self { stages }
    }
}

impl<T: Real> Module<T> for Stack {
    fn forward<'g>(&self, x: Var<'g, T>) -> Var<'g, T> {
        self.stages.iter().fold(x, |x, stage| stage.forward(x))
    }
}
