//! Who asks the next node of a lookup.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::config::Problem;
use crate::engine::Duration;

/// Routing style of lookups.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Routing {
    /// Iterative: the initiator queries each node.
    Iterative,
    /// Recursive: each node forwards the request; the last one answers the initiator directly.
    Recursive,
}

impl Routing {
    /// What does not work behind NATs that let in only answers to what went out: see [`super::Config::filtered`].
    pub fn filtered(self) -> Option<Problem> {
        let message = "the answers of recursive lookups come from nodes that were not asked".to_owned();
        (self == Routing::Recursive).then_some(Problem { key: "routing", message })
    }

    /// How long a lookup that was sent on its way waits, if a node asked for itself gets `rpc_timeout`: a recursive one 6⅔
    /// times as long, since it covers the whole walk. OverSim waits 10 s for what is routed to a key and 1.5 s for what is
    /// sent to a node.
    pub fn timeout(self, rpc_timeout: Duration) -> Duration {
        match self {
            Routing::Iterative => rpc_timeout,
            Routing::Recursive => rpc_timeout.mul_f64(10.0 / 1.5),
        }
    }
}
