//! Responsible nodes of records at the last check, so that most table changes, which concern few records, cost little.

use super::custody::Occasion;
use crate::engine::random::mix;
use crate::model::{NodeId, RecordId};
use crate::storage::Neighbourhood;

/// Responsible nodes of a record at the last check.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    pub record: RecordId,
    /// Hash of them.
    pub print: u32,
    /// Farthest of them, if there were r.
    pub farthest: Option<NodeId>,
}

/// Hash of a few nodes in order.
pub fn print(nodes: &[NodeId]) -> u32 {
    nodes.iter().fold(1, |print, node| mix(print ^ u64::from(node.0))) as u32
}

impl Seen {
    pub fn new(record: RecordId, responsible: &[NodeId], replicas: usize) -> Seen {
        let farthest = responsible.last().copied().filter(|_| responsible.len() == replicas);
        Seen { record, print: print(responsible), farthest }
    }

    /// Whether all nodes that have appeared or gone are farther than the responsible ones, which then still are
    /// responsible.
    pub fn is_beyond(&self, occasion: &Occasion<'_>, around: &impl Neighbourhood) -> bool {
        let Some(farthest) = self.farthest else { return false };
        let mut both = occasion.appeared.iter().chain(occasion.gone);
        both.all(|&node| around.is_nearer(self.record, farthest, node))
    }
}
