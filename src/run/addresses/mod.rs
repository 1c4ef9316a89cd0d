//! Where NATs and firewalls are simulated: under which endpoint machines know each other, and packets on their way between
//! boxes.
//!
//! What a machine knows of another's address it got in two ways: it was the source of a packet that came from there, or it came
//! with a message that named the node, as the sender knew it then. (A converged start has told the addresses of all contacts.)
//! An overlay deals in nodes and sees nothing of this; the handle that its contacts carry is kept here, beside it, and nowhere
//! if nobody is behind a NAT. To it belongs the *rendezvous* of a machine that cannot be dialled: a machine that can, and that
//! it keeps a link to.

mod book;

use self::book::Book;
pub(super) use self::book::Handle;
use super::event::{Body, Event, Packet};
use super::simulation::Simulation;
use super::transport::Signal;
use crate::engine::order::Class;
use crate::engine::{Time, prefetch};
use crate::measure::observer::Observer;
use crate::model::{Kind, NodeId};
use crate::network::nat::Mapping;
use crate::network::{Endpoint, Loss, NatClass, Nats, Wire};
use crate::overlay::{Contact, Payload, Protocol, Shared, View};

/// A packet between two boxes.
#[derive(Debug)]
struct Addressed<M> {
    packet: Option<Packet<M>>,
    source: Endpoint,
    destination: Endpoint,
    wire: Wire,
    /// Its sender's own.
    rendezvous: Option<NodeId>,
    named: Named,
}

/// The nodes that a message names and whose address needs telling, as its sender knew them.
pub(super) type Named = Vec<(NodeId, Handle)>;

/// The boxes of a run, what everybody knows of addresses, and the packets on their way.
#[derive(Debug)]
pub(super) struct Addresses<M> {
    nats: Nats,
    books: Vec<Book>,
    /// Each machine's own: who passes word on to it.
    rendezvous: Vec<Option<NodeId>>,
    /// Whether there ever was more to know of a machine than its number: most books need not be opened for most machines.
    is_remarkable: Vec<bool>,
    ways: Vec<Addressed<M>>,
    free: Vec<u32>,
    scratch: Vec<NodeId>,
    /// What the packet names that is being sent.
    named: Named,
    /// Bytes of a contact.
    contact: u32,
}

impl<M: Payload> Addresses<M> {
    pub fn new(nats: Nats, machines: u32, contact: u32) -> Addresses<M> {
        let machines = machines as usize;
        let (books, rendezvous, is_remarkable) =
            (vec![Book::default(); machines], vec![None; machines], vec![false; machines]);
        let (ways, free, scratch, named) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        Addresses { nats, books, rendezvous, is_remarkable, ways, free, scratch, named, contact }
    }

    pub fn class(&self, machine: NodeId) -> NatClass {
        self.nats.class(machine.0)
    }

    /// Packets between two boxes.
    pub fn len(&self) -> usize {
        self.ways.len() - self.free.len()
    }

    /// What `machine` knows of `of`, if there is anything to know.
    fn handle(&self, machine: NodeId, of: NodeId) -> Option<Handle> {
        if self.is_remarkable[of.index()] { self.books[machine.index()].handle(of) } else { None }
    }

    /// Where `from` sends what is for `to`.
    fn destination(&self, from: NodeId, to: NodeId) -> Endpoint {
        let port = self.handle(from, to).map_or(0, |handle| handle.port);
        Endpoint { port, ..self.nats.unmapped(to.0) }
    }

    /// Who passes word on to `of`, as far as `machine` knows.
    pub fn rendezvous(&self, machine: NodeId, of: NodeId) -> Option<NodeId> {
        self.handle(machine, of)?.rendezvous
    }

    /// From now on all that a machine sends says so.
    pub fn set_rendezvous(&mut self, machine: NodeId, rendezvous: Option<NodeId>) {
        self.rendezvous[machine.index()] = rendezvous;
    }

