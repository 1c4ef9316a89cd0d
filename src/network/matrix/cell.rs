//! Cells of a file of delays.

use super::format::{Format, Value};
use crate::network::lines::number;

/// Value of a cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell {
    /// One-way delay in nanoseconds.
    Delay(f64),
    Zero,
    Hole,
}

/// Words for a missing value, in any case; an impossible number is one too.
const HOLES: [&str; 9] = ["", "-", "--", "*", "?", "na", "n/a", "none", "null"];

/// Whether a number can be a delay: not negative, infinite or `nan`.
fn is_measured(value: f64) -> bool {
    value.is_finite() && value >= 0.0
}

/// Whether a cell is a missing value.
pub(super) fn is_hole(cell: &str) -> bool {
    HOLES.iter().any(|hole| hole.eq_ignore_ascii_case(cell))
        || chosen(cell, Value::Max).is_some_and(|value| !is_measured(value))
}

/// Whether a cell is a zero, or three of them.
pub(super) fn is_zero(cell: &str) -> bool {
    chosen(cell, Value::Max) == Some(0.0)
}

/// Whether a cell is meant as a number, or as three: `Nan` is a province, and `10.0.0.1` an address.
pub(super) fn is_number(cell: &str) -> bool {
    let begins = cell.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first));
    begins && cell.split('/').all(|part| number(part).is_some())
}

/// Whether a cell is a valid value of a delay.
pub(super) fn is_value(cell: &str) -> bool {
    is_number(cell) || is_hole(cell)
}

/// Reads a cell.
pub(super) fn read(cell: &str, format: &Format) -> Result<Cell, String> {
    let Some(value) = chosen(cell, format.value) else {
        let unit = format.unit.name();
        return if is_hole(cell) {
            Ok(Cell::Hole)
        } else {
            Err(format!("`{cell}` is not a number: write a delay in {unit}"))
        };
    };
    if !is_measured(value) {
        return Ok(Cell::Hole);
    }
    let nanos = value * format.unit.one_way_nanos(format.holds);
    if nanos > f64::from(u32::MAX) {
        let unit = format.unit.name();
        return Err(format!(
            "{value} {unit} is longer than the 4.29 s one-way that a matrix may hold: is the unit right?"
        ));
    }
    Ok(if value == 0.0 { Cell::Zero } else { Cell::Delay(nanos) })
}

/// Chosen number of a cell with one number or three.
fn chosen(cell: &str, value: Value) -> Option<f64> {
    number(cell).or_else(|| {
        let mut parts = cell.split('/');
        let three = [(); 3].map(|()| parts.next().and_then(number));
        let [Some(min), Some(avg), Some(max)] = three else { return None };
        parts.next().is_none().then_some(match value {
            Value::Min => min,
            Value::Avg => avg,
            Value::Max => max,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::measured::{Holds, Unit};

    #[test]
    fn holes_and_zeros_are_those_that_are_read_as_such() {
        let format = Format { value: Value::Max, ..Format::new(Holds::OneWay, Unit::Ms) };
        for cell in [
            "",
            "-",
            "NaN",
            "inf",
            "-inf",
            "Infinity",
            "1e400",
            "-1",
            "-0",
            "0",
            "0,0",
            "0/0/0",
            "0/0/1",
            "-1/-1/-1",
            "nan/nan/nan",
            "1",
            "x",
            "1,5",
            "n/a",
        ] {
            let read = read(cell, &format);
            assert_eq!((is_hole(cell), is_zero(cell)), (read == Ok(Cell::Hole), read == Ok(Cell::Zero)), "`{cell}`");
        }
    }
}
