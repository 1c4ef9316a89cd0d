//! Storage of one node: its store, its outstanding requests, and its gets and puts in progress.
//!
//! Sans-IO like an overlay: handlers write [`Effect`]s. An idle node costs its own size and the records held.

pub mod cache;
pub mod context;
pub mod requests;
pub mod store;

use super::Neighbourhood;
use super::message::Message;
use super::repair::custody::Custody;
use super::repair::hand_over::HandOver;
use super::repair::offers::Incoming;
use super::repair::reports::Says;
use super::repair::republish::Ages;
use super::swarm::Swarms;
use crate::engine::Time;
use crate::model::{Cached, Cause, Envelope, NodeId, OpId, RecordId, Traffic, Version};
use crate::overlay::Rpcs;
use cache::Cache;
use context::{Effect, StorageContext, Tag};
use requests::Requests;
use store::Store;

/// Storage of one node.
#[derive(Debug, Default)]
pub struct StorageNode {
    pub store: Store,
    pub(in crate::storage) rpcs: Rpcs<Tag>,
    /// Gets and puts.
    pub(in crate::storage) requests: Requests,
    /// Knowledge of other holders of the records held here, with eager and lazy repair.
    pub(in crate::storage) custody: Custody,
    /// Values in transfer to this node, or expected soon.
    pub(in crate::storage) coming: Incoming,
    /// Records still to be handed over after the notice of departure.
    pub(in crate::storage) hand_over: HandOver,
    /// Ages of the copies held here, with republishing.
    pub(in crate::storage) ages: Ages,
    /// Path cache, allocated with the first copy.
    pub(in crate::storage) cache: Option<Box<Cache>>,
    /// Swarms in which resources are exchanged in pieces.
    pub(in crate::storage) swarms: Option<Box<Swarms>>,
}

impl StorageNode {
    /// Handles a message from another node's storage.
    pub fn on_message(
        &mut self,
        cx: &mut StorageContext<'_>,
        from: &Envelope,
        message: Message,
        neighbourhood: &impl Neighbourhood,
    ) {
        self.custody.heard(from.from);
        match message {
            Message::Store { record, version, .. } if cx.records.is_provider(record) => {
                let until = cx.now + cx.terms.expect("there are providers").providing.ttl;
                if !self.hear_provider(cx, record, from.from, until) {
                    return cx.reply(from, Message::Missing { record });
                }
                cx.reply(from, Message::Stored { record, version });
                cx.do_effect(Effect::Stored { op: from.op.expect("providers speak for themselves") });
            }
            Message::Store { .. } => self.on_store(cx, from, message, neighbourhood),
            Message::Fetch { record } if cx.terms.is_some() && cx.records.is_value(record) => {
                self.serve_piece(cx, from, record);
            }
            Message::Fetch { record } => {
                let answer = match self.answer_to(from, record, cx.now) {
                    Some(answer) => Message::Value { record, answer, bytes: self.value_bytes(cx, record) },
                    None => Message::Missing { record },
                };
                cx.reply(from, answer);
            }
            Message::Probe { record } => self.probed(cx, from, record),
            Message::Copy { record, to } => {
                self.probed(cx, from, record);
                self.copy_to(cx, record, to);
            }
            Message::Dropped { record } => self.on_dropped(cx, record, from.from, neighbourhood),
            Message::Cache { record, version, bytes, until } => {
                self.on_copy(cx, Cached { record, version, until }, bytes);
            }
            Message::Offer { list, moved_up } => {
                let list = self.stand_to(cx, from.from, (list, moved_up), neighbourhood);
                cx.reply(from, Message::Standings { list });
            }
            Message::Handshake { .. } | Message::Have { .. } | Message::Interested { .. } | Message::Unchoke { .. } => {
                self.on_sharing(cx, from, message);
            }
            Message::Stored { .. }
            | Message::Value { .. }
            | Message::Missing { .. }
            | Message::Standings { .. }
            | Message::HandshakeReply { .. }
            | Message::Choke { .. } => {
                self.on_reply(cx, from, message, neighbourhood);
            }
        }
    }

