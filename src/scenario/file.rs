//! What was said: the sections of a scenario file as types.
//!
//! Parsing touches nothing but the text. Defaults stand here where they do not depend on anything else; what they mean
//! together is the plan's business. The documentation of each key is also what the JSON Schema tells an editor.

mod nat;
mod network;
mod traversal;

use schemars::JsonSchema;
use serde::Deserialize;

pub use nat::Nat;
pub use network::{Burst, Coordinates, Inflation, Latency, LatencyByHour, Network, RegionTable, Regions};
pub use traversal::{Connections, Relays, Switch, Transport, Traversal};

use super::daily::Diurnal;
use super::gap::Gap;
use super::plan::Rejoin;
use super::size::ValueSize;
use crate::engine::{Duration, DurationLaw};
use crate::population::{Popularity, Target};
use crate::storage::Repair;

/// When figures are taken.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Time {
    /// Simulated before the measurement, so that tables are no longer fresh. Default "30min".
    pub warmup: Duration,
    /// How long figures are taken. Default "1h".
    pub measure: Duration,
    /// The distance between two rows of the time series. Default "1min", or `measure` if that is shorter.
    pub sample: Option<Duration>,
}

impl Default for Time {
    fn default() -> Time {
        Time { warmup: Duration::from_secs(1_800), measure: Duration::from_secs(3_600), sample: None }
    }
}

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
    /// Who is up when, from a CSV file: `time_s,participant,state` with up, down or gone. Relative to the scenario file.
    pub trace: Option<String>,
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
        Churn { preset: None, trace: None, session: None, downtime: None, time_scale: 1.0, graceful: 0.5, notice }
    }
}

/// What there is to be found.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// How many; at least 1.
    pub count: u32,
    /// Of each, at most 2 GiB: a size, or a law. Up to 16 KiB travel in a packet; larger ones move as transfers, which share
    /// the access links fairly. Default "4KiB".
    #[serde(default)]
    pub size: ValueSize,
    /// How often each is wanted. Default "uniform".
    #[serde(default)]
    pub popularity: Popularity,
    /// Hot spots move: so often the least popular becomes the most popular, and all others fall one rank. Absent: never.
    pub rotate_every: Option<Duration>,
}

/// How records are kept.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Storage {
    /// Nodes responsible for a record, 1 to 20. Default 3.
    pub replicas: Option<u32>,
    /// What a holder does when the nodes responsible for a record change. Default "eager".
    pub repair: Option<Repair>,
    /// Pieces needed to rebuild a resource. Only 1 so far.
    pub pieces: Option<u32>,
    /// Coded pieces beyond those. Only 0 so far.
    pub parity: Option<u32>,
}

/// What participants ask, each while it is online.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Workload {
    /// Who is responsible for a key?
    pub lookup: Option<Lookups>,
    /// The value of a resource. Needs `[resources]`.
    pub get: Option<Demand>,
    /// A new version of a resource. Needs `[resources]`.
    pub put: Option<Demand>,
    /// Gets and puts in one stream, in place of `get` and `put`. Needs `[resources]`.
    pub mix: Option<Mix>,
    /// How much higher all of it is at some hours of the day. Time zero is midnight.
    pub diurnal: Option<Diurnal>,
    /// Beside all that: operations from a CSV file, `time_s,participant,operation,key,bytes`. Relative to the scenario
    /// file.
    pub trace: Option<String>,
}

/// Gets and puts in one Poisson stream.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Mix {
    /// The mean gap between two operations.
    pub every: Duration,
    /// The share of puts, 0 to 1.
    pub puts: f64,
}

/// How often a participant asks.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Demand {
    /// The gap between two operations.
    pub every: Gap,
}

/// How often a participant looks something up, and what.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Lookups {
    /// The gap between two lookups.
    pub every: Gap,
    /// Default "key".
    #[serde(default)]
    pub target: Target,
}

/// Something that happens at an instant, after the start of the run, the warm-up included.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// Participants go without notice: for a while, keeping their disks, or for good, disks included.
    Crash {
        at: Duration,
        /// Of those online then, 0 to 1.
        share: f64,
        /// Absent: they do not return.
        #[serde(rename = "for")]
        lasts: Option<Duration>,
    },
    /// New participants come, and one resource is wanted more than before.
    FlashCrowd {
        at: Duration,
        /// How long each of them stays, and how long the demand is higher. Absent: to the end.
        #[serde(rename = "for")]
        lasts: Option<Duration>,
        /// How many come. Default 0.
        #[serde(default)]
        arrivals: u32,
        /// They come evenly spread over this time. Default "1min".
        over: Option<Duration>,
        /// The resource's number, from 0, the most popular at the start. Default 0.
        #[serde(default)]
        resource: u32,
        /// Its gets become so many times as many, 1 or more; those of others stay. Default 1.
        #[serde(default = "one")]
        factor: f64,
    },
    /// No packet passes between groups of participants.
    Partition {
        at: Duration,
        /// Absent: it is not healed.
        #[serde(rename = "for")]
        lasts: Option<Duration>,
        /// Of the participants in each group; together 1. Dedicated servers are in the first.
        shares: Vec<f64>,
    },
    /// Every dedicated server is down, its disk kept.
    ServerOutage {
        at: Duration,
        /// Absent: it does not come back.
        #[serde(rename = "for")]
        lasts: Option<Duration>,
    },
    /// Everybody asks more, or less.
    Demand {
        at: Duration,
        /// Absent: to the end.
        #[serde(rename = "for")]
        lasts: Option<Duration>,
        /// So many times as often, 0 or more.
        factor: f64,
        /// One kind only. Absent: all.
        operation: Option<Operation>,
    },
}

fn one() -> f64 {
    1.0
}

/// What a participant may ask.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    Lookup,
    Get,
    Put,
}

/// Repetitions; the axes are read apart, since what they vary is the file itself.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sweep {
    /// Runs at each parameter point; number i, from 0, has seed + i. Default 1.
    pub repetitions: u32,
    /// Values to try, by path: "population.churn.time_scale" = [0.5, 1, 2]. All combinations are run.
    #[schemars(with = "std::collections::BTreeMap<String, Vec<serde_json::Value>>")]
    pub axes: serde::de::IgnoredAny,
}

impl Default for Sweep {
    fn default() -> Sweep {
        Sweep { repetitions: 1, axes: serde::de::IgnoredAny }
    }
}
