//! What the oracle and the observers hear of the copies on the machines' disks.

use crate::measure::observer::Observer;
use crate::model::{NodeId, RecordId, Stock, Version};
use crate::overlay::{Placement, Protocol, Rule, Spreading};
use crate::run::simulation::Simulation;

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// The version that a node holds itself.
    pub(crate) fn version_at(&self, node: NodeId, record: RecordId) -> Option<Version> {
        match P::RULE {
            Rule::Everyone(_, Spreading { version_of, .. }) => {
                version_of(&self.nodes[node.index()], &self.shared, node, record)
            }
            _ => self.storage.nodes[node.index()].store.version(record),
        }
    }

    /// The newest version on the disk of a node's machine.
    pub(crate) fn version_on_machine_of(&self, node: NodeId, record: RecordId) -> Option<Version> {
        let nodes = self.fixed.hosts.nodes_of(self.fixed.hosts.of(node));
        nodes.filter_map(|one| self.version_at(one, record)).max()
    }

    /// A machine came online with its disk.
    pub(crate) fn disk_online(&mut self, machine: NodeId) {
        if !self.storage.nodes.is_empty() {
            for node in self.fixed.hosts.nodes_of(machine) {
                let held = self.storage.nodes[node.index()].store.held();
                held.iter().for_each(|held| self.oracle.records.came_online(self.now, *held));
            }
            self.witness_came(machine);
            self.tell_stock();
        }
    }

    /// A machine went offline with its disk.
    pub(crate) fn disk_offline(&mut self, machine: NodeId) {
        if !self.storage.nodes.is_empty() {
            let mut cached = 0;
            for node in self.fixed.hosts.nodes_of(machine) {
                let storage = &mut self.storage.nodes[node.index()];
                cached += storage.cached_bytes();
                storage.suspend();
                storage.store.held().iter().for_each(|held| self.oracle.records.went_offline(self.now, *held));
            }
            self.witness_went(machine);
            if cached > 0 {
                self.cache_changed(cached, 0);
            }
            self.tell_stock();
        }
    }

    /// A machine that is offline is gone for good, and its disk.
    pub(crate) fn disk_gone(&mut self, machine: NodeId) {
        if !self.storage.nodes.is_empty() {
            for node in self.fixed.hosts.nodes_of(machine) {
                let store = std::mem::take(&mut self.storage.nodes[node.index()]).store;
                for held in store.held() {
                    self.oracle.records.copy_gone(self.now, held.record);
                }
                self.with_storage(|storage, cx| storage.holder_gone(cx, node, store.held()));
            }
            self.tell_stock();
        }
        self.observer.records(self.now, machine, 0);
    }

    /// A record has been stored somewhere.
    pub(crate) fn note_stored(&mut self, record: RecordId) {
        if !self.oracle.records.is_stored(record) {
            self.witness_first(record);
        }
        self.oracle.records.mark_stored(self.now, record);
        self.find_witness(record);
    }

    /// A version of the resource of this record was acknowledged to its writer.
    pub(crate) fn acknowledge(&mut self, record: RecordId, version: Version) {
        let space = self.storage.resources.space();
        let pieces = space.pieces_of(space.resource(record));
        pieces.clone().for_each(|piece| self.witness_gone(piece));
        self.oracle.records.acknowledge(self.now, record, version);
        pieces.for_each(|piece| self.find_witness(piece));
        self.tell_stock();
    }

    /// Tells that the number of records on the disk of a node's machine has changed, and what there is.
    pub(crate) fn count_records(&mut self, node: NodeId) {
        self.tell_records(node);
        self.tell_stock();
    }

    /// Tells how many records are on the disk of a node's machine.
    pub(crate) fn tell_records(&mut self, node: NodeId) {
        let machine = self.fixed.hosts.of(node);
        let held: usize = self.fixed.hosts.nodes_of(machine).map(|one| self.storage.held(one).len()).sum();
        self.observer.records(self.now, machine, held as u32);
    }

    /// Tells how many resources can be had now, and how many copies there are.
    pub(crate) fn tell_stock(&mut self) {
        let stock = self.oracle.records.stock();
        let stock = match P::PLACEMENT {
            Placement::Everyone(_) => {
                let copies = u64::from(self.oracle.records.ever_stored()) * self.membership.online.len() as u64;
                Stock { copies, copies_online: copies, ..stock }
            }
            Placement::Closest(_) | Placement::Servers => stock,
        };
        self.observer.stock(self.now, &stock);
    }
}
