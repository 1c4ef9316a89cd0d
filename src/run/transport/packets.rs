//! Packets over links: who has one sends, who has none dials and waits; and ways that lead through a relay.

use super::dials::{Dial, Opened, Step, WAITING};
use super::links::{Link, Way};
use super::{Signal, Within};
use crate::measure::observer::{LinkEvent, Observer};
use crate::model::{Envelope, Kind, NodeId, Traffic};
use crate::network::{Loss, Wire};
use crate::overlay::Protocol;
use crate::run::event::{Body, Packet};
use crate::run::simulation::Simulation;

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// What a packet belongs to, for the boxes: dialled links are streams. (Punched ones are not, but nobody whose box tells
    /// the two apart has one.)
    pub fn wire(&self, packet: &Packet<P::Message>) -> Wire {
        match packet.body {
            Body::Signal(Signal::Punch) => Wire::Datagram,
            _ => self.wire_of_links(),
        }
    }

    /// What packets over links belong to.
    pub fn wire_of_links(&self) -> Wire {
        if self.transport.is_some() { Wire::Stream } else { Wire::Datagram }
    }

    /// Sends a signal.
    pub(super) fn say(&mut self, from: NodeId, to: NodeId, signal: Signal) {
        let bytes = signal.bytes(&self.system.wire);
        if matches!(signal, Signal::KeepAlive | Signal::Alive) {
            self.observer.link_event(self.now, from, LinkEvent::KeptAlive { bytes });
        }
        let (kind, traffic, for_others) = (Kind::Notice, Traffic::Maintenance, signal.is_for_others());
        let epoch = self.seats[from.index()].epoch();
        let envelope = Envelope { from, op: None, bytes, rpc: 0, epoch, kind, traffic, for_others, client: false };
        self.send_over_link(Packet { to, envelope, body: Body::Signal(signal) });
    }

    /// A packet leaves over its sender's link to its receiver, or waits for one.
    #[cold]
    pub fn send_over_link(&mut self, packet: Packet<P::Message>) {
        let (from, to, now) = (packet.envelope.from, packet.to, self.now);
        let link = self.end(from).links.send(now, to, says(&packet));
        match (packet.body, link.map(|link| link.way)) {
            // These find out whether there is a way between the two themselves.
            (Body::Signal(Signal::Dial { .. } | Signal::Accept | Signal::Reset | Signal::Punch | Signal::Knock), _) => {
                self.put_on_wire(packet);
            }
            (_, Some(Way::Relayed(relay))) => self.send_through(relay, packet),
            (_, Some(Way::Dialled | Way::Punched)) => self.put_on_wire(packet),
            _ if from == to => self.put_on_wire(packet),
            (Body::Signal(signal), None) if !signal.needs_link() => self.put_on_wire(packet),
            (_, None) => self.wait_for_link(packet),
        }
    }

    /// Whether packets from one node to another need not wait for a dial.
    pub fn has_link(&self, from: NodeId, to: NodeId) -> bool {
        self.transport.as_ref().is_none_or(|transport| transport.ends[from.index()].links.get(to).is_some())
    }

    fn wait_for_link(&mut self, packet: Packet<P::Message>) {
        let (from, to) = (packet.envelope.from, packet.to);
        match self.end(from).dial(to) {
            Some(dial) if dial.waiting.len() < WAITING => dial.waiting.push(packet),
            Some(_) => self.lose_unsent(packet, Loss::Dial),
            None => {
                let undialable = self.rendezvous_of(from, to).is_some();
                let mut dial = Dial::new(to, self.now, undialable);
                dial.waiting.push(packet);
                self.begin_dial(from, dial);
            }
        }
    }

    pub(super) fn begin_dial(&mut self, node: NodeId, dial: Dial<Packet<P::Message>>) {
        let (peer, undialable) = (dial.peer, dial.undialable);
        self.end(node).dials.push(dial);
        let first = Step::after(None, &self.connections(), undialable, self.can_be_dialled(node));
        self.take_step(node, peer, first.expect("there is always a first step"));
    }

    /// Whether a packet came over a link that its receiver has; if not, its sender is told. What the receiver dials for opens
    /// the link, though the word that accepts may come later; and what a transfer has moved is taken.
    pub fn admits(&mut self, packet: &Packet<P::Message>) -> bool {
        let (from, node, now) = (packet.envelope.from, packet.to, self.now);
        if from == node || self.end(node).links.hear(now, from, says(packet)) || packet.envelope.bytes == 0 {
            return true;
        }
        match packet.body {
            Body::Signal(signal) if !signal.needs_link() => true,
            Body::Bootstrap(_) => true,
            _ if self.end(node).dial(from).is_some() => {
                self.link_opened(node, Link::new(from, Way::Dialled, true, now), Opened::Accepted);
                true
            }
            _ => {
                self.say(node, from, Signal::Reset);
                false
            }
        }
    }

    /// A packet for a peer behind a relay leaves for the relay.
    fn send_through(&mut self, relay: NodeId, packet: Packet<P::Message>) {
        if packet.envelope.bytes > self.transfers.above {
            return self.lose_unsent(packet, Loss::Relay);
        }
        self.name_nodes(&packet);
        let named = self.addresses.as_ref().map_or_else(Vec::new, |addresses| addresses.named().clone());
        let bytes = packet.envelope.bytes + self.system.wire.identifier;
        // Its bytes are those of the packets that carry it.
        let bare = Packet { envelope: Envelope { bytes: 0, ..packet.envelope }, ..packet };
        self.counts.sent += 1;
        self.observer.packet_sent(self.now, bare.to, &bare.envelope);
        let slot = self.transport().within.park(Within { packet: bare, named, bytes });
        self.send_within(packet.envelope, relay, bytes, slot);
    }

    fn send_within(&mut self, envelope: Envelope, to: NodeId, bytes: u32, slot: u32) {
        let envelope = Envelope { op: None, rpc: 0, kind: Kind::Relayed, bytes, ..envelope };
        self.send_over_link(Packet { to, envelope, body: Body::Signal(Signal::Relayed { slot }) });
    }

    /// A packet within another has come to the relay, or to the one that it is for.
    pub(super) fn relayed(&mut self, node: NodeId, slot: u32) {
        let now = self.now;
        let within = self.transport().within.slots[slot as usize].as_ref().expect("it is under way");
        let (packet, bytes) = (within.packet, within.bytes);
        let (from, to) = (packet.envelope.from, packet.to);
        if to == node {
            let within = self.transport().within.take(slot);
            if let Some(addresses) = &mut self.addresses {
                addresses.learn(now, node, &within.named);
            }
            return self.deliver(&packet);
        }
        let limits = self.connections().relays.expect("there are relays");
        let relay = &mut self.end(node).relay;
        if !relay.connects(now, from, to) {
            self.say(node, from, Signal::Passed { from: to, word: super::signal::Word::Gone });
        } else if relay.forwards(now, bytes, &limits) {
            self.observer.link_event(now, node, LinkEvent::Forwarded { bytes });
            let envelope = Envelope { from: node, for_others: true, ..packet.envelope };
            return self.send_within(Envelope { epoch: self.seats[node.index()].epoch(), ..envelope }, to, bytes, slot);
        }
        let within = self.transport().within.take(slot);
        self.lose(within.packet, Loss::Relay);
    }
}

/// Whether a packet is more than a keep-alive.
fn says<M>(packet: &Packet<M>) -> bool {
    !matches!(packet.body, Body::Signal(Signal::KeepAlive | Signal::Alive))
}
