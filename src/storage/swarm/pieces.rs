//! One machine's part in the swarm of a resource: which piece to fetch next and from whom, as a pure value.
//!
//! Source: Cohen 2003 (*Incentives Build Robustness in BitTorrent*) §2.4 and BEP 3. Peers that want a resource connect
//! to some others that have pieces of it and announce their own pieces: all of them in the handshake, each further one
//! as soon as it is complete. A machine that lacks a peer's piece declares itself *interested* (here: asks for a
//! *turn*), and is *unchoked* (given the turn) when an upload is free ([`Uploads`]). Only then the piece is chosen:
//! rarest first among the known peers, of those that the peer has and that are neither here nor in transfer, at random
//! among equals. A turn is for one piece. Pieces are passed on as soon as they are complete.
//!
//! So the departure of a peer costs no more than the piece that it was sending, which is fetched from another.
//!
//! # Departures from BitTorrent
//!
//! * A turn is one piece, not some ten seconds, and turns are given in the order of requests. There is no tit-for-tat,
//!   since no peer free-rides here: it would change who waits but not how much is sent.
//! * No end game: the last pieces are fetched once each, however slowly.
//! * The first piece is the rarest as well, not a random one.
//!
//! # Cost
//!
//! For `n` pieces and `p` peers `2n + p(n/8 + 24)` bytes: 1.4 kB at 100 pieces and 30 peers. The choice of a piece
//! examines every piece, a completed piece every peer.

use crate::engine::{Noise, Source};
use crate::model::NodeId;

mod bitmap;
mod uploads;

#[cfg(test)]
mod tests;

pub use bitmap::Bitmap;
pub use uploads::Uploads;

/// Most peers that a machine dials for a resource (BitTorrent's trackers name 50).
pub const PEERS: usize = 50;

/// Most connected peers for a resource, including those that have dialled this machine.
pub const MOST_PEERS: usize = 100;

/// Number of pieces of a resource fetched concurrently if possible, whether or not the downlink is full.
pub const FEW_FETCHES: usize = 4;

/// Most pieces of a resource fetched concurrently, if fewer do not fill the downlink. (More would each come more
/// slowly, and be of use to others only later.)
pub const FETCHES: usize = 16;

/// Pieces that a machine has and wants of one resource, and its peers.
#[derive(Clone, Debug)]
pub struct Swarm {
    had: Bitmap,
    /// Number of different pieces wanted.
    wanted: u32,
    /// Number of peers that have each piece.
    copies: Vec<u16>,
    /// Pieces in transfer; the peers have their senders.
    under_way: Bitmap,
    fetches: Vec<(NodeId, u32)>,
    peers: Vec<Peer>,
}

/// State of one direction of the machine's own access link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Number of flows on it.
    pub flows: usize,
    /// Whether the flows fill it.
    pub is_full: bool,
}

/// Peer: another machine that has or wants pieces of the resource.
#[derive(Clone, Debug)]
struct Peer {
    node: NodeId,
    had: Bitmap,
    /// Whether an interest message was sent and no unchoke received.
    asked: bool,
}

impl Swarm {
    /// State of a machine that has the pieces `had` and wants any `wanted` different ones. Panics if there are not that
    /// many.
    pub fn new(had: Bitmap, wanted: u32) -> Swarm {
        let (copies, under_way) = (vec![0; had.len() as usize], Bitmap::new(had.len()));
        let mut swarm = Swarm { had, wanted: 0, copies, under_way, fetches: Vec::new(), peers: Vec::new() };
        swarm.want(wanted);
        swarm
    }

    /// Pieces that are here.
    pub fn had(&self) -> &Bitmap {
        &self.had
    }

    /// Sets the number of different pieces wanted. Panics if there are not that many.
    pub fn want(&mut self, wanted: u32) {
        assert!(wanted <= self.had.len(), "{wanted} of {} pieces are never had", self.had.len());
        self.wanted = wanted;
    }

    /// Whether all wanted pieces are here.
    pub fn is_complete(&self) -> bool {
        self.had.count() >= self.wanted
    }

    /// Whether no further peer may be connected.
    pub fn is_full(&self) -> bool {
        self.peers.len() >= MOST_PEERS
    }

    /// Connected peers.
    pub fn peers(&self) -> impl Iterator<Item = NodeId> {
        self.peers.iter().map(|peer| peer.node)
    }

