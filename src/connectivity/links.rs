//! Table of the links of one node: a pure value.
//!
//! 48 bytes a link and 16 for its alarm; at most 160 a link, with the free slots of table and heap and with alarms of closed links.
//! A node has many links and uses each of them rarely, so the cost is the number of cache lines touched: one or two to find a link,
//! and those on the way down a heap to find what is due. Only the choice of the link that makes room looks at all of them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use super::settings::Connections;
use crate::engine::hashed::{Entry, Hashed};
use crate::engine::{Time, prefetch};
use crate::model::NodeId;

/// Alarms that are prefetched: four cache lines, four levels of the heap.
const FIRST: usize = 16;

/// Path between the two ends of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Path {
    /// Direct: one end dialled, also if it was asked to by connection reversal.
    Dialled,
    /// Direct: both ends punched, by arrangement or by chance.
    Punched,
    /// Circuit through this relay.
    Relayed(NodeId),
}

/// One end of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    /// Other end.
    pub peer: NodeId,
    /// Path to it.
    pub path: Path,
    /// Opened by this end, which also keeps it alive.
    pub outbound: bool,
    /// Link to or from a rendezvous: not closed for being idle.
    pinned: bool,
    /// Last message in either direction, keep-alives excepted.
    used: Time,
    sent: Time,
    heard: Time,
    /// Time of its alarm, before which nothing is due. Whatever happens to a link only postpones what is due, so it is enough
    /// to look again at that time.
    alarm: Time,
}

/// Action that is due on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Send a keep-alive.
    KeepAlive,
    /// Close it: it was idle, or the other end silent, for too long.
    Close,
}

impl Link {
    /// Link that opens at `now`.
    pub(super) const fn new(peer: NodeId, path: Path, outbound: bool, now: Time) -> Link {
        Link { peer, path, outbound, pinned: false, used: now, sent: now, heard: now, alarm: now }
    }

    /// Link to or from a rendezvous, which is not closed for being idle.
    pub(super) fn pinned(self) -> Link {
        Link { pinned: true, ..self }
    }

    /// Time of the next action.
    pub(super) fn next(&self, settings: &Connections) -> Time {
        self.close_at(settings).min(self.ask_at(settings))
    }

    fn close_at(&self, settings: &Connections) -> Time {
        let idle = settings.idle_close.filter(|_| !self.pinned).map_or(Time::NEVER, |idle| self.used + idle);
        let silent =
            settings.keep_alive.map_or(Time::NEVER, |every| self.heard + every + every + settings.dial_timeout);
        idle.min(silent)
    }

    /// Action that is due at `now`.
    pub(super) fn due(&self, settings: &Connections, now: Time) -> Option<Due> {
        match self.close_at(settings) <= now {
            true => Some(Due::Close),
            false => (self.ask_at(settings) <= now).then_some(Due::KeepAlive),
        }
    }

    fn ask_at(&self, settings: &Connections) -> Time {
        settings.keep_alive.filter(|_| self.outbound).map_or(Time::NEVER, |every| self.sent + every)
    }
}

impl Entry for Link {
    type Key = NodeId;
    const FREE: Link = Link::new(NodeId(u32::MAX), Path::Dialled, false, Time::ZERO);

    fn key(&self) -> NodeId {
        self.peer
    }

    fn hash(peer: NodeId) -> u32 {
        peer.0.wrapping_mul(0x9E37_79B1)
    }
}

type Alarm = Reverse<(Time, NodeId)>;

/// Links of one node, by peer.
#[derive(Clone, Debug, Default)]
pub(super) struct Links {
    links: Hashed<Link>,
    /// One for each link on which anything will ever be due, and stale ones of links that were closed.
    alarms: BinaryHeap<Alarm>,
}

impl Links {
    /// Number of links.
    pub(super) fn len(&self) -> u32 {
        self.links.len() as u32
    }

    /// Link to a peer.
    pub(super) fn get(&self, peer: NodeId) -> Option<&Link> {
        self.links.get(peer)
    }

    /// Peers of some of the links, sorted.
    pub(super) fn peers(&self, which: impl Fn(&Link) -> bool) -> Vec<NodeId> {
        let mut peers: Vec<NodeId> = self.links.iter().filter(|link| which(link)).map(|link| link.peer).collect();
        peers.sort_unstable();
        peers
    }

