//! Every initializer draws from the law that it describes, and the laws are the published ones.

#![allow(clippy::unwrap_used)]

use evenkeel_init::{Fans, Init};
use evenkeel_tensor::{Stream, Tensor};

const TEXTS: [&str; 18] = [
    "zeros",
    "ones",
    "constant(-0.5)",
    "uniform(-0.1,0.1)",
    "uniform(1,4)",
    "normal(10)",
    "normal(0.01)",
    "normal(3,0.5)",
    "truncated_normal(0.02)",
    "truncated_normal(1,2)",
    "xavier_normal",
    "xavier_uniform",
    "glorot_normal",
    "glorot_uniform",
    "he_normal(0.3)",
    "he_uniform",
    "lecun_uniform",
    "variance_scaling(3,geometric_average,truncated_normal)",
];

fn init(text: &str) -> Init<f64> {
    text.parse().unwrap()
}

#[test]
fn draws_follow_the_law_described() {
    let fans = Fans::new(300, 200).unwrap();
    for text in TEXTS {
        let init = init(text);
        let law = init.describe(fans);
        let mut draws = Tensor::zeros([1000, 1000]);
        init.fill(&mut draws, fans, &mut Stream::new(11, text)).unwrap();

        // The mean of n draws spreads by σ/√n; five of those are passed once in two million.
        let slack = 5.0 * law.std() / 1e3 + 1e-12;
        assert!((draws.mean() - law.mean).abs() <= slack, "{text}: mean {}", draws.mean());
        let spread = draws.variance() - law.variance;
        assert!(spread.abs() <= 0.01 * law.variance + 1e-20, "{text}: variance");

        let (low, high) = law.bounds;
        let least = draws.as_slice().iter().copied().fold(f64::INFINITY, f64::min);
        let most = draws.as_slice().iter().copied().fold(f64::NEG_INFINITY, f64::max);
        assert!(low <= least && most <= high, "{text}: [{least}, {most}] in [{low}, {high}]");
        if low.is_finite() && low < high {
            let width = high - low;
            assert!(least < low + 0.01 * width && most > high - 0.01 * width, "{text}: too tight");
        }
    }
}

#[test]
fn a_tiny_or_huge_scale_gives_no_outliers_in_single_precision() {
    for std in [1e-30, 1e30] {
        let init: Init<f32> = format!("truncated_normal({std})").parse().unwrap();
        let mut draws = Tensor::zeros([1_000_000]);
        init.fill(&mut draws, Fans::new(1, 1).unwrap(), &mut Stream::new(1, "w")).unwrap();
        let reach = draws.as_slice().iter().fold(0.0f64, |most, &x| most.max(f64::from(x).abs()));
        assert!(reach <= 2.0 / 0.8796 * std && reach > 2.2 * std);
    }
}

#[test]
fn variances_and_limits_are_the_published_ones() {
    let (n, m) = (30.0, 20.0);
    let fans = Fans::new(30, 20).unwrap();
    for (text, variance, limit) in [
        ("xavier_normal", 1.0 / n, f64::INFINITY),
        ("glorot_normal", 2.0 / (n + m), f64::INFINITY),
        ("glorot_uniform", 2.0 / (n + m), (6.0f64 / (n + m)).sqrt()),
        ("he_normal", 2.0 / n, f64::INFINITY),
        ("he_uniform", 2.0 / n, (6.0f64 / n).sqrt()),
        ("he_normal(0.5)", 2.0 / (1.25 * n), f64::INFINITY),
        ("lecun_normal", 1.0 / n, f64::INFINITY),
        ("xavier_uniform", 1.0 / n, (3.0f64 / n).sqrt()),
        ("variance_scaling(1,fan_out,normal)", 1.0 / m, f64::INFINITY),
        ("variance_scaling(1,geometric_average,normal)", 1.0 / (n * m).sqrt(), f64::INFINITY),
    ] {
        let law = init(text).describe(fans);
        approx::assert_relative_eq!(law.variance, variance, max_relative = 1e-15);
        approx::assert_relative_eq!(law.bounds.1, limit, max_relative = 1e-15);
    }
}

#[test]
fn laws_print_their_formula() {
    let fans = Fans::new(128, 64).unwrap();
    let law = |text: &str| init(text).describe(fans).to_string();
    assert_eq!(law("zeros"), "0: mean 0, std 0");
    assert_eq!(law("he_normal"), "N(0, 2/n_in): mean 0, std 0.125, unbounded");
    assert_eq!(law("glorot_normal"), "N(0, 2/(n_in+n_out)): mean 0, std 0.10206, unbounded");
    assert_eq!(
        law("glorot_uniform"),
        "U[-√(6/(n_in+n_out)), √(6/(n_in+n_out))]: mean 0, std 0.10206, within [-0.17678, 0.17678]"
    );
}
