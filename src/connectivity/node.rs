//! Connectivity of one node: its handlers for signals and timers, and the opening and closing of links.

use super::context::{Context, Effect, Packet, Task};
use super::dial::{Dial, Method, Opened};
use super::links::{Due, Link, Links, Path};
use super::reachability::Autonat;
use super::relay::Relay;
use super::signal::Signal;
use crate::engine::{Time, prefetch};
use crate::model::{Envelope, Kind, LinkEvent, NodeId, Traffic};

/// State of one node's connections. The first cache line holds what every packet touches.
#[derive(Debug)]
#[repr(C, align(64))]
pub struct Node<P> {
    pub(super) links: Links,
    /// Time of the timer; `NEVER` if none is set.
    timer: Time,
    pub(super) dials: Vec<Dial<P>>,
    pub(super) autonat: Autonat,
    pub(super) relay: Relay,
}

impl<P> Default for Node<P> {
    fn default() -> Self {
        let (links, relay, autonat) = (Links::default(), Relay::default(), Autonat::default());
        Node { links, timer: Time::NEVER, dials: Vec::new(), autonat, relay }
    }
}

impl<P> Node<P> {
    /// Whether there is a link to a peer.
    pub fn has_link(&self, peer: NodeId) -> bool {
        self.links.get(peer).is_some()
    }

    /// Rendezvous to which the node keeps a link.
    pub fn rendezvous(&self) -> Option<NodeId> {
        self.autonat.rendezvous
    }

    /// Sets the timer to `at`, if it is not set to an earlier time. Gives whether it was set.
    pub fn sets_timer(&mut self, at: Time) -> bool {
        let is_earlier = at < self.timer;
        self.timer = self.timer.min(at);
        is_earlier
    }

    /// Packets that waited for a link when the machine went offline and forgot all its connections.
    pub fn go_offline(&mut self) -> impl Iterator<Item = P> + use<P> {
        std::mem::take(self).dials.into_iter().flat_map(|dial| dial.waiting)
    }

    pub(super) fn dial(&mut self, peer: NodeId) -> Option<&mut Dial<P>> {
        self.dials.iter_mut().find(|dial| dial.peer == peer)
    }

    /// Prefetch of the table of links …
    pub fn prefetch(&self) {
        prefetch(&self.links);
    }

    /// … then of the link to a peer …
    pub fn prefetch_link(&self, peer: NodeId) {
        self.links.prefetch(peer);
    }

    /// … or of the alarms that the timer looks at …
    pub fn prefetch_alarms(&self) {
        self.links.prefetch_alarms();
    }

    /// … and the peer of the link that the timer probably fires for.
    pub fn first_alarm(&self) -> Option<NodeId> {
        self.links.first_alarm()
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        let waiting: usize = self.dials.iter().map(|dial| dial.waiting.capacity() * size_of::<P>()).sum();
        let dials = self.dials.capacity() * size_of::<Dial<P>>();
        self.links.heap_bytes() + self.relay.heap_bytes() + dials + waiting
    }
}

impl<P: Packet> Node<P> {
    /// Handles a signal.
    pub fn on_signal(&mut self, cx: &mut Context<'_, P>, from: NodeId, signal: Signal) {
        match signal {
            Signal::Dial { called } => {
                self.say(cx, from, Signal::Accept);
                self.open_link(cx, Link::new(from, Path::Dialled, false, cx.now), Opened::Dialled { called });
            }
            Signal::Accept => {
                // A node that has given up meanwhile has a link all the same, and only it keeps that alive.
                let punches = self.dial(from).is_some_and(|dial| dial.method == Method::Punching);
                let path = if punches { Path::Punched } else { Path::Dialled };
                self.open_link(cx, Link::new(from, path, true, cx.now), Opened::Accepted);
            }
            Signal::Punch => {
                let outbound = self.dial(from).is_some();
                self.say(cx, from, Signal::Accept);
                self.open_link(cx, Link::new(from, Path::Punched, outbound, cx.now), Opened::Punched);
            }
            Signal::Close | Signal::Reset => self.close_link(cx, from, false),
            Signal::KeepAlive if self.has_link(from) => self.say(cx, from, Signal::Alive),
            Signal::KeepAlive => self.say(cx, from, Signal::Reset),
            Signal::Alive => {}
            Signal::Reserve => self.on_reserve(cx, from),
            Signal::Reserved => self.on_reserved(cx, from),
            Signal::Refused => self.on_refused(cx, from),
            Signal::Pass { to, message } => self.on_pass(cx, from, to, message),
            Signal::Passed { from: peer, message } => self.on_passed(cx, from, peer, message),
            Signal::Probe => self.on_probe(cx, from),
            Signal::NoHelp => self.on_no_help(cx, from),
            Signal::DialBack { node } => self.say(cx, node, Signal::Knock),
            Signal::Knock => self.on_knock(cx, from),
            Signal::Relayed { slot } => self.on_relayed(cx, slot),
        }
    }

