//! Puts that nobody asked for: records put into a system that did not start converged, and those that belong elsewhere.

use super::event::Event;
use super::simulation::Simulation;
use crate::engine::Duration;
use crate::engine::order::Class;
use crate::measure::observer::Observer;
use crate::model::{Errand, NodeId, Operation, OperationKind, RecordId, Version};
use crate::overlay::Protocol;

/// Between two attempts to publish what is not stored yet.
const PUBLISH_AGAIN: Duration = Duration::from_secs(60);

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// A participant puts the records that it publishes into a system that did not start converged.
    pub fn publish(&mut self, node: NodeId) {
        let range = self.publications.partition_point(|(publisher, _)| *publisher < node)
            ..self.publications.partition_point(|(publisher, _)| *publisher <= node);
        let mut again = false;
        for at in range {
            let record = self.publications[at].1;
            if !self.records.is_stored(record) {
                again = true;
                self.put_on(node, record, Version(0), Errand::Publish);
            }
        }
        if again {
            let epoch = self.seats[node.index()].epoch();
            let event = Event::Publish { node, epoch };
            self.schedule(self.now + PUBLISH_AGAIN, Class::Timer, node, event);
        }
    }

    /// A node holds a record that belongs elsewhere: it puts it there in the version that it has.
    pub fn return_record(&mut self, node: NodeId, record: RecordId, version: Version) {
        if !self.operations.publishes(node, record) {
            self.put_unasked(node, record, version);
        }
    }

    /// A put that nobody asked for, of what was put before.
    pub fn put_unasked(&mut self, node: NodeId, record: RecordId, version: Version) {
        self.put_on(node, record, version, Errand::Return);
    }

    fn put_on(&mut self, node: NodeId, record: RecordId, version: Version, errand: Errand) {
        let (kind, target) = (OperationKind::Put, self.record_keys[record.index()]);
        self.issue(node, |blank| Operation {
            kind,
            target,
            record: Some(record),
            version,
            errand: Some(errand),
            ..blank
        });
    }
}
