//! The `kademlia` table of a scenario file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Duration;
use crate::overlay::protocol::{self, Problem};
use crate::overlay::{Routing, Timeout};

/// Who enters the routing tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tables {
    /// Whoever sends something.
    #[default]
    Everyone,
    /// Only who says that strangers can dial it. The others ask, but are asked for nothing (libp2p's client mode), and are not
    /// responsible for any key.
    Dialable,
}

/// Kademlia: k-buckets under the XOR metric, lookups with α requests in flight.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Contacts in a bucket, and nodes that must have answered when a lookup ends. 1 to 255, default 20 (Maymounkov &
    /// Mazières 2002, §2.2; rust-libp2p). OverSim: 8.
    pub k: u32,
    /// Requests of a lookup in flight at most. 1 to 255, default 3 (Maymounkov & Mazières 2002, §2.3).
    pub alpha: u32,
    /// Newcomers that wait at a full bucket for a contact to fail. 0 to 255, default 8: Maymounkov & Mazières 2002, §4.1,
    /// leave the number open, and deployed systems keep 8 to 20.
    pub replacement_cache: u32,
    /// A bucket is refreshed when no lookup went into its range for so long. Default "1h" (Maymounkov & Mazières 2002,
    /// §2.3). OverSim: "1000s".
    pub refresh: Duration,
    /// Proximity neighbour selection: a contact that fails is replaced by the one with the shortest round trip among the so
    /// many newcomers seen last, as far as the node has measured them by requests of its own; otherwise by the last. A
    /// converged start fills each place with the nearest of so many random nodes. 1 to 255, default 1: the last, whatever
    /// its distance (Maymounkov & Mazières 2002, §4.1).
    pub proximity: u32,
    /// Who asks the next node of an operation's lookup. A recursive one goes from each node to its nearest contact, one way
    /// at a time; nobody acknowledges a hop, and the initiator waits 6⅔ times `rpc_timeout` for the whole walk before it
    /// tries another first hop. Joins and refreshes stay iterative: they are there to meet nodes. Default iterative
    /// (Maymounkov & Mazières 2002, §2.3).
    pub routing: Routing,
    /// A request without reply for so long has timed out; it is not repeated. Or "adaptive": mean + 4 deviations of the
    /// node's own round trips, from 200 ms to 1.5 s (RFC 6298; Rhea et al. 2004). Default "1.5s" (OverSim).
    pub rpc_timeout: Timeout,
    /// Who enters the routing tables. Default "everyone" (Maymounkov & Mazières 2002, who know no NATs). Deployed in IPFS:
    /// "dialable" (Trautwein et al., SIGCOMM 2022, §2.3).
    pub tables: Tables,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            k: 20,
            alpha: 3,
            replacement_cache: 8,
            refresh: Duration::from_secs(3600),
            proximity: 1,
            routing: Routing::Iterative,
            rpc_timeout: Timeout::DEFAULT,
            tables: Tables::Everyone,
        }
    }
}

impl protocol::Config for Config {
    /// A bucket, and so the neighbourhood that a node knows, has k contacts.
    fn most_copies(&self) -> Option<(&'static str, u32)> {
        Some(("k", self.k))
    }

    fn check(&self) -> Result<(), Problem> {
        let problem = |key, message: &str| Err(Problem { key, message: message.to_owned() });
        match self {
            Config { k: 0 | 256.., .. } => problem("k", "k must be between 1 and 255"),
            Config { alpha: 0 | 256.., .. } => problem("alpha", "alpha must be between 1 and 255"),
            Config { replacement_cache: 256.., .. } => {
                problem("replacement_cache", "replacement_cache must be at most 255")
            }
            Config { proximity: 0 | 256.., .. } => problem("proximity", "proximity must be between 1 and 255"),
            Config { refresh: Duration::ZERO, .. } => problem("refresh", "refresh must be longer than 0s"),
            Config { rpc_timeout: Timeout::ZERO, .. } => problem("rpc_timeout", "rpc_timeout must be longer than 0s"),
            _ => Ok(()),
        }
    }
}
