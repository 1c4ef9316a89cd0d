//! Columns of the three loads: how much, and how evenly. Over the machines online for at least a tenth of the measurement.

use crate::measure::metric::Better::*;
use crate::measure::metric::Format::Index;
use crate::measure::metric::Section::Fairness;
use crate::measure::metric::{Row, row};
use crate::measure::metrics::Metrics;
use crate::measure::outcome::POINTS;
use crate::measure::report::{Facts, Load, Spread};

/// The machines among which fairness is a result.
const SERVING: &str = "the servers; without servers those that were part of the overlay in the measurement, not only \
    clients of it; empty if fewer than two";

/// A function of how a load is spread over machines.
type Of = fn(&Spread) -> Option<f64>;

/// The columns of `runs.csv`.
pub fn metrics() -> Vec<Row<Facts>> {
    let mut rows = Vec::new();
    for load in Load::ALL {
        let (quantity, name, what) = (load.quantity(), load.name(), load.about());
        let over_all = |of: Of| move |_: &Metrics, facts: &Facts| of(facts.over_all[load as usize].as_ref()?);
        let serving = |of: Of| move |_: &Metrics, facts: &Facts| of(facts.serving[load as usize].as_ref()?);
        let about = format!("{what}, mean over machines");
        let mean = over_all(|spread| Some(spread.mean));
        rows.push(row(format!("{quantity}_mean"), load.unit(), Lower, about, mean));
        let gini = format!("Gini coefficient of {name} over machines: 0 even, 1 one bears all");
        rows.push(row(format!("{name}_gini"), "", Lower, gini, over_all(|spread| spread.gini)));
        let jain = format!("Jain's fairness index of {name} over machines: 1 even, 1/n one bears all");
        rows.push(row(format!("{name}_jain"), "", Higher, jain, over_all(|spread| spread.jain)));
        let gini = format!("Gini coefficient of {name} over the machines that can serve: {SERVING}");
        let fair = row(format!("{name}_gini_serving"), "", Lower, gini, serving(|spread| spread.gini));
        let fair = fair.shown(Fairness, load.borne(), Index);
        rows.push(if load == Load::Requests { fair.charted() } else { fair });
        let jain = format!("Jain's fairness index of {name} over the machines that can serve: {SERVING}");
        rows.push(row(format!("{name}_jain_serving"), "", Higher, jain, serving(|spread| spread.jain)));
        let most = format!("the most loaded machine's {name} over the mean");
        rows.push(row(format!("{name}_max_over_mean"), "", Lower, most, over_all(|spread| spread.max_over_mean)));
        let p99 = format!("99th percentile of the machines' {name} over the mean");
        rows.push(row(format!("{name}_p99_over_mean"), "", Lower, p99, over_all(|spread| spread.p99_over_mean)));
    }
    rows
}

/// The columns of `load.csv`.
pub fn quantiles() -> Vec<Row<Facts, [f64; POINTS]>> {
    let mut rows = Vec::new();
    for load in Load::ALL {
        let (name, at) = (load.name(), load as usize);
        let about = format!("quantiles over machines: {}", load.about());
        rows.push(row(load.quantity(), load.unit(), Lower, about, move |_, facts: &Facts| {
            Some(facts.over_all[at].as_ref()?.quantiles)
        }));
        let about =
            format!("share of all {name} borne by the least loaded machines up to this quantile (Lorenz curve)");
        rows.push(row(format!("{name}_lorenz_ratio"), "", Neither, about, move |_, facts: &Facts| {
            Some(facts.over_all[at].as_ref()?.lorenz)
        }));
    }
    rows
}
