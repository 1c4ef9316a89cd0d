//! Layer 3: records, replication and repair under any overlay.
//!
//! Storage stands beside the overlay on each node. A put finds the responsible nodes and stores on them; a get looks
//! into its own store, lets the overlay's lookup find a holder, and queries the responsible nodes in turn if the lookup
//! met none. The overlay only decides which nodes are responsible.
//!
//! | where | what stands there |
//! | --- | --- |
//! | [`node`] | the storage of one node: its context and effects, its store, gets and puts, the cache of copies left along lookup paths |
//! | [`placement`] | who keeps the copies: responsible nodes, machines that pointers name, providers; first puts and announcements |
//! | [`repair`] | what is done when nodes come and go: a file for each policy |
//! | [`swarm`] | the exchange of a resource's pieces among those who provide or fetch it |
//! | [`system`] | the storage of a whole run: its nodes, and the policies that are not any one node's, with their context and effects |
//! | [`message`] | what the storage of one node says to that of another |
//! | [`resources`] | kind, key and size of every record |
//! | [`coded`] | gets and puts of resources in several pieces |
//! | [`lookup_paths`] | the nodes that a lookup has passed, to leave copies with |
//!
//! Handlers of a node write [`Effect`]s, those of the whole system [`SystemEffect`](system::SystemEffect)s; `run/` applies both.
//!
//! A resource may be cut into pieces ([`Coding`](crate::model::Coding)), each of them a record. Copies may also lie on
//! participants drawn at random ([`Keepers`]): what the overlay keeps are then pointers to them, records like any other. Or
//! they lie on those who published a resource or have fetched it, who exchange its pieces among themselves; what the overlay
//! keeps are then provider records.
//!
//! A value above 16 KiB is not part of the reply to a lookup, which only names the holder and the version. It is
//! fetched from that holder, and if that fails, from the responsible nodes. Its transfer as a flow is up to the
//! network; here it only means that its request does not time out meanwhile, and that no node is sent one value twice
//! at once.

pub mod coded;
pub mod lookup_paths;
pub mod message;
pub mod node;
pub mod placement;
pub mod repair;
pub mod resources;
pub mod swarm;
pub mod system;
#[cfg(test)]
mod tests;

pub use lookup_paths::LookupPaths;
pub use message::Message;
pub use node::StorageNode;
pub use node::cache::Caching;
pub use node::context::{Effect, Effects, StorageContext, Storers};
pub use node::store::Store;
pub use placement::providers::Providing;
pub use placement::{Keepers, Neighbourhood, POINTER_COPIES};
pub use repair::republish::Published;
pub use repair::{Delay, Repair, Republish};
pub use resources::Resources;
pub use swarm::Terms;
pub use system::Storage;
