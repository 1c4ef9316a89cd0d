//! Peerstores of all machines, and the rendezvous that each announces.

use super::peerstore::{PeerAddress, Peerstore};
use crate::engine::{Time, prefetch};
use crate::model::NodeId;

/// Nodes named in a message, with their addresses as its sender knows them.
pub type Named = Vec<(NodeId, PeerAddress)>;

/// Knowledge of all machines of the addresses of others. A machine reads its own peerstore only.
#[derive(Clone, Debug)]
pub struct Peerstores {
    stores: Vec<Peerstore>,
    /// Rendezvous that each machine announces in all packets.
    announced: Vec<Option<NodeId>>,
    /// Whether there ever was more to know of a machine than its number: for most machines, peerstores need not be searched.
    is_remarkable: Vec<bool>,
    /// Bytes of a contact.
    contact: u32,
}

impl Peerstores {
    /// Empty peerstores of so many machines.
    pub fn new(machines: u32, contact: u32) -> Peerstores {
        let machines = machines as usize;
        let stores = vec![Peerstore::default(); machines];
        Peerstores { stores, announced: vec![None; machines], is_remarkable: vec![false; machines], contact }
    }

    /// Address of `of` in the peerstore of a machine.
    fn address(&self, machine: NodeId, of: NodeId) -> Option<PeerAddress> {
        if self.is_remarkable[of.index()] { self.stores[machine.index()].address(of) } else { None }
    }

    /// Port at which a machine reaches `of`; 0 without a mapping.
    pub fn port(&self, machine: NodeId, of: NodeId) -> u32 {
        self.address(machine, of).map_or(0, |address| address.port)
    }

    /// Rendezvous of `of`, as far as a machine knows.
    pub fn rendezvous(&self, machine: NodeId, of: NodeId) -> Option<NodeId> {
        self.address(machine, of)?.rendezvous
    }

    /// Rendezvous that a machine announces.
    pub fn announced(&self, machine: NodeId) -> Option<NodeId> {
        self.announced[machine.index()]
    }

    /// Sets the rendezvous that a machine announces.
    pub fn announce(&mut self, machine: NodeId, rendezvous: Option<NodeId>) {
        self.announced[machine.index()] = rendezvous;
    }

    /// Stores the source of a packet from `node` that a machine received.
    pub fn observe(&mut self, now: Time, machine: NodeId, node: NodeId, address: PeerAddress) {
        let store = &mut self.stores[machine.index()];
        let is_remarkable = &mut self.is_remarkable[node.index()];
        *is_remarkable |= address != PeerAddress::PLAIN;
        if address != PeerAddress::PLAIN || *is_remarkable && store.address(node).is_some() {
            store.observe(now, node, address);
        }
    }

    /// Stores the address of a new peer before the run begins, as from a packet of its own.
    pub fn introduce(&mut self, now: Time, machine: NodeId, node: NodeId, address: PeerAddress) {
        self.is_remarkable[node.index()] = true;
        self.stores[machine.index()].observe(now, node, address);
    }

    /// Stores the address of a new peer before the run begins, as from another node.
    pub fn acquaint(&mut self, now: Time, machine: NodeId, node: NodeId, address: PeerAddress) {
        self.is_remarkable[node.index()] = true;
        self.stores[machine.index()].learn(now, node, address);
    }

    /// Stores the addresses of the nodes that a message named.
    pub fn learn(&mut self, now: Time, machine: NodeId, named: &[(NodeId, PeerAddress)]) {
        let store = &mut self.stores[machine.index()];
        named.iter().for_each(|(node, _)| store.prefetch(*node));
        named.iter().for_each(|&(node, address)| store.learn(now, node, address));
    }

    /// Copies what `from` knows of a node into the peerstore of a machine.
    pub fn tell(&mut self, now: Time, machine: NodeId, from: NodeId, node: NodeId) {
        if let Some(address) = self.address(from, node) {
            self.stores[machine.index()].learn(now, node, address);
        }
    }

    /// Puts the addresses of `nodes`, which a packet names, into `named`, as its sender knows them. The two ends are left out: the
    /// packet itself shows where its sender is. Gives what addresses with a rendezvous add to its size, a contact each.
    pub fn note(&self, from: NodeId, to: NodeId, nodes: &[NodeId], named: &mut Named) -> u32 {
        let store = &self.stores[from.index()];
        let others = nodes.iter().filter(|node| **node != from && **node != to);
        let told = others.filter(|node| self.is_remarkable[node.index()]);
        // All at once, since whether a node is found cannot be predicted, and each is elsewhere in memory.
        told.clone().for_each(|node| store.prefetch(*node));
        named.clear();
        named.extend(told.filter_map(|&node| Some((node, store.address(node)?))));
        let own = usize::from(self.announced(from).is_some());
        let rendezvous = named.iter().filter(|(_, address)| address.rendezvous.is_some()).count();
        self.contact * (own + rendezvous) as u32
    }

    /// Empties the peerstore of a machine.
    pub fn forget(&mut self, machine: NodeId) {
        self.stores[machine.index()].forget();
    }

    /// Prefetch of where the peerstore of a machine is …
    pub fn prefetch(&self, machine: NodeId) {
        prefetch(&self.stores[machine.index()]);
    }

    /// … and of its entry of another.
    pub fn prefetch_entry(&self, machine: NodeId, of: NodeId) {
        if self.is_remarkable[of.index()] {
            self.stores[machine.index()].prefetch(of);
        }
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        let of_each = size_of::<Peerstore>() + size_of::<Option<NodeId>>() + size_of::<bool>();
        self.stores.capacity() * of_each + self.stores.iter().map(Peerstore::heap_bytes).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_tells_of_the_nodes_it_names_and_pays_for_each_rendezvous() {
        let (now, [a, b, c, d]) = (Time::ZERO, [0, 1, 2, 3].map(NodeId));
        let mut peerstores = Peerstores::new(4, 26);
        let behind = PeerAddress { port: 7, rendezvous: Some(d) };
        peerstores.observe(now, a, c, behind);
        peerstores.observe(now, a, d, PeerAddress::PLAIN);
        assert_eq!((peerstores.rendezvous(a, c), peerstores.rendezvous(b, c)), (Some(d), None));
        let mut named = Named::new();
        assert_eq!(peerstores.note(a, b, &[a, b, c, d], &mut named), 26);
        assert_eq!(named, [(c, behind)]);
        assert_eq!(peerstores.note(a, c, &[c], &mut named), 0, "its receiver knows itself");
        peerstores.announce(a, Some(d));
        assert_eq!((peerstores.note(a, b, &[c], &mut named), peerstores.announced(a)), (2 * 26, Some(d)));
        peerstores.learn(now, b, &named);
        assert_eq!((peerstores.port(b, c), peerstores.rendezvous(b, c)), (7, Some(d)));
        peerstores.forget(b);
        peerstores.tell(now, b, a, c);
        assert_eq!(peerstores.port(b, c), 7);
    }

    #[test]
    fn a_machine_that_has_lost_its_mapping_is_no_longer_found_there() {
        let (now, [a, b]) = (Time::ZERO, [0, 1].map(NodeId));
        let mut peerstores = Peerstores::new(2, 26);
        peerstores.observe(now, a, b, PeerAddress { port: 7, rendezvous: None });
        peerstores.observe(now, a, b, PeerAddress::PLAIN);
        assert_eq!(peerstores.port(a, b), 0);
    }
}
