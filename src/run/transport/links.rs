//! The links of one node: a pure value.
//!
//! 48 bytes a link and 16 for its alarm; 160 a link at most, with what the table and the heap keep free and alarms of closed
//! links. A node has many links and each is used rarely, so that what counts is how many lines of memory are touched: to find one
//! takes a line or two, to find what is due those on the way down a heap. Only the choice of who makes room goes through all.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use crate::engine::hashed::{Entry, Hashed};
use crate::engine::{Time, prefetch};
use crate::model::NodeId;
use crate::scenario::plan::Connections;

/// Alarms that are asked for before they are needed: four lines, four levels of the heap.
const FIRST: usize = 16;

/// How two nodes came to be connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// One dialled and the other let it in; so, too, if one called the other back.
    Dialled,
    /// Both sent at the same time, by arrangement or by chance.
    Punched,
    /// Through this node.
    Relayed(NodeId),
}

/// One end of a connection.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    pub peer: NodeId,
    pub way: Way,
    /// This end opened it, and keeps it alive.
    pub mine: bool,
    /// To or from a rendezvous: it is not closed when nothing is said.
    pinned: bool,
    /// When something was said over it last, in either direction; keep-alives apart.
    used: Time,
    sent: Time,
    heard: Time,
    /// When its alarm goes off: before that there is nothing to do about it. All that happens to a link puts off what there
    /// is to do, so that it is enough to look again then.
    alarm: Time,
}

/// What is to be done about a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Ask whether the other end is there.
    KeepAlive,
    /// Nothing was said over it for long, or nothing heard.
    Close,
}

impl Link {
    pub const fn new(peer: NodeId, way: Way, mine: bool, now: Time) -> Link {
        Link { peer, way, mine, pinned: false, used: now, sent: now, heard: now, alarm: now }
    }

    /// Link to or from a rendezvous, which is not closed for being idle.
    pub fn pinned(self) -> Link {
        Link { pinned: true, ..self }
    }

    /// When there is something to do about it.
    pub fn next(&self, plan: &Connections) -> Time {
        self.close_at(plan).min(self.ask_at(plan))
    }

    fn close_at(&self, plan: &Connections) -> Time {
        let idle = plan.idle_close.filter(|_| !self.pinned).map_or(Time::NEVER, |idle| self.used + idle);
        let silent = plan.keep_alive.map_or(Time::NEVER, |every| self.heard + every + every + plan.dial_timeout);
        idle.min(silent)
    }

    /// What is to be done about it at `now`.
    pub fn due(&self, plan: &Connections, now: Time) -> Option<Due> {
        match self.close_at(plan) <= now {
            true => Some(Due::Close),
            false => (self.ask_at(plan) <= now).then_some(Due::KeepAlive),
        }
    }

    fn ask_at(&self, plan: &Connections) -> Time {
        plan.keep_alive.filter(|_| self.mine).map_or(Time::NEVER, |every| self.sent + every)
    }
}

impl Entry for Link {
    type Key = NodeId;
    const FREE: Link = Link::new(NodeId(u32::MAX), Way::Dialled, false, Time::ZERO);

    fn key(&self) -> NodeId {
        self.peer
    }

    fn hash(peer: NodeId) -> u32 {
        peer.0.wrapping_mul(0x9E37_79B1)
    }
}

type Alarm = Reverse<(Time, NodeId)>;

/// The links of one node.
#[derive(Clone, Debug, Default)]
pub struct Links {
    links: Hashed<Link>,
    /// One for each link, but for those about which there will never be anything to do; and some that hold no more, of links
    /// that were closed.
    alarms: BinaryHeap<Alarm>,
}

impl Links {
    pub fn len(&self) -> u32 {
        self.links.len() as u32
    }

    pub fn get(&self, peer: NodeId) -> Option<&Link> {
        self.links.get(peer)
    }

    /// The peers of these links, in order.
    pub fn peers(&self, which: impl Fn(&Link) -> bool) -> Vec<NodeId> {
        let mut peers: Vec<NodeId> = self.links.iter().filter(|link| which(link)).map(|link| link.peer).collect();
        peers.sort_unstable();
        peers
    }

