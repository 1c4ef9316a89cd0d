//! NATs and firewalls on the way of a packet, where there are any: packets between two of them, and the addresses that packets tell.
//!
//! A machine knows another's address in two ways ([`Peerstores`]): a packet came from there, or a message named the node, with the
//! address as its sender knew it. (A converged start has told the addresses of all contacts.) An overlay deals in nodes and sees
//! nothing of this.

use super::event::{Body, Event, Packet};
use super::simulation::Simulation;
use crate::connectivity::{Named, PeerAddress, Peerstores, Signal};
use crate::engine::order::Class;
use crate::engine::{Time, prefetch};
use crate::measure::observer::Observer;
use crate::model::{Kind, NodeId};
use crate::network::nat::Mapping;
use crate::network::{Endpoint, Loss, NatClass, Nats, Wire};
use crate::overlay::{Contact, Payload, Protocol, Shared, View};

/// Packet between two boxes.
#[derive(Debug)]
struct Addressed<M> {
    packet: Option<Packet<M>>,
    source: Endpoint,
    destination: Endpoint,
    wire: Wire,
    /// Rendezvous that its sender announces.
    rendezvous: Option<NodeId>,
    named: Named,
}

/// Boxes (NATs and firewalls) of a run, peerstores of all machines, and the packets between boxes.
#[derive(Debug)]
pub(super) struct Boxes<M> {
    /// NATs and firewalls themselves.
    pub nats: Nats,
    /// Addresses that machines know.
    pub peerstores: Peerstores,
    on_the_way: Vec<Addressed<M>>,
    free: Vec<u32>,
    scratch: Vec<NodeId>,
    /// Addresses of the nodes that the packet names that is being sent.
    named: Named,
}

impl<M: Payload> Boxes<M> {
    /// Boxes of so many machines, with empty peerstores. `contact`: bytes of a contact.
    pub(super) fn new(nats: Nats, machines: u32, contact: u32) -> Boxes<M> {
        let peerstores = Peerstores::new(machines, contact);
        let (on_the_way, free, scratch, named) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Boxes { nats, peerstores, on_the_way, free, scratch, named }
    }

    /// Class of the box in front of a machine.
    pub(super) fn class(&self, machine: NodeId) -> NatClass {
        self.nats.class(machine.0)
    }

    /// Number of packets between two boxes.
    pub(super) fn len(&self) -> usize {
        self.on_the_way.len() - self.free.len()
    }

    /// Endpoint to which `from` sends what is for `to`.
    fn destination(&self, from: NodeId, to: NodeId) -> Endpoint {
        Endpoint { port: self.peerstores.port(from, to), ..self.nats.unmapped(to.0) }
    }

    /// Opens the mapping of a node towards another, which learns of it, before the run begins.
    pub(super) fn introduce(&mut self, now: Time, node: NodeId, to: NodeId) {
        if let Ok(source) = self.nats.depart(now, node.0, self.nats.unmapped(to.0), Wire::Stream) {
            let address = PeerAddress { port: source.port, rendezvous: self.peerstores.announced(node) };
            self.peerstores.introduce(now, to, node, address);
        }
    }

    /// Opens the mapping of a node before the run begins, and tells `machine` of it, unless it depends on the destination.
    fn acquaint(&mut self, now: Time, machine: NodeId, node: NodeId) {
        if self.class(node).mapping() != Mapping::EndpointIndependent {
            return;
        }
        if let Ok(source) = self.nats.depart(now, node.0, self.nats.unmapped(node.0), Wire::Stream) {
            self.peerstores.acquaint(now, machine, node, PeerAddress { port: source.port, rendezvous: None });
        }
    }

    /// Takes the addresses of the packet that was noted last: it waits …
    pub(super) fn take_named(&mut self) -> Named {
        std::mem::take(&mut self.named)
    }

    /// … and now leaves.
    pub(super) fn give_named(&mut self, named: Named) {
        self.named = named;
    }

