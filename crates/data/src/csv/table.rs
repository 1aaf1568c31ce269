//! The rows of a CSV file, gathered into a dataset.

use std::path::Path;

use ::csv::ByteRecord;
use evenkeel_tensor::Real;
use evenkeel_tensor::nalgebra::DMatrix;

use super::labels::Labels;
use crate::{CsvProblem, DataError, Dataset};

/// How many characters of a bad field an error quotes.
const QUOTED: usize = 40;

/// What has been read of a file so far.
#[derive(Debug)]
pub(super) struct Table<'a, T> {
    path: &'a Path,
    /// How many columns the first row had; 0 before there was one.
    columns: usize,
    header: Option<Vec<String>>,
    values: Vec<T>,
    labels: Labels,
}

impl<'a, T: Real> Table<'a, T> {
    pub(super) fn new(path: &'a Path) -> Self {
        Self { path, columns: 0, header: None, values: Vec::new(), labels: Labels::default() }
    }

    /// Takes in a row, or says what is wrong with it.
    pub(super) fn push(&mut self, line: u64, row: &ByteRecord) -> Result<(), DataError> {
        let path = self.path;
        self.take_in(row).map_err(|problem| DataError::Csv { path: path.into(), line, problem })
    }

    fn take_in(&mut self, row: &ByteRecord) -> Result<(), CsvProblem> {
        if self.columns == 0 {
            return self.take_in_first(row);
        }
        if row.len() != self.columns {
            return Err(CsvProblem::Columns { expected: self.columns, got: row.len() });
        }
        self.take_in_data(row)
    }

    fn take_in_first(&mut self, row: &ByteRecord) -> Result<(), CsvProblem> {
        if row.len() < 2 {
            return Err(CsvProblem::TooFewColumns { got: row.len() });
        }
        self.columns = row.len();
        let features = || row.iter().take(row.len() - 1);
        if features().all(|field| number::<T>(field).is_some()) {
            return self.take_in_data(row);
        }
        self.header = Some(features().map(|name| text(name).into()).collect());
        Ok(())
    }

    fn take_in_data(&mut self, row: &ByteRecord) -> Result<(), CsvProblem> {
        let last = self.columns - 1;
        for (index, field) in row.iter().take(last).enumerate() {
            let value = number::<T>(field).filter(|value| value.to_f64().is_finite());
            let problem = || CsvProblem::Number { column: index + 1, found: quoted(field) };
            self.values.push(value.ok_or_else(problem)?);
        }
        self.take_in_label(&row[last])
    }

    fn take_in_label(&mut self, field: &[u8]) -> Result<(), CsvProblem> {
        match std::str::from_utf8(field) {
            Ok(label) if !label.is_empty() => self.labels.push(label),
            _ => {
                let (column, found) = (self.columns, quoted(field));
                return Err(CsvProblem::Label { column, found });
            }
        }
        Ok(())
    }

    /// The dataset of all rows.
    pub(super) fn finish(self) -> Result<Dataset<T>, DataError> {
        let samples = self.labels.len();
        if samples == 0 {
            return Err(DataError::NoRows { path: self.path.into() });
        }
        // Every row added one value for each feature, so the matrix is full; nothing is copied.
        let matrix = DMatrix::from_vec(self.columns - 1, samples, self.values);
        let (labels, names) = self.labels.finish();
        let data = Dataset::classification(stem(self.path), matrix.into(), labels, names)?;
        match self.header {
            Some(header) => data.with_feature_names(header),
            None => Ok(data),
        }
    }
}

fn number<T: Real>(field: &[u8]) -> Option<T> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

fn text(field: &[u8]) -> std::borrow::Cow<'_, str> {
    String::from_utf8_lossy(field)
}

/// The field as an error shows it: printable, and not too long.
fn quoted(field: &[u8]) -> String {
    let text = text(field);
    let mut start = text.chars().take(QUOTED).flat_map(char::escape_debug).collect::<String>();
    if text.chars().nth(QUOTED).is_some() {
        start.push('…');
    }
    if start.is_empty() { "nothing".into() } else { format!("`{start}`") }
}
