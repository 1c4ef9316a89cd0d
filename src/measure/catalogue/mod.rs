//! The catalogue of metrics: every column of `runs.csv`, `timeseries.csv`, `load.csv`, `classes.csv` and `pairs.csv`.
//!
//! Files, tables, charts, `peerlab list metrics` and the documentation follow from it. A new metric is one row here and, if
//! no counter exists yet, its counter in [`Metrics`](super::Metrics).

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

/// Metric columns of `runs.csv`, in their order.
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

/// Columns of `timeseries.csv` after `time_s`, in their order. Counts and rates are of the sampling interval that
/// ends at the row's time.
pub static SERIES: LazyLock<Catalogue<Instant>> = LazyLock::new(|| Catalogue::new(series::metrics()));

/// Columns of `classes.csv` after `class`, in their order, each over the class's participants in the measurement.
pub static CLASSES: LazyLock<Catalogue<ClassFacts>> = LazyLock::new(|| Catalogue::new(classes::metrics()));

/// Columns of `load.csv` after `quantile`, in their order.
///
/// Beside each load stands its Lorenz curve, exact at the 101 points: drawn from the quantiles alone it would smear one
/// server's load over a hundredth of the machines.
pub static QUANTILES: LazyLock<Catalogue<Facts, [f64; POINTS]>> = LazyLock::new(|| {
    let mut rows = load::quantiles();
    rows.extend(OperationKind::ALL.map(operations::latency_quantiles));
    let about =
        "quantiles over machines: time mean of the connections while online; only if some system has connections";
    rows.push(row(CONNECTIONS, "", Better::Lower, about, |metrics, _| metrics.connection_quantiles()));
    Catalogue::new(rows)
});

/// Result files with metric columns, and these columns in order.
pub fn files() -> [(&'static str, Vec<&'static Metric>); 5] {
    [
        ("runs.csv", METRICS.metrics().collect()),
        ("timeseries.csv", SERIES.metrics().collect()),
        ("load.csv", QUANTILES.metrics().collect()),
        ("classes.csv", CLASSES.metrics().collect()),
        ("pairs.csv", PAIRS.metrics().collect()),
    ]
}

/// Quantile column of connections, written only if some system has connections.
pub const CONNECTIONS: &str = "connections";

/// Metric of the oracle's availability, shown as an answer only without gets, as users see the results of gets.
pub const ORACLE: &str = "availability_mean";

/// Definition of availability, by global knowledge.
const AVAILABLE: &str =
    "share of the resources with enough pieces on online machines, in the newest acknowledged version or a later one";

/// Words for a statistic.
fn words(statistic: &str) -> String {
    match statistic.strip_prefix('p') {
        Some("50") => "median".to_owned(),
        Some(percent) => format!("{percent}th percentile"),
        None => statistic.to_owned(),
    }
}

/// Probability of a percentile's name (`p99`).
fn probability(percentile: &str) -> f64 {
    percentile[1..].parse::<f64>().expect("a percentile is a number") / 100.0
}

/// Name of a cause in a column.
fn column(name: &str) -> String {
    name.replace('-', "_")
}
