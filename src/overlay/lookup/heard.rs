//! What a lookup has heard of: which nodes are familiar, and which of the others stay.

use super::{AT_ONCE, Candidate, FAMILIAR, Lookup, MOST_NAMED, NOBODY, State};
use crate::model::{Key, NodeId};

impl Lookup {
    /// Remembers the nodes that are not familiar. Which those are, a processor could not foresee: they are picked out without a
    /// branch, some at a time, and all their keys asked for before one is needed, so that the memory for them is waited for once.
    pub(super) fn hear_of_all<N: Copy + Into<NodeId>>(&mut self, nodes: &[N], key: impl Fn(NodeId) -> Key, hops: u8) {
        for nodes in nodes.chunks(AT_ONCE) {
            let (mut strange, mut count) = ([NodeId(0); AT_ONCE], 0);
            for node in nodes.iter().map(|&node| node.into()) {
                debug_assert!(node.0 < MOST_NAMED, "{node} cannot be told from nobody");
                let (place, name) = familiar(node);
                strange[count % AT_ONCE] = node;
                count += usize::from(self.familiar[place] != name);
            }
            let (strange, mut distances) = (&strange[..count], [0; AT_ONCE]);
            for (distance, &node) in distances.iter_mut().zip(strange) {
                *distance = self.aim.metric.distance(self.aim.target, key(node));
            }
            for (&distance, &node) in distances.iter().zip(strange) {
                self.hear_of(node, distance, hops);
            }
        }
    }

    /// Remembers a node that is not known yet. Of those not asked the nearest 2k stay: k for the front and as many to
    /// move up when nodes of the front fail.
    fn hear_of(&mut self, node: NodeId, distance: u64, hops: u8) {
        let farthest = (self.heard == 2 * self.aim.k).then(|| self.farthest_heard());
        if farthest.is_some_and(|farthest| self.candidates[farthest].distance < distance) {
            return;
        }
        if let Err(at) = self.candidates.binary_search_by_key(&distance, |candidate| candidate.distance) {
            let candidate = Candidate { distance, node, hops, state: State::Heard, round: self.round };
            self.settled = self.settled.min(at);
            self.all_asked = false;
            match farthest {
                Some(farthest) => self.replace(farthest, at, candidate),
                None => {
                    self.candidates.insert(at, candidate);
                    self.heard += 1;
                }
            }
        }
        let (place, name) = familiar(node);
        self.familiar[place] = name;
    }

    /// The position of the farthest candidate that was not asked. There is one.
    fn farthest_heard(&self) -> usize {
        let farthest = self.candidates.iter().rposition(|candidate| candidate.state == State::Heard);
        farthest.expect("some are not asked yet")
    }

    /// Puts a candidate at `at` and drops the one at `farthest`, behind it.
    fn replace(&mut self, farthest: usize, at: usize, candidate: Candidate) {
        let dropped = self.candidates[farthest].node;
        let (place, name) = familiar(dropped);
        if self.familiar[place] == name {
            self.familiar[place] = NOBODY;
        }
        self.candidates.copy_within(at..farthest, at + 1);
        self.candidates[at] = candidate;
    }
}

/// The place of a node among the familiar ones, and its name there: together its number, if that is below
/// [`MOST_NAMED`].
const fn familiar(node: NodeId) -> (usize, u16) {
    (node.index() % FAMILIAR, (node.index() / FAMILIAR) as u16)
}
