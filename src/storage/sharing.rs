//! Fetching a resource from its providers, and serving those who fetch it: the [exchange](super::exchange) in messages.
//!
//! Whoever wants a resource *meets* its providers: each says which pieces it has, and the one asked names others that it has
//! met (as BitTorrent's peer exchange, BEP 11, does), so that those who fetch at the same time find each other. Whoever does
//! not send a piece that it was asked for is met again, and forgotten if it does not answer. Every half a minute a machine asks
//! those again from whom it waits for a turn, and if nothing is under way it meets everybody again.

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

/// How often a machine looks after what it fetches (our choice; BitTorrent clients wait a minute before they call a peer
/// snubbed).
const PATIENCE: Duration = Duration::from_secs(30);

/// Words of a bitmap in a message.
const BITMAP_WORDS: usize = Coding::MOST_PIECES as usize / 32;

/// Resources that a machine keeps an exchange of at a time beside those that it fetches, at most: serving needs none.
const MOST_SERVED: usize = 64;

/// Entries of the longest list in a message about sharing.
pub const LONGEST_LIST: usize = BITMAP_WORDS + PEERS;

/// What a handler of storage sees of sharing.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub providing: Providing,
    pub coding: Coding,
    /// The machine's own.
    pub uplink: Line,
    pub downlink: Line,
}

/// What a machine fetches and serves in pieces, and what it was told of providers.
#[derive(Debug, Default)]
pub struct Shares {
    swarms: Vec<Swarm>,
    uploads: Uploads<u32>,
    pub words: Words,
}

/// A resource that this machine exchanges pieces of.
#[derive(Debug)]
struct Swarm {
    resource: u32,
    exchange: Exchange,
    /// Gets that wait for it; none on a machine that only serves.
    ops: Vec<OpId>,
    circle: Circle,
    /// How far away the providers are.
    hops: u8,
}

impl Shares {
    fn find(&mut self, resource: u32) -> Option<&mut Swarm> {
        self.swarms.iter_mut().find(|swarm| swarm.resource == resource)
    }

    /// Forgets the exchange of a resource that is only served, if there are as many as may be.
    fn make_room(&mut self) {
        let served = |swarm: &Swarm| swarm.ops.is_empty();
        if self.swarms.iter().filter(|swarm| served(swarm)).count() >= MOST_SERVED
            && let Some(first) = self.swarms.iter().position(served)
        {
            self.swarms.remove(first);
        }
    }

    /// The session ended: the records of providers stay.
    pub(super) fn suspend(&mut self) {
        self.swarms.clear();
        self.uploads = Uploads::default();
        self.words.suspend();
    }

    /// Bytes allocated, without those of the exchanges under way.
    pub fn heap_bytes(&self) -> usize {
        self.swarms.capacity() * size_of::<Swarm>() + self.words.heap_bytes()
    }
}

impl Desk<'_> {
    fn terms(&self) -> &Terms {
        self.terms.as_ref().expect("nothing is shared here")
    }

    /// The resource that a record about providers is about.
    pub(super) fn resource_of(&self, record: RecordId) -> u32 {
        record.index() as u32 - self.fixed
    }

    /// The record that stands for what is known of a resource's providers.
    pub(super) fn record_of(&self, resource: u32) -> RecordId {
        RecordId::new(self.fixed + resource)
    }

    /// Whether a record is about providers.
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
    /// Made when it is first needed.
    pub(super) fn shares(&mut self) -> &mut Shares {
        self.shares.get_or_insert_default()
    }

    /// A get of a resource has learned who provides it.
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

    /// The exchange of a resource, a new one with what is on this machine's disk if there was none.
    fn swarm(&mut self, desk: &Desk<'_>, resource: u32) -> &mut Swarm {
        if self.shares().find(resource).is_none() {
            let exchange = Exchange::new(self.pieces_of(desk, resource), 0);
            let (ops, circle) = (Vec::new(), Circle::default());
            self.shares().make_room();
            self.shares().swarms.push(Swarm { resource, exchange, ops, circle, hops: 0 });
        }
        self.shares().find(resource).expect("it was there, or was just made")
    }

    /// What of a resource is on this machine's disk.
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

    /// A message about sharing that is no reply.
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

    /// Asks for turns as long as there is something to fetch and room for it.
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

    /// It is this machine's turn at a peer.
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

    /// A peer takes its turn.
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

    /// A piece has left this machine whole, or broke off on its way.
    pub fn sent(&mut self, desk: &mut Desk<'_>, to: NodeId, record: RecordId) {
        let (resource, _) = desk.terms().coding.piece(record);
        self.turn_over(desk, to, resource);
    }

    /// The turn of a peer is over: somebody else's begins. A machine that only serves forgets a resource that nobody wants.
    pub(super) fn turn_over(&mut self, desk: &mut Desk<'_>, peer: NodeId, resource: u32) {
        let Shares { swarms, uploads, .. } = self.shares();
        uploads.over(peer, resource);
        if !uploads.is_wanted(resource) {
            swarms.retain(|swarm| swarm.resource != resource || !swarm.ops.is_empty());
        }
        self.give_turns(desk);
    }

    /// A piece has come.
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

    /// A peer does not give the piece that it was asked for.
    pub(super) fn piece_failed(&mut self, desk: &mut Desk<'_>, from: NodeId, resource: u32, piece: u8) {
        if let Some(swarm) = self.shares().find(resource) {
            swarm.exchange.failed(from, piece.into());
            self.fetch_more(desk, resource);
        }
    }

    /// A peer did not answer: it has gone. Gives up if it was the last.
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

    /// Nobody is left to fetch from, and no one who might be is still to answer.
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

    /// Half a minute has passed: turns are asked for again, and without anything under way everybody is met again.
    pub(super) fn look_after(&mut self, desk: &mut Desk<'_>, resource: u32) {
        let Some(swarm) = self.shares().find(resource).filter(|swarm| !swarm.ops.is_empty()) else { return };
        swarm.exchange.ask_anew();
        let idle = swarm.exchange.under_way() == 0;
        let peers: Vec<NodeId> = swarm.exchange.peers().filter(|_| idle).collect();
        peers.into_iter().for_each(|peer| self.send_meet(desk, resource, peer));
        self.fetch_more(desk, resource);
        self.watch(desk, resource);
    }

    /// A get ended elsewhere: what it alone wanted is not fetched any more.
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
