//! Storage of one node: its store, its outstanding requests, and its gets and puts in progress.
//!
//! Sans-IO like an overlay: handlers write [`Effect`]s. An idle node costs its own size and the records held.

use super::cache::Cache;
use super::desk::{Desk, Effect, Tag};
use super::message::Message;
use super::operations::{Get, Put};
use super::repair::Neighbourhood;
use super::repair::custody::Custody;
use super::repair::hand_over::Legacy;
use super::repair::offers::Coming;
use super::repair::republish::Ages;
use super::repair::words::Says;
use super::sharing::Shares;
use super::store::Store;
use crate::engine::Time;
use crate::model::{Cached, Cause, Envelope, NodeId, OpId, RecordId, Traffic, Version};
use crate::overlay::Rpcs;

/// Storage of one node.
#[derive(Debug, Default)]
pub struct Agent {
    pub store: Store,
    pub(super) rpcs: Rpcs<Tag>,
    pub(super) gets: Vec<Get>,
    pub(super) puts: Vec<Put>,
    /// Knowledge of other holders of the records held here, with eager and lazy repair.
    pub(super) custody: Custody,
    /// Values in transfer to this node, or expected soon.
    pub(super) coming: Vec<Coming>,
    /// Records still to be handed over after the notice of departure.
    pub(super) legacy: Legacy,
    /// Ages of the copies held here, with republishing.
    pub(super) ages: Ages,
    /// Path cache, allocated with the first copy.
    pub(super) cache: Option<Box<Cache>>,
    /// Swarms in which resources are exchanged in pieces.
    pub(super) shares: Option<Box<Shares>>,
}

