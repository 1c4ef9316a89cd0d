//! What all tables of measured delays have in common: units, what the numbers stand for, rows of cells, errors.

use std::io;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the numbers of a table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Holds {
    /// Round trips: half of each number is taken.
    Rtt,
    /// One-way delays.
    OneWay,
}

/// The unit of the numbers of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    Us,
    Ms,
    S,
}

impl Unit {
    /// As a scenario writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Unit::Us => "us",
            Unit::Ms => "ms",
            Unit::S => "s",
        }
    }

    /// The one-way delay in nanoseconds that the number 1 stands for.
    pub const fn one_way_nanos(self, holds: Holds) -> f64 {
        let nanos = match self {
            Unit::Us => 1e3,
            Unit::Ms => 1e6,
            Unit::S => 1e9,
        };
        match holds {
            Holds::Rtt => nanos / 2.0,
            Holds::OneWay => nanos,
        }
    }
}

/// Why nothing could be had from a file. Nothing is kept of a file with an error.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The file could not be read.
    #[error("{}: cannot read {what}: {source}", path.display())]
    Unreadable { path: PathBuf, what: &'static str, source: io::Error },
    /// What it holds is not what it should. Lines and columns (cells of a row, not characters) count from 1.
    #[error("{}: line {line}, column {column}: {problem}", path.display())]
    Wrong { path: PathBuf, line: usize, column: usize, problem: String },
}

/// A problem at a cell, before it is known of which file.
pub(super) struct Wrong {
    line: usize,
    column: usize,
    problem: String,
}

impl Wrong {
    /// A file without a number.
    pub fn empty(problem: &str) -> Wrong {
        Wrong { line: 1, column: 1, problem: problem.into() }
    }
}

/// A line of a file.
pub(super) struct Row {
    line: usize,
    pub cells: Vec<String>,
    /// Leading cells that are names: 0 or 1.
    pub names: usize,
}

impl Row {
    /// A problem at the cell with this index.
    pub fn wrong(&self, cell: usize, problem: String) -> Wrong {
        Wrong { line: self.line, column: cell + 1, problem }
    }
}

/// The text of the file with `what` in it.
pub(super) fn read(path: &Path, what: &'static str) -> Result<String, FileError> {
    let bytes = std::fs::read(path).map_err(|source| FileError::Unreadable { path: path.into(), what, source })?;
    // Numbers are ASCII; names in another encoding do no harm.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

pub(super) fn in_file(path: &Path, wrong: Wrong) -> FileError {
    let Wrong { line, column, problem } = wrong;
    FileError::Wrong { path: path.into(), line, column, problem }
}

/// The lines that hold any cells: CSV if the text has a comma, else separated by blanks.
pub(super) fn split(text: &str) -> Vec<Row> {
    let cells =
        if text.contains(',') { csv_cells } else { |line: &str| line.split_whitespace().map(String::from).collect() };
    let rows = text.lines().enumerate().map(|(at, line)| Row { line: at + 1, cells: cells(line), names: 0 });
    rows.filter(|row| !row.cells.is_empty()).collect()
}

/// One line at a time, because the reader does not count empty lines.
fn csv_cells(line: &str) -> Vec<String> {
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.has_headers(false).trim(csv::Trim::All).from_reader(line.as_bytes());
    let record = reader.records().next();
    record.and_then(Result::ok).map_or(Vec::new(), |record| record.iter().map(String::from).collect())
}

/// Whether a cell is meant as a number: `Nan` is a province.
pub(super) fn is_number(cell: &str) -> bool {
    cell.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first))
}

/// The text of a file of measured data that is no part of the product; `None`, with a printed note, where it is absent.
#[cfg(test)]
pub(super) fn shared_data(file: &str) -> Option<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data").join(file);
    if !path.exists() {
        println!("skipped: there is no {}", path.display());
        return None;
    }
    Some(read(&path, "the data of a test").expect("a file that is there can be read"))
}
