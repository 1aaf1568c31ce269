//! Reading a table of numbers with a label in the last column.

mod labels;
mod table;

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use ::csv::{ByteRecord, Reader, ReaderBuilder, Terminator, Trim};
use evenkeel_tensor::Real;

use self::table::Table;
use crate::{DataError, Dataset};

/// Reads a classification task from a CSV file: inputs `[rows, columns − 1]`.
///
/// Columns are separated by commas; a field that begins with a double quote may contain commas.
/// The last column is the label, any text, and the others are numbers. If some feature of the
/// first row is not a number, that row is a header and gives the feature names. Blank lines and
/// blanks around a field are skipped. Classes are in numeric order if all labels are whole
/// numbers, and in alphabetic order otherwise; the dataset has the name of the file without its
/// extension.
///
/// The file is read piece by piece: besides the dataset, memory holds one row.
///
/// # Errors
/// [`DataError::Read`] if the file cannot be read, [`DataError::NoRows`] if it has no data, and
/// [`DataError::Csv`] with the line for a row that is too short or of another length than the
/// first, a feature that is not a finite number, or a label that is empty or not UTF-8.
///
/// ```no_run
/// use evenkeel_data::{Dataset, read_csv};
///
/// let iris: Dataset = read_csv("data/iris.csv")?;
/// println!("{} samples of {:?}", iris.len(), iris.class_names());
/// # Ok::<(), evenkeel_data::DataError>(())
/// ```
pub fn read_csv<T: Real>(path: impl AsRef<Path>) -> Result<Dataset<T>, DataError> {
    let path = path.as_ref();
    let file = File::open(path).map_err(|source| unreadable(path, source))?;
    read(path, file)
}

fn read<T: Real>(path: &Path, source: impl Read) -> Result<Dataset<T>, DataError> {
    // Every row then ends with a line break, the last one too, so counting them gives the line.
    let mut rows = rows(source.chain(&b"\n"[..]));
    let mut table = Table::new(path);
    let mut row = ByteRecord::new();
    while rows.read_byte_record(&mut row).map_err(|error| unreadable(path, error.into()))? {
        if !is_blank(&row) {
            table.push(rows.position().line().saturating_sub(1), &row)?;
        }
    }
    table.finish()
}

fn rows<R: Read>(source: R) -> Reader<R> {
    ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        // The carriage return of `\r\n` is a blank at the end of the last field: it is trimmed.
        .terminator(Terminator::Any(b'\n'))
        .trim(Trim::All)
        .from_reader(source)
}

fn is_blank(row: &ByteRecord) -> bool {
    row.len() <= 1 && row.iter().all(<[u8]>::is_empty)
}

