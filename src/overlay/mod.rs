//! Layer 2: the protocol trait and its context, RPC bookkeeping, the iterative lookup.
//!
//! Sans-IO: an overlay is told what arrived and says what it wants done. It does not know `network/`, and it cannot
//! tell a simulation from a unit test.
//!
//! | file | contents |
//! | --- | --- |
//! | `backoff` | How long a client waits before it sends a request again: exponential back-off with full jitter |
//! | `bootstrap` | The bootstrap service: machines that know who is in an overlay, and through whom others find their way into it |
//! | `config` | A protocol's table of a scenario, and what follows from it before a run |
//! | `context` | What a handler is given, and the effects it leaves: handlers do nothing themselves, `run/` applies what they ask for |
//! | `lists` | A pool of short lists: what a packet carries besides its fixed part, kept outside the event |
//! | `lookup` | The iterative lookup as a pure value: whom to ask next, given who has answered what |
//! | `message` | The payload of a message: what it carries beside its envelope |
//! | `ongoing` | What a node has under way, and the memory for it, which all nodes share |
//! | `period` | The time between two rounds of upkeep |
//! | `protocol` | The contract between a protocol and the simulator: the state machine of one node |
//! | `relay` | Walks on their way from node to node: recursive routing, with an acknowledgement of each hop |
//! | `roster` | The true membership at one instant, sorted by key, and how far apart the members are: what a converged start builds its tables from |
//! | `round_trips` | How long to wait for a reply: a fixed time, or one that follows the round trips measured |
//! | `routing` | Who asks the next node of a lookup |
//! | `rpc` | RPC bookkeeping: which requests are outstanding, until when, and what for |
//! | `rule` | The nodes that keep a record, by a protocol's rule |
//! | `wire` | Sizes on the wire: what a message takes in bytes, and what a handshake costs before it |

pub mod backoff;
pub mod bootstrap;
pub mod config;
pub mod context;
pub mod lists;
pub mod lookup;
pub mod message;
pub mod ongoing;
pub mod period;
pub mod protocol;
pub mod relay;
pub mod roster;
pub mod round_trips;
pub mod routing;
pub mod rpc;
pub mod rule;
#[cfg(test)]
pub mod testing;
pub mod wire;

pub use backoff::Backoff;
pub use config::{Config, Patience, Preset, Problem, Server};
pub use context::{Change, Context, Effect, Effects, View};
pub use lists::{List, Lists};
pub use message::{Payload, listed};
pub use ongoing::{Ongoing, Pool, Task};
pub use period::Period;
pub use protocol::{Contact, HeapBytes, Notice, Prefetch, Prefetches, Protocol, Shared, Walk};
pub use relay::{Recent, Relay};
pub use roster::Roster;
pub use round_trips::Timeout;
pub use routing::Routing;
pub use rpc::Rpcs;
pub use rule::{Choose, Placement, Rule, Spreading, Spreads};
pub use wire::Wire;
