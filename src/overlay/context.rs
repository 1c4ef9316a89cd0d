//! What a handler is given, and the effects it leaves: handlers do nothing themselves, `run/` applies what they ask for.

use super::lists::Lists;
use super::message::Payload;
use super::protocol::{Contact, Protocol, Shared, Walk};
use super::wire::Wire;
use crate::engine::{Duration, Noise, Source, Time};
use crate::model::{
    Answer, Cached, Cause, Envelope, Held, Key, Kind, NodeId, OpId, Passed, Reachability, RecordId, Traffic, Version,
};

/// What a node may know of others without asking: the keys of nodes it has heard of.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The node itself.
    pub me: NodeId,
    keys: &'a [Key],
}

impl<'a> View<'a> {
    /// `keys` are those of all nodes, by `NodeId`.
    pub fn new(me: NodeId, keys: &'a [Key]) -> View<'a> {
        View { me, keys }
    }

    /// The key of a node whose identity this node has learned. (A contact in a message is a `NodeId`; its key never
    /// changes, so the simulator keeps it once for everyone instead of in every table.)
    pub fn key(&self, node: NodeId) -> Key {
        self.keys[node.index()]
    }

    /// The node's own key.
    pub fn my_key(&self) -> Key {
        self.key(self.me)
    }
}

/// How a node's picture of who is responsible changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Entered the tables: may have become responsible for something.
    Appeared,
    /// Left them, by a time-out or by its own word.
    Gone,
}

/// What a handler asks for. Applied in order, after the handler has returned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect<M, T> {
    /// Put a packet on the wire. The envelope's `from` and, in requests, `epoch` are the node's own.
    Send { to: NodeId, envelope: Envelope, message: M },
    /// Call `on_timer` with this at that time, if the session is still the same.
    Timer { at: Time, timer: T },
    /// Call `on_timeout` at that time, if the session is still the same.
    TimeoutTimer { at: Time },
    /// The node is part of the overlay by its own account.
    Joined,
    /// The node may ask, and is itself asked for nothing: it is not part of the overlay, but joined to it.
    JoinedAsClient,
    /// The node is no longer part of the overlay by its own account: it has said that it leaves.
    Left,
    /// Joining through the given contact failed; try again with another in a while.
    JoinFailed,
    /// The node wants to hear of members from the bootstrap service: `on_members` is called if that answers.
    AskMembers,
    /// A walk has named the responsible nodes: `context.answers[first .. first + count]`, nearest first.
    Found { op: OpId, first: u32, count: u32 },
    /// A walk for a record ended at a holder, or at a node with a cached copy, which answered with this.
    FoundRecord { op: OpId, holder: Contact, answer: Answer },
    /// A walk for a record, which ends now, has passed this node.
    Passed { op: OpId, passed: Passed },
    /// The node has answered with its cached copy.
    Gave { record: RecordId },
    /// A walk ended without an answer.
    GiveUp { op: OpId, cause: Cause },
    /// A request on an operation's behalf timed out.
    TimedOut { op: OpId },
    /// The node's picture of its surroundings changed: storage looks whether records must move.
    Neighbour { node: NodeId, change: Change },
    /// Full table: this node has stored the version that `op` puts.
    Stored { op: OpId },
    /// Full table: everyone that the writer believes online has acknowledged or timed out.
    Spread { op: OpId },
}

/// The effects of one handler, and the answers they point into.
#[derive(Debug)]
pub struct Effects<M, T> {
    pub list: Vec<Effect<M, T>>,
    pub answers: Vec<Contact>,
}

impl<M, T> Default for Effects<M, T> {
    fn default() -> Self {
        Effects { list: Vec::new(), answers: Vec::new() }
    }
}

/// What a handler sees and the pen it writes with.
pub struct Context<'a, P: Protocol> {
    pub now: Time,
    pub view: View<'a>,
    pub config: &'a P::Config,
    /// A representation shared by all nodes (full table's version log). It must never tell a node what it has not
    /// learned.
    pub shared: &'a mut P::Shared,
    /// The node's own small generator, for choices the protocol leaves open.
    pub noise: &'a mut Noise,
    /// The pool for contact lists in messages.
    pub lists: &'a mut Lists,
    /// What the node's store gives to whoever walks past, sorted by record.
    pub held: &'a [Held],
    /// The cached copies that it has, sorted by record.
    pub cached: &'a [Cached],
    /// Whether records are cached along the way: whether it matters whom a walk has passed.
    pub caches: bool,
    /// The bytes that every record's value has in a packet, by record number: 0 if it is too large for one, and storage
    /// is to move it from the holder that the walk has met. (Where everyone stores everything, the bytes it has.)
    pub sizes: &'a [u32],
    /// Bytes of the parts of a message.
    pub wire: &'a Wire,
    /// Whether the node knows that strangers can dial it.
    pub reachable: Reachability,
    /// The node's session epoch.
    pub epoch: u16,
    pub effects: &'a mut Effects<P::Message, P::Timer>,
}

