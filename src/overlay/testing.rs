//! A test bench for protocols: a small deterministic loop without network model, churn, storage or metrics.
//!
//! Every packet takes [`Bench::latency`], or what [`Bench::between`] says; a packet to a node that is down is lost. It exists so that a protocol's own
//! tests need no simulation, and is compiled for tests only.

use std::collections::BTreeMap;

use super::config::Config;
use super::context::{Change, Context, Effect, Effects, View};
use super::lists::Lists;
use super::protocol::{Contact, Protocol, Shared, Walk};
use super::roster::Roster;
use super::rule::{Rule, Spreading};
use super::wire::Wire;
use crate::engine::{Duration, Noise, Source, Time};
use crate::model::{Cached, Cause, Envelope, Held, Key, Kind, NodeId, OpId, Passed, Reachability, RecordId, Version};

/// How a walk ended, and what it took.
#[derive(Clone, Debug, PartialEq)]
pub struct Walked {
    pub end: End,
    pub rpcs: u32,
    pub timeouts: u32,
    pub took: Duration,
}

#[derive(Clone, Debug, PartialEq)]
pub enum End {
    Found(Vec<Contact>),
    FoundRecord(Contact, Version),
    GaveUp(Cause),
    Spread,
}

enum Event<P: Protocol> {
    Arrival { to: NodeId, envelope: Envelope, message: P::Message },
    Timer { node: NodeId, epoch: u16, timer: P::Timer },
    Timeout { node: NodeId, epoch: u16 },
}

/// All nodes of one protocol and what is in flight between them.
pub struct Bench<P: Protocol> {
    pub config: P::Config,
    pub shared: P::Shared,
    pub now: Time,
    pub latency: Duration,
    /// The time between two nodes, where it is not the same for all.
    pub between: Option<fn(NodeId, NodeId) -> Duration>,
    pub keys: Vec<Key>,
    pub nodes: Vec<P>,
    pub up: Vec<bool>,
    pub joined: Vec<bool>,
    pub epochs: Vec<u16>,
    pub reachable: Vec<Reachability>,
    pub held: Vec<Vec<Held>>,
    /// And what cached copies.
    pub cached: Vec<Vec<Cached>>,
    /// Nodes that lookups of records have passed.
    pub passed: Vec<Passed>,
    /// Bytes of every record.
    pub sizes: Vec<u32>,
    /// Nodes that stored an operation's value (full table), in order.
    pub stored: Vec<NodeId>,
    /// Packets sent, and lost because their receiver was down or its session had passed.
    pub sent: u64,
    pub lost: u64,
    /// What each node reported of its surroundings, in order.
    pub changes: Vec<(NodeId, NodeId, Change)>,
    pub lists: Lists,
    noise: Vec<Noise>,
    queue: BTreeMap<(Time, u64), Event<P>>,
    created: u64,
    walks: BTreeMap<OpId, (Time, u32, u32)>,
    ended: BTreeMap<OpId, Walked>,
    last_op: u32,
}

impl<P: Protocol> Bench<P> {
    /// `count` nodes with random keys, all down.
    pub fn new(config: P::Config, count: u32, seed: u64) -> Bench<P> {
        let mut random = Noise::new(seed);
        let keys: Vec<Key> = (0..count).map(|_| Key(random.next_u64())).collect();
        Bench::with_keys(config, keys, seed)
    }

