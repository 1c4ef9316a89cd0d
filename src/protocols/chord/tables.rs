//! What a Chord node knows of the ring, as a pure value: predecessor, successor list, fingers, and the two questions
//! that a lookup asks of them.

#[cfg(test)]
mod tests;

use std::iter;

use super::{Answers, Config};
use crate::engine::prefetch_at;
use crate::model::{Key, NodeId, RecordId};
use crate::overlay::{Roster, View};

/// What a lookup wants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    pub target: Key,
    pub record: Option<RecordId>,
    /// How many responsible nodes to name: the first so many successors of the target.
    pub count: u8,
}

/// What a node can say to a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Responsible nodes are known here: [`Tables::responsible`].
    Responsible,
    /// A node nearer to the target is known.
    Next(NodeId),
    Nobody,
}

/// The pointers of one node, 4 bytes each. All lie in one vector, so that a message costs the memory of one place:
///
/// ```text
/// | predecessors | successors | fingers |
/// ```
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    nodes: Vec<NodeId>,
    predecessors: u8,
    successors: u8,
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
    pub(super) fn converged(view: &View<'_>, config: &Config, roster: &Roster) -> Tables {
        let (here, others) = (roster.position(view.my_key()), roster.len() - 1);
        let (before, after) = (config.kept_predecessors(), usize::from(config.successors));
        let predecessors: Vec<_> = (0..others.min(before)).map(|i| roster.at(here + others - i)).collect();
        let successors: Vec<_> = (1..=others.min(after)).map(|i| roster.at(here + i)).collect();
        let mut found = Vec::with_capacity(u64::BITS as usize);
        let mut interval = successors.first().map_or(u64::BITS, |&node| beyond(view, node));
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
        Tables::new(&predecessors, &successors, &found)
    }

    /// Exactly as much memory as they take.
    pub(super) fn new(predecessors: &[NodeId], successors: &[NodeId], fingers: &[NodeId]) -> Tables {
        let nodes = [predecessors, successors, fingers].concat();
        Tables { nodes, predecessors: count(predecessors), successors: count(successors) }
    }

    /// The nodes before it on the ring, each further counter-clockwise than the one before; never the node itself.
    pub(super) fn predecessors(&self) -> &[NodeId] {
        &self.nodes[..usize::from(self.predecessors)]
    }

    /// The next nodes on the ring, each further clockwise than the one before; never the node itself.
    pub(super) fn successors(&self) -> &[NodeId] {
        &self.nodes[usize::from(self.predecessors)..self.first_finger()]
    }

    /// The distinct fingers beyond the successor, each further clockwise than the one before. `finger[i]` of the paper is
    /// the first node at a distance of at least 2ⁱ, so there is at most one between 2ⁱ and 2ⁱ⁺¹: about log₂ N in all. With
    /// `proximity` it is another node of the same interval.
    pub(super) fn fingers(&self) -> &[NodeId] {
        &self.nodes[self.first_finger()..]
    }

    pub(super) fn set_predecessors(&mut self, predecessors: &[NodeId]) {
        self.nodes.splice(..usize::from(self.predecessors), predecessors.iter().copied());
        self.predecessors = count(predecessors);
    }

    pub(super) fn set_successors(&mut self, successors: &[NodeId]) {
        let range = usize::from(self.predecessors)..self.first_finger();
        self.nodes.splice(range, successors.iter().copied());
        self.successors = count(successors);
    }

    /// Where the fingers begin.
    fn first_finger(&self) -> usize {
        usize::from(self.predecessors) + usize::from(self.successors)
    }

    pub(super) fn predecessor(&self) -> Option<NodeId> {
        self.predecessors().first().copied()
    }

    pub(super) fn successor(&self) -> Option<NodeId> {
        self.successors().first().copied()
    }

    /// The first finger interval beyond the successor; those below it are served by the successor itself.
    fn first_interval(&self, view: &View<'_>) -> u32 {
        self.successor().map_or(u64::BITS, |node| beyond(view, node))
    }

    /// Drops the fingers in intervals that the successor serves by now. Gives the first interval that it does not.
    pub(super) fn drop_served_fingers(&mut self, view: &View<'_>) -> u32 {
        let first = self.first_interval(view);
        let served = self.fingers().partition_point(|&node| beyond(view, node) <= first);
        let fingers = self.first_finger();
        self.nodes.drain(fingers..fingers + served);
        first
    }

    /// A node is no finger any more.
    pub(super) fn drop_finger(&mut self, gone: NodeId) {
        if let Some(at) = self.fingers().iter().position(|&node| node == gone) {
            self.nodes.remove(self.first_finger() + at);
        }
    }

    pub(super) fn is_neighbour(&self, node: NodeId) -> bool {
        self.predecessors().contains(&node) || self.successors().contains(&node)
    }

    /// The successor list reaches round to the predecessor: these are all nodes. Also true of a node alone.
    fn closes_the_ring(&self) -> bool {
        self.predecessor() == self.successors().last().copied()
    }

    /// The target lies between the predecessor and this node: `(predecessor, n]`. A node alone owns everything.
    fn owns(&self, view: &View<'_>, target: Key) -> bool {
        match self.predecessor() {
            Some(predecessor) => target.in_half_open(view.key(predecessor), view.my_key()),
            None => self.successors().is_empty(),
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
        Self::preceding(view, self.successors(), target, self.successors().len())
    }

    /// How many fingers precede the target. On a ring with many nodes every interval from the first on has its finger, so
    /// that the number of the interval tells which.
    fn preceding_fingers(&self, view: &View<'_>, target: Key) -> usize {
        let interval = interval_beyond(view.my_key().clockwise(target));
        let beyond = (u64::BITS - interval) as usize;
        Self::preceding(view, self.fingers(), target, self.fingers().len().saturating_sub(beyond))
    }

    /// The predecessors that are not successors too, in ring order: the nearest last.
    fn before(&self) -> impl Iterator<Item = NodeId> + Clone + '_ {
        self.predecessors().iter().rev().copied().filter(|node| !self.successors().contains(node))
    }

    /// The neighbourhood in ring order: predecessors, the node itself, successors.
    fn around(&self, me: NodeId) -> impl Iterator<Item = NodeId> + Clone + '_ {
        self.before().chain(iter::once(me)).chain(self.successors().iter().copied())
    }

    /// The position in [`Tables::around`] of the first node at or after `key`.
    fn first_at_or_after(&self, view: &View<'_>, key: Key) -> usize {
        let me = self.before().count();
        let preceding = self.preceding_successors(view, key);
        if self.owns(view, key) {
            me
        } else if preceding < self.successors().len() {
            me + 1 + preceding
        } else {
            // Before this node's own range: the first of the predecessors at or after it, as far back as they go.
            let clockwise = |(_, node): &(usize, NodeId)| key.clockwise(view.key(*node));
            self.before().enumerate().min_by_key(clockwise).map_or(0, |(at, _)| at)
        }
    }

    /// The `count` nodes of the neighbourhood nearest to `key`, nearest first.
    pub(super) fn nearest(&self, view: &View<'_>, key: Key, count: usize) -> impl Iterator<Item = NodeId> + '_ {
        let around = self.around(view.me);
        let known = around.clone().count();
        around.cycle().skip(self.first_at_or_after(view, key)).take(count.min(known))
    }

    /// The neighbourhood from the first node at or after `target` on: all of it where the ring is closed, else up to its end.
    fn onwards(&self, view: &View<'_>, target: Key) -> impl Iterator<Item = NodeId> + '_ {
        let first = self.first_at_or_after(view, target);
        let known = self.around(view.me).count();
        let without_gap = if self.closes_the_ring() { known } else { known - first };
        self.around(view.me).cycle().skip(first).take(without_gap)
    }

    /// The responsible nodes from the first at or after `target` on, without a gap, as far as the successor list goes.
    pub(super) fn responsible<'a>(
        &'a self,
        view: &View<'_>,
        target: Key,
        excluded: &'a [NodeId],
    ) -> impl Iterator<Item = NodeId> + 'a {
        let owns = self.owns(view, target);
        let preceding = if owns { 0 } else { self.preceding_successors(view, target) };
        // Nearly always the successors go on where the target lies, and that is all of it.
        let straight = (owns || preceding < self.successors().len()) && !self.closes_the_ring();
        let (mine, listed) = match straight {
            true => (owns.then_some(view.me), &self.successors()[preceding..]),
            false => (None, &[][..]),
        };
        let around = (!straight).then(|| self.onwards(view, target)).into_iter().flatten();
        let nodes = mine.into_iter().chain(listed.iter().copied()).chain(around);
        nodes.filter(|node| !excluded.contains(node))
    }

    /// `n.find_successor(id)`, one step of it: names the responsible nodes if the target lies between this node and its
    /// successor (or, where the list answers, within the list and with enough of it left to name `count`),
    /// otherwise the closest preceding node.
    pub(super) fn find_successor(&self, view: &View<'_>, config: &Config, query: &Query, excluded: &[NodeId]) -> Step {
        let target = query.target;
        if self.owns(view, target) && !excluded.contains(&view.me) {
            return Step::Responsible;
        }
        let preceding = self.preceding_successors(view, target);
        if preceding < self.successors().len() {
            let next_to_it = self.successors()[..preceding].iter().all(|node| excluded.contains(node));
            let count = usize::from(query.count);
            let named = self.responsible(view, target, excluded).take(count).count();
            let enough = config.answers == Answers::List && (named == count || self.closes_the_ring());
            if named > 0 && (next_to_it || enough) {
                return Step::Responsible;
            }
        }
        self.closest_preceding_node(view, config, target, preceding, excluded).map_or(Step::Nobody, Step::Next)
    }

    /// `n.closest_preceding_node(id)`: the highest predecessor of the target among the fingers, the successor and, unless
    /// only that is looked at, the rest of the successor list, of which so many precede it.
    fn closest_preceding_node(
        &self,
        view: &View<'_>,
        config: &Config,
        target: Key,
        preceding: usize,
        excluded: &[NodeId],
    ) -> Option<NodeId> {
        let alive = |node: &NodeId| !excluded.contains(node);
        let preceding_fingers = self.preceding_fingers(view, target);
        let at_key =
            self.fingers().get(preceding_fingers).filter(|&&node| config.finger_at_key && view.key(node) == target);
        let before = self.fingers()[..preceding_fingers].iter().rev();
        let finger = at_key.into_iter().chain(before).copied().find(alive);
        let mut successors = self.successors()[..preceding].iter().copied().filter(alive);
        let successor = if config.answers == Answers::None { successors.next() } else { successors.next_back() };
        match (finger, successor) {
            (Some(finger), Some(successor)) => {
                let distance = |node| view.my_key().clockwise(view.key(node));
                Some(if distance(successor) >= distance(finger) { successor } else { finger })
            }
            (finger, successor) => finger.or(successor),
        }
    }

    /// `finger[interval]` was found to be `finger`: nothing lies between the interval's start and it, and what else is in
    /// the interval in which it lies is no finger. It may be this node or one past it: then nothing lies beyond the start.
    /// Gives the next interval that it does not serve.
    pub(super) fn set_finger(&mut self, view: &View<'_>, interval: u32, finger: NodeId) -> u32 {
        let beyond = |node: NodeId| beyond(view, node);
        let found = Some(finger).filter(|&finger| beyond(finger) > interval);
        let end = found.map_or(u64::BITS, beyond);
        let fingers = self.first_finger();
        let first = fingers + self.fingers().partition_point(|&node| beyond(node) <= interval);
        let last = fingers + self.fingers().partition_point(|&node| beyond(node) <= end);
        if self.nodes[first..last] != *found.as_slice() {
            self.nodes.splice(first..last, found);
        }
        end
    }

    /// Asks for the memory of the tables.
    pub(super) fn prefetch(&self) {
        // Neighbours and fingers take two lines of memory, or a little more.
        prefetch_at(&self.nodes, 0);
        prefetch_at(&self.nodes, self.first_finger());
    }

    /// Bytes allocated.
    pub(super) fn heap_bytes(&self) -> usize {
        self.nodes.capacity() * size_of::<NodeId>()
    }
}

/// The length of a list, of which `Config` bounds each.
fn count(nodes: &[NodeId]) -> u8 {
    u8::try_from(nodes.len()).expect("a neighbourhood has at most 255 nodes on each side")
}
