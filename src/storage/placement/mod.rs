//! Placement: which machines keep the copies of a record, and how others find them.
//!
//! | copies are | where | found by |
//! | --- | --- | --- |
//! | on the nodes responsible for the key, by a node's own account ([`Neighbourhood`]) | here | a lookup of the key |
//! | on participants drawn at random | [`pointers`] | the pointer under the key |
//! | on the publisher, and on those who have fetched the resource | [`providers`], [`announcements`] | provider records under the key |
//!
//! First puts into a system that does not start converged: [`publications`].

pub mod announcements;
pub mod pointers;
pub mod providers;
pub mod publications;

use crate::engine::Noise;
use crate::model::{NodeId, RecordId};
use providers::Providing;

/// Where the copies of a piece are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Keepers {
    /// On the nodes that the overlay holds responsible for its key.
    #[default]
    Responsible,
    /// On participants drawn whether they are online or not. Pointers in the overlay name them.
    RandomParticipants,
    /// On its publisher and those who have fetched it. Provider records in the overlay name them.
    Providers(Providing),
}

/// Copies of a pointer: as many as there are of a record by default.
pub const POINTER_COPIES: u32 = 3;

/// Responsible nodes by a node's own account. Implemented by `run/` on the node's overlay.
pub trait Neighbourhood {
    /// The up to `count` nodes nearest to the record's key, nearest first, this one included. Appends to `out`.
    fn responsible(&self, record: RecordId, count: usize, out: &mut Vec<NodeId>);

    /// Whether `a` is nearer to the record's key than `b`.
    fn is_nearer(&self, record: RecordId, a: NodeId, b: NodeId) -> bool;

    /// Whether a put goes to one of the responsible only, which passes it on to the others. Default false: to all of them.
    fn passes_puts_on(&self) -> bool {
        false
    }

    /// The node to ask for `record` when a request to `asked` is sent again. Default: `asked` again.
    fn instead_of(&self, asked: NodeId, _record: RecordId, _noise: &mut Noise) -> NodeId {
        asked
    }
}
