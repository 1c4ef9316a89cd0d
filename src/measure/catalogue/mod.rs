//! The one list of metrics: every column of `runs.csv`, `timeseries.csv`, `load.csv`, `classes.csv` and `pairs.csv`.
//!
//! Files, tables, charts, `peerlab list metrics` and the documentation follow from it. A new metric is one row here and, if
//! nothing counts it yet, its counter in [`Metrics`](super::Metrics).

mod classes;
mod connections;
mod load;
mod operations;
mod records;
mod series;
mod state;
#[cfg(test)]
mod tests;
mod traffic;

use std::sync::LazyLock;

use super::metric::{Catalogue, row};
use super::outcome::POINTS;
use super::report::{ClassFacts, Facts};
use super::sampling::Instant;
use crate::model::OperationKind;

pub use super::metric::{Better, Format, Metric, Row, Section, Shown};
pub use connections::{PAIRS, Pair};
pub use state::TIMEOUTS;

/// The metric columns of `runs.csv`, in their order.
pub static METRICS: LazyLock<Catalogue<Facts>> = LazyLock::new(|| {
    let mut rows = Vec::new();
    OperationKind::ALL.into_iter().for_each(|kind| rows.extend(operations::metrics(kind)));
    rows.extend(records::metrics());
    rows.extend(load::metrics());
    rows.extend(traffic::metrics());
    rows.extend(state::metrics());
    rows.extend(connections::metrics());
    Catalogue::new(rows)
});

/// The columns of `timeseries.csv` after `time_s`, in their order. Counts and rates are of the sampling interval that
/// ends at the row's time.
pub static SERIES: LazyLock<Catalogue<Instant>> = LazyLock::new(|| Catalogue::new(series::metrics()));

/// The columns of `classes.csv` after `class`, in their order. All are of the class's participants in the measurement.
pub static CLASSES: LazyLock<Catalogue<ClassFacts>> = LazyLock::new(|| Catalogue::new(classes::metrics()));

/// The columns of `load.csv` after `quantile`, in their order.
///
/// Beside each load stands its Lorenz curve, exact at the 101 points: drawn from the quantiles alone it would smear one
/// server's load over a hundredth of the machines.
pub static QUANTILES: LazyLock<Catalogue<Facts, [f64; POINTS]>> = LazyLock::new(|| {
    let mut rows = load::quantiles();
    rows.extend(OperationKind::ALL.map(operations::latency_quantiles));
    let about = "quantiles over machines: connections while online, time mean; only where some system has them";
    rows.push(row(CONNECTIONS, "", Better::Lower, about, |metrics, _| metrics.connection_quantiles()));
    Catalogue::new(rows)
});

/// The files of results whose columns are metrics, with these, in their order.
pub fn files() -> [(&'static str, Vec<&'static Metric>); 5] {
    [
        ("runs.csv", METRICS.metrics().collect()),
        ("timeseries.csv", SERIES.metrics().collect()),
        ("load.csv", QUANTILES.metrics().collect()),
        ("classes.csv", CLASSES.metrics().collect()),
        ("pairs.csv", PAIRS.metrics().collect()),
    ]
}

/// The quantile column of connections, which is only written where some system has them.
pub const CONNECTIONS: &str = "connections";

/// The metric of what an oracle sees of the resources. Users see gets: this one is an answer only where nobody gets anything.
pub const ORACLE: &str = "availability_mean";

/// What availability is to the oracle.
const AVAILABLE: &str = "share of the resources of which enough pieces are on machines that are online, \
    in the newest acknowledged version or a later one";

/// A statistic's name in words.
fn words(statistic: &str) -> String {
    match statistic.strip_prefix('p') {
        Some("50") => "median".to_owned(),
        Some(percent) => format!("{percent}th percentile"),
        None => statistic.to_owned(),
    }
}

/// The probability of a percentile's name (`p99`).
fn probability(percentile: &str) -> f64 {
    percentile[1..].parse::<f64>().expect("a percentile is a number") / 100.0
}

/// A cause's name as a column has it.
fn column(name: &str) -> String {
    name.replace('-', "_")
}