    /// A node opens its mapping towards another, which learns of it, before the run begins.
    pub fn introduce(&mut self, now: Time, node: NodeId, to: NodeId) {
        if let Ok(source) = self.nats.depart(now, node.0, self.nats.unmapped(to.0), Wire::Stream) {
            let handle = Handle { port: source.port, rendezvous: self.rendezvous[node.index()] };
            self.is_remarkable[node.index()] = true;
            self.books[to.index()].meet(now, node, handle);
        }
    }

    /// Before the run begins: `node` has sent something lately, and `machine` knows where from, if that does not depend on
    /// whom it was sent to.
    fn acquaint(&mut self, now: Time, machine: NodeId, node: NodeId) {
        if self.class(node).mapping() != Mapping::EndpointIndependent {
            return;
        }
        if let Ok(source) = self.nats.depart(now, node.0, self.nats.unmapped(node.0), Wire::Stream) {
            self.is_remarkable[node.index()] = true;
            self.books[machine.index()].hear(now, node, Handle { port: source.port, rendezvous: None });
        }
    }

    /// `machine` learns what `from` knows of `node`.
    pub fn tell(&mut self, now: Time, machine: NodeId, from: NodeId, node: NodeId) {
        if let Some(handle) = self.handle(from, node) {
            self.books[machine.index()].hear(now, node, handle);
        }
    }

    /// Whether `machine` sent something to `stranger` lately, so that a packet from there proves nothing.
    pub fn has_invited(&self, now: Time, machine: NodeId, stranger: NodeId) -> bool {
        self.nats.has_invited(now, machine.0, self.nats.unmapped(stranger.0).address)
    }

    /// Whether anybody is behind a box at all.
    pub fn is_anybody_behind(&self) -> bool {
        self.nats.is_anybody_behind()
    }

    /// Notes what `from` knows of the nodes that a packet to `to` names, which are in `scratch`; the two may be among them,
    /// but are left out: who sends something is known by the packet. Gives what handles with a rendezvous add to its size,
    /// a contact each.
    fn note(&mut self, from: NodeId, to: NodeId) -> u32 {
        let (book, is_remarkable) = (&self.books[from.index()], &self.is_remarkable);
        let others = self.scratch.iter().filter(|node| **node != from && **node != to);
        let told = others.filter(|node| is_remarkable[node.index()]);
        // All at once, since whether a node is found cannot be guessed, and each is elsewhere in memory.
        told.clone().for_each(|node| book.prefetch(*node));
        self.named.clear();
        self.named.extend(told.filter_map(|&node| Some((node, book.handle(node)?))));
        let own = usize::from(self.rendezvous[from.index()].is_some());
        let rendezvous = self.named.iter().filter(|(_, handle)| handle.rendezvous.is_some()).count();
        self.contact * (own + rendezvous) as u32
    }

    /// Takes what the packet names that was looked at last: it waits …
    pub fn take_named(&mut self) -> Named {
        std::mem::take(&mut self.named)
    }

    /// … and now leaves.
    pub fn give_named(&mut self, named: Named) {
        self.named = named;
    }

    /// What the packet names that was looked at last.
    pub fn named(&self) -> &Named {
        &self.named
    }

    /// A message came by other ways than from box to box.
    pub fn learn(&mut self, now: Time, machine: NodeId, named: &[(NodeId, Handle)]) {
        hear(&mut self.books[machine.index()], now, named);
    }

