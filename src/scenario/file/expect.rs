//! The `[[expect]]` entries of a scenario file: expected results.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Operation;
use crate::engine::Duration;
use crate::scenario::aggregate::{Column, Ending, Function};

/// Expected figures: published values, closed forms, or bounds. `run` and `sweep` report whether they hold.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    /// System to which the figure belongs.
    pub system: String,
    /// Parameter point, as values of axes by path: at = { "population.online" = 1000 }. Absent: every parameter point.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub at: BTreeMap<String, toml::Value>,
    /// Column of runs.csv (`peerlab list metrics`); the mean over the repetitions is compared.
    pub metric: Option<String>,
    /// Aggregate over the rows of operations.csv of each run, in place of `metric`, whether or not that file is
    /// written.
    pub operations: Option<Operations>,
    /// Expected value; with `within` or `relative`.
    pub value: Option<f64>,
    /// Absolute tolerance, in either direction.
    pub within: Option<f64>,
    /// Relative tolerance, as a share of `value`.
    pub relative: Option<f64>,
    /// Lower bound.
    pub min: Option<f64>,
    /// Upper bound.
    pub max: Option<f64>,
    /// Source of the figure: paper and table, repository and version, or formula.
    pub source: Option<String>,
    /// Remark for the reader, such as the reason for a deviation.
    pub note: Option<String>,
}

/// An aggregate over the operations issued during the measurement.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Operations {
    /// Aggregate function; `share` is the number of chosen rows over the number of all rows of this kind in this time.
    pub aggregate: Function,
    /// Numeric column; rows with an empty cell there are not chosen. May be left out with `count` and `share`, which
    /// count rows.
    pub of: Option<Column>,
    /// Kind of operation.
    pub kind: Option<Operation>,
    /// Outcome of the operation.
    pub outcome: Option<Ending>,
    /// Cause of failure, such as "timeout".
    pub cause: Option<String>,
    /// Earliest time of issue, from the start of the run.
    pub after: Option<Duration>,
    /// Latest time of issue, exclusive.
    pub before: Option<Duration>,
    /// Exclusive lower bound of the value in column `of`.
    pub above: Option<f64>,
    /// Exclusive upper bound of the value in column `of`.
    pub below: Option<f64>,
}
