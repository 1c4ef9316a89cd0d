//! Common parts of measured delay tables: units, meaning of numbers, errors.

use std::io;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Meaning of the numbers of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Holds {
    /// Round-trip times, which are halved.
    Rtt,
    /// One-way delays.
    OneWay,
}

/// Unit of the numbers of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    Ns,
    Us,
    Ms,
    S,
}

impl Unit {
    /// Name in a scenario file.
    pub const fn name(self) -> &'static str {
        match self {
            Unit::Ns => "ns",
            Unit::Us => "us",
            Unit::Ms => "ms",
            Unit::S => "s",
        }
    }

    /// One-way delay in nanoseconds of the number 1.
    pub const fn one_way_nanos(self, holds: Holds) -> f64 {
        let nanos = match self {
            Unit::Ns => 1.0,
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

/// Error of a file of delays. Nothing is kept of such a file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// Read error.
    #[error("{}: cannot read {what}: {source}", path.display())]
    Unreadable { path: PathBuf, what: &'static str, source: io::Error },
    /// Content error. Lines and columns (cells of a row, not characters) count from 1.
    #[error("{}: line {line}, column {column}: {problem}", path.display())]
    Wrong { path: PathBuf, line: usize, column: usize, problem: String },
}

/// Content error at a cell, without the path.
pub(super) struct Wrong {
    line: usize,
    column: usize,
    problem: String,
}

impl Wrong {
    /// Error: a file without numbers.
    pub(super) fn empty(problem: &str) -> Wrong {
        Wrong::at(1, 0, problem)
    }

    /// Error at the cell with this index of a line.
    pub(super) fn at(line: usize, cell: usize, problem: impl Into<String>) -> Wrong {
        Wrong { line, column: cell + 1, problem: problem.into() }
    }
}

pub(super) fn in_file(path: &Path, wrong: Wrong) -> FileError {
    let Wrong { line, column, problem } = wrong;
    FileError::Wrong { path: path.into(), line, column, problem }
}

/// Text of a published file of `tests/data`, whose README has sources and licences.
#[cfg(test)]
pub(super) fn published(file: &str) -> String {
    use std::io::Read;

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(format!("{file}.gz"));
    let file = std::fs::File::open(&path).expect("the data of the tests is in the repository");
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("it is text in gzip");
    text
}
