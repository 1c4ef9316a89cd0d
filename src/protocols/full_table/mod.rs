//! Full table: every machine stores the whole table, records and members alike.
//!
//! A lookup or a get costs no hop and no message; a change costs a message to every other online machine. Membership
//! is itself in the table: that a member came or went is a change that spreads like any other, and counts as
//! maintenance. Nobody asks the simulator who is online. The structure is that of Gupta, Liskov and Rodrigues (NSDI 2004,
//! one-hop lookups by full membership), without their slices and units, and with the records in the table.
//!
//! # Spreading
//!
//! Down a tree (default): whoever makes a change splits the members that it believes online, in the order of their
//! numbers from its own on, into `fan_out` ranges, and sends the change with its range to the first of each, which
//! splits on. Or directly, to one after the other. An update is a request: its reply says that it has arrived, and
//! whether the range is done; if it is not, a notice says so later, and who misses that notice for as long as a
//! failure takes to be found asks again with the same update. So a dead machine is found out after one RPC's time-outs
//! at any depth of the tree, and the writer's put ends when the whole tree is done. A machine that does not answer
//! `1 + retries` times is marked absent, that change spreads too, and the next one in its range takes the range over.
//!
//! # Joining
//!
//! A returning machine asks a contact for what it missed, in pieces of at most 16 KiB, then announces itself to it. The
//! contact spreads the coming. What was under way meanwhile may have passed it by, so it compares its table with that of
//! a member chosen at random after the time in which an update under way gets to everyone, and then at regular
//! intervals (anti-entropy: Demers et al., PODC 1987, §1.3). Without that, a machine that was marked absent because four
//! packets got lost would hear of nothing any more and never know. Comparing announces, so it is known again; and
//! whoever learns that it is taken for absent contradicts (as in SWIM: Das, Gupta and Motivala, DSN 2002, §4.2).
//!
//! # Deviations
//!
//! What is stored survives the session whatever `rejoin` says: it is a disk. With `rejoin = "fresh"` the contact sends
//! the list of members as well.

use crate::engine::Time;
use crate::model::{Cause, Envelope, Key, Metric, NodeId, OpId, RecordId, Version};
use crate::overlay::context::{Context, Effect, View};
use crate::overlay::lists::Lists;
use crate::overlay::message::Payload;
use crate::overlay::protocol::{Contact, HeapBytes, Protocol, Shared, Walk};
use crate::overlay::roster::Roster;
use crate::overlay::rpc::Rpcs;
use crate::overlay::rule::{Rule, Spreading, Spreads};
use spread::Relay;
use table::{Change, Table};

pub use config::{Config, Spread};

mod config;
mod join;
mod received;
mod spread;
mod table;
#[cfg(test)]
mod tests;

/// What machines say to each other. A change travels as its position in the log, which stands for its content.
#[derive(Clone, Copy, Debug)]
pub enum Message {
    /// Request: store this change of so many bytes and pass it on to the members after you, up to `last`. Perhaps not for
    /// the first time.
    Update { change: u32, last: NodeId, bytes: u32, again: bool },
    /// Reply to an update: stored. Done: so has everyone in the range.
    Stored { done: bool },
    /// Notice: everyone in the range of this update has stored it, or is absent.
    Done { change: u32, last: NodeId },
    /// Request: which of the changes `from .. until` do you have? Perhaps with the list of members; perhaps announcing
    /// that the sender is online.
    Missed { from: u32, until: u32, members: bool, announce: bool },
    /// Reply with missed changes, in so many bytes, perhaps with the list of members; the replier may know of changes beyond.
    These { from: u32, until: u32, members: bool, more: bool, bytes: u32 },
}

/// Bytes of a range: its two ends, which are places in the order of the members and name nobody.
const RANGE_BYTES: u32 = 8;

impl Payload for Message {
    fn payload_bytes(&self) -> u32 {
        match self {
            Message::Update { bytes, .. } => RANGE_BYTES + bytes,
            Message::Done { .. } => RANGE_BYTES,
            Message::These { bytes, .. } => *bytes,
            Message::Stored { .. } | Message::Missed { .. } => 0,
        }
    }
}