    /// Adds a link. If the peer has one already that stays, and becomes direct if it led through a relay.
    pub(super) fn open(&mut self, link: Link) {
        if let Some(old) = self.links.get_mut(link.peer) {
            if matches!(old.path, Path::Relayed(_)) {
                old.path = link.path;
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

    /// Peer whose link makes room: the least recently used one, links to and from a rendezvous last. Never `but`.
    pub(super) fn eldest(&self, but: NodeId) -> Option<NodeId> {
        let others = self.links.iter().filter(|link| link.peer != but);
        others.min_by_key(|link| (link.pinned, link.used, link.peer)).map(|link| link.peer)
    }

    /// Marks the link to a peer as one to or from a rendezvous.
    pub(super) fn pin(&mut self, peer: NodeId) {
        if let Some(link) = self.links.get_mut(peer) {
            link.pinned = true;
        }
    }

    /// Removes the link to a peer.
    pub(super) fn close(&mut self, peer: NodeId) -> Option<Link> {
        self.links.remove(peer)
    }

    /// Notes that a packet leaves over a link, a `message` or else a keep-alive. Gives the link; `None` if there is none.
    pub(super) fn send(&mut self, now: Time, peer: NodeId, message: bool) -> Option<Link> {
        let link = self.links.get_mut(peer)?;
        link.sent = now;
        link.used = if message { now } else { link.used };
        Some(*link)
    }

    /// Notes that a packet came over a link; false if there is none.
    pub(super) fn hear(&mut self, now: Time, peer: NodeId, message: bool) -> bool {
        let Some(link) = self.links.get_mut(peer) else { return false };
        link.heard = now;
        link.used = if message { now } else { link.used };
        true
    }

    /// Appends the peers of the links on which something is due at `now`, sorted.
    pub(super) fn due(&self, settings: &Connections, now: Time, out: &mut Vec<NodeId>) {
        self.gone_off(0, now, &mut |peer| {
            let link = self.links.get(peer);
            out.extend(link.filter(|link| link.next(settings) <= now).map(|link| link.peer));
        });
        out.sort_unstable();
        out.dedup();
    }

    /// Calls `with` for the peer of each alarm that has gone off, at and below a place in the heap.
    fn gone_off(&self, place: usize, now: Time, with: &mut impl FnMut(NodeId)) {
        if let Some(&Reverse((at, peer))) = self.alarms.as_slice().get(place)
            && at <= now
        {
            with(peer);
            (1..=2).for_each(|child| self.gone_off(2 * place + child, now, with));
        }
    }

    /// Time of the next action on any link.
    pub(super) fn next(&mut self, settings: &Connections) -> Time {
        while let Some(mut first) = self.alarms.peek_mut() {
            let Reverse((at, peer)) = *first;
            let link = self.links.get_mut(peer).filter(|link| link.alarm == at);
            let next = link.map_or(Time::NEVER, |link| {
                link.alarm = link.next(settings);
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

    /// Prefetch of the link to a peer.
    pub(super) fn prefetch(&self, peer: NodeId) {
        self.links.prefetch(peer);
    }

    /// Prefetch of the first alarms: the upper half of the way down the heap.
    pub(super) fn prefetch_alarms(&self) {
        prefetch(&self.alarms.as_slice()[..self.alarms.len().min(FIRST)]);
    }

    /// Peer of the next alarm, which may be stale.
    pub(super) fn first_alarm(&self) -> Option<NodeId> {
        self.alarms.peek().map(|Reverse((_, peer))| *peer)
    }

    /// Bytes allocated.
    pub(super) fn heap_bytes(&self) -> usize {
        self.links.heap_bytes() + self.alarms.capacity() * size_of::<Alarm>()
    }
}

/// Whether an alarm is not stale.
fn holds(links: &Hashed<Link>, Reverse((at, peer)): Alarm) -> bool {
    links.get(peer).is_some_and(|link| link.alarm == at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectivity::tests::SETTINGS;
    use crate::engine::Duration;

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    fn link(peer: u32) -> Link {
        Link::new(NodeId(peer), Path::Dialled, true, at(0))
    }

    /// First link on which something is due.
    fn due(links: &Links, second: u64) -> Option<(NodeId, Due)> {
        let mut due = Vec::new();
        links.due(&SETTINGS, at(second), &mut due);
        let peer = *due.first()?;
        Some((peer, links.get(peer)?.due(&SETTINGS, at(second))?))
    }

    #[test]
    fn the_end_that_opened_a_link_asks_and_both_close_it_when_nothing_is_heard() {
        let mut links = Links::default();
        links.open(Link { pinned: true, ..link(1) });
        links.open(Link { pinned: true, outbound: false, ..link(2) });
        assert_eq!((links.next(&SETTINGS), due(&links, 24)), (at(25), None));
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
        let patient = Connections { idle_close: None, keep_alive: None, ..SETTINGS };
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
        assert_eq!(links.next(&SETTINGS), at(25));
    }

    #[test]
    fn a_link_through_a_relay_becomes_a_direct_one() {
        let mut links = Links::default();
        links.open(Link { path: Path::Relayed(NodeId(7)), ..link(1) });
        links.open(Link { path: Path::Punched, ..link(1) });
        links.open(Link { path: Path::Relayed(NodeId(7)), ..link(1) });
        assert_eq!((links.len(), links.get(NodeId(1)).unwrap().path), (1, Path::Punched));
    }
}
