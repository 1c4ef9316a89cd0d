//! Columns of operations: outcomes, latency and cost by kind.

use super::{probability, words};
use crate::measure::metric::Better::*;
use crate::measure::metric::Format::{Number, Percent};
use crate::measure::metric::Section::{Answers, Effort};
use crate::measure::metric::{Metric, Row, ratio, row};
use crate::measure::metrics::Metrics;
use crate::measure::outcome::POINTS;
use crate::measure::report::Facts;
use crate::measure::tally::{Count, Tally};
use crate::model::{Cause, OperationKind};

/// Count of some operations of one kind.
type Part = fn(&Count) -> u64;
/// Figure of the operations of one kind.
type Figure = fn(&Tally) -> Option<f64>;

/// How the operations of one kind ended, among all or those of a class: of one template in both files. No operation: no value.
pub(super) fn outcomes<F: 'static>(
    kind: OperationKind,
    of: impl Fn(&Metrics, &F) -> Count + Send + Sync + Copy + 'static,
) -> Vec<Row<F>> {
    let operation = kind.name();
    let issued = move |metrics: &Metrics, facts: &F| Some(of(metrics, facts)).filter(|count| count.issued > 0);
    let about = format!("{operation}s issued in the measurement");
    let count = move |metrics: &Metrics, facts: &F| Some(issued(metrics, facts)?.issued as f64);
    let mut rows = vec![row(format!("{operation}s"), "", Neither, about, count)];
    let decided: [(_, _, Part); 3] = [
        ("correct", Higher, |count| count.correct),
        ("incorrect", Lower, |count| count.incorrect),
        ("failed", Lower, Count::all_failed),
    ];
    for (outcome, better, part) in decided {
        let about = format!("{outcome} {operation}s of those decided (correct, incorrect and failed)");
        let share = move |metrics: &Metrics, facts: &F| {
            let count = issued(metrics, facts)?;
            ratio(part(&count), count.decided())
        };
        rows.push(row(format!("{operation}_{outcome}_ratio"), "", better, about, share));
    }
    let ended: [(_, _, Part); 2] = [
        ("abandoned", format!("{operation}s whose node went offline before the answer, of those issued"), |count| {
            count.abandoned
        }),
        ("open", format!("{operation}s still in progress at the end of the run, of those issued"), |count| count.open),
    ];
    for (outcome, about, part) in ended {
        let share = move |metrics: &Metrics, facts: &F| {
            let count = issued(metrics, facts)?;
            ratio(part(&count), count.issued)
        };
        rows.push(row(format!("{operation}_{outcome}_ratio"), "", Neither, about, share));
    }
    rows.into_iter().map(Row::of_operations).collect()
}

/// Columns of one kind in `runs.csv`.
pub(super) fn metrics(kind: OperationKind) -> Vec<Row<Facts>> {
    let operation = kind.name();
    let mut rows: Vec<Row<Facts>> =
        outcomes(kind, move |metrics, _| metrics.tally(kind).count).into_iter().map(|row| shown(row, kind)).collect();
    let of = move |function: Figure| {
        move |metrics: &Metrics, _: &Facts| {
            function(metrics.tally(kind)).filter(|_| metrics.tally(kind).count.issued > 0)
        }
    };
    for cause in Cause::ALL {
        let name = format!("{operation}_failed_{}", super::column(cause.name()));
        let about = format!("{operation}s that failed with the cause {}", cause.name());
        let failed = move |metrics: &Metrics, _: &Facts| {
            let count = metrics.tally(kind).count;
            (count.issued > 0).then(|| count.failed[cause as usize] as f64)
        };
        rows.push(row(name, "", Lower, about, failed));
    }
    rows.extend(latency(kind));
    let about = format!("time from issue to failure of failed {operation}s, mean; not part of the latency above");
    rows.push(row(
        format!("{operation}_latency_failed_mean_ms"),
        "ms",
        Lower,
        about,
        of(Tally::failed_latency_mean_ms),
    ));
    let hops: [(_, Figure); 3] = [
        ("mean", Tally::hops_mean),
        ("p50", |tally| tally.hops_quantile(0.5)),
        ("p99", |tally| tally.hops_quantile(0.99)),
    ];
    for (statistic, function) in hops {
        let about = format!(
            "hops of correct {operation}s: depth in the referral tree of the node where they ended, {}",
            words(statistic)
        );
        let mut hops = row(format!("{operation}_hops_{statistic}"), "hops", Lower, about, of(function));
        if (kind, statistic) == (OperationKind::Lookup, "mean") {
            hops = hops.shown(Effort, "lookup hops, mean", Number).in_sweeps().charted();
        }
        rows.push(hops);
    }
    let about =
        format!("requests by all nodes on behalf of a decided {operation}, retries and undeliverable ones included");
    let mut rpcs = row(format!("{operation}_rpcs_mean"), "RPCs", Lower, about, of(Tally::rpcs_mean));
    if kind == OperationKind::Lookup {
        rpcs = rpcs.shown(Effort, "lookup requests, mean", Number).charted();
    }
    rows.push(rpcs);
    let about = format!("requests on behalf of a decided {operation} that timed out");
    rows.push(row(format!("{operation}_timeouts_mean"), "RPCs", Lower, about, of(Tally::timeouts_mean)));
    for statistic in ["p10", "p50", "p90"] {
        let about = format!(
            "latency of correct {operation}s over the round-trip time to the responsible node, {}",
            words(statistic)
        );
        let stretch = move |metrics: &Metrics, _: &Facts| metrics.tally(kind).stretch(probability(statistic));
        rows.push(row(format!("{operation}_stretch_{statistic}"), "", Lower, about, stretch));
    }
    rows.extend(of_one_kind(kind));
    rows.into_iter().map(Row::of_operations).collect()
}

