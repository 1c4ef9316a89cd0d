//! Swarms: fetching a resource from its providers, and serving it to others; the messages of an
//! [exchange](super::exchange).
//!
//! A machine that wants a resource performs a handshake with its providers: each announces its pieces, and the provider
//! names other peers (as in BitTorrent's peer exchange, BEP 11), so that concurrent downloaders find each other. A peer
//! that does not send a requested piece gets a new handshake, and is removed if it does not answer. Every 30 s a
//! machine repeats its interest messages, and if nothing is in transfer it repeats the handshake with all peers.

mod meeting;

use super::Coding;
use super::agent::Agent;
use super::desk::{Desk, Effect, Tag};
use super::exchange::{Bitmap, Exchange, Line, PEERS, Uploads};
use super::message::Message;
use super::providers::{Providing, Words};
use crate::engine::Duration;
use crate::model::{Cause, Envelope, LARGEST_IN_PACKET, NodeId, OpId, RecordId, Version};
use crate::overlay::{Contact, List};
use meeting::Circle;

/// Period of a machine's checks of its downloads (an assumption; BitTorrent clients wait a minute before they consider
/// a peer snubbed).
const PATIENCE: Duration = Duration::from_secs(30);

/// Words of a bitmap in a message.
const BITMAP_WORDS: usize = Coding::MOST_PIECES as usize / 32;

/// Most swarms kept besides those of the machine's own downloads; serving needs no state.
const MOST_SERVED: usize = 64;

/// Entries of the longest list in a message about sharing.
pub const LONGEST_LIST: usize = BITMAP_WORDS + PEERS;

/// Terms of swarms in the storage context.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub providing: Providing,
    pub coding: Coding,
    /// The machine's own links.
    pub uplink: Line,
    pub downlink: Line,
}

/// Swarms and provider records of a machine.
#[derive(Debug, Default)]
pub struct Shares {
    swarms: Vec<Swarm>,
    uploads: Uploads<u32>,
    pub words: Words,
}

/// Swarm: a resource whose pieces this machine exchanges.
#[derive(Debug)]
struct Swarm {
    resource: u32,
    exchange: Exchange,
    /// Gets that wait for the resource; none on a machine that only serves.
    ops: Vec<OpId>,
    circle: Circle,
    /// Hops to the providers.
    hops: u8,
}

impl Shares {
    fn find(&mut self, resource: u32) -> Option<&mut Swarm> {
        self.swarms.iter_mut().find(|swarm| swarm.resource == resource)
    }

    /// Drops the swarm of a resource that is only served, if there are too many.
    fn make_room(&mut self) {
        let served = |swarm: &Swarm| swarm.ops.is_empty();
        if self.swarms.iter().filter(|swarm| served(swarm)).count() >= MOST_SERVED
            && let Some(first) = self.swarms.iter().position(served)
        {
            self.swarms.remove(first);
        }
    }

    /// Ends the session; provider records are kept.
    pub(super) fn suspend(&mut self) {
        self.swarms.clear();
        self.uploads = Uploads::default();
        self.words.suspend();
    }

    /// Bytes allocated, without those of active swarms.
    pub fn heap_bytes(&self) -> usize {
        self.swarms.capacity() * size_of::<Swarm>() + self.words.heap_bytes()
    }
}

impl Desk<'_> {
    fn terms(&self) -> &Terms {
        self.terms.as_ref().expect("nothing is shared here")
    }

    /// Resource of a provider record.
    pub(super) fn resource_of(&self, record: RecordId) -> u32 {
        record.index() as u32 - self.fixed
    }

    /// Record that stands for the provider records of a resource.
    pub(super) fn record_of(&self, resource: u32) -> RecordId {
        RecordId::new(self.fixed + resource)
    }

    /// Whether a record is a provider record.
    pub(super) fn is_about_providers(&self, record: RecordId) -> bool {
        self.terms.is_some() && record.index() as u32 >= self.fixed
    }

    fn put_bitmap(&mut self, had: &Bitmap, peers: impl IntoIterator<Item = NodeId>) -> List {
        self.lists.put(had.words().chain(peers.into_iter().map(|peer| peer.0)))
    }

    fn read_bitmap(&self, list: List) -> (Bitmap, Vec<NodeId>) {
        let pieces = self.terms().coding.pieces();
        let (words, peers) = self.lists.get(list).split_at(pieces.div_ceil(32) as usize);
        (Bitmap::of_words(words, pieces), peers.iter().map(|&peer| NodeId(peer)).collect())
    }
}

impl Agent {
    /// Swarms, allocated at the first use.
    pub(super) fn shares(&mut self) -> &mut Shares {
        self.shares.get_or_insert_default()
    }

