//! Peerstore of one machine: the addresses of others that it knows.
//!
//! A table of sets of eight, like a processor's cache: finding a node looks at its set only, which is one cache line for the names
//! and one for the addresses, and a new node in a full set evicts the entry whose trust ends first. The table doubles up to its
//! largest size before it evicts anything.

use crate::engine::{Duration, Time, prefetch};
use crate::model::NodeId;

/// Nodes in a set.
const WAYS: usize = 8;
/// Sets of the largest table, as a power of two: 2,048 nodes.
const LARGEST: u32 = 8;
/// Time for which an endpoint that a packet came from takes precedence over hearsay: the minimum lifetime of a mapping (RFC 4787,
/// REQ-5).
const TRUSTED: Duration = Duration::from_secs(120);
/// Number of no node.
const NOBODY: NodeId = NodeId(u32::MAX);

/// Address of a node beside that of its machine or NAT: the mapped port and the rendezvous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress {
    /// Port of the mapping; 0 without one.
    pub port: u32,
    /// Rendezvous of a node that announces itself as undialable.
    pub rendezvous: Option<NodeId>,
}

impl PeerAddress {
    /// Address of a machine without NAT and rendezvous.
    pub const PLAIN: PeerAddress = PeerAddress { port: 0, rendezvous: None };
}

/// Entry of one node.
#[derive(Clone, Copy, Debug)]
struct Known {
    port: u32,
    /// `NOBODY` if there is none.
    rendezvous: NodeId,
    /// Time until which hearsay does not replace it; the entry with the earliest is evicted first.
    trusted: Time,
}

/// Entries whose node numbers hash to one value.
#[derive(Clone, Debug)]
struct Set {
    nodes: [NodeId; WAYS],
    known: [Known; WAYS],
}

impl Set {
    const EMPTY: Set =
        Set { nodes: [NOBODY; WAYS], known: [Known { port: 0, rendezvous: NOBODY, trusted: Time::ZERO }; WAYS] };

    fn place(&self, node: NodeId) -> Option<usize> {
        self.nodes.iter().position(|other| *other == node)
    }

    /// Entry that is evicted next.
    fn victim(&self) -> usize {
        (0..WAYS).min_by_key(|&at| self.known[at].trusted).expect("a set is not empty")
    }
}

/// Addresses that one machine knows. Machines without NAT and rendezvous need no entry.
#[derive(Clone, Debug, Default)]
pub(super) struct Peerstore {
    /// None, or a power of two.
    sets: Vec<Set>,
}

impl Peerstore {
    fn set(&self, node: NodeId) -> usize {
        // Multiplicative hashing (Knuth, The Art of Computer Programming 3, 6.4).
        let hash = node.0.wrapping_mul(0x9E37_79B1);
        ((u64::from(hash) * self.sets.len() as u64) >> 32) as usize
    }

    /// Address of a node.
    pub(super) fn address(&self, node: NodeId) -> Option<PeerAddress> {
        let set = self.sets.get(self.set(node))?;
        let Known { port, rendezvous, .. } = set.known[set.place(node)?];
        Some(PeerAddress { port, rendezvous: (rendezvous != NOBODY).then_some(rendezvous) })
    }

    /// Stores the source of a packet that came from the node itself.
    pub(super) fn observe(&mut self, now: Time, node: NodeId, address: PeerAddress) {
        *self.entry(node) = Known::new(address, now + TRUSTED);
    }

    /// Stores what another node said, unless the entry is trusted.
    pub(super) fn learn(&mut self, now: Time, node: NodeId, address: PeerAddress) {
        let known = self.entry(node);
        if known.trusted <= now {
            *known = Known::new(address, now);
        }
    }

    /// Entry of a node, new if it had none; another is evicted where that needs room.
    fn entry(&mut self, node: NodeId) -> &mut Known {
        let (set, at) = loop {
            let number = self.set(node);
            let place = self.sets.get(number).and_then(|set| set.place(node).or_else(|| set.place(NOBODY)));
            match place {
                Some(at) => break (number, at),
                None if self.sets.len() < 1 << LARGEST => self.grow(),
                None => {
                    let at = self.sets[number].victim();
                    self.sets[number].known[at].trusted = Time::ZERO;
                    break (number, at);
                }
            }
        };
        let set = &mut self.sets[set];
        set.nodes[at] = node;
        &mut set.known[at]
    }

    fn grow(&mut self) {
        let sets = vec![Set::EMPTY; (2 * self.sets.len()).max(1)];
        for old in std::mem::replace(&mut self.sets, sets) {
            for (node, known) in old.nodes.into_iter().zip(old.known).filter(|(node, _)| *node != NOBODY) {
                *self.entry(node) = known;
            }
        }
    }

    /// Prefetch of the entry of a node.
    pub(super) fn prefetch(&self, node: NodeId) {
        self.sets.get(self.set(node)).into_iter().for_each(prefetch);
    }

    /// Removes all entries.
    pub(super) fn forget(&mut self) {
        self.sets = Vec::new();
    }

    /// Bytes allocated.
    pub(super) fn heap_bytes(&self) -> usize {
        self.sets.capacity() * size_of::<Set>()
    }
}

impl Known {
    fn new(address: PeerAddress, trusted: Time) -> Known {
        Known { port: address.port, rendezvous: address.rendezvous.unwrap_or(NOBODY), trusted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    fn mapping(port: u32) -> PeerAddress {
        PeerAddress { port, rendezvous: None }
    }

    #[test]
    fn what_came_from_a_node_itself_is_not_replaced_by_hearsay_for_two_minutes() {
        let mut peerstore = Peerstore::default();
        let node = NodeId(7);
        assert_eq!(peerstore.address(node), None);
        peerstore.learn(at(0), node, mapping(1));
        peerstore.learn(at(0), node, mapping(2));
        assert_eq!(peerstore.address(node), Some(mapping(2)));
        peerstore.observe(at(1), node, PeerAddress { port: 3, rendezvous: Some(NodeId(9)) });
        peerstore.learn(at(120), node, mapping(4));
        assert_eq!(peerstore.address(node), Some(PeerAddress { port: 3, rendezvous: Some(NodeId(9)) }));
        peerstore.learn(at(121), node, mapping(5));
        assert_eq!(peerstore.address(node), Some(mapping(5)));
        peerstore.forget();
        assert_eq!((peerstore.address(node), peerstore.heap_bytes()), (None, 0));
    }

    #[test]
    fn a_thousand_nodes_are_remembered_and_of_many_more_those_trusted_for_longest() {
        let mut peerstore = Peerstore::default();
        (0..1000).for_each(|node| peerstore.observe(at(0), NodeId(node), mapping(node)));
        let known = (0..1000).filter(|&node| peerstore.address(NodeId(node)) == Some(mapping(node))).count();
        assert!(known > 970, "{known}");
        (1000..9000).for_each(|node| peerstore.learn(at(1), NodeId(node), mapping(node)));
        let trusted = (0..1000).filter(|&node| peerstore.address(NodeId(node)).is_some()).count();
        assert!(trusted + 8 >= known, "hearsay pushed out {} of {known}", known - trusted);
        assert_eq!(peerstore.heap_bytes(), size_of::<Set>() << LARGEST, "at most");
    }
}