fn unreadable(path: &Path, source: io::Error) -> DataError {
    DataError::Read { path: path.into(), source }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn parse(text: impl AsRef<[u8]>) -> Result<Dataset<f64>, DataError> {
        read(Path::new("dir/data.csv"), text.as_ref())
    }

    fn message(text: impl AsRef<[u8]>) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn a_file_with_a_header_is_read() {
        let mut file = tempfile::Builder::new().prefix("iris").suffix(".csv").tempfile().unwrap();
        file.write_all(b"length, width ,species\n5.1,3.5,setosa\n\n6.3,-2.9e0,ivory\n").unwrap();
        let data: Dataset = read_csv(file.path()).unwrap();
        assert!(data.name().starts_with("iris") && !data.name().contains('.'));
        assert_eq!(data.inputs().shape().dims(), &[2, 2]);
        assert_eq!(data.inputs().as_slice(), &[5.1, 3.5, 6.3, -2.9]);
        assert_eq!(data.feature_names().unwrap(), ["length", "width"]);
        assert_eq!(data.class_names().unwrap(), ["ivory", "setosa"]);
        assert_eq!(data.labels().unwrap(), [1, 0]);
    }

    #[test]
    fn a_first_row_of_numbers_is_data() {
        let data = parse("1,2,label\n3,4,other").unwrap();
        assert_eq!((data.name(), data.len(), data.feature_names()), ("data", 2, None));
    }

    #[test]
    fn whole_numbers_are_sorted_as_numbers() {
        let names = |text| parse(text).unwrap().class_names().unwrap().to_vec();
        assert_eq!(names("0,10\n0,9\n0,-1\n"), ["-1", "9", "10"]);
        assert_eq!(names("0,10\n0,9\n0,a\n"), ["10", "9", "a"]);
    }

    #[test]
    fn quotes_blanks_line_endings_and_byte_order_marks_are_understood() {
        let plain = parse("a,b,c\n1,2,x y\n3,4,\"p,q\"\n").unwrap();
        for text in [
            "a,b,c\r\n1,2,x y\r\n3,4,\"p,q\"\r\n",
            "\u{feff}a,b,c\n1,2,x y\n3,4,\"p,q\"",
            "\n  \na ,\"b\", c \n\r\n1,\t+2.0,x y\n\"3\",4e0,\"p,q\"\n \n\n",
        ] {
            let data = parse(text).unwrap();
            assert_eq!((data.inputs(), data.targets()), (plain.inputs(), plain.targets()));
            assert_eq!(data.feature_names(), plain.feature_names());
        }
    }

    #[test]
    fn errors_name_the_line_whatever_stands_before() {
        let expected = "`dir/data.csv`, line 5, column 2: expected a finite number, found `zwei`";
        assert_eq!(message("1,2,x\n\n\n1,2,x\n1,zwei,x\n"), expected);
        assert_eq!(message("1,2,x\r\n\r\n  \r\n1,2,x\r\n1,zwei,x"), expected);
        assert_eq!(message("\n\n\n1,2,x\n1,zwei,x\n"), expected);
    }

    #[test]
    fn rows_have_equally_many_columns() {
        let text = message("a,b,c\n1,2,x\n1,x\n");
        assert_eq!(text, "`dir/data.csv`, line 3: expected 3 columns as in the first row, got 2");
        let text = message("1,2,x\n1,2,3,x\n");
        assert_eq!(text, "`dir/data.csv`, line 2: expected 3 columns as in the first row, got 4");
        let expected = "`dir/data.csv`, line 1: expected at least 2 columns separated by commas \
                        (features, then a label), got 1";
        assert_eq!(message("1;2;x\n"), expected);
    }

    #[test]
    fn features_are_finite_numbers() {
        let lead = "`dir/data.csv`, line 2, column 1: expected a finite number, found";
        let text = |field: &str| message(format!("1,x\n{field},x\n"));
        assert_eq!(text("NaN"), format!("{lead} `NaN`"));
        assert_eq!(text("1e999"), format!("{lead} `1e999`"));
        assert_eq!(text(""), format!("{lead} nothing"));
        assert_eq!(text("\u{7}"), format!("{lead} `\\u{{7}}`"));
        assert_eq!(text(&"é".repeat(99)), format!("{lead} `{}…`", "é".repeat(40)));
    }

    #[test]
    fn numbers_must_fit_the_number_type() {
        let path = Path::new("data.csv");
        let text = read::<f32>(path, &b"1,x\n1e39,x\n"[..]).unwrap_err().to_string();
        assert_eq!(text, "`data.csv`, line 2, column 1: expected a finite number, found `1e39`");
    }

    #[test]
    fn labels_are_text() {
        let lead = "`dir/data.csv`, line 1, column 2: expected a label in UTF-8, found";
        assert_eq!(message("1,\n"), format!("{lead} nothing"));
        assert_eq!(message(b"1,\xff\n"), format!("{lead} `\u{fffd}`"));
    }

    #[test]
    fn files_without_data_are_refused() {
        for text in ["", "\n\n", "a,b\n"] {
            assert_eq!(message(text), "`dir/data.csv`: there are no samples");
        }
    }

    #[test]
    fn missing_files_and_folders_are_named() {
        let text = read_csv::<f32>("no/such.csv").unwrap_err().to_string();
        assert!(text.starts_with("cannot read `no/such.csv`: "), "{text}");
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read_csv::<f32>(folder.path()), Err(DataError::Read { .. })));
    }

    proptest! {
        #[test]
        fn garbage_never_panics(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            let _ = parse(bytes);
        }

        #[test]
        fn what_looks_like_csv_never_panics(text in "[0-9a.,\"\r\n -]{0,200}") {
            if let Ok(data) = parse(&text) {
                prop_assert!(data.inputs().is_finite() && data.inputs().len() <= text.len());
            }
        }

        #[test]
        fn written_numbers_come_back(
            rows in prop::collection::vec((-1e9f64..1e9, any::<u8>()), 1..40)
        ) {
            let line = |(number, label): &(f64, u8)| format!("{number},{label}\n");
            let data = parse(rows.iter().map(line).collect::<String>()).unwrap();
            let names = data.class_names().unwrap();
            for (i, (number, label)) in rows.iter().enumerate() {
                prop_assert_eq!(data.inputs().sample(i), &[*number]);
                prop_assert_eq!(&names[data.labels().unwrap()[i]], &label.to_string());
            }
        }
    }
}