impl Agent {
    /// Handles a message from another node's storage.
    pub fn on_message(
        &mut self,
        desk: &mut Desk<'_>,
        from: &Envelope,
        message: Message,
        neighbourhood: &impl Neighbourhood,
    ) {
        self.custody.heard(from.from);
        match message {
            Message::Store { record, version, .. } if desk.is_about_providers(record) => {
                let until = desk.now + desk.terms.expect("there are providers").providing.ttl;
                if !self.hear_provider(desk, record, from.from, until) {
                    return desk.reply(from, Message::Missing { record });
                }
                desk.reply(from, Message::Stored { record, version });
                desk.do_effect(Effect::Stored { op: from.op.expect("providers speak for themselves") });
            }
            Message::Store { .. } => self.on_store(desk, from, message, neighbourhood),
            Message::Fetch { record } if desk.terms.is_some() && (record.index() as u32) < desk.fixed => {
                self.serve_piece(desk, from, record);
            }
            Message::Fetch { record } => {
                let answer = match self.answer_to(from, record, desk.now) {
                    Some(answer) => Message::Value { record, answer, bytes: self.value_bytes(desk, record) },
                    None => Message::Missing { record },
                };
                desk.reply(from, answer);
            }
            Message::Probe { record } => self.probed(desk, from, record),
            Message::Copy { record, to } => {
                self.probed(desk, from, record);
                self.copy_to(desk, record, to);
            }
            Message::Dropped { record } => self.on_dropped(desk, record, from.from, neighbourhood),
            Message::Cache { record, version, bytes, until } => {
                self.on_copy(desk, Cached { record, version, until }, bytes);
            }
            Message::Offer { list, moved_up } => {
                let list = self.stand_to(desk, from.from, (list, moved_up), neighbourhood);
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

    /// Handles a store request, of an operation or of repair.
    fn on_store(&mut self, desk: &mut Desk<'_>, from: &Envelope, message: Message, neighbourhood: &impl Neighbourhood) {
        let Message::Store { record, version, published, .. } = message else { return };
        self.no_more_coming(record, version);
        let before = self.store.version(record);
        let repaired = from.traffic == Traffic::Repair;
        if self.has_expired(desk, published) || !self.keep_from(desk, record, version, repaired) {
            return desk.reply(from, Message::Missing { record });
        }
        self.note_put(desk, record, published);
        let (held, new) = (version.max(before.unwrap_or(version)), before.is_none_or(|before| before < version));
        desk.reply(from, Message::Stored { record, version: held });
        let Some(op) = from.op else {
            return self.on_copy_here(desk, record, (from.from, new), neighbourhood);
        };
        desk.do_effect(Effect::Stored { op });
        if neighbourhood.passes_puts_on() {
            self.replicate(desk, record, neighbourhood);
        } else if new {
            self.on_put_here(desk, record, neighbourhood);
        }
    }

    fn on_reply(&mut self, desk: &mut Desk<'_>, from: &Envelope, message: Message, neighbourhood: &impl Neighbourhood) {
        let Some(pending) = self.rpcs.close(from) else { return };
        match (pending.tag, message) {
            (Tag::Put(op), Message::Stored { record, version }) => {
                self.put_answered(desk, op, Some(from.from));
                if op.is_unasked() && self.store.version(record).is_some_and(|own| own < version) {
                    self.fetch_newer(desk, from.from, record);
                }
            }
            (Tag::Put(op), Message::Missing { .. }) => self.put_refused(desk, op),
            (Tag::Get(op), Message::Value { answer, .. }) => self.get_answered(desk, op, Some(answer)),
            (Tag::Get(op), Message::Stored { version, .. }) => self.get_answered(desk, op, Some(version.into())),
            (Tag::Get(op), Message::Missing { .. }) => self.get_answered(desk, op, None),
            (Tag::Repair(record), Message::Stored { version, .. }) => {
                if self.store.version(record).is_some_and(|own| own < version) {
                    self.fetch_newer(desk, from.from, record);
                }
                self.on_word(desk, record, (from.from, Says::Holds), neighbourhood);
                self.handed_over(desk, record, neighbourhood);
            }
            (Tag::Repair(record), Message::Value { answer, .. }) => {
                // It may have been dropped meanwhile.
                if self.store.version(record).is_some_and(|own| own < answer.version) {
                    self.keep_from(desk, record, answer.version, true);
                    self.on_fetched(desk, record, from.from, neighbourhood);
                }
            }
            (Tag::Repair(record), Message::Missing { .. }) => {
                self.on_word(desk, record, (from.from, Says::Full), neighbourhood);
                self.handed_over(desk, record, neighbourhood);
            }
            (Tag::Probe(value), answer) => {
                let version = if let Message::Stored { version, .. } = answer { Some(version) } else { None };
                desk.do_effect(Effect::Probed { value, holder: from.from, version });
            }
            (Tag::Meet(_), Message::Met { resource, list, full, .. }) => {
                self.on_met(desk, from.from, resource, list, full);
            }
            (Tag::Meet(resource), Message::Missing { .. }) => self.give_up_if_alone(desk, resource),
            (Tag::Turn(resource), Message::Pass { .. }) => self.turn_over(desk, from.from, resource),
            (Tag::Piece(..), Message::Value { record, answer, .. }) => {
                self.on_piece(desk, from.from, record, answer.version);
            }
            (Tag::Piece(resource, piece), Message::Missing { .. }) => {
                self.piece_failed(desk, from.from, resource, piece);
            }
            (Tag::Offer, Message::Standings { list }) => self.on_standings(desk, from.from, list, neighbourhood),
            // A reply so late that its number, one of 65,535, is in use again.
            (_, _) => {}
        }
    }

    /// Handles the timeout timer; returns the number of requests that timed out.
    pub fn on_timeout(&mut self, desk: &mut Desk<'_>, neighbourhood: &impl Neighbourhood) -> u32 {
        let mut timed_out = 0;
        while let Some(pending) = self.rpcs.expired(desk.now) {
            timed_out += 1;
            match pending.tag {
                Tag::Put(op) | Tag::Get(op) => {
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
                Tag::Probe(value) => desk.do_effect(Effect::Probed { value, holder: pending.to, version: None }),
                Tag::Look => self.on_look(desk, neighbourhood),
                Tag::Offer => self.on_silence(desk, pending.to, neighbourhood),
                Tag::Repair(record) => {
                    self.on_silence(desk, pending.to, neighbourhood);
                    self.handed_over(desk, record, neighbourhood);
                }
                Tag::Replica(_) | Tag::Copy => {}
            }
        }
        if let Some(at) = self.rpcs.rearm(desk.now) {
            desk.do_effect(Effect::TimeoutTimer { at });
        }
        timed_out
    }

    /// Suspends the timeout of a request while its value is transferred, until [`Agent::release`]. False if the request
    /// is no longer outstanding at `by`.
    pub fn hold(&mut self, rpc: u16, to: NodeId, by: Time) -> bool {
        self.rpcs.hold(rpc, to, by)
    }

    /// Resumes the timeout of a request after the end or failure of its transfer: from `from` on it has the usual time
    /// for its reply.
    pub fn release(&mut self, desk: &mut Desk<'_>, rpc: u16, from: Time) {
        if let Some(at) = self.rpcs.release(rpc, from + desk.timeout) {
            desk.do_effect(Effect::TimeoutTimer { at });
        }
    }

    /// Handles the refusal of a request by a server's full queue.
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

    /// Cancels an operation that has ended elsewhere.
    pub fn cancel(&mut self, op: OpId) {
        self.gets.retain(|get| get.op != op);
        self.puts.retain(|put| put.op != op);
        self.leave_swarm(op);
        self.rpcs.retain(|pending| pending.tag.op() != Some(op));
    }

    /// Ends the session: the disk is kept, everything in progress is dropped.
    pub fn suspend(&mut self) {
        self.rpcs.clear();
        self.gets.clear();
        self.puts.clear();
        self.custody.suspend();
        self.store.reserve_nothing();
        self.coming.clear();
        self.legacy = Legacy::default();
        self.cache = None;
        self.shares.iter_mut().for_each(|shares| shares.suspend());
    }

    /// Stores a version on this node's disk; false if there is no room. (A newer version replaces the previous one.)
    pub fn keep(&mut self, desk: &mut Desk<'_>, record: RecordId, version: Version) -> bool {
        self.keep_from(desk, record, version, false)
    }

    /// Stores a version of a record; `repaired`: not for an operation.
    fn keep_from(&mut self, desk: &mut Desk<'_>, record: RecordId, version: Version, repaired: bool) -> bool {
        if !self.make_room(desk, record) {
            desk.do_effect(Effect::Refused { record });
            return false;
        }
        match self.store.keep(record, version) {
            None => {
                self.uncache(desk, record);
                desk.do_effect(Effect::Kept { record, version, repaired });
            }
            Some(before) if before < version => desk.do_effect(Effect::Renewed { record, before, version }),
            Some(_) => {}
        }
        true
    }

    /// Bytes allocated for requests and operations in progress.
    pub fn heap_bytes(&self) -> usize {
        self.rpcs.heap_bytes()
            + self.gets.capacity() * size_of::<Get>()
            + self.puts.capacity() * size_of::<Put>()
            + self.custody.heap_bytes()
            + self.coming.capacity() * size_of::<Coming>()
            + self.legacy.heap_bytes()
            + self.ages.heap_bytes()
            + self.cache.as_ref().map_or(0, |cache| size_of::<Cache>() + cache.heap_bytes())
            + self.shares.as_ref().map_or(0, |shares| size_of::<Shares>() + shares.heap_bytes())
    }
}
