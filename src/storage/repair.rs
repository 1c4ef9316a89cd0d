//! Repair policies: the reaction to changes of the responsible nodes and to missing replicas.
//!
//! | policy | under churn | module |
//! | --- | --- | --- |
//! | none | nothing: copies are made by puts only; a returning node has what it had, and is not told of newer versions
//! | here |
//! | eager | r copies on the r responsible nodes | [`eager`] |
//! | lazy | r copies again when fewer than a threshold may be left | [`lazy`] |
//! | republish | nothing: records are put again periodically, and copies expire | [`republish`] |
//! | delay | copies lost for good reappear some time later, without messages | [`delay`] |
//! | eager or lazy, of random participants | holders are probed periodically, and copies replaced | [`checks`] |
//! | audits, of coded pieces | holders check periodically whether the next piece exists | `run/audit.rs` |
//!
//! Eager and lazy repair share one mechanism: [`offers`] are the messages, [`words`] the knowledge of other holders,
//! and [`custody`] decides.

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

/// Repair policy.
#[derive(Clone, Debug, PartialEq)]
pub enum Repair {
    /// None: copies are made by puts only, and lost with their holders.
    None,
    /// Eager: a holder offers a record to nodes that may lack it as soon as it learns of a change: see [`eager`].
    Eager,
    /// Lazy: only once fewer than `threshold` copies, 1 to r, may be left: see [`lazy`].
    Lazy { threshold: u32 },
    /// Republish: churn moves no records; holders and publishers put them again periodically, and copies not renewed
    /// expire: see [`republish`].
    Republish(Republish),
    /// Delay: copies on random participants reappear after a delay, without messages: see [`delay`].
    Delay(Delay),
}

impl Repair {
    /// Number of copies that suffice, of `replicas`; `None`: churn does not trigger repair.
    pub const fn threshold(&self, replicas: usize) -> Option<usize> {
        match *self {
            Repair::Eager => Some(replicas),
            Repair::Lazy { threshold } => Some(threshold as usize),
            Repair::None | Repair::Republish(_) | Repair::Delay(_) => None,
        }
    }
}

/// Placement of the replicas of a piece.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Keepers {
    /// Nodes that are responsible for the key in the overlay.
    #[default]
    Responsible,
    /// Random participants, online or not, named by pointers in the overlay.
    RandomParticipants,
    /// Publisher and participants that have fetched the resource, named by provider records in the overlay.
    Providers(Providing),
}

/// Replicas of a pointer: the default number of replicas of a record.
pub const POINTER_COPIES: u32 = 3;

/// Responsibility for records, as known to a node. Implemented by `run/` on the node's overlay.
pub trait Neighbourhood {
    /// Appends up to `count` nodes nearest to the record's key, nearest first, this one included, to `out`.
    fn responsible(&self, record: RecordId, count: usize, out: &mut Vec<NodeId>);

    /// Whether `a` is nearer to the record's key than `b`.
    fn is_nearer(&self, record: RecordId, a: NodeId, b: NodeId) -> bool;

    /// Whether a put goes to one responsible node only, which forwards it to the others. Default false: to all of them.
    fn passes_puts_on(&self) -> bool {
        false
    }

    /// Node to query for `record` in the retry of a request to `asked`. Default: `asked`.
    fn instead_of(&self, asked: NodeId, _record: RecordId, _noise: &mut Noise) -> NodeId {
        asked
    }
}
