//! The storage of one node: its store, its outstanding requests, and the gets and puts it carries out.
//!
//! Sans-IO like an overlay: handlers write [`Effect`]s. Per idle node it costs its own size and the records held.

use super::expiry::Ages;
use super::lazy::Holders;
use super::message::Message;
use super::operations::{Get, Put};
use super::repair::{Coming, Neighbourhood, Repair, Word};
use super::sharing::{Shares, Terms};
use super::store::Store;
use crate::engine::{Duration, Noise, Time};
use crate::overlay::message::wire_bytes;
use crate::overlay::{Backoff, Cause, Contact, Envelope, Kind, Lists, NodeId, OpId, RecordId, Rpcs, Traffic, Version};

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
    /// This node now holds a record that it did not hold before; not from an operation, but as repair or hand-over.
    Kept {
        record: RecordId,
        repaired: bool,
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
    /// A get ended at a holder.
    Got {
        op: OpId,
        holder: Contact,
        version: Version,
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
    pub repair: Repair,
    /// Records below this number stay where they were put: nobody becomes responsible for them.
    pub fixed: u32,
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
    /// Either of these for an operation that nobody asked for.
    Unasked(OpId),
    /// The pause before one of these is sent again.
    Pause(OpId),
    /// A copy of what was put here, for another server.
    Replica(RecordId),
    /// A hand-over or repair of a record.
    Repair(RecordId),
    /// An offer of records, which are sent if they are wanted.
    Offer,
    /// The same, but lazy repair sends them only if few are left.
    Asked,
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
    const fn op(self) -> Option<OpId> {
        match self {
            Tag::Put(op) | Tag::Get(op) | Tag::Unasked(op) | Tag::Pause(op) => Some(op),
            Tag::Replica(_) | Tag::Repair(_) | Tag::Offer | Tag::Asked => None,
            Tag::Meet(_) | Tag::Turn(_) | Tag::Piece(..) | Tag::Watch(_) | Tag::Expiry => None,
        }
    }
}

/// The storage of one node.
#[derive(Debug, Default)]
pub struct Agent {
    pub store: Store,
    pub(super) rpcs: Rpcs<Tag>,
    pub(super) gets: Vec<Get>,
    pub(super) puts: Vec<Put>,
    /// Who has said of late that it holds what is not this node's to keep.
    pub(super) words: Vec<Word>,
    /// Values too large for a packet that are on their way here, or should be soon.
    pub(super) coming: Vec<Coming>,
    /// With lazy repair, who else holds what is held here.
    pub(super) holders: Holders,
    /// With republishing, how old what is held here is.
    pub(super) ages: Ages,
    /// What is exchanged in pieces.
    pub(super) shares: Option<Box<Shares>>,
}

impl Desk<'_> {
    pub(super) fn do_effect(&mut self, effect: Effect) {
        self.effects.list.push(effect);
    }

    /// Sends a request and remembers it under `tag`. Repair works for others; gets and puts are one's own.
    pub(super) fn call(&mut self, rpcs: &mut Rpcs<Tag>, to: NodeId, op: Option<OpId>, message: Message, tag: Tag) {
        self.call_again(rpcs, to, op, message, tag, 0);
    }

    /// The same for a request that was sent `retries` times before.
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
        let bytes = wire_bytes(&message, self.lists);
        let traffic = match tag {
            Tag::Put(_) | Tag::Get(_) | Tag::Pause(_) | Tag::Replica(_) => Traffic::Storage,
            Tag::Unasked(_) | Tag::Repair(_) | Tag::Offer | Tag::Asked => Traffic::Repair,
            Tag::Meet(_) | Tag::Turn(_) | Tag::Piece(..) | Tag::Watch(_) | Tag::Expiry => Traffic::Storage,
        };
        let (kind, for_others, client) = (Kind::Request, op.is_none(), false);
        let envelope = Envelope { from: self.me, op, bytes, rpc, epoch: self.epoch, kind, traffic, for_others, client };
        self.do_effect(Effect::Send { to, envelope, message });
        if let Some(at) = timer {
            self.do_effect(Effect::TimeoutTimer { at });
        }
    }

    /// Says something that wants no answer, and is said for others.
    pub(super) fn notice(&mut self, to: NodeId, message: Message) {
        let bytes = wire_bytes(&message, self.lists);
        let (kind, traffic) = (Kind::Notice, Traffic::Storage);
        let (from, epoch) = (self.me, self.epoch);
        let envelope =
            Envelope { from, op: None, bytes, rpc: 0, epoch, kind, traffic, for_others: true, client: false };
        self.do_effect(Effect::Send { to, envelope, message });
    }

    pub(super) fn reply(&mut self, request: &Envelope, message: Message) {
        let bytes = wire_bytes(&message, self.lists);
        let envelope = Envelope { from: self.me, bytes, kind: Kind::Reply, for_others: true, ..*request };
        self.do_effect(Effect::Send { to: request.from, envelope, message });
    }

    pub(super) fn size(&self, record: RecordId) -> u32 {
        self.sizes[record.index()]
    }
}

