//! One node whose handlers are called, and the effects that they leave.

mod dials;
mod links;
mod reachability;
mod relays;

use super::links::{Link, Path};
use super::*;
use crate::engine::{Duration, Noise, Streams, Time};
use crate::model::{Envelope, Kind, LinkEvent, NodeId, Traffic};
use crate::network::{NatClass, NatPlan, Nats, Shares, Wire as Transport};
use crate::overlay::Wire;

/// Node under test, and some others.
const ME: NodeId = NodeId(0);
const PEER: NodeId = NodeId(1);
const RENDEZVOUS: NodeId = NodeId(2);
const OTHER: NodeId = NodeId(3);
const MACHINES: u32 = 100;

pub(super) const SETTINGS: Connections = Connections {
    dial_timeout: Duration::from_secs(5),
    keep_alive: Some(Duration::from_secs(25)),
    idle_close: Some(Duration::from_secs(60)),
    limit: None,
    reversal: true,
    punching: true,
    relays: Some(Relays { reservations: 2, connections: 1, rate: 8_000.0, lifetime: Duration::from_secs(120) }),
};

/// Packet of an overlay with a number, or a signal.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Letter {
    to: NodeId,
    envelope: Envelope,
    body: Result<Signal, u32>,
}

impl Packet for Letter {
    fn from_signal(to: NodeId, envelope: Envelope, signal: Signal) -> Letter {
        Letter { to, envelope, body: Ok(signal) }
    }

    fn to(&self) -> NodeId {
        self.to
    }

    fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    fn with_envelope(self, envelope: Envelope) -> Letter {
        Letter { envelope, ..self }
    }

    fn signal(&self) -> Option<Signal> {
        self.body.ok()
    }
}

/// Letter number `number` of `bytes` from one node to another.
fn letter(from: NodeId, to: NodeId, number: u32, bytes: u32) -> Letter {
    let (kind, traffic) = (Kind::Notice, Traffic::Lookup);
    let envelope =
        Envelope { from, op: None, bytes, rpc: 0, epoch: 0, kind, traffic, for_others: false, client: false };
    Letter { to, envelope, body: Err(number) }
}

