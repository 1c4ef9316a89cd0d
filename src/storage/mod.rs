//! Layer 2: records, replication and repair: the same for every overlay.
//!
//! Storage stands beside the overlay on each node. A put finds the responsible nodes and stores on them; a get looks in
//! its own store, lets the overlay walk to a holder, and asks the responsible nodes in turn if the walk met none. The
//! overlay supplies only who is responsible.

pub mod agent;
pub mod message;
pub mod operations;
pub mod repair;
pub mod store;
#[cfg(test)]
mod tests;

pub use agent::{Agent, Desk, Effect, Effects, Storers};
pub use message::Message;
pub use repair::{Neighbourhood, Repair};
pub use store::Store;
