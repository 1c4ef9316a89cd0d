//! What was said of the participants.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::nat::NatShares;
use super::network::Access;
use crate::engine::{Duration, DurationLaw, Limit};
use crate::scenario::daily::Diurnal;
use crate::scenario::plan::Rejoin;

/// Who takes part. Exactly one of `online` and `participants` is needed.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Population {
    /// The mean number online; the participants follow from the churn's availability.
    pub online: Option<u32>,
    /// All who ever take part, online or not.
    pub participants: Option<u32>,
    /// Whether the overlay stands at time zero. Default "converged".
    pub start: Start,
    /// With start = "join": those online at the start begin spread over this time. Default "10min".
    pub join_over: Option<Duration>,
    /// What a returning node still knows of the overlay. Default "fresh".
    pub rejoin: Rejoin,
    /// How participants come and go. Absent: all are online from the start to the end.
    pub churn: Option<Churn>,
    /// Who does not come back as who it was. Absent: everybody does, with its key and its disk.
    pub departures: Option<Departures>,
    /// New participants who come during the run. Absent: none.
    pub arrivals: Option<Arrivals>,
    /// How much faster participants come back, and new ones arrive, at some hours of the day. Time zero is midnight.
    pub diurnal: Option<Diurnal>,
    /// What serves the requests that a participant receives. Absent: they are handled at once.
    pub processor: Option<Processor>,
    /// Classes, in which participants differ: with them a population is correlated, as where machines with fast links also
    /// stay longer. Absent: all are alike.
    pub classes: Option<Vec<Class>>,
}

/// A class of participants. What it does not say is as the population and the network say it for all.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Class {
    /// In tables, and in events; unique.
    pub name: String,
    /// Of the participants, those offline included; together 1. Each is drawn by itself.
    pub share: f64,
    /// Their line.
    pub access: Option<Access>,
    /// How they come and go; `population.churn.time_scale` stretches it too.
    pub churn: Option<Churn>,
    /// The share of them in each region, as in `network.latency.regions.shares`.
    #[schemars(with = "Option<BTreeMap<String, f64>>")]
    pub regions: Option<BTreeMap<Spanned<String>, f64>>,
    /// What NATs and firewalls they are behind, wherever they are. Needs [network.nat], which holds for the classes that do
    /// not say.
    pub nat: Option<NatShares>,
    /// What serves the requests that each receives.
    pub processor: Option<Processor>,
    /// Bytes of records' values that the disk of each takes: what does not fit is not kept. Default "unlimited".
    pub storage: Option<Limit>,
}

/// What serves the requests that a machine receives: each, of overlay and storage, is handled when it has been served. Replies
/// and notices are handled at once. A session that ends takes what waits with it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Processor {
    /// Time to serve one request.
    pub service: DurationLaw,
    /// Requests served at once. Default 1.
    #[serde(default = "one_worker")]
    pub workers: u32,
    /// Requests that may wait, those in service not counted; more are lost, and nobody is told. Default 1,000, as for a server.
    #[serde(default = "waiting")]
    pub waiting: u32,
}

fn one_worker() -> u32 {
    1
}

fn waiting() -> u32 {
    1000
}

/// Ends of sessions after which an identity is gone for good, with its key and its disk. One of `probability` and
/// `lifetime`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Departures {
    /// Of each end of a session, 0 to 1.
    pub probability: Option<f64>,
    /// From the beginning of an identity: the first end of a session after that is its last.
    pub lifetime: Option<DurationLaw>,
    /// Whether someone new comes when the one before would have come back; otherwise the population shrinks. Default true.
    pub replaced: bool,
}

impl Default for Departures {
    fn default() -> Departures {
        Departures { probability: None, lifetime: None, replaced: true }
    }
}

/// A Poisson stream of new participants, who come and go like the others.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Arrivals {
    /// The mean gap between two arrivals. Default, where sessions have no downtime: what keeps the number online, the
    /// mean session over `online` (Stutzbach & Rejaie, IMC 2006).
    pub every: Option<Duration>,
}

/// How the overlay comes to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// Tables as the protocol would have built them.
    #[default]
    Converged,
    /// Through the protocol itself.
    Join,
}

/// Sessions and downtimes: a law each, a preset that has both, or a file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Churn {
    /// Measured laws by name (`peerlab list presets`), or "none".
    pub preset: Option<String>,
    /// Who is up when, from a CSV file, relative to the scenario file: changes `time_s,participant,state` with up, down or gone,
    /// in the order of time, or sessions `node,start,end`. The first line names the columns, which may stand in any order;
    /// participants have numbers or names, and only those who are ever up in the run take part.
    pub trace: Option<String>,
    /// The time in the trace, in seconds, that is time zero, as for epoch times. Default 0.
    pub trace_start: u64,
    /// How long a participant stays online.
    pub session: Option<DurationLaw>,
    /// How long it is away. Needed with `session`, and with the presets that have none, unless there are arrivals:
    /// without it everybody has one session only.
    pub downtime: Option<DurationLaw>,
    /// Stretches both laws: the churn rate changes, the availability does not. Above 0, default 1.
    pub time_scale: f64,
    /// The probability that a session ends with notice. Default 0.5, as OverSim's.
    pub graceful: f64,
    /// How long before its end a graceful session gives notice. Default "15s", as OverSim's.
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
