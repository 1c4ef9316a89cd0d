//! First puts: participants put the records that they publish into a system that does not start converged.

use crate::engine::Duration;
use crate::model::{Errand, NodeId, RecordId, RecordSpace, ResourceId, Version};
use crate::storage::system::{Machines, SystemContext, SystemEffect};

/// Between two attempts to publish what is not stored yet.
const PUBLISH_AGAIN: Duration = Duration::from_secs(60);

/// Publishers and their records, sorted by publisher; none in a system that starts converged.
#[derive(Clone, Debug, Default)]
pub struct Publications(Vec<(NodeId, RecordId)>);

impl Publications {
    /// Each of these participants publishes all pieces of a resource, or what leads to them.
    pub fn new(space: RecordSpace, publishers: impl Iterator<Item = NodeId>) -> Publications {
        let pieces_of = |(resource, publisher): (ResourceId, NodeId)| {
            space.pieces_of(resource).map(move |piece| (publisher, space.name_of(piece).unwrap_or(piece)))
        };
        let mut list: Vec<_> = space.resources().zip(publishers).flat_map(pieces_of).collect();
        list.sort_unstable();
        list.dedup();
        Publications(list)
    }

    /// A participant has joined, or tries again: puts what it publishes and nobody has stored yet.
    pub fn publish(&self, cx: &mut SystemContext<'_, impl Machines>, node: NodeId) {
        let range = self.0.partition_point(|(publisher, _)| *publisher < node)
            ..self.0.partition_point(|(publisher, _)| *publisher <= node);
        let missing = self.0[range].iter().map(|one| one.1).filter(|&record| !cx.machines.is_stored(record));
        let missing: Vec<RecordId> = missing.collect();
        for &record in &missing {
            cx.do_effect(SystemEffect::Put { node, record, version: Version(0), errand: Errand::Publish });
        }
        if !missing.is_empty() {
            cx.do_effect(SystemEffect::PublishTimer { at: cx.now + PUBLISH_AGAIN, node });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Coding;
    use crate::storage::tests::world::World;

    #[test]
    fn what_is_not_stored_yet_is_put_and_looked_at_again() {
        let space = RecordSpace::new(3, Coding::WHOLE);
        let publications = Publications::new(space, [7, 4, 7].into_iter().map(NodeId));
        let mut world = World { stored: vec![RecordId::new(2)], ..World::default() };
        let put = |record| {
            let record = RecordId::new(record);
            SystemEffect::Put { node: NodeId(7), record, version: Version(0), errand: Errand::Publish }
        };
        let again = SystemEffect::PublishTimer { at: world.now + PUBLISH_AGAIN, node: NodeId(7) };
        assert_eq!(world.effects(|cx| publications.publish(cx, NodeId(7))), [put(0), again]);
        world.stored.push(RecordId::new(0));
        assert_eq!(world.effects(|cx| publications.publish(cx, NodeId(7))), []);
        assert_eq!(world.effects(|cx| publications.publish(cx, NodeId(5))), [], "it publishes nothing");
    }

    #[test]
    fn pointers_are_published_instead_of_values_and_provider_records_once_for_all_pieces() {
        let space = RecordSpace::new(1, Coding { needed: 1, parity: 1 });
        let published = |space| Publications::new(space, [NodeId(0)].into_iter()).0.len();
        assert_eq!([published(space), published(space.with_pointers()), published(space.with_providers())], [2, 2, 1]);
    }
}
