//! Demand from a file: `time_s,participant,operation,key,bytes`, a row for every operation, in the order of time.
//!
//! `operation` is lookup, get or put. `key` is for a get or put the number of the resource, from 0, for a lookup any point
//! of the identifier space. `bytes`, of a put, is the size of the value from then on; it may be empty, and is otherwise
//! not looked at. A row about a participant that is offline then asks for nothing.

use std::path::Path;

use super::rows::{self, TraceError, rows};
use super::workload::OperationKind;
use crate::engine::Time;

const HEADER: &str = "time_s,participant,operation,key,bytes";

/// One operation that somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    pub at: Time,
    pub participant: u32,
    pub kind: OperationKind,
    /// The record's number; of a lookup the key.
    pub key: u64,
    /// Of a put: bytes of the value, if they change.
    pub bytes: Option<u32>,
}

/// What the rows of a file may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Limits {
    pub participants: u32,
    /// Zero: gets and puts are refused.
    pub resources: u32,
    pub largest_value: u32,
    pub end: Time,
}

/// Reads a file.
///
/// # Errors
/// The file cannot be read, is not in order, or names what is not there.
pub fn load(path: &Path, limits: &Limits) -> Result<Vec<Request>, TraceError> {
    parse(path, &rows::text(path)?, limits)
}

/// The same from the text of a file; `path` is for errors.
pub fn parse(path: &Path, text: &str, limits: &Limits) -> Result<Vec<Request>, TraceError> {
    let mut requests = Vec::new();
    let mut now = Time::ZERO;
    for row in rows(path, text, HEADER)? {
        let row = row?;
        now = row.time(0, now, limits.end)?;
        let participant = row.number(1, "participant", u64::from(limits.participants) - 1)? as u32;
        let Some(kind) = OperationKind::ALL.into_iter().find(|kind| kind.name() == row.cell(2)) else {
            return Err(row.wrong(2, format!("`{}` is no operation: write lookup, get or put", row.cell(2))));
        };
        let key = match (kind, u64::from(limits.resources).checked_sub(1)) {
            (OperationKind::Lookup, _) => row.number(3, "key", u64::MAX)?,
            (_, Some(last)) => row.number(3, "resource", last)?,
            (_, None) => return Err(row.wrong(3, "there is nothing to get or put: add [resources] to the scenario")),
        };
        let bytes = match (kind, row.cell(4)) {
            (OperationKind::Put, bytes) if !bytes.is_empty() => {
                Some(row.number(4, "size of a value", limits.largest_value.into())? as u32)
            }
            _ => None,
        };
        requests.push(Request { at: now, participant, kind, key, bytes });
    }
    Ok(requests)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Duration;

    fn read(text: &str) -> Result<Vec<Request>, TraceError> {
        let end = Time::ZERO + Duration::from_secs(60);
        let limits = Limits { participants: 5, resources: 10, largest_value: 16_384, end };
        parse(Path::new("t.csv"), &format!("{HEADER}\n{text}"), &limits)
    }

    #[test]
    fn rows_are_read_as_they_stand() {
        let at = |seconds| Time::ZERO + Duration::from_secs(seconds);
        let request = |at, participant, kind, key, bytes| Request { at, participant, kind, key, bytes };
        let all = read("0,4,lookup,18446744073709551615,\n0,1,get,9,77\n60,0,put,0,512\n60,0,put,0,\n").unwrap();
        let expected = [
            request(at(0), 4, OperationKind::Lookup, u64::MAX, None),
            request(at(0), 1, OperationKind::Get, 9, None),
            request(at(60), 0, OperationKind::Put, 0, Some(512)),
            request(at(60), 0, OperationKind::Put, 0, None),
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn what_is_not_there_is_told_with_line_and_column() {
        let told = |text: &str, expected: &str| {
            let error = read(text).expect_err(text).to_string();
            assert!(error.starts_with(expected), "{error}");
        };
        told("5,0,get,1,\n4,0,get,1,\n", "t.csv:3:1: 4 s is out of order");
        told("61,0,get,1,\n", "t.csv:2:1: 61 s is after the end");
        told("1,5,get,1,\n", "t.csv:2:3: `5` is no participant: write a whole number up to 4");
        told("1,0,ask,1,\n", "t.csv:2:5: `ask` is no operation");
        told("1,0,get,10,\n", "t.csv:2:9: `10` is no resource: write a whole number up to 9");
        told("1,0,put,1,20000\n", "t.csv:2:11: `20000` is no size of a value");
    }
}
