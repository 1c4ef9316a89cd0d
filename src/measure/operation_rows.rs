//! What is kept of single operations: their rows, if all are wanted, and what aggregates need of them.
//!
//! A mean, a least or a greatest value, a count and a share take a few words each; a quantile is exact and takes the values,
//! eight bytes for each operation that it is of.

use super::observer::Ended;
use super::outcome::{OperationRow, quantile, sorted};
use crate::engine::Time;
use crate::model::Operation;
use crate::scenario::{Aggregate, Column, Function};

/// Rows of operations, and aggregates of them.
#[derive(Debug)]
pub struct OperationRows {
    rows: Option<Vec<OperationRow>>,
    aggregates: Vec<Collected>,
}

impl OperationRows {
    pub fn new(rows: bool, aggregates: &[Aggregate]) -> OperationRows {
        OperationRows {
            rows: rows.then(Vec::new),
            aggregates: aggregates.iter().map(|aggregate| Collected::new(aggregate.clone())).collect(),
        }
    }

    /// An operation that counts has ended.
    pub fn ended(&mut self, at: Time, operation: &Operation, ended: &Ended) {
        if self.rows.is_none() && self.aggregates.is_empty() {
            return;
        }
        let row = OperationRow::of(at, operation, ended);
        self.aggregates.iter_mut().for_each(|aggregate| aggregate.add(&row));
        if let Some(rows) = &mut self.rows {
            rows.push(row);
        }
    }

    /// The rows, none if they are not wanted.
    pub fn take(&mut self) -> Vec<OperationRow> {
        self.rows.take().unwrap_or_default()
    }

    /// The aggregates, when all operations have ended.
    pub fn aggregates(&self) -> Vec<(Aggregate, Option<f64>)> {
        self.aggregates.iter().map(|collected| (collected.aggregate.clone(), collected.value())).collect()
    }
}

/// An aggregate of the rows so far.
#[derive(Debug)]
struct Collected {
    aggregate: Aggregate,
    /// Rows of its kind in its time.
    of_kind: u64,
    /// Of these the ones that it chooses.
    chosen: u64,
    sum: f64,
    least: f64,
    greatest: f64,
    /// In the order in which the operations ended; of quantiles only.
    values: Vec<f64>,
}

impl Collected {
    fn new(aggregate: Aggregate) -> Collected {
        let (least, greatest) = (f64::INFINITY, f64::NEG_INFINITY);
        Collected { aggregate, of_kind: 0, chosen: 0, sum: 0.0, least, greatest, values: Vec::new() }
    }

    fn add(&mut self, row: &OperationRow) {
        let Aggregate { function, of, kind, issued: (after, before), ending, cause, values: (above, below) } =
            self.aggregate;
        let in_time = (after..before).contains(&row.issued);
        if !in_time || kind.is_some_and(|kind| kind.name() != row.kind) {
            return;
        }
        self.of_kind += 1;
        let differs = ending.is_some_and(|ending| ending.name() != row.outcome)
            || cause.is_some_and(|cause| cause.name() != row.cause);
        if differs {
            return;
        }
        let Some(column) = of else {
            self.chosen += 1;
            return;
        };
        let Some(value) = number(row, column).filter(|value| *value > above && *value < below) else { return };
        self.chosen += 1;
        match function {
            Function::Median | Function::P95 | Function::P99 => self.values.push(value),
            Function::Mean | Function::Min | Function::Max => {
                self.sum += value;
                (self.least, self.greatest) = (self.least.min(value), self.greatest.max(value));
            }
            Function::Count | Function::Share => {}
        }
    }

    /// `None` if there are no rows to say anything of.
    fn value(&self) -> Option<f64> {
        let there = |value: f64| (self.chosen > 0).then_some(value);
        let at = |p: f64| quantile(&sorted(self.values.iter().copied()), p);
        match self.aggregate.function {
            Function::Mean => there(self.sum / self.chosen as f64),
            Function::Median => at(0.5),
            Function::P95 => at(0.95),
            Function::P99 => at(0.99),
            Function::Min => there(self.least),
            Function::Max => there(self.greatest),
            Function::Count => Some(self.chosen as f64),
            Function::Share => (self.of_kind > 0).then(|| self.chosen as f64 / self.of_kind as f64),
        }
    }
}

