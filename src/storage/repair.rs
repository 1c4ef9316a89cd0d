//! Repair: what is done when the nodes responsible for a record change, and when copies are missing.
//!
//! | policy | when nodes come and go | where |
//! | --- | --- | --- |
//! | none | nothing: copies are made by puts only, whoever returns has what it had, and nobody tells it what is newer | here |
//! | eager | r copies on the r responsible nodes | [`eager`] |
//! | lazy | r copies again when fewer than a threshold may be left | [`lazy`] |
//! | republish | nothing: records are put again from time to time, and copies expire | [`republish`] |
//! | delay | copies that have gone for good are made again some time later, by nobody in particular | [`delay`] |
//! | eager or lazy, of random participants | holders are asked once a period, and copies made again | [`checks`] |
//! | audits, of coded pieces | holders look once a period whether the next piece is there | `run/audit.rs` |
//!
//! Eager and lazy repair are one machine: [`offers`] are what nodes say to each other, [`words`] what they remember of it, and
//! [`custody`] decides.

pub mod checks;
pub mod custody;
pub mod delay;
pub mod eager;
pub mod hand_over;
pub mod lazy;
pub mod offers;
pub mod republish;
pub mod seen;
pub mod silence;
pub mod words;

use super::Providing;
use crate::engine::Noise;
use crate::model::{NodeId, RecordId};
pub use delay::Delay;
pub use republish::Republish;

/// What is done when the nodes responsible for a record change.
#[derive(Clone, Debug, PartialEq)]
pub enum Repair {
    /// Nothing: copies are made by puts only, and lost with their holders.
    None,
    /// Whoever holds a record offers it to those that may lack it as soon as it learns of the change: see [`eager`].
    Eager,
    /// Only once fewer than `threshold` copies, 1 to r, may be left: see [`lazy`].
    Lazy { threshold: u32 },
    /// Nothing moves when nodes come and go: holders and publishers put their records again from time to time, and copies that
    /// were not put again expire: see [`republish`].
    Republish(Republish),
    /// Copies on random participants are made again after a delay, by nobody in particular: see [`delay`].
    Delay(Delay),
}

impl Repair {
    /// How many copies are enough, of `replicas` that there are to be; `None`: nobody looks after copies because nodes come and
    /// go.
    pub const fn threshold(&self, replicas: usize) -> Option<usize> {
        match *self {
            Repair::Eager => Some(replicas),
            Repair::Lazy { threshold } => Some(threshold as usize),
            Repair::None | Repair::Republish(_) | Repair::Delay(_) => None,
        }
    }
}

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

/// Who is responsible, by a node's own account. Implemented by `run/` on the node's overlay.
pub trait Neighbourhood {
    /// The up to `count` nodes nearest to the record's key, nearest first, this one included. Appends to `out`.
    fn responsible(&self, record: RecordId, count: usize, out: &mut Vec<NodeId>);

    /// Whether `a` is nearer to the record's key than `b`.
    fn is_nearer(&self, record: RecordId, a: NodeId, b: NodeId) -> bool;

    /// Whether a put goes to one of the responsible only, which passes it on to the others. Default false: to all of them.
    fn passes_puts_on(&self) -> bool {
        false
    }

    /// Whom to ask for `record` when a request to `asked` is sent again. Default the same.
    fn instead_of(&self, asked: NodeId, _record: RecordId, _noise: &mut Noise) -> NodeId {
        asked
    }
}
