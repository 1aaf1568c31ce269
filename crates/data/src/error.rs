//! What can go wrong when data is read, made, split or standardized.

use std::io;
use std::path::PathBuf;

use evenkeel_tensor::Shape;

/// An error of the data crate.
///
/// Samples, features and labels count from 0, lines and columns of files from 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// A dataset, or a choice of its samples, without any sample.
    #[error("dataset `{dataset}`: there are no samples")]
    Empty {
        /// The name of the dataset.
        dataset: String,
    },
    /// A tensor without an axis of samples, or whose samples hold no values.
    #[error(
        "dataset `{dataset}`: {what} must have the shape [samples, ...] with at least one value \
         in each sample, got {shape}"
    )]
    Shape {
        /// The name of the dataset.
        dataset: String,
        /// What has this shape: `"inputs"` or `"targets"`.
        what: &'static str,
        /// The shape.
        shape: Shape,
    },
    /// Another number of labels or targets than of samples.
    #[error("dataset `{dataset}`: {} but {}", count(*.samples, "sample"), count(*.got, .what))]
    Count {
        /// The name of the dataset.
        dataset: String,
        /// How many samples the inputs have.
        samples: usize,
        /// What was counted: `"label"` or `"target"`.
        what: &'static str,
        /// How many of them there are.
        got: usize,
    },
    /// A label that names no class.
    #[error(
        "dataset `{dataset}`: sample {sample} has label {label}, but there {}",
        are(*.classes, "class")
    )]
    Label {
        /// The name of the dataset.
        dataset: String,
        /// Which sample.
        sample: usize,
        /// Its label.
        label: usize,
        /// How many classes there are.
        classes: usize,
    },
    /// An input that is NaN or infinite.
    #[error(
        "dataset `{dataset}`: feature {feature} of sample {sample} is {value}; \
         inputs must be finite"
    )]
    Input {
        /// The name of the dataset.
        dataset: String,
        /// Which sample.
        sample: usize,
        /// Which of its values, in row-major order.
        feature: usize,
        /// The value.
        value: f64,
    },
    /// A regression target that is NaN or infinite.
    #[error(
        "dataset `{dataset}`: target {target} of sample {sample} is {value}; \
         targets must be finite"
    )]
    Target {
        /// The name of the dataset.
        dataset: String,
        /// Which sample.
        sample: usize,
        /// Which of its target values, in row-major order.
        target: usize,
        /// The value.
        value: f64,
    },
    /// Another number of feature names than of features.
    #[error(
        "dataset `{dataset}`: {} but {}",
        count(*.features, "feature"),
        count(*.got, "feature name")
    )]
    FeatureNames {
        /// The name of the dataset.
        dataset: String,
        /// How many features a sample has.
        features: usize,
        /// How many names were given.
        got: usize,
    },
    /// A sample that is not there was asked for.
    #[error(
        "dataset `{dataset}`: sample {sample} was asked for, but there {}",
        are(*.samples, "sample")
    )]
    Sample {
        /// The name of the dataset.
        dataset: String,
        /// Which sample was asked for.
        sample: usize,
        /// How many there are.
        samples: usize,
    },
    /// Something that only classes allow was asked of regression targets.
    #[error("dataset `{dataset}`: {what} needs classes, but the targets are numbers")]
    NoClasses {
        /// The name of the dataset.
        dataset: String,
        /// What was asked for.
        what: &'static str,
    },
    /// A share of test samples that is not strictly between 0 and 1.
    #[error("test share must lie strictly between 0 and 1, got {share}")]
    TestShare {
        /// The share asked for.
        share: f64,
    },
    /// A split of which one part would have no samples.
    #[error(
        "dataset `{dataset}`: a test share of {share} of {} leaves no {part} samples",
        count(*.samples, "sample")
    )]
    EmptyPart {
        /// The name of the dataset.
        dataset: String,
        /// The share asked for.
        share: f64,
        /// How many samples there are to split.
        samples: usize,
        /// The part without samples: `"training"` or `"test"`.
        part: &'static str,
    },
    /// A class too small for a stratified split.
    #[error(
        "dataset `{dataset}`: class `{class}` has {}; a stratified split needs at least 2 of each",
        count(*.samples, "sample")
    )]
    SmallClass {
        /// The name of the dataset.
        dataset: String,
        /// The name of the class.
        class: String,
        /// How many samples it has.
        samples: usize,
    },
    /// Another number of features than the standardizer was fitted to.
    #[error(
        "dataset `{dataset}`: the standardizer was fitted to {}, got {got}",
        count(*.expected, "feature")
    )]
    Features {
        /// The name of the dataset.
        dataset: String,
        /// How many features the standardizer was fitted to.
        expected: usize,
        /// How many features a sample of the dataset has.
        got: usize,
    },
    /// An argument of a synthetic generator outside of its range.
    #[error("{generator}: {argument} must {rule}, got {got}")]
    Argument {
        /// The generator, such as `"circles"`.
        generator: &'static str,
        /// The argument, such as `"noise"`.
        argument: &'static str,
        /// What must hold, such as `"be at least 1"`.
        rule: &'static str,
        /// The value given.
        got: f64,
    },
    /// A file that cannot be opened or read.
    #[error("cannot read `{}`: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A CSV file without a row of data.
    #[error("`{}`: there are no samples", .path.display())]
    NoRows {
        /// The file.
        path: PathBuf,
    },
    /// A line of a CSV file that cannot be understood.
    #[error("`{}`, line {line}{problem}", .path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1; of a row that spans several, the last.
        line: u64,
        /// What is wrong there.
        problem: CsvProblem,
    },
}

