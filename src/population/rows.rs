//! Trace files: tables whose first line names the columns, read row by row, with the line and column of errors.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use crate::engine::numbered::{self, canonical, is_whole};
use crate::engine::{Time, input};

/// Error of a trace file. Nothing is kept of such a file.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// Read error.
    #[error("{}: cannot read the trace: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    /// Content error. Lines and columns (characters) count from 1.
    #[error("{}:{line}:{column}: {problem}", path.display())]
    Wrong { path: PathBuf, line: usize, column: usize, problem: String },
}

/// Text of a file; invalid UTF-8 becomes the replacement character.
pub(super) fn text(path: &Path) -> Result<String, TraceError> {
    let unreadable = |source| TraceError::Unreadable { path: path.into(), source };
    let bytes = input::read(path).map_err(unreadable)?;
    Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// Column of a trace.
pub(super) struct Column {
    /// Accepted names; the first that is present is used.
    pub names: &'static [&'static str],
    /// Whether a trace of this form must have the column.
    pub needed: bool,
}

/// Column of the participant, in every form.
pub(super) const PARTICIPANT: Column =
    Column { names: &["participant", "node", "node_id", "peer_id", "peer", "node_name", "host", "name"], needed: true };

/// Column of the time.
pub(super) const TIME: Column = Column { names: &["time_s", "time", "timestamp"], needed: true };

/// Row: the cells of the form's columns, without surrounding blanks or quotes, each with its position.
pub(super) struct Row<'a> {
    path: &'a Path,
    pub line: usize,
    cells: Vec<(usize, Cow<'a, str>)>,
}

/// Form whose columns the first line names, as an index into `forms`, and the rows after it. Empty lines are skipped.
/// `wanted` describes the required first line in words.
pub(super) fn rows<'a>(
    path: &'a Path,
    text: &'a str,
    forms: &[&[Column]],
    wanted: &str,
) -> Result<(usize, impl Iterator<Item = Result<Row<'a>, TraceError>> + use<'a>), TraceError> {
    let text = text.trim_start_matches('\u{feff}');
    let mut lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
    let (line, first) = lines.next().unwrap_or((1, ""));
    let separator = [',', ';', '\t'].into_iter().find(|mark| first.contains(*mark)).unwrap_or(' ');
    let header: Vec<String> =
        split(first.trim_start_matches('#'), separator).into_iter().map(|(_, cell)| cell.to_lowercase()).collect();
    let place = |column: &Column| column.names.iter().find_map(|name| header.iter().position(|cell| cell == name));
    let complete = |form: &&[Column]| form.iter().all(|column| !column.needed || place(column).is_some());
    let Some(form) = forms.iter().position(complete) else {
        let problem = format!("the first line must be {wanted}");
        return Err(TraceError::Wrong { path: path.into(), line, column: 1, problem });
    };
    let places: Vec<Option<usize>> = forms[form].iter().map(place).collect();
    let (columns, header) = (header.len(), header.join(","));
    let row = move |(line, text): (usize, &'a str)| {
        let mut cells = split(text, separator);
        if cells.len() != columns {
            let problem = format!("a row has {columns} cells, `{header}`, and this one has {}", cells.len());
            return Err(TraceError::Wrong { path: path.into(), line, column: 1, problem });
        }
        let mut take = |place: &Option<usize>| match place {
            Some(at) => (cells[*at].0, std::mem::take(&mut cells[*at].1)),
            None => (1, Cow::Borrowed("")),
        };
        Ok(Row { path, line, cells: places.iter().map(&mut take).collect() })
    };
    // Comments stand where a row would begin.
    Ok((form, lines.filter(|(_, line)| !line.starts_with('#')).map(row)))
}

/// Cells of a line, each with the column of its first character. Quoted text is not split, and two quotes in it are
/// one. Several blanks count as one.
fn split(line: &str, separator: char) -> Vec<(usize, Cow<'_, str>)> {
    let mut cells = Vec::new();
    let (mut begin, mut column, mut quoted) = (0, 1, false);
    let mut add = |from: usize, to: usize, column: usize| {
        let cell = &line[from..to];
        let at = column + cell.chars().take_while(|c| c.is_whitespace()).count();
        if separator != ' ' || !cell.trim().is_empty() {
            cells.push((at, unquoted(cell.trim())));
        }
    };
    for (at, (byte, character)) in line.char_indices().enumerate() {
        quoted ^= character == '"';
        if !quoted && (character == separator || separator == ' ' && character.is_whitespace()) {
            add(begin, byte, column);
            (begin, column) = (byte + character.len_utf8(), at + 2);
        }
    }
    add(begin, line.len(), column);
    cells
}