    /// Nodes with the given keys, all down.
    pub fn with_keys(config: P::Config, keys: Vec<Key>, seed: u64) -> Bench<P> {
        let count = keys.len();
        let nodes = (0..count).map(|node| P::new(&config, &View::new(NodeId(node as u32), &keys))).collect();
        Bench {
            shared: P::Shared::new(&config, count as u32),
            lists: Lists::new(config.longest_list()),
            now: Time::ZERO,
            latency: Duration::from_millis(50),
            between: None,
            nodes,
            up: vec![false; count],
            joined: vec![false; count],
            epochs: vec![0; count],
            reachable: vec![Reachability::Yes; count],
            held: vec![Vec::new(); count],
            cached: vec![Vec::new(); count],
            passed: Vec::new(),
            sizes: vec![1024; 64],
            stored: Vec::new(),
            sent: 0,
            lost: 0,
            changes: Vec::new(),
            noise: (0..count).map(|node| Noise::new(seed ^ (node as u64 + 1) << 32)).collect(),
            queue: BTreeMap::new(),
            created: 0,
            walks: BTreeMap::new(),
            ended: BTreeMap::new(),
            last_op: 0,
            config,
            keys,
        }
    }

    /// Brings all nodes up with converged tables.
    pub fn start_converged(&mut self) {
        let members = self.keys.iter().enumerate().map(|(node, &key)| (key, NodeId(node as u32))).collect();
        let roster = Roster::new(members);
        for node in (0..self.keys.len()).map(|node| NodeId(node as u32)) {
            self.up[node.index()] = true;
            self.joined[node.index()] = true;
            self.with(node, |overlay, cx| overlay.start_converged(cx, &roster));
        }
    }

    /// Brings a node up that joins through `contact`.
    pub fn start(&mut self, node: NodeId, contact: Option<NodeId>) {
        self.up[node.index()] = true;
        self.with(node, |overlay, cx| overlay.start(cx, contact));
    }

    /// Takes a node down without notice.
    pub fn crash(&mut self, node: NodeId) {
        self.up[node.index()] = false;
        self.joined[node.index()] = false;
        self.epochs[node.index()] += 1;
        self.nodes[node.index()].suspend();
    }

    /// Takes a node down with notice.
    pub fn leave(&mut self, node: NodeId) {
        self.with(node, |overlay, cx| overlay.leave(cx));
        self.crash(node);
    }

    /// Starts a walk for the `count` nodes responsible for `target`, or for a record.
    pub fn begin(&mut self, from: NodeId, target: Key, record: Option<RecordId>, count: u8) -> OpId {
        let op = self.next_op();
        self.with(from, |overlay, cx| overlay.walk(cx, Walk { op, target, record, count }));
        op
    }

    /// Starts spreading a record's version (full table).
    pub fn spread(&mut self, from: NodeId, record: RecordId, version: Version) -> OpId {
        let op = self.next_op();
        let Rule::Everyone(_, Spreading { spread, .. }) = P::RULE else { panic!("records are not spread") };
        self.with(from, |overlay, cx| spread(overlay, cx, op, record, version));
        op
    }

    /// Runs until the operation has ended; panics after an hour.
    pub fn finish(&mut self, op: OpId) -> Walked {
        let limit = self.now + Duration::from_secs(3600);
        while !self.ended.contains_key(&op) {
            assert!(self.now < limit && self.step(), "the operation never ended");
        }
        self.ended.remove(&op).expect("it ended")
    }

    /// Walks to the end.
    pub fn walk(&mut self, from: NodeId, target: Key, record: Option<RecordId>, count: u8) -> Walked {
        let op = self.begin(from, target, record, count);
        self.finish(op)
    }

    /// Runs for this long.
    pub fn run_for(&mut self, length: Duration) {
        let until = self.now + length;
        while self.queue.first_key_value().is_some_and(|((at, _), _)| *at <= until) {
            self.step();
        }
        self.now = until;
    }

