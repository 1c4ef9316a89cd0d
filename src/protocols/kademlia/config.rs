//! The `kademlia` table of a scenario file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Duration;
use crate::engine::quantity::Switch;
use crate::overlay;
use crate::overlay::config::Problem;
use crate::overlay::{Routing, Timeout};

/// Nodes that may enter the routing tables.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Tables {
    /// All nodes from which a message was received.
    #[default]
    Everyone,
    /// Nodes that announce that they can be dialled. The others send requests but receive none (libp2p's client mode),
    /// and are not responsible for any key.
    Dialable,
}

/// Termination condition of an operation's lookup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ends {
    /// The `k` nearest nodes known have answered, except those that have failed or are slow.
    #[default]
    All,
    /// The given number of nearest nodes have answered, 1 to `k`, but at least as many as the lookup returns (for a put
    /// or get, the replicas). go-libp2p: 3.
    Answered(u32),
    /// The nearest node has answered, or, if the lookup returns several, as many as it returns.
    Responsible,
    /// A node has answered that is, by its own tables, one of the `k` nearest (OverSim): it and the nodes it names are
    /// the result.
    Sibling,
}

/// Nodes that may enter a bucket with free space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Enters {
    /// Nodes from which a message was received.
    #[default]
    Seen,
    /// Nodes from which a message was received or which a reply named, without a check (OverSim).
    Named,
    /// Nodes that have answered a request; the sender of a request is pinged first (go-libp2p).
    Checked,
}

/// Presets: parameters under one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// Maymounkov & Mazières 2002.
    Paper,
    /// go-libp2p-kad-dht, as it is deployed in IPFS.
    Libp2p,
    /// The defaults of OverSim.
    Oversim,
}

const PRESETS: &[overlay::Preset] = &[
    overlay::Preset {
        name: "paper",
        keys: r#"
            k = 20
            alpha = 3
            refresh = "1h"
            ping = true
            soft_timeout = "500ms"
            widen = true
        "#,
        source: "Maymounkov & Mazières, IPTPS 2002, §2.2 and §2.3; soft_timeout, rpc_timeout and the replacement cache, in which a \
                 new node waits for the ping, are our additions. Records: [storage] repair = \"republish\" with 1h, expiry 24h",
    },
    overlay::Preset {
        name: "libp2p",
        keys: r#"
            k = 20
            alpha = 10
            ends = { answered = 3 }
            widen = false
            soft_timeout = "off"
            rpc_timeout = "5s"
            replacement_cache = 0
            enters = "checked"
            refresh = "10min"
            revalidate = "130s"
        "#,
        source: "libp2p/go-libp2p-kad-dht 18f7f3a and 066a664: amino/defaults.go, query.go, dht.go. rpc_timeout is that of a TCP dial \
                 (go-libp2p f1a42fe, tcp.go): a live node answers well within the 10 s allowed for a reply. revalidate: 20 contacts \
                 within the 43.2 min after which a silent one is tested. Omitted: requests to the rest of the 20 after the end. \
                 Provider records expire after 48 h and are republished every 22 h: [storage]",
    },
    overlay::Preset {
        name: "oversim",
        keys: r#"
            k = 8
            alpha = 3
            ends = "sibling"
            rounds = true
            widen = false
            soft_timeout = "off"
            rpc_timeout = "1.5s"
            replacement_cache = 8
            ping = true
            enters = "named"
            farewell = true
            refresh = "1000s"
        "#,
        source: "inet-framework/oversim 3d400bf, Kademlia.cc, IterativeLookup.cc and default.ini; siblings are found in the buckets, \
                 not in a list of 40",
    },
];