fn unquoted(cell: &str) -> Cow<'_, str> {
    match cell.strip_prefix('"').and_then(|cell| cell.strip_suffix('"')) {
        Some(inner) if inner.contains('"') => Cow::Owned(inner.replace("\"\"", "\"")),
        Some(inner) => Cow::Borrowed(inner),
        None => Cow::Borrowed(cell),
    }
}

impl Row<'_> {
    pub(super) fn cell(&self, cell: usize) -> &str {
        &self.cells[cell].1
    }

    /// Column in which a cell begins.
    pub(super) fn column(&self, cell: usize) -> usize {
        self.cells[cell].0
    }

    /// Error at a cell.
    pub(super) fn wrong(&self, cell: usize, problem: impl Into<String>) -> TraceError {
        TraceError::Wrong {
            path: self.path.into(),
            line: self.line,
            column: self.cells[cell].0,
            problem: problem.into(),
        }
    }

    /// Parses a whole number of at most `largest`.
    pub(super) fn number(&self, cell: usize, what: &str, largest: u64) -> Result<u64, TraceError> {
        let number = numbered::number(self.cell(cell)).filter(|number| *number <= largest);
        number.ok_or_else(|| {
            self.wrong(cell, format!("`{}` is no {what}: write a whole number up to {largest}", self.cell(cell)))
        })
    }

    /// Participant of a row: a whole number without leading zeros, or a name.
    pub(super) fn participant(&self, cell: usize) -> Result<&str, TraceError> {
        let said = self.cell(cell);
        if said.is_empty() || is_numeric(said) && numbered::number(said).is_none() {
            return Err(self.wrong(cell, format!("`{said}` is no participant: write a whole number or a name")));
        }
        Ok(canonical(said))
    }

    /// Parses seconds with up to nine decimals, exactly.
    pub(super) fn time(&self, cell: usize) -> Result<Time, TraceError> {
        let said = self.cell(cell);
        seconds(said).ok_or_else(|| {
            self.wrong(cell, format!("`{said}` is no time: write seconds with up to nine decimals, as in 12.5"))
        })
    }

    /// Parses a time that is not before `earliest`, the time of the previous row.
    pub(super) fn time_after(&self, cell: usize, earliest: Time) -> Result<Time, TraceError> {
        let at = self.time(cell)?;
        if at < earliest {
            let said = self.cell(cell);
            return Err(self.wrong(cell, format!("{said} s is out of order: the row before is of a later time")));
        }
        Ok(at)
    }
}

/// Whether a text is meant as a number, with or without sign and decimals; `1e5`, `nan` and `10.0.0.1` are names.
pub(super) fn is_numeric(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    match (whole, decimals) {
        ("", decimals) => is_whole(decimals),
        (whole, "") => is_whole(whole),
        (whole, decimals) => is_whole(whole) && is_whole(decimals),
    }
}

fn seconds(text: &str) -> Option<Time> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, "0"));
    if !is_whole(whole) || !is_whole(decimals) || decimals.len() > 9 {
        return None;
    }
    let nanos: u64 = format!("{decimals:0<9}").parse().ok()?;
    whole.parse::<u64>().ok()?.checked_mul(1_000_000_000)?.checked_add(nanos).map(Time::from_nanos)
}

/// Time in the format that [`Row::time`] reads.
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

    #[test]
    fn numbers_are_told_from_names() {
        for number in ["0", "07", "+1", "-1", "1.5", "1.", ".5", "-.5", "99999999999999999999"] {
            assert!(is_numeric(number), "{number}");
        }
        for name in ["", "+", ".", "-.", "1e5", "12e45678", "nan", "Infinity", "inf", "10.0.0.1", "1-2", "0x1", "٣"] {
            assert!(!is_numeric(name), "{name}");
        }
    }

    #[test]
    fn participants_are_whole_numbers_or_names() {
        let text = "time_s,node,state\n0,007,up\n0,0,up\n0,1e5,up\n0,12e45678,up\n0,nan,up\n0,Infinity,up\n0,+1,up\n0,1.5,up\n\
                    0,18446744073709551616,up\n";
        let read = rows(Path::new("t.csv"), text, &[&[PARTICIPANT]], "").unwrap().1;
        let read: Vec<Result<String, String>> = read
            .map(|row| row.and_then(|row| row.participant(0).map(str::to_owned)).map_err(|error| error.to_string()))
            .collect();
        let names = ["7", "0", "1e5", "12e45678", "nan", "Infinity"].map(|name| Ok(name.to_owned()));
        assert_eq!(read[..6], names);
        for (wrong, said) in read[6..].iter().zip(["8:3: `+1`", "9:3: `1.5`", "10:3: `18446744073709551616`"]) {
            let expected = format!("t.csv:{said} is no participant: write a whole number or a name");
            assert_eq!(*wrong, Err(expected));
        }
    }
}
