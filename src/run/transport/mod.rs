//! Connections between machines, where a system uses them: who is linked to whom, and how those connect who cannot be
//! dialled.
//!
//! A packet for a peer without a link waits while its sender dials: one round trip where the peer can be dialled, and up to
//! [`Connections::dial_timeout`] for each way that is tried. Links are closed when nothing was said over them for long, the
//! end that opened one keeps it alive, and a node that has too many closes the one not used for longest. All that machines
//! say to each other for this is [`Signal`]s, which are packets like others: they take their time, cost their bytes, and
//! pass the boxes at both ends. What gets through where follows from the boxes' tables, and from nothing here.
//!
//! # Being reached behind a NAT
//!
//! A node finds out whether it can be dialled: it asks a peer that it has dialled, which has a third knock (AutoNAT). One
//! that cannot be dialled keeps a link to a peer that can, its *rendezvous*, and tells so in all that it sends: see
//! [`super::addresses`]. Who wants to reach it has the rendezvous pass word on: to call back (connection reversal), to punch
//! at the same time (Ford, Srisuresh, Kegel, USENIX 2005; libp2p's DCUtR), or to be connected through the rendezvous itself
//! (libp2p's circuit relay), which keeps a place for those who have reserved one.
//!
//! # Simplifications
//!
//! * A stream and a datagram share one mapping and its life; only class `blocked` tells them apart.
//! * What a node found out holds for its session. Where everybody is open nobody asks, and clients of a server do not.
//! * Values too large for a packet do not go through relays (libp2p's end a circuit after 128 KiB).
//! * After a dial has failed the next packet begins another: there is no list of those who did not answer.
//! * A request's time-out runs while its packet waits. What is sent over a link while its other end closes it is lost.
//!
//! # Cost
//!
//! 192 bytes a node, for each of its links what [`links`] says, some 150 and what waits for each dial; an event for each signal
//! and each timer. Nothing where systems have no connections.

mod dials;
mod links;
mod packets;
mod reach;
mod relays;
mod signal;
mod start;
#[cfg(test)]
mod tests;
mod traversal;

use self::dials::{Dial, Opened, Step};
use self::links::{Due, Link, Links};
use self::reach::Reach;
use self::relays::Relay;
pub(super) use self::signal::Signal;
use super::addresses::Named;
use super::event::{Body, Event, Packet};
use super::simulation::{Parked, Simulation};
use crate::engine::order::Class;
use crate::engine::{Time, prefetch};
use crate::measure::observer::{LinkEvent, Observer};
use crate::model::{NodeId, Reachability};
use crate::network::{Loss, NatClass};
use crate::overlay::Protocol;
use crate::scenario::plan::Connections;

/// A packet within others, on its way through a relay.
#[derive(Debug)]
struct Within<M> {
    packet: Packet<M>,
    named: Named,
    /// On the wire, each of the two times.
    bytes: u32,
}

/// All that one node knows of its connections. What every packet touches is in the first line of memory.
#[derive(Debug)]
#[repr(C, align(64))]
struct End<M> {
    links: Links,
    /// When its timer fires; `NEVER` if none is set.
    timer: Time,
    dials: Vec<Dial<Packet<M>>>,
    reach: Reach,
    relay: Relay,
}

impl<M> Default for End<M> {
    fn default() -> Self {
        let (links, relay, reach) = (Links::default(), Relay::default(), Reach::default());
        End { links, timer: Time::NEVER, dials: Vec::new(), reach, relay }
    }
}

impl<M> End<M> {
    fn dial(&mut self, peer: NodeId) -> Option<&mut Dial<Packet<M>>> {
        self.dials.iter_mut().find(|dial| dial.peer == peer)
    }

    fn next(&mut self, plan: &Connections) -> Time {
        let dials = self.dials.iter().map(Dial::next).min().unwrap_or(Time::NEVER);
        self.links.next(plan).min(dials).min(self.reach.deadline)
    }
}

/// The connections of a run.
#[derive(Debug)]
pub(super) struct Transport<M> {
    plan: Connections,
    /// Whether nodes have to find out whether they can be dialled.
    finds_out: bool,
    ends: Vec<End<M>>,
    within: Parked<Within<M>>,
    /// Whose links are due at the timer that fires.
    due: Vec<NodeId>,
}

impl<M> Transport<M> {
    pub fn new(plan: Connections, finds_out: bool, machines: u32) -> Transport<M> {
        let ends = (0..machines).map(|_| End::default()).collect();
        Transport { plan, finds_out, ends, within: Parked::default(), due: Vec::new() }
    }

    /// The rendezvous of a node, if it has one.
    pub fn attends(&self, node: NodeId) -> Option<NodeId> {
        self.ends[node.index()].reach.attends
    }

    /// Packets on their way through relays.
    pub fn len(&self) -> usize {
        self.within.len()
    }

    /// Asks for where a node's links are …
    pub fn prefetch(&self, node: NodeId) {
        self.ends.get(node.index()).into_iter().for_each(|end| prefetch(&end.links));
    }

    /// … and for the one to a peer …
    pub fn prefetch_link(&self, node: NodeId, peer: NodeId) {
        self.ends[node.index()].links.prefetch(peer);
    }

    /// … or for what its timer looks at …
    pub fn prefetch_alarms(&self, node: NodeId) {
        self.ends[node.index()].links.prefetch_alarms();
    }

    /// … to see which of the links it probably fires for.
    pub fn first_alarm(&self, node: NodeId) -> Option<NodeId> {
        self.ends[node.index()].links.first_alarm()
    }

