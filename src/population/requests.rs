//! Workload traces: `time_s,participant,operation,key,bytes`, a row for each operation, in order of time.
//!
//! `operation` is lookup, get or put. `key` is, for a get or put, the number of the resource, from 0; for a lookup any
//! key of the identifier space. A hexadecimal number `0x…`, whose first 64 bits count, and any other text, which is
//! hashed, are a key of the identifier space, or the resource that this key maps to. `bytes`, for a put, is the size of
//! the value from then on; it may be empty, and is otherwise ignored. A row about a participant that is offline at that
//! time has no effect. Participants have the names of the file of their sessions, if there is one, or numbers from 0
//! on. Rows before time zero or after the run are left out.

use std::path::Path;
use std::sync::Arc;

use super::rows::{self, Column, PARTICIPANT, Row, TIME, TraceError, is_numeric, rows};
use super::trace::Trace;
use crate::engine::{Duration, Time};
use crate::model::OperationKind;

const WANTED: &str = "`time_s,participant,operation,key,bytes`, in any order, other columns between them or not";

const COLUMNS: &[Column] = &[
    TIME,
    PARTICIPANT,
    Column { names: &["operation"], needed: true },
    Column { names: &["key"], needed: true },
    Column { names: &["bytes", "size"], needed: false },
];

/// Operation of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    pub at: Time,
    pub participant: u32,
    pub kind: OperationKind,
    /// Number of the record; of a lookup, the key.
    pub key: u64,
    /// New size of the value in bytes, of a put that changes it.
    pub bytes: Option<u32>,
}

/// Names that the rows of a file may use.
#[derive(Clone, Debug)]
pub struct Limits {
    pub participants: u32,
    /// Names of participants, if they have names.
    pub names: Option<Arc<Trace>>,
    /// Number of resources; zero: gets and puts are refused.
    pub resources: u32,
    pub largest_value: u32,
    /// Timestamp in the file that is time zero.
    pub start: Duration,
    pub end: Time,
}

/// Operations of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    pub list: Vec<Request>,
    /// Number of rows before time zero and after the end.
    pub outside: u64,
}

/// Reads a file.
///
/// # Errors
/// The file cannot be read, is not in order, or names what is not there.
pub fn load(path: &Path, limits: &Limits) -> Result<Requests, TraceError> {
    parse(path, &rows::text(path)?, limits)
}

/// Reads the text of a file; `path` is for errors.
///
/// # Errors
/// The text is not in order, or names what is not there.
pub fn parse(path: &Path, text: &str, limits: &Limits) -> Result<Requests, TraceError> {
    let mut requests = Requests::default();
    let mut now = Time::ZERO;
    for row in rows(path, text, &[COLUMNS], WANTED)?.1 {
        let row = row?;
        now = row.time_after(0, now)?;
        let participant = participant(&row, limits)?;
        let Some(kind) = OperationKind::ALL.into_iter().find(|kind| kind.name() == row.cell(2)) else {
            return Err(row.wrong(2, format!("`{}` is no operation: write lookup, get or put", row.cell(2))));
        };
        let key = key(&row, kind, limits.resources)?;
        let bytes = match (kind, row.cell(4)) {
            (OperationKind::Put, bytes) if !bytes.is_empty() => {
                Some(row.number(4, "size of a value", limits.largest_value.into())? as u32)
            }
            _ => None,
        };
        let start = Time::ZERO + limits.start;
        let at = Time::ZERO + now.since(start);
        if now < start || at > limits.end {
            requests.outside += 1;
        } else if let Some(participant) = participant {
            requests.list.push(Request { at, participant, kind, key, bytes });
        }
    }
    Ok(requests)
}

/// Participant that issues the operation; `None` if it is never online in the run.
fn participant(row: &Row<'_>, limits: &Limits) -> Result<Option<u32>, TraceError> {
    let Some(names) = &limits.names else {
        return row.number(1, "participant", u64::from(limits.participants) - 1).map(|number| Some(number as u32));
    };
    let name = row.participant(1)?;
    let number = names.participant(name);
    number.ok_or_else(|| row.wrong(1, format!("`{name}` is nobody of population.churn.trace")))
}

fn key(row: &Row<'_>, kind: OperationKind, resources: u32) -> Result<u64, TraceError> {
    let said = row.cell(3);
    let last = u64::from(resources).checked_sub(1);
    if let (None, OperationKind::Get | OperationKind::Put) = (last, kind) {
        return Err(row.wrong(3, "there is nothing to get or put: add [resources] to the scenario"));
    }
    if said.is_empty() || is_numeric(said) {
        return match last {
            Some(last) if kind != OperationKind::Lookup => row.number(3, "resource", last),
            _ => row.number(3, "key", u64::MAX),
        };
    }
    let point = match said.strip_prefix("0x") {
        Some(digits) => hexadecimal(digits)
            .ok_or_else(|| row.wrong(3, format!("`{said}` is no key: write digits from 0 to f after `0x`")))?,
        None => {
            let hash = blake3::hash(said.as_bytes());
            u64::from_be_bytes(std::array::from_fn(|at| hash.as_bytes()[at]))
        }
    };
    Ok(if kind == OperationKind::Lookup { point } else { point % u64::from(resources) })
}

