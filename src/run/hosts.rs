//! Which machine a node is on.
//!
//! With virtual nodes (Stoica et al., SIGCOMM 2001, §6.1) a machine takes part in its overlay with several nodes. Protocol
//! and storage see nodes only. Sessions, links, partitions, demand, load and whatever else is a machine's goes by machine,
//! and a machine goes by its first node: `NodeId(m)` is machine m and its first node at once, and its others are numbered
//! behind all machines. So a machine with one node is that node, and a list by machine has no place for a number that is
//! not a machine's.

use crate::overlay::NodeId;

/// The machines of a run, `0 .. participants` and after them the servers, and their nodes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hosts {
    participants: u32,
    machines: u32,
    /// Nodes of each participant. A server has one.
    each: u32,
}

impl Hosts {
    /// `participants` with so many nodes `each`, and `servers`.
    pub fn new(participants: u32, servers: u32, each: u32) -> Hosts {
        assert!(each == 1 || each > 1 && servers == 0, "{each} nodes a machine beside {servers} servers");
        Hosts { participants, machines: participants + servers, each }
    }

    pub fn participants(self) -> u32 {
        self.participants
    }

    pub fn machines(self) -> u32 {
        self.machines
    }

    /// Nodes of all machines.
    pub fn nodes(self) -> u32 {
        let more = self.participants.checked_mul(self.each - 1).and_then(|more| more.checked_add(self.machines));
        more.expect("2³² nodes take more memory than there is")
    }

    /// Nodes of each participant.
    pub fn each(self) -> u32 {
        self.each
    }

    /// The machine that a node is on. One comparison where there are no other nodes.
    #[inline(always)]
    pub fn of(self, node: NodeId) -> NodeId {
        if node.0 < self.machines { node } else { self.of_other(node) }
    }

    /// The machines that two nodes are on. Likewise.
    #[inline(always)]
    pub fn of_both(self, a: NodeId, b: NodeId) -> (NodeId, NodeId) {
        if a.max(b).0 < self.machines { (a, b) } else { (self.of(a), self.of(b)) }
    }

    #[cold]
    fn of_other(self, node: NodeId) -> NodeId {
        NodeId((node.0 - self.machines) % self.participants)
    }

    /// The nodes of a machine, the first first.
    pub fn nodes_of(self, machine: NodeId) -> impl Iterator<Item = NodeId> {
        debug_assert!(machine.0 < self.machines, "{machine} is no machine");
        let others = (1..self.each).map(move |number| self.machines + (number - 1) * self.participants + machine.0);
        std::iter::once(machine).chain(others.map(NodeId))
    }

    /// Whether a node is that of a dedicated server.
    pub fn is_server(self, node: NodeId) -> bool {
        (self.participants..self.machines).contains(&node.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_node_is_one_of_its_machines() {
        for (participants, servers, each) in [(5, 2, 1), (5, 0, 4), (1, 0, 64)] {
            let hosts = Hosts::new(participants, servers, each);
            let mut all = Vec::new();
            for machine in (0..hosts.machines()).map(NodeId) {
                let nodes: Vec<_> = hosts.nodes_of(machine).collect();
                assert_eq!((nodes[0], nodes.len() as u32), (machine, each));
                assert!(nodes.iter().all(|&node| hosts.of(node) == machine));
                assert_eq!(hosts.is_server(machine), machine.0 >= participants);
                all.extend(nodes);
            }
            all.sort_unstable();
            assert!(all.iter().copied().eq((0..hosts.nodes()).map(NodeId)), "{all:?}");
            let both = |a: NodeId, b: NodeId| hosts.of_both(a, b) == (hosts.of(a), hosts.of(b));
            assert!(all.iter().all(|&node| both(node, all[0]) && both(all[0], node)));
        }
    }
}
