//! One machine's part in the exchange of a resource's pieces: what to fetch next and from whom, as a pure value.
//!
//! Source: Cohen 2003 (*Incentives Build Robustness in BitTorrent*) §2.4 and BEP 3. Peers that want a resource connect to
//! some others that have pieces of it and tell each other which ones: all of them when they meet, each further one as soon as
//! it has come. Whoever has a piece that this machine lacks is asked for a *turn* (BitTorrent: *interested*) and gives it
//! when an upload is free ([`Uploads`]; *unchoke*). Only then the piece is chosen: of those that the peer has and that are
//! neither here nor under way the one that the fewest of the known peers have, at random among equals. A turn is for one
//! piece. Pieces are passed on as soon as they are here.
//!
//! So a peer that has gone costs no more than the piece that it was sending, which is fetched from another.
//!
//! # Departures from BitTorrent
//!
//! * A turn is one piece, not some ten seconds, and turns are given in the order in which they were asked for. There is
//!   no tit-for-tat, since nobody here takes without giving: it would change who waits and not how much is sent.
//! * No end game: the last pieces are fetched once each, however slowly they come.
//! * The first piece is the rarest as well, not a random one.
//!
//! # Cost
//!
//! For `n` pieces and `p` peers `2n + p(n/8 + 24)` bytes: 1.4 kB at 100 pieces and 30 peers. A turn looks at every piece, a
//! piece that has come at every peer.

use crate::engine::{Noise, Source};
use crate::model::NodeId;

mod bitmap;
mod uploads;

#[cfg(test)]
mod tests;

pub use bitmap::Bitmap;
pub use uploads::Uploads;

/// Peers that a machine connects to for a resource of its own accord, at most (BitTorrent's trackers name 50).
pub const PEERS: usize = 50;

/// Peers that it is connected to for a resource, at most, those included that have come to it.
pub const MOST_PEERS: usize = 100;

/// Pieces of a resource that a machine fetches at a time if it can, whether or not its downlink is full.
pub const FEW_FETCHES: usize = 4;

/// Pieces of a resource that a machine fetches at a time, at most: where its downlink is not full with fewer. (Each would
/// come more slowly otherwise, and be of use to others only later.)
pub const FETCHES: usize = 16;

/// What a machine has and wants of one resource, and what it knows of the others that have pieces of it.
#[derive(Clone, Debug)]
pub struct Exchange {
    had: Bitmap,
    /// How many different pieces are to be had.
    wanted: u32,
    /// How many of the peers have each piece.
    copies: Vec<u16>,
    /// Pieces under way, and who sends them.
    under_way: Bitmap,
    fetches: Vec<(NodeId, u32)>,
    peers: Vec<Peer>,
}

/// What a machine sees of one direction of its own access link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// Large values that move over it.
    pub flows: usize,
    /// They leave no room for another.
    pub is_full: bool,
}

/// Another machine that has pieces of the resource or wants them.
#[derive(Clone, Debug)]
struct Peer {
    node: NodeId,
    had: Bitmap,
    /// It was asked for a turn, which has not come.
    asked: bool,
}

impl Exchange {
    /// Of a machine that has the pieces `had` and wants any `wanted` different ones. Panics if there are not so many.
    pub fn new(had: Bitmap, wanted: u32) -> Exchange {
        let (copies, under_way) = (vec![0; had.len() as usize], Bitmap::new(had.len()));
        let mut exchange = Exchange { had, wanted: 0, copies, under_way, fetches: Vec::new(), peers: Vec::new() };
        exchange.want(wanted);
        exchange
    }

    /// The pieces that are here.
    pub fn had(&self) -> &Bitmap {
        &self.had
    }

    /// It wants any `wanted` different pieces from now on. Panics if there are not so many.
    pub fn want(&mut self, wanted: u32) {
        assert!(wanted <= self.had.len(), "{wanted} of {} pieces are never had", self.had.len());
        self.wanted = wanted;
    }

    /// Whether as many pieces are here as are wanted.
    pub fn is_complete(&self) -> bool {
        self.had.count() >= self.wanted
    }

    /// Whether no further peer is to be met.
    pub fn is_full(&self) -> bool {
        self.peers.len() >= MOST_PEERS
    }

    /// Those it is connected to.
    pub fn peers(&self) -> impl Iterator<Item = NodeId> {
        self.peers.iter().map(|peer| peer.node)
    }

    /// Connects to `node`, which has said what it has; or hears it anew. True if it was not connected.
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

    /// A peer has said that it has this piece now.
    pub fn told(&mut self, node: NodeId, piece: u32) {
        if let Some(at) = self.find(node)
            && self.peers[at].had.insert(piece)
        {
            self.copies[piece as usize] += 1;
        }
    }

    /// A peer does not answer any more, or has said that it leaves. True if it was connected.
    pub fn lost(&mut self, node: NodeId) -> bool {
        let Some(at) = self.find(node) else { return false };
        let peer = self.peers.remove(at);
        peer.had.iter().for_each(|piece| self.copies[piece as usize] -= 1);
        for (_, piece) in self.fetches.extract_if(.., |(from, _)| *from == node) {
            self.under_way.remove(piece);
        }
        true
    }

    /// A peer to ask for a turn now; it counts as asked. `None` when nobody else has what is wanted, or there is no
    /// room.
    pub fn ask(&mut self, downlink: Line) -> Option<NodeId> {
        if !self.has_room(downlink) {
            return None;
        }
        let (here, coming) = (&self.had, &self.under_way);
        let peer = self.peers.iter_mut().find(|peer| !peer.asked && peer.had.has_beyond(here, coming))?;
        peer.asked = true;
        Some(peer.node)
    }

    /// It is this machine's turn at `node`: the piece to ask it for, which counts as under way. `None` if there is nothing
    /// wanted or no room any more. Draws once for every piece that is as rare as the rarest before it.
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

    /// A piece that `node` was asked for does not come, or not from there.
    pub fn failed(&mut self, node: NodeId, piece: u32) {
        let before = self.fetches.len();
        self.fetches.retain(|fetch| *fetch != (node, piece));
        if self.fetches.len() < before {
            self.under_way.remove(piece);
        }
    }

    /// A piece has come. True if it was not here: the peers are to be told.
    pub fn arrived(&mut self, from: NodeId, piece: u32) -> bool {
        self.failed(from, piece);
        self.had.insert(piece)
    }

    /// Whether to fetch another piece: there are fewer under way than are missing, and only few, or so many as leave room on
    /// the downlink. (What was asked for must have begun to move before anybody can say that.)
    fn has_room(&self, downlink: Line) -> bool {
        let coming = self.fetches.len();
        let missing = self.wanted.saturating_sub(self.had.count()) as usize;
        let few = coming < FEW_FETCHES || coming < FETCHES && coming <= downlink.flows && !downlink.is_full;
        coming < missing && few
    }

    /// Pieces under way.
    pub fn under_way(&self) -> usize {
        self.fetches.len()
    }

    /// The peers that lack some piece: who are to be told what has come.
    pub fn takers(&self) -> impl Iterator<Item = NodeId> {
        self.peers.iter().filter(|peer| peer.had.count() < peer.had.len()).map(|peer| peer.node)
    }

    /// Nobody counts as asked any more: what was said to them may have been lost.
    pub fn ask_anew(&mut self) {
        self.peers.iter_mut().for_each(|peer| peer.asked = false);
    }

    fn find(&self, node: NodeId) -> Option<usize> {
        self.peers.iter().position(|peer| peer.node == node)
    }
}
