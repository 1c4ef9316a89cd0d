//! Kademlia (Maymounkov & Mazières, IPTPS 2002): XOR metric, k-buckets, α-parallel iterative lookups.
//!
//! Every message makes its sender the most recently seen contact of its bucket; so a node learns its contacts from the
//! traffic it takes part in, and maintenance is little more than looking up a random key now and then.
//!
//! # Departures from the paper
//!
//! * Recursive lookups (`recursive`) and a preference for near contacts (`nearby`) are options that the paper does not have.
//! * Identifiers have 64 bits; b = 1 (§4.2's acceleration is left out).
//! * A full bucket is not pinged for each newcomer (§2.2): the newcomer waits in a replacement cache, and takes over when
//!   a contact does not answer (§4.1). One time-out is enough. With nobody waiting, the contact stays *flagged* (§4.1):
//!   nobody is told of it, operations do not start with it (unless there is nobody else), refreshes still do, so that
//!   it is found to be back.
//! * Requests of a lookup are not sent in rounds, and slow nodes are passed over after a time that follows the node's own round trips
//!   where these are long: see [`crate::overlay::lookup`] and [`Config::soft_timeout`]. A lookup may end before all of the k nearest have
//!   answered ([`Config::ends`]); a join never does, and with k = 1 asks two.
//! * Buckets are the intervals of §2.2 (one for each number of shared leading bits), not the tree of §2.4.
//! * The contact to join through enters its bucket when it answers, like everyone; a reply leaves out who asked. Who has not joined
//!   answers as soon as somebody has answered its join.
//! * Where tables hold only nodes that strangers can dial (`tables = "dialable"`, as libp2p's client and server modes), the
//!   others ask but answer nothing, and are responsible for no key; a node is one of them until it knows better.
//! * Nobody is told that a node leaves, unless `farewell`: the protocol has no message for it.
//! * Republishing (§2.5) and what becomes of cached copies are matters of storage, not of the overlay.
//!
//! # Joined and converged tables
//!
//! A converged start fills each bucket with random members of its range. Joining does not: the refresh of a large range
//! leaves the k nodes nearest to *one* random key in the bucket, and nodes that joined early are known to more than
//! those that joined late. Joined tables therefore cost about 0.3 hops more (N = 1000) as long as nobody leaves; under
//! churn both starts meet within a few hours, near the figure of the joined one.
//!
//! # Cost
//!
//! A lookup is about 13 RPCs at k = 8 and 23 at k = 20 (N = 10⁴), each an arrival at both ends. Refresh: log₂N + 1
//! lookups an hour and node without other traffic, 0.1 RPCs a second at k = 20. Memory at k = 20 and N = 10⁶: 2.2 kB of
//! tables (see `buckets`), 0.2 kB of the node and its RPC bookkeeping. A lookup under way, about 2 kB, comes from a pool that
//! all nodes share ([`crate::overlay::ongoing`]), so that idle nodes keep none.

mod answers;
mod buckets;
mod clients;
mod config;
mod message;
mod nearby;
mod recursive;
mod search;
mod silent;
#[cfg(test)]
mod tests;
mod upkeep;

use self::buckets::Buckets;
pub use self::config::{Config, Ends, Enters, Tables};
pub use self::message::Message;
use self::search::{Purpose, Search};
use self::upkeep::Notes;
use crate::model::{Envelope, Key, Kind, Metric, NodeId, OpId};
use crate::overlay::context::{Context, View};
use crate::overlay::lookup::{Aim, Lookup, MOST_NAMED, Step};
use crate::overlay::ongoing::{Ongoing, Pool, Task};
use crate::overlay::protocol::{Contact, HeapBytes, Notice, Prefetch, Prefetches, Protocol, Shared, Walk};
use crate::overlay::rpc::Rpcs;
use crate::overlay::rule::Rule;
use crate::overlay::{Roster, Routing, Timeout};

/// What a node sets its timer for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// A bucket may be due for a refresh.
    Refresh,
    /// Contacts that have been silent for long are to be asked whether they are there.
    Revalidate,
}