    /// The link that is open now to the peer of `link`. One that was open already stays, and becomes a direct one if it led
    /// through a relay.
    pub fn open(&mut self, link: Link) {
        if let Some(old) = self.links.get_mut(link.peer) {
            if matches!(old.way, Way::Relayed(_)) {
                old.way = link.way;
            }
            (old.used, old.sent, old.heard) = (link.used, link.sent, link.heard);
            return;
        }
        self.links.insert(link);
        if self.alarms.len() > 2 * self.links.len() {
            self.alarms.retain(|alarm| holds(&self.links, *alarm));
        }
        self.alarms.push(Reverse((link.alarm, link.peer)));
    }

    /// Who is to make room: whose link was not used for longest, those to and from a rendezvous last. Never `but`.
    pub fn eldest(&self, but: NodeId) -> Option<NodeId> {
        let others = self.links.iter().filter(|link| link.peer != but);
        others.min_by_key(|link| (link.pinned, link.used, link.peer)).map(|link| link.peer)
    }

    pub fn pin(&mut self, peer: NodeId) {
        if let Some(link) = self.links.get_mut(peer) {
            link.pinned = true;
        }
    }

    pub fn close(&mut self, peer: NodeId) -> Option<Link> {
        self.links.remove(peer)
    }

    /// Something leaves over a link: the link; `None` if there is none.
    pub fn send(&mut self, now: Time, peer: NodeId, says: bool) -> Option<Link> {
        let link = self.links.get_mut(peer)?;
        link.sent = now;
        link.used = if says { now } else { link.used };
        Some(*link)
    }

    /// Something came over a link; false if there is none.
    pub fn hear(&mut self, now: Time, peer: NodeId, says: bool) -> bool {
        let Some(link) = self.links.get_mut(peer) else { return false };
        link.heard = now;
        link.used = if says { now } else { link.used };
        true
    }

    /// Puts the peers of the links about which something is to be done at `now` into `out`, in order.
    pub fn due(&self, plan: &Connections, now: Time, out: &mut Vec<NodeId>) {
        self.gone_off(0, now, &mut |peer| {
            let link = self.links.get(peer);
            out.extend(link.filter(|link| link.next(plan) <= now).map(|link| link.peer));
        });
        out.sort_unstable();
        out.dedup();
    }

    /// Calls `with` the peer of each alarm that has gone off, of those at and below a place in the heap.
    fn gone_off(&self, place: usize, now: Time, with: &mut impl FnMut(NodeId)) {
        if let Some(&Reverse((at, peer))) = self.alarms.as_slice().get(place)
            && at <= now
        {
            with(peer);
            (1..=2).for_each(|child| self.gone_off(2 * place + child, now, with));
        }
    }

    /// When there is something to do next.
    pub fn next(&mut self, plan: &Connections) -> Time {
        while let Some(mut first) = self.alarms.peek_mut() {
            let Reverse((at, peer)) = *first;
            let link = self.links.get_mut(peer).filter(|link| link.alarm == at);
            let next = link.map_or(Time::NEVER, |link| {
                link.alarm = link.next(plan);
                link.alarm
            });
            if next == at {
                return at;
            } else if next == Time::NEVER {
                PeekMut::pop(first);
            } else {
                *first = Reverse((next, peer));
            }
        }
        Time::NEVER
    }

    /// Asks for the link to a peer.
    pub fn prefetch(&self, peer: NodeId) {
        self.links.prefetch(peer);
    }

    /// Asks for the first alarms: the upper half of the way down the heap.
    pub fn prefetch_alarms(&self) {
        prefetch(&self.alarms.as_slice()[..self.alarms.len().min(FIRST)]);
    }

    /// Whose alarm goes off next, if it still holds.
    pub fn first_alarm(&self) -> Option<NodeId> {
        self.alarms.peek().map(|Reverse((_, peer))| *peer)
    }

    pub fn heap_bytes(&self) -> usize {
        self.links.heap_bytes() + self.alarms.capacity() * size_of::<Alarm>()
    }
}

