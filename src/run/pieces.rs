//! Gets and puts of resources in several pieces: an operation for each piece, and what becomes of the whole.
//!
//! A get asks for the pieces that its machine holds itself, then for others, as many at once as are needed, and for one more
//! whenever a piece cannot be had. It is correct if none of those that come is older than it has to be: as of a record, a
//! version that is being written may be read, for a holder keeps a piece as it was until the new version is complete. A put
//! writes every piece. The operations on pieces are known to nobody else: what they cost is counted with the whole, and they
//! end with it.

use super::simulation::Simulation;
use crate::engine::Duration;
use crate::measure::observer::{Ended, Observer};
use crate::model::{Cause, Errand, OpId, Operation, OperationKind, RecordId, Stage, Verdict};
use crate::overlay::Protocol;

/// The state of a get or put of a resource in several pieces.
#[derive(Debug)]
struct Whole {
    /// Pieces that are to come or to be stored: those needed for a get, all for a put.
    wanted: u32,
    /// Not asked for yet, the next last.
    untried: Vec<RecordId>,
    under_way: Vec<OpId>,
    /// How many have come, or were stored.
    done: u32,
    /// Each of them was stored where it belongs, or is not older than it has to be.
    correct: bool,
    /// Of the piece that came from farthest away.
    hops: u8,
    round_trip: Option<Duration>,
    /// All pieces were on the machine itself.
    local: bool,
    /// All pieces were cached copies.
    cached: bool,
    /// Why the last piece that failed did.
    cause: Cause,
}

impl Whole {
    /// The next piece to ask for, if more are wanted than are under way.
    fn next(&mut self) -> Option<RecordId> {
        let enough = self.done + self.under_way.len() as u32 >= self.wanted;
        if enough { None } else { self.untried.pop() }
    }

    fn count(&mut self, piece: &Operation, ended: &Ended, hops: u8) {
        self.done += 1;
        self.cached &= piece.cached;
        self.correct &= ended.verdict == Verdict::Correct;
        self.hops = self.hops.max(hops);
        self.round_trip = self.round_trip.max(ended.round_trip);
        self.local &= ended.local;
    }
}

/// The wholes under way, by the slots of their operations.
#[derive(Debug, Default)]
pub(super) struct Wholes(Vec<Option<Box<Whole>>>);

impl Wholes {
    fn insert(&mut self, op: OpId, whole: Whole) {
        if self.0.len() <= op.slot() {
            self.0.resize_with(op.slot() + 1, || None);
        }
        self.0[op.slot()] = Some(Box::new(whole));
    }

    fn get(&mut self, op: OpId) -> &mut Whole {
        self.0[op.slot()].as_mut().expect("an operation on pieces has one")
    }

    /// `op` has ended, and its pieces with it.
    pub fn forget(&mut self, op: OpId) {
        self.take(op);
    }

    /// Takes it out, if `op` is on pieces.
    fn take(&mut self, op: OpId) -> Option<Box<Whole>> {
        self.0.get_mut(op.slot())?.take()
    }

    pub fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<Option<Box<Whole>>>()
    }
}

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Whether an operation is carried out by others, on the pieces of its resource.
    pub fn is_whole(&self, operation: &Operation) -> bool {
        operation.kind != OperationKind::Lookup
            && operation.parent.is_none()
            && matches!(operation.errand, None | Some(Errand::Rebuild(_)))
            && self.records.coding().pieces() > 1
    }

    /// A get or put of a resource in several pieces begins.
    pub fn start_whole(&mut self, op: OpId) {
        let operation = self.operations.get(op).expect("it begins");
        operation.stage = Stage::Pieces;
        let Operation { node, kind, record, .. } = *operation;
        let coding = self.records.coding();
        let resource = coding.resource(record.expect("gets and puts name a record"));
        let mut untried: Vec<_> = (0..coding.pieces()).rev().map(|piece| coding.record(resource, piece)).collect();
        let wanted = match kind {
            OperationKind::Get => {
                untried.sort_by_key(|&piece| self.version_at(node, piece).is_some());
                coding.needed
            }
            _ => coding.pieces(),
        };
        let whole = Whole {
            wanted,
            untried,
            under_way: Vec::with_capacity(wanted as usize),
            done: 0,
            correct: true,
            hops: 0,
            round_trip: None,
            local: true,
            cached: true,
            cause: Cause::Unreachable,
        };
        self.wholes.insert(op, whole);
        self.carry_on(op);
    }

    /// Asks for pieces as long as more are wanted, and ends the whole when nothing more can come of it.
    fn carry_on(&mut self, op: OpId) {
        // A piece may end as soon as it begins, and the whole with it.
        while let Some(&mut whole) = self.operations.get(op) {
            let Some(record) = self.wholes.get(op).next() else { break };
            self.issue_piece(&whole, record);
        }
        if self.operations.get(op).is_none() {
            return;
        }
        let whole = self.wholes.get(op);
        if whole.under_way.is_empty() {
            self.end_whole(op);
        }
    }

    fn issue_piece(&mut self, whole: &Operation, record: RecordId) {
        let Operation { id, node, session, number, kind, version, errand, .. } = *whole;
        let target = self.record_keys[record.index()];
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
        self.wholes.get(id).under_way.push(piece);
        self.start_operation(piece);
    }

    /// An operation on a piece of `op` has ended, at a node so many hops away.
    pub fn piece_ended(&mut self, op: OpId, piece: &Operation, ended: &Ended, hops: u8) {
        let whole = self.wholes.get(op);
        whole.under_way.retain(|other| *other != piece.id);
        match ended.verdict {
            Verdict::Failed(cause) => whole.cause = cause,
            _ => whole.count(piece, ended, hops),
        }
        self.carry_on(op);
    }

    /// Enough pieces have come or were stored, or no more can.
    fn end_whole(&mut self, op: OpId) {
        let Whole { wanted, done, correct, hops, round_trip, local, cached, cause, .. } = *self.wholes.get(op);
        if done < wanted {
            return self.failed(op, cause);
        }
        let &mut Operation { kind, record, version, .. } = self.operations.get(op).expect("it is under way");
        if kind == OperationKind::Put {
            self.acknowledge(record.expect("a put names a record"), version);
        }
        let operation = Operation { cached, ..self.operations.end(op).expect("it is under way") };
        self.stop_pieces(op);
        if let Some(Errand::Rebuild(piece)) = operation.errand {
            self.put_unasked(operation.node, piece, version);
        }
        let verdict = if correct { Verdict::Correct } else { Verdict::Incorrect };
        let local = local && kind == OperationKind::Get;
        let ended = Ended { verdict, hops: correct.then_some(hops), round_trip, local };
        self.observer.operation_ended(self.now, &operation, &ended);
    }

    /// Nothing more is done for the pieces of an operation that has ended.
    pub fn stop_pieces(&mut self, op: OpId) {
        let Some(whole) = self.wholes.take(op) else { return };
        for piece in whole.under_way {
            if let Some(piece) = self.operations.end(piece) {
                self.stop(&piece);
            }
        }
    }
}