    /// Addresses of the packet that was noted last.
    pub(super) fn named(&self) -> &Named {
        &self.named
    }

    /// Sends the packet that was noted last through its sender's box. Gives its slot until it reaches its receiver's.
    fn depart(&mut self, now: Time, packet: Packet<M>, wire: Wire) -> Result<u32, Loss> {
        let from = packet.envelope.from;
        let destination = self.destination(from, packet.to);
        let source = self.nats.depart(now, from.0, destination, wire)?;
        let rendezvous = self.peerstores.announced(from);
        let packet = Some(packet);
        let Some(slot) = self.free.pop() else {
            let named = std::mem::take(&mut self.named);
            self.on_the_way.push(Addressed { packet, source, destination, wire, rendezvous, named });
            return Ok(self.on_the_way.len() as u32 - 1);
        };
        let way = &mut self.on_the_way[slot as usize];
        std::mem::swap(&mut way.named, &mut self.named);
        (way.packet, way.source, way.destination, way.wire, way.rendezvous) =
            (packet, source, destination, wire, rendezvous);
        Ok(slot)
    }

    /// Takes out a packet between two boxes.
    fn withdraw(&mut self, slot: u32) -> Packet<M> {
        self.free.push(slot);
        self.on_the_way[slot as usize].packet.take().expect("a slot is emptied once")
    }

    /// Checks a packet at its receiver's box. If it is let in, the receiver learns the addresses that it tells.
    fn arrive(&mut self, now: Time, slot: u32) -> (Packet<M>, Result<(), Loss>) {
        let packet = self.withdraw(slot);
        let way = &self.on_the_way[slot as usize];
        if let Err(loss) = self.nats.arrive(now, packet.to.0, way.destination, way.source, way.wire) {
            return (packet, Err(loss));
        }
        let address = PeerAddress { port: way.source.port, rendezvous: way.rendezvous };
        self.peerstores.observe(now, packet.to, packet.envelope.from, address);
        self.peerstores.learn(now, packet.to, &way.named);
        (packet, Ok(()))
    }

    /// Packet in a slot.
    pub(super) fn packet(&self, slot: u32) -> Option<&Packet<M>> {
        self.on_the_way[slot as usize].packet.as_ref()
    }

    /// Prefetch of what the arrival of a packet touches …
    pub(super) fn prefetch(&self, slot: u32, to: NodeId) {
        prefetch(&self.on_the_way[slot as usize]);
        self.peerstores.prefetch(to);
        self.nats.prefetch(to.0);
    }

    /// … and of what that points to.
    pub(super) fn prefetch_further(&self, slot: u32, from: NodeId, to: NodeId) {
        let way = &self.on_the_way[slot as usize];
        prefetch(&way.named[..]);
        self.nats.prefetch_further(to.0, way.source);
        self.peerstores.prefetch_entry(to, from);
    }

    /// Checks the way of a transfer, once as a whole when it begins: whether both boxes let it pass.
    pub(super) fn open_way(&mut self, now: Time, from: NodeId, to: NodeId, wire: Wire) -> Result<(), Loss> {
        let destination = self.destination(from, to);
        let source = self.nats.depart(now, from.0, destination, wire)?;
        self.nats.arrive(now, to.0, destination, source, wire)
    }

    /// Whether a packet that `from` would send to `to` now would be let in.
    pub(super) fn reaches(&self, now: Time, from: NodeId, to: NodeId, wire: Wire) -> bool {
        let destination = self.destination(from, to);
        let source = self.nats.source(now, from.0, destination, wire);
        source.is_some_and(|source| self.nats.arrive(now, to.0, destination, source, wire).is_ok())
    }

