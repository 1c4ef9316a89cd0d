//! Aggregates of operations: a selection of rows of `operations.csv`, and an aggregate function over it.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::{Check, Noted};
use super::file;
use super::problem::Problem;
use crate::engine::{Duration, Time};
use crate::model::{Cause, OperationKind};

/// Aggregate over the operations issued in the measurement of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    pub function: Function,
    /// Numeric column; `None`: rows are counted.
    pub of: Option<Column>,
    pub kind: Option<OperationKind>,
    /// Interval of the time of issue, the end exclusive.
    pub issued: (Time, Time),
    pub ending: Option<Ending>,
    pub cause: Option<Cause>,
    /// Exclusive bounds of the value in column `of`.
    pub values: (f64, f64),
}

/// Aggregate function.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Function {
    Mean,
    Median,
    P95,
    P99,
    Min,
    Max,
    /// Number of chosen rows.
    Count,
    /// Number of chosen rows over the number of all rows of their kind in that time.
    Share,
}

impl Function {
    pub const fn name(self) -> &'static str {
        match self {
            Function::Mean => "mean",
            Function::Median => "median",
            Function::P95 => "p95",
            Function::P99 => "p99",
            Function::Min => "min",
            Function::Max => "max",
            Function::Count => "count",
            Function::Share => "share",
        }
    }

    /// Whether the function counts rows, so that no column is needed.
    pub const fn counts(self) -> bool {
        matches!(self, Function::Count | Function::Share)
    }
}

/// Columns of `operations.csv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Column {
    Participant,
    Session,
    Number,
    Kind,
    IssuedS,
    Outcome,
    Cause,
    LatencyMs,
    Hops,
    Rpcs,
    Timeouts,
}

impl Column {
    /// Names in the order of the file, and of the variants.
    pub const NAMES: [&str; 11] = [
        "participant",
        "session",
        "number",
        "kind",
        "issued_s",
        "outcome",
        "cause",
        "latency_ms",
        "hops",
        "rpcs",
        "timeouts",
    ];

    pub const fn name(self) -> &'static str {
        Column::NAMES[self as usize]
    }

    const fn is_number(self) -> bool {
        !matches!(self, Column::Kind | Column::Outcome | Column::Cause)
    }
}

/// Outcomes of operations, as in the column `outcome`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    Correct,
    Incorrect,
    Failed,
    Abandoned,
    Open,
}

impl Ending {
    pub const fn name(self) -> &'static str {
        match self {
            Ending::Correct => "correct",
            Ending::Incorrect => "incorrect",
            Ending::Failed => "failed",
            Ending::Abandoned => "abandoned",
            Ending::Open => "open",
        }
    }
}

/// Writes the aggregate as in tables: `p95 of latency_ms (lookup, correct)`.
impl fmt::Display for Aggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.function.name())?;
        let column = self.of.map_or("operations", Column::name);
        write!(f, " of {column}")?;
        let mut chosen: Vec<String> = self.kind.iter().map(|kind| kind.name().to_owned()).collect();
        chosen.extend(self.ending.map(|ending| ending.name().to_owned()));
        chosen.extend(self.cause.map(|cause| cause.name().to_owned()));
        let ((above, below), (after, before)) = (self.values, self.issued);
        chosen.extend((above > f64::NEG_INFINITY).then(|| format!("> {above}")));
        chosen.extend((below < f64::INFINITY).then(|| format!("< {below}")));
        chosen.extend((after > Time::ZERO).then(|| format!("after {}s", after.as_secs_f64())));
        chosen.extend((before < Time::NEVER).then(|| format!("before {}s", before.as_secs_f64())));
        if chosen.is_empty() { Ok(()) } else { write!(f, " ({})", chosen.join(", ")) }
    }
}

