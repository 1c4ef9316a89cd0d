//! Uploads of one machine in its swarms: which peers are unchoked, and which wait.

use std::collections::VecDeque;

use super::Line;
use crate::model::NodeId;

/// Number of concurrent uploads that are always allowed (Cohen 2003 §3.2: four, over all resources of the machine).
pub(super) const UPLOADS: usize = 4;

/// Uploads of one machine: active ones, and the queue of interested peers.
///
/// Four at a time, and more only while the uplink is not full: otherwise a fast machine with slow receivers would idle
/// (libtorrent's rate-based choker does likewise). Each turn is for one piece.
#[derive(Clone, Debug)]
pub struct Uploads<R> {
    /// Unchoked peers and the resource of each.
    given: Vec<(NodeId, R)>,
    waiting: VecDeque<(NodeId, R)>,
}

impl<R> Default for Uploads<R> {
    fn default() -> Self {
        Uploads { given: Vec::new(), waiting: VecDeque::new() }
    }
}

impl<R: Copy + PartialEq> Uploads<R> {
    /// Queues the interest of `node` until [`Uploads::give`], unless it waits already.
    pub fn ask(&mut self, node: NodeId, of: R) {
        let asked = (node, of);
        if !self.waiting.contains(&asked) {
            self.waiting.push_back(asked);
        }
    }

    /// Next peer to unchoke, if another upload may begin. Call until it returns `None`.
    pub fn give(&mut self, uplink: Line) -> Option<(NodeId, R)> {
        // What was given must have begun to move before anybody can say whether there is room for more.
        if self.given.len() >= UPLOADS && (uplink.is_full || self.given.len() > uplink.flows) {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.given.push(next);
        Some(next)
    }

    /// Whether any peer is unchoked for a resource or waits for it.
    pub fn is_wanted(&self, of: R) -> bool {
        self.given.iter().chain(&self.waiting).any(|(_, other)| *other == of)
    }

    /// Whether `node` is unchoked.
    pub fn has_turn(&self, node: NodeId, of: R) -> bool {
        self.given.contains(&(node, of))
    }

    /// Ends a turn, after the piece was sent or the turn declined. True if `node` was unchoked.
    pub fn over(&mut self, node: NodeId, of: R) -> bool {
        let place = self.given.iter().position(|&given| given == (node, of));
        place.map(|at| self.given.remove(at)).is_some()
    }

    /// Removes `node`, which has gone.
    pub fn forget(&mut self, node: NodeId) {
        self.waiting.retain(|(other, _)| *other != node);
        self.given.retain(|(other, _)| *other != node);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Line = Line { flows: 4, is_full: true };

    #[test]
    fn beyond_four_uploads_the_next_waits_for_room_on_the_uplink() {
        let mut uploads = Uploads::default();
        (0..7).for_each(|node| uploads.ask(NodeId(node), ()));
        let given: Vec<_> = std::iter::from_fn(|| uploads.give(FULL)).map(|(node, ())| node.0).collect();
        assert_eq!(given, [0, 1, 2, 3]);
        assert_eq!(uploads.give(Line { flows: 3, is_full: false }), None, "one of the four has not begun");
        assert_eq!(uploads.give(Line { flows: 4, is_full: false }), Some((NodeId(4), ())));
        assert!(uploads.over(NodeId(1), ()) && !uploads.over(NodeId(1), ()));
        assert_eq!(uploads.give(FULL), None, "four are under way");
        assert!(uploads.over(NodeId(2), ()));
        assert_eq!(uploads.give(FULL), Some((NodeId(5), ())));
    }

    #[test]
    fn whoever_asks_twice_or_has_gone_gets_no_second_turn() {
        let mut uploads = Uploads::default();
        [1, 1, 2, 3].iter().for_each(|&node| uploads.ask(NodeId(node), 'a'));
        uploads.forget(NodeId(2));
        assert_eq!(uploads.give(FULL), Some((NodeId(1), 'a')));
        assert!(uploads.has_turn(NodeId(1), 'a') && !uploads.has_turn(NodeId(3), 'a'));
        assert_eq!((uploads.give(FULL), uploads.give(FULL)), (Some((NodeId(3), 'a')), None));
    }
}
