//! The `chord` table of a scenario file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::engine::Duration;
use crate::overlay;
use crate::overlay::config::Problem;
use crate::overlay::{Period, Routing, Timeout};

/// Chord: a ring with fingers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Settings of a paper or of what is deployed, which keys beside it override: see `peerlab list protocols`. Default none.
    pub preset: Option<Preset>,
    /// Period of asking the successor for its predecessor and successor list: a time, or a law. Default 20 s (OverSim); Stoica et
    /// al. 2003 draw each from 15 to 45 s.
    pub stabilize: Period,
    /// Period of `fix_fingers`, likewise. Default 120 s (OverSim).
    pub fix_fingers: Period,
    /// What one `fix_fingers` does. Default all (OverSim).
    pub fingers: Fingers,
    /// Period of pinging the predecessor, likewise. Default 5 s (OverSim).
    pub check_predecessor: Period,
    /// Length of the successor list, 1 to 200; at least the number of copies that storage asks for. Default 8 (OverSim; the
    /// papers advise 2·log₂ N).
    pub successors: u8,
    /// How many nodes before it a node keeps track of, up to 200. The papers need one. With at least as many as there are
    /// copies, a holder can tell which records are no longer its own to keep, and drops them; with fewer it keeps what it
    /// once held. A notify carries all but one of them. Default 0: as many as there are copies, 3 at least.
    pub predecessors: u8,
    /// Whether a node looks for rings beside its own: it asks the bootstrap service for members, in each of ten rounds of stabilising
    /// after its first successor has failed and every `merge_every`, takes one that lies before its successor for that, and looks up
    /// who follows it through another. Default true; false is the papers' own.
    pub merge: bool,
    /// How often a node does so that has lost no successor: a time, or a law. Default 10 min.
    pub merge_every: Period,
    /// Virtual nodes: each machine takes part with so many nodes, each with a key, tables and maintenance of its own. Evens
    /// the load out (the coefficient of variation of the keys of a machine falls from 1 to 1/√v) at v times the state and
    /// upkeep, and makes paths ½·log₂ v hops longer. 1 to 64. Not together with NATs, connections, or copies that are not on
    /// the responsible nodes. Default 1 (Stoica et al. 2001, §6.1, try 1 to 20).
    pub virtual_nodes: u8,
    /// Proximity neighbour selection: each finger is, of the first so many nodes from its start on, as far as they lie in
    /// its interval, the one that answers first when all are asked at once. Costs so many pings a finger and
    /// `fix_fingers`. 1 to `successors`, since nobody can name more. Default 1: the first, whatever its distance; Stoica
    /// et al. 2003, Table IV, try 1 to 16.
    pub proximity: u8,
    /// Who asks the next node of a lookup. Default iterative (OverSim).
    pub routing: Routing,
    /// Whether each hop of a recursive lookup says that it got it, so that the node before it goes on with its next best when it
    /// does not within mean + 4 deviations of the node's own round trips (500 ms before the first). Default true (Rhea et al. 2004;
    /// OverSim's routeMsgAcks, which is off for Chord).
    pub acknowledge: bool,
    /// Who says which node a key belongs to, and what the successor list is for. Default predecessor (Stoica et al. 2003).
    pub answers: Answers,
    /// Whether the initiator of a lookup asks the node that it was named whether it is there, and goes on if not: one RPC
    /// more. Walks for a record never do, storage finds out. Needs iterative
    /// routing. Default false (OverSim's verifySiblings; its lookups ask the responsible node for itself, which is one RPC too).
    pub verify: bool,
    /// Time after which a node asked is taken for dead; a recursive lookup as a whole begins again after 6⅔ times as long. Or
    /// "adaptive": mean + 4 deviations of the round trips of the node's own lookups, from 200 ms to 1.5 s (RFC 6298; Rhea et al.
    /// 2004), after which a node is passed over, and taken for dead after thrice the time; successor, predecessor and candidates
    /// for fingers then have 1.5 s. Default 1.5 s, hence 10 s (OverSim).
    pub rpc_timeout: Timeout,
    /// What an iterative lookup does at a node that does not answer. Default next (Stoica et al. 2003, §IV-E.3).
    pub on_timeout: OnTimeout,
    /// How often an operation's lookup begins in all, where `on_timeout = "fail"`. 1 to 255, default 1. OverSim: 2.
    pub attempts: u8,
    /// Whether a finger whose identifier is the key itself may be the next hop; the papers look only before the key. Matters where
    /// identifiers of nodes are looked up. Default false (OverSim: true).
    pub finger_at_key: bool,
    /// How often a request is sent again before that. Default 0 (OverSim).
    pub retries: u8,
}

/// Who says which node a key belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Answers {
    /// The node before the key, by its successor; the whole list serves for the next hop (Stoica et al. 2003, Fig. 5, §IV-E.3,
    /// §V-D).
    Predecessor,
    /// Any node in whose successor list the key falls: fewer hops, and what the list's end says is as old as its length in
    /// rounds of stabilising.
    List,
    /// The node before the key; the next hop is a finger or the successor (Stoica et al. 2001).
    None,
}

/// What one `fix_fingers` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fingers {
    /// Looks up every distinct finger (OverSim).
    All,
    /// Looks up one, the next one in the next period (Stoica et al. 2003, Fig. 6; SimGrid's example).
    One,
}

/// What an iterative lookup does at a node that does not answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnTimeout {
    /// It asks the node before it for the next best, and tells it who is dead.
    Next,
    /// The attempt ends, and nobody is deleted from any table (OverSim).
    Fail,
}

/// Settings under one name.
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
        source: "Stoica et al., IEEE/ACM ToN 2003, §V-C and §V-D, simulations of Tables II and III. Each round of stabilising refreshes \
                 one entry beside the successor in turn, of some 30 of which 10 are fingers: one finger in 90 s. The predecessor's \
                 check is ours",
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
        source: "inet-framework/oversim 3d400bf, Chord.cc, IterativeLookup.cc and default.ini; it lets the successor insert \
                 who joins, which here the successor's notice to the old predecessor does",
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
    /// Where nothing is said of copies either.
    const PREDECESSORS: u8 = 3;

    /// Walks are passed on from node to node, and each hop is acknowledged.
    pub(super) fn acknowledges(&self) -> bool {
        self.acknowledge && self.routing == Routing::Recursive
    }

    /// How many predecessors a node keeps track of.
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