/// Memory that all nodes share, so that the steady state allocates nothing: finished lookups and scratch lists.
#[derive(Debug, Default)]
pub struct Spare {
    searches: Pool<Search>,
    closest: Vec<NodeId>,
    nearest: Vec<NodeId>,
    answer: Vec<Contact>,
}

/// How far a node is in its session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// Outside: the node seeks a way in.
    #[default]
    Outside,
    /// Member: the node has joined, as a client or not.
    Member,
    /// Leaving: the node has announced it; it answers, and looks nothing up by itself.
    Leaving,
}

/// The state of one node: two cache lines.
#[derive(Clone, Debug, Default)]
#[repr(align(64))]
pub struct Kademlia {
    buckets: Buckets,
    /// Few: one of its own upkeep at most, and one for each operation under way. Once the node has joined, either one
    /// of them is a refresh or the refresh timer is set.
    searches: Ongoing<Search>,
    last_search: u32,
    /// Client mode: the node only asks, where tables hold dialable nodes and this one is not dialable, or does not know.
    client: bool,
    stage: Stage,
    /// Outstanding requests, with the number of their search.
    rpcs: Rpcs<u32>,
    /// Where an option needs it only.
    notes: Option<Box<Notes>>,
}

type Cx<'a> = Context<'a, Kademlia>;

impl Kademlia {
    /// Starts a lookup from the k nearest contacts, and from `contact` whom the tables may not know.
    fn search(&mut self, cx: &mut Cx<'_>, purpose: Purpose, target: Key, contact: Option<NodeId>) {
        let Config { k, alpha, refresh, .. } = *cx.config;
        // Of its own key the node itself is the nearest: somebody else is to answer.
        let k = if purpose == Purpose::Join { (k as usize).max(2) } else { k as usize };
        self.buckets.looked_up(Buckets::index(&cx.view, target), cx.now + refresh);
        let closest = &mut cx.shared.closest;
        let upkeep = !matches!(purpose, Purpose::Walk(_));
        self.buckets.closest(&cx.view, target, k, upkeep, None, closest);
        if closest.is_empty() && contact.is_none() {
            self.buckets.closest(&cx.view, target, k, true, None, closest);
        }
        let mut search = cx.shared.searches.take();
        let routed = !upkeep && cx.config.routing == Routing::Recursive;
        let alpha = if routed { 1 } else { alpha as usize };
        let count = if let Purpose::Walk(walk) = purpose { usize::from(walk.count) } else { k };
        let answered = if routed || purpose == Purpose::Join { k } else { cx.config.wanted(count) };
        let patient = if cx.config.rpc_timeout == Timeout::Adaptive { count.min(answered) } else { 0 };
        let (widen, rounds) = (cx.config.widen && !routed, cx.config.rounds && !routed && purpose != Purpose::Join);
        let aim = Aim { target, metric: Metric::Xor, k, answered, alpha, widen, patient, rounds };
        closest.extend(contact);
        search.lookup.begin(aim, cx.view.me, closest, |node| cx.view.key(node));
        self.last_search = self.last_search.wrapping_add(1);
        (search.number, search.routed, search.purpose) = (self.last_search, routed, purpose);
        self.advance(cx, search);
    }

    /// Asks whom a search wants asked, and ends it if it is finished.
    fn advance(&mut self, cx: &mut Cx<'_>, mut search: Task<Search>) {
        let message = search.question();
        loop {
            match search.lookup.step() {
                Step::Ask(node) if search.routed => {
                    self.set_out(cx, &search, node);
                    return self.searches.push(search);
                }
                Step::Ask(node) => {
                    let timeout = self.rpcs.timeout(cx.config.rpc_timeout);
                    let timeout = self.soft_timeout(cx).map_or(timeout, |soft| soft.min(timeout));
                    self.rpcs.call(cx, node, search.op(), message, timeout, search.number);
                    if search.lookup.is_full() {
                        return self.searches.push(search);
                    }
                }
                Step::Wait => return self.searches.push(search),
                Step::Finished => return self.finished(cx, search),
            }
        }
    }

