//! `timing.json`: cost of the runs. It differs between executions, so it is kept apart from the results.

use indexmap::IndexMap;
use serde::Serialize;

use super::clock::Cost;
use super::progress::{Costs, RunCost};
use crate::measure::outcome::Outcome;
use crate::scenario::Run;

/// Content of the file.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Timing<'a> {
    /// Wall time in seconds from the start of the first run to the end of the last.
    pub wall_s: f64,
    /// Number of parallel runs.
    pub threads: usize,
    /// Peak memory of the process until then; `null` if the system does not provide it.
    pub peak_memory_bytes: Option<u64>,
    pub runs: IndexMap<&'a str, RunTiming>,
}

/// Timing of a run.
#[derive(Clone, Debug, Serialize)]
pub(super) struct RunTiming {
    #[serde(flatten)]
    cost: Cost,
    /// CPU seconds (wall seconds, here and below, if the system does not provide them) to build the state at time zero.
    /// The rest of the total, beyond the parts, is spent on the metrics.
    build_s: f64,
    /// CPU seconds of the warm-up.
    warmup_s: f64,
    /// CPU seconds of the measurement.
    measure_s: f64,
    /// Events processed, without late timeouts.
    events: u64,
    /// Events processed in the measurement.
    measured_events: u64,
    /// Timeout timers without anything to do.
    late_timeouts: u64,
    /// Events per CPU second of the whole run.
    events_per_s: f64,
    /// Events of the measurement per CPU second of it, without the warm-up, building and reporting.
    measured_events_per_s: f64,
    /// Online time of participants in seconds, per CPU second of the whole run.
    online_node_s_per_s: f64,
    /// Online time of participants in the measurement, per CPU second of it.
    measured_online_node_s_per_s: f64,
    /// Memory at the end of the run in bytes.
    bytes_by_part: IndexMap<&'static str, u64>,
    /// Bytes for each participant, online or not.
    bytes_per_node: IndexMap<&'static str, f64>,
}

impl<'a> Timing<'a> {
    /// Timing of runs with this total cost, on a number of threads.
    pub(super) fn new(costs: &Costs, threads: usize) -> Timing<'a> {
        let Costs { wall_s, peak_memory_bytes, .. } = *costs;
        Timing { wall_s, threads, peak_memory_bytes, runs: IndexMap::new() }
    }

    /// Adds a completed run.
    pub(super) fn add(&mut self, run: &'a Run, outcome: &Outcome, cost: &RunCost) {
        let timing = &outcome.timing;
        let mut until = cost.until.iter().map(|cost| cost.seconds());
        let mut before = 0.0;
        let mut part = || {
            let end = until.next().expect("a run that is done went through all its parts");
            end - std::mem::replace(&mut before, end)
        };
        let (build_s, warmup_s, measure_s) = (part(), part(), part());
        let whole_s = cost.whole.seconds();
        let nodes = f64::from(run.plan.population.participants);
        let parts = || timing.bytes_by_part.iter().copied();
        let row = RunTiming {
            cost: cost.whole,
            build_s,
            warmup_s,
            measure_s,
            events: timing.events,
            measured_events: timing.measured_events,
            late_timeouts: timing.late_timeouts,
            events_per_s: rate(timing.events as f64, whole_s),
            measured_events_per_s: rate(timing.measured_events as f64, measure_s),
            online_node_s_per_s: rate(timing.online_node_seconds, whole_s),
            measured_online_node_s_per_s: rate(timing.measured_online_node_seconds, measure_s),
            bytes_by_part: parts().collect(),
            bytes_per_node: parts().map(|(part, bytes)| (part, bytes as f64 / nodes)).collect(),
        };
        self.runs.insert(&run.id, row);
    }

    /// Text of the file.
    pub(super) fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("finite numbers and strings are JSON") + "\n"
    }
}

/// Rate per second; 0 if no time was measured.
fn rate(count: f64, seconds: f64) -> f64 {
    if seconds > 0.0 { count / seconds } else { 0.0 }
}
