//! A module together with its parameters: what is trained, run and looked at.

use std::fmt;
use std::sync::Arc;

use evenkeel_graph::{Graph, Mode, Params, Var};
use evenkeel_init::Policy;
use evenkeel_tensor::{Real, Shape, Tensor};

use crate::{Module, NnError, Predictor, Summary};

/// A network with its parameters.
///
/// Cloning copies the parameters and shares the module.
#[derive(Clone)]
pub struct Model<T: Real = f32> {
    module: Arc<dyn Module<T>>,
    params: Params<T>,
    sample: Shape,
}

impl<T: Real> Model<T> {
    /// A model from a module and the parameters that it was made with, for samples of this shape
    /// (without the batch).
    ///
    /// # Errors
    /// The first mistake found when the module is traced on a batch of one:
    /// [`NnError::Graph`] with the path of the layer, or [`NnError::NothingComputed`].
    pub fn new(
        module: impl Module<T> + 'static,
        params: Params<T>,
        sample: impl Into<Shape>,
    ) -> Result<Self, NnError> {
        let model = Self { module: Arc::new(module), params, sample: sample.into() };
        let graph = Graph::with_mode(&model.params, Mode::Inference);
        let (_, output) = model.trace(&graph, 1)?;
        graph.check()?;
        match graph.nodes()[output.id().index()].operation {
            Some(_) => Ok(model),
            None => Err(NnError::NothingComputed),
        }
    }

    /// Traces the model on a batch of `samples` in a graph over its parameters; returns the input
    /// and the output.
    ///
    /// # Errors
    /// [`NnError::Tensor`] if a batch would have too many axes. Mistakes inside the module are
    /// returned when the plan is built.
    pub fn trace<'g>(
        &self,
        graph: &'g Graph<T>,
        samples: usize,
    ) -> Result<(Var<'g, T>, Var<'g, T>), NnError> {
        let x = graph.input("x", self.sample.batch(samples)?);
        Ok((x, self.module.forward(x)))
    }

    /// Gives all parameters new initial values; the seed and the policy decide which.
    ///
    /// # Errors
    /// [`NnError::Graph`] if the policy does not fit the model.
    pub fn initialize(&mut self, policy: &Policy<T>, seed: u64) -> Result<(), NnError> {
        Ok(self.params.initialize(policy, seed)?)
    }

    /// The parameters.
    pub fn params(&self) -> &Params<T> {
        &self.params
    }

    /// The parameters, for writing.
    pub fn params_mut(&mut self) -> &mut Params<T> {
        &mut self.params
    }

    /// The shape of one input sample, without the batch.
    pub fn sample_shape(&self) -> Shape {
        self.sample
    }

    /// The shape of one output sample, without the batch.
    ///
    /// # Errors
    /// As [`trace`](Self::trace).
    pub fn output_shape(&self) -> Result<Shape, NnError> {
        let graph = Graph::with_mode(&self.params, Mode::Inference);
        Ok(self.trace(&graph, 1)?.1.shape().sample())
    }

    /// The model's output for each sample of `inputs`, `[N, ..]`, in inference mode.
    ///
    /// Works through the samples in chunks, so that memory beside the result does not grow with
    /// their number. Whoever predicts again and again does so faster with a
    /// [`predictor`](Self::predictor), which compiles the model once.
    ///
    /// # Errors
    /// [`NnError::InputShape`] if the samples do not have the model's shape.
    pub fn predict(&self, inputs: &Tensor<T>) -> Result<Tensor<T>, NnError> {
        self.predictor()?.predict(inputs)
    }

    /// The model compiled for inference.
    ///
    /// # Errors
    /// As [`trace`](Self::trace).
    pub fn predictor(&self) -> Result<Predictor<'_, T>, NnError> {
        Predictor::new(self)
    }

    /// A table of the layers, their output shapes, parameters and initializers.
    ///
    /// # Errors
    /// As [`trace`](Self::trace).
    pub fn summary(&self) -> Result<Summary, NnError> {
        let graph = Graph::with_mode(&self.params, Mode::Training);
        self.trace(&graph, 1)?;
        Ok(Summary::new(&graph.nodes(), &self.params))
    }
}

impl<T: Real> fmt::Debug for Model<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sample, values) = (self.sample, self.params.value_count());
        write!(f, "Model({} inputs of shape {sample}, {values} parameters)", T::NAME)
    }
}

#[cfg(test)]
mod tests {
    use evenkeel_init::Activation;

    use super::*;
    use crate::{Dense, Sequential};

    fn mlp() -> Model<f64> {
        Sequential::mlp(3, &[5], 2, Activation::Tanh).build(&Policy::auto(), 1).unwrap()
    }

    #[test]
    fn inputs_of_another_shape_are_refused() {
        let error = mlp().predict(&Tensor::zeros([4, 7])).unwrap_err();
        assert_eq!(error.to_string(), "the model expects inputs of shape [N, 3], got [4, 7]");
    }

    /// Three layers whose second expects more features than the first gives.
    struct Misfit([Dense; 3]);

    impl<T: Real> Module<T> for Misfit {
        fn forward<'g>(&self, x: Var<'g, T>) -> Var<'g, T> {
            self.0.iter().fold(x, |x, layer| layer.forward(x).relu())
        }
    }

    #[test]
    fn a_shape_mistake_names_the_layer_and_both_shapes() {
        let mut params = Params::<f32>::new();
        let mut dense = |name: &str, inputs, units| {
            Dense::new(&mut params, name, inputs, units, Activation::Relu).unwrap()
        };
        let layers =
            [dense("hidden.0", 64, 32), dense("hidden.1", 33, 16), dense("output", 16, 10)];
        let error = Model::new(Misfit(layers), params, [64]).unwrap_err();
        assert_eq!(error.to_string(), "hidden.1: linear expects 33 features, got 32");
    }

    /// Returns its input.
    struct Nothing;

    impl<T: Real> Module<T> for Nothing {
        fn forward<'g>(&self, x: Var<'g, T>) -> Var<'g, T> {
            x
        }
    }

    #[test]
    fn a_model_that_computes_nothing_is_refused() {
        let error = Model::<f32>::new(Nothing, Params::new(), [3]).unwrap_err();
        assert_eq!(error, NnError::NothingComputed);
    }
}