    /// Connects to `node`, which has announced its pieces, or updates these. True if it was not connected.
    pub fn meet(&mut self, node: NodeId, had: Bitmap) -> bool {
        had.iter().for_each(|piece| self.copies[piece as usize] += 1);
        match self.find(node) {
            Some(at) => {
                let before = std::mem::replace(&mut self.peers[at].had, had);
                before.iter().for_each(|piece| self.copies[piece as usize] -= 1);
                false
            }
            None => {
                self.peers.push(Peer { node, had, asked: false });
                true
            }
        }
    }

    /// Handles a peer's announcement of a piece.
    pub fn told(&mut self, node: NodeId, piece: u32) {
        if let Some(at) = self.find(node)
            && self.peers[at].had.insert(piece)
        {
            self.copies[piece as usize] += 1;
        }
    }

    /// Removes a peer that does not answer, or leaves. True if it was connected.
    pub fn lost(&mut self, node: NodeId) -> bool {
        let Some(at) = self.find(node) else { return false };
        let peer = self.peers.remove(at);
        peer.had.iter().for_each(|piece| self.copies[piece as usize] -= 1);
        for (_, piece) in self.fetches.extract_if(.., |(from, _)| *from == node) {
            self.under_way.remove(piece);
        }
        true
    }

    /// Next peer to send an interest message to; it is marked as asked. `None` if no other peer has a wanted piece, or
    /// there is no room.
    pub fn ask(&mut self, downlink: Line) -> Option<NodeId> {
        if !self.has_room(downlink) {
            return None;
        }
        let (here, coming) = (&self.had, &self.under_way);
        let peer = self.peers.iter_mut().find(|peer| !peer.asked && peer.had.has_beyond(here, coming))?;
        peer.asked = true;
        Some(peer.node)
    }

    /// Chooses the piece to request from `node`, which has unchoked this machine; it is marked as in transfer. `None`
    /// if there is nothing wanted or no room any more. Draws once for every piece that ties with the rarest before it.
    pub fn choose(&mut self, node: NodeId, downlink: Line, noise: &mut Noise) -> Option<u32> {
        let at = self.find(node)?;
        self.peers[at].asked = false;
        if !self.has_room(downlink) {
            return None;
        }
        let (mut best, mut equals) = (None, 0);
        for piece in self.peers[at].had.beyond(&self.had, &self.under_way) {
            let copies = self.copies[piece as usize];
            match best {
                Some((least, _)) if copies > least => continue,
                Some((least, _)) if copies == least => equals += 1,
                _ => equals = 1,
            }
            if equals == 1 || noise.below(equals) == 0 {
                best = Some((copies, piece));
            }
        }
        let (_, piece) = best?;
        self.under_way.insert(piece);
        self.fetches.push((node, piece));
        Some(piece)
    }

    /// Handles the failure of a requested piece.
    pub fn failed(&mut self, node: NodeId, piece: u32) {
        let before = self.fetches.len();
        self.fetches.retain(|fetch| *fetch != (node, piece));
        if self.fetches.len() < before {
            self.under_way.remove(piece);
        }
    }

    /// Handles a received piece. True if it is new: peers are to be informed.
    pub fn arrived(&mut self, from: NodeId, piece: u32) -> bool {
        self.failed(from, piece);
        self.had.insert(piece)
    }

    /// Whether to fetch another piece: fewer are in transfer than are missing, and either only a few, or so many that
    /// the downlink has room. (The requested ones must have begun to transfer before the latter is known.)
    fn has_room(&self, downlink: Line) -> bool {
        let coming = self.fetches.len();
        let missing = self.wanted.saturating_sub(self.had.count()) as usize;
        let few = coming < FEW_FETCHES || coming < FETCHES && coming <= downlink.flows && !downlink.is_full;
        coming < missing && few
    }

    /// Number of pieces in transfer.
    pub fn under_way(&self) -> usize {
        self.fetches.len()
    }

    /// Peers that lack some piece and are informed of new ones.
    pub fn takers(&self) -> impl Iterator<Item = NodeId> {
        self.peers.iter().filter(|peer| peer.had.count() < peer.had.len()).map(|peer| peer.node)
    }

    /// Resets all interest messages, which may have been lost.
    pub fn ask_anew(&mut self) {
        self.peers.iter_mut().for_each(|peer| peer.asked = false);
    }

    fn find(&self, node: NodeId) -> Option<usize> {
        self.peers.iter().position(|peer| peer.node == node)
    }
}
