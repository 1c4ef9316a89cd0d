//! Fetching a resource from its providers, and serving those who fetch it: the [exchange](pieces) in messages.
//!
//! A machine that wants a resource performs a handshake with its providers: each announces its pieces, and the provider
//! names other peers (as in BitTorrent's peer exchange, BEP 11), so that concurrent downloaders find each other. A peer
//! that does not send a requested piece gets a new handshake, and is removed if it does not answer. Every 30 s a
//! machine repeats its interest messages, and if nothing is in transfer it repeats the handshake with all peers.

mod peers;
pub mod pieces;

use super::message::Message;
use super::node::StorageNode;
use super::node::context::{Effect, StorageContext, Tag};
use super::placement::providers::{ProviderRecords, Providing};
use crate::engine::Duration;
use crate::model::{Cause, Coding, Envelope, LARGEST_IN_PACKET, NodeId, OpId, Record, RecordId, ResourceId, Version};
use crate::overlay::{Contact, List};
use peers::SwarmPeers;
use pieces::{Bitmap, Line, PEERS, Swarm, Uploads};

/// Period of a machine's checks of its downloads (an assumption; BitTorrent clients wait a minute before they consider
/// a peer snubbed).
const PATIENCE: Duration = Duration::from_secs(30);

/// Words of a bitmap in a message.
const BITMAP_WORDS: usize = Coding::MOST_PIECES as usize / 32;

/// Resources that a machine keeps a swarm of at a time beside those that it fetches, at most: serving needs none.
const MOST_SERVED: usize = 64;

/// Entries of the longest list in a message about sharing.
pub const LONGEST_LIST: usize = BITMAP_WORDS + PEERS;

/// Terms of swarms in the storage context.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub providing: Providing,
    /// The machine's own links.
    pub uplink: Line,
    pub downlink: Line,
}

/// Swarms and provider records of a machine.
#[derive(Debug, Default)]
pub struct Swarms {
    swarms: Vec<JoinedSwarm>,
    uploads: Uploads<ResourceId>,
    pub provider_records: ProviderRecords,
}

/// Swarm: a resource whose pieces this machine exchanges.
#[derive(Debug)]
struct JoinedSwarm {
    resource: ResourceId,
    swarm: Swarm,
    /// Gets that wait for the resource; none on a machine that only serves.
    ops: Vec<OpId>,
    known: SwarmPeers,
    /// Hops to the providers.
    hops: u8,
}

impl Swarms {
    fn find(&mut self, resource: ResourceId) -> Option<&mut JoinedSwarm> {
        self.swarms.iter_mut().find(|joined| joined.resource == resource)
    }

    /// Forgets the swarm of a resource that is only served, if there are as many as may be.
    fn make_room(&mut self) {
        let served = |joined: &JoinedSwarm| joined.ops.is_empty();
        if self.swarms.iter().filter(|joined| served(joined)).count() >= MOST_SERVED
            && let Some(first) = self.swarms.iter().position(served)
        {
            self.swarms.remove(first);
        }
    }

    /// Ends the session; provider records are kept.
    pub(in crate::storage) fn suspend(&mut self) {
        self.swarms.clear();
        self.uploads = Uploads::default();
        self.provider_records.suspend();
    }

    /// Bytes allocated, without those of active swarms.
    pub fn heap_bytes(&self) -> usize {
        self.swarms.capacity() * size_of::<JoinedSwarm>() + self.provider_records.heap_bytes()
    }
}

impl StorageContext<'_> {
    fn terms(&self) -> &Terms {
        self.terms.as_ref().expect("nothing is shared here")
    }

    /// The resource whose providers a record names.
    pub(in crate::storage) fn resource_provided(&self, record: RecordId) -> ResourceId {
        match self.records.kind(record) {
            Record::Provider(resource) => resource,
            Record::Value(_) | Record::Pointer(_) => unreachable!("it names no providers"),
        }
    }

    fn put_bitmap(&mut self, had: &Bitmap, peers: impl IntoIterator<Item = NodeId>) -> List {
        self.lists.put(had.words().chain(peers.into_iter().map(|peer| peer.0)))
    }

    fn read_bitmap(&self, list: List) -> (Bitmap, Vec<NodeId>) {
        let pieces = self.records.coding().pieces();
        let (words, peers) = self.lists.get(list).split_at(pieces.div_ceil(32) as usize);
        (Bitmap::of_words(words, pieces), peers.iter().map(|&peer| NodeId(peer)).collect())
    }
}

impl StorageNode {
    /// Swarms, allocated at the first use.
    pub(in crate::storage) fn swarms(&mut self) -> &mut Swarms {
        self.swarms.get_or_insert_default()
    }

    /// Joins the swarm of a resource, for a get that has found its providers.
    pub fn join(&mut self, cx: &mut StorageContext<'_>, op: OpId, resource: ResourceId, named: &[Contact]) {
        let needed = cx.records.coding().needed;
        let joined = self.joined(cx, resource);
        joined.swarm.want(needed);
        joined.hops = named.first().map_or(0, |one| one.hops);
        joined.ops.push(op);
        if joined.ops.len() == 1 {
            self.watch(cx, resource);
        }
        named.iter().for_each(|one| self.dial(cx, resource, one.node));
        self.fetch_more(cx, resource);
        self.give_up_if_alone(cx, resource);
    }

