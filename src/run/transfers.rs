//! Transfers: the way of a message with a value above 16 KiB. It moves as a flow over the sender's uplink and the
//! receiver's downlink (`network/flows.rs`), and once its last byte has left it takes the propagation delay and arrives as a
//! packet does. Where neither end has an access link, the propagation delay is all.
//!
//! A transfer is a stream: noise does not lose it and jitter does not touch it. Packets pass ahead of it: they see nothing of
//! the flows on their links, and what little they take of the rate the flows do not miss.
//!
//! The request that it belongs to does not time out while the value moves: its sender sees that, or its receiver. From the
//! end of the flow on, whether it was whole or broke off, the usual time-out runs. So an end that goes offline is noticed
//! by the silence that follows. A transfer breaks off when one of its ends goes offline, and when its operation has ended
//! elsewhere; what has moved by then has been sent and received. It does not begin if its receiver is offline (nobody
//! answers the sender) or does not wait for it any more (it is told so).

use super::event::{Body, Event, LAST, Packet};
use super::simulation::Simulation;
use crate::engine::Time;
use crate::engine::order::Class;
use crate::measure::observer::Observer;
use crate::model::{Envelope, Kind, LARGEST_IN_PACKET, NodeId, RecordId};
use crate::network::{End, FlowId, Flows, Loss, Wake};
use crate::overlay::{Placement, Protocol, Rule, Spreading, Wire};
use crate::storage::Message;
use crate::storage::swarm::pieces::Line;

/// A line has room for another flow if those on it take less than this part of it.
const FULL: f64 = 0.95;

/// What moves as flows, and which messages do.
#[derive(Debug)]
pub(super) struct Transfers<M> {
    /// Bytes on the wire beyond which a message is a transfer; more than any has where all values are small.
    pub above: u32,
    flows: Flows<Packet<M>>,
}

impl<M: Copy> Transfers<M> {
    /// Between machines with these paces, for values of these `sizes`. Costs nothing if none is too large for a packet.
    pub(super) fn new(
        mut sizes: impl Iterator<Item = u32>,
        paces: impl Iterator<Item = [f64; 2]>,
        wire: &Wire,
    ) -> Transfers<M> {
        match sizes.any(|size| size > LARGEST_IN_PACKET) {
            true => Transfers { above: wire.largest_head() + LARGEST_IN_PACKET, flows: Flows::new(paces) },
            false => Transfers { above: u32::MAX, flows: Flows::new([]) },
        }
    }

    /// Under way.
    pub(super) fn len(&self) -> usize {
        self.flows.len()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.flows.heap_bytes()
    }
}

