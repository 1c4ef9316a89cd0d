//! Network coordinates from a file: hosts embedded in a space in which distance is delay.
//!
//! Each row is a host: 2 or 3 coordinates, separated by commas, semicolons or blanks, followed, if the layout says so,
//! by a *height* (Dabek et al., "Vivaldi", SIGCOMM 2004, §5.4): the part of a host's delay that is added to each of its
//! packets in either direction, like that of a slow access link. Delay between two hosts = distance + both heights. A
//! header row of names, and an id, a name, or both before each host's coordinates, are allowed.

mod nearest;

use std::path::Path;

use super::lines::{Line, Source, number};
use super::measured::{FileError, Holds, Unit, Wrong, in_file};
use crate::engine::Duration;
use nearest::measure_surroundings;

/// Layout of a file of coordinates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Layout {
    /// Number of dimensions, 2 or 3.
    pub dimensions: u8,
    /// Whether a height follows the coordinates.
    pub height: bool,
    /// Meaning of a distance.
    pub holds: Holds,
    pub unit: Unit,
    /// Whether ids or names precede the coordinates; `None`: they do if they are not numbers.
    pub names: Option<bool>,
}

/// Positions of the hosts of a file. 40 bytes per host, shared by all runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Coordinates {
    rows: Vec<Host>,
}

/// Host; lengths are in nanoseconds of one-way delay.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Host {
    /// Coordinates; the third is 0 in two dimensions.
    position: [f64; 3],
    height: f64,
    /// Distance between two machines at this host: half of that to the nearest other host.
    around: f64,
}

impl Coordinates {
    /// Reads coordinates from a file.
    pub fn load(path: impl AsRef<Path>, layout: Layout) -> Result<Coordinates, FileError> {
        Coordinates::read(Source::File { path: path.as_ref(), what: "the coordinates" }, layout)
    }

    /// Reads coordinates from the text of a file; `path` is for errors. Panics unless there are 2 or 3 dimensions.
    pub fn parse(path: impl AsRef<Path>, text: &str, layout: Layout) -> Result<Coordinates, FileError> {
        Coordinates::read(Source::Text { path: path.as_ref(), text }, layout)
    }

    fn read(source: Source<'_>, layout: Layout) -> Result<Coordinates, FileError> {
        assert!((2..=3).contains(&layout.dimensions), "{} dimensions", layout.dimensions);
        let mut rows = Vec::new();
        let mut first = true;
        source.lines(source.separator()?, |line| {
            let header = line.comment || first && !line.cells.iter().any(|cell| begins_as_number(cell));
            first &= line.comment;
            if !header {
                rows.push(host(line, layout)?);
            }
            Ok(())
        })?;
        if rows.is_empty() {
            let nothing = Wrong::empty("there are no coordinates here: write a row for each host");
            return Err(in_file(source.path(), nothing));
        }
        rows.shrink_to_fit();
        measure_surroundings(&mut rows);
        Ok(Coordinates { rows })
    }

    /// Number of hosts in the file; at least one.
    pub fn hosts(&self) -> u32 {
        self.rows.len() as u32
    }

    /// One-way delay between two hosts. Two machines at one host are half as far apart as it is from the nearest other
    /// host, since no two machines share a position; their heights are added as between any two.
    pub fn one_way(&self, a: u32, b: u32) -> Duration {
        let (from, to) = (&self.rows[a as usize], &self.rows[b as usize]);
        let distance = if a == b { from.around } else { distance(from, to) };
        Duration::from_nanos((distance + from.height + to.height + 0.5) as u64)
    }

    pub fn heap_bytes(&self) -> usize {
        self.rows.capacity() * size_of::<Host>()
    }
}

fn distance(a: &Host, b: &Host) -> f64 {
    let [x, y, z] = [0, 1, 2].map(|axis| a.position[axis] - b.position[axis]);
    (x * x + y * y + z * z).sqrt()
}

/// Whether a cell of the first row is meant as a number.
fn begins_as_number(cell: &str) -> bool {
    cell.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first))
}