/// Shares in the terminal's first section and in charts.
fn shown(row: Row<Facts>, kind: OperationKind) -> Row<Facts> {
    let operation = kind.name();
    let Metric { name, .. } = &*row;
    if *name == format!("{operation}_correct_ratio") {
        let row = row.shown(Answers, format!("{operation}s correct (%)"), Percent).charted();
        if kind == OperationKind::Put { row } else { row.in_sweeps() }
    } else if name == "get_abandoned_ratio" {
        row.shown(Answers, "gets abandoned, of issued (%)", Percent).in_sweeps().charted()
    } else {
        row
    }
}

/// Latency of correct operations.
fn latency(kind: OperationKind) -> Vec<Row<Facts>> {
    let operation = kind.name();
    let about = |statistic| format!("time from issue to answer of correct {operation}s, {}", words(statistic));
    let mean = move |metrics: &Metrics, _: &Facts| metrics.tally(kind).latency_mean_ms();
    let mut rows = vec![row(format!("{operation}_latency_mean_ms"), "ms", Lower, about("mean"), mean)];
    for statistic in ["p50", "p90", "p99"] {
        let percentile = move |metrics: &Metrics, _: &Facts| metrics.tally(kind).latency_ms(probability(statistic));
        let row = row(format!("{operation}_latency_{statistic}_ms"), "ms", Lower, about(statistic), percentile);
        let label = |words| format!("{operation} latency, {words} (ms)");
        rows.push(match (kind, statistic) {
            (OperationKind::Lookup, "p50") => row.shown(Effort, label("median"), Number).in_sweeps().charted(),
            (OperationKind::Get, "p50") => row.shown(Effort, label("median"), Number).charted(),
            (OperationKind::Lookup | OperationKind::Get, "p99") => row.shown(Effort, label("p99"), Number),
            _ => row,
        });
    }
    rows
}

/// Columns that only one kind of operation has.
fn of_one_kind(kind: OperationKind) -> Vec<Row<Facts>> {
    let about_wave =
        "time from the first get of a resource until all requesters have it, longest of all; empty if some never do";
    let about_put = "nodes that stored the version of a correct put, the writer included if it did";
    match kind {
        OperationKind::Lookup => Vec::new(),
        OperationKind::Get => vec![
            row(
                "get_local_ratio",
                "",
                Higher,
                "share of the correct gets that were answered from the machine's own store",
                |metrics, _| metrics.tally(OperationKind::Get).local_ratio(),
            ),
            row("distribution_time_s", "s", Lower, about_wave, |metrics, _| {
                let longest = metrics.waves.longest().filter(|_| metrics.resources > 0);
                longest.map(|longest| longest.as_secs_f64())
            }),
        ],
        OperationKind::Put => vec![row("nodes_touched_per_put", "nodes", Lower, about_put, |metrics, _| {
            metrics.tally(OperationKind::Put).touched_mean()
        })],
    }
}

/// Latency quantiles of one kind in `load.csv`.
pub(super) fn latency_quantiles(kind: OperationKind) -> Row<Facts, [f64; POINTS]> {
    let operation = kind.name();
    let about = format!("quantiles over correct {operation}s: time from issue to answer");
    let table = move |metrics: &Metrics, _: &Facts| metrics.tally(kind).latency_table();
    row(format!("{operation}_latency_ms"), "ms", Lower, about, table).of_operations()
}