impl<P: Protocol> Context<'_, P> {
    /// The node itself.
    pub fn me(&self) -> NodeId {
        self.view.me
    }

    /// The key of a node whose identity this node has learned.
    pub fn key(&self, node: NodeId) -> Key {
        self.view.key(node)
    }

    /// The node's own key.
    pub fn my_key(&self) -> Key {
        self.view.my_key()
    }

    /// The version of `record` in the node's own store. O(log held).
    pub fn holds(&self, record: RecordId) -> Option<Version> {
        let at = self.held.binary_search_by_key(&record, |held| held.record).ok()?;
        Some(self.held[at].version)
    }

    /// What the node answers a request for `record` with: its own copy, or else a cached one, unless that is worth nothing
    /// any more or repair asks, which counts copies that last. O(log held).
    pub fn answer(&mut self, request: &Envelope, record: RecordId) -> Option<Answer> {
        if let Some(version) = self.holds(record) {
            return Some(version.into());
        }
        let at = self.cached.binary_search_by_key(&record, |cached| cached.record).ok()?;
        let cached = self.cached[at];
        if cached.until.is_over(self.now) || request.traffic == Traffic::Repair {
            return None;
        }
        self.effects.list.push(Effect::Gave { record });
        Some(cached.into())
    }

    /// Bytes of a record's value in a packet.
    pub fn size(&self, record: RecordId) -> u32 {
        self.sizes[record.index()]
    }

    /// Sends a request under an RPC number (see [`super::Rpcs::call`], which does both). Traffic is `Lookup` on behalf of
    /// an operation, `Maintenance` otherwise.
    #[inline(always)]
    pub fn send_request(&mut self, to: NodeId, rpc: u16, op: Option<OpId>, message: P::Message) {
        let traffic = if op.is_some() { Traffic::Lookup } else { Traffic::Maintenance };
        let envelope = self.envelope(Kind::Request, rpc, op, traffic, &message);
        self.send(to, envelope, message);
    }

    /// Answers a request. What was asked for an operation is answered for it; a lookup that is answered with a value is
    /// storage traffic from there on.
    #[inline(always)]
    pub fn reply(&mut self, request: &Envelope, message: P::Message) {
        let carries_value = request.traffic == Traffic::Lookup && message.payload_bytes() > 0;
        let traffic = if carries_value { Traffic::Storage } else { request.traffic };
        let envelope = self.envelope(Kind::Reply, request.rpc, request.op, traffic, &message);
        let envelope = Envelope { epoch: request.epoch, for_others: true, ..envelope };
        self.send(request.from, envelope, message);
    }

    /// Passes a request on (recursive routing): the receiver sees this node as the sender, and the requester's RPC
    /// number and epoch.
    pub fn forward(&mut self, to: NodeId, request: &Envelope, message: P::Message) {
        self.send_on(to, (request.rpc, request.epoch), request, message);
    }

    /// Passes a request on under an RPC number of this node's own, so that the receiver can acknowledge it.
    pub fn pass_on(&mut self, to: NodeId, rpc: u16, request: &Envelope, message: P::Message) {
        self.send_on(to, (rpc, self.epoch), request, message);
    }

    fn send_on(&mut self, to: NodeId, (rpc, epoch): (u16, u16), request: &Envelope, message: P::Message) {
        let envelope = self.envelope(request.kind, rpc, request.op, request.traffic, &message);
        let for_others = envelope.for_others || request.from != self.me();
        self.send(to, Envelope { epoch, for_others, ..envelope }, message);
    }

    /// Tells `to` something that needs no answer. Counts as maintenance.
    pub fn notice(&mut self, to: NodeId, message: P::Message) {
        let envelope = self.envelope(Kind::Notice, 0, None, Traffic::Maintenance, &message);
        self.send(to, envelope, message);
    }

    /// Sends with an envelope made by [`Context::envelope`], for what the four words above do not cover.
    #[inline(always)]
    pub fn send(&mut self, to: NodeId, envelope: Envelope, message: P::Message) {
        self.effects.list.push(Effect::Send { to, envelope, message });
    }

    /// An envelope from this node in this session for `message`. What is sent for an operation that no participant asked for
    /// is repair, and sent for others.
    #[inline(always)]
    pub fn envelope(&self, kind: Kind, rpc: u16, op: Option<OpId>, traffic: Traffic, message: &P::Message) -> Envelope {
        let bytes = self.wire.bytes(kind, message, self.shared.named(self.me(), message, self.lists));
        let client = self.reachable != Reachability::Yes;
        let for_others = op.is_some_and(OpId::is_unasked);
        let traffic = if for_others { Traffic::Repair } else { traffic };
        Envelope { from: self.me(), op, bytes, rpc, epoch: self.epoch, kind, traffic, for_others, client }
    }

    /// Calls `on_timer(timer)` after `delay`, unless the session ends before.
    pub fn set_timer(&mut self, delay: Duration, timer: P::Timer) {
        self.effects.list.push(Effect::Timer { at: self.now + delay, timer });
    }

    /// Calls `on_timer(timer)` at random within `period`: the phase of a periodic timer.
    pub fn set_timer_within(&mut self, period: Duration, timer: P::Timer) {
        let phase = Duration::from_nanos(self.noise.below(period.as_nanos()));
        self.set_timer(phase, timer);
    }

    /// Calls `on_timeout` at `at`, unless the session ends before. For [`super::Rpcs`].
    pub fn set_timeout_timer(&mut self, at: Time) {
        self.effects.list.push(Effect::TimeoutTimer { at });
    }

    /// The node is now part of the overlay.
    pub fn joined(&mut self) {
        self.effects.list.push(Effect::Joined);
    }

    /// The node can ask now, but is not part of the overlay: nobody is to route through it or keep records on it. It may
    /// become part of it later: [`Context::joined`].
    pub fn joined_as_client(&mut self) {
        self.effects.list.push(Effect::JoinedAsClient);
    }

    /// The node has told those who should know that it leaves, and is no longer part of the overlay.
    pub fn left(&mut self) {
        self.effects.list.push(Effect::Left);
    }

    /// The join failed; `start` is called again with a fresh contact after 10 s.
    pub fn join_failed(&mut self) {
        self.effects.list.push(Effect::JoinFailed);
    }

    /// Asks the bootstrap service for members: `on_members` is called if it answers.
    pub fn ask_members(&mut self) {
        self.effects.list.push(Effect::AskMembers);
    }

    /// Ends a walk with the responsible nodes, nearest to the key first, as many as are known (up to what the
    /// configuration of storage asks for: [`Walk::count`]). An empty answer is a failure: use [`Context::give_up`].
    pub fn found(&mut self, walk: &Walk, nodes: &[Contact]) {
        assert!(!nodes.is_empty(), "an answer names at least one node");
        let first = self.effects.answers.len() as u32;
        let nodes = &nodes[..nodes.len().min(walk.count as usize)];
        self.effects.answers.extend_from_slice(nodes);
        self.effects.list.push(Effect::Found { op: walk.op, first, count: nodes.len() as u32 });
    }

    /// As [`Context::found`], with nodes from this node's own tables: 1 hop away each, and the node itself 0.
    pub fn found_known(&mut self, walk: &Walk, nodes: &[NodeId]) {
        let contact = |&node| Contact { node, hops: u8::from(node != self.me()) };
        let nodes: Vec<Contact> = nodes.iter().map(contact).collect();
        self.found(walk, &nodes);
    }

    /// Ends a walk for a record at a holder that answered with its version, or at a node with a cached copy.
    pub fn found_record(&mut self, op: OpId, holder: Contact, answer: impl Into<Answer>) {
        self.effects.list.push(Effect::FoundRecord { op, holder, answer: answer.into() });
    }

    /// Says whom a walk for a record has asked in vain, if that matters; before it ends.
    pub fn passed(&mut self, op: OpId, passed: impl IntoIterator<Item = Passed>) {
        if self.caches {
            self.effects.list.extend(passed.into_iter().map(|passed| Effect::Passed { op, passed }));
        }
    }

    /// Ends a walk without an answer.
    pub fn give_up(&mut self, op: OpId, cause: Cause) {
        self.effects.list.push(Effect::GiveUp { op, cause });
    }

    /// A request sent on behalf of `op` timed out.
    pub fn timed_out(&mut self, op: Option<OpId>) {
        if let Some(op) = op {
            self.effects.list.push(Effect::TimedOut { op });
        }
    }

    /// `node` entered or left this node's tables.
    pub fn neighbour(&mut self, node: NodeId, change: Change) {
        self.effects.list.push(Effect::Neighbour { node, change });
    }
}
