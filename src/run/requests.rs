//! Operations that a file of requests says: who asks for what, when.

use super::event::Event;
use super::simulation::Simulation;
use super::transfers::in_packet;
use crate::engine::order::{Class, Order};
use crate::measure::observer::Observer;
use crate::model::{Key, NodeId, Operation, OperationKind, RecordId};
use crate::overlay::Protocol;
use crate::population::Request;

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Puts a row of the file of requests into the queue, if there is one of this number.
    pub fn schedule_request(&mut self, number: u32) {
        if let Some(request) = self.plan.workload.requests.list.get(number as usize) {
            // A participant's own operations of this time have kinds below 3.
            let order = Order::new(Class::Operation, request.participant, number << 2 | 3);
            self.queue.push(request.at, order, Event::Requested { number });
        }
    }

    /// A row of the file of requests is due: whoever is online asks.
    pub fn requested(&mut self, number: u32) {
        self.schedule_request(number + 1);
        let Request { participant, kind, key, bytes, .. } = self.plan.workload.requests.list[number as usize];
        let node = self.timeline.incarnation_at(participant, self.now).map(NodeId);
        let Some(node) = node.filter(|node| self.seats[node.index()].online) else { return };
        let (target, record) = match kind {
            OperationKind::Lookup => (Key(key), None),
            OperationKind::Get | OperationKind::Put => self.resource(key as u32),
        };
        if let (Some(_), Some(bytes)) = (record, bytes) {
            self.resize(key as u32, bytes);
        }
        let counted = self.is_measured();
        self.issue(node, |operation| Operation { kind, number, target, record, counted, ..operation });
    }

    /// From now on a resource has so many bytes.
    fn resize(&mut self, resource: u32, bytes: u32) {
        let coding = self.records.coding();
        for record in coding.pieces_of(resource).map(RecordId::index) {
            self.sizes[record] = coding.piece_size(bytes);
            self.sizes_in_packet[record] = in_packet(P::PLACEMENT, self.sizes[record]);
        }
    }
}
