//! What a scenario means at one parameter point: checked, with every default and preset resolved.
//!
//! A plan is all that `run/` needs to know. Nothing in it can be wrong any more.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::engine::{Duration, Law};
use crate::network::NetworkPlan;
pub use crate::population::{Popularity, Target};
pub use crate::storage::Repair;

/// An operation without an answer fails after this long (DESIGN §1), transfers included.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// A scenario at one parameter point.
#[derive(Clone, Debug)]
pub struct Plan {
    pub title: String,
    /// The seed of the first repetition; repetition i has `seed + i`.
    pub seed: u64,
    /// Simulated before the measurement begins.
    pub warmup: Duration,
    /// How long figures are taken.
    pub measure: Duration,
    /// The distance between two rows of the time series.
    pub sample: Duration,
    pub population: Population,
    pub network: NetworkPlan,
    pub resources: Resources,
    pub workload: Workload,
    /// In the order of the file.
    pub crashes: Vec<Crash>,
    /// In the order of the file; at least one.
    pub systems: Vec<System>,
}

/// Who takes part, and how they come and go.
#[derive(Clone, Debug)]
pub struct Population {
    pub participants: u32,
    /// The expected number online: `participants · availability`.
    pub online: f64,
    pub start: Start,
    pub rejoin: Rejoin,
    /// `None`: everybody is online from the start to the end.
    pub churn: Option<Churn>,
}

/// How the overlay comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Tables as the protocol would have built them, at time zero.
    Converged,
    /// Through the protocol itself: those online at the start begin at an instant drawn from `0 .. over`.
    Join { over: Duration },
}

/// What a returning node still knows of the overlay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rejoin {
    /// Nothing: it joins through a contact, as a new one would.
    #[default]
    Fresh,
    /// What it knew when its last session ended.
    Keep,
}

/// Sessions and downtimes alternate, each drawn from its law.
#[derive(Clone, Debug)]
pub struct Churn {
    /// Seconds online, the time scale applied; its mean is finite.
    pub session: Law,
    /// Seconds offline, the time scale applied; its mean is finite.
    pub downtime: Law,
    /// The probability that a session ends with notice.
    pub graceful: f64,
    /// How long before its end a graceful session calls `leave`.
    pub notice: Duration,
}

/// What there is to be found.
#[derive(Clone, Debug)]
pub struct Resources {
    /// Zero: there are no gets and no puts.
    pub count: u32,
    /// Bytes of each, at most 2³¹. Above 16 KiB they move as transfers.
    pub size: u32,
    pub popularity: Popularity,
}

/// What participants ask: for each kind of operation the gap between two of them, in seconds, per online participant.
#[derive(Clone, Debug)]
pub struct Workload {
    pub lookup: Option<Law>,
    pub get: Option<Law>,
    pub put: Option<Law>,
    /// What lookups look for.
    pub target: Target,
}

/// At one instant a share of the online participants goes, without notice and without return.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crash {
    /// After the start of the run, the warm-up included.
    pub at: Duration,
    /// Of the participants that are online then.
    pub share: f64,
}

/// An architecture under test.
#[derive(Clone)]
pub struct System {
    /// The user's name for it; unique.
    pub name: String,
    /// The protocol's registered name.
    pub protocol: &'static str,
    /// The protocol's `Config`, for the registry to downcast.
    pub config: Arc<dyn Any + Send + Sync>,
    pub storage: Storage,
}

/// How records are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Storage {
    /// Responsible nodes of a record, 1 ..= 20.
    pub replicas: u32,
    pub repair: Repair,
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("System")
            .field("name", &self.name)
            .field("protocol", &self.protocol)
            .field("storage", &self.storage)
            .finish_non_exhaustive()
    }
}