    /// Handles the timer. It does nothing if a later one replaced it.
    pub fn on_timer(&mut self, cx: &mut Context<'_, P>) {
        if self.timer <= cx.now {
            self.timer = Time::NEVER;
            self.act_on_due(cx);
        }
    }

    /// Goes on with the rest of a handler.
    pub fn go_on(&mut self, cx: &mut Context<'_, P>, task: Task) {
        match task {
            Task::Seek => self.seek(cx),
            Task::Due => self.act_on_due(cx),
            Task::SetTimer => self.set_timer(cx),
        }
    }

    /// Acts on links, then dials, then a probe or reservation that are due.
    fn act_on_due(&mut self, cx: &mut Context<'_, P>) {
        let (settings, now) = (*cx.settings, cx.now);
        let mut due = std::mem::take(cx.due);
        self.links.due(&settings, now, &mut due);
        let mut lost_rendezvous = false;
        for &peer in due.iter() {
            match self.links.get(peer).and_then(|link| link.due(&settings, now)) {
                Some(Due::KeepAlive) => self.say(cx, peer, Signal::KeepAlive),
                Some(Due::Close) => {
                    lost_rendezvous = self.autonat.rendezvous == Some(peer);
                    self.close_link(cx, peer, true);
                }
                None => {}
            }
            if lost_rendezvous {
                break;
            }
        }
        due.clear();
        *cx.due = due;
        if lost_rendezvous {
            // The request for another one may serve as the keep-alive of a link that is due as well.
            return cx.then(Task::Due);
        }
        while let Some(dial) = self.dials.iter().find(|dial| dial.next() <= now) {
            let peer = dial.peer;
            self.dial_due(cx, peer);
        }
        if self.autonat.deadline <= now {
            self.question_due(cx);
            return cx.then(Task::SetTimer);
        }
        self.set_timer(cx);
    }

    fn set_timer(&mut self, cx: &mut Context<'_, P>) {
        let dials = self.dials.iter().map(Dial::next).min().unwrap_or(Time::NEVER);
        let next = self.links.next(cx.settings).min(dials).min(self.autonat.deadline);
        if next < Time::NEVER {
            cx.set_timer(next);
        }
    }

    /// Sends a signal.
    pub(super) fn say(&mut self, cx: &mut Context<'_, P>, to: NodeId, signal: Signal) {
        let bytes = signal.bytes(cx.wire);
        if signal.keeps_alive() {
            cx.observe(LinkEvent::KeptAlive { bytes });
        }
        let (kind, traffic, for_others) = (Kind::Notice, Traffic::Maintenance, signal.is_for_others());
        let (from, epoch) = (cx.me, cx.epoch);
        let envelope = Envelope { from, op: None, bytes, rpc: 0, epoch, kind, traffic, for_others, client: false };
        self.send(cx, P::from_signal(to, envelope, signal));
    }

    /// Adds a link that has opened, and sends what waited for it. Above the limit, another link is closed.
    pub(super) fn open_link(&mut self, cx: &mut Context<'_, P>, link: Link, opened: Opened) {
        let peer = link.peer;
        let at = self.dials.iter().position(|dial| dial.peer == peer);
        let dial = at.map(|at| self.dials.remove(at));
        self.links.open(link);
        while cx.settings.limit.is_some_and(|limit| self.links.len() > limit) {
            let eldest = self.links.eldest(peer).expect("there are several");
            self.close_link(cx, eldest, true);
        }
        self.report_links(cx);
        cx.set_timer(link.next(cx.settings));
        if let Some(dial) = dial {
            let (outcome, took) = (dial.outcome(opened), cx.now - dial.began);
            let attempts = if dial.method == Method::Punching { dial.attempts } else { 0 };
            cx.observe(LinkEvent::Dialled { peer, outcome, took, attempts });
            dial.waiting.into_iter().for_each(|packet| self.send(cx, packet));
        }
        if link.outbound {
            cx.then(Task::Seek);
        }
    }

    /// Removes a link at this end; `tells` the other end.
    pub(super) fn close_link(&mut self, cx: &mut Context<'_, P>, peer: NodeId, tells: bool) {
        if tells {
            self.say(cx, peer, Signal::Close);
        }
        if self.links.close(peer).is_none() {
            return;
        }
        self.relay.forget(peer);
        self.report_links(cx);
        self.on_rendezvous_closed(cx, peer);
    }

    /// Reports the number of links, and asserts that the limit holds.
    pub(super) fn report_links(&self, cx: &mut Context<'_, P>) {
        let (count, limit) = (self.links.len(), cx.settings.limit);
        assert!(limit.is_none_or(|limit| count <= limit), "{} has {count} links of {limit:?}", cx.me);
        cx.effects.push(Effect::Observe(LinkEvent::Links(count)));
    }
}
