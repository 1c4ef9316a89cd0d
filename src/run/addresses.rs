//! Where NATs and firewalls are simulated: under which endpoint machines know each other, and packets on their way between
//! boxes.
//!
//! What a machine knows of another's address it got in two ways: it was the source of a packet that came from there, or it came
//! with a message that named the node, as the sender knew it then. An overlay deals in nodes and sees nothing of this; the
//! handle that its contacts carry is kept here, beside it, and nowhere if nobody is behind a NAT. To it belongs the
//! *rendezvous* of a machine that cannot be dialled: a machine that can, and that it keeps a link to.

use super::event::{Body, Event, Packet};
use super::observer::Observer;
use super::simulation::Simulation;
use crate::engine::order::Class;
use crate::engine::{Duration, Time};
use crate::network::{Endpoint, Loss, NatClass, Nats, Wire};
use crate::overlay::message::IDENTITY_BYTES;
use crate::overlay::{Lists, NodeId, Payload, Protocol};

/// Others whose endpoint one machine remembers; what was heard first makes room.
const REMEMBERED: usize = 1024;
/// For so long an endpoint that a packet came from is trusted more than hearsay: the least time a mapping lives (RFC 4787,
/// REQ-5).
const TRUSTED: Duration = Duration::from_secs(120);

/// Where a node can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Handle {
    pub endpoint: Endpoint,
    /// It says that it cannot be dialled, and who passes word on to it.
    pub rendezvous: Option<NodeId>,
}

/// What one machine knows of another's address.
#[derive(Clone, Copy, Debug)]
struct Known {
    node: NodeId,
    handle: Handle,
    heard: Time,
    /// A packet came from there; otherwise somebody said so.
    itself: bool,
}

/// The handles that one machine knows, sorted by node, and its own rendezvous. Machines that have an address of their own
/// and no rendezvous need no entry.
#[derive(Clone, Debug, Default)]
struct Book {
    known: Vec<Known>,
    rendezvous: Option<NodeId>,
}

impl Book {
    fn find(&self, node: NodeId) -> Result<usize, usize> {
        self.known.binary_search_by_key(&node, |known| known.node)
    }

    fn handle(&self, node: NodeId) -> Option<Handle> {
        self.find(node).ok().map(|at| self.known[at].handle)
    }

    fn learn(&mut self, learned: Known) {
        match self.find(learned.node) {
            Ok(at) => {
                let old = self.known[at];
                if learned.itself || !old.itself || old.heard + TRUSTED <= learned.heard {
                    self.known[at] = learned;
                }
            }
            Err(_) => {
                if self.known.len() == REMEMBERED {
                    let oldest = (0..REMEMBERED).min_by_key(|&at| (self.known[at].heard, at)).expect("it is full");
                    self.known.remove(oldest);
                }
                let at = self.known.partition_point(|known| known.node < learned.node);
                self.known.insert(at, learned);
            }
        }
    }
}

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
    ways: Vec<Addressed<M>>,
    free: Vec<u32>,
    scratch: Vec<NodeId>,
    counted: Named,
}

impl<M: Payload> Addresses<M> {
    pub fn new(nats: Nats, machines: u32) -> Addresses<M> {
        let books = vec![Book::default(); machines as usize];
        Addresses { nats, books, ways: Vec::new(), free: Vec::new(), scratch: Vec::new(), counted: Vec::new() }
    }

    pub fn class(&self, machine: NodeId) -> NatClass {
        self.nats.class(machine.0)
    }

    /// Packets between two boxes.
    pub fn len(&self) -> usize {
        self.ways.len() - self.free.len()
    }

    /// Where `from` sends what is for `to`.
    fn destination(&self, from: NodeId, to: NodeId) -> Endpoint {
        let known = self.books[from.index()].handle(to);
        known.map_or_else(|| self.nats.unmapped(to.0), |handle| handle.endpoint)
    }

    /// Who passes word on to `of`, as far as `machine` knows.
    pub fn rendezvous(&self, machine: NodeId, of: NodeId) -> Option<NodeId> {
        self.books[machine.index()].handle(of)?.rendezvous
    }

    /// From now on all that a machine sends says so.
    pub fn set_rendezvous(&mut self, machine: NodeId, rendezvous: Option<NodeId>) {
        self.books[machine.index()].rendezvous = rendezvous;
    }

    /// A node opens its mapping towards another, which learns of it, before the run begins.
    pub fn introduce(&mut self, now: Time, node: NodeId, to: NodeId) {
        if let Ok(endpoint) = self.nats.depart(now, node.0, self.nats.unmapped(to.0), Wire::Stream) {
            let handle = Handle { endpoint, rendezvous: self.books[node.index()].rendezvous };
            self.books[to.index()].learn(Known { node, handle, heard: now, itself: true });
        }
    }

