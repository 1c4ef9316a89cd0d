//! Columns of the three loads: amount and fairness, over the machines online for at least a tenth of the measurement.

use crate::measure::metric::Better::*;
use crate::measure::metric::Format::Index;
use crate::measure::metric::Section::Fairness;
use crate::measure::metric::{Row, row};
use crate::measure::metrics::Metrics;
use crate::measure::outcome::POINTS;
use crate::measure::report::{Facts, Load, Spread};

/// Machines among which fairness is a result of the protocol.
const SERVING: &str = "the servers; without servers, the members of the overlay in the measurement (not mere clients of it); empty if fewer than two";

/// Function of the distribution of a load over machines.
type Of = fn(&Spread) -> Option<f64>;

/// Columns of `runs.csv`.
pub(super) fn metrics() -> Vec<Row<Facts>> {
    let mut rows = Vec::new();
    for load in Load::ALL {
        let (quantity, name, what) = (load.quantity(), load.name(), load.about());
        let over_all = |of: Of| move |_: &Metrics, facts: &Facts| of(facts.over_all[load as usize].as_ref()?);
        let serving = |of: Of| move |_: &Metrics, facts: &Facts| of(facts.serving[load as usize].as_ref()?);
        let about = format!("{what}, mean over machines");
        let mean = over_all(|spread| Some(spread.mean));
        rows.push(row(format!("{quantity}_mean"), load.unit(), Lower, about, mean));
        let gini = format!("Gini coefficient of {name} over machines: 0 if even, 1 if one bears all");
        rows.push(row(format!("{name}_gini"), "", Lower, gini, over_all(|spread| spread.gini)));
        let jain = format!("Jain's fairness index of {name} over machines: 1 if even, 1/n if one bears all");
        rows.push(row(format!("{name}_jain"), "", Higher, jain, over_all(|spread| spread.jain)));
        let gini = format!("Gini coefficient of {name} over the machines that can serve: {SERVING}");
        let fair = row(format!("{name}_gini_serving"), "", Lower, gini, serving(|spread| spread.gini));
        let fair = fair.shown(Fairness, load.borne(), Index);
        rows.push(if load == Load::Requests { fair.charted() } else { fair });
        let jain = format!("Jain's fairness index of {name} over the machines that can serve: {SERVING}");
        rows.push(row(format!("{name}_jain_serving"), "", Higher, jain, serving(|spread| spread.jain)));
        let most = format!("{name} of the most loaded machine over the mean");
        rows.push(row(format!("{name}_max_over_mean"), "", Lower, most, over_all(|spread| spread.max_over_mean)));
        let p99 = format!("99th percentile of {name} over machines, over the mean");
        rows.push(row(format!("{name}_p99_over_mean"), "", Lower, p99, over_all(|spread| spread.p99_over_mean)));
    }
    rows
}

/// Columns of `load.csv`.
pub(super) fn quantiles() -> Vec<Row<Facts, [f64; POINTS]>> {
    let mut rows = Vec::new();
    for load in Load::ALL {
        let (name, at) = (load.name(), load as usize);
        let about = format!("quantiles over machines: {}", load.about());
        rows.push(row(load.quantity(), load.unit(), Lower, about, move |_, facts: &Facts| {
            Some(facts.over_all[at].as_ref()?.quantiles)
        }));
        let about = format!("Lorenz curve: share of all {name} at the least loaded machines up to this quantile");
        rows.push(row(format!("{name}_lorenz_ratio"), "", Neither, about, move |_, facts: &Facts| {
            Some(facts.over_all[at].as_ref()?.lorenz)
        }));
    }
    rows
}