/// Checks the aggregate at `path`.
pub(super) fn aggregate(check: &mut Check<'_>, path: &str, said: &file::Operations) -> Result<Aggregate, Noted> {
    let at = |key: &str| format!("{path}.{key}");
    let (function, counts) = (said.aggregate.name(), said.aggregate.counts());
    match said.of {
        Some(column) if !column.is_number() => {
            let message = format!("`{}` is a column of texts: there is no {function} of them", column.name());
            return Err(check.wrong(&at("of"), message, columns()));
        }
        None if !counts => {
            let message = format!("the {function} of which column?");
            return Err(check.wrong(path, message, format!("add `of`; {}", columns())));
        }
        None if said.above.or(said.below).is_some() => {
            let message = "`above` and `below` are bounds of values, and there is no `of`";
            return Err(check.wrong(path, message, "add `of`, as in of = \"latency_ms\""));
        }
        _ => {}
    }
    let values = (said.above.unwrap_or(f64::NEG_INFINITY), said.below.unwrap_or(f64::INFINITY));
    let issued = (said.after.map_or(Time::ZERO, since_start), said.before.map_or(Time::NEVER, since_start));
    if issued.0 >= issued.1 || values.0.is_nan() || values.1.is_nan() || values.0 >= values.1 {
        return Err(check.wrong(path, "no operation is between these bounds", "write the lower one first"));
    }
    Ok(Aggregate {
        function: said.aggregate,
        of: said.of,
        kind: said.kind.map(OperationKind::from),
        issued,
        ending: said.outcome,
        cause: cause(check, &at("cause"), said)?,
        values,
    })
}

fn columns() -> String {
    let numbers = |name: &&&str| !["kind", "outcome", "cause"].contains(*name);
    let names: Vec<&str> = Column::NAMES.iter().filter(numbers).copied().collect();
    format!("columns of numbers are `{}`", names.join("`, `"))
}

fn since_start(after: Duration) -> Time {
    Time::ZERO + after
}

fn cause(check: &mut Check<'_>, path: &str, said: &file::Operations) -> Result<Option<Cause>, Noted> {
    let Some(name) = &said.cause else { return Ok(None) };
    let Some(cause) = Cause::ALL.into_iter().find(|cause| cause.name() == name) else {
        let span = check.at(path, "").span.expect("it was read from there");
        return Err(check.note(Problem::unknown(span, "cause", name, &Cause::ALL.map(Cause::name))));
    };
    match said.outcome {
        None | Some(Ending::Failed) => Ok(Some(cause)),
        Some(other) => {
            let message = format!("an operation that is {} has no cause", other.name());
            Err(check.wrong(path, message, "write outcome = \"failed\", or leave `outcome` out"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_called_what_it_is_written_as() {
        for name in Column::NAMES {
            let column: Column = serde_json::from_value(name.into()).unwrap();
            assert_eq!(column.name(), name);
        }
        for function in ["mean", "median", "p95", "p99", "min", "max", "count", "share"] {
            assert_eq!(serde_json::from_value::<Function>(function.into()).unwrap().name(), function);
        }
        for ending in ["correct", "incorrect", "failed", "abandoned", "open"] {
            assert_eq!(serde_json::from_value::<Ending>(ending.into()).unwrap().name(), ending);
        }
    }

    #[test]
    fn an_aggregate_says_what_it_is_of() {
        let all = Aggregate {
            function: Function::Count,
            of: None,
            kind: None,
            issued: (Time::ZERO, Time::NEVER),
            ending: None,
            cause: None,
            values: (f64::NEG_INFINITY, f64::INFINITY),
        };
        assert_eq!(all.to_string(), "count of operations");
        let slow = Aggregate {
            function: Function::Share,
            of: Some(Column::LatencyMs),
            kind: Some(OperationKind::Lookup),
            issued: (since_start(Duration::from_secs(90)), Time::NEVER),
            ending: Some(Ending::Failed),
            cause: Some(Cause::Timeout),
            values: (1000.0, f64::INFINITY),
        };
        assert_eq!(slow.to_string(), "share of latency_ms (lookup, failed, timeout, > 1000, after 90s)");
    }
}
