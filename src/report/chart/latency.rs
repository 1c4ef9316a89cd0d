//! Charts of the latency of correct operations: cumulative distributions.

use super::cumulative::Distribution;
use super::data::{Runs, curves};
use super::figure::Figure;
use crate::model::OperationKind;
use crate::report::columns::{Columns, ReadError};
use crate::report::number::significant;

/// Threshold of zero in ms: less than a microsecond is negligible; answers from the own store take no time.
const NOTHING: f64 = 1e-3;

/// Charts, one for each kind of operation that took time in some system.
pub(super) fn figures(runs: &Runs, load: &Columns) -> Result<Vec<(String, Figure)>, ReadError> {
    let mut figures = Vec::new();
    for operation in OperationKind::ALL.map(OperationKind::name) {
        let column = format!("{operation}_latency_ms");
        if !load.has(&column) {
            continue;
        }
        let median = runs.means(&format!("{operation}_latency_p50_ms"))?;
        let distribution = Distribution {
            curves: &curves(load, "quantile", &column)?,
            labels: [
                "time from issue to answer (ms)".to_owned(),
                format!("answered by then (% of correct {operation}s)"),
            ],
            nothing: NOTHING,
            notes: median.iter().map(|(one, ms)| (one.clone(), format!("median {} ms", significant(*ms)))).collect(),
        };
        let Some((panel, legend)) = distribution.panel(runs) else { continue };
        let title = format!("Latency of {operation}s (ms)");
        let subtitle = format!(
            "Cumulative distribution of the time from issue to answer, correct {operation}s only; the slowest a dot{}",
            runs.seeds()
        );
        figures.push((format!("latency_{operation}"), Figure::single(title, subtitle, panel, legend)));
    }
    Ok(figures)
}