/// Kademlia: k-buckets under the XOR metric, lookups with α requests in flight.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Parameters of the paper or an implementation, overridden by the keys given beside it (`peerlab list kademlia`).
    /// Default none.
    pub preset: Option<Preset>,
    /// Bucket size, and the number of nearest nodes that a lookup may query. 1 to 255, default 20 (Maymounkov &
    /// Mazières 2002, §2.2; rust-libp2p). OverSim: 8.
    pub k: u32,
    /// Number of contacts in a reply, up to 255. Default 0: `k` (Maymounkov & Mazières 2002, §2.3).
    pub reply: u32,
    /// Termination condition of an operation's lookup: `"all"`, `{ answered = 3 }`, `"responsible"` or `"sibling"`.
    /// Joins and refreshes end when all have answered. Default all (Maymounkov & Mazières 2002, §2.3).
    pub ends: Ends,
    /// Requests in rounds: the first reply to the present round starts the next, with as many requests as new nodes
    /// have entered the `k` nearest; replies to earlier rounds are ignored. With ends = "sibling", hops are then
    /// rounds. Default false; OverSim: true.
    pub rounds: bool,
    /// Final round of the paper: when `alpha` requests have returned no node nearer than those known, all of the `k`
    /// nearest that have not been queried are queried at once. Default true (Maymounkov & Mazières 2002, §2.3).
    pub widen: bool,
    /// Soft timeout: a node that has not answered a lookup's request by then is left out until it does, and another may
    /// be queried in its place. If mean + 4 deviations of the node's own round-trip times is longer (1.5 s before the
    /// first), that is used. Or "off". Default "500ms": the paper (§2.3) gives no time.
    pub soft_timeout: Switch,
    /// Concurrency α: limit on the requests of a lookup in flight. 1 to 255, default 3 (Maymounkov & Mazières 2002, §2.3).
    pub alpha: u32,
    /// Size of a bucket's replacement cache, 0 to 255. Default 8: Maymounkov & Mazières 2002, §4.1, leave it open, and
    /// deployed systems keep 8 to 20.
    pub replacement_cache: u32,
    /// Nodes that may enter a bucket with free space. Default seen (Maymounkov & Mazières 2002, §2.2).
    pub enters: Enters,
    /// Eviction ping: whether the least recently seen contact of a full bucket is pinged when a new node is seen, and
    /// replaced if it does not answer (Maymounkov & Mazières 2002, §2.2). Default false: in §4.1 lookups detect dead
    /// contacts, which saves traffic. Needs a `replacement_cache`.
    pub ping: bool,
    /// Replacement ping: whether a node is pinged after it has moved from the replacement cache into a bucket. Default
    /// false.
    pub check_replacement: bool,
    /// Number of consecutive timeouts after which a contact is replaced. 1 to 255, default 1 (OverSim; go-libp2p);
    /// Maymounkov & Mazières 2002, §4.1: 5.
    pub failures: u32,
    /// Leave notice: whether a node that leaves gracefully notifies the 5·`k` nodes nearest to it. Default false
    /// (Maymounkov & Mazières 2002); OverSim: true.
    pub farewell: bool,
    /// Period of pinging each bucket's least recently seen contact, or "off", the default.
    pub revalidate: Switch,
    /// Refresh interval: a bucket is refreshed if no lookup went into its range for this time. Default "1h" (Maymounkov
    /// & Mazières 2002, §2.3). OverSim: "1000s".
    pub refresh: Duration,
    /// Proximity neighbour selection: number of candidates for a place. A failed contact is replaced by the one with
    /// the shortest round-trip time among that many most recently seen nodes of the replacement cache, as far as
    /// requests of the node's own have measured it; otherwise by the last seen. A converged start takes the nearest of
    /// that many random nodes. 1 to 255, default 1: the last seen, whatever its distance (Maymounkov & Mazières 2002,
    /// §4.1).
    pub proximity: u32,
    /// Routing style of operations: iterative or recursive lookups. A recursive one goes from each node to its nearest
    /// contact, along a single path; the initiator waits 6⅔ times `rpc_timeout` for the whole path before it tries
    /// another first hop. Joins and refreshes are always iterative, as they serve to meet nodes. Default iterative
    /// (Maymounkov & Mazières 2002, §2.3).
    pub routing: Routing,
    /// Per-hop acknowledgements of recursive lookups: a node that receives none within mean + 4 deviations of its own
    /// round-trip times (500 ms before the first) forwards to its next best contact. Default true (Rhea et al. 2004;
    /// OverSim's routeMsgAcks, which is off for Kademlia).
    pub acknowledge: bool,
    /// Timeout of a request, without retries. Or "adaptive": mean + 4 deviations of the node's own round-trip times,
    /// 200 ms to 1.5 s (RFC 6298; Rhea et al. 2004), after which a node is slow, and considered dead after three times
    /// that. Default "1.5s" (OverSim).
    pub rpc_timeout: Timeout,
    /// Nodes that may enter the routing tables. Default "everyone" (Maymounkov & Mazières 2002, who do not consider
    /// NATs). Deployed in IPFS: "dialable" (Trautwein et al., SIGCOMM 2022, §2.3).
    pub tables: Tables,
}

impl Config {
    /// Whether lookups are recursive and each hop is acknowledged.
    pub(super) fn acknowledges(&self) -> bool {
        self.acknowledge && self.routing == Routing::Recursive
    }

    /// Number of contacts in a reply.
    pub(super) fn named(&self) -> usize {
        if self.reply == 0 { self.k as usize } else { self.reply as usize }
    }

