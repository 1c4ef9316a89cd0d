//! Chart of the connections of machines: a cumulative distribution.

use super::cumulative::Distribution;
use super::data::{Runs, curves};
use super::figure::Figure;
use crate::measure::catalogue::CONNECTIONS;
use crate::report::columns::{Columns, ReadError};
use crate::report::number::significant;

/// Threshold of zero: less than one connection in a hundred seconds.
const NOTHING: f64 = 0.01;

/// Chart; `None` if no system has connections.
///
/// # Errors
/// If a cell is not a number.
pub(super) fn figure(runs: &Runs, load: &Columns) -> Result<Option<Figure>, ReadError> {
    if !load.has(CONNECTIONS) {
        return Ok(None);
    }
    let most = runs.means("connections_per_node_max")?;
    let mean = runs.means("connections_per_node_mean")?;
    let note = |(system, mean): (String, f64)| {
        let most = most.get(&system).map_or(String::new(), |most| format!(", peak {}", significant(*most)));
        (system, format!("mean {}{most}", significant(mean)))
    };
    let distribution = Distribution {
        curves: &curves(load, "quantile", CONNECTIONS)?,
        labels: ["connections, time mean while online".to_owned(), "has so many or fewer (% of machines)".to_owned()],
        nothing: NOTHING,
        notes: mean.into_iter().map(note).collect(),
    };
    let subtitle = format!(
        "Cumulative distribution over the machines, servers included; the machine with the most a dot{}",
        runs.seeds()
    );
    let figure = |(panel, legend)| Figure::single("Connections of a machine", subtitle, panel, legend);
    Ok(distribution.panel(runs).map(figure))
}
