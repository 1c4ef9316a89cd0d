//! Audits: how coded pieces are made again.
//!
//! The copies of one piece look after each other ([`super`]), but nobody notices that all of them have gone: who is
//! responsible then never held the piece. So each holder of a piece looks from time to time whether the next one of its
//! resource can be found, the first after the last. If not, it fetches as many others as are needed, makes the missing piece
//! from them and puts it: that costs the traffic of as many pieces, and the put. If several in a row have gone, each period
//! brings one back.
//!
//! | event | action |
//! | --- | --- |
//! | a neighbour appears, fails, or leaves; the own session ends | nothing |
//! | the own session begins | the first audit is due at random within the period |
//! | the period is over | for each piece held, the nodes responsible for the next one are looked up, and asked in turn until one has it |
//! | all have answered, and none has it | enough other pieces are fetched, and the missing one is made and put |
//! | one of them does not answer, and none has it | nothing: it may have it |
//!
//! An audit asks only whether the piece is there: no value moves unless it must be made again, whatever the overlay and its
//! routing. It and what it leads to are repair: their bytes are counted as such, and who answers does not work for an operation
//! of the workload.

use crate::model::{Cause, Errand, Operation};
use crate::storage::node::StorageNode;
use crate::storage::node::context::{Effect, StorageContext};

impl StorageNode {
    /// Looks for the pieces that follow those which are held here.
    pub fn audit(&self, cx: &mut StorageContext<'_>) {
        for held in self.store.held() {
            cx.do_effect(Effect::Audit { piece: cx.records.next_piece(held.record) });
        }
    }
}

/// What follows from an operation that found nothing: if it was an audit, and the responsible nodes have nothing, the piece is
/// made again.
pub fn follow_up(operation: &Operation, cause: Cause) -> Option<Errand> {
    match (operation.errand, operation.record, cause) {
        (Some(Errand::Audit), Some(piece), Cause::Unreachable) => Some(Errand::Rebuild(piece)),
        _ => None,
    }
}
