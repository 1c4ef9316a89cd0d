//! Gets and puts, after the overlay has returned the responsible nodes.

use super::agent::Agent;
use super::desk::{Desk, Effect, Storers, Tag};
use super::message::Message;
use super::repair::Neighbourhood;
use super::repair::republish::Published;
use crate::model::{Answer, Cause, NodeId, OpId, RecordId, Version};
use crate::overlay::{Backoff, Contact};

/// Get that queries the responsible nodes one after another.
#[derive(Debug)]
pub struct Get {
    pub(super) op: OpId,
    record: RecordId,
    /// Nodes still to be queried, the nearest last.
    rest: Vec<Contact>,
    asked: Contact,
    /// Whether this is an audit, which does not need the value.
    audits: bool,
    /// Whether a node has replied that it has no copy, or there is no other node to query.
    denied: bool,
}

impl Get {
    fn question(&self) -> Message {
        match self.audits {
            true => Message::Probe { record: self.record },
            false => Message::Fetch { record: self.record },
        }
    }
}

/// Put that waits for its store requests.
#[derive(Debug)]
pub struct Put {
    pub(super) op: OpId,
    record: RecordId,
    version: Version,
    /// Time of the publisher's put.
    published: Published,
    waiting: u32,
    /// Whether a node had no room for it.
    refused: bool,
    storers: Vec<NodeId>,
}

impl Put {
    /// Put that waits until all its store requests are sent.
    fn new(op: OpId, record: RecordId, version: Version, published: Published) -> Put {
        Put { op, record, version, published, refused: false, waiting: 1, storers: Vec::new() }
    }

    fn store(&self, desk: &Desk<'_>) -> Message {
        let Put { record, version, published, .. } = *self;
        Message::Store { record, version, bytes: desk.size(record), published }
    }
}

impl Agent {
    /// Queries the responsible nodes in turn, the nearest first, after a lookup that met no holder of `record`.
    pub fn fetch(&mut self, desk: &mut Desk<'_>, op: OpId, record: RecordId, responsible: &[Contact]) {
        self.ask_in_turn(desk, (op, record), responsible, false);
    }

    /// Probes the responsible nodes for `record` in turn, the nearest first. Ends like a get.
    pub fn look_for(&mut self, desk: &mut Desk<'_>, op: OpId, record: RecordId, responsible: &[Contact]) {
        self.ask_in_turn(desk, (op, record), responsible, true);
    }

    fn ask_in_turn(
        &mut self,
        desk: &mut Desk<'_>,
        (op, record): (OpId, RecordId),
        responsible: &[Contact],
        audits: bool,
    ) {
        // This node looked in its own store before the walk.
        let rest: Vec<Contact> = responsible.iter().rev().copied().filter(|one| one.node != desk.me).collect();
        let denied = rest.is_empty();
        self.gets.push(Get { op, record, rest, asked: Contact { node: desk.me, hops: 0 }, audits, denied });
        self.ask_next(desk, self.gets.len() - 1);
    }

    fn ask_next(&mut self, desk: &mut Desk<'_>, at: usize) {
        let get = &mut self.gets[at];
        let Some(next) = get.rest.pop() else {
            let cause = if get.denied { Cause::Unreachable } else { Cause::Timeout };
            desk.do_effect(Effect::Failed { op: get.op, cause });
            self.gets.swap_remove(at);
            return;
        };
        get.asked = next;
        let (op, message) = (get.op, get.question());
        desk.call(&mut self.rpcs, next.node, Some(op), message, Tag::Get(op));
    }

    pub(super) fn get_answered(&mut self, desk: &mut Desk<'_>, op: OpId, answer: Option<Answer>) {
        let Some(at) = self.gets.iter().position(|get| get.op == op) else { return };
        let Some(answer) = answer else {
            self.gets[at].denied = true;
            return self.ask_next(desk, at);
        };
        let get = self.gets.swap_remove(at);
        desk.do_effect(Effect::Got { op, holder: get.asked, answer });
    }

    /// Handles the timeout of a request of a get or put that was retried `retries` times before.
    pub(super) fn timed_out(
        &mut self,
        desk: &mut Desk<'_>,
        op: OpId,
        to: NodeId,
        retries: u8,
        neighbourhood: &impl Neighbourhood,
    ) {
        if retries < desk.retries {
            return match desk.backoff {
                Some(backoff) => self.pause(desk, op, to, retries, backoff),
                None => self.ask_again(desk, op, to, retries + 1, neighbourhood),
            };
        }
        match self.gets.iter().position(|get| get.op == op) {
            Some(at) => self.ask_next(desk, at),
            None => self.put_answered(desk, op, None),
        }
    }