    /// As many of the nearest nodes known have answered as were wanted, or everybody failed.
    fn finished(&mut self, cx: &mut Cx<'_>, search: Task<Search>) {
        let purpose = search.purpose;
        let answered = search.lookup.answers() > 0;
        if let Purpose::Walk(walk) = purpose {
            self.report(cx, &walk, &search.lookup);
        }
        cx.shared.searches.give(search);
        match purpose {
            Purpose::Walk(_) => {}
            Purpose::Join if !answered => cx.join_failed(),
            Purpose::Join => {
                self.enter(cx);
                self.buckets.refresh_far(cx.now);
                self.refresh(cx);
            }
            Purpose::Refresh => self.refresh(cx),
            Purpose::Relay => unreachable!("it asks nobody"),
        }
    }

    /// Looks up a random key in the bucket that waits longest, one after another; sets the timer when none is due.
    fn refresh(&mut self, cx: &mut Cx<'_>) {
        match self.buckets.next_due() {
            Some((index, due)) if due <= cx.now => {
                let key = Buckets::random_key(&cx.view, index, cx.noise);
                self.search(cx, Purpose::Refresh, key, None);
            }
            Some((_, due)) => cx.set_timer(due - cx.now, Timer::Refresh),
            None => cx.set_timer(cx.config.refresh, Timer::Refresh),
        }
    }

    /// `from` answered a request: takes out the search that it belongs to; `None` if that was not awaited any more, or its
    /// search is over.
    fn awaiting(&mut self, cx: &Cx<'_>, reply: &Envelope) -> Option<Task<Search>> {
        let pending = self.rpcs.close(reply)?;
        let measures = cx.config.soft_timeout.0.is_some() || cx.config.acknowledges();
        if measures || cx.config.rpc_timeout == Timeout::Adaptive {
            self.rpcs.measured(cx.now, &pending);
        }
        if cx.config.proximity > 1 {
            self.note_round_trip(pending.to, pending.waited(cx.now));
        }
        self.take_search(pending.tag)
    }

    fn take_search(&mut self, number: u32) -> Option<Task<Search>> {
        self.searches.take(|search| search.number == number)
    }
}

impl Protocol for Kademlia {
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Shared = Spare;

    const RULE: Rule<Kademlia> = Rule::Closest(Metric::Xor);

    const MOST_NODES: u32 = MOST_NAMED;

    const PREFETCH: Prefetch<Kademlia> = Prefetch::of();

    fn new(_config: &Config, _view: &View<'_>) -> Self {
        Kademlia::default()
    }

    /// §2.3: looks up its own key through the contact, and then refreshes the buckets farther away than its nearest
    /// neighbour. A returning node asks the contacts that it remembers, too.
    fn start(&mut self, cx: &mut Cx<'_>, contact: Option<NodeId>) {
        if contact.is_some() {
            self.search(cx, Purpose::Join, cx.my_key(), contact);
        } else {
            self.enter(cx);
            self.refresh(cx);
        }
    }

    fn start_converged(&mut self, cx: &mut Cx<'_>, roster: &Roster) {
        (self.client, self.stage) = (Kademlia::is_client(cx), Stage::Member);
        self.buckets.fill(cx.config, &cx.view, roster, cx.now, cx.noise);
        self.revalidate_later(cx);
        self.refresh(cx);
    }

    fn on_message(&mut self, cx: &mut Cx<'_>, from: &Envelope, message: Message) {
        self.seen(cx, from);
        match message {
            Message::Find { target, record } => {
                debug_assert_eq!(from.kind, Kind::Request);
                self.answer(cx, from, target, record);
            }
            Message::Nodes { nearest, sibling } => self.named(cx, from, nearest, sibling),
            Message::Value { answer, .. } => self.found_value(cx, from, answer),
            Message::Ping => cx.reply(from, Message::Pong),
            Message::Pong => drop(self.awaiting(cx, from)),
            Message::Farewell => self.drop_contact(cx, from.from),
            Message::Route { target, record, count, hops, requester, rpc, epoch } => {
                let request = Envelope { from: requester, rpc, epoch, ..*from };
                self.routed(cx, from, (target, record, count), hops, request);
            }
            Message::Received => self.acknowledged(cx, from),
            Message::Responsible { nodes, hops } => self.responsible(cx, from, nodes, hops),
            Message::Holds { answer, hops, .. } => self.held(cx, from, answer, hops),
        }
    }

