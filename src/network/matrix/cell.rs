//! One cell of a file of delays.

use super::format::{Format, Value};
use crate::network::lines::number;

/// What a cell says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cell {
    /// Nanoseconds one way.
    Delay(f64),
    Zero,
    Hole,
}

/// Words that stand for a delay that was not measured, whatever their case; a negative number does, too.
const HOLES: [&str; 11] = ["", "-", "--", "*", "?", "na", "n/a", "nan", "inf", "none", "null"];

/// Whether a cell is no delay and no name either.
pub(super) fn is_hole(cell: &str) -> bool {
    HOLES.iter().any(|hole| hole.eq_ignore_ascii_case(cell)) || number(cell).is_some_and(|value| value < 0.0)
}

/// Whether a cell is meant as a number, or as three: `Nan` is a province, and `10.0.0.1` an address.
pub(super) fn is_number(cell: &str) -> bool {
    let begins = cell.starts_with(|first: char| first.is_ascii_digit() || "+-.".contains(first));
    begins && cell.split('/').all(|part| number(part).is_some())
}

/// Whether a cell can stand where a delay is expected.
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
    if value.is_nan() || value < 0.0 || value == f64::INFINITY {
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

/// The number of a cell with one, or with three.
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
