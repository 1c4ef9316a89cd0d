//! What all tables of measured delays have in common: units, what the numbers stand for, rows of cells, errors.

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
    /// As a scenario writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Unit::Ns => "ns",
            Unit::Us => "us",
            Unit::Ms => "ms",
            Unit::S => "s",
        }
    }

    /// The one-way delay in nanoseconds that the number 1 stands for.
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
        Wrong::at(1, 0, problem)
    }

    /// A problem at the cell with this index of a line.
    pub fn at(line: usize, cell: usize, problem: impl Into<String>) -> Wrong {
        Wrong { line, column: cell + 1, problem: problem.into() }
    }
}

pub(super) fn in_file(path: &Path, wrong: Wrong) -> FileError {
    let Wrong { line, column, problem } = wrong;
    FileError::Wrong { path: path.into(), line, column, problem }
}

/// The text of a published file of `tests/data`, whose README has sources and licences.
#[cfg(test)]
pub(super) fn published(file: &str) -> String {
    use std::io::Read;

    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(format!("{file}.gz"));
    let file = std::fs::File::open(&path).expect("the data of the tests is in the repository");
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("it is text in gzip");
    text
}
