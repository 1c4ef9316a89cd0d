//! Chord (Stoica, Morris, Karger, Kaashoek, Balakrishnan, SIGCOMM 2001; with Liben-Nowell and Dabek, IEEE/ACM ToN 2003)
//! on a ring of 64 bits.
//!
//! A key belongs to its successor, the first node at or after it; copies go to the nodes that follow. Each node knows its
//! predecessor, its next `successors` nodes and its distinct fingers. The three jobs are three files: `tables` is what
//! a node knows, `lookup` is `find_successor` over the network, `maintenance` is join, stabilize, notify, fix_fingers,
//! check_predecessor and leave. `merge` brings rings together that have come apart.
//!
//! # Departures from the papers
//!
//! * The identifier space has 64 bits, not 160: beyond log₂ N they only tell nodes apart.
//! * Only distinct fingers are stored; `fingers = "all"` fixes them one after another instead of all at once.
//! * `stabilize` gets predecessor and successor list in one RPC. It goes on at once with the next when the successor was
//!   found dead, and with one said to lie before it, which becomes the successor when it answers.
//! * Who notifies a node that has a nearer predecessor is told which, and asks that one; who was the predecessor until a notify
//!   takes the new one as its successor on the word of the old (§V-A). So a ring that many join at once sorts itself in round trips,
//!   not in periods. A node looks all its fingers up once when it has joined.
//! * Who named a dead node is told by who found it dead: it forgets it, or asks it first if it is its successor or predecessor.
//! * A node that owns the key answers itself; in Fig. 5 the way goes round to its predecessor.
//! * Rings that have come apart come together again, unless `merge = false`: see `merge`.
//! * With `proximity` a finger is chosen among the first s successors of its start as far as its interval reaches (beyond,
//!   they are candidates of the next finger: taken for this one too they would leave lookups more hops), by a race of pings.
//! * A node notifies its successor as soon as it has joined, not first when it stabilises.
//! * A notify names the notifier's predecessors, so that each node knows the last few before it. When the predecessor fails,
//!   the one before it takes its place until a nearer one notifies; the papers set nil. Storage needs it: a holder must
//!   see when it is no longer among the first r nodes after a key.
//! * A node that joins gets the whole successor list of the node before it, so that it survives if the first of it is dead.
//!   Until it has joined it answers nobody.
//! * A lookup names the responsible nodes as the last node asked knows them. In ToN's Table II the initiator also contacts
//!   the node it was named and goes on if that one is dead: `verify = true`.
//! * A node asked names one next node. When that one is dead the node that named it is asked again, and told whom to
//!   leave out. In a recursive lookup each hop does that for itself: see [`crate::overlay::relay`].
//! * With `virtual_nodes` nobody looks which nodes are on one machine, as in the papers: successors of a key may be. Of N
//!   machines, two of r copies share one with a probability below r·(r − 1)/2N; together they are no safer than one.
//!
//! # Cost
//!
//! Memory at N = 10⁶: 120 bytes of state, one vector of 8 successors, 3 predecessors and about 19 fingers (120), requests
//! outstanding (96): some 0.3 kB. A lookup under way (about 170) comes from a pool that all nodes share.
//!
//! Upkeep per node: `stabilize` 5 events in 20 s, `check_predecessor` 4 in 5 s,
//! `fix_fingers` about 17 lookups of 6 RPCs (2 events each) in 120 s: 2.8 events a second.

mod config;
mod lookup;
mod maintenance;
mod merge;
mod message;
#[cfg(test)]
mod published;
mod relay;
mod tables;
#[cfg(test)]
mod tests;

pub use self::config::{Answers, Config, Fingers, OnTimeout};
use self::lookup::{Goal, Lookup};
pub use self::message::Message;
use self::tables::{Query, Tables};
use crate::model::{Envelope, Key, Kind, Metric, NodeId, OpId};
use crate::overlay::{
    Context, HeapBytes, Notice, Ongoing, Period, Pool, Prefetch, Prefetches, Protocol, Recent, Relay, Roster, Routing,
    Rpcs, Rule, Shared, View, Walk,
};

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    Stabilize,
    FixFingers,
    CheckPredecessor,
    /// To look for another ring.
    Merge,
}

impl Timer {
    fn period(self, config: &Config) -> &Period {
        match self {
            Timer::Stabilize => &config.stabilize,
            Timer::FixFingers => &config.fix_fingers,
            Timer::CheckPredecessor => &config.check_predecessor,
            Timer::Merge => &config.merge_every,
        }
    }
}

/// What a request was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tag {
    /// The lookup of this number.
    Lookup(u16),
    Stabilize,
    CheckPredecessor,
    /// A candidate for the entry of this number in the finger table.
    Candidate(u8),
    /// A hop of a walk that passes through, or begins here: the relay of this number.
    Hop(u16),
}