fn host(row: &Line<'_>, layout: Layout) -> Result<Host, Wrong> {
    let Layout { dimensions, height, .. } = layout;
    let (dimensions, columns) = (usize::from(dimensions), usize::from(dimensions) + usize::from(height));
    let names = names(row, columns, layout.names)?;
    if row.cells.len() - names != columns {
        let with = if height { " and a height" } else { "" };
        let found = row.cells.len();
        let names = if found > columns { "; if it begins with the number of the host, set names = true" } else { "" };
        let problem = format!("a row of {found} where {columns} are expected: {dimensions} coordinates{with}{names}");
        return Err(row.wrong(row.cells.len().min(columns), problem));
    }
    let mut host = Host { position: [0.0; 3], height: 0.0, around: 0.0 };
    for (column, cell) in row.cells[names..].iter().enumerate() {
        let nanos = length(cell, layout).map_err(|problem| row.wrong(column + names, problem))?;
        if column < dimensions {
            host.position[column] = nanos;
        } else if nanos < 0.0 {
            return Err(row.wrong(column + names, format!("a height of `{cell}`: it must not be negative")));
        } else {
            host.height = nanos;
        }
    }
    Ok(host)
}

/// Number of cells before the coordinates.
fn names(row: &Line<'_>, columns: usize, said: Option<bool>) -> Result<usize, Wrong> {
    let before = row.cells.len().saturating_sub(columns);
    match said {
        Some(true) if before == 0 => {
            Err(row.wrong(0, format!("a row of {} has no name before its {columns} numbers", row.cells.len())))
        }
        Some(true) => Ok(before),
        Some(false) => Ok(0),
        None if row.cells[..before].iter().any(|cell| number(cell).is_none()) => Ok(before),
        None => Ok(0),
    }
}