    /// Bytes allocated.
    pub(super) fn heap_bytes(&self) -> usize {
        let named = self.on_the_way.iter().map(|way| way.named.capacity() * size_of::<(NodeId, PeerAddress)>());
        self.nats.heap_bytes()
            + self.peerstores.heap_bytes()
            + self.on_the_way.capacity() * size_of::<Addressed<M>>()
            + named.sum::<usize>()
    }
}

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Tells the addresses of all contacts of a converged start, as known to their rendezvous if they have one. Called when `online`
    /// are up with their tables, before anything happens.
    pub(super) fn begin_acquainted(&mut self, online: &[NodeId]) {
        if self.boxes.as_ref().is_none_or(|boxes| !boxes.nats.is_anybody_behind()) {
            return;
        }
        let mut contacts = Vec::new();
        for &node in online {
            contacts.clear();
            self.nodes[node.index()].contacts(&self.shared, &View::new(node, &self.keys), &mut contacts);
            self.acquaint(node, &contacts);
        }
    }

    /// Tells a machine the addresses of others before the run begins, as known to their rendezvous if they have one.
    pub(super) fn acquaint(&mut self, machine: NodeId, others: &[NodeId]) {
        let Some(boxes) = &mut self.boxes else { return };
        for &other in others.iter().filter(|other| self.seats[other.index()].online) {
            match self.connectivity.as_ref().and_then(|connectivity| connectivity.node(other).rendezvous()) {
                Some(rendezvous) => boxes.peerstores.tell(self.now, machine, rendezvous, other),
                None => boxes.acquaint(self.now, machine, other),
            }
        }
    }

    /// Tells a machine the addresses of nodes that a record of `by` has named.
    pub(super) fn tell_named(&mut self, machine: NodeId, by: NodeId, named: &[Contact]) {
        if let Some(boxes) = &mut self.boxes {
            named.iter().for_each(|contact| boxes.peerstores.tell(self.now, machine, by, contact.node));
        }
    }

    /// Notes the addresses of the nodes that a packet names which is about to leave. Gives the bytes that they add to it. (A refusal
    /// has no body of its own, and names none.)
    pub(super) fn name_nodes(&mut self, packet: &Packet<P::Message>) -> u32 {
        let Some(boxes) = &mut self.boxes else { return 0 };
        let (from, lists, named) = (packet.envelope.from, &self.buffers.lists, &mut boxes.scratch);
        named.clear();
        match &packet.body {
            _ if packet.envelope.kind == Kind::Refusal => {}
            Body::Overlay(message) => named.extend(self.shared.named(from, message, lists)),
            Body::Storage(message) => named.extend(message.named(lists)),
            // The rendezvous knows better than who asks it.
            Body::Signal(Signal::Pass { .. }) => {}
            Body::Signal(signal) => named.extend(signal.named()),
            Body::Bootstrap(message) => named.extend(message.named(lists)),
        }
        boxes.peerstores.note(from, packet.to, &boxes.scratch, &mut boxes.named)
    }

    /// Sends a packet through its sender's box, to be at its receiver's box at `at`.
    #[cold]
    pub(super) fn pass_boxes(&mut self, at: Time, packet: Packet<P::Message>) {
        let wire = self.wire(&packet);
        let boxes = self.boxes.as_deref_mut().expect("there are boxes");
        let from = packet.envelope.from;
        if from == packet.to {
            return self.schedule(at, Class::Arrival, from, Event::Arrival(packet));
        }
        match boxes.depart(self.now, packet, wire) {
            Ok(slot) => {
                self.schedule(at, Class::Arrival, from, Event::Addressed { slot, from, to: packet.to });
            }
            Err(loss) => self.lose(packet, loss),
        }
    }

    /// Handles a packet at its receiver's box, which lets packets in whether the machine behind it is up or not.
    #[cold]
    pub(super) fn reach_box(&mut self, slot: u32, from: NodeId, to: NodeId) {
        let is_cut = self.is_cut(from, to);
        let boxes = self.boxes.as_deref_mut().expect("there are boxes");
        if is_cut {
            let packet = boxes.withdraw(slot);
            return self.lose(packet, Loss::Partition);
        }
        match boxes.arrive(self.now, slot) {
            (packet, Ok(())) => self.arrive(&packet),
            (packet, Err(loss)) => self.lose(packet, loss),
        }
    }
}
