//! Trace files: CSV with a fixed first line, read row by row, so that what is wrong has a line and a column.

use std::io;
use std::path::{Path, PathBuf};

use crate::engine::Time;

/// Why there is no trace. Nothing is kept of a file with an error.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The file could not be read.
    #[error("{}: cannot read the trace: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// What it holds is not such a trace. Lines and columns (characters) count from 1.
    #[error("{}:{line}:{column}: {problem}", path.display())]
    Wrong { path: PathBuf, line: usize, column: usize, problem: String },
}

/// The text of a file.
pub(super) fn text(path: &Path) -> Result<String, TraceError> {
    let unreadable = |source| TraceError::Unreadable { path: path.into(), source };
    let bytes = std::fs::read(path).map_err(unreadable)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// One row: its cells without blanks around them, each with its column.
pub(super) struct Row<'a> {
    path: &'a Path,
    line: usize,
    cells: Vec<(usize, &'a str)>,
}

/// The rows after the first line, which must be `header`. Empty lines are passed over.
pub(super) fn rows<'a>(
    path: &'a Path,
    text: &'a str,
    header: &'static str,
) -> Result<impl Iterator<Item = Result<Row<'a>, TraceError>>, TraceError> {
    let wanted = header.split(',').count();
    let row = move |(line, text): (usize, &'a str)| {
        let mut column = 1;
        let cell = |cell: &'a str| {
            let blanks = cell.chars().take_while(|c| c.is_whitespace()).count();
            let at = column + blanks;
            column += cell.chars().count() + 1;
            (at, cell.trim())
        };
        Row { path, line, cells: text.split(',').map(cell).collect() }
    };
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty()).map(row);
    let first = lines.next().map(|first| first.cells.iter().map(|(_, cell)| *cell).collect::<Vec<_>>().join(","));
    if first.as_deref() != Some(header) {
        let problem = format!("the first line must be `{header}`");
        return Err(TraceError::Wrong { path: path.into(), line: 1, column: 1, problem });
    }
    Ok(lines.map(move |row| match row.cells.len() {
        cells if cells == wanted => Ok(row),
        cells => Err(row.wrong(0, format!("a row has {wanted} cells, `{header}`, and this one has {cells}"))),
    }))
}

impl<'a> Row<'a> {
    pub fn cell(&self, cell: usize) -> &'a str {
        self.cells[cell].1
    }

    /// What is wrong with a cell.
    pub fn wrong(&self, cell: usize, problem: impl Into<String>) -> TraceError {
        TraceError::Wrong {
            path: self.path.into(),
            line: self.line,
            column: self.cells[cell].0,
            problem: problem.into(),
        }
    }

    /// A whole number of at most `largest`.
    pub fn number(&self, cell: usize, what: &str, largest: u64) -> Result<u64, TraceError> {
        let number = self.cell(cell).parse().ok().filter(|number| *number <= largest);
        number.ok_or_else(|| {
            self.wrong(cell, format!("`{}` is no {what}: write a whole number up to {largest}", self.cell(cell)))
        })
    }

    /// Seconds with up to nine decimals, exactly; not before `earliest`, not after `latest`.
    pub fn time(&self, cell: usize, earliest: Time, latest: Time) -> Result<Time, TraceError> {
        let said = self.cell(cell);
        let at = seconds(said).ok_or_else(|| {
            self.wrong(cell, format!("`{said}` is no time: write seconds with up to nine decimals, as in 12.5"))
        })?;
        if at < earliest {
            return Err(self.wrong(cell, format!("{said} s is out of order: the row before is of a later time")));
        }
        if at > latest {
            return Err(self.wrong(cell, format!("{said} s is after the end: nothing can happen later than {latest}")));
        }
        Ok(at)
    }
}

fn seconds(text: &str) -> Option<Time> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(decimals) || decimals.len() > 9 {
        return None;
    }
    let nanos: u64 = format!("{decimals:0<9}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(1_000_000_000)?.checked_add(nanos).map(Time::from_nanos)
}

/// An instant as [`Row::time`] reads it.
pub(super) fn written(at: Time) -> String {
    let (whole, nanos) = (at.as_nanos() / 1_000_000_000, at.as_nanos() % 1_000_000_000);
    match nanos {
        0 => whole.to_string(),
        nanos => format!("{whole}.{nanos:09}").trim_end_matches('0').to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_back_to_the_nanosecond() {
        for nanos in [0, 1, 500_000_000, 1_000_000_000, 12_345_678_900, u64::MAX / 2] {
            let at = Time::from_nanos(nanos);
            assert_eq!(seconds(&written(at)), Some(at));
        }
        for wrong in ["", "-1", "1.", ".5", "1e3", "1.0000000001", "x"] {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }
}
