//! The `chord` table of a scenario file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Duration;
use crate::overlay;
use crate::overlay::config::Problem;
use crate::overlay::{Period, Routing, Timeout};

/// Chord: a ring with finger tables.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Parameters of a paper or an implementation, overridden by the keys given beside it (`peerlab list chord`).
    /// Default none.
    pub preset: Option<Preset>,
    /// Period of stabilisation: the node asks its successor for its predecessor and successor list. A time, or a law.
    /// Default 20 s (OverSim); Stoica et al. 2003 draw each period from 15 to 45 s.
    pub stabilize: Period,
    /// Period of `fix_fingers`: a time, or a law. Default 120 s (OverSim).
    pub fix_fingers: Period,
    /// Fingers refreshed by one `fix_fingers`. Default all (OverSim).
    pub fingers: Fingers,
    /// Period of `check_predecessor`, a ping: a time, or a law. Default 5 s (OverSim).
    pub check_predecessor: Period,
    /// Length of the successor list, 1 to 200; at least the number of replicas. Default 8 (OverSim; the papers advise
    /// 2·log₂ N).
    pub successors: u8,
    /// Length of the predecessor list, up to 200 (the papers need one entry). With at least as many entries as
    /// replicas, a holder can tell for which records it is no longer responsible, and drops them; with fewer it keeps
    /// what it once held. A notify carries all but one of them. Default 0: as many as there are replicas, at least 3.
    pub predecessors: u8,
    /// Ring merging: whether a node looks for other rings. In each of the ten rounds of stabilisation after its first
    /// successor has failed, and every `merge_every`, it asks the bootstrap service for members, adopts one that
    /// precedes its successor as its new successor, and looks up its own successor through another. Default true;
    /// false: as in the papers.
    pub merge: bool,
    /// Period of ring merging while no successor has failed: a time, or a law. Default 10 min.
    pub merge_every: Period,
    /// Number of virtual nodes of each machine, each with its own key, tables and maintenance. They even out the load
    /// (the coefficient of variation of the keys per machine falls from 1 to 1/√v) at v times the state and
    /// maintenance, and lengthen paths by ½·log₂ v hops. 1 to 64. Not together with NATs, connections, or placements
    /// other than "responsible". Default 1 (Stoica et al. 2001, §6.1, try 1 to 20).
    pub virtual_nodes: u8,
    /// Proximity neighbour selection: number of candidates for each finger. The first nodes from its start on, within
    /// its interval, are pinged at once, and the first to answer is taken. Costs that many pings for each finger and
    /// `fix_fingers`. 1 to `successors`, the most that a node can name. Default 1: the first node, whatever its
    /// distance; Stoica et al. 2003, Table IV, try 1 to 16.
    pub proximity: u8,
    /// Routing style: iterative or recursive lookups. Default iterative (OverSim).
    pub routing: Routing,
    /// Per-hop acknowledgements of recursive lookups: a node that receives none within mean + 4 deviations of its own
    /// round-trip times (500 ms before the first) forwards to its next best contact. Default true (Rhea et al. 2004;
    /// OverSim's routeMsgAcks, which is off for Chord).
    pub acknowledge: bool,
    /// Node that answers a lookup, and use of the successor list. Default predecessor (Stoica et al. 2003).
    pub answers: Answers,
    /// Verification: whether the initiator pings the node that a lookup returned, and continues if it is dead (one more
    /// RPC). Not for lookups of a record, where storage finds out. Needs iterative routing. Default false (OverSim's
    /// verifySiblings; its lookups query the responsible node too, which costs the same RPC).
    pub verify: bool,
    /// Timeout of a request, after which the node is considered dead; a whole recursive lookup restarts after 6⅔ times
    /// as long. Or "adaptive": mean + 4 deviations of the round-trip times of the node's own lookups, 200 ms to 1.5 s
    /// (RFC 6298; Rhea et al. 2004), after which a node is bypassed, and considered dead after three times that;
    /// requests to the successor, the predecessor and finger candidates then have 1.5 s. Default 1.5 s, hence 10 s for
    /// a recursive lookup (OverSim).
    pub rpc_timeout: Timeout,
    /// Reaction of an iterative lookup to a timeout. Default next (Stoica et al. 2003, §IV-E.3).
    pub on_timeout: OnTimeout,
    /// Limit on the attempts of an operation's lookup, with `on_timeout = "fail"`. 1 to 255, default 1. OverSim: 2.
    pub attempts: u8,
    /// Exact match: whether a finger whose identifier equals the key may be the next hop; in the papers it may not.
    /// Matters if identifiers of nodes are looked up. Default false (OverSim: true).
    pub finger_at_key: bool,
    /// Retries of a request before its receiver is considered dead. Default 0 (OverSim).
    pub retries: u8,
}

