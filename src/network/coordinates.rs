//! Network coordinates from a file: hosts embedded in a space in which distance is delay.
//!
//! A row a host: 2 or 3 coordinates, as CSV or separated by blanks, and after them, if the layout says so, a *height*
//! (Dabek et al., "Vivaldi", SIGCOMM 2004, §5.4): the part of a host's delay that each of its packets pays, whatever the
//! direction, like that of a slow access link. Delay between two hosts = distance + both heights. A first row of names
//! is allowed.

use std::path::Path;

use super::measured::{FileError, Holds, Row, Unit, Wrong, in_file, is_number, read, split};
use crate::engine::Duration;

/// What the columns of a file of coordinates are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Layout {
    /// 2 or 3.
    pub dimensions: u8,
    /// Whether a height follows the coordinates.
    pub height: bool,
    /// What a distance is.
    pub holds: Holds,
    pub unit: Unit,
}

/// The positions of the hosts of a file. 40 bytes a host, shared by all runs.
#[derive(Clone, Debug, PartialEq)]
pub struct Coordinates {
    rows: Vec<Host>,
}

/// Lengths in nanoseconds of one-way delay.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Host {
    /// The third is 0 in two dimensions.
    position: [f64; 3],
    height: f64,
    /// Half the distance to the nearest other host.
    around: f64,
}

impl Coordinates {
    /// Reads coordinates from a file.
    pub fn load(path: impl AsRef<Path>, layout: Layout) -> Result<Coordinates, FileError> {
        let path = path.as_ref();
        Coordinates::parse(path, &read(path, "the coordinates")?, layout)
    }

    /// Reads coordinates from the text of a file; `path` is for errors. Panics unless there are 2 or 3 dimensions.
    pub fn parse(path: impl AsRef<Path>, text: &str, layout: Layout) -> Result<Coordinates, FileError> {
        assert!((2..=3).contains(&layout.dimensions), "{} dimensions", layout.dimensions);
        let wrong = |wrong| in_file(path.as_ref(), wrong);
        let mut rows = split(text);
        let header = rows.first().is_some_and(|first| !first.cells.iter().any(|cell| is_number(cell)));
        rows.drain(..usize::from(header));
        if rows.is_empty() {
            return Err(wrong(Wrong::empty("there are no coordinates here: write a row for each host")));
        }
        let hosts: Result<Vec<Host>, Wrong> = rows.iter().map(|row| host(row, layout)).collect();
        let mut rows = hosts.map_err(wrong)?;
        measure_surroundings(&mut rows);
        Ok(Coordinates { rows })
    }

    /// Rows of the file; at least one.
    pub fn hosts(&self) -> u32 {
        self.rows.len() as u32
    }

    /// One-way delay between two hosts. Two machines at one host are half as far apart as it is from the nearest other,
    /// since no two machines are in one place; their heights count as between any two.
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

fn host(row: &Row, layout: Layout) -> Result<Host, Wrong> {
    let Layout { dimensions, height, holds, unit } = layout;
    let (dimensions, columns) = (usize::from(dimensions), usize::from(dimensions) + usize::from(height));
    if row.cells.len() != columns {
        let with = if height { " and a height" } else { "" };
        let problem =
            format!("a row of {} where {columns} are expected: {dimensions} coordinates{with}", row.cells.len());
        return Err(row.wrong(row.cells.len().min(columns), problem));
    }
    let mut host = Host { position: [0.0; 3], height: 0.0, around: 0.0 };
    for (column, cell) in row.cells.iter().enumerate() {
        let nanos = length(cell, unit, holds).map_err(|problem| row.wrong(column, problem))?;
        if column < dimensions {
            host.position[column] = nanos;
        } else if nanos < 0.0 {
            return Err(row.wrong(column, format!("a height of `{cell}`: it must not be negative")));
        } else {
            host.height = nanos;
        }
    }
    Ok(host)
}

/// A cell in nanoseconds of one-way delay.
fn length(cell: &str, unit: Unit, holds: Holds) -> Result<f64, String> {
    let name = unit.name();
    let value = cell.parse().ok().filter(|value: &f64| value.is_finite());
    let value = value.ok_or_else(|| format!("`{cell}` is not a number: write a coordinate in {name}"))?;
    let nanos = value * unit.one_way_nanos(holds);
    if nanos.abs() > f64::from(u32::MAX) {
        return Err(format!("{value} {name} is more than the 4.29 s one-way that may be: is the unit right?"));
    }
    Ok(nanos)
}

/// Finds half of each host's distance to its nearest other. Looks from each host along the first axis, both ways, no
/// farther than the nearest found so far: about √n steps a host where they are spread over a plane.
fn measure_surroundings(hosts: &mut [Host]) {
    let mut order: Vec<usize> = (0..hosts.len()).collect();
    order.sort_by(|&a, &b| hosts[a].position[0].total_cmp(&hosts[b].position[0]));
    for (place, &at) in order.iter().enumerate() {
        let mut nearest = f64::INFINITY;
        let (before, after) = (order[..place].iter().rev(), order[place + 1..].iter());
        for side in [&mut before.into_iter() as &mut dyn Iterator<Item = &usize>, &mut after.into_iter()] {
            for &other in side {
                if (hosts[other].position[0] - hosts[at].position[0]).abs() >= nearest {
                    break;
                }
                nearest = nearest.min(distance(&hosts[at], &hosts[other]));
            }
        }
        hosts[at].around = if nearest.is_finite() { nearest / 2.0 } else { 0.0 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::measured::shared_data;

    const FLAT: Layout = Layout { dimensions: 2, height: false, holds: Holds::OneWay, unit: Unit::Ms };

    fn parse(text: &str, layout: Layout) -> Result<Coordinates, String> {
        Coordinates::parse("c.csv", text, layout).map_err(|error| error.to_string())
    }

    fn millis(coordinates: &Coordinates, a: u32, b: u32) -> f64 {
        coordinates.one_way(a, b).as_millis_f64()
    }

    #[test]
    fn the_hosts_of_oversim_are_as_far_apart_as_published() {
        let Some(text) = shared_data("coordinates_2d_ms_14992.csv") else { return };
        let coordinates = parse(&text, FLAT).unwrap();
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