fn at(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

/// Boxes of one machine of this class and open ones.
fn nats(class: NatClass) -> Nats {
    let one_hot = |class: NatClass| NatClass::ALL.map(|other| f64::from(u8::from(other == class)));
    let (mine, open): (Shares, Shares) = (one_hot(class), one_hot(NatClass::Open));
    let lifetimes = [NatPlan::LIFETIME; 7];
    let (regions, carrier, sessions) = (Vec::new(), None, NatPlan::SESSIONS);
    let plan = NatPlan { shares: open, regions, lifetimes, carrier, sessions };
    let shares: Vec<&Shares> = (0..MACHINES).map(|machine| if machine == ME.0 { &mine } else { &open }).collect();
    Nats::new(&plan, &Streams::new(1), &shares, 0)
}

/// One node with all that its handlers read.
struct Bench {
    now: Time,
    settings: Connections,
    nats: Nats,
    peerstores: Peerstores,
    finds_out: bool,
    noise: Noise,
    enclosed: Slab<Enclosed<Letter>>,
    due: Vec<NodeId>,
    node: Node<Letter>,
}

impl Bench {
    /// Node behind a box of this class, which has found out whether it can be dialled.
    fn new(class: NatClass) -> Bench {
        let mut connectivity = Connectivity::new(SETTINGS, true, 1);
        connectivity.begin_reachability(ME, class);
        Bench {
            now: at(1000),
            settings: SETTINGS,
            nats: nats(class),
            peerstores: Peerstores::new(MACHINES, 26),
            finds_out: true,
            noise: Noise::new(1),
            enclosed: Slab::default(),
            due: Vec::new(),
            node: connectivity.nodes.remove(0),
        }
    }

    /// Node that does not know whether it can be dialled.
    fn ignorant(class: NatClass) -> Bench {
        Bench { node: Node::default(), ..Bench::new(class) }
    }

    /// Node whose peer announces a rendezvous, to which the node has a link.
    fn towards_undialable(class: NatClass) -> Bench {
        let mut bench = Bench::new(class);
        bench.announces(PEER, RENDEZVOUS);
        bench.link(RENDEZVOUS, false);
        bench
    }

    /// Lets the node know that a peer announces a rendezvous.
    fn announces(&mut self, peer: NodeId, rendezvous: NodeId) {
        let address = PeerAddress { port: 7, rendezvous: Some(rendezvous) };
        self.peerstores.observe(self.now, ME, peer, address);
    }

    /// Adds a link.
    fn link(&mut self, peer: NodeId, outbound: bool) {
        self.node.links.open(Link::new(peer, Path::Dialled, outbound, self.now));
    }

    /// Calls a handler. Gives what it returns, and its effects as [`Bench::apply`] leaves them.
    fn ask<T>(
        &mut self,
        handler: impl FnOnce(&mut Node<Letter>, &mut Context<'_, Letter>) -> T,
    ) -> (T, Vec<Effect<Letter>>) {
        let mut effects = Vec::new();
        let mut cx = Context {
            now: self.now,
            me: ME,
            epoch: 0,
            settings: &self.settings,
            wire: &Wire::P2PSIM,
            largest: 10_000,
            finds_out: self.finds_out,
            is_server: false,
            nats: Some(&self.nats),
            peerstores: Some(&self.peerstores),
            noise: &mut self.noise,
            enclosed: &mut self.enclosed,
            due: &mut self.due,
            effects: &mut effects,
        };
        let result = handler(&mut self.node, &mut cx);
        (result, self.apply(effects))
    }

    /// Sets timers and goes on with tasks. Gives the other effects, and those of the tasks in their place.
    fn apply(&mut self, effects: Vec<Effect<Letter>>) -> Vec<Effect<Letter>> {
        let mut seen = Vec::new();
        for effect in effects {
            match effect {
                Effect::Timer { at } => {
                    self.node.sets_timer(at);
                }
                Effect::Then(task) => seen.extend(self.go_on(task)),
                Effect::Announce { rendezvous } => {
                    self.peerstores.announce(ME, rendezvous);
                    seen.push(effect);
                }
                _ => seen.push(effect),
            }
        }
        seen
    }

    fn go_on(&mut self, task: Task) -> Vec<Effect<Letter>> {
        self.call(|node, cx| node.go_on(cx, task))
    }

    fn call(&mut self, handler: impl FnOnce(&mut Node<Letter>, &mut Context<'_, Letter>)) -> Vec<Effect<Letter>> {
        self.ask(handler).1
    }

    /// Signal that comes from another node.
    fn gets(&mut self, from: NodeId, signal: Signal) -> Vec<Effect<Letter>> {
        self.node.links.hear(self.now, from, !signal.keeps_alive());
        self.call(|node, cx| node.on_signal(cx, from, signal))
    }

    /// Message that comes from a node through a rendezvous.
    fn is_told(&mut self, by: NodeId, from: NodeId, message: RendezvousMessage) -> Vec<Effect<Letter>> {
        self.gets(by, Signal::Passed { from, message })
    }

    /// Letter to a node.
    fn sends(&mut self, letter: Letter) -> Vec<Effect<Letter>> {
        self.call(|node, cx| {
            let route = node.route(cx.now, &letter);
            node.send_by(cx, route, letter);
        })
    }

    /// Effects when a timer fires so many seconds from now.
    fn after(&mut self, seconds: u64) -> Vec<Effect<Letter>> {
        self.now += Duration::from_secs(seconds);
        self.call(Node::on_timer)
    }

    /// Sends something to a stranger, whose packets prove nothing from then on.
    fn invites(&mut self, stranger: NodeId) {
        let to = self.nats.unmapped(stranger.0);
        self.nats.depart(self.now, ME.0, to, Transport::Stream).expect("streams leave");
    }
}

/// Signals that are sent, with their receivers.
fn said(effects: &[Effect<Letter>]) -> Vec<(NodeId, Signal)> {
    let sent = effects.iter().filter_map(|effect| if let Effect::Send(letter) = effect { Some(letter) } else { None });
    sent.filter_map(|letter| Some((letter.to, letter.signal()?))).collect()
}

/// Letters that are sent, by their numbers.
fn sent(effects: &[Effect<Letter>]) -> Vec<u32> {
    let numbers = effects.iter().map(|effect| if let Effect::Send(letter) = effect { letter.body.err() } else { None });
    numbers.flatten().collect()
}

/// Events that an observer is told.
fn events(effects: &[Effect<Letter>]) -> Vec<LinkEvent> {
    let observed = |effect: &Effect<Letter>| if let Effect::Observe(event) = effect { Some(*event) } else { None };
    effects.iter().filter_map(observed).collect()
}
