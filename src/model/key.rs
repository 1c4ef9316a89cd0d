//! The 64-bit identifier space and the two ways of measuring it.

use std::fmt;

/// A point of the identifier space, of a node or of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub u64);

/// How far a node is from a key: the nodes responsible for a key are those at the smallest distance.
#[derive(Clone, Copy, Debug)]
pub enum Metric {
    /// Clockwise from the key to the node (Stoica et al. 2001, §4.2: a key belongs to its successor).
    Ring,
    /// Exclusive or (Maymounkov & Mazières 2002, §2.1).
    Xor,
    /// A protocol's own distance from key to node, by which nodes may be equally near: each of the nearest is responsible.
    Other(fn(Key, Key) -> u64),
}

impl Metric {
    /// The distance of `node` from `key`. On the ring and by exclusive or no two nodes are equally near.
    pub fn distance(self, key: Key, node: Key) -> u64 {
        match self {
            Metric::Ring => node.0.wrapping_sub(key.0),
            Metric::Xor => node.0 ^ key.0,
            Metric::Other(distance) => distance(key, node),
        }
    }
}

impl Key {
    /// Clockwise distance from `self` to `to` on the ring.
    pub const fn clockwise(self, to: Key) -> u64 {
        to.0.wrapping_sub(self.0)
    }

    /// The point `offset` further clockwise.
    pub const fn plus(self, offset: u64) -> Key {
        Key(self.0.wrapping_add(offset))
    }

    /// `self ∈ (from, to)` on the ring. `(a, a)` is the whole ring but `a`, as in the Chord paper.
    pub const fn in_open(self, from: Key, to: Key) -> bool {
        let length = from.clockwise(to).wrapping_sub(1);
        from.clockwise(self).wrapping_sub(1) < length
    }

    /// `self ∈ (from, to]` on the ring. `(a, a]` is the whole ring, as in the Chord paper.
    pub const fn in_half_open(self, from: Key, to: Key) -> bool {
        from.clockwise(self).wrapping_sub(1) <= from.clockwise(to).wrapping_sub(1)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ring_intervals_wrap_and_treat_their_ends_as_the_paper_does() {
        let (a, b, c) = (Key(10), Key(20), Key(u64::MAX - 5));
        assert!(Key(15).in_open(a, b) && !a.in_open(a, b) && !b.in_open(a, b));
        assert!(b.in_half_open(a, b) && !a.in_half_open(a, b) && !Key(21).in_half_open(a, b));
        assert!(Key(0).in_open(c, a) && Key(u64::MAX).in_half_open(c, a) && !Key(15).in_open(c, a));
        assert!(b.in_open(a, a) && !a.in_open(a, a));
        assert!(b.in_half_open(a, a) && a.in_half_open(a, a));
    }

    #[test]
    fn a_key_belongs_to_the_node_at_or_after_it_on_the_ring() {
        assert_eq!(Metric::Ring.distance(Key(10), Key(10)), 0);
        assert!(Metric::Ring.distance(Key(10), Key(11)) < Metric::Ring.distance(Key(10), Key(9)));
        assert_eq!(Metric::Xor.distance(Key(0b1010), Key(0b0110)), 0b1100);
    }
}