/// What is wrong with a line of a CSV file. Columns count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CsvProblem {
    /// A first row without at least one feature and the label.
    #[error(
        ": expected at least 2 columns separated by commas (features, then a label), got {got}"
    )]
    TooFewColumns {
        /// How many columns there are.
        got: usize,
    },
    /// A row with another number of columns than the first one.
    #[error(": expected {expected} columns as in the first row, got {got}")]
    Columns {
        /// How many columns the first row has.
        expected: usize,
        /// How many this one has.
        got: usize,
    },
    /// A feature that is not a number, or not one that the number type can hold.
    #[error(", column {column}: expected a finite number, found {found}")]
    Number {
        /// The column.
        column: usize,
        /// What stands there, in quotes, or the word `nothing`.
        found: String,
    },
    /// A label that is empty or not UTF-8.
    #[error(", column {column}: expected a label in UTF-8, found {found}")]
    Label {
        /// The column.
        column: usize,
        /// What stands there, in quotes, or the word `nothing`.
        found: String,
    },
}

/// The number and the noun: `1 sample`, `2 samples`.
fn count(number: usize, noun: &str) -> String {
    let ending = if noun.ends_with('s') { "es" } else { "s" };
    format!("{number} {noun}{}", if number == 1 { "" } else { ending })
}

/// How many there are and their indices: `are 5 classes (0 to 4)`, `is 1 class (0)`.
fn are(number: usize, noun: &str) -> String {
    let counted = count(number, noun);
    match number {
        0 => format!("are {counted}"),
        1 => format!("is {counted} (0)"),
        _ => format!("are {counted} (0 to {})", number - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_agree_with_their_nouns() {
        let texts = [count(0, "label"), count(1, "label"), count(2, "class")];
        assert_eq!(texts, ["0 labels", "1 label", "2 classes"]);
    }

    #[test]
    fn ranges_name_the_indices() {
        let texts = [are(0, "class"), are(1, "class"), are(5, "class")];
        assert_eq!(texts, ["are 0 classes", "is 1 class (0)", "are 5 classes (0 to 4)"]);
    }

    #[test]
    fn errors_can_cross_threads() {
        fn assert_send_sync<E: std::error::Error + Send + Sync + 'static>() {}
        assert_send_sync::<DataError>();
    }
}