impl Agent {
    /// A message arrived from another node's storage.
    pub fn on_message(
        &mut self,
        desk: &mut Desk<'_>,
        from: &Envelope,
        message: Message,
        neighbourhood: &impl Neighbourhood,
    ) {
        match message {
            Message::Store { record, .. } if desk.is_about_providers(record) => {
                let until = desk.now + desk.terms.expect("there are providers").providing.ttl;
                if !self.hear_provider(desk, record, from.from, until) {
                    return desk.reply(from, Message::Missing { record });
                }
                desk.reply(from, Message::Stored { record });
                desk.do_effect(Effect::Stored { op: from.op.expect("providers speak for themselves") });
            }
            Message::Store { record, version, published, .. } => {
                self.no_more_coming(record, version);
                if !self.keep_from(desk, record, version, from.traffic == Traffic::Repair) {
                    return desk.reply(from, Message::Missing { record });
                }
                self.note_put(desk, record, published);
                self.assume_stored(desk, record, neighbourhood);
                desk.reply(from, Message::Stored { record });
                if let Some(op) = from.op {
                    desk.do_effect(Effect::Stored { op });
                    if neighbourhood.passes_puts_on() {
                        self.replicate(desk, record, neighbourhood);
                    } else {
                        self.pass_on_if_not_mine(desk, record, neighbourhood);
                    }
                }
            }
            Message::Fetch { record } if desk.terms.is_some() && (record.index() as u32) < desk.fixed => {
                self.serve_piece(desk, from, record);
            }
            Message::Fetch { record } => {
                let answer = match self.store.version(record) {
                    Some(version) => Message::Value { record, version, bytes: self.value_bytes(desk, record) },
                    None => Message::Missing { record },
                };
                desk.reply(from, answer);
            }
            Message::Offer { list, moved_up } => {
                let list = self.stand_to(desk, list, moved_up, neighbourhood);
                desk.reply(from, Message::Standings { list });
            }
            Message::Meet { .. } | Message::Has { .. } | Message::Ask { .. } | Message::Turn { .. } => {
                self.on_sharing(desk, from, message);
            }
            Message::Stored { .. }
            | Message::Value { .. }
            | Message::Missing { .. }
            | Message::Standings { .. }
            | Message::Met { .. }
            | Message::Pass { .. } => {
                self.on_reply(desk, from, message, neighbourhood);
            }
        }
    }

    fn on_reply(&mut self, desk: &mut Desk<'_>, from: &Envelope, message: Message, neighbourhood: &impl Neighbourhood) {
        let Some(pending) = self.rpcs.close(from) else { return };
        match (pending.tag, message) {
            (Tag::Put(op) | Tag::Unasked(op), Message::Stored { .. }) => self.put_answered(desk, op, Some(from.from)),
            (Tag::Get(op) | Tag::Unasked(op), Message::Value { version, .. }) => {
                self.get_answered(desk, op, Some(version));
            }
            (Tag::Put(op) | Tag::Get(op) | Tag::Unasked(op), Message::Missing { .. }) => {
                self.get_answered(desk, op, None);
                self.put_refused(desk, op);
            }
            (Tag::Repair(record), Message::Stored { .. }) => {
                if matches!(desk.repair, Repair::Lazy { .. }) {
                    self.holders.add(record, from.from);
                }
                self.on_word(desk, record, from.from, neighbourhood);
            }
            (Tag::Repair(record), Message::Value { version, .. }) => {
                self.keep_from(desk, record, version, true);
            }
            (Tag::Repair(_), Message::Missing { .. }) => {}
            (Tag::Meet(_), Message::Met { resource, list }) => self.on_met(desk, from.from, resource, list),
            (Tag::Meet(resource), Message::Missing { .. }) => self.give_up_if_alone(desk, resource),
            (Tag::Turn(resource), Message::Pass { .. }) => self.turn_over(desk, from.from, resource),
            (Tag::Piece(..), Message::Value { record, version, .. }) => self.on_piece(desk, from.from, record, version),
            (Tag::Piece(resource, piece), Message::Missing { .. }) => {
                self.piece_failed(desk, from.from, resource, piece);
            }
            (tag @ (Tag::Offer | Tag::Asked), Message::Standings { list }) => {
                self.on_standings(desk, from.from, list, tag, neighbourhood);
            }
            // A reply so late that its number, one of 65,535, is in use again.
            (_, _) => {}
        }
    }

