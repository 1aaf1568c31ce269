//! How many units of a layer are not copies of one another.
//!
//! Two units with the same incoming weights and the same bias compute the same thing. If their
//! outgoing weights are the same too, they get the same gradient and remain copies for ever: the
//! layer is no wider than its number of distinct units.

use std::collections::HashSet;

use evenkeel_graph::{Params, Role};
use evenkeel_tensor::Real;

/// The units of one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitCount {
    /// The layer: the name of its weight without `/weight`.
    pub layer: String,
    /// How many units it has.
    pub units: usize,
    /// How many are distinct, comparing incoming weights and biases bit by bit.
    pub distinct: usize,
}

/// The distinct units of each dense layer, in the order of the parameters.
pub fn distinct_units<T: Real>(params: &Params<T>) -> Vec<UnitCount> {
    let weights = params.iter().filter(|(_, entry)| {
        matches!(entry.role(), Role::Weight { .. }) && entry.value().shape().axes() == 2
    });
    let count = weights.map(|(_, weight)| {
        let layer = weight.name().trim_end_matches("/weight").to_owned();
        let bias = params.find(&format!("{layer}/bias")).map(|id| params.get(id).value());
        let units = weight.value().shape().features();
        let column = |unit: usize| {
            // The weight is [in, out]: what comes into a unit stands one row apart.
            let incoming = weight.value().as_slice().iter().skip(unit).step_by(units);
            let bias = bias.and_then(|bias| bias.as_slice().get(unit));
            incoming.chain(bias).map(|x| x.bits()).collect::<Vec<u64>>()
        };
        let distinct = (0..units).map(column).collect::<HashSet<_>>().len();
        UnitCount { layer, units, distinct }
    });
    count.collect()
}

#[cfg(test)]
mod tests {
    use evenkeel_nn::{Model, Sequential};

    use super::*;

    #[test]
    fn constant_weights_make_copies_and_a_different_bias_does_not() {
        let net = Sequential::new([3]).dense(5).relu().dense(2);
        let mut model: Model =
            net.build(&"constant(0.5); dense.1/*=he_normal".parse().unwrap(), 1).unwrap();
        let counts = |model: &Model| -> Vec<usize> {
            distinct_units(model.params()).iter().map(|count| count.distinct).collect()
        };
        assert_eq!(counts(&model), [1, 2]);
        let bias = model.params().find("dense.0/bias").unwrap();
        model.params_mut().get_mut(bias).value_mut().as_mut_slice()[3] = 1.0;
        assert_eq!(counts(&model), [2, 2]);
    }
}
