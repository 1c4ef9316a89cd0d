//! The `kademlia` table of a scenario file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Duration;
use crate::engine::quantity::Switch;
use crate::overlay;
use crate::overlay::config::Problem;
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

/// When the lookup of an operation ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ends {
    /// The `k` nearest heard of have answered, but for those that have failed or are slow.
    #[default]
    All,
    /// So many of the nearest have, 1 to `k`; never fewer than it is to name (of a put and a get the copies). go-libp2p: 3.
    Answered(u32),
    /// The nearest has, as far as no more are to be named.
    Responsible,
    /// A node has answered that is one of the `k` nearest as far as it knows (OverSim): it and those that it names are the nearest.
    Sibling,
}

/// Who enters a bucket that has room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Enters {
    /// Whoever sends something.
    #[default]
    Seen,
    /// Whoever sends something or is named by somebody, unasked (OverSim).
    Named,
    /// Who has answered: whoever asks is pinged first (go-libp2p).
    Checked,
}

/// Settings under one name.
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
                 newcomer waits for the ping, are ours. Records: [storage] repair = \"republish\" with 1h, expiry 24h",
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
        source: "libp2p/go-libp2p-kad-dht 18f7f3a and 066a664: amino/defaults.go, query.go, dht.go. rpc_timeout is TCP's dial (go-libp2p \
                 f1a42fe, tcp.go): who is up answers long before the 10 s that it has for that. revalidate: 20 contacts in the 43.2 \
                 min after which a silent one is tested. Left out: requests to the rest of the 20 after the end. Records live 48 h \
                 and are provided again every 22 h: [storage]",
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
        source: "inet-framework/oversim 3d400bf, Kademlia.cc, IterativeLookup.cc and default.ini; siblings are told by the buckets, \
                 not by a list of 40",
    },
];

/// Kademlia: k-buckets under the XOR metric, lookups with α requests in flight.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Settings of the paper or of what is deployed, which keys beside it override: see `peerlab list protocols`. Default none.
    pub preset: Option<Preset>,
    /// Contacts in a bucket, and the nearest nodes that a lookup may ask. 1 to 255, default 20 (Maymounkov & Mazières 2002,
    /// §2.2; rust-libp2p). OverSim: 8.
    pub k: u32,
    /// Contacts that a reply names, up to 255. Default 0: `k` (Maymounkov & Mazières 2002, §2.3).
    pub reply: u32,
    /// When the lookup of an operation ends: `"all"`, `{ answered = 3 }`, `"responsible"` or `"sibling"`. Joins and refreshes end when
    /// all have answered. Default all (Maymounkov & Mazières 2002, §2.3).
    pub ends: Ends,
    /// Requests are sent in rounds: the first answer to one of the present round begins the next, with as many requests as new nodes
    /// came among the `k` nearest, and answers to earlier ones are not looked at. Hops are then rounds, where a sibling ends a lookup.
    /// Default false; OverSim: true.
    pub rounds: bool,
    /// After a round of `alpha` requests none of which has shown a node nearer than all before, all of the `k` nearest that were
    /// not asked yet are asked at once. Default true (Maymounkov & Mazières 2002, §2.3).
    pub widen: bool,
    /// A node that has not answered a lookup's request within this time is out of consideration until it does, and another may be
    /// asked in its place; where mean + 4 deviations of the node's own round trips are longer, within those (1.5 s before the
    /// first). Or "off". Default "500ms": the paper (§2.3) names no time.
    pub soft_timeout: Switch,
    /// Requests of a lookup in flight at most. 1 to 255, default 3 (Maymounkov & Mazières 2002, §2.3).
    pub alpha: u32,
    /// Newcomers that wait at a full bucket for a contact to fail. 0 to 255, default 8: Maymounkov & Mazières 2002, §4.1,
    /// leave the number open, and deployed systems keep 8 to 20.
    pub replacement_cache: u32,
    /// Who enters a bucket that has room. Default seen (Maymounkov & Mazières 2002, §2.2).
    pub enters: Enters,
    /// Whether the least recently seen contact of a full bucket is pinged when a newcomer is seen: if it is silent, a newcomer takes
    /// its place (Maymounkov & Mazières 2002, §2.2). Default false: §4.1 leaves it to the lookups, to save traffic. Needs a
    /// `replacement_cache`.
    pub ping: bool,
    /// Whether a newcomer that has taken a place is pinged. Default false.
    pub check_replacement: bool,
    /// Requests in a row that a contact may leave unanswered until it loses its place. 1 to 255, default 1 (OverSim; go-libp2p);
    /// Maymounkov & Mazières 2002, §4.1: 5.
    pub failures: u32,
    /// Whether a node that leaves with notice tells the 5·`k` nodes nearest to it that it does. Default false (Maymounkov &
    /// Mazières 2002); OverSim: true.
    pub farewell: bool,
    /// How often each bucket's least recently seen contact is pinged, or "off", the default.
    pub revalidate: Switch,
    /// A bucket is refreshed when no lookup went into its range for so long. Default "1h" (Maymounkov & Mazières 2002,
    /// §2.3). OverSim: "1000s".
    pub refresh: Duration,
    /// Proximity neighbour selection: a contact that fails is replaced by the one with the shortest round trip among the so
    /// many newcomers seen last, as far as the node has measured them by requests of its own; otherwise by the last. A
    /// converged start fills each place with the nearest of so many random nodes. 1 to 255, default 1: the last, whatever
    /// its distance (Maymounkov & Mazières 2002, §4.1).
    pub proximity: u32,
    /// Who asks the next node of an operation's lookup. A recursive one goes from each node to its nearest contact, one way
    /// at a time; the initiator waits 6⅔ times `rpc_timeout` for the whole walk before it tries another first hop. Joins
    /// and refreshes stay iterative: they are there to meet nodes. Default iterative (Maymounkov & Mazières 2002, §2.3).
    pub routing: Routing,
    /// Whether each hop of a recursive lookup says that it got it, so that the node before it goes on with its next best when it
    /// does not within mean + 4 deviations of the node's own round trips (500 ms before the first). Default true (Rhea et al. 2004;
    /// OverSim's routeMsgAcks, which is off for Kademlia).
    pub acknowledge: bool,
    /// A request without reply for so long has timed out; it is not repeated. Or "adaptive": mean + 4 deviations of the
    /// node's own round trips, from 200 ms to 1.5 s (RFC 6298; Rhea et al. 2004), after which a node is slow, and dead after thrice
    /// the time. Default "1.5s" (OverSim).
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

    /// A bucket, and so the neighbourhood that a node knows, has k contacts.
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
