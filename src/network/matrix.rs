//! Measured delay matrices from files: square or triangular matrices, lists of pairs, PlanetLab's pings, topologies of
//! p2psim.
//!
//! Delays are symmetric: the two directions are averaged. A file is read twice, line by line, first for its layout,
//! then for its delays: no more than the finished matrix and a bit for each cell is ever in memory.

mod cell;
mod format;
mod missing;
mod pairs;
mod shape;
mod survey;
#[cfg(test)]
mod tests;

use std::path::Path;

pub use format::{Form, Format, Missing, Names, Rows, Value, Zero};

use super::lines::{Line, Source};
use super::measured::{FileError, Wrong, in_file};
use crate::engine::Duration;
use crate::engine::numbered::canonical;
use crate::engine::quantile::Place;
use cell::Cell;
use missing::Places;
use pairs::Pairs;
use shape::{Shape, Square};
use survey::{Hosts, Survey, Triangle, link_of};

/// One-way delays between the hosts of a file. 4 bytes per pair, shared by all runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    hosts: u32,
    /// Delays in nanoseconds, row by row.
    one_way: Vec<u32>,
    rows: Rows,
    found: Found,
}

/// Summary of a file of delays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    /// Number of rows and columns in the file; they differ if not every host has both.
    pub table: [u32; 2],
    /// Number of missing delays between different hosts; of a triangular matrix, in that half.
    pub holes: u64,
    /// Asymmetry: differences between directions as a share of their mean, over all pairs with both.
    pub asymmetry: Option<f64>,
}

impl Matrix {
    /// Reads a matrix from a file.
    pub fn load(path: impl AsRef<Path>, format: Format) -> Result<Matrix, FileError> {
        Matrix::read(Source::File { path: path.as_ref(), what: "the latency matrix" }, &format)
    }

    /// Reads a matrix from the text of a file; `path` is for errors.
    pub fn parse(path: impl AsRef<Path>, text: &str, format: Format) -> Result<Matrix, FileError> {
        Matrix::read(Source::Text { path: path.as_ref(), text }, &format)
    }

    fn read(source: Source<'_>, format: &Format) -> Result<Matrix, FileError> {
        let wrong = |wrong| in_file(source.path(), wrong);
        let survey = Survey::of(source)?;
        let separator = survey.separator;
        let shape = Shape::of(survey, format).map_err(wrong)?;
        let table = match &shape {
            Shape::Square(Square { rows, columns, .. }) if !rows.is_empty() => {
                [rows.len() as u32, columns.len() as u32]
            }
            other => [other.hosts() as u32; 2],
        };
        let mut taken =
            Taken { format, pairs: Pairs::new(shape.hosts()), holes: Places::default(), zeros: Places::default() };
        let mut row = 0;
        source.lines(separator, |line| {
            if line.comment {
                return Ok(());
            }
            row += 1;
            taken.row(&shape, row - 1, line)
        })?;
        let Taken { mut pairs, holes, zeros, .. } = taken;
        let missing = missing::fill(&mut pairs, format, &holes, &zeros, &shape).map_err(wrong)?;
        if pairs.hosts() < shape.hosts() && pairs.hosts() == 1 {
            let problem = format!(
                "no two of the {} hosts have all delays between them, so that only one is left: set missing = \
                 \"row-median\" or \"shortest-detour\", or write the delays",
                shape.hosts()
            );
            return Err(wrong(Wrong::empty(&problem)));
        }
        let found = Found { table, holes: missing, asymmetry: pairs.asymmetry() };
        Ok(Matrix { hosts: pairs.hosts() as u32, one_way: pairs.finish(), rows: format.rows, found })
    }

    /// Number of hosts; at least one.
    pub fn hosts(&self) -> u32 {
        self.hosts
    }

    /// Row of a machine; `None` if it is drawn.
    pub fn row_of(&self, machine: u32) -> Option<u32> {
        (self.in_order() && machine < self.hosts).then_some(machine)
    }

    /// Whether machines are assigned to rows by number.
    pub fn in_order(&self) -> bool {
        self.rows == Rows::InOrder
    }

    /// Summary of the file.
    pub fn found(&self) -> Found {
        self.found
    }

    /// One-way delay between two hosts, or between two machines at one host.
    pub fn one_way(&self, a: u32, b: u32) -> Duration {
        Duration::from_nanos(u64::from(self.one_way[a as usize * self.hosts as usize + b as usize]))
    }

