//! The `[population]` section of a scenario file: participants, classes and churn.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::nat::NatShares;
use super::network::Access;
use crate::engine::{Duration, DurationLaw, Limit};
use crate::scenario::daily::Diurnal;
use crate::scenario::plan::Rejoin;

/// The participants: their number, classes and churn. Exactly one of `online` and `participants` is needed.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Population {
    /// Mean number of participants online; their total number follows from the availability of the churn model.
    pub online: Option<u32>,
    /// Total number of participants, online or not.
    pub participants: Option<u32>,
    /// State of the overlay at time zero. Default "converged".
    pub start: Start,
    /// Time over which the initial joins are spread, with start = "join". Default "10min".
    pub join_over: Option<Duration>,
    /// Routing state of a returning node. Default "fresh".
    pub rejoin: Rejoin,
    /// Churn: sessions and downtimes. Absent: all participants are online from start to end.
    pub churn: Option<Churn>,
    /// Permanent departures. Absent: every participant returns, with its key and its disk.
    pub departures: Option<Departures>,
    /// Arrivals of new participants during the run. Absent: none.
    pub arrivals: Option<Arrivals>,
    /// Daily variation of the rate at which participants return and new ones arrive: a factor for each hour. Time zero
    /// is midnight.
    pub diurnal: Option<Diurnal>,
    /// Queue and workers for the requests that a participant receives. Absent: requests are handled at once.
    pub processor: Option<Processor>,
    /// Classes of participants with different attributes, which are thereby correlated: for example, machines with fast
    /// links that also stay longer. Absent: all participants are alike.
    pub classes: Option<Vec<Class>>,
}

/// A class of participants. Keys left out have the values of `[population]` and `[network]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Class {
    /// Name of the class in results and events; unique.
    pub name: String,
    /// Share of all participants, online or not; the shares of all classes add up to 1. Each participant's class is
    /// drawn independently.
    pub share: f64,
    /// Access link.
    pub access: Option<Access>,
    /// Churn; `population.churn.time_scale` stretches it too.
    pub churn: Option<Churn>,
    /// Share of the class in each region, as in `network.latency.regions.shares`.
    #[schemars(with = "Option<BTreeMap<String, f64>>")]
    pub regions: Option<BTreeMap<Spanned<String>, f64>>,
    /// NATs and firewalls of the class, in all regions. Needs `[network.nat]`, which applies to classes without this
    /// key.
    pub nat: Option<NatShares>,
    /// Queue and workers for the requests that each machine receives.
    pub processor: Option<Processor>,
    /// Disk capacity of each machine, in bytes of record values: a record that does not fit is refused. Default
    /// "unlimited".
    pub storage: Option<Limit>,
}

/// Queue and workers of a machine: each request, of overlay and storage, is handled once it has been served. Replies
/// and one-way messages are handled at once. The end of a session drops the queue.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Processor {
    /// Service time of one request.
    pub service: DurationLaw,
    /// Number of workers, that is, of requests served at once. Default 1.
    #[serde(default = "one_worker")]
    pub workers: u32,
    /// Capacity of the queue, requests in service not counted; further ones are dropped without a reply. Default 1,000,
    /// as for a server.
    #[serde(default = "waiting")]
    pub waiting: u32,
}

fn one_worker() -> u32 {
    1
}

fn waiting() -> u32 {
    1000
}

/// Permanent departures: ends of sessions after which an identity, its key and its disk are gone for good. One of
/// `probability` and `lifetime`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Departures {
    /// Probability that the end of a session is permanent, 0 to 1.
    pub probability: Option<f64>,
    /// Lifetime of an identity: the first end of a session after it is permanent.
    pub lifetime: Option<DurationLaw>,
    /// Whether a new participant takes over when the departed one would have returned; otherwise the population
    /// shrinks. Default true.
    pub replaced: bool,
}

impl Default for Departures {
    fn default() -> Departures {
        Departures { probability: None, lifetime: None, replaced: true }
    }
}

/// Poisson arrivals of new participants, with the churn of the others.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Arrivals {
    /// Mean interval between two arrivals. Default, if sessions have no downtime: the mean session length over
    /// `online`, which keeps the number online constant (Stutzbach & Rejaie, IMC 2006).
    pub every: Option<Duration>,
}

/// State of the overlay at time zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Start {
    /// A converged overlay: routing tables as the protocol would have built them.
    #[default]
    Converged,
    /// No overlay: nodes join through the protocol.
    Join,
}

/// Churn: lengths of sessions and downtimes, by a law each, a preset with both, or a trace.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Churn {
    /// Preset of measured laws (`peerlab list presets`), or "none".
    pub preset: Option<String>,
    /// Trace of availability: a CSV file, relative to the scenario file, with changes `time_s,participant,state` (up,
    /// down or gone) in order of time, or with sessions `node,start,end`. The first line names the columns, in any
    /// order; participants have numbers or names, and only those that are ever up during the run take part.
    pub trace: Option<String>,
    /// Timestamp in the trace, in seconds (for example, of the Unix epoch), that is time zero of the run. Default 0.
    pub trace_start: u64,
    /// Session length.
    pub session: Option<DurationLaw>,
    /// Downtime between two sessions. Needed with `session`, and with presets that have none, unless there are
    /// arrivals: without downtimes each participant has a single session.
    pub downtime: Option<DurationLaw>,
    /// Factor on both laws: it changes the churn rate but not the availability. Above 0, default 1.
    pub time_scale: f64,
    /// Probability that a session ends gracefully, with notice to the overlay. Default 0.5 (OverSim).
    pub graceful: f64,
    /// Time between the notice and the end of a graceful session. Default "15s" (OverSim).
    pub notice: Duration,
}

impl Default for Churn {
    fn default() -> Churn {
        let notice = Duration::from_secs(15);
        Churn {
            preset: None,
            trace: None,
            trace_start: 0,
            session: None,
            downtime: None,
            time_scale: 1.0,
            graceful: 0.5,
            notice,
        }
    }
}