    /// The swarm of a resource, a new one with what is on this machine's disk if there was none.
    fn joined(&mut self, cx: &StorageContext<'_>, resource: ResourceId) -> &mut JoinedSwarm {
        if self.swarms().find(resource).is_none() {
            let swarm = Swarm::new(self.pieces_of(cx, resource), 0);
            let (ops, known) = (Vec::new(), SwarmPeers::default());
            self.swarms().make_room();
            self.swarms().swarms.push(JoinedSwarm { resource, swarm, ops, known, hops: 0 });
        }
        self.swarms().find(resource).expect("it was there, or was just made")
    }

    /// Pieces of a resource on this machine's disk.
    fn pieces_of(&self, cx: &StorageContext<'_>, resource: ResourceId) -> Bitmap {
        let mut had = Bitmap::new(cx.records.coding().pieces());
        for (piece, record) in (0..).zip(cx.records.pieces_of(resource)) {
            if self.store.version(record).is_some() {
                had.insert(piece);
            }
        }
        had
    }

    fn watch(&mut self, cx: &mut StorageContext<'_>, resource: ResourceId) {
        if let Some(at) = self.rpcs.pause(cx.now, cx.me, Tag::Watch(resource), PATIENCE, 0) {
            cx.do_effect(Effect::TimeoutTimer { at });
        }
    }

    /// Handles a swarm message that is not a reply.
    pub(in crate::storage) fn on_sharing(&mut self, cx: &mut StorageContext<'_>, from: &Envelope, message: Message) {
        match message {
            Message::Handshake { resource, list } => self.on_handshake(cx, from, resource, list),
            Message::Have { record } => {
                let (resource, piece) = cx.records.piece(record);
                if let Some(joined) = self.swarms().find(resource) {
                    joined.swarm.told(from.from, piece);
                    self.fetch_more(cx, resource);
                }
            }
            Message::Interested { resource } => {
                self.swarms().uploads.ask(from.from, resource);
                self.unchoke(cx);
            }
            Message::Unchoke { resource } => self.unchoked(cx, from, resource),
            _ => unreachable!("not about sharing: {message:?}"),
        }
    }

    /// Sends interest messages while there are pieces to fetch and room for them.
    fn fetch_more(&mut self, cx: &mut StorageContext<'_>, resource: ResourceId) {
        let downlink = cx.terms().downlink;
        let Some(joined) = self.swarms().find(resource).filter(|joined| !joined.ops.is_empty()) else { return };
        while let Some(peer) = joined.swarm.ask(downlink) {
            cx.notice(peer, Message::Interested { resource });
        }
    }

    fn unchoke(&mut self, cx: &mut StorageContext<'_>) {
        let uplink = cx.terms().uplink;
        while let Some((peer, resource)) = self.swarms().uploads.give(uplink) {
            cx.call(&mut self.rpcs, peer, None, Message::Unchoke { resource }, Tag::Unchoke(resource));
        }
    }

    /// Handles an unchoke.
    fn unchoked(&mut self, cx: &mut StorageContext<'_>, from: &Envelope, resource: ResourceId) {
        let downlink = cx.terms().downlink;
        let chosen = self.swarms().find(resource).and_then(|joined| {
            let op = *joined.ops.first()?;
            Some((op, joined.swarm.choose(from.from, downlink, cx.noise)?))
        });
        let Some((op, piece)) = chosen else { return cx.reply(from, Message::Choke { resource }) };
        let record = cx.records.value(resource, piece);
        cx.call(&mut self.rpcs, from.from, Some(op), Message::Fetch { record }, Tag::Piece(resource, piece as u8));
        self.fetch_more(cx, resource);
    }

    /// Serves a piece to an unchoked peer.
    pub(in crate::storage) fn serve_piece(&mut self, cx: &mut StorageContext<'_>, from: &Envelope, record: RecordId) {
        let (resource, _) = cx.records.piece(record);
        self.rpcs.retain(|pending| (pending.to, pending.tag) != (from.from, Tag::Unchoke(resource)));
        let has_turn = self.swarms().uploads.has_turn(from.from, resource);
        match self.store.version(record).filter(|_| has_turn) {
            None => cx.reply(from, Message::Missing { record }),
            Some(version) => {
                let bytes = cx.size(record);
                cx.reply(from, Message::Value { record, answer: version.into(), bytes });
                if bytes <= LARGEST_IN_PACKET {
                    self.upload_ended(cx, from.from, resource);
                }
            }
        }
    }

    /// Handles the end or failure of an upload.
    pub fn sent(&mut self, cx: &mut StorageContext<'_>, to: NodeId, record: RecordId) {
        let (resource, _) = cx.records.piece(record);
        self.upload_ended(cx, to, resource);
    }