    /// Median and 95th percentile of the one-way delays of all pairs of different hosts; `None` for a single host.
    pub fn quantiles(&self) -> Option<[Duration; 2]> {
        let hosts = self.hosts as usize;
        let mut delays: Vec<u32> = Vec::with_capacity(hosts * (hosts - 1) / 2);
        self.one_way.chunks(hosts).enumerate().for_each(|(a, row)| delays.extend(&row[..a]));
        let mut quantile = |p| {
            let Place { below, share } = Place::of(p, delays.len())?;
            let (_, &mut low, higher) = delays.select_nth_unstable(below);
            let high = higher.iter().min().copied().unwrap_or(low);
            Some(Duration::from_nanos((f64::from(low) + share * f64::from(high - low)).round() as u64))
        };
        Some([quantile(0.5)?, quantile(0.95)?])
    }

    pub fn heap_bytes(&self) -> usize {
        self.one_way.capacity() * size_of::<u32>()
    }
}

/// Indices of two hosts that the survey has found.
fn numbers(hosts: &Hosts, pair: [&str; 2]) -> [usize; 2] {
    pair.map(|id| hosts.get_index_of(canonical(id)).unwrap_or_default())
}

/// Delays taken from the rows so far.
struct Taken<'a> {
    format: &'a Format,
    pairs: Pairs,
    holes: Places,
    zeros: Places,
}

impl Taken<'_> {
    fn row(&mut self, shape: &Shape, row: usize, line: &Line<'_>) -> Result<(), Wrong> {
        match shape {
            Shape::Square(square) => self.of_square(square, row, line),
            Shape::Triangle(triangle) => self.of_triangle(triangle, row, line),
            Shape::Pairs { header, hosts } => match line.cells {
                [i, j, _] if row >= *header => self.cell(line, 2, numbers(hosts, [i, j])),
                _ => Ok(()),
            },
            Shape::P2psim { hosts } => match line.cells {
                [link, _] => match link_of(link) {
                    Some(ends) => self.cell(line, 1, numbers(hosts, ends)),
                    None => Ok(()),
                },
                _ => Ok(()),
            },
        }
    }

    fn of_square(&mut self, square: &Square, row: usize, line: &Line<'_>) -> Result<(), Wrong> {
        let Some(row) = row.checked_sub(square.skipped) else { return Ok(()) };
        if square.rows.is_empty() {
            return (0..square.hosts).try_for_each(|column| self.cell(line, column + square.names, [row, column]));
        }
        let Some(Some(host)) = square.rows.get(row).copied() else { return Ok(()) };
        for (column, other) in square.columns.iter().enumerate() {
            if let Some(other) = other {
                self.cell(line, column + square.names, [host, *other].map(|host| host as usize))?;
            }
        }
        Ok(())
    }

    fn of_triangle(&mut self, triangle: &Triangle, row: usize, line: &Line<'_>) -> Result<(), Wrong> {
        let Triangle { longer, diagonal, .. } = *triangle;
        let without = usize::from(!diagonal);
        (0..line.cells.len()).try_for_each(|cell| {
            let pair = if longer { [row + without, cell] } else { [row, row + without + cell] };
            self.cell(line, cell, pair)
        })
    }

    /// Adds the delay in a cell from one host to another. The diagonal need not be measured.
    fn cell(&mut self, line: &Line<'_>, at: usize, [a, b]: [usize; 2]) -> Result<(), Wrong> {
        let Some(text) = line.cells.get(at).copied().filter(|_| a.max(b) < self.pairs.hosts()) else {
            return Err(line.wrong(at, "the file has changed while it was read"));
        };
        let nanos = match cell::read(text, self.format).map_err(|problem| line.wrong(at, problem))? {
            Cell::Delay(nanos) => nanos,
            Cell::Zero if self.format.zero == Zero::Delay && a != b => 0.0,
            Cell::Zero | Cell::Hole if a == b => return Ok(()),
            Cell::Zero => {
                self.zeros.note([a, b], line.number, at, text);
                return Ok(());
            }
            Cell::Hole => {
                self.holes.note([a, b], line.number, at, text);
                return Ok(());
            }
        };
        self.pairs.set(a, b, nanos).map_err(|before| {
            let before = before / self.format.unit.one_way_nanos(self.format.holds);
            let unit = self.format.unit.name();
            // Of two directions no more than the mean is kept.
            let place =
                if self.pairs.knows(b, a) && a != b { "on average of both directions in rows" } else { "in a row" };
            let problem = format!("`{text}` for a pair that has {before} {unit} {place} before: write each pair once");
            line.wrong(at, problem)
        })
    }
}
