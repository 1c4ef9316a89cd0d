//! Audits: how coded pieces are made again.
//!
//! The copies of one piece look after each other (`storage::repair`), but nobody notices that all of them have gone: who is
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

use super::event::Event;
use super::simulation::Simulation;
use crate::engine::order::Class;
use crate::engine::{Duration, Source};
use crate::measure::observer::Observer;
use crate::model::{Cause, Errand, NodeId, OpId, Operation, OperationKind, RecordId};
use crate::overlay::{Contact, Protocol};

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// A node has joined: its audits begin at random within the period.
    pub fn begin_audits(&mut self, node: NodeId) {
        if let Some(period) = self.system.storage.audit {
            let phase = Duration::from_nanos(self.seats[node.index()].noise.below(period.as_nanos()));
            self.schedule_audit(node, phase);
        }
    }

    fn schedule_audit(&mut self, node: NodeId, after: Duration) {
        let epoch = self.seats[node.index()].epoch();
        self.schedule(self.now + after, Class::Timer, node, Event::Audit { node, epoch });
    }

    /// It is time to look after the pieces that follow those which are held here.
    pub fn audit(&mut self, node: NodeId) {
        let Some(period) = self.system.storage.audit else { return };
        self.schedule_audit(node, period);
        if self.pointers.is_some() {
            return self.check_holders(node);
        }
        let coding = self.records.coding();
        let held: Vec<RecordId> = self.held(node).iter().map(|held| held.record).collect();
        for record in held {
            let (resource, piece) = coding.piece(record);
            let next = coding.record(resource, (piece + 1) % coding.pieces());
            if self.seats[node.index()].settled && !self.operations.publishes(node, next) {
                self.get_unasked(node, next, Errand::Audit);
            }
        }
    }

    fn get_unasked(&mut self, node: NodeId, record: RecordId, errand: Errand) {
        let (kind, target) = (OperationKind::Get, self.record_keys[record.index()]);
        self.issue(node, |blank| Operation { kind, target, record: Some(record), errand: Some(errand), ..blank });
    }

    pub fn is_audit(&mut self, op: OpId) -> bool {
        self.operations.get(op).is_some_and(|operation| operation.errand == Some(Errand::Audit))
    }

    /// An audit has ended without an answer. If the responsible nodes have nothing, the piece is made again.
    pub fn audit_failed(&mut self, audit: &Operation, cause: Cause) {
        if let (Some(Errand::Audit), Some(piece), Cause::Unreachable) = (audit.errand, audit.record, cause) {
            self.get_unasked(audit.node, piece, Errand::Rebuild(piece));
        }
    }

    /// Storage fetches a record from one of these; an audit asks them only whether they have it.
    pub fn fetch(&mut self, op: OpId, record: RecordId, from: &[Contact]) {
        let node = self.operations.get(op).expect("it is under way").node;
        let audits = self.is_audit(op);
        self.with_agent(node, |agent, desk, _| match audits {
            true => agent.look_for(desk, op, record, from),
            false => agent.fetch(desk, op, record, from),
        });
    }
}
