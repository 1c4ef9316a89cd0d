//! Gets and puts of resources in several pieces: which pieces are asked for when, and what becomes of the whole.
//!
//! A get asks for the pieces that its machine holds itself, then for others, as many at once as are needed, and for one more
//! whenever a piece cannot be had. It is correct if none of those that come is older than it has to be: as of a record, a
//! version that is being written may be read, for a holder keeps a piece as it was until the new version is complete. A put
//! writes every piece.

use crate::engine::Duration;
use crate::model::{Cause, OpId, OperationKind, RecordId, RecordSpace, ResourceId};

/// A get or put of a resource in several pieces.
#[derive(Clone, Debug)]
pub struct CodedOperation {
    /// Pieces that are to come or to be stored: those needed for a get, all for a put.
    wanted: u32,
    /// Not asked for yet, the next last.
    untried: Vec<RecordId>,
    under_way: Vec<OpId>,
    /// How many have come, or were stored.
    done: u32,
    result: CodedResult,
    /// Why the last piece that failed did.
    cause: Cause,
}

/// What the pieces of an operation that has succeeded say of it as a whole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CodedResult {
    /// Each of them was stored where it belongs, or is not older than it has to be.
    pub correct: bool,
    /// Of the piece that came from farthest away.
    pub hops: u8,
    pub round_trip: Option<Duration>,
    /// All pieces were on the machine itself.
    pub local: bool,
    /// All pieces were cached copies.
    pub cached: bool,
}

impl CodedOperation {
    /// A get or put of a resource; `is_here` says which pieces are on the machine itself.
    pub fn new(
        kind: OperationKind,
        (space, resource): (RecordSpace, ResourceId),
        is_here: impl Fn(RecordId) -> bool,
    ) -> CodedOperation {
        let mut untried: Vec<_> = space.pieces_of(resource).rev().collect();
        let wanted = match kind {
            OperationKind::Get => {
                untried.sort_by_key(|&piece| is_here(piece));
                space.coding().needed
            }
            OperationKind::Put | OperationKind::Lookup => space.coding().pieces(),
        };
        CodedOperation {
            wanted,
            untried,
            under_way: Vec::with_capacity(wanted as usize),
            done: 0,
            result: CodedResult { correct: true, hops: 0, round_trip: None, local: true, cached: true },
            cause: Cause::Unreachable,
        }
    }

    /// The next piece to ask for, if more are wanted than are under way.
    pub fn next_piece(&mut self) -> Option<RecordId> {
        let enough = self.done + self.under_way.len() as u32 >= self.wanted;
        if enough { None } else { self.untried.pop() }
    }

    /// A piece is asked for by this operation.
    pub fn begun(&mut self, piece: OpId) {
        self.under_way.push(piece);
    }

    /// The operation on a piece has succeeded like this, or not.
    pub fn ended(&mut self, piece: OpId, result: Result<CodedResult, Cause>) {
        self.under_way.retain(|other| *other != piece);
        match result {
            Err(cause) => self.cause = cause,
            Ok(piece) => {
                let whole = &mut self.result;
                self.done += 1;
                whole.cached &= piece.cached;
                whole.correct &= piece.correct;
                whole.hops = whole.hops.max(piece.hops);
                whole.round_trip = whole.round_trip.max(piece.round_trip);
                whole.local &= piece.local;
            }
        }
    }

    /// How the whole has ended, once nothing is under way: enough pieces have come or were stored, or no more can.
    pub fn result(&self) -> Option<Result<CodedResult, Cause>> {
        let ended = if self.done < self.wanted { Err(self.cause) } else { Ok(self.result) };
        self.under_way.is_empty().then_some(ended)
    }

    /// The operations on pieces that have not ended.
    pub fn into_under_way(self) -> Vec<OpId> {
        self.under_way
    }
}

/// The operations on coded resources under way, by the slots of their operations.
#[derive(Debug, Default)]
pub struct CodedOperations(Vec<Option<Box<CodedOperation>>>);

impl CodedOperations {
    /// `op` is on pieces.
    pub fn insert(&mut self, op: OpId, coded: CodedOperation) {
        if self.0.len() <= op.slot() {
            self.0.resize_with(op.slot() + 1, || None);
        }
        self.0[op.slot()] = Some(Box::new(coded));
    }

    /// That of `op`, which is on pieces.
    pub fn get(&mut self, op: OpId) -> &mut CodedOperation {
        self.0[op.slot()].as_mut().expect("an operation on pieces has one")
    }

    /// Takes it out, if `op` is on pieces.
    pub fn take(&mut self, op: OpId) -> Option<Box<CodedOperation>> {
        self.0.get_mut(op.slot())?.take()
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        self.0.capacity() * size_of::<Option<Box<CodedOperation>>>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Coding;

    const SPACE: RecordSpace = RecordSpace::new(1, Coding { needed: 2, parity: 1 });
    const GOOD: CodedResult = CodedResult { correct: true, hops: 1, round_trip: None, local: false, cached: false };

    fn pieces(coded: &mut CodedOperation) -> Vec<u32> {
        let mut asked = Vec::new();
        while let Some(piece) = coded.next_piece() {
            coded.begun(OpId::new(piece.number(), 0));
            asked.push(piece.number());
        }
        asked
    }

    #[test]
    fn a_get_asks_for_its_own_pieces_first_and_for_one_more_if_one_cannot_be_had() {
        let mut get = CodedOperation::new(OperationKind::Get, (SPACE, ResourceId(0)), |piece| piece.number() == 2);
        assert_eq!(pieces(&mut get), [2, 0]);
        get.ended(OpId::new(2, 0), Ok(CodedResult { local: true, hops: 0, ..GOOD }));
        get.ended(OpId::new(0, 0), Err(Cause::Timeout));
        assert_eq!(pieces(&mut get), [1]);
        assert_eq!(get.result(), None);
        get.ended(OpId::new(1, 0), Ok(CodedResult { hops: 4, ..GOOD }));
        assert_eq!((pieces(&mut get).len(), get.result()), (0, Some(Ok(CodedResult { hops: 4, ..GOOD }))));
    }

    #[test]
    fn a_get_with_too_few_pieces_left_fails_for_the_reason_of_the_last() {
        let mut get = CodedOperation::new(OperationKind::Get, (SPACE, ResourceId(0)), |_| false);
        pieces(&mut get);
        get.ended(OpId::new(0, 0), Err(Cause::Unreachable));
        get.ended(OpId::new(1, 0), Err(Cause::Timeout));
        assert_eq!(pieces(&mut get), [2]);
        get.ended(OpId::new(2, 0), Ok(GOOD));
        assert_eq!(get.result(), Some(Err(Cause::Timeout)));
    }

    #[test]
    fn a_put_writes_every_piece_and_is_correct_if_all_are_where_they_belong() {
        let mut put = CodedOperation::new(OperationKind::Put, (SPACE, ResourceId(0)), |_| true);
        assert_eq!(pieces(&mut put), [0, 1, 2]);
        for (piece, correct) in [(0, true), (1, false), (2, true)] {
            put.ended(OpId::new(piece, 0), Ok(CodedResult { correct, ..GOOD }));
        }
        assert_eq!(put.result().map(|ended| ended.map(|whole| whole.correct)), Some(Ok(false)));
    }
}
