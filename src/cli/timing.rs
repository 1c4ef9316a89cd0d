//! `timing.json`: what the runs cost. Differs from one execution to the next, so it is never mixed into the results.

use indexmap::IndexMap;
use serde::Serialize;

use super::clock::Cost;
use super::progress::Costs;
use crate::run::outcome::Outcome;
use crate::scenario::Run;

/// The file as a whole.
#[derive(Clone, Debug, Serialize)]
pub struct Timing<'a> {
    /// From the first run's begin to the last one's end.
    pub wall_s: f64,
    /// Runs at once.
    pub threads: usize,
    /// The most memory that the process held until then; `null` where the system does not tell.
    pub peak_memory_bytes: Option<u64>,
    pub runs: IndexMap<&'a str, RunTiming>,
}

/// One run.
#[derive(Clone, Debug, Serialize)]
pub struct RunTiming {
    #[serde(flatten)]
    cost: Cost,
    /// Events processed, late time-outs apart.
    events: u64,
    /// Time-out timers that found nothing to do.
    late_timeouts: u64,
    /// Per CPU second, or per wall second where the system does not tell the former.
    events_per_s: f64,
    /// Seconds that nodes were online, per CPU second (or wall second).
    online_node_s_per_s: f64,
    /// Memory at the end of the run.
    bytes_by_part: IndexMap<&'static str, u64>,
    /// The same over the participants, online or not.
    bytes_per_node: IndexMap<&'static str, f64>,
}

impl<'a> Timing<'a> {
    /// Of runs that cost this together, on so many threads.
    pub fn new(costs: &Costs, threads: usize) -> Timing<'a> {
        let Costs { wall_s, peak_memory_bytes, .. } = *costs;
        Timing { wall_s, threads, peak_memory_bytes, runs: IndexMap::new() }
    }

    /// Adds a run that is done.
    pub fn add(&mut self, run: &'a Run, outcome: &Outcome, cost: Cost) {
        let timing = &outcome.timing;
        let seconds = cost.cpu_s.unwrap_or(cost.wall_s);
        let per_s = |count: f64| if seconds > 0.0 { count / seconds } else { 0.0 };
        let nodes = f64::from(run.plan.population.participants);
        let parts = || timing.bytes_by_part.iter().copied();
        let row = RunTiming {
            cost,
            events: timing.events,
            late_timeouts: timing.late_timeouts,
            events_per_s: per_s(timing.events as f64),
            online_node_s_per_s: per_s(timing.online_node_seconds),
            bytes_by_part: parts().collect(),
            bytes_per_node: parts().map(|(part, bytes)| (part, bytes as f64 / nodes)).collect(),
        };
        self.runs.insert(&run.id, row);
    }

    /// The file's text.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("finite numbers and strings are JSON") + "\n"
    }
}
