//! How far away those are whom a node has asked lately: what proximity neighbour selection goes by.

use crate::engine::Duration;
use crate::model::NodeId;

/// Places: some half of the contacts and replacements at k = 20.
const PLACES: usize = 256;

/// The latest round trip of each node asked, at the place that the node's number gives, unless another took it since. 2 kB,
/// only where round trips are gone by.
#[derive(Clone, Debug)]
pub(super) struct Nearby {
    /// Node and µs.
    places: [(NodeId, u32); PLACES],
}

impl Default for Nearby {
    fn default() -> Self {
        Nearby { places: [(NodeId(u32::MAX), u32::MAX); PLACES] }
    }
}

impl Nearby {
    /// `node` has answered after so long.
    pub(super) fn measured(&mut self, node: NodeId, round_trip: Duration) {
        self.places[node.index() % PLACES] = (node, (round_trip.as_nanos() / 1000) as u32);
    }

    /// The latest round trip to `node` in µs, the largest number if it is not known.
    pub(super) fn round_trip(&self, node: NodeId) -> u32 {
        match self.places[node.index() % PLACES] {
            (there, micros) if there == node => micros,
            _ => u32::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_trip_is_known_until_its_place_is_taken() {
        let mut nearby = Nearby::default();
        let (one, other) = (NodeId(1), NodeId(1 + PLACES as u32));
        assert_eq!(nearby.round_trip(one), u32::MAX);
        for millis in [10, 20] {
            nearby.measured(one, Duration::from_millis(millis));
            assert_eq!(u64::from(nearby.round_trip(one)), millis * 1000);
        }
        nearby.measured(other, Duration::from_millis(1));
        assert_eq!((nearby.round_trip(one), nearby.round_trip(other)), (u32::MAX, 1000));
    }
}
