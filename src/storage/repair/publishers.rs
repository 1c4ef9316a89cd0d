//! Publishers: participants put again what they have put, in turns. See [`super::republish`].
//!
//! The publisher of a record is who put it last. It does so as long as it takes part; a put that falls due while it is away is
//! made when it has joined again. Turns begin at random within the period.

use std::collections::BTreeSet;

use super::republish::Republish;
use crate::engine::random::Purpose;
use crate::engine::{Duration, Source};
use crate::model::{Errand, NodeId, RecordId, RecordSpace, Version};
use crate::storage::system::{Machines, SystemContext, SystemEffect};

const TURN: Purpose = Purpose::new("republish");

/// Publishers of all records, who put them again.
#[derive(Debug)]
pub struct Publishers {
    /// Between two puts of a record.
    period: Duration,
    /// By record: who put it last, and in which version.
    of: Vec<(NodeId, Version)>,
    /// Records whose publisher was away when its turn came.
    overdue: BTreeSet<(NodeId, RecordId)>,
}

impl Publishers {
    /// With the publisher of each resource, who puts all its pieces.
    pub fn new(republish: &Republish, space: RecordSpace, publishers: &[NodeId]) -> Publishers {
        let of = space.records().map(|record| (publishers[space.resource(record).index()], Version(0))).collect();
        Publishers { period: republish.publisher, of, overdue: BTreeSet::new() }
    }

    /// The run begins: each record's first turn is due at random within the period.
    pub fn begin(&self, cx: &mut SystemContext<'_, impl Machines>) {
        for (number, &(publisher, _)) in (0..).zip(&self.of) {
            let phase = cx.streams.stream(TURN, number.into()).below(self.period.as_nanos());
            let (at, record) = (cx.now + Duration::from_nanos(phase), RecordId::new(number));
            cx.do_effect(SystemEffect::RepublishTimer { at, publisher, record });
        }
    }

    /// Puts a record again, or notes that its publisher is away: the period is over.
    pub fn due(&mut self, cx: &mut SystemContext<'_, impl Machines>, record: RecordId) {
        let (publisher, version) = self.of[record.index()];
        cx.do_effect(SystemEffect::RepublishTimer { at: cx.now + self.period, publisher, record });
        if cx.machines.has_joined(publisher) {
            cx.do_effect(SystemEffect::Put { node: publisher, record, version, errand: Errand::Return });
        } else if !cx.machines.has_departed(publisher) {
            self.overdue.insert((publisher, record));
        }
    }

    /// A node has joined: it puts the records whose turn it has missed.
    pub fn has_joined(&mut self, cx: &mut SystemContext<'_, impl Machines>, node: NodeId) {
        let of_node = (node, RecordId::new(0))..(NodeId(node.0 + 1), RecordId::new(0));
        let missed: Vec<_> = self.overdue.range(of_node).copied().collect();
        for (_, record) in missed {
            self.overdue.remove(&(node, record));
            let (publisher, version) = self.of[record.index()];
            if publisher == node {
                cx.do_effect(SystemEffect::Put { node, record, version, errand: Errand::Return });
            }
        }
    }

    /// `node` has put `version` of a record.
    pub fn published(&mut self, record: RecordId, node: NodeId, version: Version) {
        let publisher = &mut self.of[record.index()];
        if version >= publisher.1 {
            *publisher = (node, version);
        }
    }

    /// Whether `node` is the publisher of a record.
    pub fn is_publisher(&self, record: RecordId, node: NodeId) -> bool {
        self.of[record.index()].0 == node
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Coding;
    use crate::storage::tests::world::World;

    const HOUR: Duration = Duration::from_secs(3600);
    const RECORD: RecordId = RecordId::new(0);
    const FIRST: NodeId = NodeId(4);
    const LATER: NodeId = NodeId(5);

    fn publishers() -> Publishers {
        let republish = Republish { every: None, publisher: HOUR, expiry: None };
        Publishers::new(&republish, RecordSpace::new(1, Coding::WHOLE), &[FIRST])
    }

    fn put(node: NodeId, version: u32) -> SystemEffect {
        SystemEffect::Put { node, record: RECORD, version: Version(version), errand: Errand::Return }
    }

    fn timer(world: &World, publisher: NodeId) -> SystemEffect {
        SystemEffect::RepublishTimer { at: world.now + HOUR, publisher, record: RECORD }
    }

    #[test]
    fn turns_begin_within_the_period_and_whoever_put_a_record_last_has_the_next() {
        let (mut publishers, world) = (publishers(), World::default());
        let began = world.effects(|cx| publishers.begin(cx));
        let [SystemEffect::RepublishTimer { at, publisher: FIRST, record: RECORD }] = began[..] else {
            panic!("{began:?}")
        };
        assert!(at < world.now + HOUR);
        assert_eq!(world.effects(|cx| publishers.due(cx, RECORD)), [timer(&world, FIRST), put(FIRST, 0)]);
        publishers.published(RECORD, LATER, Version(7));
        publishers.published(RECORD, FIRST, Version(6));
        assert!(publishers.is_publisher(RECORD, LATER), "the newest version counts");
        assert_eq!(world.effects(|cx| publishers.due(cx, RECORD)), [timer(&world, LATER), put(LATER, 7)]);
    }

    #[test]
    fn a_turn_that_was_missed_is_made_up_for_once_unless_another_has_put_the_record_meanwhile() {
        let (mut publishers, world) = (publishers(), World { away: vec![FIRST], ..World::default() });
        assert_eq!(world.effects(|cx| publishers.due(cx, RECORD)), [timer(&world, FIRST)]);
        assert_eq!(world.effects(|cx| publishers.has_joined(cx, FIRST)), [put(FIRST, 0)]);
        assert_eq!(world.effects(|cx| publishers.has_joined(cx, FIRST)), []);
        world.effects(|cx| publishers.due(cx, RECORD));
        publishers.published(RECORD, LATER, Version(1));
        assert_eq!(world.effects(|cx| publishers.has_joined(cx, FIRST)), []);
    }

    #[test]
    fn who_has_gone_for_good_puts_nothing_any_more() {
        let mut publishers = publishers();
        let world = World { away: vec![FIRST], departed: vec![FIRST], ..World::default() };
        assert_eq!(world.effects(|cx| publishers.due(cx, RECORD)), [timer(&world, FIRST)]);
        assert_eq!(world.effects(|cx| publishers.has_joined(cx, FIRST)), []);
    }
}
