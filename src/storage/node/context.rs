//! Storage context: the input and the effects of a storage handler.

use super::cache::Caching;
use crate::engine::{Duration, Noise, Time};
use crate::model::{Answer, Cause, Envelope, Kind, NodeId, OpId, RecordId, RecordSpace, ResourceId, Traffic, Version};
use crate::overlay::{Backoff, Contact, Lists, Payload, Rpcs, Wire};
use crate::storage::message::Message;
use crate::storage::repair::Repair;
use crate::storage::swarm::Terms;

/// Effect of a storage handler, applied in order by `run/`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    Send {
        to: NodeId,
        envelope: Envelope,
        message: Message,
    },
    /// Timer: call `on_timeout` at that time, unless the session has ended.
    TimeoutTimer {
        at: Time,
    },
    /// New copy on this node; `repaired`: not from an operation, but by repair or hand-over.
    Kept {
        record: RecordId,
        version: Version,
        repaired: bool,
    },
    /// Newer version of a record on this node.
    Renewed {
        record: RecordId,
        before: Version,
        version: Version,
    },
    /// Copy sent to the node that takes over: call `handed_over` when its last bit has left.
    HandedOver {
        record: RecordId,
        to: NodeId,
    },
    /// Timer: call `expire_copies` at that time, in this session or another, online or not.
    ExpiryTimer {
        at: Time,
    },
    /// Record refused: the disk is full.
    Refused {
        record: RecordId,
    },
    /// Copy dropped by this node.
    Dropped {
        record: RecordId,
        version: Version,
    },
    /// Record held here whose responsible nodes are unknown to this node: store it there, by a lookup.
    Return {
        record: RecordId,
        version: Version,
    },
    /// Look whether this piece is there, and make it again if not.
    Audit {
        piece: RecordId,
    },
    /// Version stored by this node for an operation.
    Stored {
        op: OpId,
    },
    /// Get finished at a holder, or at a node with a cached copy.
    Got {
        op: OpId,
        holder: Contact,
        answer: Answer,
    },
    /// Result of a probe: the version of a holder's copy, none, or no reply in time.
    Probed {
        value: RecordId,
        holder: NodeId,
        version: Option<Version>,
    },
    /// Bytes of the values cached on this node have changed.
    Cached {
        before: u64,
        after: u64,
    },
    /// Get or put failed.
    Failed {
        op: OpId,
        cause: Cause,
    },
    /// Put finished: every node that was asked to store has replied or timed out, and `effects.storers[first .. first +
    /// count]` have stored.
    Acknowledged {
        op: OpId,
        storers: Storers,
    },
    /// Timeout of a request for an operation.
    TimedOut {
        op: OpId,
    },
}

/// Range of `Effects::storers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Storers {
    pub first: u32,
    pub count: u32,
}

/// Effects of one handler, and the nodes that they refer to.
#[derive(Debug, Default)]
pub struct Effects {
    pub list: Vec<Effect>,
    pub storers: Vec<NodeId>,
}

/// Storage context: what a storage handler reads and writes.
pub struct StorageContext<'a> {
    pub now: Time,
    pub me: NodeId,
    pub epoch: u16,
    /// Number of replicas.
    pub replicas: usize,
    pub repair: &'a Repair,
    /// Time for which a node keeps a copy that it is no longer responsible for.
    pub hold: Duration,
    /// What each record is, and which of them the responsible nodes keep.
    pub records: RecordSpace,
    /// Path caching, if any.
    pub caching: Option<Caching>,
    /// Terms of swarms, if resources are exchanged.
    pub terms: Option<Terms>,
    /// Timeout of a request.
    pub timeout: Duration,
    /// Retries of a request of a get or put.
    pub retries: u8,
    /// Backoff before retries; with it, refused requests are retried too.
    pub backoff: Option<Backoff>,
    /// Random generator of the node.
    pub noise: &'a mut Noise,
    /// Disk capacity in bytes of values; `u64::MAX` for no limit.
    pub disk: u64,
    /// Value sizes of all records in bytes.
    pub sizes: &'a [u32],
    /// Sizes of the parts of a message in bytes.
    pub wire: &'a Wire,
    pub lists: &'a mut Lists,
    pub effects: &'a mut Effects,
}

