//! The address book of one machine: what it knows of where others can be found.
//!
//! A table of sets of eight, as a processor's cache has it: finding a node looks at its set only, which is one line of
//! memory for the names and one for what is known, and a node that finds its set full pushes out the one that deserves it
//! least. The table doubles as long as it may rather than push anybody out.

use crate::engine::{Duration, Time, prefetch};
use crate::model::NodeId;

/// Nodes that share a set.
const WAYS: usize = 8;
/// Sets of the largest table, as a power of two: 2,048 nodes.
const MOST: u32 = 8;
/// For so long an endpoint that a packet came from is trusted more than hearsay: the least time a mapping lives (RFC 4787,
/// REQ-5).
const TRUSTED: Duration = Duration::from_secs(120);
/// No node has this number.
const NOBODY: NodeId = NodeId(u32::MAX);

/// Where a node can be found, at the address that it or its box has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Handle {
    /// 0 if it is no mapping's.
    pub port: u32,
    /// It says that it cannot be dialled, and who passes word on to it.
    pub rendezvous: Option<NodeId>,
}

impl Handle {
    /// Of a machine that is found under its own address.
    pub const PLAIN: Handle = Handle { port: 0, rendezvous: None };
}

/// What is known of one node.
#[derive(Clone, Copy, Debug)]
struct Known {
    port: u32,
    /// `NOBODY` if there is none.
    rendezvous: NodeId,
    /// Until when it is not replaced by hearsay; the first to make room is the one that is not trusted for longest.
    trusted: Time,
}

/// Nodes whose numbers hash to the same value.
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

    /// Whoever deserves its place least.
    fn victim(&self) -> usize {
        (0..WAYS).min_by_key(|&at| self.known[at].trusted).expect("a set is not empty")
    }
}

/// The handles that one machine knows. Machines that have an address of their own and no rendezvous need no entry.
#[derive(Clone, Debug, Default)]
pub struct Book {
    /// A power of two of them, or none.
    sets: Vec<Set>,
}

impl Book {
    fn set(&self, node: NodeId) -> usize {
        // Multiplicative hashing (Knuth, The Art of Computer Programming 3, 6.4).
        let hash = node.0.wrapping_mul(0x9E37_79B1);
        ((u64::from(hash) * self.sets.len() as u64) >> 32) as usize
    }

    pub fn handle(&self, node: NodeId) -> Option<Handle> {
        let set = self.sets.get(self.set(node))?;
        let Known { port, rendezvous, .. } = set.known[set.place(node)?];
        Some(Handle { port, rendezvous: (rendezvous != NOBODY).then_some(rendezvous) })
    }

    /// A packet came from the node itself.
    pub fn meet(&mut self, now: Time, node: NodeId, handle: Handle) {
        *self.entry(node) = Known::new(handle, now + TRUSTED);
    }

    /// Somebody said so.
    pub fn hear(&mut self, now: Time, node: NodeId, handle: Handle) {
        let known = self.entry(node);
        if known.trusted <= now {
            *known = Known::new(handle, now);
        }
    }

    /// What is known of a node, new if nothing was: whatever has to make room for it has done so.
    fn entry(&mut self, node: NodeId) -> &mut Known {
        let (set, at) = loop {
            let number = self.set(node);
            let place = self.sets.get(number).and_then(|set| set.place(node).or_else(|| set.place(NOBODY)));
            match place {
                Some(at) => break (number, at),
                None if self.sets.len() < 1 << MOST => self.grow(),
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

    /// Asks for what is known of a node.
    pub fn prefetch(&self, node: NodeId) {
        self.sets.get(self.set(node)).into_iter().for_each(prefetch);
    }

    /// Nobody's address is known any more.
    pub fn forget(&mut self) {
        self.sets = Vec::new();
    }

    pub fn heap_bytes(&self) -> usize {
        self.sets.capacity() * size_of::<Set>()
    }
}

impl Known {
    fn new(handle: Handle, trusted: Time) -> Known {
        Known { port: handle.port, rendezvous: handle.rendezvous.unwrap_or(NOBODY), trusted }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    fn mapping(port: u32) -> Handle {
        Handle { port, rendezvous: None }
    }

    #[test]
    fn what_came_from_a_node_itself_is_not_replaced_by_hearsay_for_two_minutes() {
        let mut book = Book::default();
        let node = NodeId(7);
        assert_eq!(book.handle(node), None);
        book.hear(at(0), node, mapping(1));
        book.hear(at(0), node, mapping(2));
        assert_eq!(book.handle(node), Some(mapping(2)));
        book.meet(at(1), node, Handle { port: 3, rendezvous: Some(NodeId(9)) });
        book.hear(at(120), node, mapping(4));
        assert_eq!(book.handle(node), Some(Handle { port: 3, rendezvous: Some(NodeId(9)) }));
        book.hear(at(121), node, mapping(5));
        assert_eq!(book.handle(node), Some(mapping(5)));
        book.forget();
        assert_eq!((book.handle(node), book.heap_bytes()), (None, 0));
    }

    #[test]
    fn a_thousand_nodes_are_remembered_and_of_many_more_those_trusted_for_longest() {
        let mut book = Book::default();
        (0..1000).for_each(|node| book.meet(at(0), NodeId(node), mapping(node)));
        let known = (0..1000).filter(|&node| book.handle(NodeId(node)) == Some(mapping(node))).count();
        assert!(known > 970, "{known}");
        (1000..9000).for_each(|node| book.hear(at(1), NodeId(node), mapping(node)));
        let trusted = (0..1000).filter(|&node| book.handle(NodeId(node)).is_some()).count();
        assert!(trusted + 8 >= known, "hearsay pushed out {} of {known}", known - trusted);
        assert_eq!(book.heap_bytes(), size_of::<Set>() << MOST, "at most");
    }
}