/// The memory of lookups and of walks that are passed on, which all nodes share.
#[derive(Debug, Default)]
pub struct Spare {
    lookups: Pool<Lookup>,
    relays: Pool<Relay>,
}

/// One node: two cache lines.
#[derive(Clone, Debug, Default)]
pub struct Chord {
    tables: Tables,
    rpcs: Rpcs<Tag>,
    lookups: Ongoing<Lookup>,
    /// Walks that nobody has acknowledged yet.
    relays: Ongoing<Relay>,
    /// Where hops are acknowledged.
    recent: Option<Box<Recent>>,
    /// Of a lookup or a relay.
    last_lookup: u16,
    /// `fingers = "one"`: the entry to fix next.
    next_finger: u8,
    /// Rounds of stabilising in which it has yet to look for a ring that it may have lost.
    lost: u8,
    /// Members that it has yet to try, the last first.
    members: Vec<NodeId>,
    /// Whether the node has just joined, and looks all fingers up once.
    fills_fingers: bool,
    /// Until then the node answers nobody: it is not part of the ring.
    joined: bool,
    /// Whether the node has announced that it leaves: it answers, but keeps its place no longer.
    leaving: bool,
}

impl Protocol for Chord {
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Shared = Spare;

    const RULE: Rule<Chord> = Rule::Closest(Metric::Ring);

    const SUCCESSORS: Option<fn(&Chord) -> &[NodeId]> = Some(|node| node.tables.successors());

    const PREFETCH: Prefetch<Chord> = Prefetch::of();

    fn new(_config: &Config, _view: &View<'_>) -> Self {
        Chord::default()
    }

    fn start(&mut self, cx: &mut Context<'_, Self>, contact: Option<NodeId>) {
        self.join(cx, contact);
    }

    fn start_converged(&mut self, cx: &mut Context<'_, Self>, roster: &Roster) {
        self.tables = Tables::converged(&cx.view, cx.config, roster);
        self.joined = true;
        self.start_timers(cx);
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: &Envelope, message: Message) {
        if from.kind == Kind::Reply {
            self.on_reply(cx, from, message);
        } else if self.joined {
            self.on_request(cx, from, message);
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Timer) {
        if self.leaving {
            return;
        }
        let next = timer.period(cx.config).next(cx.noise);
        cx.set_timer(next, timer);
        match timer {
            Timer::Stabilize => {
                self.stabilize(cx);
                self.look_for_lost(cx);
            }
            Timer::Merge => cx.ask_members(),
            Timer::FixFingers => self.fix_fingers(cx),
            Timer::CheckPredecessor => self.check_predecessor(cx),
        }
    }

    fn on_timeout(&mut self, cx: &mut Context<'_, Self>) -> u32 {
        let mut timed_out = 0;
        while let Some(pending) = self.rpcs.expired(cx.now) {
            // Who is slow has been counted before.
            timed_out += u32::from(!pending.slow);
            match pending.tag {
                Tag::Lookup(number) if pending.slow => self.silent(cx, number, pending.to),
                Tag::Lookup(number) => self.unanswered(cx, number, pending),
                Tag::Hop(number) if pending.slow => self.hop_silent(cx, number),
                Tag::Hop(number) => self.hop_unanswered(cx, number, pending),
                tag => self.neighbour_unanswered(cx, tag, pending.to, pending.retries),
            }
        }
        self.rpcs.rearm_in(cx);
        timed_out
    }

    fn on_notice(&mut self, cx: &mut Context<'_, Self>, notice: Notice<'_>) {
        if let Notice::Members(members) = notice {
            self.found_members(cx, members);
        }
    }

    fn walk(&mut self, cx: &mut Context<'_, Self>, walk: Walk) {
        let Walk { op, target, record, count } = walk;
        self.look_up(cx, Goal::Operation(op), Query { target, record, count }, None);
    }

    fn cancel(&mut self, op: OpId) {
        self.drop_lookup(op);
    }

    fn leave(&mut self, cx: &mut Context<'_, Self>) {
        self.depart(cx);
        self.leaving = true;
        cx.left();
    }

    fn suspend(&mut self) {
        self.rpcs.clear();
        self.lookups.clear();
        self.relays.clear();
        self.fills_fingers = false;
        (self.lost, self.members) = (0, Vec::new());
        self.joined = false;
        self.leaving = false;
    }

    fn nearest(&self, _: &Self::Shared, view: &View<'_>, key: Key, count: usize, out: &mut Vec<NodeId>) {
        out.extend(self.tables.nearest(view, key, count));
    }

    fn contacts(&self, _: &Self::Shared, _: &View<'_>, out: &mut Vec<NodeId>) {
        let (tables, successors) = (&self.tables, self.tables.successors());
        out.extend(successors);
        out.extend(tables.predecessors().iter().filter(|node| !successors.contains(node)));
        out.extend(tables.fingers().iter().filter(|node| !tables.is_neighbour(**node)));
    }

    fn heap_bytes(&self) -> HeapBytes {
        let under_way = self.lookups.heap_bytes(Lookup::heap_bytes) + self.relays.heap_bytes(Relay::heap_bytes);
        let recent = self.recent.as_ref().map_or(0, |_| size_of::<Recent>());
        HeapBytes { tables: self.tables.heap_bytes(), rpc: self.rpcs.heap_bytes() + under_way + recent }
    }
}

impl Prefetches for Chord {
    fn prefetch(&self) {
        self.tables.prefetch();
        self.rpcs.prefetch();
        self.lookups.prefetch();
    }
}

impl Shared<Chord> for Spare {
    fn new(_config: &Config, _nodes: u32) -> Spare {
        Spare::default()
    }
}

impl Chord {
    fn on_request(&mut self, cx: &mut Context<'_, Self>, from: &Envelope, message: Message) {
        match message {
            Message::FindSuccessor { target, record, count, hops, excluded, dead } => {
                self.asked(cx, from, Query { target, record, count }, hops, (excluded, dead));
            }
            Message::Route { target, record, count, hops, requester, rpc, epoch } => {
                let answer_to = Envelope { from: requester, rpc, epoch, ..*from };
                self.routed(cx, from, Query { target, record, count }, hops, answer_to);
            }
            Message::GetNeighbours => {
                let successors = cx.lists.put(self.tables.successors().iter().map(|node| node.0));
                cx.reply(from, Message::Neighbours { predecessor: self.tables.predecessor(), successors });
            }
            Message::Notify { predecessors } => self.notify(cx, from.from, predecessors),
            Message::NewSuccessor { node } => self.new_successor(cx, node),
            Message::Nearer { node } => self.ask_nearer(cx, node),
            Message::Ping => cx.reply(from, Message::Pong),
            Message::SuccessorLeaves { successors } => self.successor_leaves(cx, from.from, successors),
            Message::PredecessorLeaves { predecessor } => self.predecessor_leaves(cx, from.from, predecessor),
            _ => unreachable!("{message:?} is an answer"),
        }
    }

