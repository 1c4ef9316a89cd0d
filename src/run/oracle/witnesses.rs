//! Where everybody holds everything: whether somebody who is online holds a record as it was acknowledged last.
//!
//! Counting the copies of all machines would cost a count for every record whenever one comes or goes. One *witness* for each
//! record is enough: a machine that is online and holds it in the newest acknowledged version or a later one. Another is looked
//! for only when it goes, or a newer version is acknowledged; nearly always the first that is asked will do. While there is
//! none, whoever comes online or stores the record is asked. (Those who are online can learn it from nobody else; what was
//! on its way to them when its last holder went is seen at the next of these times.)
//!
//! The oracle keeps account of one copy of each record for all machines: on a disk for ever, and online while it has a
//! witness.

use crate::measure::observer::Observer;
use crate::model::{Held, NodeId, RecordId};
use crate::overlay::{Placement, Protocol};
use crate::run::simulation::Simulation;

/// The witnesses, by record; none where records have places of their own.
#[derive(Debug, Default)]
pub(crate) struct Witnesses {
    of: Vec<Option<NodeId>>,
    /// Records that were stored once and have none now.
    missing: u32,
}

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// A record is stored for the first time.
    pub(crate) fn witness_first(&mut self, record: RecordId) {
        if let Placement::Everyone(_) = P::PLACEMENT {
            let of = &mut self.oracle.witnesses.of;
            of.resize(of.len().max(record.index() + 1), None);
            self.oracle.witnesses.missing += 1;
            self.oracle.records.copy_made(self.now, self.acknowledged_copy(record), false);
        }
    }

    /// Looks for a witness of a record, if it has none; beginning at another machine for each record, so that those of all
    /// records do not go at once.
    pub(crate) fn find_witness(&mut self, record: RecordId) {
        if self.oracle.witnesses.missing > 0 && self.lacks_witness(record) {
            let (after, before) = self.membership.online.split_at(record.index() % self.membership.online.len().max(1));
            let found = before.iter().chain(after).copied().find(|&machine| self.is_witness(machine, record));
            found.into_iter().for_each(|machine| self.set_witness(record, machine));
        }
    }

    /// A record has no witness any more.
    pub(crate) fn witness_gone(&mut self, record: RecordId) {
        if self.oracle.witnesses.of.get_mut(record.index()).is_some_and(|witness| witness.take().is_some()) {
            self.oracle.witnesses.missing += 1;
            self.oracle.records.went_offline(self.now, self.acknowledged_copy(record));
        }
    }

    /// A machine came online.
    pub(crate) fn witness_came(&mut self, machine: NodeId) {
        if self.oracle.witnesses.missing > 0 {
            for record in (0..self.oracle.witnesses.of.len() as u32).map(RecordId::new) {
                if self.lacks_witness(record) && self.is_witness(machine, record) {
                    self.set_witness(record, machine);
                }
            }
        }
    }

    /// A machine went offline.
    pub(crate) fn witness_went(&mut self, machine: NodeId) {
        for record in (0..self.oracle.witnesses.of.len() as u32).map(RecordId::new) {
            if self.oracle.witnesses.of[record.index()] == Some(machine) {
                self.witness_gone(record);
                self.find_witness(record);
            }
        }
    }

    fn set_witness(&mut self, record: RecordId, machine: NodeId) {
        self.oracle.witnesses.of[record.index()] = Some(machine);
        self.oracle.witnesses.missing -= 1;
        self.oracle.records.came_online(self.now, self.acknowledged_copy(record));
    }

    fn lacks_witness(&self, record: RecordId) -> bool {
        self.oracle.records.is_stored(record) && self.oracle.witnesses.of.get(record.index()) == Some(&None)
    }

    fn is_witness(&self, machine: NodeId, record: RecordId) -> bool {
        self.version_at(machine, record) >= Some(self.oracle.records.acknowledged(record))
    }

    fn acknowledged_copy(&self, record: RecordId) -> Held {
        Held { record, version: self.oracle.records.acknowledged(record) }
    }
}
