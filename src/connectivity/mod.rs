//! Layer 3: connections between machines, where a system uses them: links, dials, and the traversal of NATs.
//!
//! A packet for a peer without a link waits while its sender dials: one round trip where the peer can be dialled, and up to
//! [`Connections::dial_timeout`] for each method that is tried. Idle links are closed, the end that opened a link keeps it alive,
//! and a node above its limit closes the least recently used one. All that nodes say to each other for this is [`Signal`]s, which
//! are packets like others: they take their time, cost their bytes, and pass the NATs at both ends. Which packets get through
//! follows from the tables of the NATs ([`crate::network::nat`]), and from nothing here.
//!
//! The room does no input or output. Handlers of a [`Node`] are given a [`Context`] and leave [`Effect`]s, which `run/` applies in
//! order. Packets of overlays and stores are opaque here ([`Packet`]).
//!
//! # Traversal
//!
//! A node finds out whether it can be dialled: it asks a peer that it has dialled to have a third node dial back (AutoNAT). An
//! undialable node makes a reservation at a dialable peer, its *rendezvous*, keeps the link to it, and announces it in all that it
//! sends, so that peers learn of it with the node's address ([`Peerstores`]). To reach the node, a peer sends a message through the
//! rendezvous: to dial back (connection reversal), to punch at the same time (hole punching), or to open a circuit through the
//! rendezvous, which then is a relay.
//!
//! # Sources
//!
//! * B. Ford, P. Srisuresh, D. Kegel: *Peer-to-peer communication across network address translators*, USENIX 2005: reversal, hole
//!   punching, relaying.
//! * libp2p specifications: *AutoNAT* v1 (probes, three failures), *circuit relay* v2 (reservations, limits), *DCUtR* (CONNECT and
//!   SYNC through the relay, half a round trip of waiting, three attempts).
//! * RFC 4787: the NATs themselves, and how long a mapping lives.
//!
//! # Simplifications
//!
//! * A stream and a datagram share one mapping and its life; only class `blocked` tells them apart.
//! * What a node found out holds for its session. Where all nodes are open none probes, and clients of a server do not.
//! * Values too large for a packet do not go through relays (libp2p's end a circuit after 128 KiB).
//! * After a dial has failed the next packet begins another: there is no list of peers that did not answer.
//! * A request's time-out runs while its packet waits. What is sent over a link while its other end closes it is lost.
//!
//! # Files
//!
//! | file | what stands there |
//! | --- | --- |
//! | `settings` | [`Connections`] and [`Relays`]: time-outs and limits |
//! | `signal` | [`Signal`], [`RendezvousMessage`] |
//! | `context` | [`Context`] of a handler, its [`Effect`]s, [`Packet`] |
//! | `node` | [`Node`]: handlers of signals and of the timer; links open and close |
//! | `route` | the route of a packet, and packets that come without a link |
//! | `links` | links of a node, with what is due on them: a value |
//! | `dial`, `dialer` | one dial and the order of its methods: a value; its steps |
//! | `hole_punching` | proposals, and the time at which both ends punch |
//! | `rendezvous` | messages through a rendezvous, where it forwards them and where they arrive |
//! | `reachability` | AutoNAT, and the reservation of an undialable node |
//! | `relay`, `circuit` | reservations, circuits and rate of a relay: a value; packets within packets |
//! | `peerstore`, `peerstores` | addresses that one machine knows; those of all, and what is told of them |
//! | `start` | connections of an overlay that stands at time zero |
//!
//! # Cost
//!
//! 192 bytes a node, for each of its links what `links` says, some 150 and what waits for each dial; an event for each signal and
//! each timer. Nothing where systems have no connections.

mod circuit;
mod context;
mod dial;
mod dialer;
mod hole_punching;
mod links;
mod node;
mod peerstore;
mod peerstores;
mod reachability;
mod relay;
mod rendezvous;
mod route;
mod settings;
mod signal;
mod start;
#[cfg(test)]
mod tests;

pub use context::{Context, Effect, Enclosed, Packet, Task};
pub use node::Node;
pub use peerstore::PeerAddress;
pub use peerstores::{Named, Peerstores};
pub use route::Route;
pub use settings::{Connections, Relays};
pub use signal::{RendezvousMessage, Signal};

use crate::engine::Slab;
use crate::model::NodeId;

/// Connections of all nodes of a run.
#[derive(Debug)]
pub struct Connectivity<P> {
    /// Settings of the system.
    pub settings: Connections,
    /// Whether nodes have to find out whether they can be dialled.
    pub finds_out: bool,
    /// State of each node, by number.
    pub nodes: Vec<Node<P>>,
    /// Packets on their way through relays.
    pub enclosed: Slab<Enclosed<P>>,
    /// Effect buffers of handlers, for use again.
    pub buffers: Vec<Vec<Effect<P>>>,
    /// Buffer for the peers of links on which something is due.
    pub due: Vec<NodeId>,
}

impl<P> Connectivity<P> {
    /// Connectivity of so many nodes without links.
    pub fn new(settings: Connections, finds_out: bool, nodes: u32) -> Connectivity<P> {
        let nodes = (0..nodes).map(|_| Node::default()).collect();
        let (enclosed, buffers, due) = (Slab::default(), Vec::new(), Vec::new());
        Connectivity { settings, finds_out, nodes, enclosed, buffers, due }
    }

    /// One node's connections.
    pub fn node(&self, node: NodeId) -> &Node<P> {
        &self.nodes[node.index()]
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        let links = self.nodes.iter().map(Node::heap_bytes).sum::<usize>();
        self.nodes.capacity() * size_of::<Node<P>>() + self.enclosed.heap_bytes() + links
    }
}
