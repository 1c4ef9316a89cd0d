//! Columns over time: samples at the end of an interval, and counts within it.

use super::{AVAILABLE, state};
use crate::measure::metric::Better::*;
use crate::measure::metric::{Row, ratio, row};
use crate::measure::metrics::Metrics;
use crate::measure::sampling::Instant;
use crate::model::{OperationKind, Traffic};

/// Columns of `timeseries.csv`.
pub(super) fn metrics() -> Vec<Row<Instant>> {
    let mut rows = vec![
        row("online", "machines", Neither, "participants online", |metrics: &Metrics, _| {
            Some(metrics.online.value() as f64)
        }),
        row("joined", "machines", Neither, "machines online that have joined the overlay", |metrics, _| {
            Some(metrics.joined.value() as f64)
        }),
    ];
    rows.extend(OperationKind::ALL.into_iter().flat_map(operations));
    let lost = "resources lost: once stored, and too few pieces left on all disks together";
    rows.push(row("availability", "", Higher, format!("{AVAILABLE}, at the time of the sample"), |metrics, _| {
        metrics.available_now()
    }));
    rows.push(row("resources_lost", "resources", Lower, lost, |metrics, _| {
        (metrics.resources > 0).then(|| f64::from(metrics.lost_resources))
    }));
    for kind in Traffic::ALL {
        let about = format!("{} bytes put on the wire by all machines", kind.name());
        let rate = move |_: &Metrics, now: &Instant| Some(now.bytes[kind as usize] as f64 / now.length_s);
        rows.push(row(format!("{}_bytes_per_s", kind.name()), "B/s", Lower, about, rate));
    }
    let busiest = "bytes sent and received per second of the interval by the busiest machine, whether or not it was online throughout";
    rows.push(row("busiest_machine_bytes_per_s", "B/s", Lower, busiest, |_, now: &Instant| {
        Some(now.busiest as f64 / now.length_s)
    }));
    let contacts = "routing entries held per joined node";
    rows.push(row("contacts_mean", "contacts", Lower, contacts, |_, now: &Instant| state::contacts(&now.tables)));
    rows.extend(state::tables(|_, now: &Instant| now.tables, ""));
    rows.extend(state::structure(|_, now: &Instant| now.tables));
    rows
}

/// Columns of the operations of one kind decided in the interval.
fn operations(kind: OperationKind) -> Vec<Row<Instant>> {
    let operation = kind.name();
    let mut rows = Vec::new();
    for (at, (outcome, better)) in
        [("correct", Higher), ("incorrect", Lower), ("failed", Lower)].into_iter().enumerate()
    {
        let about = format!("{operation}s decided as {outcome} in the interval");
        rows.push(row(format!("{operation}_{outcome}"), "", better, about, move |_, now: &Instant| {
            Some(now.decided[kind as usize][at] as f64)
        }));
    }
    let about = format!("correct share of the {operation}s decided in the interval");
    rows.push(row(format!("{operation}_correct_ratio"), "", Higher, about, move |_, now: &Instant| {
        let decided = now.decided[kind as usize];
        ratio(decided[0], decided.iter().sum())
    }));
    rows
}
