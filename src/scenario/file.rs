//! What was said: the sections of a scenario file as types.
//!
//! Parsing touches nothing but the text. Defaults stand here where they do not depend on anything else; what they mean
//! together is the plan's business. The documentation of each key is also what the JSON Schema tells an editor.

use schemars::JsonSchema;
use serde::Deserialize;

use super::gap::Gap;
use super::plan::Rejoin;
use crate::engine::quantity::{Limit, Rate, Size};
use crate::engine::{Duration, DurationLaw};
use crate::network::{Holds, Unit};
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

/// Sessions and downtimes: a law each, or a preset that has both.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Churn {
    /// Measured laws by name (`peerlab list presets`), or "none".
    pub preset: Option<String>,
    /// How long a participant stays online.
    pub session: Option<DurationLaw>,
    /// How long it is away. Needed with `session`, and with the presets that have none.
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
        Churn { preset: None, session: None, downtime: None, time_scale: 1.0, graceful: 0.5, notice }
    }
}

/// What lies between the machines.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// The probability that a packet is lost, independently of all others. Default 0.
    pub loss: f64,
    /// The standard deviation of the factor, with mean 1, by which each packet's delay varies. 0 to 0.4, default 0.
    pub jitter: f64,
    /// The delay of each pair of machines, one way. Default constant = "50ms".
    pub latency: Latency,
    /// The line of every participant. Absent: no queueing and no serialisation.
    pub access: Option<Access>,
}

/// The delay of each pair of machines, one way.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Latency {
    /// The same for all pairs.
    Constant(Duration),
    /// Drawn for each pair.
    Uniform { low: Duration, high: Duration },
    /// Drawn for each pair. King's round trips are median "78ms", sigma 0.51.
    Lognormal {
        /// One way.
        median: Duration,
        /// The standard deviation of the logarithm. Default 0.51 (King).
        #[serde(default = "king_sigma")]
        sigma: f64,
    },
    /// Machines are spread evenly over a square; the delay is the distance, 0.5214 of the width on average.
    Plane { width: Duration },
    /// Measured delays from a file; machines are drawn onto its rows.
    Matrix {
        /// Relative to the scenario file.
        file: String,
        holds: Holds,
        unit: Unit,
    },
}

fn king_sigma() -> f64 {
    0.51
}

impl Default for Latency {
    fn default() -> Latency {
        Latency::Constant(Duration::from_millis(50))
    }
}

/// The line between a machine and the network.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// Default "unlimited".
    pub uplink: Rate,
    /// Default "unlimited".
    pub downlink: Rate,
    /// What each direction may queue before it drops. Default "1MiB".
    pub queue: Limit,
}

impl Default for Access {
    fn default() -> Access {
        Access { uplink: Rate(f64::INFINITY), downlink: Rate(f64::INFINITY), queue: Limit(1 << 20) }
    }
}

/// What there is to be found.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Resources {
    /// How many; at least 1.
    pub count: u32,
    /// Of each, at most 2 GiB. Up to 16 KiB travel in a packet; larger ones move as transfers, which share the access links
    /// fairly. Default "4KiB".
    #[serde(default = "page")]
    pub size: Size,
    /// How often each is wanted. Default "uniform".
    #[serde(default)]
    pub popularity: Popularity,
}

fn page() -> Size {
    Size(4096)
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

/// Something that happens once.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// Participants go without notice and do not return.
    Crash {
        /// After the start of the run, the warm-up included.
        at: Duration,
        /// Of those online then, 0 to 1.
        share: f64,
    },
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