/// What a row has in a column of numbers; `None` if the cell is empty.
fn number(row: &OperationRow, column: Column) -> Option<f64> {
    match column {
        Column::Participant => Some(row.participant.into()),
        Column::Session => Some(row.session.into()),
        Column::Number => Some(row.number.into()),
        Column::IssuedS => Some(row.issued.as_secs_f64()),
        Column::LatencyMs => row.latency_ms,
        Column::Hops => row.hops.map(f64::from),
        Column::Rpcs => Some(row.rpcs.into()),
        Column::Timeouts => Some(row.timeouts.into()),
        Column::Kind | Column::Outcome | Column::Cause => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::OperationKind;
    use crate::scenario::Ending;

    /// Ten lookups, issued a second apart from the first second on, of 100, 200 … ms; the last two have failed, the very last
    /// without an answer. And a get.
    fn rows() -> Vec<OperationRow> {
        let row = |number: u32| OperationRow {
            participant: 7,
            session: 0,
            number,
            kind: if number == 11 { "get" } else { "lookup" },
            issued: Time::from_nanos(u64::from(number) * 1_000_000_000),
            outcome: if matches!(number, 9 | 10) { "failed" } else { "correct" },
            cause: if matches!(number, 9 | 10) { "timeout" } else { "" },
            latency_ms: (number != 10).then_some(f64::from(number) * 100.0),
            hops: (number < 9).then_some(number),
            rpcs: number,
            timeouts: 0,
        };
        (1..=11).map(row).collect()
    }

    fn of_lookups(function: Function, of: Option<Column>) -> Aggregate {
        Aggregate {
            function,
            of,
            kind: Some(OperationKind::Lookup),
            issued: (Time::ZERO, Time::NEVER),
            ending: None,
            cause: None,
            values: (f64::NEG_INFINITY, f64::INFINITY),
        }
    }

    fn value(aggregate: Aggregate) -> Option<f64> {
        let mut collected = Collected::new(aggregate);
        rows().iter().for_each(|row| collected.add(row));
        collected.value()
    }

    #[test]
    fn aggregates_are_those_of_the_chosen_rows() {
        let latency = |function| value(of_lookups(function, Some(Column::LatencyMs)));
        assert_eq!(latency(Function::Mean), Some(500.0), "of the nine that have one");
        assert_eq!(latency(Function::Median), Some(500.0));
        assert_eq!(latency(Function::P95), Some(860.0), "between the order statistics, as R and NumPy");
        assert_eq!(latency(Function::P99), Some(892.0));
        assert_eq!((latency(Function::Min), latency(Function::Max)), (Some(100.0), Some(900.0)));
        assert_eq!(latency(Function::Count), Some(9.0));
        assert_eq!(value(of_lookups(Function::Count, None)), Some(10.0));
        assert_eq!(value(of_lookups(Function::Mean, Some(Column::Hops))), Some(4.5));
    }

    #[test]
    fn a_share_is_of_all_rows_of_the_kind_in_that_time() {
        let share = of_lookups(Function::Share, None);
        assert_eq!(value(Aggregate { ending: Some(Ending::Failed), ..share.clone() }), Some(0.2));
        let slow = of_lookups(Function::Share, Some(Column::LatencyMs));
        assert_eq!(value(Aggregate { values: (700.0, f64::INFINITY), ..slow.clone() }), Some(0.2), "two of ten");
        let late = (Time::from_nanos(6_000_000_000), Time::from_nanos(10_000_000_000));
        assert_eq!(value(Aggregate { issued: late, values: (700.0, f64::INFINITY), ..slow }), Some(0.5), "6, 7, 8, 9");
        let never = (Time::from_nanos(60_000_000_000), Time::NEVER);
        assert_eq!(value(Aggregate { issued: never, ..share }), None, "there is nothing to be a share of");
        let none = of_lookups(Function::Mean, Some(Column::LatencyMs));
        assert_eq!(value(Aggregate { ending: Some(Ending::Incorrect), ..none }), None);
    }
}
