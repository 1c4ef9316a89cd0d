//! Measured delays from a file: a square table of numbers, as CSV or separated by blanks.
//!
//! A first row and a first column of names are allowed. Directions are averaged: a delay is the same both ways.

use std::path::Path;

use super::measured::{FileError, Holds, Row, Unit, Wrong, in_file, is_number, read, split};
use crate::engine::Duration;

/// One-way delays between the hosts of a file. 4 bytes a pair, shared by all runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Matrix {
    hosts: u32,
    /// Nanoseconds, row by row.
    one_way: Vec<u32>,
}

impl Matrix {
    /// Reads a matrix from a file.
    pub fn load(path: impl AsRef<Path>, holds: Holds, unit: Unit) -> Result<Matrix, FileError> {
        let path = path.as_ref();
        Matrix::parse(path, &read(path, "the latency matrix")?, holds, unit)
    }

    /// Reads a matrix from the text of a file; `path` is for errors.
    pub fn parse(path: impl AsRef<Path>, text: &str, holds: Holds, unit: Unit) -> Result<Matrix, FileError> {
        let wrong = |wrong| in_file(path.as_ref(), wrong);
        let rows = without_names(split(text)).map_err(wrong)?;
        let factor = unit.one_way_nanos(holds);
        let delays = rows.iter().flat_map(|row| {
            let delay = move |(at, cell): (usize, &String)| {
                one_way_nanos(cell, factor, unit).map_err(|problem| row.wrong(at + row.names, problem))
            };
            row.cells[row.names..].iter().enumerate().map(delay)
        });
        let directed = delays.collect::<Result<Vec<f64>, Wrong>>().map_err(wrong)?;
        Ok(Matrix::symmetric(rows.len(), &directed))
    }

    /// The mean of both directions. Two machines at one host are as far apart as the file's diagonal says; where that is
    /// zero (it was not measured, and no two machines are in one place), half as far as the host's nearest neighbour.
    fn symmetric(hosts: usize, directed: &[f64]) -> Matrix {
        let both = |a: usize, b: usize| (directed[a * hosts + b] + directed[b * hosts + a]) / 2.0;
        let delay = |a: usize, b: usize| {
            if a == b && both(a, a) == 0.0 {
                let nearest = (0..hosts).filter(|&other| other != a).map(|other| both(a, other));
                nearest.min_by(f64::total_cmp).map_or(0.0, |nearest| nearest / 2.0)
            } else {
                both(a, b)
            }
        };
        let one_way = (0..hosts * hosts).map(|at| (delay(at / hosts, at % hosts) + 0.5) as u32).collect();
        Matrix { hosts: hosts as u32, one_way }
    }

    /// Rows of the matrix; at least one.
    pub fn hosts(&self) -> u32 {
        self.hosts
    }

    /// One-way delay between two hosts, or two machines at one.
    pub fn one_way(&self, a: u32, b: u32) -> Duration {
        Duration::from_nanos(u64::from(self.one_way[a as usize * self.hosts as usize + b as usize]))
    }

    pub fn heap_bytes(&self) -> usize {
        self.one_way.capacity() * size_of::<u32>()
    }
}

/// Takes the names off and checks that what is left is a square.
///
/// A first row without any number holds names, and only below one may the first column hold names, too: so a slip in a
/// number is not taken for a name.
fn without_names(mut rows: Vec<Row>) -> Result<Vec<Row>, Wrong> {
    let header = rows.first().is_some_and(|first| !first.cells.iter().any(|cell| is_number(cell)));
    rows.drain(..usize::from(header));
    let Some(first) = rows.first() else {
        let problem = "there is no latency here: write a square of numbers, a row and a column for each host";
        return Err(Wrong::empty(problem));
    };
    let hosts = rows.len();
    let names = header && (!is_number(&first.cells[0]) || first.cells.len() == hosts + 1);
    for row in &mut rows {
        row.names = usize::from(names);
        let found = row.cells.len() - row.names;
        if found != hosts {
            let problem =
                format!("a row of {found} in a matrix of {hosts} rows: both must be as many as there are hosts");
            return Err(row.wrong(found.min(hosts) + row.names, problem));
        }
    }
    Ok(rows)
}

