//! The turns of policies: what a node does once a period, what it does when it is back, and what follows.

use crate::engine::order::Class;
use crate::engine::{Duration, Source};
use crate::measure::observer::Observer;
use crate::model::{Answer, Cause, Errand, NodeId, OpId, Operation, RecordId};
use crate::overlay::{Contact, Placement, Protocol};
use crate::run::event::Event;
use crate::run::simulation::Simulation;
use crate::storage::repair::{Periodic, audit};
use crate::storage::{Published, Repair, Republish};

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Of a put that nobody asked for: when the record's publisher put it, if it was stored before.
    pub(crate) fn published_before(&mut self, op: OpId) -> Option<Published> {
        let &mut Operation { node, record, errand, .. } = self.operations.get(op)?;
        let record = record.filter(|&record| errand.is_some() && self.oracle.records.is_stored(record))?;
        let is_publisher = self.storage.publishers.as_ref().is_some_and(|all| all.is_publisher(record, node));
        let published = self.storage.nodes[node.index()].published(record).filter(|_| !is_publisher);
        Some(published.unwrap_or(Published::at(self.now)))
    }

    /// How often a node does something, if it does.
    fn period(&self, work: Periodic) -> Option<Duration> {
        match (work, &self.fixed.system.storage.repair) {
            (Periodic::Republish, Repair::Republish(Republish { every, .. })) => *every,
            (Periodic::Republish, _) => None,
            (Periodic::Audit, _) => self.fixed.system.storage.audit,
        }
    }

    /// A node has joined: what it does once a period begins at random within that.
    pub(crate) fn begin_periodic(&mut self, node: NodeId) {
        for work in Periodic::ALL {
            if let Some(period) = self.period(work) {
                let phase = Duration::from_nanos(self.seats[node.index()].noise.below(period.as_nanos()));
                self.schedule_periodic(node, phase, work);
            }
        }
    }

    fn schedule_periodic(&mut self, node: NodeId, after: Duration, work: Periodic) {
        let epoch = self.seats[node.index()].epoch();
        self.schedule(self.now + after, Class::Timer, node, Event::Periodic { node, epoch, work });
    }

    /// The period is over.
    pub(crate) fn periodic_due(&mut self, node: NodeId, work: Periodic) {
        let Some(period) = self.period(work) else { return };
        self.schedule_periodic(node, period, work);
        if !self.seats[node.index()].settled {
            return;
        }
        match work {
            Periodic::Republish => self.with_node(node, |storage, cx, _| storage.republish(cx, period)),
            Periodic::Audit if self.storage.holder_checks.is_some() => self.check_holders(node),
            Periodic::Audit => self.with_node(node, |storage, cx, _| storage.audit(cx)),
        }
    }

    /// Checks the copies that the pointers held by a node name.
    fn check_holders(&mut self, node: NodeId) {
        let mut values = Vec::new();
        self.with_node(node, |storage, cx, around| values = storage.values_to_check(cx, around));
        for value in values {
            self.with_storage(|storage, cx| storage.check_holders(cx, node, value));
        }
    }

    /// A holder of the piece before looks whether this one is there.
    pub(super) fn audit(&mut self, node: NodeId, piece: RecordId) {
        if self.seats[node.index()].settled && !self.operations.publishes(node, piece) {
            self.get_on_errand(node, piece, Errand::Audit);
        }
    }

    pub(crate) fn is_audit(&mut self, op: OpId) -> bool {
        self.operations.get(op).is_some_and(|operation| operation.errand == Some(Errand::Audit))
    }

    /// An operation has found nothing: if it was an audit, the piece may be made again.
    pub(crate) fn follow_up(&mut self, operation: &Operation, cause: Cause) {
        if let (Some(errand), Some(piece)) = (audit::follow_up(operation, cause), operation.record) {
            self.get_on_errand(operation.node, piece, errand);
        }
    }

    /// Storage fetches a record from one of these; an audit asks them only whether they have it.
    pub(crate) fn fetch(&mut self, op: OpId, record: RecordId, from: &[Contact]) {
        let node = self.operations.get(op).expect("it is under way").node;
        let audits = self.is_audit(op);
        self.with_node(node, |storage, cx, _| match audits {
            true => storage.look_for(cx, op, record, from),
            false => storage.fetch(cx, op, record, from),
        });
    }

    /// Copies on a node's disk may have expired.
    pub(crate) fn copies_expire(&mut self, node: NodeId) {
        let mut expired = Vec::new();
        self.with_node(node, |storage, cx, _| expired = storage.expire_copies(cx));
        let online = self.seats[node.index()].online;
        for copy in &expired {
            self.oracle.records.copy_expired(self.now, *copy, online);
        }
        if !expired.is_empty() {
            self.count_records(node);
        }
    }

    /// A machine is back: it drops the copies in place of which others were named.
    pub(crate) fn drop_unnamed(&mut self, node: NodeId) {
        let (Some(_), Some(pointers)) = (&self.storage.holder_checks, &self.storage.pointers) else { return };
        let space = self.storage.resources.space();
        let Some(storage) = self.storage.nodes.get_mut(node.index()) else { return };
        let dropped = storage.drop_unnamed(node, space, pointers);
        dropped.iter().for_each(|&copy| self.oracle.records.copy_dropped(self.now, copy));
        if !dropped.is_empty() {
            self.count_records(node);
        }
    }

    /// What a get's own machine has of its record. What looks after copies does not look into caches.
    pub(crate) fn own_answer(&mut self, op: OpId, node: NodeId, record: RecordId) -> Option<Answer> {
        let errand = self.operations.get(op)?.errand;
        if errand.is_some() || matches!(P::PLACEMENT, Placement::Everyone(_)) {
            return self.version_on_machine_of(node, record).map(Answer::from);
        }
        let nodes = self.fixed.hosts.nodes_of(self.fixed.hosts.of(node));
        self.storage.own_answer(nodes, record, self.now)
    }

    /// A get has its record: where it is cached along the way, copies of it are left with those whom its lookup has passed.
    pub(crate) fn leave_copies(&mut self, op: OpId, answer: Answer) {
        if self.fixed.system.storage.caching.is_none() {
            return;
        }
        let passed = self.storage.paths.take(op);
        let operation = self.operations.get(op).expect("it has not ended yet");
        operation.cached = answer.until.is_some();
        if let &mut Operation { node, record: Some(record), errand: None, .. } = operation {
            self.with_node(node, |storage, cx, _| storage.leave_copies(cx, record, answer, &passed));
        }
    }
}