/// Purpose of an outstanding request or timer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// Store request of a put.
    Put(OpId),
    /// Fetch request of a get.
    Get(OpId),
    /// Backoff before the retry of a get's or put's request.
    Pause(OpId),
    /// Copy of a put for another server.
    Replica(RecordId),
    /// Hand-over or repair of a record.
    Repair(RecordId),
    /// Probe of a holder named by a pointer.
    Probe(RecordId),
    /// Request to a holder to send a copy to another machine.
    Copy,
    /// Offer of records.
    Offer,
    /// Timer of the next check of copies.
    Look,
    /// Handshake with a peer of a swarm.
    Handshake(ResourceId),
    /// A peer that was unchoked.
    Unchoke(ResourceId),
    /// A piece of a resource, asked for when unchoked.
    Piece(ResourceId, u8),
    /// Timer of the next check of a resource being fetched.
    Watch(ResourceId),
    /// Timer of the expiry of a provider record.
    Expiry,
}

impl Tag {
    /// Operation to which the request belongs.
    pub(in crate::storage) const fn op(self) -> Option<OpId> {
        match self {
            Tag::Put(op) | Tag::Get(op) | Tag::Pause(op) => Some(op),
            Tag::Replica(_) | Tag::Repair(_) | Tag::Probe(_) | Tag::Copy | Tag::Offer | Tag::Look => None,
            Tag::Handshake(_) | Tag::Unchoke(_) | Tag::Piece(..) | Tag::Watch(_) | Tag::Expiry => None,
        }
    }
}

impl StorageContext<'_> {
    pub(in crate::storage) fn do_effect(&mut self, effect: Effect) {
        self.effects.list.push(effect);
    }

    /// Sends a request and tracks it under `tag`. Repair is traffic on behalf of others; gets and puts are the node's
    /// own.
    pub(in crate::storage) fn call(
        &mut self,
        rpcs: &mut Rpcs<Tag>,
        to: NodeId,
        op: Option<OpId>,
        message: Message,
        tag: Tag,
    ) {
        self.call_again(rpcs, to, op, message, tag, 0);
    }

    /// Sends the retry of a request that was sent `retries` times before.
    pub(in crate::storage) fn call_again(
        &mut self,
        rpcs: &mut Rpcs<Tag>,
        to: NodeId,
        op: Option<OpId>,
        message: Message,
        tag: Tag,
        retries: u8,
    ) {
        let (rpc, timer) = rpcs.open_again(self.now, to, tag, self.timeout, retries);
        let bytes = self.wire.bytes(Kind::Request, &message, message.named(self.lists));
        let unasked = op.is_some_and(OpId::is_unasked);
        let traffic = match tag {
            _ if unasked => Traffic::Repair,
            Tag::Put(_) | Tag::Get(_) | Tag::Pause(_) | Tag::Replica(_) => Traffic::Storage,
            Tag::Repair(_) | Tag::Probe(_) | Tag::Copy | Tag::Offer | Tag::Look => Traffic::Repair,
            Tag::Handshake(_) | Tag::Unchoke(_) | Tag::Piece(..) | Tag::Watch(_) | Tag::Expiry => Traffic::Storage,
        };
        let (kind, for_others, client) = (Kind::Request, unasked || op.is_none(), false);
        let envelope = Envelope { from: self.me, op, bytes, rpc, epoch: self.epoch, kind, traffic, for_others, client };
        self.do_effect(Effect::Send { to, envelope, message });
        if let Some(at) = timer {
            self.do_effect(Effect::TimeoutTimer { at });
        }
    }

    /// Sends a one-way message on behalf of others.
    pub(in crate::storage) fn notice(&mut self, to: NodeId, message: Message) {
        self.notice_of(Traffic::Storage, to, message);
    }

    /// Sends a one-way message about copies.
    pub(in crate::storage) fn notice_of_repair(&mut self, to: NodeId, message: Message) {
        self.notice_of(Traffic::Repair, to, message);
    }

    fn notice_of(&mut self, traffic: Traffic, to: NodeId, message: Message) {
        let bytes = self.wire.bytes(Kind::Notice, &message, message.named(self.lists));
        let kind = Kind::Notice;
        let (from, epoch) = (self.me, self.epoch);
        let envelope =
            Envelope { from, op: None, bytes, rpc: 0, epoch, kind, traffic, for_others: true, client: false };
        self.do_effect(Effect::Send { to, envelope, message });
    }

    pub(in crate::storage) fn reply(&mut self, request: &Envelope, message: Message) {
        let bytes = self.wire.bytes(Kind::Reply, &message, message.named(self.lists));
        let envelope = Envelope { from: self.me, bytes, kind: Kind::Reply, for_others: true, ..*request };
        self.do_effect(Effect::Send { to: request.from, envelope, message });
    }

    pub(in crate::storage) fn size(&self, record: RecordId) -> u32 {
        self.sizes[record.index()]
    }
}
