//! What a scenario is expected to give.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

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
    pub metric: String,
    /// What it should be; with `within` or `relative`.
    pub value: Option<f64>,
    /// How far off it may be, either way.
    pub within: Option<f64>,
    /// The same as a share of `value`.
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