    /// Joins the swarm of a resource, for a get that has found its providers.
    pub fn join(&mut self, desk: &mut Desk<'_>, op: OpId, resource: u32, named: &[Contact]) {
        let needed = desk.terms().coding.needed;
        let swarm = self.swarm(desk, resource);
        swarm.exchange.want(needed);
        swarm.hops = named.first().map_or(0, |one| one.hops);
        swarm.ops.push(op);
        if swarm.ops.len() == 1 {
            self.watch(desk, resource);
        }
        named.iter().for_each(|one| self.dial(desk, resource, one.node));
        self.fetch_more(desk, resource);
        self.give_up_if_alone(desk, resource);
    }

    /// Swarm of a resource, created with the pieces on this machine's disk if absent.
    fn swarm(&mut self, desk: &Desk<'_>, resource: u32) -> &mut Swarm {
        if self.shares().find(resource).is_none() {
            let exchange = Exchange::new(self.pieces_of(desk, resource), 0);
            let (ops, circle) = (Vec::new(), Circle::default());
            self.shares().make_room();
            self.shares().swarms.push(Swarm { resource, exchange, ops, circle, hops: 0 });
        }
        self.shares().find(resource).expect("it was there, or was just made")
    }

    /// Pieces of a resource on this machine's disk.
    fn pieces_of(&self, desk: &Desk<'_>, resource: u32) -> Bitmap {
        let coding = desk.terms().coding;
        let mut had = Bitmap::new(coding.pieces());
        for piece in 0..coding.pieces() {
            if self.store.version(coding.record(resource, piece)).is_some() {
                had.insert(piece);
            }
        }
        had
    }

    fn watch(&mut self, desk: &mut Desk<'_>, resource: u32) {
        if let Some(at) = self.rpcs.pause(desk.now, desk.me, Tag::Watch(resource), PATIENCE, 0) {
            desk.do_effect(Effect::TimeoutTimer { at });
        }
    }

    /// Handles a swarm message that is not a reply.
    pub(super) fn on_sharing(&mut self, desk: &mut Desk<'_>, from: &Envelope, message: Message) {
        match message {
            Message::Meet { resource, list } => self.met_by(desk, from, resource, list),
            Message::Has { record } => {
                let (resource, piece) = desk.terms().coding.piece(record);
                if let Some(swarm) = self.shares().find(resource) {
                    swarm.exchange.told(from.from, piece);
                    self.fetch_more(desk, resource);
                }
            }
            Message::Ask { resource } => {
                self.shares().uploads.ask(from.from, resource);
                self.give_turns(desk);
            }
            Message::Turn { resource } => self.take_turn(desk, from, resource),
            _ => unreachable!("not about sharing: {message:?}"),
        }
    }

    /// Sends interest messages while there are pieces to fetch and room for them.
    fn fetch_more(&mut self, desk: &mut Desk<'_>, resource: u32) {
        let downlink = desk.terms().downlink;
        let Some(swarm) = self.shares().find(resource).filter(|swarm| !swarm.ops.is_empty()) else { return };
        while let Some(peer) = swarm.exchange.ask(downlink) {
            desk.notice(peer, Message::Ask { resource });
        }
    }

    fn give_turns(&mut self, desk: &mut Desk<'_>) {
        let uplink = desk.terms().uplink;
        while let Some((peer, resource)) = self.shares().uploads.give(uplink) {
            desk.call(&mut self.rpcs, peer, None, Message::Turn { resource }, Tag::Turn(resource));
        }
    }

    /// Handles an unchoke.
    fn take_turn(&mut self, desk: &mut Desk<'_>, from: &Envelope, resource: u32) {
        let Terms { coding, downlink, .. } = *desk.terms();
        let chosen = self.shares().find(resource).and_then(|swarm| {
            let op = *swarm.ops.first()?;
            Some((op, swarm.exchange.choose(from.from, downlink, desk.noise)?))
        });
        let Some((op, piece)) = chosen else { return desk.reply(from, Message::Pass { resource }) };
        let record = coding.record(resource, piece);
        desk.call(&mut self.rpcs, from.from, Some(op), Message::Fetch { record }, Tag::Piece(resource, piece as u8));
        self.fetch_more(desk, resource);
    }

    /// Serves a piece to an unchoked peer.
    pub(super) fn serve_piece(&mut self, desk: &mut Desk<'_>, from: &Envelope, record: RecordId) {
        let (resource, _) = desk.terms().coding.piece(record);
        self.rpcs.retain(|pending| (pending.to, pending.tag) != (from.from, Tag::Turn(resource)));
        let has_turn = self.shares().uploads.has_turn(from.from, resource);
        match self.store.version(record).filter(|_| has_turn) {
            None => desk.reply(from, Message::Missing { record }),
            Some(version) => {
                let bytes = desk.size(record);
                desk.reply(from, Message::Value { record, answer: version.into(), bytes });
                if bytes <= LARGEST_IN_PACKET {
                    self.turn_over(desk, from.from, resource);
                }
            }
        }
    }

    /// Handles the end or failure of an upload.
    pub fn sent(&mut self, desk: &mut Desk<'_>, to: NodeId, record: RecordId) {
        let (resource, _) = desk.terms().coding.piece(record);
        self.turn_over(desk, to, resource);
    }

