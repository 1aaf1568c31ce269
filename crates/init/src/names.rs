//! The table of names that initializers go by, and the nearest of them to a mistyped one.

use evenkeel_tensor::Real;

use crate::text::Call;
use crate::{
    Constant, Distribution, Init, InitError, Normal, TruncatedNormal, Uniform, VarianceScaling,
};

/// The names of all initializers that can be written as text.
pub fn known_names() -> &'static [&'static str] {
    &[
        "zeros",
        "ones",
        "constant",
        "uniform",
        "normal",
        "truncated_normal",
        "xavier_normal",
        "xavier_uniform",
        "glorot_normal",
        "glorot_uniform",
        "he_normal",
        "he_uniform",
        "lecun_normal",
        "lecun_uniform",
        "variance_scaling",
    ]
}

/// The complaint about an unknown name, with the three nearest known ones.
pub(crate) fn unknown(
    kind: &'static str,
    name: &str,
    known: impl IntoIterator<Item = &'static str>,
) -> InitError {
    let mut nearest: Vec<&'static str> = known.into_iter().collect();
    nearest.sort_by_key(|known| strsim::damerau_levenshtein(known, name));
    nearest.truncate(3);
    InitError::UnknownName { kind, name: name.into(), nearest }
}

/// Reads an initializer's text.
pub(crate) fn parse<T: Real>(text: &str) -> Result<Init<T>, InitError> {
    let call = Call::parse(text)?;
    match call.name {
        "constant" | "uniform" | "normal" | "truncated_normal" => plain(&call),
        "variance_scaling" => variance_scaling(&call),
        "he_normal" | "he_uniform" if !call.arguments.is_empty() => leaky(&call),
        _ => named(&call),
    }
}

/// The initializers that are a name alone.
fn named<T: Real>(call: &Call<'_>) -> Result<Init<T>, InitError> {
    let scaling = match call.name {
        "zeros" => return bare(call, Init::new(Constant::zeros())),
        "ones" => return bare(call, Init::new(Constant::ones())),
        "xavier_normal" => VarianceScaling::xavier_normal(),
        "xavier_uniform" => VarianceScaling::xavier_uniform(),
        "glorot_normal" => VarianceScaling::glorot_normal(),
        "glorot_uniform" => VarianceScaling::glorot_uniform(),
        "he_normal" => VarianceScaling::he_normal(),
        "he_uniform" => VarianceScaling::he_uniform(),
        "lecun_normal" => VarianceScaling::lecun_normal(),
        "lecun_uniform" => VarianceScaling::lecun_uniform(),
        name => return Err(unknown("initializer", name, known_names().iter().copied())),
    };
    bare(call, Init::new(scaling))
}

fn bare<T: Real>(call: &Call<'_>, init: Init<T>) -> Result<Init<T>, InitError> {
    if call.arguments.is_empty() { Ok(init) } else { Err(call.wants(call.name)) }
}

/// The initializers whose arguments are numbers.
fn plain<T: Real>(call: &Call<'_>) -> Result<Init<T>, InitError> {
    Ok(match (call.name, call.numbers()?.as_slice()) {
        ("constant", &[value]) => Init::new(Constant::new(value)?),
        ("uniform", &[epsilon]) => Init::new(Uniform::symmetric(epsilon)?),
        ("uniform", &[low, high]) => Init::new(Uniform::new(low, high)?),
        ("normal", &[std]) => Init::new(Normal::new(0.0, std)?),
        ("normal", &[mean, std]) => Init::new(Normal::new(mean, std)?),
        ("truncated_normal", &[std]) => Init::new(TruncatedNormal::new(0.0, std)?),
        ("truncated_normal", &[mean, std]) => Init::new(TruncatedNormal::new(mean, std)?),
        ("constant", _) => return Err(call.wants("constant(value)")),
        ("uniform", _) => return Err(call.wants("uniform(epsilon) or uniform(low,high)")),
        (name, _) => return Err(call.wants(&format!("{name}(std) or {name}(mean,std)"))),
    })
}

