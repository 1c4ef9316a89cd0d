//! Peer discovery in a swarm.
//!
//! In a handshake a machine is told of random other peers, as by a tracker (Cohen 2003, on the distribution of peers),
//! since the provider that all peers come to knows them. The number of connections is limited. A machine at the limit
//! that still fetches pieces itself says so in the handshake, and the peer turns to others: it would not be informed of
//! new pieces. A machine with all pieces serves every peer.

use super::super::agent::Agent;
use super::super::desk::{Desk, Tag};
use super::super::exchange::{Bitmap, PEERS};
use super::super::message::Message;
use crate::engine::{Noise, Source};
use crate::model::{Envelope, NodeId};
use crate::overlay::List;

/// Most peers of a swarm that a machine remembers in order to name them: 4 kB.
const KNOWN: usize = 1000;

/// Swarm peers known to a machine.
#[derive(Debug, Default)]
pub(super) struct Circle {
    /// Peers that it has dialled.
    dialled: Vec<NodeId>,
    /// Dialled peers that were at their limit.
    full: Vec<NodeId>,
    /// Peers with a completed handshake in either direction, the latest last.
    known: Vec<NodeId>,
}

impl Circle {
    /// Whether to dial `peer` for the first time; it is marked as dialled.
    fn dial(&mut self, peer: NodeId) -> bool {
        let wanted = self.dialled.len() < PEERS && !self.dialled.contains(&peer) && !self.full.contains(&peer);
        if wanted {
            self.dialled.push(peer);
        }
        wanted
    }

    /// Notes that `peer` is at its limit: another may be dialled instead.
    fn turned_away(&mut self, peer: NodeId) {
        self.dialled.retain(|other| *other != peer);
        if !self.full.contains(&peer) {
            self.full.push(peer);
        }
    }

    fn know(&mut self, peer: NodeId) {
        if !self.known.contains(&peer) {
            if self.known.len() == KNOWN {
                self.known.remove(0);
            }
            self.known.push(peer);
        }
    }

    /// Removes `peer`.
    pub fn forget(&mut self, peer: NodeId) {
        self.known.retain(|other| *other != peer);
    }

    /// Up to fifty random known peers, to be named to `peer`. Draws once for each, if there are more.
    fn names(&self, peer: NodeId, noise: &mut Noise) -> Vec<NodeId> {
        let mut others: Vec<NodeId> = self.known.iter().copied().filter(|other| *other != peer).collect();
        if others.len() > PEERS {
            for place in 0..PEERS {
                let drawn = place + noise.below((others.len() - place) as u64) as usize;
                others.swap(place, drawn);
            }
            others.truncate(PEERS);
        }
        others
    }
}

impl Agent {
    /// Dials a peer that was not dialled before, if the limit allows.
    pub(super) fn dial(&mut self, desk: &mut Desk<'_>, resource: u32, peer: NodeId) {
        let Some(swarm) = self.shares().find(resource) else { return };
        if peer != desk.me && swarm.circle.dial(peer) {
            self.send_meet(desk, resource, peer);
        }
    }

    /// Sends a handshake request with this machine's pieces to a peer.
    pub(in super::super) fn send_meet(&mut self, desk: &mut Desk<'_>, resource: u32, peer: NodeId) {
        let Some(swarm) = self.shares().find(resource) else { return };
        let op = swarm.ops.first().copied();
        let nothing = Bitmap::new(swarm.exchange.had().len());
        let had = if desk.terms().providing.share { swarm.exchange.had() } else { &nothing };
        let list = desk.put_bitmap(had, []);
        desk.call(&mut self.rpcs, peer, op, Message::Meet { resource, list }, Tag::Meet(resource));
    }

    /// Handles a handshake request: replies with this machine's pieces and other peers.
    pub(super) fn met_by(&mut self, desk: &mut Desk<'_>, from: &Envelope, resource: u32, list: List) {
        let (had, _) = desk.read_bitmap(list);
        if self.shares().find(resource).is_none() && self.pieces_of(desk, resource).count() == 0 {
            return desk.reply(from, Message::Missing { record: desk.record_of(resource) });
        }
        let peer = from.from;
        let swarm = self.swarm(desk, resource);
        let others = swarm.circle.names(peer, desk.noise);
        swarm.circle.know(peer);
        let place = !swarm.exchange.is_full() || swarm.exchange.peers().any(|other| other == peer);
        if place {
            swarm.exchange.meet(peer, had);
        }
        let full = !place && !swarm.ops.is_empty();
        let nothing = Bitmap::new(swarm.exchange.had().len());
        let own = if desk.terms().providing.share || swarm.ops.is_empty() { swarm.exchange.had() } else { &nothing };
        let nodes = others.len() as u8;
        let list = desk.put_bitmap(own, others);
        desk.reply(from, Message::Met { resource, list, nodes, full });
        self.fetch_more(desk, resource);
    }

    /// Handles a handshake reply: the peer's pieces and other peers; or `full` and other peers.
    pub(in super::super) fn on_met(
        &mut self,
        desk: &mut Desk<'_>,
        from: NodeId,
        resource: u32,
        list: List,
        full: bool,
    ) {
        let (had, others) = desk.read_bitmap(list);
        let Some(swarm) = self.shares().find(resource) else { return };
        if full {
            swarm.circle.turned_away(from);
            swarm.exchange.lost(from);
        } else {
            swarm.circle.know(from);
            swarm.exchange.meet(from, had);
        }
        others.into_iter().for_each(|other| self.dial(desk, resource, other));
        self.fetch_more(desk, resource);
        self.give_up_if_alone(desk, resource);
    }
}
