//! Gets and puts of resources in several pieces: an operation for each piece. See [`crate::storage::coded`].
//!
//! The operations on pieces are known to nobody else: what they cost is counted with the whole, and they end with it.

use crate::measure::observer::{Ended, Observer};
use crate::model::{Errand, OpId, Operation, OperationKind, RecordId, Stage, Verdict};
use crate::overlay::Protocol;
use crate::run::simulation::Simulation;
use crate::storage::coded::{CodedOperation, CodedResult};

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Whether an operation is carried out by others, on the pieces of its resource.
    pub(crate) fn is_coded(&self, operation: &Operation) -> bool {
        operation.kind != OperationKind::Lookup
            && operation.parent.is_none()
            && matches!(operation.errand, None | Some(Errand::Rebuild(_)))
            && self.storage.resources.space().coding().pieces() > 1
    }

    /// A get or put of a resource in several pieces begins.
    pub(crate) fn start_coded(&mut self, op: OpId) {
        let operation = self.operations.get(op).expect("it begins");
        operation.stage = Stage::Pieces;
        let Operation { node, kind, record, .. } = *operation;
        let space = self.storage.resources.space();
        let resource = space.resource(record.expect("gets and puts name a record"));
        let is_here = |piece| self.version_at(node, piece).is_some();
        let coded = CodedOperation::new(kind, (space, resource), is_here);
        self.operations.coded.insert(op, coded);
        self.carry_on(op);
    }

    /// Asks for pieces as long as more are wanted, and ends the whole when nothing more can come of it.
    fn carry_on(&mut self, op: OpId) {
        // A piece may end as soon as it begins, and the whole with it.
        while let Some(&mut whole) = self.operations.get(op) {
            let Some(record) = self.operations.coded.get(op).next_piece() else { break };
            self.issue_piece(&whole, record);
        }
        if self.operations.get(op).is_none() {
            return;
        }
        match self.operations.coded.get(op).result() {
            Some(Ok(result)) => self.end_coded(op, result),
            Some(Err(cause)) => self.failed(op, cause),
            None => {}
        }
    }

    fn issue_piece(&mut self, whole: &Operation, record: RecordId) {
        let Operation { id, node, session, number, kind, version, errand, .. } = *whole;
        let target = self.storage.resources.key(record);
        let piece = self.operations.issue(node, self.now, |blank| Operation {
            session,
            number,
            kind,
            target,
            record: Some(record),
            version,
            parent: Some(id),
            errand,
            ..blank
        });
        self.operations.coded.get(id).begun(piece);
        self.start_operation(piece);
    }

    /// An operation on a piece of `op` has ended, at a node so many hops away.
    pub(crate) fn piece_ended(&mut self, op: OpId, piece: &Operation, ended: &Ended, hops: u8) {
        let result = match ended.verdict {
            Verdict::Failed(cause) => Err(cause),
            verdict => {
                let (correct, cached) = (verdict == Verdict::Correct, piece.cached);
                Ok(CodedResult { correct, hops, round_trip: ended.round_trip, local: ended.local, cached })
            }
        };
        self.operations.coded.get(op).ended(piece.id, result);
        self.carry_on(op);
    }

    /// Enough pieces have come or were stored.
    fn end_coded(&mut self, op: OpId, result: CodedResult) {
        let CodedResult { correct, hops, round_trip, local, cached } = result;
        let &mut Operation { kind, record, version, .. } = self.operations.get(op).expect("it is under way");
        if kind == OperationKind::Put {
            self.acknowledge(record.expect("a put names a record"), version);
        }
        let operation = Operation { cached, ..self.operations.end(op).expect("it is under way") };
        self.stop_pieces(op);
        if let Some(Errand::Rebuild(piece)) = operation.errand {
            self.put_on_errand(operation.node, piece, version, Errand::Return);
        }
        let verdict = if correct { Verdict::Correct } else { Verdict::Incorrect };
        let local = local && kind == OperationKind::Get;
        let ended = Ended { verdict, hops: correct.then_some(hops), round_trip, local };
        self.observer.operation_ended(self.now, &operation, &ended);
    }

    /// Nothing more is done for the pieces of an operation that has ended.
    pub(crate) fn stop_pieces(&mut self, op: OpId) {
        let Some(coded) = self.operations.coded.take(op) else { return };
        for piece in coded.into_under_way() {
            if let Some(piece) = self.operations.end(piece) {
                self.stop(&piece);
            }
        }
    }
}
