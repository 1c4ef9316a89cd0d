//! `--format json`: all metrics of all runs.

use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::measure::catalogue::METRICS;
use crate::measure::outcome::Outcome;
use crate::scenario::{Run, Scenario};

/// Run: its identification, and its metrics by column name; `null` if not applicable.
#[derive(Serialize)]
struct Row<'a> {
    run_id: &'a str,
    axes: Map<String, Value>,
    system: &'a str,
    seed: u64,
    metrics: Map<String, Value>,
}

/// JSON list with an object for each run.
pub(super) fn runs<'a>(scenario: &Scenario, outcomes: impl Iterator<Item = (&'a Run, &'a Outcome)>) -> String {
    let row = |(run, outcome): (&'a Run, &Outcome)| Row {
        run_id: &run.id,
        axes: scenario.axes().iter().zip(&run.cells).map(|(axis, cell)| (axis.path(), json!(cell))).collect(),
        system: &run.system().name,
        seed: run.seed,
        metrics: METRICS
            .iter()
            .zip(&outcome.metrics)
            .map(|(metric, value)| (metric.name.clone(), json!(value)))
            .collect(),
    };
    let rows: Vec<_> = outcomes.map(row).collect();
    serde_json::to_string_pretty(&rows).expect("strings and finite numbers are JSON") + "\n"
}
