//! Caching along the way: from the end of a get to the copies that it leaves. See [`crate::storage::cache`].

use super::simulation::Simulation;
use crate::measure::observer::Observer;
use crate::model::{Answer, NodeId, OpId, Operation, Passed, RecordId};
use crate::overlay::{Placement, Protocol};

/// Whom the walks of gets have passed, by the slots of their operations, and what all caches hold together.
#[derive(Debug, Default)]
pub(super) struct Ways {
    of: Vec<Option<(OpId, Vec<Passed>)>>,
    bytes: u64,
}

impl Ways {
    fn add(&mut self, op: OpId, passed: Passed) {
        if self.of.len() <= op.slot() {
            self.of.resize_with(op.slot() + 1, || None);
        }
        match &mut self.of[op.slot()] {
            Some((of, way)) if *of == op => way.push(passed),
            other => *other = Some((op, vec![passed])),
        }
    }

    fn take(&mut self, op: OpId) -> Vec<Passed> {
        let way = self.of.get_mut(op.slot()).and_then(Option::take);
        way.filter(|(of, _)| *of == op).map_or(Vec::new(), |(_, way)| way)
    }

    pub fn heap_bytes(&self) -> usize {
        let ways = self.of.iter().flatten().map(|(_, way)| way.capacity() * size_of::<Passed>());
        self.of.capacity() * size_of::<Option<(OpId, Vec<Passed>)>>() + ways.sum::<usize>()
    }
}

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// What a get's own machine has of its record. What looks after copies does not look into caches.
    pub fn own_answer(&mut self, op: OpId, node: NodeId, record: RecordId) -> Option<Answer> {
        let errand = self.operations.get(op)?.errand;
        if errand.is_some() || matches!(P::PLACEMENT, Placement::Everyone(_)) {
            return self.version_on_machine_of(node, record).map(Answer::from);
        }
        let agents = &mut self.agents;
        let answers = self.hosts.nodes_of(self.hosts.of(node)).filter_map(|one| {
            agents[one.index()].gave(record);
            agents[one.index()].answer(record, self.now)
        });
        answers.max_by_key(|answer| (answer.version, answer.until.is_none()))
    }

    /// The walk of a get has passed a node.
    pub fn passed(&mut self, op: OpId, passed: Passed) {
        self.ways.add(op, passed);
    }

    /// A get has its record: where it is cached along the way, copies of it are left with those whom its walk has passed.
    pub fn leave_copies(&mut self, op: OpId, answer: Answer) {
        if self.system.storage.caching.is_none() {
            return;
        }
        let way = self.ways.take(op);
        let operation = self.operations.get(op).expect("it has not ended yet");
        operation.cached = answer.until.is_some();
        if let &mut Operation { node, record: Some(record), errand: None, .. } = operation {
            self.with_agent(node, |agent, desk, _| agent.leave_copies(desk, record, answer, &way));
        }
    }

    /// The values in a machine's cache take so many bytes now.
    pub fn cache_changed(&mut self, before: u64, after: u64) {
        self.ways.bytes = self.ways.bytes - before + after;
        self.observer.cached(self.now, self.ways.bytes);
    }
}