/// A cell as a one-way delay in nanoseconds.
fn one_way_nanos(cell: &str, factor: f64, unit: Unit) -> Result<f64, String> {
    let unit = unit.name();
    let value: f64 = cell.parse().map_err(|_| format!("`{cell}` is not a number: write a delay in {unit}"))?;
    if !value.is_finite() || value < 0.0 {
        return Err(format!("`{cell}` is not a delay: write a number in {unit} that is not negative"));
    }
    let nanos = value * factor;
    if nanos > f64::from(u32::MAX) {
        return Err(format!(
            "{value} {unit} is longer than the 4.29 s one-way that a matrix may hold: is the unit right?"
        ));
    }
    Ok(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::measured::shared_data;

    fn parse(text: &str) -> Result<Matrix, String> {
        Matrix::parse("m.csv", text, Holds::OneWay, Unit::Ms).map_err(|error| error.to_string())
    }

    fn millis(matrix: &Matrix, a: u32, b: u32) -> f64 {
        matrix.one_way(a, b).as_millis_f64()
    }

    /// Round trips in ms over all pairs of different hosts: mean, median, 95th percentile; `None` where the data is
    /// absent.
    fn figures_of(file: &str) -> Option<[f64; 3]> {
        let matrix = Matrix::parse(file, &shared_data(file)?, Holds::Rtt, Unit::Ms).unwrap();
        let pairs = (0..matrix.hosts()).flat_map(|a| (0..a).map(move |b| (a, b)));
        let mut trips: Vec<_> = pairs.map(|(a, b)| 2.0 * millis(&matrix, a, b)).collect();
        trips.sort_by(f64::total_cmp);
        let mean = trips.iter().sum::<f64>() / trips.len() as f64;
        Some([mean, trips[trips.len() / 2], trips[trips.len() * 95 / 100]])
    }

    #[test]
    fn planetlab_round_trips_have_the_published_figures() {
        if let Some(figures) = figures_of("planetlab_rtt_ms_490.txt") {
            assert_eq!(figures.map(f64::round), [147.0, 135.0, 325.0]);
        }
    }

    #[test]
    fn city_round_trips_have_the_published_figures() {
        if let Some([mean, median, _]) = figures_of("city_rtt_ms.csv") {
            assert_eq!([mean, median].map(f64::round), [158.0, 145.0]);
        }
    }

    #[test]
    fn names_are_allowed_in_the_first_row_and_the_first_column() {
        let plain = parse("0 10 20\n10 0 30\n20 30 0\n").unwrap();
        let named = "city,A,\"B, where C is\",C\nA,0,10,20\n\"B, where C is\",10,0,30\nC,20,30,0\n";
        assert_eq!(parse(named), Ok(plain.clone()));
        assert_eq!(parse("A,B,C\n0,10,20\n10,0,30\n20,30,0\n"), Ok(plain.clone()));
        assert_eq!(parse("as,a1,a2,a3\n1,0,10,20\n2,10,0,30\n3,20,30,0\n"), Ok(plain.clone()));
        assert_eq!(parse("\n0\t10\t20\n\n10\t0\t30\n20\t30\t0"), Ok(plain));
    }

    #[test]
    fn directions_are_averaged_and_a_round_trip_is_halved() {
        let matrix = Matrix::parse("m", "0 30\n50 0", Holds::Rtt, Unit::Us).unwrap();
        assert_eq!(matrix.one_way(0, 1), Duration::from_nanos(20_000));
        assert_eq!(matrix.one_way(1, 0), Duration::from_nanos(20_000));
    }

    #[test]
    fn machines_at_one_host_are_nearer_than_its_nearest_neighbour() {
        let matrix = parse("0 10 20\n10 3 30\n20 30 0\n").unwrap();
        assert_eq!([0, 1, 2].map(|host| millis(&matrix, host, host)), [5.0, 3.0, 10.0]);
    }

    #[test]
    fn errors_name_file_line_and_column_and_what_would_be_right() {
        let begins = |text: &str, message: &str| {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(message), "{error}");
        };
        begins("0,1\n\n1,x\n", "m.csv: line 3, column 2: `x` is not a number: write a delay in ms");
        begins("n,A,B\nA,0,\nB,1,0\n", "m.csv: line 2, column 3: `` is not a number");
        begins("0 -1\n1 0", "m.csv: line 1, column 2: `-1` is not a delay");
        begins("0 nan\n1 0", "m.csv: line 1, column 2: `nan` is not a delay");
        begins("0 1\n1 0 2", "m.csv: line 2, column 3: a row of 3 in a matrix of 2 rows");
        begins("0 1 2\n1 0", "m.csv: line 1, column 3: a row of 3 in a matrix of 2 rows");
        begins("0 1\n1", "m.csv: line 2, column 2: a row of 1 in a matrix of 2 rows");
        begins("O 1\n1 0", "m.csv: line 1, column 1: `O` is not a number");
        begins("0 5000\n1 0", "m.csv: line 1, column 2: 5000 ms is longer than the 4.29 s");
        begins("", "m.csv: line 1, column 1: there is no latency here");
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told_from_one_with_wrong_content() {
        let error = Matrix::load("/no/such/file.csv", Holds::Rtt, Unit::Ms).unwrap_err();
        assert!(matches!(error, FileError::Unreadable { .. }), "{error}");
    }
}
