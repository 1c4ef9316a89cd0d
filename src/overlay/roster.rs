//! The true membership at one instant, sorted by key, and how far apart the members are: what a converged start builds its
//! tables from.

use std::ops::Range;

use crate::engine::{Duration, prefetch_at};
use crate::model::{Key, NodeId};

/// Nodes sorted by key, with an index over the leading bits so that a search costs O(1) on uniform keys.
#[derive(Clone, Default)]
pub struct Roster<'a> {
    members: Vec<(Key, NodeId)>,
    /// `starts[p]` is the first member whose leading `bits` bits are at least `p`.
    starts: Vec<u32>,
    bits: u32,
    round_trip: Option<&'a RoundTrip<'a>>,
}

/// The round trip between two members: what either of them would measure.
type RoundTrip<'a> = dyn Fn(NodeId, NodeId) -> Duration + 'a;

impl<'a> Roster<'a> {
    /// Sorts `members` by key. Keys must differ. Nobody is nearer than others.
    pub fn new(mut members: Vec<(Key, NodeId)>) -> Roster<'a> {
        members.sort_unstable();
        debug_assert!(members.is_sorted_by(|a, b| a.0 < b.0), "two nodes with one key");
        let bits = members.len().max(2).ilog2();
        let mut starts = Vec::with_capacity((1 << bits) + 1);
        for (position, (key, _)) in members.iter().enumerate() {
            let prefix = (key.0 >> (64 - bits)) as usize;
            starts.resize(starts.len().max(prefix + 1), position as u32);
        }
        starts.resize((1 << bits) + 1, members.len() as u32);
        Roster { members, starts, bits, round_trip: None }
    }

    /// Members with round trips between them, which [`Roster::nearest`] goes by.
    pub fn with_round_trips(self, round_trip: &'a RoundTrip<'a>) -> Roster<'a> {
        Roster { round_trip: Some(round_trip), ..self }
    }

    /// Of `candidates` the one with the shortest round trip to `me`, the first of equals. One alone is not measured.
    pub fn nearest<T: Copy + Into<NodeId>>(&self, me: NodeId, mut candidates: impl Iterator<Item = T>) -> Option<T> {
        let first = candidates.next()?;
        let (Some(second), Some(round_trip)) = (candidates.next(), self.round_trip) else { return Some(first) };
        [first, second].into_iter().chain(candidates).min_by_key(|&other| round_trip(me, other.into()))
    }

    pub fn len(&self) -> usize {
        self.members.len()
    }

    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The member at `position` in key order, counted around the ring.
    pub fn at(&self, position: usize) -> NodeId {
        self.member(position % self.len()).1
    }

    /// The key of the member at `position`, counted around the ring.
    pub fn key_at(&self, position: usize) -> Key {
        self.member(position % self.len()).0
    }

    /// The member at `position`, below [`Roster::len`].
    pub fn member(&self, position: usize) -> (Key, NodeId) {
        self.members[position]
    }

    /// Asks for its memory.
    pub fn prefetch(&self, position: usize) {
        prefetch_at(&self.members, position);
    }

    /// How many members have a smaller key: the position of the first at or after `key` (`len()` past the last).
    pub fn position(&self, key: Key) -> usize {
        let prefix = (key.0 >> (64 - self.bits)) as usize;
        let (from, to) = (self.starts[prefix] as usize, self.starts[prefix + 1] as usize);
        from + self.members[from..to].partition_point(|member| member.0 < key)
    }

    /// The positions of the members with a key in `first ..= last` (no wrap).
    pub fn between(&self, first: Key, last: Key) -> Range<usize> {
        let end = if last.0 == u64::MAX { self.len() } else { self.position(Key(last.0 + 1)) };
        self.position(first)..end
    }

    pub fn iter(&self) -> impl Iterator<Item = (Key, NodeId)> + '_ {
        self.members.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Noise, Source};

    #[test]
    fn positions_agree_with_a_linear_scan() {
        for size in [1, 2, 3, 10, 1000] {
            let mut noise = Noise::new(size);
            let members: Vec<_> = (0..size).map(|i| (Key(noise.next_u64()), NodeId(i as u32))).collect();
            let roster = Roster::new(members.clone());
            for key in (0..200).map(|_| noise.next_u64()).chain([0, u64::MAX]) {
                let smaller = members.iter().filter(|member| member.0.0 < key).count();
                assert_eq!(roster.position(Key(key)), smaller);
            }
            assert_eq!(roster.between(Key(0), Key(u64::MAX)), 0..size as usize);
        }
    }

    #[test]
    fn the_nearest_is_the_first_of_those_with_the_shortest_round_trip() {
        let round_trip = |_, other: NodeId| Duration::from_millis(u64::from(other.0 % 4));
        let roster = Roster::new(vec![(Key(1), NodeId(1))]);
        let nearest = |roster: &Roster, nodes: &[u32]| roster.nearest(NodeId(0), nodes.iter().map(|&one| NodeId(one)));
        assert_eq!(nearest(&roster, &[7, 5, 9]), Some(NodeId(7)), "nobody has measured anything");
        let roster = roster.with_round_trips(&round_trip);
        assert_eq!(nearest(&roster, &[7, 5, 9]), Some(NodeId(5)));
        assert_eq!((nearest(&roster, &[7]), nearest(&roster, &[])), (Some(NodeId(7)), None));
    }
}
