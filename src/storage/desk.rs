//! What a handler of storage sees, and what it asks for.

use super::cache::Caching;
use super::message::Message;
use super::repair::Repair;
use super::sharing::Terms;
use crate::engine::{Duration, Noise, Time};
use crate::model::{Answer, Cause, Envelope, Kind, NodeId, OpId, RecordId, Traffic, Version};
use crate::overlay::{Backoff, Contact, Lists, Payload, Rpcs, Wire};

/// What a handler of storage asks for; applied in order by `run/`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    Send {
        to: NodeId,
        envelope: Envelope,
        message: Message,
    },
    /// Call `on_timeout` at that time, if the session is still the same.
    TimeoutTimer {
        at: Time,
    },
    /// This node now holds a record that it did not hold before; `repaired`: not from an operation, but as repair or hand-over.
    Kept {
        record: RecordId,
        version: Version,
        repaired: bool,
    },
    /// This node now holds a newer version of a record.
    Renewed {
        record: RecordId,
        before: Version,
        version: Version,
    },
    /// A copy was sent to the node that is to take this one's place: call `handed_over` when its last bit has left.
    HandedOver {
        record: RecordId,
        to: NodeId,
    },
    /// Call `expire_copies` at that time, in this session or another, online or not.
    ExpiryTimer {
        at: Time,
    },
    /// This node's disk had no room for a record.
    Refused {
        record: RecordId,
    },
    /// This node dropped its copy.
    Dropped {
        record: RecordId,
        version: Version,
    },
    /// This node holds a record that belongs to others whom it does not know: put it where it belongs.
    Return {
        record: RecordId,
        version: Version,
    },
    /// This node stored a version on an operation's behalf.
    Stored {
        op: OpId,
    },
    /// A get ended at a holder, or at a node with a cached copy.
    Got {
        op: OpId,
        holder: Contact,
        answer: Answer,
    },
    /// A holder has said in which version it has its copy of a value, or that it has none; or it said nothing in time.
    Probed {
        value: RecordId,
        holder: NodeId,
        version: Option<Version>,
    },
    /// The values that this node has cached take so many bytes now.
    Cached {
        before: u64,
        after: u64,
    },
    /// A get or put ended without success.
    Failed {
        op: OpId,
        cause: Cause,
    },
    /// Every node that was asked to store has answered or timed out, and `effects.storers[first .. first + count]` did.
    Acknowledged {
        op: OpId,
        storers: Storers,
    },
    /// A request on an operation's behalf timed out.
    TimedOut {
        op: OpId,
    },
}

/// A range of `Effects::storers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Storers {
    pub first: u32,
    pub count: u32,
}

/// The effects of one handler, and the nodes they point to.
#[derive(Debug, Default)]
pub struct Effects {
    pub list: Vec<Effect>,
    pub storers: Vec<NodeId>,
}

/// What a handler of storage sees and writes with.
pub struct Desk<'a> {
    pub now: Time,
    pub me: NodeId,
    pub epoch: u16,
    /// How many copies are to be kept.
    pub replicas: usize,
    pub repair: &'a Repair,
    /// How long a copy is held that is no longer its node's to keep.
    pub hold: Duration,
    /// Records below this number stay where they were put: nobody becomes responsible for them.
    pub fixed: u32,
    /// How records are cached along the way, if they are.
    pub caching: Option<Caching>,
    /// How resources are shared, where they are.
    pub terms: Option<Terms>,
    /// How long a request waits for its reply.
    pub timeout: Duration,
    /// How often a request of a get or put is sent again before that.
    pub retries: u8,
    /// The pause before that; what was refused is then sent again too.
    pub backoff: Option<Backoff>,
    /// The node's own small generator.
    pub noise: &'a mut Noise,
    /// Bytes of values that this node's disk takes; `u64::MAX` without limit.
    pub disk: u64,
    /// Bytes of every record's value.
    pub sizes: &'a [u32],
    /// Bytes of the parts of a message.
    pub wire: &'a Wire,
    pub lists: &'a mut Lists,
    pub effects: &'a mut Effects,
}

/// What an outstanding request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// A put's store on one node.
    Put(OpId),
    /// A get's question to one node.
    Get(OpId),
    /// The pause before one of these is sent again.
    Pause(OpId),
    /// A copy of what was put here, for another server.
    Replica(RecordId),
    /// A hand-over or repair of a record.
    Repair(RecordId),
    /// A question to a holder that a pointer names.
    Probe(RecordId),
    /// A holder is to send a copy to somebody.
    Copy,
    /// An offer of records.
    Offer,
    /// The time until copies are looked at again.
    Look,
    /// Meeting a peer that has or wants pieces of a resource.
    Meet(u32),
    /// A turn given to a peer.
    Turn(u32),
    /// A piece of a resource asked for in one's turn.
    Piece(u32, u8),
    /// The time until somebody looks after a resource that is being fetched.
    Watch(u32),
    /// The time until a provider record expires.
    Expiry,
}

impl Tag {
    /// The operation that it is for.
    pub(super) const fn op(self) -> Option<OpId> {
        match self {
            Tag::Put(op) | Tag::Get(op) | Tag::Pause(op) => Some(op),
            Tag::Replica(_) | Tag::Repair(_) | Tag::Probe(_) | Tag::Copy | Tag::Offer | Tag::Look => None,
            Tag::Meet(_) | Tag::Turn(_) | Tag::Piece(..) | Tag::Watch(_) | Tag::Expiry => None,
        }
    }
}

impl Desk<'_> {
    pub(super) fn do_effect(&mut self, effect: Effect) {
        self.effects.list.push(effect);
    }

    /// Sends a request and remembers it under `tag`. Repair works for others; gets and puts are one's own.
    pub(super) fn call(&mut self, rpcs: &mut Rpcs<Tag>, to: NodeId, op: Option<OpId>, message: Message, tag: Tag) {
        self.call_again(rpcs, to, op, message, tag, 0);
    }

    /// Sends a request that was sent `retries` times before.
    pub(super) fn call_again(
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
            Tag::Meet(_) | Tag::Turn(_) | Tag::Piece(..) | Tag::Watch(_) | Tag::Expiry => Traffic::Storage,
        };
        let (kind, for_others, client) = (Kind::Request, unasked || op.is_none(), false);
        let envelope = Envelope { from: self.me, op, bytes, rpc, epoch: self.epoch, kind, traffic, for_others, client };
        self.do_effect(Effect::Send { to, envelope, message });
        if let Some(at) = timer {
            self.do_effect(Effect::TimeoutTimer { at });
        }
    }

    /// Says something that wants no answer, and is said for others.
    pub(super) fn notice(&mut self, to: NodeId, message: Message) {
        self.notice_of(Traffic::Storage, to, message);
    }

    /// Says something about copies that wants no answer.
    pub(super) fn notice_of_repair(&mut self, to: NodeId, message: Message) {
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

    pub(super) fn reply(&mut self, request: &Envelope, message: Message) {
        let bytes = self.wire.bytes(Kind::Reply, &message, message.named(self.lists));
        let envelope = Envelope { from: self.me, bytes, kind: Kind::Reply, for_others: true, ..*request };
        self.do_effect(Effect::Send { to: request.from, envelope, message });
    }

    pub(super) fn size(&self, record: RecordId) -> u32 {
        self.sizes[record.index()]
    }
}