/// Node that answers a lookup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Answers {
    /// The predecessor of the key, which names its successor; the whole successor list serves as candidates for the
    /// next hop (Stoica et al. 2003, Fig. 5, §IV-E.3, §V-D).
    Predecessor,
    /// Any node whose successor list covers the key: fewer hops, but the end of a list is as many stabilisation rounds
    /// old as it is long.
    List,
    /// The predecessor of the key; the next hop is a finger or the first successor (Stoica et al. 2001).
    None,
}

/// Fingers refreshed by one `fix_fingers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fingers {
    /// All distinct fingers (OverSim).
    All,
    /// One finger, and the next one in the next period (Stoica et al. 2003, Fig. 6; SimGrid's example).
    One,
}

/// Reaction of an iterative lookup to a timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnTimeout {
    /// Next best: the previous node is told of the dead one and asked for its next best contact.
    Next,
    /// Failure of the attempt; no table entry is deleted (OverSim).
    Fail,
}

/// Presets: parameters under one name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// The simulations of Stoica et al. 2003, Tables II and III.
    Ton2003,
    /// The defaults of OverSim.
    Oversim,
}

const PRESETS: &[overlay::Preset] = &[
    overlay::Preset {
        name: "ton2003",
        keys: r#"
            successors = 20
            stabilize.uniform = { low = "15s", high = "45s" }
            fingers = "one"
            fix_fingers = "90s"
            check_predecessor = "30s"
            rpc_timeout = "500ms"
            verify = true
            merge = false
        "#,
        source: "Stoica et al., IEEE/ACM ToN 2003, §V-C and §V-D, simulations of Tables II and III. Each round of stabilisation refreshes \
                 the successor and one of some 30 other entries in turn, 10 of them fingers: one finger in 90 s. \
                 check_predecessor is our addition",
    },
    overlay::Preset {
        name: "oversim",
        keys: r#"
            successors = 8
            stabilize = "20s"
            fingers = "all"
            fix_fingers = "120s"
            check_predecessor = "5s"
            rpc_timeout = "1.5s"
            verify = true
            finger_at_key = true
            on_timeout = "fail"
            attempts = 2
            merge = false
        "#,
        source: "inet-framework/oversim 3d400bf, Chord.cc, IterativeLookup.cc and default.ini. There the successor inserts a \
                 joining node; here its message to the old predecessor does",
    },
];

impl Default for Config {
    fn default() -> Self {
        Config {
            preset: None,
            stabilize: Duration::from_secs(20).into(),
            fix_fingers: Duration::from_secs(120).into(),
            fingers: Fingers::All,
            check_predecessor: Duration::from_secs(5).into(),
            successors: 8,
            predecessors: 0,
            merge: true,
            merge_every: Duration::from_secs(600).into(),
            virtual_nodes: 1,
            proximity: 1,
            routing: Routing::Iterative,
            acknowledge: true,
            answers: Answers::Predecessor,
            verify: false,
            rpc_timeout: Timeout::DEFAULT,
            on_timeout: OnTimeout::Next,
            attempts: 1,
            finger_at_key: false,
            retries: 0,
        }
    }
}

impl Config {
    /// Default length of the predecessor list if the number of replicas is not given either.
    const PREDECESSORS: u8 = 3;

    /// Whether lookups are recursive and each hop is acknowledged.
    pub(super) fn acknowledges(&self) -> bool {
        self.acknowledge && self.routing == Routing::Recursive
    }

    /// Length of the predecessor list.
    pub(super) fn kept_predecessors(&self) -> usize {
        usize::from(if self.predecessors == 0 { Config::PREDECESSORS } else { self.predecessors })
    }
}

