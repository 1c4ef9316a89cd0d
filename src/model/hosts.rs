//! Which machine a node is on.
//!
//! With virtual nodes (Stoica et al., SIGCOMM 2001, §6.1) a machine takes part in its overlay with several nodes. Protocol
//! and storage see nodes only. Sessions, links, partitions, demand, load and whatever else is a machine's goes by machine,
//! and a machine goes by its first node: `NodeId(m)` is machine m and its first node at once, and its others are numbered
//! behind all machines. So a machine with one node is that node, and a list by machine has no place for a number that is
//! not a machine's.
//!
//! The machines of a bootstrap service are no part of the overlay, and so behind all that are: as machines behind the servers,
//! as senders and receivers behind all nodes.

use super::ids::NodeId;

/// The machines of a run, `0 .. participants`, after them the servers, and after these the bootstrap service, and their nodes.
#[derive(Clone, Copy, Debug)]
pub struct Hosts {
    participants: u32,
    machines: u32,
    /// Nodes of each participant. A server has one.
    each: u32,
    bootstrap: u32,
}

/// What a machine is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Participant,
    Server,
    Bootstrap,
}

impl Role {
    pub const fn name(self) -> &'static str {
        match self {
            Role::Participant => "participant",
            Role::Server => "server",
            Role::Bootstrap => "bootstrap",
        }
    }
}

impl Hosts {
    /// `participants` with so many nodes `each`, and `servers`.
    pub fn new(participants: u32, servers: u32, each: u32) -> Hosts {
        assert!(each == 1 || each > 1 && servers == 0, "{each} nodes a machine beside {servers} servers");
        Hosts { participants, machines: participants + servers, each, bootstrap: 0 }
    }

    /// The machines of a bootstrap service beside these.
    pub fn with_bootstrap(self, bootstrap: u32) -> Hosts {
        Hosts { bootstrap, ..self }
    }

    pub fn participants(self) -> u32 {
        self.participants
    }

    /// Machines that take part: participants and servers.
    pub fn machines(self) -> u32 {
        self.machines
    }

    /// All machines.
    pub fn all_machines(self) -> u32 {
        self.machines + self.bootstrap
    }

    /// All that send and receive: nodes, and the machines of the bootstrap service.
    pub fn senders(self) -> u32 {
        self.nodes() + self.bootstrap
    }

    /// What the machine of the bootstrap service with this number sends as.
    pub fn bootstrap(self, number: u32) -> NodeId {
        assert!(number < self.bootstrap, "the service has {} machines", self.bootstrap);
        NodeId(self.nodes() + number)
    }

    /// The number of the machine of the bootstrap service that sends as `node`; `None` of a node.
    pub fn bootstrap_number(self, node: NodeId) -> Option<u32> {
        node.0.checked_sub(self.nodes())
    }

    /// Nodes of all machines that take part.
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
        match self.bootstrap_number(node) {
            Some(number) => NodeId(self.machines + number),
            None => NodeId((node.0 - self.machines) % self.participants),
        }
    }

    /// The nodes of a machine, the first first.
    pub fn nodes_of(self, machine: NodeId) -> impl Iterator<Item = NodeId> {
        debug_assert!(machine.0 < self.machines, "{machine} is no machine");
        let others = (1..self.each).map(move |number| self.machines + (number - 1) * self.participants + machine.0);
        std::iter::once(machine).chain(others.map(NodeId))
    }

    /// What a machine is there for.
    pub fn role(self, machine: NodeId) -> Role {
        match machine.0 {
            number if number < self.participants => Role::Participant,
            number if number < self.machines => Role::Server,
            _ => Role::Bootstrap,
        }
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
            let hosts = Hosts::new(participants, servers, each).with_bootstrap(3);
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
            for number in 0..3 {
                let node = hosts.bootstrap(number);
                assert_eq!(
                    (hosts.of(node), hosts.bootstrap_number(node)),
                    (NodeId(hosts.machines() + number), Some(number))
                );
                assert_eq!(hosts.role(hosts.of(node)), Role::Bootstrap);
            }
            assert_eq!(hosts.all_machines(), hosts.machines() + 3);
            let both = |a: NodeId, b: NodeId| hosts.of_both(a, b) == (hosts.of(a), hosts.of(b));
            assert!(all.iter().all(|&node| both(node, all[0]) && both(all[0], node)));
        }
    }
}
