//! The record of what is to be computed, traced once.
//!
//! Calling methods on [`Var`]s adds nodes to a graph; nothing runs. Shapes are inferred on the
//! way. The first mistake is remembered with the path of the layer where it happened, and
//! building a plan returns it.

use std::cell::{Ref, RefCell};
use std::sync::Arc;

use evenkeel_tensor::{Real, Shape, Tensor};
use smallvec::SmallVec;

use crate::{GraphError, Kind, Op, ParamId, Params, Var};

/// The number of a node in its graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(crate) usize);

impl NodeId {
    /// The node's place in the order of tracing, counted from zero.
    pub fn index(self) -> usize {
        self.0
    }
}

/// What the graph is traced for: some layers, dropout for one, differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To predict: dropout passes everything.
    Inference,
    /// To train.
    Training,
}

/// Where a node's value comes from.
#[derive(Clone, Debug)]
pub(crate) enum Source<T: Real> {
    Input(usize),
    Param(ParamId),
    Constant(Arc<Tensor<T>>),
    Op(Arc<dyn Op<T>>),
    /// Follows a mistake; a graph that has one is never built.
    Broken,
}

#[derive(Clone, Debug)]
pub(crate) struct Node<T: Real> {
    pub(crate) source: Source<T>,
    pub(crate) inputs: SmallVec<[NodeId; 4]>,
    pub(crate) shape: Shape,
    pub(crate) path: String,
}

/// What a graph knows of a parameter.
#[derive(Clone, Debug)]
pub(crate) struct ParamSpec {
    pub(crate) name: String,
    pub(crate) shape: Shape,
    pub(crate) trainable: bool,
    node: Option<NodeId>,
}

#[derive(Debug)]
pub(crate) struct Inner<T: Real> {
    pub(crate) nodes: Vec<Node<T>>,
    pub(crate) inputs: Vec<(String, Shape)>,
    pub(crate) params: Vec<ParamSpec>,
    scope: Vec<String>,
    error: Option<GraphError>,
}

impl<T: Real> Inner<T> {
    fn path(&self) -> String {
        self.scope.join(".")
    }

    fn push(&mut self, source: Source<T>, inputs: &[NodeId], shape: Shape) -> NodeId {
        let path = self.path();
        self.nodes.push(Node { source, inputs: inputs.into(), shape, path });
        NodeId(self.nodes.len() - 1)
    }

    /// Remembers the first mistake and stands in for the value that could not be computed.
    fn fail(&mut self, error: GraphError) -> NodeId {
        self.error.get_or_insert(error);
        self.push(Source::Broken, &[], Shape::SCALAR)
    }
}

/// A computation, recorded by the [`Var`]s that belong to it.
///
/// See the [crate's page](crate) for an example.
#[derive(Debug)]
pub struct Graph<T: Real = f32> {
    inner: RefCell<Inner<T>>,
    mode: Mode,
}

impl<T: Real> Graph<T> {
    /// An empty graph for training a model with these parameters.
    pub fn new(params: &Params<T>) -> Self {
        Self::with_mode(params, Mode::Training)
    }

    /// An empty graph over these parameters, for training or for inference.
    pub fn with_mode(params: &Params<T>, mode: Mode) -> Self {
        let params = params.iter().map(|(_, entry)| ParamSpec {
            name: entry.name().into(),
            shape: entry.value().shape(),
            trainable: entry.kind() == Kind::Trainable,
            node: None,
        });
        let inner = Inner {
            nodes: Vec::new(),
            inputs: Vec::new(),
            params: params.collect(),
            scope: Vec::new(),
            error: None,
        };
        Self { inner: RefCell::new(inner), mode }
    }

