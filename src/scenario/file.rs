//! What was said: the sections of a scenario file as types.
//!
//! Parsing touches nothing but the text. Defaults stand here where they do not depend on anything else; what they mean
//! together is the plan's business. The documentation of each key is also what the JSON Schema tells an editor.

mod bootstrap;
mod events;
mod expect;
mod nat;
mod network;
mod population;
mod repair;
mod traversal;
mod wire;

use schemars::JsonSchema;
use serde::Deserialize;

pub use bootstrap::{Bootstrap, Service};
pub use events::{Event, Operation};
pub use expect::{Expect, Operations};
pub use nat::{Nat, NatShares};
pub use network::{
    Access, Burst, Coordinates, Inflation, Latency, LatencyByHour, LognormalDelay, Matrix, Network, Plane, RegionTable,
    Regions, UniformDelay,
};
pub use population::{Churn, Class, Population, Processor, Start};
pub use repair::{Placement, Provider, Repair, Republish};
pub use traversal::{Connections, Relays, Transport, Traversal};
pub use wire::{Handshake, Wire, WirePreset};

use super::daily::Diurnal;
use super::gap::Gap;
use super::size::ValueSize;
use crate::engine::{Duration, Size};
use crate::population::{Popularity, Target};

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
    /// Copies of each piece: the nodes responsible for it, 1 to 20. Default 3.
    pub replicas: Option<u32>,
    /// Where the copies are. Default "responsible".
    pub placement: Option<Placement>,
    /// Provider records, with placement = "provider".
    pub provider: Option<Provider>,
    /// What is done when copies are missing or out of place. Default "eager".
    pub repair: Option<Repair>,
    /// Under eager and lazy repair, how long a copy is held that is no longer its node's to keep, before it is dropped. Default
    /// "30min": then visitors who stay for less take no copies away with them. "0s" keeps storage at `replicas`.
    pub hold: Option<Duration>,
    /// Pieces into which a resource is cut, and which give it back, 1 to 256. Default 1. Systems that hold resources in full
    /// (`client-server`, `full-table`) know no pieces.
    pub pieces: Option<u32>,
    /// A holder of a piece looks so often whether the next piece of the resource can be found, and makes it again from others
    /// if not. Absent: pieces of which no copy is left are not made again. With placement = "random-participants" and eager or
    /// lazy repair: how often whoever keeps a pointer asks the holders that it names. Default "1h" there.
    pub audit: Option<Duration>,
    /// Bytes that a machine's cache takes of what others have read past it; the least recently used copies make room. Needs
    /// placement = "responsible"; systems that hold resources in full do without. Absent, or "0B": nothing is cached.
    pub cache: Option<Size>,
    /// How long a cached copy may be given after it was read from a holder: nobody tells caches of puts. Default "10min" (most of
    /// what caches of DNS save comes within a few hundred seconds: Jung et al., IMW 2001).
    pub cache_ttl: Option<Duration>,
    /// Coded pieces beyond those: any `pieces` of all give the resource back. Default 0; 256 pieces in all at most.
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
    /// An operation without an answer fails after this long, transfers included. Default "60s".
    pub deadline: Option<Duration>,
    /// Beside all that: operations from a CSV file, `time_s,participant,operation,key,bytes`, relative to the scenario file. The
    /// first line names the columns, which may stand in any order. Participants are called as in `population.churn.trace`; a key
    /// is a number, hexadecimal after `0x`, or any text, which counts by its hash.
    pub trace: Option<String>,
    /// The time in the trace, in seconds, that is time zero. Default: `population.churn.trace_start`.
    pub trace_start: Option<u64>,
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

/// Repetitions; the axes are read apart, since what they vary is the file itself.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sweep {
    /// Runs at each parameter point. The first has the scenario's seed, each other one a seed that is hashed from that and its
    /// number. Default 1.
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
