//! Layer 1: the words that all layers above share: identifiers, keys and their distances, records in their versions, envelopes of
//! packets, causes of failure.
//!
//! Values without behaviour of their own. Knows virtual time, and nothing else.
//!
//! | file | what stands there |
//! | --- | --- |
//! | `ids` | [`NodeId`], [`RecordId`], [`ResourceId`], [`OpId`] |
//! | `key` | [`Key`], and [`Metric`]: the distance on the ring or by exclusive or |
//! | `record` | [`Version`], [`Held`] |
//! | `record_space` | [`RecordSpace`]: what each record is ([`Record`]), and the pieces of resources ([`Coding`]) |
//! | `cached` | copies along the path of a lookup: [`Cached`], [`Answer`], [`Passed`] and how long they last |
//! | `envelope` | [`Envelope`], [`Kind`] and [`Traffic`] of a packet, [`Reachability`] of a node |
//! | `cause` | [`Cause`]: why an operation failed |
//! | `operation` | [`Operation`], its [`OperationKind`], [`Stage`] and [`Verdict`]; [`Errand`]: what it is for if the workload did not ask |
//! | `stock` | [`Stock`]: resources that are available, resources that are lost, copies |
//! | `dial` | [`DialOutcome`]: how a connection was opened; [`LinkEvent`]: what happens to the links of a node |
//! | `hosts` | [`Hosts`]: which machine a node is on, and the [`Role`] of a machine |

mod cached;
mod cause;
mod dial;
mod envelope;
mod hosts;
mod ids;
mod key;
mod operation;
mod record;
mod record_space;
mod stock;

pub use cached::{Answer, Cached, Passed, Until};
pub use cause::Cause;
pub use dial::{DialOutcome, LinkEvent};
pub use envelope::{Envelope, Kind, LARGEST_IN_PACKET, Reachability, Traffic};
pub use hosts::{Hosts, Role};
pub use ids::{NodeId, OpId, RecordId, ResourceId};
pub use key::{Key, Metric};
pub use operation::{Errand, Operation, OperationKind, Stage, Verdict};
pub use record::{Held, Version};
pub use record_space::{Coding, Record, RecordSpace};
pub use stock::Stock;
