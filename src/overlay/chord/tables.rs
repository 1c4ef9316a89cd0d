//! What a Chord node knows of the ring, as a pure value: predecessor, successor list, fingers, and the two questions
//! that a lookup asks of them.

use std::iter;

use super::Config;
use crate::overlay::{Key, NodeId, RecordId, Roster, View};

/// What a lookup wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Query {
    pub target: Key,
    pub record: Option<RecordId>,
    /// How many responsible nodes to name: the first so many successors of the target.
    pub count: u8,
}

/// What a node can say to a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It can name the responsible nodes: [`Tables::responsible`].
    Responsible,
    /// It knows a node nearer to the target.
    Next(NodeId),
    Nobody,
}

/// The pointers of one node, 4 bytes each.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    /// The nodes before it on the ring, each further counter-clockwise than the one before; never the node itself.
    pub predecessors: Vec<NodeId>,
    /// The next nodes on the ring, each further clockwise than the one before; never the node itself.
    pub successors: Vec<NodeId>,
    /// The distinct fingers beyond the successor, each further clockwise than the one before. `finger[i]` of the paper is
    /// the first node at a distance of at least 2ⁱ, so there is at most one between 2ⁱ and 2ⁱ⁺¹: about log₂ N in all. With
    /// `proximity` it is another node of the same interval.
    pub fingers: Vec<NodeId>,
}

/// The first i with 2ⁱ > `distance`: the first finger interval that a node so far away does not serve. 64 is past the
/// last.
pub(super) fn interval_beyond(distance: u64) -> u32 {
    u64::BITS - distance.leading_zeros()
}

/// The first finger interval that `node` does not serve.
fn beyond(view: &View<'_>, node: NodeId) -> u32 {
    interval_beyond(view.my_key().clockwise(view.key(node)))
}

/// Of the `successors` of a finger's start, in ring order, those that may be the finger: the first and, as far as the
/// interval reaches in which it lies, those after it.
pub(super) fn candidates(view: &View<'_>, successors: impl Iterator<Item = NodeId>) -> impl Iterator<Item = NodeId> {
    let mut end = None;
    successors.take_while(move |&node| *end.get_or_insert(beyond(view, node)) == beyond(view, node))
}

impl Tables {
    /// The tables that stabilising and fixing fingers end in when `roster` is the membership. O(log N).
    pub fn converged(view: &View<'_>, config: &Config, roster: &Roster) -> Tables {
        let (here, others) = (roster.position(view.my_key()), roster.len() - 1);
        let (before, after) = (config.kept_predecessors(), usize::from(config.successors));
        let mut tables = Tables {
            predecessors: (0..others.min(before)).map(|i| roster.at(here + others - i)).collect(),
            successors: (1..=others.min(after)).map(|i| roster.at(here + i)).collect(),
            fingers: Vec::new(),
        };
        let mut found = Vec::with_capacity(u64::BITS as usize);
        let mut interval = tables.first_interval(view);
        while interval < u64::BITS {
            let first = roster.position(view.my_key().plus(1 << interval));
            if roster.at(first) == view.me {
                break;
            }
            let successors = (0..usize::from(config.proximity)).map(|i| roster.at(first + i));
            let candidates = candidates(view, successors);
            found.extend(roster.nearest(view.me, candidates));
            interval = beyond(view, roster.at(first));
        }
        tables.fingers = found.as_slice().into(); // exactly as long as it is
        tables
    }

    pub fn predecessor(&self) -> Option<NodeId> {
        self.predecessors.first().copied()
    }

    pub fn successor(&self) -> Option<NodeId> {
        self.successors.first().copied()
    }

    /// The first finger interval beyond the successor; those below it are served by the successor itself.
    fn first_interval(&self, view: &View<'_>) -> u32 {
        self.successor().map_or(u64::BITS, |node| beyond(view, node))
    }

    /// Drops the fingers in intervals that the successor serves by now. Gives the first interval that it does not.
    pub fn drop_served_fingers(&mut self, view: &View<'_>) -> u32 {
        let first = self.first_interval(view);
        let served = self.fingers.partition_point(|&node| beyond(view, node) <= first);
        self.fingers.drain(..served);
        first
    }

    pub fn is_neighbour(&self, node: NodeId) -> bool {
        self.predecessors.contains(&node) || self.successors.contains(&node)
    }

