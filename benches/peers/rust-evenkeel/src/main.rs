//! Evenkeel, as its users would write it: `Sequential`, `Stepper`, `Predictor`.

use std::mem::take;

use evenkeel::prelude::*;
use evenkeel::tensor::parallel::in_pool;
use peers_common::{Kind, Loss as Wanted, Opt, Param, Workload, measure, threads};

/// W5 and V5 are missing: there are no convolutions yet.
const WORKLOADS: [&str; 9] = ["W1", "W2", "W3", "W4", "W6a", "W6b", "W7", "V2", "V4"];

type Batch = (Tensor, Tensor);

/// The workload's network with the shared parameters, of which it takes hold.
fn build(w: &mut Workload) -> Result<Model, Error> {
    let (last, hidden) = (w.sizes.len() - 1, &w.sizes[1..w.sizes.len() - 1]);
    let net = Sequential::mlp(w.sizes[0], hidden, w.sizes[last], Activation::Relu);
    let mut model: Model = net.build(&"zeros".parse()?, 0)?;
    let given = take(&mut w.params);
    assert_eq!(model.params().len(), given.len());
    for ((_, entry), param) in model.params_mut().iter_mut().zip(given) {
        fill(entry.value_mut().as_mut_slice(), &param);
    }
    Ok(model)
}

/// Copies a parameter; a weight is `[out, in]` in the harness and `[in, out]` here.
fn fill(value: &mut [f32], param: &Param) {
    let [outputs, inputs] = param.shape[..] else { return value.copy_from_slice(&param.data) };
    for (o, row) in param.data.chunks_exact(inputs).enumerate() {
        for (i, &weight) in row.iter().enumerate() {
            value[i * outputs + o] = weight;
        }
    }
}

fn batch(w: &Workload, x: Vec<f32>, y: &[i32]) -> Result<Batch, Error> {
    let y = y.iter().map(|&label| label as f32).collect();
    let x = Tensor::from_vec([w.batch, w.sizes[0]], x)?;
    Ok((
        x,
        match w.loss {
            Wanted::Bce => Tensor::from_vec([w.batch, 1], y)?,
            Wanted::Ce => Tensor::from_vec([w.batch], y)?,
        },
    ))
}

fn loss(w: &Workload) -> Loss {
    match w.loss {
        Wanted::Bce => Loss::sigmoid_binary_cross_entropy(),
        Wanted::Ce => Loss::softmax_cross_entropy(),
    }
}

/// The mean loss of an output against targets, outside of training.
fn loss_of(w: &Workload, output: &Tensor, y: &Tensor) -> Result<f64, Error> {
    let none = Params::new();
    let graph = Graph::new(&none);
    let output_of = graph.input("output", output.shape());
    let mean = loss(w).trace(output_of, graph.input("targets", y.shape()));
    let mut plan = Plan::builder(&graph).loss(mean).build()?;
    plan.forward(&none, &[output, y])?;
    Ok(plan.loss().map_or(f64::NAN, f64::from))
}

fn stepper(w: &Workload, model: &Model) -> Result<Stepper, Error> {
    Ok(match w.opt {
        Opt::Adam => Stepper::new(model, loss(w), Adam::default(), 0)?,
        Opt::Momentum => {
            let momentum = Sgd::new().with_momentum(Momentum::Classic(0.9));
            Stepper::new(model, loss(w), momentum, 0)?
        }
        Opt::Sgd | Opt::None => Stepper::new(model, loss(w), Sgd::new(), 0)?,
    })
}

/// One pass over the batches, `epochs` times; the loss of the last step, before its update.
fn train(
    w: &Workload,
    model: &mut Model,
    stepper: &mut Stepper,
    data: &[Batch],
) -> Result<f64, Error> {
    let mut loss = f64::NAN;
    for _ in 0..w.epochs {
        for (x, y) in data {
            loss = stepper.step(model, x, y, w.lr)?.loss;
        }
    }
    Ok(loss)
}

/// Predicts every batch; the loss of the last one.
fn infer(w: &Workload, predictor: &mut Predictor<'_>, data: &[Batch]) -> Result<f64, Error> {
    let mut output = Tensor::zeros([w.batch, w.sizes[w.sizes.len() - 1]]);
    let mut last = f64::NAN;
    for (i, (x, y)) in data.iter().enumerate() {
        predictor.predict_into(x, &mut output)?;
        if i + 1 == data.len() {
            last = loss_of(w, &output, y)?;
        }
    }
    Ok(last)
}

fn work(mut w: Workload, variant: &str) -> Result<(), Error> {
    let mut model = build(&mut w)?;
    let data = w.batches().map(|(x, y)| batch(&w, x, &y)).collect::<Result<Vec<_>, _>>()?;
    let first = loss_of(&w, &model.predict(&data[0].0)?, &data[0].1)?;
    if w.kind == Kind::Infer {
        let mut predictor = model.predictor()?;
        let pass = || infer(&w, &mut predictor, &data).expect("the shapes fit");
        measure("evenkeel", &w, variant, first, pass);
        return Ok(());
    }
    let mut stepper = stepper(&w, &model)?;
    let pass = || train(&w, &mut model, &mut stepper, &data).expect("the loss is finite");
    measure("evenkeel", &w, variant, first, pass);
    Ok(())
}

fn run(w: Workload, variant: &str) {
    let name = w.name.clone();
    // Steps and predictions one by one: inside of rayon's pool it need not be entered for each.
    in_pool(|| work(w, variant)).unwrap_or_else(|e| panic!("{name}: {e}"));
}

fn main() {
    peers_common::main(&WORKLOADS, threads(), run);
}
