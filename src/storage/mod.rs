//! Layer 3: records, replication and repair: the same for every overlay.
//!
//! Storage stands beside the overlay on each node. A put finds the responsible nodes and stores on them; a get looks in
//! its own store, lets the overlay walk to a holder, and asks the responsible nodes in turn if the walk met none. The
//! overlay supplies only who is responsible.
//!
//! A resource may be cut into pieces ([`Coding`]), each of them a record. Copies may also lie on participants drawn at random
//! ([`Keepers`]): what the overlay keeps are then pointers to them, records like any other.
//!
//! Or they lie on those who published a resource or have fetched it ([`providers`]), who exchange its pieces among
//! themselves ([`exchange`], [`sharing`]); what the overlay keeps are then records of who provides it.
//!
//! Whoever reads may leave copies along its way ([`cache`]), which answer gets and are otherwise nobody's concern.
//!
//! A value above 16 KiB does not come with the answer of a walk, which says only who holds which version. It is fetched from
//! that holder, and if that fails from the responsible nodes. That it moves as a flow is the network's matter; here it only
//! means that its request does not time out meanwhile, and that nobody has the same value sent twice at once.

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
