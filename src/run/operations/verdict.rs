//! Verdicts of operations: judgement of answers, causes of failure, deadlines, the end of a run.

use crate::engine::Duration;
use crate::measure::observer::{Ended, Observer};
use crate::model::{Cause, NodeId, OpId, Operation, OperationKind, Stage, Verdict};
use crate::network::Loss;
use crate::overlay::{Contact, Protocol};
use crate::run::event::Body;
use crate::run::simulation::{Interrupted, Progress, Simulation};

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    pub(crate) fn answered(&mut self, op: OpId, correct: bool, at: Contact) {
        let Some(operation) = self.operations.end(op) else { return };
        let node = operation.node;
        let one_way = self.delay(node, at.node);
        let is_here = self.fixed.hosts.of(at.node) == self.fixed.hosts.of(node);
        let round_trip = (!is_here).then(|| one_way + one_way);
        let local = operation.kind == OperationKind::Get && is_here;
        let verdict = if correct { Verdict::Correct } else { Verdict::Incorrect };
        let ended = Ended { verdict, hops: correct.then_some(at.hops), round_trip, local };
        match operation.parent {
            Some(whole) => self.piece_ended(whole, &operation, &ended, at.hops),
            None => self.observer.operation_ended(self.now, &operation, &ended),
        }
    }

    /// An operation ended without an answer.
    pub(crate) fn failed(&mut self, op: OpId, cause: Cause) {
        let Some(operation) = self.operations.end(op) else { return };
        self.stop_pieces(op);
        let cause = self.true_cause(&operation, cause);
        self.end_without_answer(&operation, Verdict::Failed(cause));
        self.follow_up(&operation, cause);
    }

    /// Why a get found nothing, which storage cannot know: whether copies exist at all.
    pub(crate) fn true_cause(&self, operation: &Operation, cause: Cause) -> Cause {
        match (cause, operation.kind, operation.record) {
            (Cause::Unreachable | Cause::Timeout, OperationKind::Get, Some(record)) if operation.parent.is_none() => {
                match (self.oracle.records.is_resource_stored(record), self.oracle.records.is_lost(record)) {
                    (false, _) => Cause::NeverStored,
                    (true, true) if self.oracle.records.is_expired(record) => Cause::Expired,
                    (true, true) => Cause::Lost,
                    (true, false) if self.is_unprovided(record) => Cause::Expired,
                    _ => cause,
                }
            }
            _ => cause,
        }
    }

    pub(crate) fn end_without_answer(&mut self, operation: &Operation, verdict: Verdict) {
        let ended = Ended { verdict, hops: None, round_trip: None, local: false };
        match (operation.parent, verdict) {
            (None, _) => self.observer.operation_ended(self.now, operation, &ended),
            (Some(whole), Verdict::Failed(_)) => self.piece_ended(whole, operation, &ended, 0),
            (Some(_), _) => {} // it ends with the whole
        }
    }

    /// The deadline of an operation has passed.
    pub(crate) fn deadline_passed(&mut self, op: OpId) {
        let operation = self.operations.end(op).expect("it is under way");
        self.stop(&operation);
        let cause = match operation.stage {
            Stage::Waiting => Cause::NotJoined,
            _ => self.true_cause(&operation, Cause::Timeout),
        };
        self.end_without_answer(&operation, Verdict::Failed(cause));
    }

    /// Nothing more is done for an operation.
    pub(crate) fn stop(&mut self, operation: &Operation) {
        self.stop_pieces(operation.id);
        self.nodes[operation.node.index()].cancel(operation.id);
        if let Some(storage) = self.storage.nodes.get_mut(operation.node.index()) {
            storage.cancel(operation.id);
        }
        self.break_transfers(operation.node, Loss::Stale, |packet| {
            packet.envelope.op == Some(operation.id) && matches!(packet.body, Body::Storage(_))
        });
    }

    /// The node goes offline: its operations end undecided.
    pub(crate) fn abandon_operations(&mut self, node: NodeId) {
        while let Some(op) = self.operations.of(node) {
            let operation = self.operations.end(op).expect("it is listed");
            self.operations.coded.take(op);
            self.end_without_answer(&operation, Verdict::Abandoned);
        }
    }

    /// The measurement is over: the run goes on until every operation issued in it is decided, for one deadline at most.
    pub(crate) fn decide_operations(&mut self, progress: &Progress<'_>) -> Result<(), Interrupted> {
        let deadline = self.fixed.plan.workload.deadline;
        // At equal times a deadline comes last.
        let last = self.now + deadline + Duration::from_nanos(1);
        let step = Duration::from_nanos(deadline.as_nanos() / 64 + 1);
        while self.operations.counted() > 0 {
            assert!(self.now < last, "an operation is decided by its deadline");
            self.run_until(last.min(self.now + step), progress)?;
        }
        Ok(())
    }

    /// The run is over: what is under way, none of it issued in the measurement, stays undecided.
    pub(crate) fn close_operations(&mut self) {
        for op in self.operations.all() {
            let operation = self.operations.end(op).expect("it is under way");
            self.operations.coded.take(op);
            self.end_without_answer(&operation, Verdict::Open);
        }
    }
}