/// What a timer is for.
#[derive(Clone, Copy, Debug)]
pub enum Timer {
    /// Compare the table with another's.
    Compare,
}

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tag {
    /// An update of this relay's change, for the range up to `last`.
    Update { relay: u32, last: NodeId },
    /// Not a request: the update has arrived, and the range is not done yet.
    Range { relay: u32, last: NodeId },
    /// A question after what was missed, from there on.
    Missed { from: u32, until: u32, announce: bool },
}

/// How far a session has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Phase {
    Away,
    /// Asks what it missed; takes no part yet, because its picture of the members is an old one.
    CatchingUp,
    /// Has told its contact that it is online.
    Announced,
    Joined,
    /// Has told everyone that it goes.
    Leaving,
}

/// One machine. What it stores is in its `Table`.
#[derive(Debug)]
pub struct FullTable {
    phase: Phase,
    /// Still knows the members of its last session.
    remembers: bool,
    rpcs: Rpcs<Tag>,
    relays: Vec<Relay>,
    last_relay: u32,
}

type Cx<'a> = Context<'a, FullTable>;

/// The end of the range that begins after `node` and holds everyone else.
const fn before(node: NodeId) -> NodeId {
    NodeId(node.0.wrapping_sub(1))
}

impl Protocol for FullTable {
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Shared = Table;

    const RULE: Rule<FullTable> = Rule::Everyone(Metric::Ring, Spreading::of());

    fn new(_: &Config, _: &View<'_>) -> FullTable {
        FullTable { phase: Phase::Away, remembers: false, rpcs: Rpcs::default(), relays: Vec::new(), last_relay: 0 }
    }

    fn start(&mut self, cx: &mut Cx<'_>, contact: Option<NodeId>) {
        let me = cx.me();
        match contact {
            Some(contact) => {
                self.phase = Phase::CatchingUp;
                self.ask(cx, contact, 0, false);
            }
            None => {
                let key = cx.my_key();
                cx.shared.log(me, Change::Founded);
                cx.shared.log_came(me, me, key);
                self.remembers = true;
                self.phase = Phase::Joined;
                cx.joined();
                cx.set_timer(cx.config.anti_entropy, Timer::Compare);
            }
        }
    }

    fn start_converged(&mut self, cx: &mut Cx<'_>, roster: &Roster) {
        cx.shared.converge(roster);
        self.remembers = true;
        self.phase = Phase::Joined;
        cx.set_timer_within(cx.config.anti_entropy, Timer::Compare);
    }

    fn on_message(&mut self, cx: &mut Cx<'_>, from: &Envelope, message: Message) {
        match message {
            Message::Update { change, last, again, .. } if self.phase >= Phase::Announced => {
                self.on_update(cx, from, change, last, again);
            }
            Message::Missed { from: start, until, members, announce } if self.phase >= Phase::Joined => {
                self.on_missed(cx, from, start..until, members, announce);
            }
            Message::Update { .. } | Message::Missed { .. } => {} // comes too early: it will come again
            Message::Stored { done } => {
                if let Some(pending) = self.rpcs.close(from)
                    && let Tag::Update { relay, last } = pending.tag
                {
                    self.on_stored(cx, relay, from.from, last, done);
                }
            }
            Message::Done { change, last } => self.on_done(cx, from.from, change, last),
            Message::These { from: start, until, more, .. } => {
                if let Some(pending) = self.rpcs.close(from)
                    && let Tag::Missed { announce, .. } = pending.tag
                {
                    self.on_these(cx, from.from, start..until, more, announce);
                }
            }
        }
    }

    fn on_timer(&mut self, cx: &mut Cx<'_>, timer: Timer) {
        match timer {
            Timer::Compare if self.phase == Phase::Joined => {
                self.compare(cx);
                cx.set_timer(cx.config.anti_entropy, Timer::Compare);
            }
            Timer::Compare => {}
        }
    }