impl overlay::Config for Config {
    fn presets() -> &'static [overlay::Preset] {
        PRESETS
    }

    fn for_copies(&mut self, replicas: u32) {
        if self.predecessors == 0 {
            self.predecessors = Config::PREDECESSORS.max(replicas.min(200) as u8);
        }
    }

    /// A holder must know as many nodes before it to know whether it is responsible, and as many after it to know who is when
    /// it goes.
    fn most_copies(&self) -> Option<(&'static str, u32)> {
        let lists = [("successors", self.successors), ("predecessors", self.predecessors)];
        let (key, length) = lists.into_iter().filter(|list| list.1 > 0).min_by_key(|list| list.1)?;
        Some((key, length.into()))
    }

    fn check(&self) -> Result<(), Problem> {
        let periods = [
            ("stabilize", &self.stabilize),
            ("fix_fingers", &self.fix_fingers),
            ("check_predecessor", &self.check_predecessor),
            ("merge_every", &self.merge_every),
        ];
        if let Some((key, _)) = periods.into_iter().find(|(_, period)| !period.is_possible()) {
            return Err(Problem { key, message: "must be longer than zero, as in \"20s\"".into() });
        }
        if self.rpc_timeout.longest() == Duration::ZERO {
            return Err(Problem { key: "rpc_timeout", message: "must be longer than zero, as in \"1.5s\"".into() });
        }
        if !(1..=200).contains(&self.successors) {
            let message = format!("must be 1 to 200, not {}", self.successors);
            return Err(Problem { key: "successors", message });
        }
        if self.predecessors > 200 {
            let message = format!("must be 200 at most, not {}", self.predecessors);
            return Err(Problem { key: "predecessors", message });
        }
        if self.on_timeout == OnTimeout::Fail
            && (self.routing == Routing::Recursive || self.rpc_timeout == Timeout::Adaptive)
        {
            let message = "needs routing = \"iterative\" and a fixed rpc_timeout: who is merely slow ends no lookup";
            return Err(Problem { key: "on_timeout", message: message.into() });
        }
        if self.attempts > 1 && self.on_timeout == OnTimeout::Next {
            let message = "needs on_timeout = \"fail\": otherwise a lookup goes on where it was";
            return Err(Problem { key: "attempts", message: message.into() });
        }
        if self.attempts == 0 {
            return Err(Problem { key: "attempts", message: "must be 1 to 255, not 0".into() });
        }
        if !(1..=64).contains(&self.virtual_nodes) {
            let message = format!("must be 1 to 64, not {}", self.virtual_nodes);
            return Err(Problem { key: "virtual_nodes", message });
        }
        if !(1..=self.successors).contains(&self.proximity) {
            let message = format!("must be 1 to {}, the number of `successors` that a node can name", self.successors);
            return Err(Problem { key: "proximity", message });
        }
        if self.verify && self.routing == Routing::Recursive {
            let message = "needs routing = \"iterative\": only then the initiator can go on from where it was";
            return Err(Problem { key: "verify", message: message.into() });
        }
        Ok(())
    }

    /// By the papers alone two rings stay two: nobody in one has a successor or finger in the other left.
    fn remerges(&self) -> bool {
        self.merge
    }

    fn filtered(&self) -> Option<Problem> {
        self.routing.filtered()
    }

    fn nodes_per_machine(&self) -> u32 {
        self.virtual_nodes.into()
    }

    fn longest_list(&self) -> usize {
        super::lookup::MOST_EXCLUDED.max(usize::from(self.successors).max(self.kept_predecessors()) + 1)
    }

    fn longest_period(&self) -> Duration {
        [&self.stabilize, &self.fix_fingers, &self.check_predecessor]
            .map(Period::mean)
            .into_iter()
            .max()
            .expect("three")
    }

    fn patience(&self) -> overlay::Patience {
        overlay::Patience { timeout: self.rpc_timeout.longest(), retries: self.retries, backoff: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overlay::Config as _;

    #[test]
    fn the_table_of_a_scenario_file_is_read_and_checked() {
        let read = |text: &str| toml::from_str::<Config>(text);
        assert_eq!(read("").unwrap(), Config::default());
        let config = read("stabilize = \"1min\"\nfingers = \"one\"\nrouting = \"recursive\"\nsuccessors = 0").unwrap();
        assert_eq!((config.stabilize.clone(), config.fingers), (Duration::from_secs(60).into(), Fingers::One));
        assert_eq!(config.check().unwrap_err().key, "successors");
        let refused = |text: &str| read(text).unwrap().check().unwrap_err().key;
        assert_eq!(refused("check_predecessor = \"0s\""), "check_predecessor");
        assert_eq!(refused("proximity = 9"), "proximity");
        assert_eq!(refused("verify = true\nrouting = \"recursive\""), "verify");
        for key in ["attempts = 2", "on_timeout = \"fail\"\nrpc_timeout = \"adaptive\""] {
            assert!(["attempts", "on_timeout"].contains(&refused(key)), "{key}");
        }
        assert!(read("sucessors = 8").unwrap_err().message().contains("successors"));
        assert_eq!(Config::default().check(), Ok(()));
    }
}
