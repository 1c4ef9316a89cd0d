//! Text files of tables, read line by line: comments, cells, separators.

use std::io::{self, BufRead, BufReader};
use std::path::Path;

use super::measured::{FileError, Wrong, in_file};
use crate::engine::input;

/// Number of lines examined to detect the separator.
const LOOKED_AT: usize = 100;

/// Source of the text of a table, which may be read several times.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    File { path: &'a Path, what: &'static str },
    Text { path: &'a Path, text: &'a str },
}

/// Separator of the cells of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Separator {
    Comma,
    Semicolon,
    Blanks,
}

/// Line with cells.
pub(super) struct Line<'a> {
    /// Line number from 1.
    pub number: usize,
    pub cells: &'a [&'a str],
    /// Whether the line begins as a comment.
    pub comment: bool,
}

impl Line<'_> {
    /// Error at the cell with this index.
    pub(super) fn wrong(&self, cell: usize, problem: impl Into<String>) -> Wrong {
        Wrong::at(self.number, cell, problem)
    }
}

impl<'a> Source<'a> {
    /// Path for error messages.
    pub(super) fn path(self) -> &'a Path {
        match self {
            Source::File { path, .. } | Source::Text { path, .. } => path,
        }
    }

    /// Separator of the cells: a semicolon, a comma, or else blanks. A comma between two digits is a decimal comma if
    /// blanks stand between numbers as well.
    pub(super) fn separator(self) -> Result<Separator, FileError> {
        let mut seen = 0;
        let (mut commas, mut semicolons, mut blanks) = (false, false, false);
        self.each(|_, text| {
            if !is_comment(text) && !text.trim().is_empty() {
                seen += 1;
                commas |= text.contains(',');
                semicolons |= text.contains(';');
                blanks |= text.split(',').any(numbers_side_by_side);
            }
            Ok(seen < LOOKED_AT)
        })?;
        Ok(match (semicolons, commas && !blanks) {
            (true, _) => Separator::Semicolon,
            (false, true) => Separator::Comma,
            (false, false) => Separator::Blanks,
        })
    }

    /// Calls `take` for every line with cells. Comments are skipped, except for one before all cells, which may hold
    /// names.
    pub(super) fn lines(
        self,
        separator: Separator,
        mut take: impl FnMut(&Line<'_>) -> Result<(), Wrong>,
    ) -> Result<(), FileError> {
        let mut before = true;
        self.each(|number, text| {
            let comment = is_comment(text);
            if text.trim().is_empty() || comment && !before {
                return Ok(true);
            }
            before &= comment;
            let text = if comment { text.trim_start().trim_start_matches(['#', '%', '/']) } else { text };
            with_cells(text, separator, |cells| take(&Line { number, cells, comment })).map(|()| true)
        })
    }

    /// Calls `take` for every line until it returns false.
    fn each(self, mut take: impl FnMut(usize, &str) -> Result<bool, Wrong>) -> Result<(), FileError> {
        let (mut file, mut bytes);
        let (reader, what): (&mut dyn BufRead, _) = match self {
            Source::Text { text, .. } => {
                bytes = text.as_bytes();
                (&mut bytes, "")
            }
            Source::File { path, what } => {
                let unreadable = |source| FileError::Unreadable { path: path.into(), what, source };
                file = BufReader::new(input::open(path).map_err(unreadable)?);
                (&mut file, what)
            }
        };
        let unreadable = |source: io::Error| FileError::Unreadable { path: self.path().into(), what, source };
        let mut line = Vec::new();
        for number in 1.. {
            line.clear();
            if reader.read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
                break;
            }
            // Numbers are ASCII; names in another encoding do no harm.
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end_matches(['\n', '\r']);
            let text = if number == 1 { text.trim_start_matches('\u{feff}') } else { text };
            if !take(number, text).map_err(|wrong| in_file(self.path(), wrong))? {
                break;
            }
        }
        Ok(())
    }
}

fn is_comment(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with(['#', '%']) || text.starts_with("//")
}

/// Whether blanks stand between two numbers, so that a comma is no separator.
fn numbers_side_by_side(cell: &str) -> bool {
    let mut before = false;
    !cell.contains('"')
        && cell.split_whitespace().any(|word| {
            let number = word.parse::<f64>().is_ok();
            std::mem::replace(&mut before, number) && number
        })
}

/// Splits a line into cells without blanks around them. A line in quotes goes through the CSV reader, one line at a time,
/// because that does not count empty ones.
fn with_cells<T>(text: &str, separator: Separator, take: impl FnOnce(&[&str]) -> T) -> T {
    let mark = match separator {
        Separator::Blanks => return take(&text.split_whitespace().collect::<Vec<_>>()),
        Separator::Comma => ',',
        Separator::Semicolon => ';',
    };
    if !text.contains('"') {
        return take(&text.split(mark).map(str::trim).collect::<Vec<_>>());
    }
    let mut reader = csv::ReaderBuilder::new();
    let reader = reader.has_headers(false).delimiter(mark as u8).trim(csv::Trim::All).from_reader(text.as_bytes());
    let record = reader.into_records().next().and_then(Result::ok).unwrap_or_default();
    take(&record.iter().collect::<Vec<_>>())
}

/// Number in a cell, with a decimal point or comma.
pub(super) fn number(cell: &str) -> Option<f64> {
    cell.parse().ok().or_else(|| match cell.split_once(',') {
        Some((whole, decimals)) if decimals.bytes().all(|byte| byte.is_ascii_digit()) => {
            format!("{whole}.{decimals}").parse().ok()
        }
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(text: &str) -> Vec<(usize, Vec<String>)> {
        let source = Source::Text { path: Path::new("t"), text };
        let mut all = Vec::new();
        let keep = |line: &Line<'_>| {
            all.push((line.number, line.cells.iter().map(|cell| (*cell).to_owned()).collect()));
            Ok(())
        };
        source.lines(source.separator().unwrap(), keep).unwrap();
        all
    }

    #[test]
    fn cells_are_separated_by_commas_semicolons_or_blanks() {
        let is = |text: &str, rows: &[&[&str]]| {
            let found: Vec<Vec<String>> = cells(text).into_iter().map(|(_, cells)| cells).collect();
            assert_eq!(found, rows, "{text}");
        };
        is("0, 10,\"a, b\"\n", &[&["0", "10", "a, b"]]);
        is("0;10,5;\r\n", &[&["0", "10,5", ""]]);
        is("0\t10,5 3\n1 2 3,5", &[&["0", "10,5", "3"], &["1", "2", "3,5"]]);
        is("\u{feff}1,2 345\n", &[&["1,2", "345"]]);
        is("New York,Berlin\n", &[&["New York", "Berlin"]]);
    }

    #[test]
    fn comments_are_passed_over_and_lines_counted() {
        let found = cells("% a b\n\n1 2\n# 7 8\n// 9\n3 4\n");
        let lines: Vec<usize> = found.iter().map(|(line, _)| *line).collect();
        assert_eq!((lines, &found[0].1[..]), (vec![1, 3, 6], &["a".to_owned(), "b".to_owned()][..]));
    }

    #[test]
    fn decimals_follow_a_point_or_a_comma() {
        let numbers = ["1.5", "1,5", "-2,25", "1,2,3", "1,x", ""].map(number);
        assert_eq!(numbers, [Some(1.5), Some(1.5), Some(-2.25), None, None, None]);
    }
}