    /// `machine` learns what `from` knows of `node`.
    pub fn tell(&mut self, now: Time, machine: NodeId, from: NodeId, node: NodeId) {
        if let Some(handle) = self.books[from.index()].handle(node) {
            self.books[machine.index()].learn(Known { node, handle, heard: now, itself: false });
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

    /// Appends what the sender of `packet` knows of the nodes that it names. The sender and the receiver may be among them,
    /// but are left out: who sends something is known by the packet.
    pub fn name(&mut self, packet: &Packet<M>, lists: &Lists, named: &mut Named) {
        let from = packet.envelope.from;
        self.scratch.clear();
        match &packet.body {
            Body::Overlay(message) => message.named(lists, &mut self.scratch),
            Body::Storage(message) => message.named(lists, &mut self.scratch),
            Body::Signal(signal) => self.scratch.extend(signal.named()),
        }
        let book = &self.books[from.index()];
        let others = self.scratch.iter().filter(|node| **node != from && **node != packet.to);
        named.extend(others.filter_map(|&node| Some((node, book.handle(node)?))));
    }

    /// A message came by other ways than from box to box.
    pub fn learn(&mut self, now: Time, machine: NodeId, named: &[(NodeId, Handle)]) {
        for &(node, handle) in named {
            self.books[machine.index()].learn(Known { node, handle, heard: now, itself: false });
        }
    }

    /// What handles with a rendezvous add to a packet: an identity each.
    pub fn handle_bytes(&mut self, packet: &Packet<M>, lists: &Lists) -> u32 {
        let mut named = std::mem::take(&mut self.counted);
        named.clear();
        self.name(packet, lists, &mut named);
        let own = usize::from(self.books[packet.envelope.from.index()].rendezvous.is_some());
        let told = named.iter().filter(|(_, handle)| handle.rendezvous.is_some()).count();
        self.counted = named;
        IDENTITY_BYTES * (own + told) as u32
    }

    /// A packet leaves its sender's box: the slot that it has until it reaches its receiver's.
    fn depart(&mut self, now: Time, packet: Packet<M>, wire: Wire, lists: &Lists) -> Result<u32, Loss> {
        let from = packet.envelope.from;
        let destination = self.destination(from, packet.to);
        let source = self.nats.depart(now, from.0, destination, wire)?;
        let rendezvous = self.books[from.index()].rendezvous;
        let slot = self.free.pop().unwrap_or_else(|| {
            self.ways.push(Addressed { packet: None, source, destination, wire, rendezvous, named: Vec::new() });
            self.ways.len() as u32 - 1
        });
        let mut named = std::mem::take(&mut self.ways[slot as usize].named);
        named.clear();
        self.name(&packet, lists, &mut named);
        self.ways[slot as usize] = Addressed { packet: Some(packet), source, destination, wire, rendezvous, named };
        Ok(slot)
    }

    /// A packet reaches its receiver's box: whether it is let in. If so the receiver learns what there is to learn.
    fn arrive(&mut self, now: Time, slot: u32) -> (Packet<M>, Result<(), Loss>) {
        self.free.push(slot);
        let way = &mut self.ways[slot as usize];
        let packet = way.packet.take().expect("a slot is emptied once");
        let from = packet.envelope.from;
        if let Err(loss) = self.nats.arrive(now, packet.to.0, way.destination, way.source, way.wire) {
            return (packet, Err(loss));
        }
        let book = &mut self.books[packet.to.index()];
        let handle = Handle { endpoint: way.source, rendezvous: way.rendezvous };
        let unremarkable = Handle { endpoint: self.nats.unmapped(from.0), rendezvous: None };
        if handle != unremarkable || book.find(from).is_ok() {
            book.learn(Known { node: from, handle, heard: now, itself: true });
        }
        for &(node, handle) in &way.named {
            book.learn(Known { node, handle, heard: now, itself: false });
        }
        (packet, Ok(()))
    }

    /// The way of a transfer, which is looked at as a whole when it begins: whether both boxes let it pass.
    pub fn open_way(&mut self, now: Time, from: NodeId, to: NodeId, wire: Wire) -> Result<(), Loss> {
        let destination = self.destination(from, to);
        let source = self.nats.depart(now, from.0, destination, wire)?;
        self.nats.arrive(now, to.0, destination, source, wire)
    }

    /// The machine remembers nobody's address any more.
    pub fn forget(&mut self, machine: NodeId) {
        self.books[machine.index()].known.clear();
    }

    /// Whether a packet that `from` would send to `to` now would be let in.
    pub fn reaches(&self, now: Time, from: NodeId, to: NodeId, wire: Wire) -> bool {
        let destination = self.destination(from, to);
        let source = self.nats.source(now, from.0, destination, wire);
        source.is_some_and(|source| self.nats.arrive(now, to.0, destination, source, wire).is_ok())
    }

    pub fn heap_bytes(&self) -> usize {
        let known = self.books.iter().map(|book| book.known.capacity() * size_of::<Known>());
        let named = self.ways.iter().map(|way| way.named.capacity() * size_of::<(NodeId, Handle)>());
        self.nats.heap_bytes()
            + self.books.capacity() * size_of::<Book>()
            + self.ways.capacity() * size_of::<Addressed<M>>()
            + known.chain(named).sum::<usize>()
    }
}

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// A packet that gets to its receiver's box at `at`, if its own box lets it out.
    #[cold]
    pub fn pass_boxes(&mut self, at: Time, packet: Packet<P::Message>) {
        let wire = self.wire(&packet);
        let addresses = self.addresses.as_deref_mut().expect("there are boxes");
        let from = packet.envelope.from;
        if from == packet.to {
            return self.schedule(at, Class::Arrival, from, Event::Arrival(packet));
        }
        match addresses.depart(self.now, packet, wire, &self.lists) {
            Ok(slot) => self.schedule(at, Class::Arrival, from, Event::Addressed { slot }),
            Err(loss) => self.lose(packet, loss),
        }
    }

    /// A packet reaches its receiver's box. (What is in front of a machine that is off is asked first: a box lets packets in
    /// whether it is on or not, but nobody is there to learn from them.)
    #[cold]
    pub fn reach_box(&mut self, slot: u32) {
        let addresses = self.addresses.as_deref_mut().expect("there are boxes");
        match addresses.arrive(self.now, slot) {
            (packet, Ok(())) => self.arrive(packet),
            (packet, Err(loss)) => self.lose(packet, loss),
        }
    }
}
