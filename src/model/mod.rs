//! Layer 1: the words that all layers above share: identifiers, keys and their distances, records in their versions, envelopes of
//! packets, causes of failure.
//!
//! Values without behaviour of their own. Knows virtual time, and nothing else.
//!
//! | file | what stands there |
//! | --- | --- |
//! | `ids` | [`NodeId`], [`RecordId`], [`OpId`] |
//! | `key` | [`Key`], and [`Metric`]: the distance on the ring or by exclusive or |
//! | `record` | [`Version`], [`Held`] |
//! | `cached` | copies along the path of a lookup: [`Cached`], [`Answer`], [`Passed`] and how long they last |
//! | `envelope` | [`Envelope`], [`Kind`] and [`Traffic`] of a packet, [`Reachability`] of a node |
//! | `cause` | [`Cause`]: why an operation failed |

mod cached;
mod cause;
mod envelope;
mod ids;
mod key;
mod record;

pub use cached::{Answer, Cached, Passed, Until};
pub use cause::Cause;
pub use envelope::{Envelope, Kind, LARGEST_IN_PACKET, Reachability, Traffic};
pub use ids::{NodeId, OpId, RecordId};
pub use key::{Key, Metric};
pub use record::{Held, Version};
