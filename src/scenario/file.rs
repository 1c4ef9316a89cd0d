//! The text of a scenario file: its sections as types.
//!
//! Parsing depends on the text alone. A default stands here if it does not depend on other keys; what the keys mean
//! together is worked out by the plan ([`super::plan`]). The doc comment of a key is also its description in the JSON
//! Schema, which editors show.

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

pub(super) use bootstrap::{Bootstrap, Service};
pub(super) use events::{Event, Operation};
pub(super) use expect::{Expect, Operations};
pub(super) use nat::{Nat, NatShares};
pub(super) use network::{
    Access, Burst, Coordinates, Inflation, Latency, LatencyByHour, LognormalDelay, Matrix, Network, Plane, RegionTable,
    Regions, UniformDelay,
};
pub(super) use population::{Churn, Class, Population, Processor, Start};
pub(super) use repair::{Placement, Provider, Repair, Republish};
pub(super) use traversal::{Connections, Relays, Transport, Traversal};
pub(super) use wire::{Handshake, Wire, WirePreset};

use super::daily::Diurnal;
use super::gap::Gap;
use super::size::ValueSize;
use crate::engine::{Duration, Size};
use crate::population::{Popularity, Target};

/// Times of a run: warm-up, measurement, sampling.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Time {
    /// Simulated time before the measurement starts, in which routing tables age. Default "30min".
    pub warmup: Duration,
    /// Length of the measurement. Default "1h".
    pub measure: Duration,
    /// Interval between two rows of the time series. Default "1min", or `measure` if that is shorter.
    pub sample: Option<Duration>,
}

impl Default for Time {
    fn default() -> Time {
        Time { warmup: Duration::from_secs(1_800), measure: Duration::from_secs(3_600), sample: None }
    }
}

/// The resources (files, values) that participants get and put.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Resources {
    /// Number of resources, at least 1.
    pub count: u32,
    /// Size of each resource, at most 2 GiB: a size, or a law from which each draws its own. Up to 16 KiB travel in one
    /// packet; larger values are bulk transfers, which share the access links fairly. Default "4KiB".
    #[serde(default)]
    pub size: ValueSize,
    /// Distribution of requests over the resources. Default "uniform".
    #[serde(default)]
    pub popularity: Popularity,
    /// Period after which popularity shifts (moving hot spots): the least popular resource becomes the most popular,
    /// and every other one falls by one rank. Absent: popularity never changes.
    pub rotate_every: Option<Duration>,
}

/// Storage of records: replicas, coding, placement, repair and caches.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Storage {
    /// Replicas of each piece: the number of nodes responsible for it, 1 to 20. Default 3.
    pub replicas: Option<u32>,
    /// Placement of the replicas. Default "responsible".
    pub placement: Option<Placement>,
    /// Provider records, with placement = "provider".
    pub provider: Option<Provider>,
    /// Repair policy: the reaction to missing or misplaced replicas. Default "eager".
    pub repair: Option<Repair>,
    /// Time for which a node keeps a copy after it has ceased to be responsible for it, under eager and lazy repair.
    /// Default "30min": a node that joins and leaves within that time takes no copies away. "0s" keeps storage at
    /// `replicas` copies.
    pub hold: Option<Duration>,
    /// Number of pieces into which a resource is cut and from which it is reassembled, 1 to 256. Default 1. Systems
    /// that store every resource in full (`client-server`, `full-table`) have no pieces.
    pub pieces: Option<u32>,
    /// Audit period: how often a holder of a piece checks whether the next piece of the resource can be found, and
    /// rebuilds it from others if not. Absent: pieces without any copy left are not rebuilt. With placement =
    /// "random-participants" and eager or lazy repair: how often the keeper of a pointer probes the holders that it
    /// names; default "1h" there.
    pub audit: Option<Duration>,
    /// Capacity of each machine's path cache, in bytes of values: readers store copies along the lookup path, and later
    /// lookups end there. The least recently used copies are evicted. Needs placement = "responsible"; not for systems
    /// that store every resource in full. Absent, or "0B": no caching.
    pub cache: Option<Size>,
    /// Lifetime of a cached copy, counted from its read at a holder; puts do not invalidate caches. Default "10min" (a
    /// DNS cache gets most of its benefit from the first few hundred seconds: Jung et al., IMW 2001).
    pub cache_ttl: Option<Duration>,
    /// Parity pieces beyond `pieces`: any `pieces` of them all give the resource back (erasure coding). Default 0; at
    /// most 256 pieces in all.
    pub parity: Option<u32>,
}

/// Operations that each participant issues while it is online.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Workload {
    /// Lookups: which node is responsible for a key?
    pub lookup: Option<Lookups>,
    /// Gets: reads of a resource. Needs `[resources]`.
    pub get: Option<Demand>,
    /// Puts: writes of a new version of a resource. Needs `[resources]`.
    pub put: Option<Demand>,
    /// Gets and puts in one Poisson stream, in place of `get` and `put`. Needs `[resources]`.
    pub mix: Option<Mix>,
    /// Daily variation of the request rate: a factor for each hour. Time zero is midnight.
    pub diurnal: Option<Diurnal>,
    /// Deadline of an operation, transfers included: without an answer by then it fails. Default "60s".
    pub deadline: Option<Duration>,
    /// Trace of further operations: a CSV file `time_s,participant,operation,key,bytes`, relative to the scenario file.
    /// The first line names the columns, in any order. Participants have the names or numbers of
    /// `population.churn.trace`; a key is a number (hexadecimal after `0x`) or any text, which is hashed.
    pub trace: Option<String>,
    /// Timestamp in the trace, in seconds, that is time zero of the run. Default: `population.churn.trace_start`.
    pub trace_start: Option<u64>,
}

/// Gets and puts in one Poisson stream.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Mix {
    /// Mean interval between two operations of a participant.
    pub every: Duration,
    /// Share of puts among them, 0 to 1.
    pub puts: f64,
}

/// Request rate of a participant.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Demand {
    /// Interval between two operations of a participant: a mean (exponential), or a law.
    pub every: Gap,
}

/// Rate and targets of a participant's lookups.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Lookups {
    /// Interval between two lookups of a participant: a mean (exponential), or a law.
    pub every: Gap,
    /// Target of a lookup. Default "key".
    #[serde(default)]
    pub target: Target,
}

/// Parameter sweep: repetitions and axes. (Axes are read separately, since their values change the file itself.)
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Sweep {
    /// Runs at each parameter point, each with its own seed: the first has the scenario's, the others a hash of that
    /// and their number. Default 1.
    pub repetitions: u32,
    /// Values to try, by path: "population.churn.time_scale" = [0.5, 1, 2]. Every combination is run.
    #[schemars(with = "std::collections::BTreeMap<String, Vec<serde_json::Value>>")]
    pub axes: serde::de::IgnoredAny,
}

impl Default for Sweep {
    fn default() -> Sweep {
        Sweep { repetitions: 1, axes: serde::de::IgnoredAny }
    }
}