/// Whether an alarm is that of a link.
fn holds(links: &Hashed<Link>, Reverse((at, peer)): Alarm) -> bool {
    links.get(peer).is_some_and(|link| link.alarm == at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Duration;

    const PLAN: Connections = Connections {
        dial_timeout: Duration::from_secs(5),
        keep_alive: Some(Duration::from_secs(25)),
        idle_close: Some(Duration::from_secs(60)),
        limit: None,
        reversal: true,
        punching: true,
        relays: None,
    };

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    fn link(peer: u32) -> Link {
        Link::new(NodeId(peer), Way::Dialled, true, at(0))
    }

    /// The first link about which there is something to do.
    fn due(links: &Links, second: u64) -> Option<(NodeId, Due)> {
        let mut due = Vec::new();
        links.due(&PLAN, at(second), &mut due);
        let peer = *due.first()?;
        Some((peer, links.get(peer)?.due(&PLAN, at(second))?))
    }

    #[test]
    fn the_end_that_opened_a_link_asks_and_both_close_it_when_nothing_is_heard() {
        let mut links = Links::default();
        links.open(Link { pinned: true, ..link(1) });
        links.open(Link { pinned: true, mine: false, ..link(2) });
        assert_eq!((links.next(&PLAN), due(&links, 24)), (at(25), None));
        assert_eq!(due(&links, 25), Some((NodeId(1), Due::KeepAlive)));
        links.send(at(25), NodeId(1), false);
        links.hear(at(26), NodeId(1), false);
        assert_eq!(due(&links, 49), None);
        assert_eq!(due(&links, 55), Some((NodeId(1), Due::KeepAlive)));
        links.send(at(55), NodeId(1), false);
        assert_eq!(due(&links, 55), Some((NodeId(2), Due::Close)), "silent for two rounds and a dial");
    }

    #[test]
    fn a_link_that_nothing_is_said_over_is_closed_though_it_is_kept_alive() {
        let mut links = Links::default();
        links.open(link(1));
        for second in [25, 50] {
            assert_eq!(due(&links, second), Some((NodeId(1), Due::KeepAlive)));
            links.send(at(second), NodeId(1), false);
            links.hear(at(second), NodeId(1), false);
        }
        assert_eq!((due(&links, 59), due(&links, 60)), (None, Some((NodeId(1), Due::Close))));
        links.hear(at(59), NodeId(1), true);
        assert_eq!(due(&links, 60), None);
        let patient = Connections { idle_close: None, keep_alive: None, ..PLAN };
        assert_eq!(links.next(&patient), Time::NEVER);
    }

    #[test]
    fn the_link_not_used_for_longest_makes_room_and_that_of_a_rendezvous_last() {
        let mut links = Links::default();
        (1..=3).for_each(|peer| links.open(link(peer)));
        links.send(at(1), NodeId(1), true);
        links.send(at(2), NodeId(2), false);
        links.pin(NodeId(3));
        assert_eq!(links.eldest(NodeId(9)), Some(NodeId(2)));
        assert_eq!(links.eldest(NodeId(2)), Some(NodeId(1)));
        links.close(NodeId(2));
        links.close(NodeId(1));
        assert_eq!((links.eldest(NodeId(9)), links.eldest(NodeId(3))), (Some(NodeId(3)), None));
    }

    #[test]
    fn links_that_come_and_go_leave_nothing_behind() {
        let mut links = Links::default();
        let mut most = 0;
        for peer in 0..10_000 {
            links.open(link(peer));
            most = most.max(links.len() as usize);
            links.close(NodeId(peer.saturating_sub(99)));
        }
        assert_eq!((most, size_of::<Link>()), (100, 48));
        assert!(links.heap_bytes() <= 160 * most, "{}", links.heap_bytes());
        assert_eq!(links.next(&PLAN), at(25));
    }

    #[test]
    fn a_link_through_a_relay_becomes_a_direct_one() {
        let mut links = Links::default();
        links.open(Link { way: Way::Relayed(NodeId(7)), ..link(1) });
        links.open(Link { way: Way::Punched, ..link(1) });
        links.open(Link { way: Way::Relayed(NodeId(7)), ..link(1) });
        assert_eq!((links.len(), links.get(NodeId(1)).unwrap().way), (1, Way::Punched));
    }
}
