//! Those who were responsible for a record when its copy was looked at last, so that most changes of the tables, which concern
//! few records, cost little.

use super::Neighbourhood;
use super::custody::Occasion;
use crate::engine::random::mix;
use crate::model::{NodeId, RecordId};

/// Who was responsible for a record when it was looked at last.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    pub record: RecordId,
    /// A hash of them.
    pub print: u32,
    /// The farthest, if there were as many as there are to be.
    pub farthest: Option<NodeId>,
}

/// A hash of a few nodes in their order.
pub fn print(nodes: &[NodeId]) -> u32 {
    nodes.iter().fold(1, |print, node| mix(print ^ u64::from(node.0))) as u32
}

impl Seen {
    pub fn new(record: RecordId, responsible: &[NodeId], replicas: usize) -> Seen {
        let farthest = responsible.last().copied().filter(|_| responsible.len() == replicas);
        Seen { record, print: print(responsible), farthest }
    }

    /// Whether all who have come and gone are farther than those who were responsible: then these still are.
    pub fn is_beyond(&self, occasion: &Occasion<'_>, around: &impl Neighbourhood) -> bool {
        let Some(farthest) = self.farthest else { return false };
        let mut both = occasion.appeared.iter().chain(occasion.gone);
        both.all(|&node| around.is_nearer(self.record, farthest, node))
    }
}