/// First 64 bits of a number, or all of a shorter one.
fn hexadecimal(digits: &str) -> Option<u64> {
    let all = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    all.then(|| u64::from_str_radix(&digits[..digits.len().min(16)], 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::population::trace::Bounds;

    const HEADER: &str = "time_s,participant,operation,key,bytes";

    fn limits() -> Limits {
        let end = Time::ZERO + Duration::from_secs(60);
        Limits { participants: 5, names: None, resources: 10, largest_value: 16_384, start: Duration::ZERO, end }
    }

    fn read(text: &str) -> Result<Vec<Request>, TraceError> {
        parse(Path::new("t.csv"), &format!("{HEADER}\n{text}"), &limits()).map(|requests| requests.list)
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
        told("1,bob,get,1,\n", "t.csv:2:3: `bob` is no participant: write a whole number up to 4");
        told("1,0,lookup,0xg,\n", "t.csv:2:12: `0xg` is no key");
        told("1,0,get,-1,\n", "t.csv:2:9: `-1` is no resource: write a whole number up to 9");
        told("1,0,get,+1,\n", "t.csv:2:9: `+1` is no resource: write a whole number up to 9");
        told("1,+0,get,1,\n", "t.csv:2:3: `+0` is no participant: write a whole number up to 4");
        told("1,5,get,1,\n", "t.csv:2:3: `5` is no participant: write a whole number up to 4");
        told("1,0,ask,1,\n", "t.csv:2:5: `ask` is no operation");
        told("1,0,get,10,\n", "t.csv:2:9: `10` is no resource: write a whole number up to 9");
        told("1,0,put,1,20000\n", "t.csv:2:11: `20000` is no size of a value");
    }

    #[test]
    fn keys_are_numbers_hexadecimal_or_any_text() {
        let keys = |text: &str| read(text).unwrap().into_iter().map(|request| request.key).collect::<Vec<u64>>();
        let long = "0,0,lookup,0x123456789abcdef0123456789abcdef0ffffffff,\n0,0,lookup,0xFF,\n";
        assert_eq!(keys(long), [0x1234_5678_9abc_def0, 255]);
        let texts = keys("0,0,lookup,a/b.txt,\n1,0,get,a/b.txt,\n2,0,put,a/b.txt,\n3,0,get,\"x,y\",\n");
        assert_eq!([texts[1], texts[2]], [texts[0] % 10; 2]);
        assert!(texts[3] < 10 && texts[0] > 10);
        let like =
            ["1e5", "12e45678", "nan", "Infinity", "10.0.0.1"].map(|text| keys(&format!("0,0,lookup,{text},\n"))[0]);
        assert!(like.iter().all(|key| *key > 1 << 32), "hashes, {like:?}");
        assert!(read("0,0,lookup,1.5,\n").is_err());
    }

    #[test]
    fn names_are_those_of_the_sessions_and_times_those_of_the_run() {
        let second = |seconds| Time::ZERO + Duration::from_secs(seconds);
        let bounds = Bounds { participants: None, start: Duration::from_secs(1_000), latest: second(60) };
        let sessions = "node,start,end\nbob,1000,\namy,1010,1020\neve,0,5\n";
        let names = Some(Arc::new(Trace::parse(Path::new("s.csv"), sessions, bounds).unwrap()));
        let limits = Limits { names, participants: 2, start: bounds.start, ..limits() };
        let text = "key;operation;node;time\n1;get;bob;999\n1;get;amy;1000\n2;get;eve;1001\n3;get;bob;1002.5\n4;get;bob;1061\n";
        let Requests { list, outside } = parse(Path::new("t.csv"), text, &limits).unwrap();
        let asked: Vec<(Time, u32, u64)> = list.iter().map(|asked| (asked.at, asked.participant, asked.key)).collect();
        assert_eq!(asked, [(second(0), 1, 1), (Time::from_nanos(2_500_000_000), 0, 3)]);
        assert_eq!(outside, 2);
        let error = parse(Path::new("t.csv"), &text.replace("eve", "joe"), &limits).unwrap_err().to_string();
        assert_eq!(error, "t.csv:4:7: `joe` is nobody of population.churn.trace");
    }
}
