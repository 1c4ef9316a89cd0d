//! The links of one node: a pure value.
//!
//! 52 bytes a link. Finding one is a binary search among the peers, and a look for what is due goes through the times before
//! which nothing is: both are kept apart, since that makes them few lines of memory. The choice of who makes room goes
//! through all links.

use crate::engine::{Time, prefetch};
use crate::overlay::NodeId;
use crate::scenario::plan::Connections;

/// Peers that are asked for before they are needed: eight lines.
const PREFETCHED: usize = 128;

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
    pub fn new(peer: NodeId, way: Way, mine: bool, now: Time) -> Link {
        Link { peer, way, mine, pinned: false, used: now, sent: now, heard: now }
    }

    /// The same, to or from a rendezvous.
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

/// The links of one node, sorted by peer.
#[derive(Clone, Debug, Default)]
pub struct Links {
    /// Of each link, in the same order.
    peers: Vec<NodeId>,
    /// Likewise a time before which there is nothing to do about it. All that happens to a link puts that off, so that it
    /// is enough to look again when the time has come.
    quiet: Vec<Time>,
    links: Vec<Link>,
}

impl Links {
    pub fn len(&self) -> u32 {
        self.links.len() as u32
    }

    fn find(&self, peer: NodeId) -> Result<usize, usize> {
        self.peers.binary_search(&peer)
    }

    pub fn get(&self, peer: NodeId) -> Option<&Link> {
        self.find(peer).ok().map(|at| &self.links[at])
    }

    pub fn iter(&self) -> impl Iterator<Item = &Link> {
        self.links.iter()
    }

    /// The link that is open now to the peer of `link`. One that was open already stays, and becomes a direct one if it led
    /// through a relay.
    pub fn open(&mut self, link: Link) {
        match self.find(link.peer) {
            Ok(at) => {
                let old = &mut self.links[at];
                if matches!(old.way, Way::Relayed(_)) {
                    old.way = link.way;
                }
                (old.used, old.sent, old.heard) = (link.used, link.sent, link.heard);
            }
            Err(at) => {
                self.peers.insert(at, link.peer);
                self.quiet.insert(at, link.used);
                self.links.insert(at, link);
            }
        }
    }

    /// Who is to make room: whose link was not used for longest, those to and from a rendezvous last. Never `but`.
    pub fn eldest(&self, but: NodeId) -> Option<NodeId> {
        let others = self.links.iter().filter(|link| link.peer != but);
        others.min_by_key(|link| (link.pinned, link.used, link.peer)).map(|link| link.peer)
    }

    pub fn pin(&mut self, peer: NodeId) {
        if let Ok(at) = self.find(peer) {
            self.links[at].pinned = true;
        }
    }

    pub fn close(&mut self, peer: NodeId) -> Option<Link> {
        let at = self.find(peer).ok()?;
        self.peers.remove(at);
        self.quiet.remove(at);
        Some(self.links.remove(at))
    }

    /// Something leaves over a link: the link; `None` if there is none.
    pub fn send(&mut self, now: Time, peer: NodeId, says: bool) -> Option<Link> {
        let link = self.find(peer).ok().map(|at| &mut self.links[at])?;
        link.sent = now;
        link.used = if says { now } else { link.used };
        Some(*link)
    }

    /// Something came over a link; false if there is none.
    pub fn hear(&mut self, now: Time, peer: NodeId, says: bool) -> bool {
        let Ok(at) = self.find(peer) else { return false };
        let link = &mut self.links[at];
        link.heard = now;
        link.used = if says { now } else { link.used };
        true
    }

    /// The peers of the links about which something is to be done at `now`.
    pub fn due(&self, plan: &Connections, now: Time) -> impl Iterator<Item = NodeId> {
        let links = self.quiet.iter().zip(&self.links).filter(move |(quiet, _)| **quiet <= now);
        links.filter(move |(_, link)| link.due(plan, now).is_some()).map(|(_, link)| link.peer)
    }

    /// When there is something to do next.
    pub fn next(&mut self, plan: &Connections) -> Time {
        loop {
            let Some((at, &next)) = self.quiet.iter().enumerate().min_by_key(|(_, quiet)| **quiet) else {
                return Time::NEVER;
            };
            self.quiet[at] = self.links[at].next(plan);
            if self.quiet[at] == next {
                return next;
            }
        }
    }

    /// Asks for the peers.
    pub fn prefetch(&self) {
        prefetch(&self.peers[..self.peers.len().min(PREFETCHED)]);
    }

    pub fn heap_bytes(&self) -> usize {
        let of_each = size_of::<NodeId>() + size_of::<Time>() + size_of::<Link>();
        self.links.capacity() * of_each
    }
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
        let peer = links.due(&PLAN, at(second)).next()?;
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
    fn a_link_through_a_relay_becomes_a_direct_one() {
        let mut links = Links::default();
        links.open(Link { way: Way::Relayed(NodeId(7)), ..link(1) });
        links.open(Link { way: Way::Punched, ..link(1) });
        links.open(Link { way: Way::Relayed(NodeId(7)), ..link(1) });
        assert_eq!((links.len(), links.get(NodeId(1)).unwrap().way), (1, Way::Punched));
    }
}