    fn on_timeout(&mut self, cx: &mut Cx<'_>) -> u32 {
        let mut expired = 0;
        while let Some(pending) = self.rpcs.expired(cx.now) {
            expired += 1;
            let again = pending.retries < cx.config.retries;
            match pending.tag {
                Tag::Update { relay, last } => self.on_no_reply(cx, relay, pending.to, last, pending.retries),
                Tag::Range { relay, last } => self.ask_whether_done(cx, relay, pending.to, last),
                Tag::Missed { .. } if again => self.ask_for(cx, pending.to, pending.tag, pending.retries + 1),
                Tag::Missed { .. } => self.on_no_answer(cx, pending.to),
            }
        }
        self.rpcs.rearm_in(cx);
        expired
    }

    fn walk(&mut self, cx: &mut Cx<'_>, walk: Walk) {
        let known = cx.shared.known_by(cx.me());
        let here = |node| Contact { node, hops: 0 };
        match walk.record.map(|record| known.version(record)) {
            Some(Some(version)) => cx.found_record(walk.op, here(cx.me()), version),
            Some(None) => cx.give_up(walk.op, Cause::Unreachable),
            None => {
                let nearest: Vec<Contact> = known.clockwise(walk.target).take(walk.count.into()).map(here).collect();
                cx.found(&walk, &nearest);
            }
        }
    }

    fn cancel(&mut self, op: OpId) {
        // The change goes on its way; nobody waits for it any more.
        for relay in self.relays.iter_mut().filter(|relay| relay.op == Some(op)) {
            relay.op = None;
        }
    }

    fn leave(&mut self, cx: &mut Cx<'_>) {
        let me = cx.me();
        let known = self.phase >= Phase::Announced;
        self.phase = Phase::Leaving;
        cx.left();
        // An announcement under way would bring it back.
        self.rpcs.retain(|pending| !matches!(pending.tag, Tag::Missed { .. }));
        if known {
            let change = cx.shared.log(me, Change::Gone(me));
            self.originate(cx, change, None, false);
        }
    }

    fn suspend(&mut self) {
        self.phase = Phase::Away;
        self.rpcs.clear();
        self.relays.clear();
    }

    fn nearest(&self, shared: &Table, view: &View<'_>, key: Key, count: usize, out: &mut Vec<NodeId>) {
        out.extend(shared.known_by(view.me).clockwise(key).take(count));
    }

    fn contacts(&self, shared: &Table, view: &View<'_>, out: &mut Vec<NodeId>) {
        out.extend(shared.known_by(view.me).between(view.me, before(view.me)));
    }

    fn heap_bytes(&self) -> HeapBytes {
        HeapBytes { tables: 0, rpc: self.rpcs.heap_bytes() + self.relays.capacity() * size_of::<Relay>() }
    }
}

impl Spreads for FullTable {
    fn spread(&mut self, cx: &mut Cx<'_>, op: OpId, record: RecordId, version: Version) {
        let change = cx.shared.log(cx.me(), Change::Put(record, version));
        cx.effects.list.push(Effect::Stored { op });
        self.originate(cx, change, Some(op), op.is_unasked());
    }

    fn version_of(&self, shared: &Table, me: NodeId, record: RecordId) -> Option<Version> {
        shared.known_by(me).version(record)
    }

    fn hold(&mut self, rpc: u16, to: NodeId, by: Time) -> bool {
        self.rpcs.hold(rpc, to, by)
    }

    fn release(&mut self, cx: &mut Cx<'_>, rpc: u16, from: Time) {
        if let Some(at) = self.rpcs.release(rpc, from + cx.config.rpc_timeout) {
            cx.set_timeout_timer(at);
        }
    }
}

impl Shared<FullTable> for Table {
    fn new(_: &Config, _: u32) -> Table {
        Table::default()
    }

    /// The members that changes are about, and those of the list.
    fn named(&self, from: NodeId, message: &Message, _: &Lists) -> impl Iterator<Item = NodeId> {
        let (about, piece) = match *message {
            Message::Update { change, .. } => (self.change(change).member(), None),
            Message::These { from: start, until, members, .. } => (None, Some((start..until, members))),
            Message::Stored { .. } | Message::Done { .. } | Message::Missed { .. } => (None, None),
        };
        let piece = piece.into_iter().flat_map(move |(run, members)| {
            let known = self.known_by(from);
            let all = members.then(|| known.between(from, before(from)).chain([from]));
            known.members_in(run).chain(all.into_iter().flatten())
        });
        about.into_iter().chain(piece)
    }
}
