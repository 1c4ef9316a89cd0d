//! Where NATs and firewalls are simulated: under which endpoint machines know each other, and packets on their way between
//! boxes.
//!
//! What a machine knows of another's address it got in two ways: it was the source of a packet that came from there, or it came
//! with a message that named the node, as the sender knew it then. An overlay deals in nodes and sees nothing of this; the
//! handle that its contacts carry is kept here, beside it, and nowhere if nobody is behind a NAT.

use super::event::{Event, Packet};
use super::observer::Observer;
use super::simulation::Simulation;
use crate::engine::order::Class;
use crate::engine::{Duration, Time};
use crate::network::{Endpoint, Loss, NatClass, Nats};
use crate::overlay::{Lists, NodeId, Payload, Protocol};

use super::event::Body;

/// Others whose endpoint one machine remembers; what was heard first makes room.
const REMEMBERED: usize = 1024;
/// For so long an endpoint that a packet came from is trusted more than hearsay: the least time a mapping lives (RFC 4787,
/// REQ-5).
const TRUSTED: Duration = Duration::from_secs(120);

/// What one machine knows of another's address.
#[derive(Clone, Copy, Debug)]
struct Known {
    node: NodeId,
    endpoint: Endpoint,
    heard: Time,
    /// A packet came from there; otherwise somebody said so.
    itself: bool,
}

/// The endpoints that one machine knows, sorted by node. Those of machines with an address of their own need no entry.
#[derive(Clone, Debug, Default)]
struct Book {
    known: Vec<Known>,
}

impl Book {
    fn find(&self, node: NodeId) -> Result<usize, usize> {
        self.known.binary_search_by_key(&node, |known| known.node)
    }

    fn endpoint(&self, node: NodeId) -> Option<Endpoint> {
        self.find(node).ok().map(|at| self.known[at].endpoint)
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
    /// The nodes that its message names and whose address needs telling, as its sender knew them.
    named: Vec<(NodeId, Endpoint)>,
}

/// The boxes of a run, what everybody knows of addresses, and the packets on their way.
#[derive(Debug)]
pub(super) struct Addresses<M> {
    nats: Nats,
    books: Vec<Book>,
    ways: Vec<Addressed<M>>,
    free: Vec<u32>,
    scratch: Vec<NodeId>,
}

impl<M: Payload> Addresses<M> {
    pub fn new(nats: Nats, machines: u32) -> Addresses<M> {
        let books = vec![Book::default(); machines as usize];
        Addresses { nats, books, ways: Vec::new(), free: Vec::new(), scratch: Vec::new() }
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
        let known = self.books[from.index()].endpoint(to);
        known.unwrap_or_else(|| self.nats.unmapped(to.0))
    }

    /// A packet leaves its sender's box: the slot that it has until it reaches its receiver's.
    fn depart(&mut self, now: Time, packet: Packet<M>, lists: &Lists) -> Result<u32, Loss> {
        let from = packet.envelope.from;
        let destination = self.destination(from, packet.to);
        let source = self.nats.depart(now, from.0, destination)?;
        let slot = self.free.pop().unwrap_or_else(|| {
            self.ways.push(Addressed { packet: None, source, destination, named: Vec::new() });
            self.ways.len() as u32 - 1
        });
        let way = &mut self.ways[slot as usize];
        (way.packet, way.source, way.destination) = (Some(packet), source, destination);
        way.named.clear();
        self.scratch.clear();
        match &packet.body {
            Body::Overlay(message) => message.named(lists, &mut self.scratch),
            Body::Storage(message) => message.named(lists, &mut self.scratch),
        }
        let book = &self.books[from.index()];
        way.named.extend(self.scratch.iter().filter_map(|&node| Some((node, book.endpoint(node)?))));
        // The sender itself may be named: whoever is named by itself is known by the packet.
        way.named.retain(|(node, _)| *node != from && *node != packet.to);
        Ok(slot)
    }

    /// A packet reaches its receiver's box: whether it is let in. If so the receiver learns what there is to learn.
    fn arrive(&mut self, now: Time, slot: u32) -> (Packet<M>, Result<(), Loss>) {
        self.free.push(slot);
        let way = &mut self.ways[slot as usize];
        let packet = way.packet.take().expect("a slot is emptied once");
        let from = packet.envelope.from;
        if let Err(loss) = self.nats.arrive(now, packet.to.0, way.destination, way.source) {
            return (packet, Err(loss));
        }
        let book = &mut self.books[packet.to.index()];
        if way.source != self.nats.unmapped(from.0) {
            book.learn(Known { node: from, endpoint: way.source, heard: now, itself: true });
        }
        for &(node, endpoint) in &way.named {
            book.learn(Known { node, endpoint, heard: now, itself: false });
        }
        (packet, Ok(()))
    }

    /// The way of a transfer, which is looked at as a whole when it begins: whether both boxes let it pass.
    pub fn open_way(&mut self, now: Time, from: NodeId, to: NodeId) -> Result<(), Loss> {
        let destination = self.destination(from, to);
        let source = self.nats.depart(now, from.0, destination)?;
        self.nats.arrive(now, to.0, destination, source)
    }

    /// The machine remembers nobody's address any more.
    pub fn forget(&mut self, machine: NodeId) {
        self.books[machine.index()].known.clear();
    }

    /// Whether a packet that `from` would send to `to` now would be let in.
    pub fn reaches(&self, now: Time, from: NodeId, to: NodeId) -> bool {
        let destination = self.destination(from, to);
        let source = self.nats.source(now, from.0, destination);
        source.is_some_and(|source| self.nats.arrive(now, to.0, destination, source).is_ok())
    }

    pub fn heap_bytes(&self) -> usize {
        let known = self.books.iter().map(|book| book.known.capacity() * size_of::<Known>());
        let named = self.ways.iter().map(|way| way.named.capacity() * size_of::<(NodeId, Endpoint)>());
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
        let addresses = self.addresses.as_deref_mut().expect("there are boxes");
        let from = packet.envelope.from;
        if from == packet.to {
            return self.schedule(at, Class::Arrival, from, Event::Arrival(packet));
        }
        match addresses.depart(self.now, packet, &self.lists) {
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