    /// What the graph is traced for.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// Declares an input. Plans take inputs in the order of their declaration.
    pub fn input(&self, name: impl Into<String>, shape: impl Into<Shape>) -> Var<'_, T> {
        let mut inner = self.inner.borrow_mut();
        let shape = shape.into();
        inner.inputs.push((name.into(), shape));
        let source = Source::Input(inner.inputs.len() - 1);
        let id = inner.push(source, &[], shape);
        Var::new(self, id)
    }

    /// The value of a parameter. Using it twice shares it.
    ///
    /// A handle that does not belong to the graph's parameters is a mistake that building the
    /// plan returns.
    pub fn param(&self, id: ParamId) -> Var<'_, T> {
        let mut inner = self.inner.borrow_mut();
        let node = match inner.params.get(id.0).map(|spec| (spec.node, spec.shape)) {
            Some((Some(node), _)) => node,
            Some((None, shape)) => {
                let node = inner.push(Source::Param(id), &[], shape);
                inner.params[id.0].node = Some(node);
                node
            }
            None => {
                let path = inner.path();
                inner.fail(GraphError::ForeignParameter { path })
            }
        };
        Var::new(self, node)
    }

    /// A value that never changes.
    pub fn constant(&self, value: Tensor<T>) -> Var<'_, T> {
        let shape = value.shape();
        let id = self.inner.borrow_mut().push(Source::Constant(Arc::new(value)), &[], shape);
        Var::new(self, id)
    }

    /// The result of an operation on values of this graph.
    ///
    /// Operands that do not fit are a mistake that building the plan returns.
    pub fn apply<'g>(&'g self, op: impl Op<T> + 'static, inputs: &[Var<'g, T>]) -> Var<'g, T> {
        let mut inner = self.inner.borrow_mut();
        let path = inner.path();
        if inputs.iter().any(|var| !std::ptr::eq(var.graph(), self)) {
            return Var::new(self, inner.fail(GraphError::ForeignVariable { path }));
        }
        let ids: SmallVec<[NodeId; 4]> = inputs.iter().map(|var| var.id()).collect();
        let shapes: SmallVec<[Shape; 4]> = ids.iter().map(|id| inner.nodes[id.0].shape).collect();
        let id = match op.shape(&shapes) {
            Ok(shape) => inner.push(Source::Op(Arc::new(op)), &ids, shape),
            Err(reason) => inner.fail(GraphError::Operation { path, operation: op.name(), reason }),
        };
        Var::new(self, id)
    }

    /// Runs `trace` with `name` added to the path of whatever it traces.
    pub fn scope<R>(&self, name: &str, trace: impl FnOnce() -> R) -> R {
        self.inner.borrow_mut().scope.push(name.into());
        let result = trace();
        self.inner.borrow_mut().scope.pop();
        result
    }

    /// The path of the scopes entered: what is traced now gets it as its path. Empty at the root.
    pub fn path(&self) -> String {
        self.inner.borrow().path()
    }

    /// How many operations of this name were traced at the present path.
    pub(crate) fn count_here(&self, operation: &str) -> usize {
        let inner = self.inner.borrow();
        let path = inner.path();
        let same = |node: &&Node<T>| match &node.source {
            Source::Op(op) => node.path == path && op.name() == operation,
            _ => false,
        };
        inner.nodes.iter().filter(same).count()
    }

    /// Remembers a mistake that a layer found while tracing, with the present path; building the
    /// plan returns it if it is the first. The result stands in for the value that is missing.
    pub fn fail(&self, operation: &'static str, reason: impl Into<String>) -> Var<'_, T> {
        let mut inner = self.inner.borrow_mut();
        let (path, reason) = (inner.path(), reason.into());
        let id = inner.fail(GraphError::Operation { path, operation, reason });
        Var::new(self, id)
    }

    /// The first mistake made while tracing.
    ///
    /// # Errors
    /// That mistake.
    pub fn check(&self) -> Result<(), GraphError> {
        self.inner.borrow().error.clone().map_or(Ok(()), Err)
    }

    /// What was traced, in order.
    pub fn nodes(&self) -> Vec<NodeInfo> {
        let inner = self.inner.borrow();
        let info = |(i, node): (usize, &Node<T>)| NodeInfo {
            id: NodeId(i),
            path: node.path.clone(),
            operation: match &node.source {
                Source::Op(op) => Some(op.name()),
                _ => None,
            },
            param: match node.source {
                Source::Param(id) => Some(id),
                _ => None,
            },
            inputs: node.inputs.to_vec(),
            shape: node.shape,
        };
        inner.nodes.iter().enumerate().map(info).collect()
    }

    pub(crate) fn inner(&self) -> Ref<'_, Inner<T>> {
        self.inner.borrow()
    }

    pub(crate) fn shape_of(&self, id: NodeId) -> Shape {
        self.inner.borrow().nodes[id.0].shape
    }
}

/// One step of a trace, for those who look at graphs: summaries, checkups.
#[derive(Clone, Debug)]
pub struct NodeInfo {
    /// The node's number.
    pub id: NodeId,
    /// The path of the layer that traced it.
    pub path: String,
    /// The operation's name; `None` for inputs, parameters and constants.
    pub operation: Option<&'static str>,
    /// The parameter that the node is, if it is one.
    pub param: Option<ParamId>,
    /// The nodes that the operation works on.
    pub inputs: Vec<NodeId>,
    /// The shape of the value.
    pub shape: Shape,
}
