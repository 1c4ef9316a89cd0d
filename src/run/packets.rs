//! A packet's way: departure at its sender, arrival and delivery at its receiver.

use super::event::{Body, Event, LAST, Packet, Queued};
use super::simulation::Simulation;
use crate::connectivity::Named;
use crate::engine::order::Class;
use crate::engine::{Duration, Time};
use crate::measure::observer::Observer;
use crate::model::{Envelope, Kind, NodeId};
use crate::network::{Departure, Loss};
use crate::overlay::{Notice, Protocol};

/// From one node of a machine to another: a turn of a busy process. Not nothing, or nodes that answer each other at once
/// could go on for ever without time passing: a record whose holders each take the other for responsible goes to and fro
/// until one of them stabilises, over a network as often as its round trips allow.
const WITHIN: Duration = Duration::from_millis(1);

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// A node sends a packet: over a link, where the system has connections. A request counts here, whether or not it ever
    /// leaves; one for another node of the same machine goes on no wire and does not.
    #[inline(always)]
    pub(super) fn transmit(&mut self, to: NodeId, envelope: &Envelope, body: Body<P::Message>) {
        let (sender, receiver) = self.fixed.hosts.of_both(envelope.from, to);
        if sender == receiver && envelope.from != to {
            return self.pass_within(Packet { to, envelope: *envelope, body });
        }
        self.count_rpc(envelope);
        if self.connectivity.is_some() {
            return self.send_over_link(Packet { to, envelope: *envelope, body });
        }
        if self.boxes.is_some() {
            return self.put_on_wire(Packet { to, envelope: *envelope, body });
        }
        self.launch((sender, receiver), to, envelope, body);
    }

    /// Puts a packet on the wire, with the addresses of whom it names.
    #[inline(never)]
    pub(super) fn put_on_wire(&mut self, mut packet: Packet<P::Message>) {
        packet.envelope.bytes += self.name_nodes(&packet);
        let machines = self.fixed.hosts.of_both(packet.envelope.from, packet.to);
        self.launch(machines, packet.to, &packet.envelope, packet.body);
    }

    /// A packet leaves its sender, once it has shaken hands with its receiver where that costs something. What is too large for
    /// one becomes a transfer.
    #[inline(always)]
    fn launch(&mut self, machines: (NodeId, NodeId), to: NodeId, envelope: &Envelope, body: Body<P::Message>) {
        if self.in_flight.handshakes.is_some() && machines.0 != machines.1 {
            return self.launch_after_handshake(machines, Packet { to, envelope: *envelope, body });
        }
        if envelope.bytes > self.in_flight.transfers.above {
            return self.begin_transfer(Packet { to, envelope: *envelope, body });
        }
        self.set_off(machines, to, envelope, body);
    }

    /// What is no transfer leaves its sender: touches the sender's side only. (In parts: see
    /// [`crate::engine::Queue::push_with`].)
    #[inline(always)]
    pub(super) fn set_off(
        &mut self,
        (sender, receiver): (NodeId, NodeId),
        to: NodeId,
        envelope: &Envelope,
        body: Body<P::Message>,
    ) {
        let noise = &mut self.seats[envelope.from.index()].noise;
        match self.network.depart(self.now, sender.0, receiver.0, envelope.bytes, noise) {
            Ok(Departure::Arrives(at)) => self.set_out(at, to, envelope, body),
            Ok(Departure::Waits(at)) => self.wait_in_uplink(at, Packet { to, envelope: *envelope, body }),
            Err(Loss::UplinkQueue) => self.lose_unsent(Packet { to, envelope: *envelope, body }, Loss::UplinkQueue),
            Err(loss) => self.lose_sent(Packet { to, envelope: *envelope, body }, loss),
        }
    }

    /// A packet is on the wire, and gets to its receiver at `at` unless a partition or a box is in its way.
    #[inline(always)]
    fn set_out(&mut self, at: Time, to: NodeId, envelope: &Envelope, body: Body<P::Message>) {
        // What arrives beyond the end of time stays in flight: at *never* it would be nowhere.
        let at = at.min(LAST);
        self.counts.sent += 1;
        self.observer.packet_sent(self.now, to, envelope);
        let packet = || Packet { to, envelope: *envelope, body };
        if self.is_cut(envelope.from, to) {
            return self.lose(packet(), Loss::Partition);
        }
        if self.boxes.is_some() {
            return self.pass_boxes(at, packet());
        }
        let order = self.next_order(Class::Arrival, envelope.from);
        self.queue.push_with(at, order, || Event::Arrival(packet()));
    }

    /// A packet waits in its sender's uplink queue; its last bit leaves at `at`.
    #[inline(never)]
    fn wait_in_uplink(&mut self, at: Time, packet: Packet<P::Message>) {
        let from = packet.envelope.from;
        let named = self.boxes.as_mut().map_or_else(Named::new, |boxes| boxes.take_named());
        let slot = self.in_flight.uplinks.park(Queued { packet, named });
        let epoch = self.seats[from.index()].epoch();
        self.schedule(at, Class::Arrival, from, Event::Leaves { slot, epoch });
    }

    /// The last bit of a packet leaves the uplink, if the sender's session still lasts.
    #[inline(never)]
    pub(super) fn leave_uplink(&mut self, slot: u32, epoch: u16) {
        let Queued { packet, named } = self.in_flight.uplinks.take(slot);
        let Packet { to, envelope, body } = packet;
        if !self.is_current(envelope.from, epoch) {
            return self.lose_unsent(packet, Loss::SenderGone);
        }
        if let Some(boxes) = &mut self.boxes {
            boxes.give_named(named);
        }
        let (sender, receiver) = self.fixed.hosts.of_both(envelope.from, to);
        let noise = &mut self.seats[envelope.from.index()].noise;
        match self.network.carry(self.now, sender.0, receiver.0, envelope.bytes, noise) {
            Ok(at) => self.set_out(at, to, &envelope, body),
            Err(loss) => self.lose_sent(packet, loss),
        }
    }

    /// A packet that has used its sender's line is lost.
    #[cold]
    fn lose_sent(&mut self, packet: Packet<P::Message>, loss: Loss) {
        self.counts.sent += 1;
        self.observer.packet_sent(self.now, packet.to, &packet.envelope);
        self.lose(packet, loss);
    }

    /// A packet that never got onto the wire is lost: it has cost no bytes.
    #[cold]
    pub(super) fn lose_unsent(&mut self, packet: Packet<P::Message>, loss: Loss) {
        let envelope = Envelope { bytes: 0, ..packet.envelope };
        self.lose_sent(Packet { envelope, ..packet }, loss);
    }

    /// Counts a request that is sent for an operation.
    #[inline(always)]
    fn count_rpc(&mut self, envelope: &Envelope) {
        if let Some(operation) = envelope.op.and_then(|op| self.operations.charged(op)) {
            operation.rpcs += u32::from(envelope.kind == Kind::Request);
        }
    }

    /// A packet reaches its receiver's access link: touches the receiver's side only.
    #[inline(always)]
    pub(super) fn arrive(&mut self, packet: &Packet<P::Message>) {
        if !self.seats[packet.to.index()].online {
            return self.lose(*packet, Loss::Offline);
        }
        if self.is_cut(packet.envelope.from, packet.to) {
            return self.lose(*packet, Loss::Partition);
        }
        match self.network.arrive(self.now, self.fixed.hosts.of(packet.to).0, packet.envelope.bytes) {
            Ok(at) if at > self.now => {
                let slot = self.in_flight.downlinks.park(*packet);
                self.schedule(at, Class::Arrival, packet.envelope.from, Event::Through { slot, to: packet.to });
            }
            Ok(_) => self.deliver_now(packet),
            Err(loss) => self.lose(*packet, loss),
        }
    }

    /// A packet is for another node of its sender's machine: no network carries, counts or loses it.
    #[cold]
    fn pass_within(&mut self, packet: Packet<P::Message>) {
        let (from, to) = (packet.envelope.from, packet.to);
        let slot = self.in_flight.within.park(packet);
        self.schedule(self.now + WITHIN, Class::Arrival, from, Event::Within { slot, to });
    }

    /// Arrival of a packet from one node of a machine to another.
    #[cold]
    pub(super) fn arrive_within(&mut self, slot: u32) {
        let packet = self.in_flight.within.take(slot);
        let seat = &self.seats[packet.to.index()];
        let is_stale = packet.envelope.kind == Kind::Reply && seat.epoch() != packet.envelope.epoch;
        if seat.online && !is_stale {
            self.take_in(&packet);
        } else {
            self.free_list(&packet);
        }
    }

    /// A packet has come through the downlink; in vain if a partition is between its ends by now.
    pub(super) fn come_through(&mut self, slot: u32) {
        let packet = self.in_flight.downlinks.take(slot);
        if self.is_cut(packet.envelope.from, packet.to) {
            return self.lose(packet, Loss::Partition);
        }
        self.deliver(&packet);
    }

    /// A packet has come all its way.
    #[inline(never)]
    pub(super) fn deliver(&mut self, packet: &Packet<P::Message>) {
        self.deliver_now(packet);
    }

    #[inline(always)]
    fn deliver_now(&mut self, packet: &Packet<P::Message>) {
        let Packet { to, envelope, .. } = packet;
        let seat = &self.seats[to.index()];
        if !seat.online {
            return self.lose(*packet, Loss::Offline);
        }
        // The kind is asked for last, which a processor could not foresee.
        let is_stale = seat.epoch() != envelope.epoch && matches!(envelope.kind, Kind::Reply | Kind::Refusal);
        if is_stale || self.connectivity.is_some() && !self.admits(packet) {
            return self.lose(*packet, Loss::Stale);
        }
        if self.servers.stations.serve(*to) && envelope.kind == Kind::Request {
            return self.offer(*packet);
        }
        self.hand_over(packet);
    }

    /// The network hands a packet over to its receiver.
    #[inline(always)]
    pub(super) fn hand_over(&mut self, packet: &Packet<P::Message>) {
        let &Packet { to, ref envelope, .. } = packet;
        self.counts.delivered += 1;
        self.observer.packet_delivered(self.now, to, envelope);
        self.take_in(packet);
    }

    /// The receiver takes a packet in. (One copy of it, so that the overlay's handlers are inlined here.)
    #[inline(never)]
    fn take_in(&mut self, packet: &Packet<P::Message>) {
        let &Packet { to, ref envelope, ref body } = packet;
        let list = packet.list();
        if envelope.kind == Kind::Refusal {
            return match body {
                Body::Overlay(_) => {
                    self.with_overlay(to, |overlay, cx| overlay.on_notice(cx, Notice::Refused { rpc: envelope.rpc }))
                }
                Body::Storage(_) => self.with_node(to, |storage, cx, _| storage.on_refusal(cx, envelope.rpc)),
                Body::Signal(_) | Body::Bootstrap(_) => unreachable!("only stations refuse, and these pass none"),
            };
        }
        match body {
            Body::Overlay(message) => self.with_overlay(to, |overlay, cx| overlay.on_message(cx, envelope, *message)),
            Body::Storage(message) => {
                self.with_node(to, |storage, cx, around| storage.on_message(cx, envelope, *message, around));
            }
            Body::Signal(signal) => self.on_signal(to, envelope.from, *signal),
            Body::Bootstrap(message) => self.on_bootstrap(to, envelope, *message),
        }
        list.into_iter().for_each(|list| self.buffers.lists.free(list));
    }

    #[inline(never)]
    pub(super) fn lose(&mut self, packet: Packet<P::Message>, loss: Loss) {
        self.counts.lost += 1;
        self.observer.packet_lost(self.now, packet.to, &packet.envelope, loss);
        self.free_list(&packet);
        self.lose_within(&packet, loss);
    }

    #[inline(always)]
    pub(super) fn free_list(&mut self, packet: &Packet<P::Message>) {
        packet.list().into_iter().for_each(|list| self.buffers.lists.free(list));
    }
}