    /// The successor list reaches round to the predecessor: these are all nodes. Also true of a node alone.
    fn closes_the_ring(&self) -> bool {
        self.predecessor() == self.successors.last().copied()
    }

    /// The target lies between the predecessor and this node: `(predecessor, n]`. A node alone owns everything.
    fn owns(&self, view: &View<'_>, target: Key) -> bool {
        match self.predecessor() {
            Some(predecessor) => target.in_half_open(view.key(predecessor), view.my_key()),
            None => self.successors.is_empty(),
        }
    }

    /// How many of `nodes`, which are in ring order, lie between this node and the target: `(n, target)`. Looks from
    /// `guess` on: each look at a key far away waits for the memory, so a good guess is better than bisection.
    fn preceding(view: &View<'_>, nodes: &[NodeId], target: Key, guess: usize) -> usize {
        let precedes = |node: &NodeId| view.key(*node).in_open(view.my_key(), target);
        let (before, behind) = nodes.split_at(guess.min(nodes.len()));
        match behind.iter().take_while(|node| precedes(node)).count() {
            0 => before.len() - before.iter().rev().take_while(|node| !precedes(node)).count(),
            more => before.len() + more,
        }
    }

    /// How many successors precede the target: usually all, since it is farther away than they are.
    fn preceding_successors(&self, view: &View<'_>, target: Key) -> usize {
        Self::preceding(view, &self.successors, target, self.successors.len())
    }

    /// How many fingers precede the target. On a ring with many nodes every interval from the first on has its finger, so
    /// that the number of the interval tells which.
    fn preceding_fingers(&self, view: &View<'_>, target: Key) -> usize {
        let interval = interval_beyond(view.my_key().clockwise(target));
        let beyond = (u64::BITS - interval) as usize;
        Self::preceding(view, &self.fingers, target, self.fingers.len().saturating_sub(beyond))
    }