/// The bytes that a value of `size` has in an overlay's packets: see [`crate::overlay::Context::sizes`].
pub(super) const fn in_packet(placement: Placement, size: u32) -> u32 {
    match placement {
        Placement::Everyone(_) => size,
        Placement::Closest(_) | Placement::Servers if size > LARGEST_IN_PACKET => 0,
        Placement::Closest(_) | Placement::Servers => size,
    }
}

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// A message too large for a packet leaves its sender.
    #[cold]
    pub(super) fn begin_transfer(&mut self, packet: Packet<P::Message>) {
        let Packet { to, envelope, .. } = packet;
        self.counts.sent += 1;
        self.observer.transfer_begins(self.now, to, &envelope);
        if let Some(loss) = self.refusal(&packet) {
            self.lose(packet, loss);
            return self.upload_over(&packet);
        }
        self.announce(&packet, Time::NEVER);
        let (sender, receiver) = (self.fixed.hosts.of(envelope.from), self.fixed.hosts.of(to));
        self.in_flight.transfers.flows.start(self.now, sender.0, receiver.0, envelope.bytes.into(), packet);
        self.schedule_wakes();
    }

    /// Why a transfer does not begin, if it does not.
    fn refusal(&mut self, packet: &Packet<P::Message>) -> Option<Loss> {
        let Packet { to, envelope, .. } = *packet;
        if !self.seats[to.index()].online {
            return Some(Loss::Offline);
        }
        if self.is_cut(envelope.from, to) {
            return Some(Loss::Partition);
        }
        let wire = self.wire_of_links();
        if let Some(boxes) = &mut self.boxes
            && let Err(loss) = boxes.open_way(self.now, envelope.from, to, wire)
        {
            return Some(loss);
        }
        (!self.hold(packet)).then_some(Loss::Stale)
    }

    /// The last byte of a flow may have left.
    #[cold]
    pub(super) fn wake_transfer(&mut self, flow: FlowId) {
        if let Some(ended) = self.in_flight.transfers.flows.wake(self.now, flow) {
            let packet = ended.job;
            self.moved(&packet, ended.moved);
            self.release(&packet);
            // Its bytes have been counted as they moved.
            let envelope = Envelope { bytes: 0, ..packet.envelope };
            // As of any packet: beyond the end of time it stays in flight.
            let at = (self.now + self.delay(envelope.from, packet.to)).min(LAST);
            self.announce(&packet, at + self.storage.patience.timeout);
            self.schedule(at, Class::Arrival, envelope.from, Event::Arrival(Packet { envelope, ..packet }));
            self.upload_over(&packet);
        }
        self.schedule_wakes();
    }

    /// Breaks off the transfers from and to a node's machine for which `which` holds.
    #[inline(never)]
    pub(super) fn break_transfers(&mut self, node: NodeId, loss: Loss, which: impl Fn(&Packet<P::Message>) -> bool) {
        for (flow, packet) in self.in_flight.transfers.flows.of(self.fixed.hosts.of(node).0) {
            if which(&packet)
                && let Some(ended) = self.in_flight.transfers.flows.end(self.now, flow)
            {
                self.moved(&packet, ended.moved);
                self.lose(packet, loss);
                if let Body::Storage(Message::Store { record, version, .. }) = packet.body {
                    self.storage.nodes[packet.to.index()].no_more_coming(record, version);
                }
                self.release(&packet);
                self.upload_over(&packet);
            }
        }
        self.schedule_wakes();
    }

    /// The sender of a piece, or of a record that it hands over, sees that the last byte has left, or that its way broke off.
    fn upload_over(&mut self, packet: &Packet<P::Message>) {
        let from = packet.envelope.from;
        if let Body::Storage(Message::Store { record, .. }) = packet.body
            && self.storage.nodes[from.index()].hands_over(record)
        {
            self.next_hand_over(self.now, from, record);
        }
        if let Body::Storage(Message::Value { record, .. }) = packet.body
            && self.storage.resources.space().is_value(record)
            && self.providing().is_some()
            && self.seats[from.index()].online
        {
            self.with_node(from, |storage, cx, _| storage.sent(cx, packet.to, record));
        }
    }

    /// A leaving node has sent a record to the one that takes its place. Of a packet it is known when it has left, unless it
    /// waits for a connection; of a flow that will be seen.
    pub(super) fn handed_over(&mut self, node: NodeId, record: RecordId, to: NodeId) {
        if self.storage.resources.size(record) <= LARGEST_IN_PACKET && self.has_link(node, to) {
            let left = self.network.uplink_free_at(self.now, self.fixed.hosts.of(node).0);
            self.next_hand_over(left, node, record);
        }
    }

    fn next_hand_over(&mut self, at: Time, node: NodeId, record: RecordId) {
        let epoch = self.seats[node.index()].epoch();
        self.schedule(at, Class::Timer, node, Event::HandOver { node, epoch, record });
    }

    /// What of a direction of its machine's link flows take.
    pub(super) fn line(&self, node: NodeId, end: End) -> Line {
        let (flows, machine) = (&self.in_flight.transfers.flows, self.fixed.hosts.of(node).0);
        Line { flows: flows.count(machine, end), is_full: flows.load(machine, end) > FULL }
    }

    /// Tells the observer what has moved by now. Changes nothing. (Not to be mixed into the loop that handles events. Nor is
    /// it cold: that would make cold whatever always comes to it.)
    #[inline(never)]
    pub(super) fn account_transfers(&mut self) {
        let (now, observer) = (self.now, &mut self.observer);
        self.in_flight.transfers.flows.account(now, |packet, bytes| {
            observer.transfer_moved(now, packet.to, &packet.envelope, bytes);
        });
    }

    fn moved(&mut self, packet: &Packet<P::Message>, bytes: u64) {
        self.observer.transfer_moved(self.now, packet.to, &packet.envelope, bytes);
    }

    fn schedule_wakes(&mut self) {
        while let Some(Wake { at, flow, from }) = self.in_flight.transfers.flows.next_wake() {
            self.schedule(at, Class::Arrival, NodeId(from), Event::Flow { flow });
        }
    }

    /// Storage at the receiver knows what is on its way there, and has arrived by `until`.
    fn announce(&mut self, packet: &Packet<P::Message>, until: Time) {
        if let Body::Storage(Message::Store { record, version, .. }) = packet.body {
            self.storage.nodes[packet.to.index()].on_coming(record, version, until);
        }
    }

    /// Requester that waits while this moves, the node asked, and when the first byte reaches the requester. A request's sender
    /// sees it leave; a reply's receiver sees it come.
    fn waiting(&self, packet: &Packet<P::Message>) -> Option<(NodeId, NodeId, Time)> {
        let Packet { to, envelope, .. } = *packet;
        match envelope.kind {
            Kind::Request => Some((envelope.from, to, self.now)),
            Kind::Reply => Some((to, envelope.from, self.now + self.delay(envelope.from, to))),
            Kind::Notice | Kind::Refusal | Kind::Relayed => None,
        }
    }

    /// The request that this belongs to does not time out from now on; false if nobody waits for it any more.
    fn hold(&mut self, packet: &Packet<P::Message>) -> bool {
        let Some((node, asked, seen)) = self.waiting(packet) else { return true };
        let Envelope { rpc, epoch, .. } = packet.envelope;
        self.is_current(node, epoch)
            && match packet.body {
                Body::Overlay(_) => match P::RULE {
                    Rule::Everyone(_, Spreading { hold, .. }) => hold(&mut self.nodes[node.index()], rpc, asked, seen),
                    Rule::Closest(_) | Rule::Servers(_) => false,
                },
                Body::Storage(_) => self.storage.nodes[node.index()].hold(rpc, asked, seen),
                // Who asks the bootstrap service does not wait longer for a list that is long.
                Body::Signal(_) | Body::Bootstrap(_) => true,
            }
    }

    /// Now it does: silence begins when the last byte has been seen.
    fn release(&mut self, packet: &Packet<P::Message>) {
        let Some((node, _, seen)) = self.waiting(packet) else { return };
        let Envelope { rpc, epoch, .. } = packet.envelope;
        if self.is_current(node, epoch) {
            match packet.body {
                Body::Overlay(_) => {
                    if let Rule::Everyone(_, Spreading { release, .. }) = P::RULE {
                        self.with_overlay(node, |overlay, cx| release(overlay, cx, rpc, seen));
                    }
                }
                Body::Storage(_) => self.with_node(node, |storage, cx, _| storage.release(cx, rpc, seen)),
                Body::Signal(_) | Body::Bootstrap(_) => {}
            }
        }
    }
}