    fn on_reply(&mut self, cx: &mut Context<'_, Self>, from: &Envelope, message: Message) {
        let answers_a_walk =
            matches!(message, Message::Responsible { .. } | Message::Holds { .. } | Message::Next { .. });
        let pending = match cx.config.routing {
            Routing::Recursive if answers_a_walk => self.rpcs.close_of(from.rpc, |tag| matches!(tag, Tag::Lookup(_))),
            _ => self.rpcs.close(from),
        };
        let asked_by_a_lookup =
            pending.filter(|pending| matches!(pending.tag, Tag::Lookup(_)) && pending.to == from.from);
        if let Some(pending) = asked_by_a_lookup.filter(|_| !cx.config.acknowledges()) {
            self.rpcs.learn(cx.now, cx.config.rpc_timeout, &pending);
        }
        match (pending.map(|pending| pending.tag), message) {
            (Some(Tag::Lookup(number)), message) if pending.is_some_and(|pending| pending.slow) => {
                self.answered_late(cx, number, from.from, message);
            }
            (Some(Tag::Lookup(number)), message) => self.answered(cx, number, from.from, message),
            (Some(Tag::Stabilize), Message::Neighbours { predecessor, successors }) => {
                self.stabilized(cx, from.from, predecessor, successors);
            }
            (Some(Tag::Candidate(interval)), Message::Pong) => self.answered_first(cx, interval, from.from),
            (Some(Tag::Hop(number)), Message::Received) => {
                self.acknowledged(cx, number, &pending.expect("it has a tag"))
            }
            (Some(Tag::CheckPredecessor), Message::Pong) | (None, _) => {}
            (Some(tag), message) => unreachable!("{message:?} answers no {tag:?}"),
        }
    }

    /// Successor, predecessor or a candidate for a finger did not answer.
    fn neighbour_unanswered(&mut self, cx: &mut Context<'_, Self>, tag: Tag, node: NodeId, retries: u8) {
        if retries < cx.config.retries {
            let message = if tag == Tag::Stabilize { Message::GetNeighbours } else { Message::Ping };
            return self.rpcs.call_again(cx, node, None, message, cx.config.rpc_timeout.longest(), tag, retries + 1);
        }
        let successor_failed = tag == Tag::Stabilize && self.tables.successor() == Some(node);
        self.forget(cx, node);
        if successor_failed {
            self.stabilize(cx);
        }
        if let Tag::Candidate(interval) = tag
            && !self.waits_for(tag)
        {
            self.fixed(cx, interval, None); // it was the last of them
        }
    }

    fn waits_for(&self, tag: Tag) -> bool {
        self.rpcs.outstanding().any(|pending| pending.tag == tag)
    }
}