    /// Waits before the next retry of a request that was retried `retries` times before.
    pub(super) fn pause(&mut self, desk: &mut Desk<'_>, op: OpId, to: NodeId, retries: u8, backoff: Backoff) {
        let pause = backoff.pause(retries, desk.noise);
        if let Some(at) = self.rpcs.pause(desk.now, to, Tag::Pause(op), pause, retries + 1) {
            desk.do_effect(Effect::TimeoutTimer { at });
        }
    }

    /// Sends the `retries`-th retry of a request of a get or put, if the operation is still in progress.
    pub(super) fn ask_again(
        &mut self,
        desk: &mut Desk<'_>,
        op: OpId,
        to: NodeId,
        retries: u8,
        neighbourhood: &impl Neighbourhood,
    ) {
        if let Some(get) = self.gets.iter_mut().find(|get| get.op == op) {
            get.asked.node = neighbourhood.instead_of(to, get.record, desk.noise);
            let (to, message) = (get.asked.node, get.question());
            desk.call_again(&mut self.rpcs, to, Some(op), message, Tag::Get(op), retries);
        } else if let Some(put) = self.puts.iter().find(|put| put.op == op) {
            let to = neighbourhood.instead_of(to, put.record, desk.noise);
            desk.call_again(&mut self.rpcs, to, Some(op), put.store(desk), Tag::Put(op), retries);
        }
    }

    /// Stores `version` on the nodes that the lookup returned, on this one too if it is among them. Acknowledged when
    /// each has stored it or timed out and at least one has stored it.
    pub fn put(&mut self, desk: &mut Desk<'_>, op: OpId, record: RecordId, version: Version, named: &[Contact]) {
        let put = Put::new(op, record, version, Published::at(desk.now));
        self.store_on(desk, put, named);
    }

    /// Republishes a record that its publisher put at `published`.
    pub fn put_again(
        &mut self,
        desk: &mut Desk<'_>,
        op: OpId,
        (record, version): (RecordId, Version),
        published: Published,
        named: &[Contact],
    ) {
        self.store_on(desk, Put::new(op, record, version, published), named);
    }

    fn store_on(&mut self, desk: &mut Desk<'_>, mut put: Put, named: &[Contact]) {
        let Put { op, record, version, published, .. } = put;
        for contact in named {
            if contact.node == desk.me {
                let before = self.store.version(record);
                let kept = match desk.terms.filter(|_| desk.is_about_providers(record)) {
                    Some(terms) => self.hear_provider(desk, record, desk.me, desk.now + terms.providing.ttl),
                    None => !self.has_expired(desk, published) && self.keep(desk, record, version),
                };
                if kept {
                    if before.is_none_or(|before| before < version) {
                        let others: Vec<NodeId> = named.iter().map(|contact| contact.node).collect();
                        self.on_own_put_here(desk, record, &others);
                    }
                    self.note_put(desk, record, published);
                    desk.do_effect(Effect::Stored { op });
                    put.storers.push(desk.me);
                } else {
                    put.refused = true;
                }
            } else {
                put.waiting += 1;
                desk.call(&mut self.rpcs, contact.node, Some(op), put.store(desk), Tag::Put(op));
            }
        }
        self.puts.push(put);
        self.put_answered(desk, op, None); // what it waited for was the end of this loop
    }

    /// Handles the refusal of a store request for lack of room.
    pub(super) fn put_refused(&mut self, desk: &mut Desk<'_>, op: OpId) {
        if let Some(put) = self.puts.iter_mut().find(|put| put.op == op) {
            put.refused = true;
            self.put_answered(desk, op, None);
        }
    }

    pub(super) fn put_answered(&mut self, desk: &mut Desk<'_>, op: OpId, storer: Option<NodeId>) {
        let Some(at) = self.puts.iter().position(|put| put.op == op) else { return };
        let put = &mut self.puts[at];
        put.waiting -= 1;
        put.storers.extend(storer);
        if put.waiting > 0 {
            return;
        }
        let put = self.puts.swap_remove(at);
        if put.storers.is_empty() {
            let cause = if put.refused { Cause::QueueFull } else { Cause::Timeout };
            return desk.do_effect(Effect::Failed { op, cause });
        }
        let storers = Storers { first: desk.effects.storers.len() as u32, count: put.storers.len() as u32 };
        desk.effects.storers.extend(put.storers);
        desk.do_effect(Effect::Acknowledged { op, storers });
    }
}