    /// The predecessors that are not successors too, in ring order: the nearest last.
    fn before(&self) -> impl Iterator<Item = NodeId> + Clone + '_ {
        self.predecessors.iter().rev().copied().filter(|node| !self.successors.contains(node))
    }

    /// The neighbourhood in ring order: predecessors, the node itself, successors.
    fn around(&self, me: NodeId) -> impl Iterator<Item = NodeId> + Clone + '_ {
        self.before().chain(iter::once(me)).chain(self.successors.iter().copied())
    }

    /// The position in [`Tables::around`] of the first node at or after `key`.
    fn first_at_or_after(&self, view: &View<'_>, key: Key) -> usize {
        let me = self.before().count();
        let preceding = self.preceding_successors(view, key);
        if self.owns(view, key) {
            me
        } else if preceding < self.successors.len() {
            me + 1 + preceding
        } else {
            // Before this node's own range: the first of the predecessors at or after it, as far back as they go.
            let clockwise = |(_, node): &(usize, NodeId)| key.clockwise(view.key(*node));
            self.before().enumerate().min_by_key(clockwise).map_or(0, |(at, _)| at)
        }
    }

    /// The `count` nodes of the neighbourhood nearest to `key`, nearest first.
    pub fn nearest(&self, view: &View<'_>, key: Key, count: usize) -> impl Iterator<Item = NodeId> + '_ {
        let around = self.around(view.me);
        let known = around.clone().count();
        around.cycle().skip(self.first_at_or_after(view, key)).take(count.min(known))
    }

    /// The responsible nodes from the first at or after `target` on, without a gap, as far as the successor list goes.
    pub fn responsible<'a>(
        &'a self,
        view: &View<'_>,
        target: Key,
        excluded: &'a [NodeId],
    ) -> impl Iterator<Item = NodeId> + 'a {
        let first = self.first_at_or_after(view, target);
        let known = self.around(view.me).count();
        let without_gap = if self.closes_the_ring() { known } else { known - first };
        let nodes = self.around(view.me).cycle().skip(first).take(without_gap);
        nodes.filter(|node| !excluded.contains(node))
    }

    /// `n.find_successor(id)`, one step of it: names the responsible nodes if the target lies between this node and its
    /// successor (or, where the list is consulted, within the list and with enough of it left to name `count`),
    /// otherwise the closest preceding node.
    pub fn find_successor(&self, view: &View<'_>, config: &Config, query: &Query, excluded: &[NodeId]) -> Step {
        let target = query.target;
        if self.owns(view, target) && !excluded.contains(&view.me) {
            return Step::Responsible;
        }
        let preceding = self.preceding_successors(view, target);
        if preceding < self.successors.len() {
            let next_to_it = self.successors[..preceding].iter().all(|node| excluded.contains(node));
            let count = usize::from(query.count);
            let named = self.responsible(view, target, excluded).take(count).count();
            let enough = config.consult_successors && (named == count || self.closes_the_ring());
            if named > 0 && (next_to_it || enough) {
                return Step::Responsible;
            }
        }
        self.closest_preceding_node(view, config, target, excluded).map_or(Step::Nobody, Step::Next)
    }

    /// `n.closest_preceding_node(id)`: the highest predecessor of the target among the fingers, the successor and, where
    /// it is consulted, the rest of the successor list.
    pub fn closest_preceding_node(
        &self,
        view: &View<'_>,
        config: &Config,
        target: Key,
        excluded: &[NodeId],
    ) -> Option<NodeId> {
        let alive = |node: &NodeId| !excluded.contains(node);
        let finger = self.fingers[..self.preceding_fingers(view, target)].iter().rev().copied().find(alive);
        let mut successors = self.successors[..self.preceding_successors(view, target)].iter().copied().filter(alive);
        let successor = if config.consult_successors { successors.next_back() } else { successors.next() };
        finger.into_iter().chain(successor).max_by_key(|&node| view.my_key().clockwise(view.key(node)))
    }

    /// `finger[interval]` was found to be `finger`: nothing lies between the interval's start and it, and what else is in
    /// the interval in which it lies is no finger. It may be this node or one past it: then nothing lies beyond the start.
    /// Gives the next interval that it does not serve.
    pub fn set_finger(&mut self, view: &View<'_>, interval: u32, finger: NodeId) -> u32 {
        let beyond = |node: NodeId| beyond(view, node);
        let found = Some(finger).filter(|&finger| beyond(finger) > interval);
        let end = found.map_or(u64::BITS, beyond);
        let first = self.fingers.partition_point(|&node| beyond(node) <= interval);
        let last = self.fingers.partition_point(|&node| beyond(node) <= end);
        self.fingers.splice(first..last, found);
        end
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        (self.predecessors.capacity() + self.successors.capacity() + self.fingers.capacity()) * size_of::<NodeId>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Duration;

    /// Node i has key i · 10; this is node 5 on a ring of 0 … 9.
    const KEYS: [Key; 10] = [Key(0), Key(10), Key(20), Key(30), Key(40), Key(50), Key(60), Key(70), Key(80), Key(90)];

    fn nodes(ids: &[u32]) -> Vec<NodeId> {
        ids.iter().map(|&id| NodeId(id)).collect()
    }

    fn roster<'a>() -> Roster<'a> {
        Roster::new(KEYS.iter().enumerate().map(|(i, &key)| (key, NodeId(i as u32))).collect())
    }

    fn config(successors: u8) -> Config {
        Config { successors, ..Config::default() }
    }

    fn query(target: u64, count: u8) -> Query {
        Query { target: Key(target), record: None, count }
    }

    #[test]
    fn converged_tables_hold_each_distinct_finger_once() {
        let view = View::new(NodeId(5), &KEYS);
        let tables = Tables::converged(&view, &config(3), &roster());
        assert_eq!(tables.predecessors, nodes(&[4, 3, 2]));
        assert_eq!(tables.successors, nodes(&[6, 7, 8]));
        // 50 + 16 is served by 70, 50 + 32 by 90, and 50 + 64 … by 0: key 0 is 2⁶⁴ − 50 away.
        assert_eq!(tables.fingers, nodes(&[7, 9, 0]));
    }

    #[test]
    fn a_finger_is_the_nearest_of_the_first_few_of_its_interval() {
        let view = View::new(NodeId(0), &KEYS);
        let near = |node: u32| move |_: NodeId, other: NodeId| Duration::from_secs(u64::from(other.0.abs_diff(node)));
        let fingers = |proximity, round_trip: &dyn Fn(NodeId, NodeId) -> Duration| {
            let roster = roster().with_round_trips(round_trip);
            Tables::converged(&view, &Config { proximity, ..config(3) }, &roster).fingers
        };
        // Seen from key 0, beyond node 1: node 2 and 3 lie between 16 and 32, 4 to 6 between 32 and 64, 7 to 9 behind.
        assert_eq!(fingers(1, &near(9)), nodes(&[2, 4, 7]));
        assert_eq!(fingers(2, &near(9)), nodes(&[3, 5, 8]));
        assert_eq!(fingers(3, &near(9)), nodes(&[3, 6, 9]), "never one of the next interval");
        assert_eq!(fingers(3, &near(5)), nodes(&[3, 5, 7]));
    }

    #[test]
    fn a_node_names_the_responsible_only_as_far_as_its_list_has_no_gap() {
        let view = View::new(NodeId(5), &KEYS);
        let tables = Tables::converged(&view, &config(3), &roster());
        let config = Config::default();
        let step = |target, count| tables.find_successor(&view, &config, &query(target, count), &[]);
        let named = |target| tables.responsible(&view, Key(target), &[]).collect::<Vec<_>>();
        assert_eq!((step(55, 3), named(55)), (Step::Responsible, nodes(&[6, 7, 8])));
        assert_eq!((step(75, 1), named(75)), (Step::Responsible, nodes(&[8])));
        assert_eq!(step(75, 2), Step::Next(NodeId(7)), "only one of two could be named");
        assert_eq!((step(45, 2), named(45)), (Step::Responsible, nodes(&[5, 6, 7, 8])), "its own keys");
        assert_eq!(step(95, 1), Step::Next(NodeId(9)));
        let paper = Config { consult_successors: false, ..config };
        assert_eq!(tables.find_successor(&view, &paper, &query(65, 1), &[]), Step::Next(NodeId(6)));
    }

    #[test]
    fn excluded_nodes_are_neither_named_nor_passed_through() {
        let view = View::new(NodeId(5), &KEYS);
        let tables = Tables::converged(&view, &config(3), &roster());
        let config = Config { consult_successors: false, ..Config::default() };
        let step =
            |target, excluded: &[u32]| tables.find_successor(&view, &config, &query(target, 1), &nodes(excluded));
        assert_eq!(step(95, &[9]), Step::Next(NodeId(7)));
        assert_eq!(step(95, &[9, 7]), Step::Next(NodeId(6)));
        assert_eq!(step(95, &[9, 7, 6]), Step::Next(NodeId(8)), "the first successor left");
        assert_eq!(step(65, &[6]), Step::Responsible, "the first successor left is the answer");
        assert_eq!(tables.responsible(&view, Key(55), &nodes(&[6])).next(), Some(NodeId(7)));
        assert_eq!(step(95, &[9, 8, 7, 6]), Step::Nobody);
    }

    #[test]
    fn a_fixed_finger_takes_the_place_of_what_it_makes_obsolete() {
        let view = View::new(NodeId(5), &KEYS);
        let mut tables = Tables { fingers: nodes(&[7, 8, 9, 0]), ..Tables::default() };
        tables.set_finger(&view, 4, NodeId(8)); // 8 is 30 away: 7 was between 16 and 30
        assert_eq!(tables.fingers, nodes(&[8, 9, 0]));
        tables.set_finger(&view, 4, NodeId(7));
        assert_eq!(tables.fingers, nodes(&[7, 9, 0]), "8 is no finger when 7 lies in its interval");
        tables.set_finger(&view, 5, NodeId(5));
        assert_eq!(tables.fingers, nodes(&[7]), "nothing lies beyond");
        tables.set_finger(&view, 6, NodeId(6));
        assert_eq!(tables.fingers, nodes(&[7]), "6 comes after this node, seen from 50 + 64");
        tables.set_finger(&view, 5, NodeId(9));
        assert_eq!(tables.fingers, nodes(&[7, 9]));
    }

    #[test]
    fn the_nearest_are_counted_clockwise_from_the_key() {
        let view = View::new(NodeId(5), &KEYS);
        let tables = Tables::converged(&view, &config(3), &roster());
        let nearest = |key, count| tables.nearest(&view, Key(key), count).collect::<Vec<_>>();
        assert_eq!(nearest(41, 2), nodes(&[5, 6]));
        assert_eq!(nearest(71, 3), nodes(&[8, 2, 3]));
        assert_eq!(nearest(33, 9), nodes(&[4, 5, 6, 7, 8, 2, 3]));
        assert_eq!(nearest(25, 3), nodes(&[3, 4, 5]), "the last of its three");
        assert_eq!(nearest(15, 3), nodes(&[2, 3, 4]), "not its own to keep");
        let alone = Tables::default();
        assert_eq!(alone.nearest(&view, Key(7), 3).collect::<Vec<_>>(), nodes(&[5]));
    }
}