/// Value of a cell in nanoseconds of one-way delay.
fn length(cell: &str, Layout { unit, holds, .. }: Layout) -> Result<f64, String> {
    let name = unit.name();
    let value = number(cell).filter(|value| value.is_finite());
    let value = value.ok_or_else(|| format!("`{cell}` is not a number: write a coordinate in {name}"))?;
    let nanos = value * unit.one_way_nanos(holds);
    if nanos.abs() > f64::from(u32::MAX) {
        return Err(format!("{value} {name} is more than the 4.29 s one-way that may be: is the unit right?"));
    }
    Ok(nanos)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::measured::published;

    const FLAT: Layout = Layout { dimensions: 2, height: false, holds: Holds::OneWay, unit: Unit::Ms, names: None };

    fn parse(text: &str, layout: Layout) -> Result<Coordinates, String> {
        Coordinates::parse("c.csv", text, layout).map_err(|error| error.to_string())
    }

    fn millis(coordinates: &Coordinates, a: u32, b: u32) -> f64 {
        coordinates.one_way(a, b).as_millis_f64()
    }

    #[test]
    fn the_hosts_of_oversim_are_as_far_apart_as_published() {
        let coordinates = parse(&published("coordinates_2d_ms_14992.csv"), FLAT).unwrap();
        assert_eq!(coordinates.hosts(), 14_992);
        // All 112 million pairs, counted by tenths of a millisecond.
        let mut counts = vec![0u32; 10_000];
        let mut sum = 0.0;
        for (a, b) in (0..14_992).flat_map(|a| (0..a).map(move |b| (a, b))) {
            let delay = millis(&coordinates, a, b);
            sum += delay;
            counts[(delay * 10.0) as usize] += 1;
        }
        let pairs: u32 = counts.iter().sum();
        let quantile = |share: f64| {
            let mut left = (share * f64::from(pairs)) as u32;
            let place = counts.iter().position(|count| left.checked_sub(*count).map(|less| left = less).is_none());
            place.unwrap() as f64 / 10.0
        };
        // The published figures are of a sample; exactly, the mean is 78.75.
        for (found, published) in [(sum / f64::from(pairs), 78.9), (quantile(0.5), 70.0), (quantile(0.95), 179.0)] {
            assert!((found / published - 1.0).abs() < 0.005, "{found} instead of {published}");
        }
    }

    #[test]
    fn delay_is_the_distance_in_two_and_three_dimensions() {
        let flat = parse("x_ms,y_ms\n0,0\n3,-4\n", FLAT).unwrap();
        assert_eq!(millis(&flat, 0, 1), 5.0);
        let deep = parse("0 0 0\n2 3 -6\n", Layout { dimensions: 3, ..FLAT }).unwrap();
        assert_eq!(millis(&deep, 1, 0), 7.0);
        let round_trips = parse("0 0\n3000 4000\n", Layout { holds: Holds::Rtt, unit: Unit::Us, ..FLAT }).unwrap();
        assert_eq!(millis(&round_trips, 0, 1), 2.5);
    }

    #[test]
    fn heights_are_paid_at_both_ends() {
        let coordinates = parse("0,0,10\n3,4,1\n", Layout { height: true, ..FLAT }).unwrap();
        assert_eq!(millis(&coordinates, 0, 1), 16.0);
        assert_eq!([0, 1].map(|host| millis(&coordinates, host, host)), [22.5, 4.5]);
    }

    #[test]
    fn machines_at_one_host_are_half_as_far_apart_as_it_is_from_its_nearest() {
        let coordinates = parse("0,0\n0.5,9\n2,0\n-3,1\n", FLAT).unwrap();
        let nearest = |a: u32| (0..4).filter(|&b| b != a).map(|b| millis(&coordinates, a, b)).fold(99.0, f64::min);
        for host in 0..4 {
            assert!((millis(&coordinates, host, host) - nearest(host) / 2.0).abs() < 1e-5, "host {host}");
        }
        assert_eq!(millis(&parse("7 7", FLAT).unwrap(), 0, 0), 0.0, "there is no other to be far from");
    }

    #[test]
    fn ids_and_names_before_the_coordinates_are_no_coordinates() {
        let plain = parse("0,0\n3,-4\n", FLAT).unwrap();
        for named in
            ["id,x,y\na1,0,0\na2,3,-4\n", "7;pl1.mit.edu;0;0\n8;pl2.mit.edu;3,0;-4,0\n", "# id x y\nb 0 0\nc 3 -4\n"]
        {
            assert_eq!(parse(named, FLAT), Ok(plain.clone()), "{named}");
        }
        assert_eq!(parse("1,0,0\n2,3,-4\n", Layout { names: Some(true), ..FLAT }), Ok(plain));
        let error = parse("1,0,0\n2,3,-4\n", FLAT).unwrap_err();
        assert!(error.ends_with("if it begins with the number of the host, set names = true"), "{error}");
    }

    #[test]
    fn errors_name_file_line_and_column_and_what_would_be_right() {
        let begins = |text: &str, layout: Layout, message: &str| {
            let error = parse(text, layout).unwrap_err();
            assert!(error.starts_with(message), "{error}");
        };
        let high = Layout { height: true, ..FLAT };
        begins("x,y\n1,2\n\n1,b\n", FLAT, "c.csv: line 4, column 2: `b` is not a number: write a coordinate in ms");
        begins("1,nan\n", FLAT, "c.csv: line 1, column 2: `nan` is not a number");
        begins("1,2\n1,2,3\n", FLAT, "c.csv: line 2, column 3: a row of 3 where 2 are expected: 2 coordinates");
        begins("1,2\n", high, "c.csv: line 1, column 3: a row of 2 where 3 are expected: 2 coordinates and a height");
        begins("1,2,-3\n", high, "c.csv: line 1, column 3: a height of `-3`: it must not be negative");
        begins("1,-5000\n", FLAT, "c.csv: line 1, column 2: -5000 ms is more than the 4.29 s");
        begins("x,y\n", FLAT, "c.csv: line 1, column 1: there are no coordinates here");
    }
}
