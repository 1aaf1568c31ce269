//! A figure over several seeds: mean and standard deviation.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Mean and standard deviation of a figure over several seeds. In JSON, what is not finite is
/// `null`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statistic {
    /// The mean; NaN if there is no value, or one is NaN.
    #[serde(deserialize_with = "number_or_nan")]
    pub mean: f64,
    /// The sample standard deviation (divided by n − 1); 0 for a single value.
    #[serde(deserialize_with = "number_or_nan")]
    pub sd: f64,
}

impl Statistic {
    /// Of these values.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let values: Vec<f64> = values.into_iter().collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|x| (x - mean).powi(2)).sum();
        let sd = if values.len() > 1 { (squares / (count - 1.0)).sqrt() } else { 0.0 };
        Self { mean, sd: if mean.is_finite() { sd } else { f64::NAN } }
    }
}

impl fmt::Display for Statistic {
    /// `0.123 ± 0.004`; the precision (default 3) counts significant digits of the mean.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(3);
        write!(f, "{} ± {}", significant(self.mean, digits), significant(self.sd, 2))
    }
}

/// A number with so many significant digits: plain from 0.001 to 100,000, else with an exponent.
pub(crate) fn significant(x: f64, digits: usize) -> String {
    let size = x.abs();
    if x == 0.0 || !x.is_finite() {
        return format!("{x}");
    }
    if !(1e-3..1e5).contains(&size) {
        return format!("{x:.*e}", digits.saturating_sub(1));
    }
    let whole = size.log10().floor() as i32 + 1;
    let decimals = (digits as i32 - whole).max(0) as usize;
    format!("{x:.decimals$}")
}

pub(crate) fn number_or_nan<'de, D: serde::Deserializer<'de>>(from: D) -> Result<f64, D::Error> {
    Ok(Option::<f64>::deserialize(from)?.unwrap_or(f64::NAN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_deviation_of_known_values() {
        let statistic = Statistic::of([1.0, 2.0, 3.0, 4.0]);
        assert_eq!(statistic.mean, 2.5);
        approx::assert_relative_eq!(statistic.sd, (5.0f64 / 3.0).sqrt());
        assert_eq!(Statistic::of([7.0]), Statistic { mean: 7.0, sd: 0.0 });
        assert!(Statistic::of([]).mean.is_nan());
    }

    #[test]
    fn figures_print_with_significant_digits() {
        for (x, text) in [
            (0.0, "0"),
            (2.304, "2.30"),
            (123.456, "123"),
            (0.012345, "0.0123"),
            (1.5e-7, "1.50e-7"),
            (1234567.0, "1.23e6"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(significant(x, 3), text);
        }
    }

    #[test]
    fn what_is_not_finite_is_null_in_json_and_comes_back() {
        let json = serde_json::to_string(&Statistic::of([])).unwrap();
        assert_eq!(json, r#"{"mean":null,"sd":null}"#);
        assert!(serde_json::from_str::<Statistic>(&json).unwrap().mean.is_nan());
    }
}
