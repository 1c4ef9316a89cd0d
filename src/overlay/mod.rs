//! Layer 2: the protocol trait and its context, RPC bookkeeping, the iterative lookup.
//!
//! Sans-IO: an overlay is told what arrived and says what it wants done. It does not know `network/`, and it cannot
//! tell a simulation from a unit test.

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
