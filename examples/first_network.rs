//! A first network: handwritten digits in a second. This is the program that the README shows.
//!
//!     cargo run --release --example first_network

use evenkeel::prelude::*;

fn main() -> Result<(), Error> {
    let (train, test) = digits().split_stratified(0.2, 1)?;
    let scaler = Standardizer::fit_pooled(&train);
    let (train, test) = (scaler.apply(&train)?, scaler.apply(&test)?);

    let policy: Policy = "he_normal".parse()?;
    let network = Sequential::new([64]).dense(64).relu().dense(64).relu().dense(10);
    let mut model: Model = network.build(&policy, 42)?;
    println!("{}\n", model.summary()?);

    let trainer = Trainer::builder(Loss::softmax_cross_entropy(), Adam::default())
        .learning_rate(1e-3)
        .epochs(20)
        .metric(Metric::Accuracy)
        .build()?;
    let history = trainer.fit(&mut model, &train, Some(&test))?;
    println!("{history}");
    Ok(())
}
