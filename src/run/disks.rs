//! What the oracle and the observers hear of the copies on the machines' disks.

use super::observer::Observer;
use super::records::Stock;
use super::simulation::Simulation;
use crate::overlay::{Held, NodeId, Placement, Protocol, RecordId};

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// What the node's store holds, in the order of the records.
    pub fn held(&self, node: NodeId) -> &[Held] {
        self.agents.get(node.index()).map_or(&[], |agent| agent.store.held())
    }

    /// A machine came online with its disk.
    pub fn disk_online(&mut self, node: NodeId) {
        if let Some(agent) = self.agents.get(node.index()) {
            agent.store.held().iter().for_each(|held| self.records.came_online(self.now, held.record));
            if matches!(P::PLACEMENT, Placement::Everyone(_)) && self.online.len() == 1 {
                self.records.everything_comes(self.now);
            }
            self.tell_stock();
        }
    }

    /// A machine went offline with its disk.
    pub fn disk_offline(&mut self, node: NodeId) {
        if let Some(agent) = self.agents.get_mut(node.index()) {
            let cached = agent.cached_bytes();
            agent.suspend();
            agent.store.held().iter().for_each(|held| self.records.went_offline(self.now, held.record));
            if matches!(P::PLACEMENT, Placement::Everyone(_)) && self.online.is_empty() {
                self.records.everything_goes(self.now);
            }
            if cached > 0 {
                self.cache_changed(cached, 0);
            }
            self.tell_stock();
        }
    }

    /// A machine that is offline is gone for good, and its disk.
    pub fn disk_gone(&mut self, node: NodeId) {
        if let Some(agent) = self.agents.get_mut(node.index()) {
            let store = std::mem::take(agent).store;
            for held in store.held() {
                self.records.copy_gone(self.now, held.record);
            }
            self.copies_gone(node, store.held());
            self.announcements.forget(node);
            self.tell_stock();
        }
        self.observer.records(self.now, node, 0);
    }

    /// A record has been stored somewhere. Where everybody holds everything this is the one copy that the oracle keeps account
    /// of: on a disk for ever, and online while anybody is.
    pub fn note_stored(&mut self, record: RecordId) {
        if matches!(P::PLACEMENT, Placement::Everyone(_)) && !self.records.is_stored(record) {
            self.records.copy_made(self.now, record, !self.online.is_empty());
        }
        self.records.mark_stored(self.now, record);
    }

    /// Tells that the number of records on a node's disk has changed.
    pub fn count_records(&mut self, node: NodeId) {
        let held = self.held(node).len() as u32;
        self.observer.records(self.now, node, held);
        self.tell_stock();
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
