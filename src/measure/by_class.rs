//! Counts by class of participants beside the counters of the machines.

use super::observer::Ended;
use super::tally::Count;
use crate::engine::Time;
use crate::model::{NodeId, Operation, OperationKind};
use crate::scenario::plan::Plan;

/// What is counted by class; nothing without classes.
#[derive(Default)]
pub struct ByClass {
    pub names: Vec<String>,
    /// The class of each participant.
    of: Vec<u8>,
    /// By class, then by kind of operation.
    counts: Vec<[Count; OperationKind::ALL.len()]>,
    refused: Vec<u64>,
}

impl ByClass {
    /// `of`: the class of each participant.
    pub fn new(plan: &Plan, of: Vec<u8>) -> ByClass {
        let names: Vec<String> = plan.population.classes.iter().map(|class| class.name.clone()).collect();
        let (counts, refused) = (vec![Default::default(); names.len()], vec![0; names.len()]);
        ByClass { of, counts, refused, names }
    }

    /// The class of a machine; `None` without classes, and of a server.
    pub fn class(&self, machine: NodeId) -> Option<usize> {
        self.of.get(machine.index()).map(|class| usize::from(*class))
    }

    /// The class of each participant.
    pub fn of_each(&self) -> &[u8] {
        &self.of
    }

    /// The operations of one kind that participants of a class issued.
    pub fn count(&self, class: usize, kind: OperationKind) -> Count {
        self.counts[class][kind as usize]
    }

    /// Records that did not fit on disks of a class.
    pub fn refused_by(&self, class: usize) -> u64 {
        self.refused[class]
    }

    /// An operation that counts was issued.
    pub fn issued(&mut self, operation: &Operation) {
        if let Some(class) = self.class(operation.node) {
            self.counts[class][operation.kind as usize].issued += 1;
        }
    }

    /// An operation that counts ended.
    pub fn ended(&mut self, at: Time, operation: &Operation, ended: &Ended) {
        if let Some(class) = self.class(operation.node) {
            self.counts[class][operation.kind as usize].ended(at, operation, ended.verdict);
        }
    }

    /// A machine's disk had no room for a record.
    pub fn refused(&mut self, machine: NodeId) {
        if let Some(class) = self.class(machine) {
            self.refused[class] += 1;
        }
    }

    /// The warm-up is over: refusals are counted from now on (and operations that are issued from now on).
    pub fn measurement_begins(&mut self) {
        self.refused.fill(0);
    }
}
