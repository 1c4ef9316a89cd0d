//! Gets and puts, after the overlay has returned the responsible nodes.

use super::StorageNode;
use super::context::{Effect, StorageContext, Storers, Tag};
use crate::model::{Answer, Cause, NodeId, OpId, RecordId, Version};
use crate::overlay::{Backoff, Contact};
use crate::storage::Neighbourhood;
use crate::storage::message::Message;
use crate::storage::repair::republish::Published;

/// Get that queries the responsible nodes one after another.
#[derive(Debug)]
struct Get {
    op: OpId,
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
struct Put {
    op: OpId,
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

    fn store(&self, cx: &StorageContext<'_>) -> Message {
        let Put { record, version, published, .. } = *self;
        Message::Store { record, version, bytes: cx.size(record), published }
    }
}

/// The gets and puts that a node carries out.
#[derive(Debug, Default)]
pub struct Requests {
    gets: Vec<Get>,
    puts: Vec<Put>,
}

impl Requests {
    /// The operation ended elsewhere: nothing more is done for it.
    pub fn cancel(&mut self, op: OpId) {
        self.gets.retain(|get| get.op != op);
        self.puts.retain(|put| put.op != op);
    }

    /// The session ended.
    pub fn clear(&mut self) {
        self.gets.clear();
        self.puts.clear();
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        self.gets.capacity() * size_of::<Get>() + self.puts.capacity() * size_of::<Put>()
    }
}

impl StorageNode {
    /// Queries the responsible nodes in turn, the nearest first, after a lookup that met no holder of `record`.
    pub fn fetch(&mut self, cx: &mut StorageContext<'_>, op: OpId, record: RecordId, responsible: &[Contact]) {
        self.ask_in_turn(cx, (op, record), responsible, false);
    }

    /// Probes the responsible nodes for `record` in turn, the nearest first. Ends like a get.
    pub fn look_for(&mut self, cx: &mut StorageContext<'_>, op: OpId, record: RecordId, responsible: &[Contact]) {
        self.ask_in_turn(cx, (op, record), responsible, true);
    }

    fn ask_in_turn(
        &mut self,
        cx: &mut StorageContext<'_>,
        (op, record): (OpId, RecordId),
        responsible: &[Contact],
        audits: bool,
    ) {
        // This node looked in its own store before the walk.
        let rest: Vec<Contact> = responsible.iter().rev().copied().filter(|one| one.node != cx.me).collect();
        let denied = rest.is_empty();
        self.requests.gets.push(Get { op, record, rest, asked: Contact { node: cx.me, hops: 0 }, audits, denied });
        self.ask_next(cx, self.requests.gets.len() - 1);
    }

    fn ask_next(&mut self, cx: &mut StorageContext<'_>, at: usize) {
        let get = &mut self.requests.gets[at];
        let Some(next) = get.rest.pop() else {
            let cause = if get.denied { Cause::Unreachable } else { Cause::Timeout };
            cx.do_effect(Effect::Failed { op: get.op, cause });
            self.requests.gets.swap_remove(at);
            return;
        };
        get.asked = next;
        let (op, message) = (get.op, get.question());
        cx.call(&mut self.rpcs, next.node, Some(op), message, Tag::Get(op));
    }

    pub(in crate::storage) fn get_answered(&mut self, cx: &mut StorageContext<'_>, op: OpId, answer: Option<Answer>) {
        let Some(at) = self.requests.gets.iter().position(|get| get.op == op) else { return };
        let Some(answer) = answer else {
            self.requests.gets[at].denied = true;
            return self.ask_next(cx, at);
        };
        let get = self.requests.gets.swap_remove(at);
        cx.do_effect(Effect::Got { op, holder: get.asked, answer });
    }

    /// Handles the timeout of a request of a get or put that was retried `retries` times before.
    pub(in crate::storage) fn timed_out(
        &mut self,
        cx: &mut StorageContext<'_>,
        op: OpId,
        to: NodeId,
        retries: u8,
        neighbourhood: &impl Neighbourhood,
    ) {
        if retries < cx.retries {
            return match cx.backoff {
                Some(backoff) => self.pause(cx, op, to, retries, backoff),
                None => self.ask_again(cx, op, to, retries + 1, neighbourhood),
            };
        }
        match self.requests.gets.iter().position(|get| get.op == op) {
            Some(at) => self.ask_next(cx, at),
            None => self.put_answered(cx, op, None),
        }
    }

