//! Columns of storage: availability, durability, copies, caches and repair.

use super::{AVAILABLE, ORACLE};
use crate::measure::counters::Level;
use crate::measure::metric::Better::*;
use crate::measure::metric::Format::Percent;
use crate::measure::metric::Section::Answers;
use crate::measure::metric::{Row, ratio, row};
use crate::measure::metrics::Metrics;
use crate::measure::observer::Copied;
use crate::measure::report::Facts;
use crate::model::OperationKind;

/// Columns of `runs.csv`; without resources none has a value.
pub(super) fn metrics() -> Vec<Row<Facts>> {
    let mut rows = availability();
    rows.extend(copies());
    rows.extend(repairs());
    rows
}

/// Number of resources of a run, if it has any.
fn resources(metrics: &Metrics) -> Option<f64> {
    (metrics.resources > 0).then_some(f64::from(metrics.resources))
}

/// Time mean of a quantity per resource.
fn per_resource(metrics: &Metrics, facts: &Facts, level: &Level) -> Option<f64> {
    Some(level.integral() as f64 / facts.measured_ns(metrics) / resources(metrics)?)
}

fn availability() -> Vec<Row<Facts>> {
    let mean = format!("{AVAILABLE}: time mean, by global knowledge; users see get_correct_ratio");
    let durable = "share of the resources with enough pieces left on all disks together at the end";
    let stored = |metrics: &Metrics, facts: &Facts| {
        resources(metrics).map(|_| f64::from(facts.resources_stored)).filter(|stored| *stored > 0.0)
    };
    vec![
        row(ORACLE, "", Higher, mean, |metrics, facts: &Facts| per_resource(metrics, facts, &metrics.available))
            .shown(Answers, "resources online (%)", Percent)
            .in_sweeps()
            .charted(),
        row("availability_min", "", Higher, format!("{AVAILABLE}: minimum over time"), |metrics, _| {
            Some(metrics.available.least()? as f64 / resources(metrics)?)
        }),
        row("durability_ratio", "", Higher, durable, move |metrics, facts: &Facts| {
            Some(1.0 - f64::from(facts.resources_lost) / stored(metrics, facts)?)
        }),
        row(
            "resources_lost",
            "resources",
            Lower,
            "resources lost: too few pieces left on all disks together at the end",
            move |metrics, facts: &Facts| stored(metrics, facts).map(|_| f64::from(facts.resources_lost)),
        ),
    ]
}

fn copies() -> Vec<Row<Facts>> {
    let alive = "copies of each piece on online machines, mean over time and pieces";
    let overhead =
        "pieces on all disks, offline ones included, over the pieces needed, time mean; full table: of online machines";
    let hits = "share of the correct gets that were answered by a cached copy, or, for a resource in pieces, by cached copies only";
    let cached = "bytes of values in the caches, time mean over the participants online";
    vec![
        row("replicas_alive_mean", "copies", Higher, alive, |metrics, facts: &Facts| {
            Some(per_resource(metrics, facts, &metrics.copies_online)? / f64::from(metrics.coding.pieces()))
        }),
        row("storage_overhead_ratio", "", Lower, overhead, |metrics, facts: &Facts| {
            Some(per_resource(metrics, facts, &metrics.copies)? / f64::from(metrics.coding.needed))
        }),
        row("cache_hit_ratio", "", Higher, hits, |metrics, _| {
            let gets = metrics.tally(OperationKind::Get);
            (metrics.resources > 0 && metrics.cached.is_some()).then(|| ratio(gets.cached, gets.count.correct))?
        })
        .of_operations(),
        row("cached_bytes_mean", "B", Neither, cached, |metrics, _| {
            let bytes = metrics.cached.as_ref().filter(|_| metrics.resources > 0)?.integral() as f64;
            let online = metrics.online.integral() as f64;
            (online > 0.0).then(|| bytes / online)
        }),
    ]
}

/// Copies made by repair: all, and the useless ones.
fn repaired(metrics: &Metrics) -> Option<[u64; 2]> {
    let repairs = metrics.repairs.iter().fold([0, 0], |sum, one| [sum[0] + one[0] + one[1], sum[1] + one[1]]);
    (metrics.resources > 0).then_some(repairs)
}

fn repairs() -> Vec<Row<Facts>> {
    let all = "copies made by repair and hand-over in the measurement, those of pointers included";
    let useless =
        "share of the repairs made although enough copies were on disks, of offline machines or of unknown holders";
    let mut rows = vec![
        row("repairs", "copies", Lower, all, |metrics: &Metrics, _| Some(repaired(metrics)?[0] as f64)),
        row("repair_useless_ratio", "", Lower, useless, |metrics, _| {
            let [all, in_vain] = repaired(metrics)?;
            ratio(in_vain, all)
        }),
    ];
    for copied in Copied::ALL {
        let (name, what) = (copied.name(), copied.plural());
        let about = format!("copies of {what} among the repairs");
        rows.push(row(format!("{name}_repairs"), "copies", Lower, about, move |metrics, _| {
            resources(metrics).map(|_| metrics.repairs[copied as usize].iter().sum::<u64>() as f64)
        }));
        let about = format!("copies of {what} made by repair although enough were on disks");
        rows.push(row(format!("{name}_repairs_in_vain"), "copies", Lower, about, move |metrics, _| {
            resources(metrics).map(|_| metrics.repairs[copied as usize][1] as f64)
        }));
    }
    rows
}