/// `he_normal(slope)` and `he_uniform(slope)`, for leaky ReLU.
fn leaky<T: Real>(call: &Call<'_>) -> Result<Init<T>, InitError> {
    let uniform = call.name == "he_uniform";
    let law = if uniform { Distribution::Uniform } else { Distribution::Normal };
    match call.numbers()?.as_slice() {
        &[slope] => Ok(Init::new(VarianceScaling::he_leaky(slope, law)?)),
        _ => Err(call.wants(&format!("{0} or {0}(slope)", call.name))),
    }
}

fn variance_scaling<T: Real>(call: &Call<'_>) -> Result<Init<T>, InitError> {
    let &[scale, mode, distribution] = call.arguments.as_slice() else {
        return Err(call.wants("variance_scaling(scale,mode,distribution)"));
    };
    let scale = call.number(scale)?;
    Ok(Init::new(VarianceScaling::new(scale, mode.parse()?, distribution.parse()?)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_text_prints_as_it_reads() {
        for text in [
            "zeros",
            "ones",
            "constant(0.5)",
            "uniform(-0.1,0.1)",
            "uniform(0,2)",
            "normal(0.01)",
            "normal(10)",
            "normal(1,0.5)",
            "truncated_normal(0.02)",
            "truncated_normal(-1,0.02)",
            "xavier_normal",
            "xavier_uniform",
            "glorot_normal",
            "glorot_uniform",
            "he_normal",
            "he_uniform",
            "he_normal(0.2)",
            "he_uniform(0.2)",
            "lecun_normal",
            "lecun_uniform",
            "variance_scaling(2,fan_out,truncated_normal)",
            "variance_scaling(1.5,geometric_average,uniform)",
        ] {
            assert_eq!(text.parse::<Init>().unwrap().to_string(), text);
            assert_eq!(text.parse::<Init<f64>>().unwrap().to_string(), text);
        }
        assert_eq!("uniform( 0.3 )".parse::<Init>().unwrap().to_string(), "uniform(-0.3,0.3)");
        assert_eq!("constant(0)".parse::<Init>().unwrap().to_string(), "zeros");
    }

    #[test]
    fn every_known_name_is_read() {
        for name in known_names() {
            // Those that need arguments say how they are written; none is unknown.
            if let Err(error) = name.parse::<Init>() {
                assert!(matches!(error, InitError::Syntax { .. }), "{error}");
            }
        }
    }

    #[test]
    fn mistakes_are_answered() {
        for (text, message) in [
            (
                "he_nromal",
                "unknown initializer `he_nromal`; the nearest known are he_normal, normal, \
                 lecun_normal",
            ),
            ("normal", "cannot read `normal`: write it as normal(std) or normal(mean,std)"),
            ("normal(a)", "cannot read `normal(a)`: `a` is not a number"),
            ("normal(1", "cannot read `normal(1`: `)` is missing"),
            ("normal(-1)", "normal: std must be finite and at least 0, got -1"),
            ("normal(nan)", "normal: std must be finite and at least 0, got NaN"),
            ("uniform(1,0)", "uniform: high must be at least low, got 0"),
            ("zeros(1)", "cannot read `zeros(1)`: write it as zeros"),
            (
                "variance_scaling(1,fanin,normal)",
                "unknown fan mode `fanin`; the nearest known are fan_in, fan_out, average",
            ),
            (
                "variance_scaling(-1,fan_in,normal)",
                "variance_scaling: scale must be finite and at least 0, got -1",
            ),
        ] {
            assert_eq!(text.parse::<Init>().unwrap_err().to_string(), message);
        }
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,40}") {
            let _ = text.parse::<Init>();
        }

        #[test]
        fn moments_survive_the_text(mean in -1e3..1e3f64, std in 0.0..1e3f64) {
            let init = Init::<f64>::new(Normal::new(mean, std).unwrap());
            prop_assert_eq!(init.to_string().parse::<Init<f64>>().unwrap(), init);
        }
    }
}
