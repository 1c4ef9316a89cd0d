//! Daily variation in scenario files: a wave, or twenty-four numbers.

use schemars::JsonSchema;
use serde::Deserialize;

use super::check::{Check, Noted};
use crate::network::NetworkPlan;
use crate::population::Daily;

/// Default hour of a wave's maximum: the evening, as in measured populations.
const EVENING: f64 = 20.0;

/// Daily variation: factors by hour, with mean 1. One of `amplitude` and `hours`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Diurnal {
    /// Amplitude of a cosine wave about 1, above 0 up to 1.
    pub amplitude: Option<f64>,
    /// Hour of the wave's maximum, 0 to 24. Default 20.
    pub peak: Option<f64>,
    /// Relative factors of the 24 hours, the first from midnight to 1:00; they are scaled to mean 1.
    pub hours: Option<Vec<f64>>,
    /// Whether hours are local to a participant's region, time zero being midnight UTC. Default false: all participants
    /// have the same hour.
    pub local: bool,
}

/// Daily pattern at `path`. `network`: if it could be read.
pub(super) fn daily(
    check: &mut Check<'_>,
    path: &str,
    said: &Diurnal,
    network: Option<&NetworkPlan>,
) -> Result<Daily, Noted> {
    let unknown = |network: &NetworkPlan| network.regions().is_none_or(|regions| regions.offsets.is_none());
    if said.local && network.is_some_and(unknown) {
        let help = "add [network.latency.regions], of an own table with `offsets`, or leave this out";
        check.wrong(&format!("{path}.local"), "nobody's local hour is known", help);
    }
    match (said.amplitude, &said.hours) {
        (Some(amplitude), None) => {
            let peak = said.peak.unwrap_or(EVENING);
            check.range(&format!("{path}.amplitude"), amplitude, 0.0..=1.0);
            check.range(&format!("{path}.peak"), peak, 0.0..=24.0);
            Ok(Daily::sinusoid(amplitude, peak))
        }
        (None, Some(_)) if said.peak.is_some() => Err(check.wrong(
            &format!("{path}.peak"),
            "twenty-four numbers say themselves where the peak is",
            "leave this out",
        )),
        (None, Some(hours)) => {
            Daily::hours(hours).map_err(|message| check.note(check.at(&format!("{path}.hours"), message)))
        }
        _ => Err(check.wrong(
            path,
            "it is not said how the hours differ",
            "write either amplitude = 0.5 or hours = [ … ] with 24 numbers",
        )),
    }
}