    fn on_timer(&mut self, cx: &mut Cx<'_>, timer: Timer) {
        if self.stage == Stage::Leaving {
            return;
        }
        match timer {
            Timer::Refresh => self.refresh(cx),
            Timer::Revalidate => self.revalidate(cx),
        }
    }

    fn on_timeout(&mut self, cx: &mut Cx<'_>) -> u32 {
        let mut count = 0;
        while let Some(pending) = self.rpcs.expired(cx.now) {
            count += u32::from(!self.is_slow(cx, pending));
        }
        self.rpcs.rearm_in(cx);
        count
    }

    fn on_notice(&mut self, cx: &mut Cx<'_>, notice: Notice<'_>) {
        if notice == Notice::Reachability {
            self.serve(cx);
        }
    }

    fn walk(&mut self, cx: &mut Cx<'_>, walk: Walk) {
        match cx.config.routing {
            Routing::Iterative => {
                if cx.config.ends != Ends::Sibling || !self.knows_the_end(cx, &walk) {
                    self.search(cx, Purpose::Walk(walk), walk.target, None);
                }
            }
            Routing::Recursive => self.send_off(cx, walk),
        }
    }

    fn cancel(&mut self, op: OpId) {
        let Some(search) = self.searches.take(|search| search.op() == Some(op)) else { return };
        if search.routed {
            // Else its time-out would be held against the first hop.
            self.rpcs.retain(|pending| pending.tag != search.number);
        }
    }

    /// Kademlia has no word for it: the others find out by a time-out, unless `farewell`.
    fn leave(&mut self, cx: &mut Cx<'_>) {
        if cx.config.farewell {
            self.say_farewell(cx);
            self.stage = Stage::Leaving;
            cx.left();
        }
    }

    fn suspend(&mut self) {
        self.stage = Stage::Outside;
        self.forget_failures();
        self.searches.clear();
        self.rpcs.clear();
    }

    fn nearest(&self, _: &Self::Shared, view: &View<'_>, key: Key, count: usize, out: &mut Vec<NodeId>) {
        self.buckets.nearest(view, key, count, !self.client, out);
    }

    /// Flagged contacts and replacements are not counted: neither is used to route.
    fn contacts(&self, _: &Self::Shared, _: &View<'_>, out: &mut Vec<NodeId>) {
        out.extend(self.buckets.iter());
    }

    fn heap_bytes(&self) -> HeapBytes {
        let notes = self.notes.as_ref().map_or(0, |notes| notes.heap_bytes());
        let searches = self.searches.heap_bytes(|search| search.lookup.heap_bytes());
        HeapBytes { tables: self.buckets.heap_bytes() + notes, rpc: self.rpcs.heap_bytes() + searches }
    }
}

impl Prefetches for Kademlia {
    fn prefetch(&self) {
        self.buckets.prefetch();
        self.rpcs.prefetch();
        self.searches.prefetch();
    }

    fn prefetch_for(&self, view: &View<'_>, from: &Envelope, message: &Message) {
        self.buckets.prefetch_around(view, view.key(from.from));
        match message {
            Message::Find { target, .. } | Message::Route { target, .. } => self.buckets.prefetch_near(view, *target),
            Message::Nodes { .. } => self.searches.iter().take(8).for_each(|search| search.lookup.prefetch()),
            _ => {}
        }
    }
}

impl Shared<Kademlia> for Spare {
    fn new(_config: &Config, _nodes: u32) -> Spare {
        Spare::default()
    }
}
