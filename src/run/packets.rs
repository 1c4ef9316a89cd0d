//! A packet's way: departure at its sender, arrival and delivery at its receiver, service at a server.

use super::event::{Body, Event, Packet};
use super::observer::Observer;
use super::simulation::{Parked, Simulation};
use crate::engine::Duration;
use crate::engine::order::Class;
use crate::network::{Loss, station};
use crate::overlay::message::{HEADER_BYTES, MESSAGE_BYTES};
use crate::overlay::{Envelope, Kind, NodeId, Protocol};

/// From one node of a machine to another: a turn of a busy process. Not nothing, or nodes that answer each other at once
/// could go on for ever without time passing: a record whose holders each take the other for responsible goes to and fro
/// until one of them stabilises, over a network as often as its round trips allow.
const WITHIN: Duration = Duration::from_millis(1);

impl<T> Parked<T> {
    pub fn park(&mut self, packet: T) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() as u32 - 1
        });
        self.slots[slot as usize] = Some(packet);
        slot
    }

    pub fn take(&mut self, slot: u32) -> T {
        self.free.push(slot);
        self.slots[slot as usize].take().expect("a slot is emptied once")
    }

    /// Packets in it.
    pub fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// A node sends a packet: over a link, where the system has connections.
    #[inline(always)]
    pub fn transmit(&mut self, to: NodeId, envelope: &Envelope, body: Body<P::Message>) {
        if self.transport.is_some() {
            return self.send_over_link(Packet { to, envelope: *envelope, body });
        }
        if self.addresses.is_some() {
            return self.put_on_wire(Packet { to, envelope: *envelope, body });
        }
        self.launch(to, envelope, body);
    }

    /// Puts a packet on the wire, with the addresses of whom it names.
    #[inline(never)]
    pub fn put_on_wire(&mut self, mut packet: Packet<P::Message>) {
        packet.envelope.bytes += self.name_nodes(&packet);
        self.launch(packet.to, &packet.envelope, packet.body);
    }

    /// A packet leaves its sender: touches the sender's side only. What is too large for one becomes a transfer; what is for
    /// another node of the same machine goes on no wire. (In parts: see
    /// [`crate::engine::Queue::push_with`].)
    #[inline(always)]
    fn launch(&mut self, to: NodeId, envelope: &Envelope, body: Body<P::Message>) {
        let (sender, receiver) = self.hosts.of_both(envelope.from, to);
        if sender == receiver && envelope.from != to {
            return self.pass_within(Packet { to, envelope: *envelope, body });
        }
        if envelope.bytes > self.transfers.above {
            return self.begin_transfer(Packet { to, envelope: *envelope, body });
        }
        self.counts.sent += 1;
        self.observer.packet_sent(self.now, to, envelope);
        self.count_rpc(envelope);
        let noise = &mut self.seats[envelope.from.index()].noise;
        let arrival = self.network.depart(self.now, sender.0, receiver.0, envelope.bytes, noise);
        let packet = || Packet { to, envelope: *envelope, body };
        match arrival {
            Ok(_) if !self.cuts.is_empty() && self.is_cut(envelope.from, to) => self.lose(packet(), Loss::Partition),
            Ok(at) if self.addresses.is_some() => self.pass_boxes(at, packet()),
            Ok(at) => {
                let order = self.next_order(Class::Arrival, envelope.from);
                self.queue.push_with(at, order, || Event::Arrival(packet()));
            }
            Err(loss) => self.lose(packet(), loss),
        }
    }

    /// Counts a request that is sent for an operation.
    #[inline(always)]
    pub fn count_rpc(&mut self, envelope: &Envelope) {
        if let Some(operation) = envelope.op.and_then(|op| self.operations.charged(op)) {
            operation.rpcs += u32::from(envelope.kind == Kind::Request);
        }
    }

    /// A packet reaches its receiver's access link: touches the receiver's side only.
    #[inline(always)]
    pub fn arrive(&mut self, packet: &Packet<P::Message>) {
        if !self.seats[packet.to.index()].online {
            return self.lose(*packet, Loss::Offline);
        }
        match self.network.arrive(self.now, self.hosts.of(packet.to).0, packet.envelope.bytes) {
            Ok(at) if at > self.now => {
                let slot = self.downlinks.park(*packet);
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
        let slot = self.within.park(packet);
        self.schedule(self.now + WITHIN, Class::Arrival, from, Event::Within { slot, to });
    }

    /// It does arrive.
    #[cold]
    pub fn arrive_within(&mut self, slot: u32) {
        let packet = self.within.take(slot);
        let seat = &self.seats[packet.to.index()];
        let is_stale = packet.envelope.kind == Kind::Reply && seat.epoch != packet.envelope.epoch;
        if seat.online && !is_stale {
            self.take_in(&packet);
        } else {
            self.free_list(&packet);
        }
    }

    /// A packet has come through the downlink.
    #[inline(never)]
    pub fn deliver(&mut self, packet: &Packet<P::Message>) {
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
        let is_stale = seat.epoch != envelope.epoch && matches!(envelope.kind, Kind::Reply | Kind::Refusal);
        if is_stale || self.transport.is_some() && !self.admits(packet) {
            return self.lose(*packet, Loss::Stale);
        }
        if self.is_server(*to) && envelope.kind == Kind::Request {
            return self.offer(*packet);
        }
        self.hand_over(packet);
    }

    /// A request reaches a server: it is served, waits, or is turned away.
    #[inline(never)]
    fn offer(&mut self, packet: Packet<P::Message>) {
        let server = packet.to.0 - self.participants;
        let epoch = self.seats[packet.to.index()].epoch;
        let service = &mut self.services[server as usize];
        let takes = service.spec.service.sample_duration(&mut service.noise);
        let slot = self.requests.park(packet);
        match service.station.offer(self.now, slot, takes) {
            station::Offer::Started { done } => {
                self.observer.served(self.now, packet.to, Duration::ZERO, takes);
                self.schedule(done, Class::Timer, packet.to, Event::Served { server, epoch, slot });
            }
            station::Offer::Waiting => {}
            station::Offer::Refused => {
                let packet = self.requests.take(slot);
                self.refuse(packet);
            }
        }
    }

    /// A server's worker is done with a request.
    pub fn served(&mut self, server: u32, epoch: u16, slot: u32) {
        let node = NodeId(self.participants + server);
        if !self.is_current(node, epoch) {
            return; // it failed meanwhile, and its requests were lost then
        }
        let started = self.services[server as usize].station.finish(self.now);
        if let Some(next) = started {
            self.observer.served(self.now, node, next.waited, next.done - self.now);
            self.schedule(next.done, Class::Timer, node, Event::Served { server, epoch, slot: next.job });
        }
        let packet = self.requests.take(slot);
        self.hand_over(&packet);
    }

    /// The server's queue is full: the requester is told.
    fn refuse(&mut self, packet: Packet<P::Message>) {
        let Packet { to, envelope, body } = packet;
        self.lose(packet, Loss::ServerQueue);
        let bytes = HEADER_BYTES + MESSAGE_BYTES;
        let envelope = Envelope { from: to, bytes, kind: Kind::Refusal, for_others: true, ..envelope };
        // A refusal has no body of its own; the request's tells whether overlay or storage is to hear of it. Its lists
        // went with the request.
        self.transmit(packet.envelope.from, &envelope, body);
    }

    /// A server failed: the requests that wait and those in service are lost.
    pub fn lose_requests_at(&mut self, server: NodeId) {
        for slot in 0..self.requests.slots.len() {
            if self.requests.slots[slot].is_some_and(|packet| packet.to == server) {
                let packet = self.requests.take(slot as u32);
                self.lose(packet, Loss::Offline);
            }
        }
    }

    /// The network hands a packet over to its receiver.
    #[inline(always)]
    fn hand_over(&mut self, packet: &Packet<P::Message>) {
        let &Packet { to, ref envelope, .. } = packet;
        self.counts.delivered += 1;
        self.observer.packet_delivered(self.now, to, envelope, packet.is_audit());
        self.take_in(packet);
    }

    /// The receiver takes a packet in. (One copy of it, so that the overlay's handlers are inlined here.)
    #[inline(never)]
    fn take_in(&mut self, packet: &Packet<P::Message>) {
        let &Packet { to, ref envelope, ref body } = packet;
        let list = packet.list();
        if envelope.kind == Kind::Refusal {
            return match body {
                Body::Overlay(_) => self.with_overlay(to, |overlay, cx| overlay.on_refusal(cx, envelope.rpc)),
                Body::Storage(_) => self.with_agent(to, |agent, desk, _| agent.on_refusal(desk, envelope.rpc)),
                Body::Signal(_) => unreachable!("a signal is no request"),
            };
        }
        match body {
            Body::Overlay(message) => self.with_overlay(to, |overlay, cx| overlay.on_message(cx, envelope, *message)),
            Body::Storage(message) => {
                self.with_agent(to, |agent, desk, around| agent.on_message(desk, envelope, *message, around));
            }
            Body::Signal(signal) => self.on_signal(to, envelope.from, *signal),
        }
        list.into_iter().for_each(|list| self.lists.free(list));
    }

    #[inline(never)]
    pub fn lose(&mut self, packet: Packet<P::Message>, loss: Loss) {
        self.counts.lost += 1;
        self.observer.packet_lost(self.now, packet.to, &packet.envelope, loss);
        self.free_list(&packet);
        self.lose_within(&packet, loss);
    }

    #[inline(always)]
    pub fn free_list(&mut self, packet: &Packet<P::Message>) {
        packet.list().into_iter().for_each(|list| self.lists.free(list));
    }
}