    /// The packet that was looked at last leaves its sender's box: the slot that it has until it reaches its receiver's.
    fn depart(&mut self, now: Time, packet: Packet<M>, wire: Wire) -> Result<u32, Loss> {
        let from = packet.envelope.from;
        let destination = self.destination(from, packet.to);
        let source = self.nats.depart(now, from.0, destination, wire)?;
        let rendezvous = self.rendezvous[from.index()];
        let packet = Some(packet);
        let Some(slot) = self.free.pop() else {
            let named = std::mem::take(&mut self.named);
            self.ways.push(Addressed { packet, source, destination, wire, rendezvous, named });
            return Ok(self.ways.len() as u32 - 1);
        };
        let way = &mut self.ways[slot as usize];
        std::mem::swap(&mut way.named, &mut self.named);
        (way.packet, way.source, way.destination, way.wire, way.rendezvous) =
            (packet, source, destination, wire, rendezvous);
        Ok(slot)
    }

    /// Takes out a packet between two boxes.
    fn withdraw(&mut self, slot: u32) -> Packet<M> {
        self.free.push(slot);
        self.ways[slot as usize].packet.take().expect("a slot is emptied once")
    }

    /// A packet reaches its receiver's box: whether it is let in. If so the receiver learns what there is to learn.
    fn arrive(&mut self, now: Time, slot: u32) -> (Packet<M>, Result<(), Loss>) {
        let packet = self.withdraw(slot);
        let (way, from) = (&self.ways[slot as usize], packet.envelope.from);
        if let Err(loss) = self.nats.arrive(now, packet.to.0, way.destination, way.source, way.wire) {
            return (packet, Err(loss));
        }
        let book = &mut self.books[packet.to.index()];
        let handle = Handle { port: way.source.port, rendezvous: way.rendezvous };
        let is_remarkable = &mut self.is_remarkable[from.index()];
        *is_remarkable |= handle != Handle::PLAIN;
        if handle != Handle::PLAIN || *is_remarkable && book.handle(from).is_some() {
            book.meet(now, from, handle);
        }
        hear(book, now, &way.named);
        (packet, Ok(()))
    }

    /// The packet in a slot.
    pub fn packet(&self, slot: u32) -> Option<&Packet<M>> {
        self.ways[slot as usize].packet.as_ref()
    }

    /// Asks for what a packet that will soon arrive will touch …
    pub fn prefetch(&self, slot: u32, to: NodeId) {
        prefetch(&self.ways[slot as usize]);
        prefetch(&self.books[to.index()]);
        self.nats.prefetch(to.0);
    }

    /// … and what that points to.
    pub fn prefetch_further(&self, slot: u32, from: NodeId, to: NodeId) {
        let way = &self.ways[slot as usize];
        prefetch(&way.named[..]);
        self.nats.prefetch_further(to.0, way.source);
        self.prefetch_book(to, from);
    }

    /// What a machine knows of another's address.
    pub fn prefetch_book(&self, machine: NodeId, of: NodeId) {
        if self.is_remarkable[of.index()] {
            self.books[machine.index()].prefetch(of);
        }
    }

    /// The way of a transfer, which is looked at as a whole when it begins: whether both boxes let it pass.
    pub fn open_way(&mut self, now: Time, from: NodeId, to: NodeId, wire: Wire) -> Result<(), Loss> {
        let destination = self.destination(from, to);
        let source = self.nats.depart(now, from.0, destination, wire)?;
        self.nats.arrive(now, to.0, destination, source, wire)
    }

    /// The machine remembers nobody's address any more.
    pub fn forget(&mut self, machine: NodeId) {
        self.books[machine.index()].forget();
    }

    /// Whether a packet that `from` would send to `to` now would be let in.
    pub fn reaches(&self, now: Time, from: NodeId, to: NodeId, wire: Wire) -> bool {
        let destination = self.destination(from, to);
        let source = self.nats.source(now, from.0, destination, wire);
        source.is_some_and(|source| self.nats.arrive(now, to.0, destination, source, wire).is_ok())
    }

    pub fn heap_bytes(&self) -> usize {
        let known = self.books.iter().map(Book::heap_bytes);
        let of_each = size_of::<Book>() + size_of::<Option<NodeId>>() + size_of::<bool>();
        let named = self.ways.iter().map(|way| way.named.capacity() * size_of::<(NodeId, Handle)>());
        self.nats.heap_bytes()
            + self.books.capacity() * of_each
            + self.ways.capacity() * size_of::<Addressed<M>>()
            + known.chain(named).sum::<usize>()
    }
}