    /// Ends the turn of a peer, and unchokes the next. A machine that only serves drops a resource that no peer wants.
    pub(in crate::storage) fn upload_ended(&mut self, cx: &mut StorageContext<'_>, peer: NodeId, resource: ResourceId) {
        let Swarms { swarms, uploads, .. } = self.swarms();
        uploads.over(peer, resource);
        if !uploads.is_wanted(resource) {
            swarms.retain(|joined| joined.resource != resource || !joined.ops.is_empty());
        }
        self.unchoke(cx);
    }

    /// Handles a received piece.
    pub(in crate::storage) fn on_piece(
        &mut self,
        cx: &mut StorageContext<'_>,
        from: NodeId,
        record: RecordId,
        version: Version,
    ) {
        let providing = cx.terms().providing;
        let (resource, piece) = cx.records.piece(record);
        let Some(joined) = self.swarms().find(resource) else { return };
        let is_new = joined.swarm.arrived(from, piece);
        let (complete, hops) = (joined.swarm.is_complete(), joined.hops);
        let ops = if complete { std::mem::take(&mut joined.ops) } else { Vec::new() };
        let peers: Vec<NodeId> = joined.swarm.takers().collect();
        if is_new && providing.share && self.keep(cx, record, version) {
            peers.into_iter().for_each(|peer| cx.notice(peer, Message::Have { record }));
        }
        if !complete {
            return self.fetch_more(cx, resource);
        }
        self.rpcs.retain(|pending| pending.tag != Tag::Watch(resource));
        if !(providing.share && self.swarms().uploads.is_wanted(resource)) {
            self.swarms().swarms.retain(|joined| joined.resource != resource);
        }
        for op in ops {
            cx.do_effect(Effect::Got { op, holder: Contact { node: from, hops }, answer: version.into() });
        }
    }

    /// Handles a peer's failure to send a requested piece.
    pub(in crate::storage) fn piece_failed(
        &mut self,
        cx: &mut StorageContext<'_>,
        from: NodeId,
        resource: ResourceId,
        piece: u8,
    ) {
        if let Some(joined) = self.swarms().find(resource) {
            joined.swarm.failed(from, piece.into());
            self.fetch_more(cx, resource);
        }
    }

    /// Removes a peer that did not answer. Gives up if it was the last.
    pub(in crate::storage) fn peer_lost(&mut self, cx: &mut StorageContext<'_>, peer: NodeId, resource: ResourceId) {
        self.swarms().uploads.forget(peer);
        if let Some(joined) = self.swarms().find(resource) {
            joined.swarm.lost(peer);
            joined.known.forget(peer);
            self.fetch_more(cx, resource);
            self.give_up_if_alone(cx, resource);
        }
        self.unchoke(cx);
    }

    /// Gives up if no peer is left to fetch from and no reply of another is pending.
    pub(in crate::storage) fn give_up_if_alone(&mut self, cx: &mut StorageContext<'_>, resource: ResourceId) {
        let meets = |tag| tag == Tag::Handshake(resource);
        let expected = self.rpcs.outstanding().any(|pending| meets(pending.tag));
        let Some(joined) =
            self.swarms().find(resource).filter(|joined| !expected && joined.swarm.peers().next().is_none())
        else {
            return;
        };
        for op in std::mem::take(&mut joined.ops) {
            cx.do_effect(Effect::Failed { op, cause: Cause::Unreachable });
        }
        self.drop_swarm(resource);
    }

    /// Checks a download every 30 s: interest messages are repeated, and, if nothing is in transfer, all handshakes.
    pub(in crate::storage) fn look_after(&mut self, cx: &mut StorageContext<'_>, resource: ResourceId) {
        let Some(joined) = self.swarms().find(resource).filter(|joined| !joined.ops.is_empty()) else { return };
        joined.swarm.ask_anew();
        let idle = joined.swarm.under_way() == 0;
        let peers: Vec<NodeId> = joined.swarm.peers().filter(|_| idle).collect();
        peers.into_iter().for_each(|peer| self.send_handshake(cx, resource, peer));
        self.fetch_more(cx, resource);
        self.watch(cx, resource);
    }

    /// Leaves the swarm for a get that has ended elsewhere: pieces that it alone wanted are no longer fetched.
    pub(in crate::storage) fn leave_swarm(&mut self, op: OpId) {
        let mut idle = None;
        for joined in self.swarms.iter_mut().flat_map(|swarms| &mut swarms.swarms) {
            let before = joined.ops.len();
            joined.ops.retain(|other| *other != op);
            if before > 0 && joined.ops.is_empty() {
                idle = Some(joined.resource);
            }
        }
        if let Some(resource) = idle {
            self.drop_swarm(resource);
        }
    }

    fn drop_swarm(&mut self, resource: ResourceId) {
        self.swarms().swarms.retain(|joined| joined.resource != resource);
        let of = |tag| match tag {
            Tag::Watch(of) | Tag::Handshake(of) | Tag::Piece(of, _) => Some(of),
            _ => None,
        };
        self.rpcs.retain(|pending| of(pending.tag) != Some(resource));
    }
}
