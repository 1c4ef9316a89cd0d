//! How far away those are whom a node has asked lately: what proximity neighbour selection goes by.

use crate::engine::Duration;
use crate::overlay::NodeId;

/// Places: some half of the contacts and replacements at k = 20.
const PLACES: usize = 256;

/// The latest round trip of each node asked, at the place that the node's number gives, unless another took it since. 2 kB,
/// only where round trips are gone by.
#[derive(Clone, Debug)]
pub struct Nearby {
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
    pub fn measured(&mut self, node: NodeId, round_trip: Duration) {
        self.places[node.index() % PLACES] = (node, (round_trip.as_nanos() / 1000) as u32);
    }

    /// The position in `waiting` of the one with the shortest round trip among the last `count`; the last of all if none of
    /// them was measured.
    pub fn nearest(&self, waiting: &[NodeId], count: usize) -> usize {
        let first = waiting.len().saturating_sub(count);
        let round_trip = |node: NodeId| match self.places[node.index() % PLACES] {
            (there, micros) if there == node => micros,
            _ => u32::MAX,
        };
        let candidates = (first..waiting.len()).rev();
        candidates.min_by_key(|&at| round_trip(waiting[at])).expect("somebody waits")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_of_the_last_few_is_chosen_and_without_measurement_the_last() {
        let mut nearby = Nearby::default();
        let waiting = [1, 2, 3, 4].map(NodeId);
        assert_eq!(nearby.nearest(&waiting, 4), 3);
        for (node, millis) in [(1, 10), (2, 20), (3, 30)] {
            nearby.measured(NodeId(node), Duration::from_millis(millis));
        }
        assert_eq!([1, 2, 3, 4, 9].map(|count| nearby.nearest(&waiting, count)), [3, 2, 1, 0, 0]);
        nearby.measured(NodeId(1 + PLACES as u32), Duration::from_millis(1));
        assert_eq!(nearby.nearest(&waiting, 4), 1, "the place of node 1 was taken");
    }
}