/// Somebody named these nodes.
fn hear(book: &mut Book, now: Time, named: &[(NodeId, Handle)]) {
    named.iter().for_each(|(node, _)| book.prefetch(*node));
    named.iter().for_each(|&(node, handle)| book.hear(now, node, handle));
}

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Called when `online` are up with their tables, before anything happens: a converged table tells of each contact where
    /// it can be reached, by the word of its rendezvous if it has one.
    pub fn begin_acquainted(&mut self, online: &[NodeId]) {
        if self.addresses.as_ref().is_none_or(|addresses| !addresses.is_anybody_behind()) {
            return;
        }
        let mut contacts = Vec::new();
        for &node in online {
            contacts.clear();
            self.nodes[node.index()].contacts(&self.shared, &View::new(node, &self.keys), &mut contacts);
            self.acquaint(node, &contacts);
        }
    }

    /// Before the run begins: `machine` knows where others can be reached, by the word of their rendezvous if they have one.
    pub fn acquaint(&mut self, machine: NodeId, others: &[NodeId]) {
        let Some(addresses) = &mut self.addresses else { return };
        for &other in others.iter().filter(|other| self.seats[other.index()].online) {
            match self.transport.as_ref().and_then(|transport| transport.attends(other)) {
                Some(rendezvous) => addresses.tell(self.now, machine, rendezvous, other),
                None => addresses.acquaint(self.now, machine, other),
            }
        }
    }

    /// A record that `by` holds has told `machine` of these, and so has `by` of where they can be reached.
    pub fn tell_named(&mut self, machine: NodeId, by: NodeId, named: &[Contact]) {
        if let Some(addresses) = &mut self.addresses {
            named.iter().for_each(|contact| addresses.tell(self.now, machine, by, contact.node));
        }
    }

    /// Notes what the sender of a packet that is about to leave knows of the nodes that it names. Gives the bytes that this
    /// adds to the packet. (A refusal has no body of its own, and names nobody.)
    pub fn name_nodes(&mut self, packet: &Packet<P::Message>) -> u32 {
        let Some(addresses) = &mut self.addresses else { return 0 };
        let (from, lists, named) = (packet.envelope.from, &self.lists, &mut addresses.scratch);
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
        addresses.note(from, packet.to)
    }

    /// A packet that gets to its receiver's box at `at`, if its own box lets it out.
    #[cold]
    pub fn pass_boxes(&mut self, at: Time, packet: Packet<P::Message>) {
        let wire = self.wire(&packet);
        let addresses = self.addresses.as_deref_mut().expect("there are boxes");
        let from = packet.envelope.from;
        if from == packet.to {
            return self.schedule(at, Class::Arrival, from, Event::Arrival(packet));
        }
        match addresses.depart(self.now, packet, wire) {
            Ok(slot) => {
                self.schedule(at, Class::Arrival, from, Event::Addressed { slot, from, to: packet.to });
            }
            Err(loss) => self.lose(packet, loss),
        }
    }

    /// A packet reaches its receiver's box. (What is in front of a machine that is off is asked first: a box lets packets in
    /// whether it is on or not, but nobody is there to learn from them.)
    #[cold]
    pub fn reach_box(&mut self, slot: u32, from: NodeId, to: NodeId) {
        let is_cut = self.is_cut(from, to);
        let addresses = self.addresses.as_deref_mut().expect("there are boxes");
        if is_cut {
            let packet = addresses.withdraw(slot);
            return self.lose(packet, Loss::Partition);
        }
        match addresses.arrive(self.now, slot) {
            (packet, Ok(())) => self.arrive(&packet),
            (packet, Err(loss)) => self.lose(packet, loss),
        }
    }
}