    /// Number of nearest nodes that must have answered when a lookup that returns `count` nodes ends.
    pub(super) fn wanted(&self, count: usize) -> usize {
        let answered = match self.ends {
            Ends::Answered(answered) => answered as usize,
            Ends::Responsible => 1,
            Ends::All | Ends::Sibling => self.k as usize,
        };
        answered.max(count.min(self.k as usize))
    }
}

impl Default for Config {
    fn default() -> Self {
        Config {
            preset: None,
            k: 20,
            reply: 0,
            ends: Ends::All,
            rounds: false,
            widen: true,
            soft_timeout: Switch(Some(Duration::from_millis(500))),
            alpha: 3,
            replacement_cache: 8,
            enters: Enters::Seen,
            ping: false,
            check_replacement: false,
            failures: 1,
            farewell: false,
            revalidate: Switch(None),
            refresh: Duration::from_secs(3600),
            proximity: 1,
            routing: Routing::Iterative,
            acknowledge: true,
            rpc_timeout: Timeout::DEFAULT,
            tables: Tables::Everyone,
        }
    }
}

impl overlay::Config for Config {
    fn presets() -> &'static [overlay::Preset] {
        PRESETS
    }

    /// Most replicas: a bucket, and so the neighbourhood that a node knows, has k contacts.
    fn most_copies(&self) -> Option<(&'static str, u32)> {
        Some(("k", self.k))
    }

    fn check(&self) -> Result<(), Problem> {
        let problem = |key, message: &str| Err(Problem { key, message: message.to_owned() });
        let wrong =
            |key, range: &str, value: u32| Err(Problem { key, message: format!("must be {range}, not {value}") });
        match *self {
            Config { k: k @ (0 | 256..), .. } => wrong("k", "1 to 255", k),
            Config { reply: reply @ 256.., .. } => wrong("reply", "255 at most", reply),
            Config { ends: Ends::Answered(answered), k, .. } if answered == 0 || answered > k => {
                wrong("ends", "1 to `k`", answered)
            }
            Config { ends: Ends::Sibling, reply: reply @ 1.., k, .. } if reply < k => {
                wrong("reply", "`k` at least where a sibling ends a lookup", reply)
            }
            Config { ping: true, replacement_cache: 0, .. } => {
                problem("ping", "needs a `replacement_cache` of 1 at least, for the newcomer to wait in")
            }
            Config { rounds: true, ends: Ends::Answered(_) | Ends::Responsible, .. } => {
                problem("rounds", "needs ends = \"sibling\", or \"all\"")
            }
            Config { routing: Routing::Recursive, rounds: true, .. } => {
                problem("rounds", "needs routing = \"iterative\"")
            }
            Config { routing: Routing::Recursive, ends, .. } if ends != Ends::All => problem(
                "ends",
                "a recursive lookup ends at the responsible node: leave this out, or say routing = \"iterative\"",
            ),
            Config { check_replacement: true, replacement_cache: 0, .. } => {
                problem("check_replacement", "needs a `replacement_cache` of 1 at least")
            }
            Config { failures: failures @ (0 | 256..), .. } => wrong("failures", "1 to 255", failures),
            Config { revalidate: Switch(Some(Duration::ZERO)), .. } => {
                problem("revalidate", "must be longer than zero, as in \"15min\", or \"off\"")
            }
            Config { soft_timeout: Switch(Some(Duration::ZERO)), .. } => {
                problem("soft_timeout", "must be longer than zero, as in \"500ms\", or \"off\"")
            }
            Config { alpha: alpha @ (0 | 256..), .. } => wrong("alpha", "1 to 255", alpha),
            Config { replacement_cache: cache @ 256.., .. } => wrong("replacement_cache", "255 at most", cache),
            Config { proximity: proximity @ (0 | 256..), .. } => wrong("proximity", "1 to 255", proximity),
            Config { refresh: Duration::ZERO, .. } => problem("refresh", "must be longer than zero, as in \"1h\""),
            Config { rpc_timeout: Timeout::ZERO, .. } => {
                problem("rpc_timeout", "must be longer than zero, as in \"1.5s\"")
            }
            _ => Ok(()),
        }
    }

    fn filtered(&self) -> Option<Problem> {
        self.routing.filtered()
    }

    fn longest_list(&self) -> usize {
        self.named().max(self.k as usize)
    }

    fn longest_period(&self) -> Duration {
        self.refresh
    }

    fn patience(&self) -> overlay::Patience {
        overlay::Patience { timeout: self.rpc_timeout.longest(), retries: 0, backoff: None }
    }

    fn wants_dialable(&self) -> bool {
        self.tables == Tables::Dialable
    }

    fn neighbourhood(&self) -> usize {
        self.k as usize
    }
}
