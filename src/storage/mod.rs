//! Layer 3: records, replication and repair, common to all overlays.
//!
//! Storage stands beside the overlay on each node. A put finds the responsible nodes and stores on them; a get looks
//! into its own store, lets the overlay's lookup find a holder, and queries the responsible nodes in turn if the lookup
//! met none. The overlay only decides which nodes are responsible.
//!
//! A resource may be cut into pieces ([`Coding`]), each of them a record. Replicas may also be placed on random
//! participants ([`Keepers`]): the overlay then stores pointers to them, which are ordinary records.
//!
//! Or they are placed on the publisher of a resource and on participants that have fetched it ([`providers`]), which
//! exchange its pieces in a swarm ([`exchange`], [`sharing`]); the overlay then stores provider records.
//!
//! Readers may leave copies along the lookup path ([`cache`]), which answer gets and have no other role.
//!
//! A value above 16 KiB is not part of the reply to a lookup, which only names the holder and the version. It is
//! fetched from that holder, and if that fails, from the responsible nodes. Its transfer as a flow is up to the
//! network; here it only means that its request does not time out meanwhile, and that no node is sent one value twice
//! at once.

pub mod agent;
pub mod cache;
pub mod coding;
pub mod desk;
pub mod exchange;
pub mod message;
pub mod operations;
pub mod providers;
pub mod repair;
pub mod sharing;
pub mod store;
#[cfg(test)]
mod tests;

pub use agent::Agent;
pub use cache::Caching;
pub use coding::Coding;
pub use desk::{Desk, Effect, Effects, Storers};
pub use message::Message;
pub use providers::Providing;
pub use repair::republish::Published;
pub use repair::{Delay, Keepers, Neighbourhood, POINTER_COPIES, Repair, Republish};
pub use sharing::Terms;
pub use store::Store;
