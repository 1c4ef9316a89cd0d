//! The table `full-table` of a scenario.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Duration;
use crate::overlay::{self, Patience, Problem};

/// Full table: every machine stores everything, and knows all members.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Dissemination of changes to all machines. Default tree.
    pub spread: Spread,
    /// Fan-out of the tree, at least 2: the number of parts into which each range of machines is split. Default 8: four
    /// levels reach 4,000 machines.
    pub fan_out: u32,
    /// Window of direct dissemination: limit on unacknowledged updates of one change, at least 1. Default 32.
    pub unacknowledged: u32,
    /// Timeout of a request before it is sent again. Default 1.5 s (OverSim).
    pub rpc_timeout: Duration,
    /// Retries of a request before its receiver is marked absent. Default 3.
    pub retries: u8,
    /// Period of anti-entropy, in which a machine compares its table with another's. Default 1 min: 3 B/s.
    pub anti_entropy: Duration,
}

/// Dissemination of changes to all machines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Spread {
    /// Tree: machines forward a change to parts of their range.
    Tree,
    /// Direct: the writer sends a change to every machine.
    Direct,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            spread: Spread::Tree,
            fan_out: 8,
            unacknowledged: 32,
            rpc_timeout: Duration::from_millis(1500),
            retries: 3,
            anti_entropy: Duration::from_secs(60),
        }
    }
}

impl Config {
    /// How long it takes to find out that a machine does not answer.
    pub(super) fn gives_up_after(&self) -> Duration {
        Duration::from_nanos(self.rpc_timeout.as_nanos().saturating_mul(1 + u64::from(self.retries)))
    }

    /// Within this time an update gets to everyone, two failures one below the other included.
    pub(super) fn settling(&self) -> Duration {
        self.gives_up_after() + self.gives_up_after()
    }
}

impl overlay::Config for Config {
    fn check(&self) -> Result<(), Problem> {
        let problem = |key, message: &str| Err(Problem { key, message: message.to_owned() });
        match self {
            Config { fan_out: 0 | 1, .. } => problem("fan_out", "must be 2 at least: a range is split into as many"),
            Config { unacknowledged: 0, .. } => problem("unacknowledged", "must be 1 at least"),
            Config { rpc_timeout: Duration::ZERO, .. } => problem("rpc_timeout", "must be longer than zero"),
            Config { anti_entropy: Duration::ZERO, .. } => {
                problem("anti_entropy", "must be longer than zero, as in \"5min\"")
            }
            _ => Ok(()),
        }
    }

    /// No: machines that cannot reach each other mark each other absent, and are not asked again.
    fn remerges(&self) -> bool {
        false
    }

    fn longest_period(&self) -> Duration {
        self.settling().max(self.anti_entropy)
    }

    fn patience(&self) -> Patience {
        Patience { timeout: self.rpc_timeout, retries: self.retries, backoff: None }
    }
}
