//! What a user reads who asks for something that cannot be: the whole message each time.

use evenkeel::prelude::*;

fn message<T>(result: Result<T, impl Into<Error>>) -> String {
    match result {
        Ok(_) => panic!("this must not work"),
        Err(error) => error.into().to_string(),
    }
}

/// Two classes of two features.
fn dataset(inputs: Vec<f32>, labels: Vec<usize>) -> Result<Dataset, Error> {
    let inputs = Tensor::from_vec([labels.len(), 2], inputs)?;
    Ok(Dataset::classification("points", inputs, labels, ["a", "b"])?)
}

#[test]
fn a_data_set_without_samples() {
    assert_eq!(message(dataset(vec![], vec![])), "dataset `points`: there are no samples");
}

#[test]
fn a_label_outside_the_classes() {
    assert_eq!(
        message(dataset(vec![0.0; 6], vec![0, 1, 2])),
        "dataset `points`: sample 2 has label 2, but there are 2 classes (0 to 1)"
    );
}

#[test]
fn nan_in_the_inputs() {
    let mut inputs = vec![0.0; 6];
    inputs[3] = f32::NAN;
    assert_eq!(
        message(dataset(inputs, vec![0, 1, 1])),
        "dataset `points`: feature 1 of sample 1 is NaN; inputs must be finite"
    );
}

#[test]
fn a_negative_learning_rate() {
    let trainer: Result<Trainer, _> =
        Trainer::builder(Loss::softmax_cross_entropy(), Sgd::new()).learning_rate(-0.01).build();
    assert_eq!(message(trainer), "learning rate must be finite and at least 0, got -0.01");
}

#[test]
fn a_dropout_that_drops_everything() {
    let network = Sequential::new([2]).dense(8).relu().dropout(1.5).dense(2);
    let model: Result<Model, _> = network.build(&Policy::auto(), 0);
    assert_eq!(message(model), "dropout.0: p must be at least 0 and below 1, got 1.5");
}

/// Three layers; the second expects more features than the first gives.
struct Misfit([Dense; 3]);

impl Module for Misfit {
    fn forward<'g>(&self, x: Var<'g>) -> Var<'g> {
        self.0.iter().fold(x, |x, layer| layer.forward(x).relu())
    }
}

#[test]
fn a_shape_mistake_in_the_second_of_three_layers() -> Result<(), Error> {
    let mut params = Params::new();
    let layers = [("hidden.0", 784, 256), ("hidden.1", 512, 128), ("output", 128, 10)];
    let [first, second, third] = layers.map(|(name, inputs, units)| {
        Dense::new(&mut params, name, inputs, units, Activation::Relu)
    });
    let model = Model::new(Misfit([first?, second?, third?]), params, [784]);
    assert_eq!(message(model), "hidden.1: linear expects 512 features, got 256");
    Ok(())
}

#[test]
fn a_mistyped_initializer() {
    let policy: Result<Policy, _> = "glorot_unifrom".parse();
    assert_eq!(
        message(policy),
        "unknown initializer `glorot_unifrom`; the nearest known are glorot_uniform, \
         glorot_normal, lecun_uniform"
    );
}

#[test]
fn a_loss_that_overflows() -> Result<(), Error> {
    let (train, _) = digits().split_stratified(0.2, 1)?;
    let network = Sequential::mlp(64, &[64; 20], 10, Activation::Relu);
    let mut model: Model = network.build(&"normal(100)".parse()?, 1)?;
    let trainer = Trainer::builder(Loss::softmax_cross_entropy(), Sgd::new()).build()?;
    assert_eq!(
        message(trainer.fit(&mut model, &train, None)),
        "the loss is NaN at step 1 (epoch 1): the first non-finite value is the output of \
         `dense.13` (linear); the parameters are those before this step"
    );
    Ok(())
}

#[test]
fn the_summary_of_a_model() -> Result<(), Error> {
    let network = Sequential::new([64]).dense(100).tanh().dropout(0.2).dense(10);
    let model: Model = network.build(&"xavier_normal; dense.1/bias=constant(0.1)".parse()?, 1)?;
    let expected = "\
| layer     | operation | output   | parameters | initializers                                              |
|-----------|-----------|----------|------------|-----------------------------------------------------------|
| dense.0   | linear    | [N, 100] |       6500 | weight [64, 100]: xavier_normal, bias [100]: zeros        |
| tanh.0    | tanh      | [N, 100] |          0 |                                                           |
| dropout.0 | dropout   | [N, 100] |          0 |                                                           |
| dense.1   | linear    | [N, 10]  |       1010 | weight [100, 10]: xavier_normal, bias [10]: constant(0.1) |
7510 parameters, 30040 bytes";
    assert_eq!(model.summary()?.to_string(), expected);
    Ok(())
}
