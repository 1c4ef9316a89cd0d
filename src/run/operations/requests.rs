//! Operations that a file of requests says: who asks for what, when.

use crate::engine::order::{Class, Order};
use crate::measure::observer::Observer;
use crate::model::{Key, NodeId, Operation, OperationKind, ResourceId};
use crate::overlay::Protocol;
use crate::population::Request;
use crate::run::event::Event;
use crate::run::simulation::Simulation;
use crate::run::transfers::in_packet;

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Puts a row of the file of requests into the queue, if there is one of this number.
    pub(crate) fn schedule_request(&mut self, number: u32) {
        if let Some(request) = self.fixed.plan.workload.requests.list.get(number as usize) {
            // A participant's own operations of this time have kinds below 3.
            let order = Order::new(Class::Operation, request.participant, number << 2 | 3);
            self.queue.push(request.at, order, Event::Requested { number });
        }
    }

    /// A row of the file of requests is due: whoever is online asks.
    pub(crate) fn requested(&mut self, number: u32) {
        self.schedule_request(number + 1);
        let Request { participant, kind, key, bytes, .. } = self.fixed.plan.workload.requests.list[number as usize];
        let node = self.environment.timeline.incarnation_at(participant, self.now).map(NodeId);
        let Some(node) = node.filter(|node| self.seats[node.index()].online) else { return };
        let (target, record) = match kind {
            OperationKind::Lookup => (Key(key), None),
            OperationKind::Get | OperationKind::Put => self.resource(ResourceId(key as u32)),
        };
        if let (Some(_), Some(bytes)) = (record, bytes) {
            self.storage.resources.resize(ResourceId(key as u32), bytes, |size| in_packet(P::PLACEMENT, size));
        }
        let counted = self.is_measured();
        self.issue(node, |operation| Operation { kind, number, target, record, counted, ..operation });
    }
}