    /// Handles a store request, of an operation or of repair.
    fn on_store(
        &mut self,
        cx: &mut StorageContext<'_>,
        from: &Envelope,
        message: Message,
        neighbourhood: &impl Neighbourhood,
    ) {
        let Message::Store { record, version, published, .. } = message else { return };
        self.no_more_coming(record, version);
        let before = self.store.version(record);
        let repaired = from.traffic == Traffic::Repair;
        if self.has_expired(cx, published) || !self.keep_from(cx, record, version, repaired) {
            return cx.reply(from, Message::Missing { record });
        }
        self.note_put(cx, record, published);
        let (held, new) = (version.max(before.unwrap_or(version)), before.is_none_or(|before| before < version));
        cx.reply(from, Message::Stored { record, version: held });
        let Some(op) = from.op else {
            return self.on_copy_here(cx, record, (from.from, new), neighbourhood);
        };
        cx.do_effect(Effect::Stored { op });
        if neighbourhood.passes_puts_on() {
            self.replicate(cx, record, neighbourhood);
        } else if new {
            self.on_put_here(cx, record, neighbourhood);
        }
    }

    fn on_reply(
        &mut self,
        cx: &mut StorageContext<'_>,
        from: &Envelope,
        message: Message,
        neighbourhood: &impl Neighbourhood,
    ) {
        let Some(pending) = self.rpcs.close(from) else { return };
        match (pending.tag, message) {
            (Tag::Put(op), Message::Stored { record, version }) => {
                self.put_answered(cx, op, Some(from.from));
                if op.is_unasked() && self.store.version(record).is_some_and(|own| own < version) {
                    self.fetch_newer(cx, from.from, record);
                }
            }
            (Tag::Put(op), Message::Missing { .. }) => self.put_refused(cx, op),
            (Tag::Get(op), Message::Value { answer, .. }) => self.get_answered(cx, op, Some(answer)),
            (Tag::Get(op), Message::Stored { version, .. }) => self.get_answered(cx, op, Some(version.into())),
            (Tag::Get(op), Message::Missing { .. }) => self.get_answered(cx, op, None),
            (Tag::Repair(record), Message::Stored { version, .. }) => {
                if self.store.version(record).is_some_and(|own| own < version) {
                    self.fetch_newer(cx, from.from, record);
                }
                self.on_report(cx, record, (from.from, Says::Holds), neighbourhood);
                self.handed_over(cx, record, neighbourhood);
            }
            (Tag::Repair(record), Message::Value { answer, .. }) => {
                // It may have been dropped meanwhile.
                if self.store.version(record).is_some_and(|own| own < answer.version) {
                    self.keep_from(cx, record, answer.version, true);
                    self.on_fetched(cx, record, from.from, neighbourhood);
                }
            }
            (Tag::Repair(record), Message::Missing { .. }) => {
                self.on_report(cx, record, (from.from, Says::Full), neighbourhood);
                self.handed_over(cx, record, neighbourhood);
            }
            (Tag::Probe(value), answer) => {
                let version = if let Message::Stored { version, .. } = answer { Some(version) } else { None };
                cx.do_effect(Effect::Probed { value, holder: from.from, version });
            }
            (Tag::Handshake(_), Message::HandshakeReply { resource, list, full, .. }) => {
                self.on_handshake_reply(cx, from.from, resource, list, full);
            }
            (Tag::Handshake(resource), Message::Missing { .. }) => self.give_up_if_alone(cx, resource),
            (Tag::Unchoke(resource), Message::Choke { .. }) => self.upload_ended(cx, from.from, resource),
            (Tag::Piece(..), Message::Value { record, answer, .. }) => {
                self.on_piece(cx, from.from, record, answer.version);
            }
            (Tag::Piece(resource, piece), Message::Missing { .. }) => {
                self.piece_failed(cx, from.from, resource, piece);
            }
            (Tag::Offer, Message::Standings { list }) => self.on_standings(cx, from.from, list, neighbourhood),
            // A reply so late that its number, one of 65,535, is in use again.
            (_, _) => {}
        }
    }

