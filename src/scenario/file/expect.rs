//! What a scenario is expected to give.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Operation;
use crate::engine::Duration;
use crate::scenario::aggregate::{Column, Ending, Function};

/// A figure that a run must give: a published one, a closed form, or a bound. `run` and `sweep` say whether it holds.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// Whose figure.
    pub system: String,
    /// Values of axes, by path: at = { "population.online" = 1000 }. Absent: at every parameter point.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub at: BTreeMap<String, toml::Value>,
    /// A column of runs.csv (`peerlab list metrics`); its mean over the repetitions counts.
    pub metric: Option<String>,
    /// In place of `metric`: a number made of the rows of operations.csv of each run, whether that file is written or not.
    pub operations: Option<Operations>,
    /// What it should be; with `within` or `relative`.
    pub value: Option<f64>,
    /// How far off it may be, either way.
    pub within: Option<f64>,
    /// How far off it may be, as a share of `value`.
    pub relative: Option<f64>,
    /// The least that it may be.
    pub min: Option<f64>,
    /// The most.
    pub max: Option<f64>,
    /// Where the figure is from: paper and table, repository and version, or formula.
    pub source: Option<String>,
    /// What a reader should know, such as why it does not hold.
    pub note: Option<String>,
}

/// A number made of the operations that were issued in the measurement.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Operations {
    /// What is made of the values: `share` is the number of the rows chosen, of all rows of this kind in this time.
    pub aggregate: Function,
    /// A column of numbers; rows with an empty cell there are not chosen. Absent, with `count` and `share`: rows are counted.
    pub of: Option<Column>,
    /// Operations of this kind only.
    pub kind: Option<Operation>,
    /// Operations that ended so.
    pub outcome: Option<Ending>,
    /// Operations that failed for this reason, such as "timeout".
    pub cause: Option<String>,
    /// Issued then, after the start of the run, or later.
    pub after: Option<Duration>,
    /// Issued before this.
    pub before: Option<Duration>,
    /// With a value above this in the column `of`.
    pub above: Option<f64>,
    /// With a value below this there.
    pub below: Option<f64>,
}
