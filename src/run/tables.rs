//! Whether the tables of nodes are right: what a sample sees of them.

use super::simulation::Simulation;
use crate::measure::TableCheck;
use crate::measure::observer::Observer;
use crate::model::{Metric, NodeId};
use crate::overlay::{Config, Protocol, View};

/// Nodes whose tables one sample looks at.
const TABLES_CHECKED: u32 = 256;

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Looks at the tables of some joined nodes, evenly chosen, and at the successors of all.
    pub(super) fn check_tables(&self) -> TableCheck {
        let mut check = TableCheck::default();
        let (mut contacts, mut nearest) = (Vec::new(), Vec::new());
        let stride = (self.membership.joined.len() as u32).div_ceil(TABLES_CHECKED).max(1);
        let neighbourhood = self.fixed.config.neighbourhood();
        for &node in self.membership.joined.iter().step_by(stride as usize) {
            contacts.clear();
            self.nodes[node.index()].contacts(&self.shared, &View::new(node, &self.keys), &mut contacts);
            check.nodes += 1;
            check.entries += contacts.len() as u64;
            let online = contacts.iter().filter(|other| self.seats[other.index()].online);
            check.stale += (contacts.len() - online.clone().count()) as u64;
            if let Some(boxes) = &self.boxes {
                check.unreachable +=
                    online.filter(|&&other| !boxes.reaches(self.now, node, other, self.wire_of_links())).count() as u64;
            }
            if let (Some(metric), 1..) = (P::PLACEMENT.metric(), neighbourhood) {
                // The nearest of all is the node itself.
                self.oracle.directory.nearest(metric, self.keys[node.index()], neighbourhood + 1, &mut nearest);
                let others = nearest.iter().map(|(_, other)| *other).filter(|other| *other != node);
                check.nearest += others.clone().count() as u64;
                check.nearest_known += others.filter(|other| contacts.contains(other)).count() as u64;
            }
        }
        self.check_ring(&mut check);
        check
    }

    /// Whether the first entry of every node's successor list is the node that follows it, and how many rings the nodes make
    /// by the first entries of theirs that are there.
    fn check_ring(&self, check: &mut TableCheck) {
        let Some(successors_of) = P::SUCCESSORS else { return };
        let is_member = |node: &&NodeId| self.seats[node.index()].joined;
        let mut next = Vec::with_capacity(self.membership.joined.len());
        for &node in &self.membership.joined {
            let successors = successors_of(&self.nodes[node.index()]);
            let follower = self.oracle.directory.responsible(Metric::Ring, self.keys[node.index()].plus(1));
            let right = successors.first().copied().unwrap_or(node);
            check.successors += 1;
            check.successors_right += u64::from(follower == Some(right));
            let first = successors.iter().find(is_member).unwrap_or(&node);
            next.push(self.seats[first.index()].place);
        }
        check.rings = Some(rings(&next));
    }
}

/// The cycles of the graph in which each node leads to `next` of it.
fn rings(next: &[u32]) -> u32 {
    const UNSEEN: u32 = u32::MAX;
    let mut seen_from = vec![UNSEEN; next.len()];
    let mut rings = 0;
    for start in 0..next.len() as u32 {
        let mut at = start;
        while seen_from[at as usize] == UNSEEN {
            seen_from[at as usize] = start;
            at = next[at as usize];
        }
        rings += u32::from(seen_from[at as usize] == start);
    }
    rings
}

#[cfg(test)]
mod tests {
    use super::rings;

    #[test]
    fn rings_are_counted_and_what_leads_into_them_is_none() {
        assert_eq!(rings(&[]), 0);
        assert_eq!(rings(&[0]), 1);
        assert_eq!(rings(&[1, 2, 0]), 1);
        assert_eq!(rings(&[1, 0, 3, 2]), 2);
        assert_eq!(rings(&[1, 2, 1, 2, 3]), 1, "a loop with a tail");
    }
}