    /// Handles the timeout timer; returns the number of requests that timed out.
    pub fn on_timeout(&mut self, cx: &mut StorageContext<'_>, neighbourhood: &impl Neighbourhood) -> u32 {
        let mut timed_out = 0;
        while let Some(pending) = self.rpcs.expired(cx.now) {
            timed_out += 1;
            match pending.tag {
                Tag::Put(op) | Tag::Get(op) => {
                    cx.do_effect(Effect::TimedOut { op });
                    self.timed_out(cx, op, pending.to, pending.retries, neighbourhood);
                }
                Tag::Pause(op) => self.ask_again(cx, op, pending.to, pending.retries, neighbourhood),
                Tag::Repair(record) | Tag::Replica(record) if neighbourhood.passes_puts_on() => {
                    self.offer_again(cx, pending.to, record);
                }
                Tag::Handshake(resource) => self.peer_lost(cx, pending.to, resource),
                Tag::Unchoke(resource) => self.upload_ended(cx, pending.to, resource),
                Tag::Piece(resource, piece) => {
                    self.send_handshake(cx, resource, pending.to);
                    self.piece_failed(cx, pending.to, resource, piece);
                }
                Tag::Watch(resource) => self.look_after(cx, resource),
                Tag::Expiry => self.expire(cx),
                Tag::Probe(value) => cx.do_effect(Effect::Probed { value, holder: pending.to, version: None }),
                Tag::Look => self.on_look(cx, neighbourhood),
                Tag::Offer => self.on_silence(cx, pending.to, neighbourhood),
                Tag::Repair(record) => {
                    self.on_silence(cx, pending.to, neighbourhood);
                    self.handed_over(cx, record, neighbourhood);
                }
                Tag::Replica(_) | Tag::Copy => {}
            }
        }
        if let Some(at) = self.rpcs.rearm(cx.now) {
            cx.do_effect(Effect::TimeoutTimer { at });
        }
        timed_out
    }

    /// A value moves for the request that was sent to `to` under this number: it does not time out until
    /// [`StorageNode::release`]. False if nobody waits for it at `by` any more.
    pub fn hold(&mut self, rpc: u16, to: NodeId, by: Time) -> bool {
        self.rpcs.hold(rpc, to, by)
    }

    /// Resumes the timeout of a request after the end or failure of its transfer: from `from` on it has the usual time
    /// for its reply.
    pub fn release(&mut self, cx: &mut StorageContext<'_>, rpc: u16, from: Time) {
        if let Some(at) = self.rpcs.release(rpc, from + cx.timeout) {
            cx.do_effect(Effect::TimeoutTimer { at });
        }
    }

    /// Handles the refusal of a request by a server's full queue.
    pub fn on_refusal(&mut self, cx: &mut StorageContext<'_>, rpc: u16) {
        let Some(pending) = self.rpcs.close_from_anyone(rpc) else { return };
        if let Some(op) = pending.tag.op() {
            if let Some(backoff) = cx.backoff.filter(|_| pending.retries < cx.retries) {
                return self.pause(cx, op, pending.to, pending.retries, backoff);
            }
            self.cancel(op);
            cx.do_effect(Effect::Failed { op, cause: Cause::QueueFull });
        }
    }

    /// Cancels an operation that has ended elsewhere.
    pub fn cancel(&mut self, op: OpId) {
        self.requests.cancel(op);
        self.leave_swarm(op);
        self.rpcs.retain(|pending| pending.tag.op() != Some(op));
    }

    /// Ends the session: the disk is kept, everything in progress is dropped.
    pub fn suspend(&mut self) {
        self.rpcs.clear();
        self.requests.clear();
        self.custody.suspend();
        self.store.reserve_nothing();
        self.coming.clear();
        self.hand_over = HandOver::default();
        self.cache = None;
        self.swarms.iter_mut().for_each(|swarms| swarms.suspend());
    }

    /// Stores a version on this node's disk; false if there is no room. (A newer version replaces the previous one.)
    pub fn keep(&mut self, cx: &mut StorageContext<'_>, record: RecordId, version: Version) -> bool {
        self.keep_from(cx, record, version, false)
    }

    /// Stores a version of a record; `repaired`: not for an operation.
    fn keep_from(&mut self, cx: &mut StorageContext<'_>, record: RecordId, version: Version, repaired: bool) -> bool {
        if !self.make_room(cx, record) {
            cx.do_effect(Effect::Refused { record });
            return false;
        }
        match self.store.keep(record, version) {
            None => {
                self.uncache(cx, record);
                cx.do_effect(Effect::Kept { record, version, repaired });
            }
            Some(before) if before < version => cx.do_effect(Effect::Renewed { record, before, version }),
            Some(_) => {}
        }
        true
    }

    /// Bytes allocated for requests and operations in progress.
    pub fn heap_bytes(&self) -> usize {
        self.rpcs.heap_bytes()
            + self.requests.heap_bytes()
            + self.custody.heap_bytes()
            + self.coming.heap_bytes()
            + self.hand_over.heap_bytes()
            + self.ages.heap_bytes()
            + self.cache.as_ref().map_or(0, |cache| size_of::<Cache>() + cache.heap_bytes())
            + self.swarms.as_ref().map_or(0, |swarms| size_of::<Swarms>() + swarms.heap_bytes())
    }
}
