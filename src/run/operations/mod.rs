//! The operations under way.

mod coded;
mod demand;
mod named;
mod requests;
mod steps;
mod verdict;

use std::collections::VecDeque;

use crate::engine::{Duration, Time};
use crate::model::{Errand, Key, NodeId, OpId, Operation, OperationKind, RecordId, Stage, Version};
use crate::storage::coded::CodedOperations;

/// A place for an operation, and its neighbours in the list of its node.
#[derive(Debug, Default)]
struct Slot {
    generation: u8,
    previous: Option<u32>,
    next: Option<u32>,
    operation: Option<Operation>,
}

/// All operations under way, with those of one node in a list of its own.
///
/// A slot is used again as late as possible, with another generation, so that what arrives late for an old operation is
/// not taken for a new one's.
#[derive(Debug)]
pub(super) struct Operations {
    slots: Vec<Slot>,
    free: VecDeque<u32>,
    /// An operation fails after this long.
    deadline: Duration,
    deadlines: VecDeque<(Time, OpId)>,
    /// Of these the first, so that the loop need not look for it at every event; the end of time if there is none.
    next_deadline: Time,
    /// The first of every node's list.
    first: Vec<Option<u32>>,
    /// Number of operations issued in the measurement, by the workload.
    counted: u32,
    /// Operations on resources in several pieces.
    pub coded: CodedOperations,
}

impl Operations {
    pub(super) fn new(nodes: usize, deadline: Duration) -> Operations {
        Operations {
            slots: Vec::new(),
            free: VecDeque::new(),
            deadline,
            deadlines: VecDeque::new(),
            next_deadline: Time::NEVER,
            first: vec![None; nodes],
            counted: 0,
            coded: CodedOperations::default(),
        }
    }

    /// Takes in an operation; `make` is given its identity. One that is part of another ends with it and has no deadline.
    pub(super) fn issue(&mut self, node: NodeId, now: Time, make: impl FnOnce(Operation) -> Operation) -> OpId {
        let slot = self.free.pop_front().unwrap_or_else(|| {
            self.slots.push(Slot::default());
            self.slots.len() as u32 - 1
        });
        let id = OpId::new(slot, self.slots[slot as usize].generation);
        let blank = Operation {
            id,
            node,
            session: 0,
            number: 0,
            kind: OperationKind::Lookup,
            target: Key(0),
            record: None,
            version: Version(0),
            issued: now,
            counted: false,
            errand: None,
            parent: None,
            stage: Stage::Waiting,
            rpcs: 0,
            timeouts: 0,
            touched: 0,
            hops: 0,
            cached: false,
        };
        let operation = make(blank);
        let id = if matches!(operation.errand, None | Some(Errand::Publish)) { id } else { id.unasked() };
        let operation = Operation { id, ..operation };
        if operation.parent.is_none() {
            self.deadlines.push_back((now + self.deadline, id));
            self.next_deadline = self.next_deadline.min(now + self.deadline);
        }
        self.counted += u32::from(operation.counted);
        let next = self.first[node.index()].replace(slot);
        if let Some(next) = next {
            self.slots[next as usize].previous = Some(slot);
        }
        let place = &mut self.slots[slot as usize];
        (place.previous, place.next, place.operation) = (None, next, Some(operation));
        id
    }

    /// The operation, if it is still under way.
    pub(super) fn get(&mut self, id: OpId) -> Option<&mut Operation> {
        self.slots.get_mut(id.slot())?.operation.as_mut().filter(|operation| operation.id == id)
    }

    /// To which the cost of an operation is charged: itself, or what it is part of.
    pub(super) fn charged(&mut self, id: OpId) -> Option<&mut Operation> {
        let charged = self.get(id)?.parent.unwrap_or(id);
        self.get(charged)
    }

    /// Takes out an operation that has ended.
    pub(super) fn end(&mut self, id: OpId) -> Option<Operation> {
        let operation = *self.get(id)?;
        let Slot { generation, previous, next, .. } = self.slots[id.slot()];
        match previous {
            Some(previous) => self.slots[previous as usize].next = next,
            None => self.first[operation.node.index()] = next,
        }
        if let Some(next) = next {
            self.slots[next as usize].previous = previous;
        }
        self.slots[id.slot()] = Slot { generation: generation.wrapping_add(1), ..Slot::default() };
        self.free.push_back(id.slot() as u32);
        self.counted -= u32::from(operation.counted);
        Some(operation)
    }

