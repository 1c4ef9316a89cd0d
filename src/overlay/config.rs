//! A protocol's table of a scenario, and what follows from it before a run.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::backoff::Backoff;
use crate::engine::{Duration, Law};

/// A protocol's TOML table, with a documented default for every key, and what follows from it before a run.
pub trait Config: DeserializeOwned + JsonSchema + Default + Clone + std::fmt::Debug + Send + Sync + 'static {
    /// What is wrong with the values, beyond their types. Names the key, so that the error can point at it.
    fn check(&self) -> Result<(), Problem>;

    /// What can be run and hardly works, for a warning. By default nothing.
    fn doubt(&self) -> Option<Problem> {
        None
    }

    /// Told before a run how many copies of a record storage is to keep. By default nothing depends on it.
    fn for_copies(&mut self, _replicas: u32) {}

    /// Settings that a table may name as its `preset`; keys beside it override. None by default.
    fn presets() -> &'static [Preset] {
        &[]
    }

    /// The most copies of a record whose holders a node can tell by its own lists, and the key that bounds them; `None`, the
    /// default: any number.
    fn most_copies(&self) -> Option<(&'static str, u32)> {
        None
    }

    /// Whether overlays that a partition or a crash has taken apart become one again, by what the protocol itself does (and not only
    /// where somebody who joins later happens to bring both together). A scenario with either warns of one that does not. True by
    /// default.
    fn remerges(&self) -> bool {
        true
    }

    /// What does not work for nodes behind NATs and firewalls that let in only answers to what they have sent, as long as
    /// they have no connections: `check` warns of it, and names the key. By default nothing beyond what every overlay loses
    /// there, which is that strangers cannot ask them.
    fn filtered(&self) -> Option<Problem> {
        None
    }

    /// The dedicated servers that the protocol brings; none for peers. They are the machines after the participants.
    fn servers(&self) -> Vec<Server> {
        Vec::new()
    }

    /// Virtual nodes: with how many nodes, each with a key and a state of its own, every participant takes part. 1 by
    /// default; more only where there are no dedicated servers. A protocol whose table has a key for it calls that
    /// `virtual_nodes`, so that an error can point at it.
    fn nodes_per_machine(&self) -> u32 {
        1
    }

    /// Entries of the longest list in a message of this protocol (at most 255); none by default.
    fn longest_list(&self) -> usize {
        0
    }

    /// The longest period of the protocol's maintenance: `check` compares the warm-up with it. Zero, the default, if it is
    /// nothing to wait for.
    fn longest_period(&self) -> Duration {
        Duration::ZERO
    }

    /// How long a request waits for its reply, and how often it is sent again. Storage, which stands beside the overlay,
    /// is as patient as the overlay itself, at its most patient. By default 1.5 s and never (OverSim).
    fn patience(&self) -> Patience {
        Patience { timeout: Duration::from_millis(1500), retries: 0, backoff: None }
    }

    /// Whether only nodes that strangers can dial are part of the overlay, the others joined as clients. Not by default.
    fn wants_dialable(&self) -> bool {
        false
    }

    /// How many of the nodes nearest to its own key a node is to know; 0, the default, if none in particular.
    fn neighbourhood(&self) -> usize {
        0
    }
}

/// Settings under one name: those of a paper, or of what is deployed.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    pub name: &'static str,
    /// What it sets, as TOML.
    pub keys: &'static str,
    /// Where it is from, and what it cannot set.
    pub source: &'static str,
}

/// How long to wait for a reply.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Patience {
    pub timeout: Duration,
    /// How often a request is sent again when its time-out has passed.
    pub retries: u8,
    /// The pause before that; what a server refused is then sent again too. `None`: at once, and what was refused is not.
    pub backoff: Option<Backoff>,
}

/// A value that cannot be: which key (dotted, below the protocol's table), and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub key: &'static str,
    pub message: String,
}

impl Problem {
    /// `Ok` if `right` holds, else what is wrong with the value of `key`.
    ///
    /// # Errors
    ///
    /// The problem, if `right` does not hold.
    pub fn unless(right: bool, key: &'static str, message: &str) -> Result<(), Problem> {
        if right { Ok(()) } else { Err(Problem { key, message: message.into() }) }
    }
}

/// A dedicated server: its link, its service and its failures.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// Bits per second; infinite for no queueing.
    pub uplink: f64,
    pub downlink: f64,
    /// Bytes each direction of the link may queue; `u64::MAX` without limit.
    pub link_queue: u64,
    /// Time to serve one request, in seconds.
    pub service: Law,
    /// Requests served at once.
    pub workers: u32,
    /// Requests waiting at most, those in service not counted; `u32::MAX` without limit.
    pub queue: u32,
    /// Mean time between failures and to repair, both exponential; `None`: never fails.
    pub failures: Option<(Duration, Duration)>,
    /// The probability that a failure takes the disk along, with all that is on it; 0 where it is mirrored and backed up.
    pub data_loss: f64,
    /// The time until a standby takes a failed server's place, under its address and with its disk; `None`: there is none.
    pub failover: Option<Duration>,
    /// The name of the region that it stands in, as the protocol's table has it in a list `regions`; `None`: where the
    /// network puts servers.
    pub region: Option<String>,
}
