//! What the oracle and the observers hear of the copies on the machines' disks.

use super::simulation::Simulation;
use crate::measure::observer::Observer;
use crate::model::{Held, NodeId, RecordId, Stock, Version};
use crate::overlay::{Placement, Protocol, Rule, Spreading};

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// What the node's store holds, in the order of the records.
    pub fn held(&self, node: NodeId) -> &[Held] {
        self.agents.get(node.index()).map_or(&[], |agent| agent.store.held())
    }

    /// The version that a node holds itself.
    pub fn version_at(&self, node: NodeId, record: RecordId) -> Option<Version> {
        match P::RULE {
            Rule::Everyone(_, Spreading { version_of, .. }) => {
                version_of(&self.nodes[node.index()], &self.shared, node, record)
            }
            _ => self.agents[node.index()].store.version(record),
        }
    }

    /// The newest version on the disk of a node's machine.
    pub fn version_on_machine_of(&self, node: NodeId, record: RecordId) -> Option<Version> {
        let nodes = self.hosts.nodes_of(self.hosts.of(node));
        nodes.filter_map(|one| self.version_at(one, record)).max()
    }

    /// Bytes of values that a machine's disk takes of one of its nodes, beside what the others hold.
    pub fn disk(&self, node: NodeId) -> u64 {
        let machine = self.hosts.of(node);
        let disk = self
            .kinds
            .class(machine.0)
            .map_or(u64::MAX, |class| self.plan.population.classes[usize::from(class)].storage);
        if disk == u64::MAX {
            return disk;
        }
        let others = self.hosts.nodes_of(machine).filter(|one| *one != node);
        let taken = others.flat_map(|one| self.held(one)).map(|held| u64::from(self.sizes[held.record.index()]));
        disk.saturating_sub(taken.sum())
    }

    /// A machine came online with its disk.
    pub fn disk_online(&mut self, machine: NodeId) {
        if !self.agents.is_empty() {
            for node in self.hosts.nodes_of(machine) {
                let held = self.agents[node.index()].store.held();
                held.iter().for_each(|held| self.records.came_online(self.now, *held));
            }
            self.witness_came(machine);
            self.tell_stock();
        }
    }

    /// A machine went offline with its disk.
    pub fn disk_offline(&mut self, machine: NodeId) {
        if !self.agents.is_empty() {
            let mut cached = 0;
            for node in self.hosts.nodes_of(machine) {
                let agent = &mut self.agents[node.index()];
                cached += agent.cached_bytes();
                agent.suspend();
                agent.store.held().iter().for_each(|held| self.records.went_offline(self.now, *held));
            }
            self.witness_went(machine);
            if cached > 0 {
                self.cache_changed(cached, 0);
            }
            self.tell_stock();
        }
    }

    /// A machine that is offline is gone for good, and its disk.
    pub fn disk_gone(&mut self, machine: NodeId) {
        if !self.agents.is_empty() {
            for node in self.hosts.nodes_of(machine) {
                let store = std::mem::take(&mut self.agents[node.index()]).store;
                for held in store.held() {
                    self.records.copy_gone(self.now, held.record);
                }
                self.copies_gone(node, store.held());
            }
            self.announcements.forget(machine);
            self.tell_stock();
        }
        self.observer.records(self.now, machine, 0);
    }

    /// A record has been stored somewhere.
    pub fn note_stored(&mut self, record: RecordId) {
        if !self.records.is_stored(record) {
            self.witness_first(record);
        }
        self.records.mark_stored(self.now, record);
        self.find_witness(record);
    }

    /// A version of the resource of this record was acknowledged to its writer.
    pub fn acknowledge(&mut self, record: RecordId, version: Version) {
        let coding = self.records.coding();
        let pieces = coding.pieces_of(coding.resource(record));
        pieces.clone().for_each(|piece| self.witness_gone(piece));
        self.records.acknowledge(self.now, record, version);
        pieces.for_each(|piece| self.find_witness(piece));
        self.tell_stock();
    }

    /// Tells that the number of records on the disk of a node's machine has changed, and what there is.
    pub fn count_records(&mut self, node: NodeId) {
        self.tell_records(node);
        self.tell_stock();
    }

    /// Tells how many records are on the disk of a node's machine.
    pub fn tell_records(&mut self, node: NodeId) {
        let machine = self.hosts.of(node);
        let held: usize = self.hosts.nodes_of(machine).map(|one| self.held(one).len()).sum();
        self.observer.records(self.now, machine, held as u32);
    }

    /// Tells how many resources can be had now, and how many copies there are.
    pub fn tell_stock(&mut self) {
        let stock = self.records.stock();
        let stock = match P::PLACEMENT {
            Placement::Everyone(_) => {
                let copies = u64::from(self.records.ever_stored()) * self.online.len() as u64;
                Stock { copies, copies_online: copies, ..stock }
            }
            Placement::Closest(_) | Placement::Servers => stock,
        };
        self.observer.stock(self.now, &stock);
    }
}