    /// Calls a handler of `node` and applies its effects.
    pub fn with(&mut self, node: NodeId, handler: impl FnOnce(&mut P, &mut Context<'_, P>)) {
        let mut effects = Effects::default();
        let mut cx = Context {
            now: self.now,
            view: View::new(node, &self.keys),
            config: &self.config,
            shared: &mut self.shared,
            noise: &mut self.noise[node.index()],
            lists: &mut self.lists,
            held: &self.held[node.index()],
            cached: &self.cached[node.index()],
            caches: true,
            sizes: &self.sizes,
            wire: &Wire::P2PSIM,
            reachable: self.reachable[node.index()],
            epoch: self.epochs[node.index()],
            effects: &mut effects,
        };
        handler(&mut self.nodes[node.index()], &mut cx);
        for effect in effects.list {
            self.apply(node, effect, &effects.answers);
        }
    }

    fn apply(&mut self, node: NodeId, effect: Effect<P::Message, P::Timer>, answers: &[Contact]) {
        let epoch = self.epochs[node.index()];
        match effect {
            Effect::Send { to, envelope, message } => {
                self.sent += 1;
                if envelope.kind == Kind::Request
                    && let Some((_, rpcs, _)) = envelope.op.and_then(|op| self.walks.get_mut(&op))
                {
                    *rpcs += 1;
                }
                let way = self.between.map_or(self.latency, |between| between(node, to));
                self.push(self.now + way, Event::Arrival { to, envelope, message });
            }
            Effect::Timer { at, timer } => self.push(at, Event::Timer { node, epoch, timer }),
            Effect::TimeoutTimer { at } => self.push(at, Event::Timeout { node, epoch }),
            Effect::Joined => self.joined[node.index()] = true,
            Effect::JoinedAsClient => {}
            Effect::Left => self.joined[node.index()] = false,
            Effect::JoinFailed => panic!("{node} failed to join: the bench has no retries"),
            Effect::Found { op, first, count } => {
                let answers = answers[first as usize..(first + count) as usize].to_vec();
                self.end(op, End::Found(answers));
            }
            Effect::FoundRecord { op, holder, answer } => self.end(op, End::FoundRecord(holder, answer.version)),
            Effect::Passed { passed, .. } => self.passed.push(passed),
            Effect::Gave { .. } | Effect::AskMembers => {}
            Effect::GiveUp { op, cause } => self.end(op, End::GaveUp(cause)),
            Effect::TimedOut { op } => {
                if let Some((_, _, timeouts)) = self.walks.get_mut(&op) {
                    *timeouts += 1;
                }
            }
            Effect::Neighbour { node: other, change } => self.changes.push((node, other, change)),
            Effect::Stored { .. } => self.stored.push(node),
            Effect::Spread { op } => self.end(op, End::Spread),
        }
    }

    fn end(&mut self, op: OpId, end: End) {
        let (began, rpcs, timeouts) = self.walks.remove(&op).expect("an operation ends once");
        let took = self.now.since(began);
        self.ended.insert(op, Walked { end, rpcs, timeouts, took });
    }

    fn next_op(&mut self) -> OpId {
        self.last_op += 1;
        let op = OpId::new(self.last_op, 0);
        self.walks.insert(op, (self.now, 0, 0));
        op
    }

    fn push(&mut self, at: Time, event: Event<P>) {
        self.created += 1;
        self.queue.insert((at, self.created), event);
    }

    /// Runs one event; false if there is none.
    fn step(&mut self) -> bool {
        let Some(((at, _), event)) = self.queue.pop_first() else { return false };
        self.now = at;
        match event {
            Event::Arrival { to, envelope, message } => {
                let current = self.epochs[to.index()] == envelope.epoch;
                if self.up[to.index()] && (envelope.kind != Kind::Reply || current) {
                    self.with(to, |overlay, cx| overlay.on_message(cx, &envelope, message));
                } else {
                    self.lost += 1;
                }
                if let Some(list) = super::message::Payload::list(&message) {
                    self.lists.free(list);
                }
            }
            Event::Timer { node, epoch, timer } if epoch == self.epochs[node.index()] => {
                self.with(node, |overlay, cx| overlay.on_timer(cx, timer));
            }
            Event::Timeout { node, epoch } if epoch == self.epochs[node.index()] => {
                self.with(node, |overlay, cx| {
                    overlay.on_timeout(cx);
                });
            }
            Event::Timer { .. } | Event::Timeout { .. } => {}
        }
        true
    }
}