    /// An operation of `node`, the latest issued; `None` if it has none.
    pub(super) fn of(&self, node: NodeId) -> Option<OpId> {
        self.listed(node).next().map(|operation| operation.id)
    }

    /// The operations of `node` that wait for it to join, in the order of issue. Appends to `out`.
    pub(super) fn waiting(&self, node: NodeId, out: &mut Vec<OpId>) {
        let start = out.len();
        out.extend(
            self.listed(node).filter(|operation| operation.stage == Stage::Waiting).map(|operation| operation.id),
        );
        out[start..].reverse();
    }

    /// Whether `node` has a put of `record` under way that is not part of the workload.
    pub(super) fn publishes(&self, node: NodeId, record: RecordId) -> bool {
        self.listed(node).any(|operation| operation.errand.is_some() && operation.record == Some(record))
    }

    /// The operations of `node` under way, the latest issued first.
    fn listed(&self, node: NodeId) -> impl Iterator<Item = &Operation> {
        let slot = |number: u32| &self.slots[number as usize];
        let listed = std::iter::successors(self.first[node.index()].map(slot), move |place| place.next.map(slot));
        listed.map(|place| place.operation.as_ref().expect("listed operations are under way"))
    }

    /// The first deadline that is listed: those of operations that have ended stay listed until then.
    #[inline(always)]
    pub(super) const fn next_deadline(&self) -> Time {
        self.next_deadline
    }

    /// Takes the first deadline off the list. Gives its operation if that is still under way.
    pub(super) fn take_deadline(&mut self) -> Option<OpId> {
        let (at, id) = self.deadlines.pop_front()?;
        self.next_deadline = self.deadlines.front().map_or(Time::NEVER, |(at, _)| *at);
        let deadline = self.deadline;
        // The slot's generation wraps around in a minute; the issue tells its operations apart.
        let due = |operation: &mut Operation| operation.parent.is_none() && operation.issued + deadline == at;
        self.get(id).is_some_and(due).then_some(id)
    }

    /// Operations under way that were issued in the measurement, by the workload.
    pub(super) const fn counted(&self) -> u32 {
        self.counted
    }

    /// All operations under way, by slot.
    pub(super) fn all(&self) -> Vec<OpId> {
        self.slots.iter().filter_map(|place| Some(place.operation.as_ref()?.id)).collect()
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
            + self.first.capacity() * size_of::<Option<u32>>()
            + self.deadlines.capacity() * size_of::<(Time, OpId)>()
            + self.free.capacity() * 4
            + self.coded.heap_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::plan::DEADLINE;

    #[test]
    fn a_nodes_operations_are_listed_until_they_end() {
        let mut operations = Operations::new(2, DEADLINE);
        let node = NodeId(1);
        let ids: Vec<_> = (0..3).map(|_| operations.issue(node, Time::ZERO, |operation| operation)).collect();
        operations.get(ids[0]).unwrap().stage = Stage::Overlay;
        let mut waiting = Vec::new();
        operations.waiting(node, &mut waiting);
        assert_eq!(waiting, [ids[1], ids[2]]);
        assert!(operations.end(ids[1]).is_some() && operations.end(ids[1]).is_none());
        assert_eq!(operations.of(node), Some(ids[2]));
        assert!(operations.end(ids[2]).is_some());
        assert_eq!((operations.of(node), operations.of(NodeId(0))), (Some(ids[0]), None));
    }

    #[test]
    fn a_slot_used_again_is_another_operation() {
        let mut operations = Operations::new(1, DEADLINE);
        let old = operations.issue(NodeId(0), Time::ZERO, |operation| operation);
        operations.end(old);
        let new = operations.issue(NodeId(0), Time::ZERO, |operation| operation);
        assert_eq!(old.slot(), new.slot());
        assert!(operations.get(old).is_none() && operations.get(new).is_some());
    }

    #[test]
    fn deadlines_of_ended_operations_are_skipped() {
        let mut operations = Operations::new(1, DEADLINE);
        let first = operations.issue(NodeId(0), Time::ZERO, |operation| operation);
        let later = Time::ZERO + Duration::from_secs(1);
        let second = operations.issue(NodeId(0), later, |operation| operation);
        operations.end(first);
        assert_eq!(operations.next_deadline(), Time::ZERO + DEADLINE);
        assert_eq!(operations.take_deadline(), None, "it has ended");
        assert_eq!(operations.next_deadline(), later + DEADLINE);
        assert_eq!(operations.take_deadline(), Some(second));
        assert_eq!(operations.next_deadline(), Time::NEVER);
    }
}
