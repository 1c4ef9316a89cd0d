//! The `kademlia` table of a scenario file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Duration;
use crate::engine::quantity::Switch;
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
    /// Contacts in a bucket, and the nearest nodes that a lookup may ask. 1 to 255, default 20 (Maymounkov & Mazières 2002,
    /// §2.2; rust-libp2p). OverSim: 8.
    pub k: u32,
    /// Contacts that a reply names, up to 255. Default 0: `k` (Maymounkov & Mazières 2002, §2.3).
    pub reply: u32,
    /// How many of the nearest nodes must have answered when a lookup ends, 1 to `k`; never fewer than it is to name
    /// (of a put and a get the copies), and all of them in a join or refresh. Default 0: `k` (Maymounkov & Mazières 2002, §2.3); go-libp2p: 3.
    pub answered: u32,
    /// After a round of `alpha` requests none of which has shown a node nearer than all before, all of the `k` nearest that were
    /// not asked yet are asked at once. Default true (Maymounkov & Mazières 2002, §2.3).
    pub widen: bool,
    /// A node that has not answered a lookup's request within this time is out of consideration until it does, and another may be
    /// asked in its place; where mean + 4 deviations of the node's own round trips are longer, within those. Or "off". Default
    /// "500ms": the paper (§2.3) names no time.
    pub soft_timeout: Switch,
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
    /// at a time; the initiator waits 6⅔ times `rpc_timeout` for the whole walk before it tries another first hop. Joins and refreshes stay iterative: they are there to meet nodes. Default iterative
    /// (Maymounkov & Mazières 2002, §2.3).
    pub routing: Routing,
    /// Whether each hop of a recursive lookup says that it got it, so that the node before it goes on with its next best when it
    /// does not within mean + 4 deviations of the node's own round trips (500 ms before the first). Default true (OverSim's routeMsgAcks;
    /// Rhea et al. 2004).
    pub acknowledge: bool,
    /// A request without reply for so long has timed out; it is not repeated. Or "adaptive": mean + 4 deviations of the
    /// node's own round trips, from 200 ms to 1.5 s (RFC 6298; Rhea et al. 2004). Default "1.5s" (OverSim).
    pub rpc_timeout: Timeout,
    /// Who enters the routing tables. Default "everyone" (Maymounkov & Mazières 2002, who know no NATs). Deployed in IPFS:
    /// "dialable" (Trautwein et al., SIGCOMM 2022, §2.3).
    pub tables: Tables,
}

impl Config {
    /// Walks are passed on from node to node, and each hop is acknowledged.
    pub(super) fn acknowledges(&self) -> bool {
        self.acknowledge && self.routing == Routing::Recursive
    }

    /// Contacts that a reply names.
    pub(super) fn named(&self) -> usize {
        if self.reply == 0 { self.k as usize } else { self.reply as usize }
    }

    /// The nearest nodes that must have answered when a lookup ends that is to name `count`.
    pub(super) fn wanted(&self, count: usize) -> usize {
        let answered = if self.answered == 0 { self.k as usize } else { self.answered as usize };
        answered.max(count.min(self.k as usize))
    }
}

impl Default for Config {
    fn default() -> Self {
        Config {
            k: 20,
            reply: 0,
            answered: 0,
            widen: true,
            soft_timeout: Switch(Some(Duration::from_millis(500))),
            alpha: 3,
            replacement_cache: 8,
            refresh: Duration::from_secs(3600),
            proximity: 1,
            routing: Routing::Iterative,
            acknowledge: true,
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
            Config { reply: 256.., .. } => problem("reply", "reply must be at most 255"),
            Config { answered, k, .. } if answered > k => problem("answered", "answered must be at most k"),
            Config { soft_timeout: Switch(Some(Duration::ZERO)), .. } => {
                problem("soft_timeout", "soft_timeout must be longer than 0s, or \"off\"")
            }
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