    /// The time-out timer fired. Gives the number of requests that did time out.
    pub fn on_timeout(&mut self, desk: &mut Desk<'_>, neighbourhood: &impl Neighbourhood) -> u32 {
        let mut timed_out = 0;
        while let Some(pending) = self.rpcs.expired(desk.now) {
            timed_out += 1;
            match pending.tag {
                Tag::Put(op) | Tag::Unasked(op) | Tag::Get(op) => {
                    desk.do_effect(Effect::TimedOut { op });
                    self.timed_out(desk, op, pending.to, pending.retries, neighbourhood);
                }
                Tag::Pause(op) => self.ask_again(desk, op, pending.to, pending.retries, neighbourhood),
                Tag::Repair(record) | Tag::Replica(record) if neighbourhood.passes_puts_on() => {
                    self.offer_again(desk, pending.to, record);
                }
                Tag::Meet(resource) => self.peer_lost(desk, pending.to, resource),
                Tag::Turn(resource) => self.turn_over(desk, pending.to, resource),
                Tag::Piece(resource, piece) => {
                    self.send_meet(desk, resource, pending.to);
                    self.piece_failed(desk, pending.to, resource, piece);
                }
                Tag::Watch(resource) => self.look_after(desk, resource),
                Tag::Expiry => self.expire(desk),
                // The overlay will learn itself that this node has gone, and storage through it.
                Tag::Repair(_) | Tag::Replica(_) | Tag::Offer | Tag::Asked => {}
            }
        }
        if let Some(at) = self.rpcs.rearm(desk.now) {
            desk.do_effect(Effect::TimeoutTimer { at });
        }
        timed_out
    }

    /// A value moves for the request that was sent to `to` under this number: it does not time out until
    /// [`Agent::release`]. False if nobody waits for it at `by` any more.
    pub fn hold(&mut self, rpc: u16, to: NodeId, by: Time) -> bool {
        self.rpcs.hold(rpc, to, by)
    }

    /// The value has moved, or its way broke off: from `from` on the request has the usual time for its reply.
    pub fn release(&mut self, desk: &mut Desk<'_>, rpc: u16, from: Time) {
        if let Some(at) = self.rpcs.release(rpc, from + desk.timeout) {
            desk.do_effect(Effect::TimeoutTimer { at });
        }
    }

    /// A server's full queue turned the request with this number away.
    pub fn on_refusal(&mut self, desk: &mut Desk<'_>, rpc: u16) {
        let Some(pending) = self.rpcs.close_from_anyone(rpc) else { return };
        if let Some(op) = pending.tag.op() {
            if let Some(backoff) = desk.backoff.filter(|_| pending.retries < desk.retries) {
                return self.pause(desk, op, pending.to, pending.retries, backoff);
            }
            self.cancel(op);
            desk.do_effect(Effect::Failed { op, cause: Cause::QueueFull });
        }
    }

    /// The operation ended elsewhere: nothing more is done for it.
    pub fn cancel(&mut self, op: OpId) {
        self.gets.retain(|get| get.op != op);
        self.puts.retain(|put| put.op != op);
        self.leave_swarm(op);
        self.rpcs.retain(|pending| pending.tag.op() != Some(op));
    }

    /// The session ended: the disk stays, everything under way is forgotten.
    pub fn suspend(&mut self) {
        self.rpcs.clear();
        self.gets.clear();
        self.puts.clear();
        self.words.clear();
        self.coming.clear();
        self.shares.iter_mut().for_each(|shares| shares.suspend());
    }

    /// Keeps a version on this node's disk. False if there is no room for it. (A newer version takes the place of the one
    /// before it.)
    pub fn keep(&mut self, desk: &mut Desk<'_>, record: RecordId, version: Version) -> bool {
        self.keep_from(desk, record, version, false)
    }

    /// The same, `repaired` if no operation brought it.
    fn keep_from(&mut self, desk: &mut Desk<'_>, record: RecordId, version: Version, repaired: bool) -> bool {
        if !self.store.has_room(record, desk.disk, desk.sizes) {
            desk.do_effect(Effect::Refused { record });
            return false;
        }
        if self.store.keep(record, version) {
            desk.do_effect(Effect::Kept { record, repaired });
        }
        true
    }

    /// Bytes allocated for requests and operations under way.
    pub fn heap_bytes(&self) -> usize {
        self.rpcs.heap_bytes()
            + self.gets.capacity() * size_of::<Get>()
            + self.puts.capacity() * size_of::<Put>()
            + self.words.capacity() * size_of::<Word>()
            + self.coming.capacity() * size_of::<Coming>()
            + self.holders.heap_bytes()
            + self.ages.heap_bytes()
            + self.shares.as_ref().map_or(0, |shares| size_of::<Shares>() + shares.heap_bytes())
    }
}
