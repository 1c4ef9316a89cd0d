//! Columns by class of participants.

use super::operations::outcomes;
use crate::measure::metric::Better::*;
use crate::measure::metric::{Row, over, row};
use crate::measure::metrics::Metrics;
use crate::measure::report::{ClassFacts, Load};
use crate::model::OperationKind;

/// Columns of `classes.csv`.
pub(super) fn metrics() -> Vec<Row<ClassFacts>> {
    let participants = "participants of the class that are ever online, warm-up included";
    let mut rows = vec![
        row("participants", "machines", Neither, participants, |_, facts: &ClassFacts| {
            Some(f64::from(facts.participants))
        }),
        row(
            "online_mean",
            "machines",
            Neither,
            "participants of the class online, time mean",
            |metrics, facts: &ClassFacts| over(facts.online_s, metrics.measured_s()),
        ),
    ];
    rows.extend(OperationKind::ALL.into_iter().flat_map(operations));
    for load in Load::ALL {
        let about = format!("{}, mean over machines", load.about());
        rows.push(row(
            format!("{}_mean", load.quantity()),
            load.unit(),
            Lower,
            about,
            move |metrics, facts: &ClassFacts| {
                facts.loads[load as usize].filter(|_| load != Load::Records || metrics.resources > 0)
            },
        ));
    }
    let bytes = "bytes put on the wire per machine and second online";
    rows.push(row("bytes_per_online_s_mean", "B/s", Lower, bytes, |_, facts: &ClassFacts| {
        over(facts.sent as f64, facts.online_s)
    }));
    let refused = "records refused by a full disk, counted at each offer";
    rows.push(row("records_refused", "records", Lower, refused, |metrics, facts: &ClassFacts| {
        (metrics.resources > 0).then(|| metrics.classes.refused_by(facts.class) as f64)
    }));
    rows
}

/// Columns of the operations of one kind issued by the class.
fn operations(kind: OperationKind) -> Vec<Row<ClassFacts>> {
    let of = move |metrics: &Metrics, facts: &ClassFacts| metrics.classes.count(facts.class, kind);
    let mut rows = outcomes(kind, of);
    let about = format!("time from issue to answer of correct {}s of the class, mean", kind.name());
    let name = format!("{}_latency_mean_ms", kind.name());
    let mean = row(name, "ms", Lower, about, move |metrics, facts: &ClassFacts| {
        let count = of(metrics, facts);
        over(count.latency_ns as f64 / 1e6, count.correct as f64)
    });
    rows.push(mean.of_operations());
    rows
}