    pub fn heap_bytes(&self) -> usize {
        let of = |end: &End<M>| {
            let waiting: usize = end.dials.iter().map(|dial| dial.waiting.capacity() * size_of::<Packet<M>>()).sum();
            let dials = end.dials.capacity() * size_of::<Dial<Packet<M>>>();
            end.links.heap_bytes() + end.relay.heap_bytes() + dials + waiting
        };
        let within = self.within.slots.capacity() * size_of::<Option<Within<M>>>();
        self.ends.capacity() * size_of::<End<M>>() + within + self.ends.iter().map(of).sum::<usize>()
    }
}

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    fn transport(&mut self) -> &mut Transport<P::Message> {
        self.transport.as_deref_mut().expect("the system has connections")
    }

    fn end(&mut self, node: NodeId) -> &mut End<P::Message> {
        &mut self.transport().ends[node.index()]
    }

    fn connections(&mut self) -> Connections {
        self.transport().plan
    }

    /// Whether a node knows that strangers can dial it. Without NATs everybody can be; without connections nobody has means
    /// to find out, and it is taken to be known.
    pub fn reachability(&self, node: NodeId) -> Reachability {
        match (&self.transport, &self.addresses) {
            (_, None) => Reachability::Yes,
            (Some(transport), _) if transport.finds_out => transport.ends[node.index()].reach.known,
            (_, Some(addresses)) if addresses.class(node) == NatClass::Open => Reachability::Yes,
            (_, Some(_)) => Reachability::No,
        }
    }

    /// Sets a node's timer to `at`, if it is not set early enough already.
    fn wake_at(&mut self, node: NodeId, at: Time) {
        let timer = &mut self.end(node).timer;
        if at < *timer {
            *timer = at;
            let epoch = self.seats[node.index()].epoch();
            self.schedule(at, Class::Timer, node, Event::Links { node, epoch });
        }
    }

    /// A node's timer fires: links, dials and questions that are due. An earlier one may have replaced it.
    pub fn links_due(&mut self, node: NodeId) {
        let (plan, now) = (self.connections(), self.now);
        if self.end(node).timer > now {
            return;
        }
        self.end(node).timer = Time::NEVER;
        let mut due = std::mem::take(&mut self.transport().due);
        self.end(node).links.due(&plan, now, &mut due);
        for peer in due.drain(..) {
            // What was done about another link may have seen to this one.
            match self.end(node).links.get(peer).and_then(|link| link.due(&plan, now)) {
                Some(Due::KeepAlive) => self.say(node, peer, Signal::KeepAlive),
                Some(Due::Close) => self.close_link(node, peer, true),
                None => {}
            }
        }
        self.transport().due = due;
        while let Some(dial) = self.end(node).dials.iter().find(|dial| dial.next() <= now) {
            let peer = dial.peer;
            self.dial_due(node, peer);
        }
        if self.end(node).reach.deadline <= now {
            self.question_due(node);
        }
        let next = self.end(node).next(&plan);
        self.wake_at(node, next);
    }

    /// A link has opened: what waited for it is sent. Who has too many closes another.
    fn link_opened(&mut self, node: NodeId, link: Link, opened: Opened) {
        let (plan, now, peer) = (self.connections(), self.now, link.peer);
        let at = self.end(node).dials.iter().position(|dial| dial.peer == peer);
        let dial = at.map(|at| self.end(node).dials.remove(at));
        self.end(node).links.open(link);
        while plan.limit.is_some_and(|limit| self.end(node).links.len() > limit) {
            let eldest = self.end(node).links.eldest(peer).expect("there are several");
            self.close_link(node, eldest, true);
        }
        self.links_changed(node);
        self.wake_at(node, link.next(&plan));
        if let Some(dial) = dial {
            let (outcome, took) = (dial.outcome(opened), now - dial.began);
            let attempts = if dial.step == Step::Punching { dial.attempts } else { 0 };
            self.observer.link_event(now, node, LinkEvent::Dialled { peer, outcome, took, attempts });
            dial.waiting.into_iter().for_each(|packet| self.send_over_link(packet));
        }
        if link.mine {
            self.seek(node);
        }
    }

    /// A link is closed at this end, and if `tells` the other end hears of it.
    fn close_link(&mut self, node: NodeId, peer: NodeId, tells: bool) {
        if tells {
            self.say(node, peer, Signal::Close);
        }
        let end = self.end(node);
        if end.links.close(peer).is_none() {
            return;
        }
        end.relay.forget(peer);
        self.links_changed(node);
        self.left_by(node, peer);
    }

    /// Tells the observer, and asserts that the limit holds.
    fn links_changed(&mut self, node: NodeId) {
        let (count, limit) = (self.end(node).links.len(), self.connections().limit);
        assert!(limit.is_none_or(|limit| count <= limit), "{node} has {count} links of {limit:?}");
        self.observer.link_event(self.now, node, LinkEvent::Links(count));
    }

    /// A machine goes offline: nothing is left of its links. The others will find out.
    pub fn drop_links(&mut self, node: NodeId) {
        let Some(transport) = &mut self.transport else { return };
        let end = std::mem::take(&mut transport.ends[node.index()]);
        if let Some(addresses) = &mut self.addresses {
            addresses.set_rendezvous(node, None);
        }
        for packet in end.dials.into_iter().flat_map(|dial| dial.waiting) {
            self.forget_unsent(&packet);
        }
        self.links_changed(node);
    }

    /// A packet that never left is gone; what is within it had left.
    fn forget_unsent(&mut self, packet: &Packet<P::Message>) {
        self.free_list(packet);
        self.lose_within(packet, Loss::Offline);
    }

    /// What is within a packet is lost with it.
    pub fn lose_within(&mut self, packet: &Packet<P::Message>, loss: Loss) {
        if let Body::Signal(Signal::Relayed { slot }) = packet.body {
            let within = self.transport().within.take(slot);
            self.lose(within.packet, loss);
        }
    }
}
