//! How the members of a swarm find each other.
//!
//! In a handshake a machine is told of random other peers, as by a tracker (Cohen 2003, on the distribution of peers),
//! since the provider that all peers come to knows them. The number of connections is limited. A machine at the limit
//! that still fetches pieces itself says so in the handshake, and the peer turns to others: it would not be informed of
//! new pieces. A machine with all pieces serves every peer.

use super::pieces::{Bitmap, PEERS};
use crate::engine::{Noise, Source};
use crate::model::{Envelope, NodeId, ResourceId};
use crate::overlay::List;
use crate::storage::message::Message;
use crate::storage::node::StorageNode;
use crate::storage::node::context::{StorageContext, Tag};

/// Members of a swarm that a machine remembers to tell others of, at most: 4 kB.
const KNOWN: usize = 1000;

/// Peers that a machine knows in the swarm of a resource.
#[derive(Debug, Default)]
pub(in crate::storage) struct SwarmPeers {
    /// Peers that it has connected to of its own accord.
    dialled: Vec<NodeId>,
    /// Peers that had no place for it.
    full: Vec<NodeId>,
    /// Peers that have connected to it, or let it connect; the latest last.
    known: Vec<NodeId>,
}

impl SwarmPeers {
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
    pub(super) fn forget(&mut self, peer: NodeId) {
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

impl StorageNode {
    /// Dials a peer that was not dialled before, if the limit allows.
    pub(in crate::storage) fn dial(&mut self, cx: &mut StorageContext<'_>, resource: ResourceId, peer: NodeId) {
        let Some(joined) = self.swarms().find(resource) else { return };
        if peer != cx.me && joined.known.dial(peer) {
            self.send_handshake(cx, resource, peer);
        }
    }

    /// Sends a handshake request with this machine's pieces to a peer.
    pub(in crate::storage) fn send_handshake(
        &mut self,
        cx: &mut StorageContext<'_>,
        resource: ResourceId,
        peer: NodeId,
    ) {
        let Some(joined) = self.swarms().find(resource) else { return };
        let op = joined.ops.first().copied();
        let nothing = Bitmap::new(joined.swarm.had().len());
        let had = if cx.terms().providing.share { joined.swarm.had() } else { &nothing };
        let list = cx.put_bitmap(had, []);
        cx.call(&mut self.rpcs, peer, op, Message::Handshake { resource, list }, Tag::Handshake(resource));
    }

    /// Handles a handshake request: replies with this machine's pieces and other peers.
    pub(in crate::storage) fn on_handshake(
        &mut self,
        cx: &mut StorageContext<'_>,
        from: &Envelope,
        resource: ResourceId,
        list: List,
    ) {
        let (had, _) = cx.read_bitmap(list);
        if self.swarms().find(resource).is_none() && self.pieces_of(cx, resource).count() == 0 {
            return cx.reply(from, Message::Missing { record: cx.records.providers_of(resource) });
        }
        let peer = from.from;
        let joined = self.joined(cx, resource);
        let others = joined.known.names(peer, cx.noise);
        joined.known.know(peer);
        let place = !joined.swarm.is_full() || joined.swarm.peers().any(|other| other == peer);
        if place {
            joined.swarm.meet(peer, had);
        }
        let full = !place && !joined.ops.is_empty();
        let nothing = Bitmap::new(joined.swarm.had().len());
        let own = if cx.terms().providing.share || joined.ops.is_empty() { joined.swarm.had() } else { &nothing };
        let nodes = others.len() as u8;
        let list = cx.put_bitmap(own, others);
        cx.reply(from, Message::HandshakeReply { resource, list, nodes, full });
        self.fetch_more(cx, resource);
    }

    /// Handles a handshake reply: the peer's pieces and other peers; or `full` and other peers.
    pub(in crate::storage) fn on_handshake_reply(
        &mut self,
        cx: &mut StorageContext<'_>,
        from: NodeId,
        resource: ResourceId,
        list: List,
        full: bool,
    ) {
        let (had, others) = cx.read_bitmap(list);
        let Some(joined) = self.swarms().find(resource) else { return };
        if full {
            joined.known.turned_away(from);
            joined.swarm.lost(from);
        } else {
            joined.known.know(from);
            joined.swarm.meet(from, had);
        }
        others.into_iter().for_each(|other| self.dial(cx, resource, other));
        self.fetch_more(cx, resource);
        self.give_up_if_alone(cx, resource);
    }
}