    /// Ends the turn of a peer, and unchokes the next. A machine that only serves drops a resource that no peer wants.
    pub(super) fn turn_over(&mut self, desk: &mut Desk<'_>, peer: NodeId, resource: u32) {
        let Shares { swarms, uploads, .. } = self.shares();
        uploads.over(peer, resource);
        if !uploads.is_wanted(resource) {
            swarms.retain(|swarm| swarm.resource != resource || !swarm.ops.is_empty());
        }
        self.give_turns(desk);
    }

    /// Handles a received piece.
    pub(super) fn on_piece(&mut self, desk: &mut Desk<'_>, from: NodeId, record: RecordId, version: Version) {
        let Terms { coding, providing, .. } = *desk.terms();
        let (resource, piece) = coding.piece(record);
        let Some(swarm) = self.shares().find(resource) else { return };
        let is_new = swarm.exchange.arrived(from, piece);
        let (complete, hops) = (swarm.exchange.is_complete(), swarm.hops);
        let ops = if complete { std::mem::take(&mut swarm.ops) } else { Vec::new() };
        let peers: Vec<NodeId> = swarm.exchange.takers().collect();
        if is_new && providing.share && self.keep(desk, record, version) {
            peers.into_iter().for_each(|peer| desk.notice(peer, Message::Has { record }));
        }
        if !complete {
            return self.fetch_more(desk, resource);
        }
        self.rpcs.retain(|pending| pending.tag != Tag::Watch(resource));
        if !(providing.share && self.shares().uploads.is_wanted(resource)) {
            self.shares().swarms.retain(|swarm| swarm.resource != resource);
        }
        for op in ops {
            desk.do_effect(Effect::Got { op, holder: Contact { node: from, hops }, answer: version.into() });
        }
    }

    /// Handles a peer's failure to send a requested piece.
    pub(super) fn piece_failed(&mut self, desk: &mut Desk<'_>, from: NodeId, resource: u32, piece: u8) {
        if let Some(swarm) = self.shares().find(resource) {
            swarm.exchange.failed(from, piece.into());
            self.fetch_more(desk, resource);
        }
    }

    /// Removes a peer that did not answer. Gives up if it was the last.
    pub(super) fn peer_lost(&mut self, desk: &mut Desk<'_>, peer: NodeId, resource: u32) {
        self.shares().uploads.forget(peer);
        if let Some(swarm) = self.shares().find(resource) {
            swarm.exchange.lost(peer);
            swarm.circle.forget(peer);
            self.fetch_more(desk, resource);
            self.give_up_if_alone(desk, resource);
        }
        self.give_turns(desk);
    }

    /// Gives up if no peer is left to fetch from and no reply of another is pending.
    pub(super) fn give_up_if_alone(&mut self, desk: &mut Desk<'_>, resource: u32) {
        let meets = |tag| tag == Tag::Meet(resource);
        let expected = self.rpcs.outstanding().any(|pending| meets(pending.tag));
        let Some(swarm) =
            self.shares().find(resource).filter(|swarm| !expected && swarm.exchange.peers().next().is_none())
        else {
            return;
        };
        for op in std::mem::take(&mut swarm.ops) {
            desk.do_effect(Effect::Failed { op, cause: Cause::Unreachable });
        }
        self.drop_swarm(resource);
    }

    /// Checks a download every 30 s: interest messages are repeated, and, if nothing is in transfer, all handshakes.
    pub(super) fn look_after(&mut self, desk: &mut Desk<'_>, resource: u32) {
        let Some(swarm) = self.shares().find(resource).filter(|swarm| !swarm.ops.is_empty()) else { return };
        swarm.exchange.ask_anew();
        let idle = swarm.exchange.under_way() == 0;
        let peers: Vec<NodeId> = swarm.exchange.peers().filter(|_| idle).collect();
        peers.into_iter().for_each(|peer| self.send_meet(desk, resource, peer));
        self.fetch_more(desk, resource);
        self.watch(desk, resource);
    }

    /// Leaves the swarm for a get that has ended elsewhere: pieces that it alone wanted are no longer fetched.
    pub(super) fn leave_swarm(&mut self, op: OpId) {
        let mut idle = None;
        for swarm in self.shares.iter_mut().flat_map(|shares| &mut shares.swarms) {
            let before = swarm.ops.len();
            swarm.ops.retain(|other| *other != op);
            if before > 0 && swarm.ops.is_empty() {
                idle = Some(swarm.resource);
            }
        }
        if let Some(resource) = idle {
            self.drop_swarm(resource);
        }
    }

    fn drop_swarm(&mut self, resource: u32) {
        self.shares().swarms.retain(|swarm| swarm.resource != resource);
        let of = |tag| match tag {
            Tag::Watch(of) | Tag::Meet(of) | Tag::Piece(of, _) => Some(of),
            _ => None,
        };
        self.rpcs.retain(|pending| of(pending.tag) != Some(resource));
    }
}
