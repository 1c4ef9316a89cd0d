//! Result files read back, as the only input of charts.

use std::fs::File;
use std::path::{Path, PathBuf};

use ::csv::{ReaderBuilder, StringRecord};
use indexmap::IndexMap;

use super::staged::{FileError, seen};
use crate::scenario::shown;

/// Error of a result file.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Read error.
    #[error(transparent)]
    File(#[from] FileError),
    /// Content that is not in the format of `peerlab`.
    #[error("{}:{line}: {}", path.display(), shown(message))]
    Content { path: PathBuf, line: u64, message: String },
}

/// Result file in memory, with its rows in order.
#[derive(Debug)]
pub struct Columns {
    path: PathBuf,
    header: IndexMap<String, usize>,
    rows: Vec<StringRecord>,
}

/// Columns that identify a run, in every file but `summary.csv`.
const NAMES: [&str; 3] = ["run_id", "system", "seed"];

impl Columns {
    /// Reads a file whose rows begin with the name of their run and that has the columns `needed`.
    ///
    /// # Errors
    /// If it cannot be read, a row has more or fewer cells than the header, or a column is missing or there twice.
    pub fn read(path: &Path, needed: &[&str]) -> Result<Columns, ReadError> {
        let file = File::open(path).map_err(FileError::at(path))?;
        let mut reader = ReaderBuilder::new().from_reader(file);
        let names = reader.headers().map_err(|error| broken(path, error))?.clone();
        let header: IndexMap<_, _> = names.iter().enumerate().map(|(i, name)| (name.to_owned(), i)).collect();
        let rows = reader.records().collect::<Result<_, _>>().map_err(|error| broken(path, error))?;
        let columns = Columns { path: path.to_owned(), header, rows };
        if columns.header.len() != names.len() {
            return Err(columns.wrong(1, "two columns have the same name".to_owned()));
        }
        match NAMES.iter().chain(needed).find(|name| !columns.header.contains_key(**name)) {
            Some(name) => Err(columns.wrong(1, format!("there is no column `{name}`: was this written by peerlab?"))),
            None => Ok(columns),
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Names of all columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.header.keys().map(String::as_str)
    }

    /// Whether a column with this name exists.
    pub fn has(&self, name: &str) -> bool {
        self.header.contains_key(name)
    }

    /// Axes of the sweep: the columns between `run_id` and `system`.
    pub fn axes(&self) -> Vec<&str> {
        self.names().skip_while(|name| *name != "run_id").skip(1).take_while(|name| *name != "system").collect()
    }

    /// Text of a cell.
    ///
    /// # Panics
    /// If there is no such column: name it in [`Columns::read`], or ask [`Columns::has`].
    pub fn text(&self, row: usize, name: &str) -> &str {
        let column = *self.header.get(name).unwrap_or_else(|| panic!("there is no column {name}"));
        &self.rows[row][column]
    }

    /// Number in a cell, `None` if it is empty.
    ///
    /// # Errors
    /// If the cell holds something else.
    ///
    /// # Panics
    /// As [`Columns::text`].
    pub fn number(&self, row: usize, name: &str) -> Result<Option<f64>, ReadError> {
        let text = self.text(row, name);
        if text.is_empty() {
            return Ok(None);
        }
        match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Some(number)),
            _ => {
                let line = self.rows[row].position().map_or(0, |position| position.line());
                let message = format!("`{text}` in column `{name}` is not a number: write a number or leave it empty");
                Err(self.wrong(line, message))
            }
        }
    }

    fn wrong(&self, line: u64, message: String) -> ReadError {
        ReadError::Content { path: seen(&self.path), line, message }
    }
}

/// Error of the CSV reader, with its line, if it is about the content.
fn broken(path: &Path, error: ::csv::Error) -> ReadError {
    use ::csv::ErrorKind::*;
    let line = error.position().map_or(1, |position| position.line());
    let message = match error.into_kind() {
        Io(source) => return FileError::at(path)(source).into(),
        UnequalLengths { expected_len, len, .. } => {
            format!("this row has {len} cells, the header has {expected_len}: was the file cut off?")
        }
        Utf8 { .. } => "this row is not UTF-8 text".to_owned(),
        other => format!("this is not CSV: {other:?}"),
    };
    ReadError::Content { path: seen(path), line, message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn read(text: &str, needed: &[&str]) -> Result<Columns, ReadError> {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("runs.csv");
        fs::write(&path, text).unwrap();
        Columns::read(&path, needed)
    }

    #[track_caller]
    fn says(result: Result<impl std::fmt::Debug, ReadError>, expected: &str) {
        let error = result.unwrap_err().to_string();
        assert!(error.contains(expected), "{error:?} does not say {expected:?}");
    }

    #[test]
    fn cells_are_numbers_text_or_nothing() {
        let columns = read("run_id,a.b,system,seed,hops\nx,0.5,chord,1,3.25\ny,,kad,1,\n", &["hops"]).unwrap();
        assert_eq!(columns.axes(), ["a.b"]);
        assert_eq!(columns.number(0, "hops").unwrap(), Some(3.25));
        assert_eq!(columns.number(1, "hops").unwrap(), None);
        assert_eq!(columns.text(1, "system"), "kad");
        assert!(columns.has("hops") && !columns.has("hop"));
    }

    #[test]
    fn errors_name_file_line_and_what_would_be_right() {
        let columns = read("run_id,system,seed,hops\nx,chord,1,3\ny,kad,1,three\n", &[]).unwrap();
        says(columns.number(1, "hops"), "runs.csv:3: `three` in column `hops` is not a number");
        says(read("run_id,system\n", &[]), "runs.csv:1: there is no column `seed`");
        says(read("run_id,system,seed\n", &["hops"]), "there is no column `hops`");
        says(read("run_id,system,seed\nx,chord\n", &[]), "runs.csv:2: this row has 2 cells, the header has 3");
        says(read("run_id,system,seed,seed\n", &[]), "two columns have the same name");
        says(Columns::read(Path::new("/nowhere/runs.csv"), &[]), "/nowhere/runs.csv: No such file");
    }
}