    /// Waits before the next retry of a request that was retried `retries` times before.
    pub(in crate::storage) fn pause(
        &mut self,
        cx: &mut StorageContext<'_>,
        op: OpId,
        to: NodeId,
        retries: u8,
        backoff: Backoff,
    ) {
        let pause = backoff.pause(retries, cx.noise);
        if let Some(at) = self.rpcs.pause(cx.now, to, Tag::Pause(op), pause, retries + 1) {
            cx.do_effect(Effect::TimeoutTimer { at });
        }
    }

    /// Sends the `retries`-th retry of a request of a get or put, if the operation is still in progress.
    pub(in crate::storage) fn ask_again(
        &mut self,
        cx: &mut StorageContext<'_>,
        op: OpId,
        to: NodeId,
        retries: u8,
        neighbourhood: &impl Neighbourhood,
    ) {
        if let Some(get) = self.requests.gets.iter_mut().find(|get| get.op == op) {
            get.asked.node = neighbourhood.instead_of(to, get.record, cx.noise);
            let (to, message) = (get.asked.node, get.question());
            cx.call_again(&mut self.rpcs, to, Some(op), message, Tag::Get(op), retries);
        } else if let Some(put) = self.requests.puts.iter().find(|put| put.op == op) {
            let to = neighbourhood.instead_of(to, put.record, cx.noise);
            cx.call_again(&mut self.rpcs, to, Some(op), put.store(cx), Tag::Put(op), retries);
        }
    }

    /// Stores `version` on the nodes that the lookup returned, on this one too if it is among them. Acknowledged when
    /// each has stored it or timed out and at least one has stored it.
    pub fn put(
        &mut self,
        cx: &mut StorageContext<'_>,
        op: OpId,
        record: RecordId,
        version: Version,
        named: &[Contact],
    ) {
        let put = Put::new(op, record, version, Published::at(cx.now));
        self.store_on(cx, put, named);
    }

    /// Republishes a record that its publisher put at `published`.
    pub fn put_again(
        &mut self,
        cx: &mut StorageContext<'_>,
        op: OpId,
        (record, version): (RecordId, Version),
        published: Published,
        named: &[Contact],
    ) {
        self.store_on(cx, Put::new(op, record, version, published), named);
    }

    fn store_on(&mut self, cx: &mut StorageContext<'_>, mut put: Put, named: &[Contact]) {
        let Put { op, record, version, published, .. } = put;
        for contact in named {
            if contact.node == cx.me {
                let before = self.store.version(record);
                let kept = match cx.terms.filter(|_| cx.records.is_provider(record)) {
                    Some(terms) => self.hear_provider(cx, record, cx.me, cx.now + terms.providing.ttl),
                    None => !self.has_expired(cx, published) && self.keep(cx, record, version),
                };
                if kept {
                    if before.is_none_or(|before| before < version) {
                        let others: Vec<NodeId> = named.iter().map(|contact| contact.node).collect();
                        self.on_own_put_here(cx, record, &others);
                    }
                    self.note_put(cx, record, published);
                    cx.do_effect(Effect::Stored { op });
                    put.storers.push(cx.me);
                } else {
                    put.refused = true;
                }
            } else {
                put.waiting += 1;
                cx.call(&mut self.rpcs, contact.node, Some(op), put.store(cx), Tag::Put(op));
            }
        }
        self.requests.puts.push(put);
        self.put_answered(cx, op, None); // what it waited for was the end of this loop
    }

    /// Handles the refusal of a store request for lack of room.
    pub(in crate::storage) fn put_refused(&mut self, cx: &mut StorageContext<'_>, op: OpId) {
        if let Some(put) = self.requests.puts.iter_mut().find(|put| put.op == op) {
            put.refused = true;
            self.put_answered(cx, op, None);
        }
    }

    pub(in crate::storage) fn put_answered(&mut self, cx: &mut StorageContext<'_>, op: OpId, storer: Option<NodeId>) {
        let Some(at) = self.requests.puts.iter().position(|put| put.op == op) else { return };
        let put = &mut self.requests.puts[at];
        put.waiting -= 1;
        put.storers.extend(storer);
        if put.waiting > 0 {
            return;
        }
        let put = self.requests.puts.swap_remove(at);
        if put.storers.is_empty() {
            let cause = if put.refused { Cause::QueueFull } else { Cause::Timeout };
            return cx.do_effect(Effect::Failed { op, cause });
        }
        let storers = Storers { first: cx.effects.storers.len() as u32, count: put.storers.len() as u32 };
        cx.effects.storers.extend(put.storers);
        cx.do_effect(Effect::Acknowledged { op, storers });
    }
}
