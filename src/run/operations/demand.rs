//! Demand of participants: when operations are due, and their issue.

use crate::engine::Time;
use crate::engine::order::{Class, Order};
use crate::measure::observer::Observer;
use crate::model::{Key, NodeId, Operation, OperationKind, RecordId, ResourceId};
use crate::overlay::Protocol;
use crate::population::Target;
use crate::run::event::Event;
use crate::run::simulation::Simulation;

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// A session began: the first operation of each kind is due after a residual gap.
    pub(crate) fn begin_demand(&mut self, node: NodeId) {
        for kind in OperationKind::ALL {
            self.schedule_operation(node, kind, 0);
        }
    }

    pub(crate) fn schedule_operation(&mut self, node: NodeId, kind: OperationKind, number: u32) {
        let epoch = self.seats[node.index()].epoch();
        let ahead = self.environment.kinds.ahead.get(node.index()).copied().unwrap_or_default();
        if let Some(at) =
            self.environment.workload.due(&self.fixed.streams, kind, self.session(node), number, self.now, ahead)
        {
            let order = Order::new(Class::Operation, node.0, number << 2 | kind as u32);
            let participant = node.0;
            self.queue.push(at, order, Event::Operation { participant, epoch, kind, number });
        }
    }

    /// A participant issues an operation.
    pub(crate) fn operation_due(&mut self, node: NodeId, epoch: u16, kind: OperationKind, number: u32) {
        if !self.is_current(node, epoch) {
            return;
        }
        self.schedule_operation(node, kind, number + 1);
        let session = self.session(node);
        let (target, record) = match kind {
            OperationKind::Get | OperationKind::Put => self.resource(ResourceId(self.environment.workload.record(
                &self.fixed.streams,
                kind,
                session,
                number,
                self.now,
            ))),
            OperationKind::Lookup => {
                (self.lookup_target(self.environment.workload.subject(&self.fixed.streams, session, number)), None)
            }
        };
        let counted = self.is_measured();
        self.issue(node, |operation| Operation { kind, number, target, record, counted, ..operation });
    }

    /// Whether it is the time of the measurement.
    pub(crate) fn is_measured(&self) -> bool {
        let begins = Time::ZERO + self.fixed.plan.warmup;
        (begins..begins + self.fixed.plan.measure).contains(&self.now)
    }

    /// Issues a get of a resource by every participant online, in the order of their numbers.
    pub(crate) fn rush(&mut self, resource: ResourceId) {
        let mut all = self.membership.online.clone();
        all.sort_unstable();
        let (target, record) = self.resource(resource);
        let counted = self.is_measured();
        for node in all {
            self.issue(node, |blank| Operation { kind: OperationKind::Get, target, record, counted, ..blank });
        }
    }

    /// What a get or put of a resource is for: its record, the first if it has several, and that one's key.
    pub(crate) fn resource(&self, resource: ResourceId) -> (Key, Option<RecordId>) {
        let first = self.storage.resources.space().value(resource, 0);
        (self.storage.resources.key(first), Some(first))
    }

    pub(crate) fn lookup_target(&self, draw: u64) -> Key {
        match self.environment.workload.target() {
            Target::Key => Key(draw),
            Target::Node => {
                let place = (u128::from(draw) * self.membership.online.len() as u128) >> 64;
                self.keys[self.membership.online[place as usize].index()]
            }
        }
    }

    pub(crate) fn issue(&mut self, node: NodeId, make: impl FnOnce(Operation) -> Operation) {
        let session = self.seats[node.index()].session;
        let records = &mut self.oracle.records;
        let id = self.operations.issue(node, self.now, |blank| {
            let operation = make(Operation { session, ..blank });
            let version = match (operation.kind, operation.record) {
                (OperationKind::Get, Some(record)) => records.acknowledged(record),
                (OperationKind::Put, _) if operation.errand.is_none() => records.next_version(),
                _ => operation.version,
            };
            Operation { version, ..operation }
        });
        let operation = *self.operations.get(id).expect("it was just issued");
        self.observer.operation_issued(self.now, &operation);
        if self.seats[node.index()].settled {
            self.start_operation(id);
        }
    }

    /// The node has joined: what waited for it begins.
    pub(crate) fn begin_waiting(&mut self, node: NodeId) {
        let mut waiting = Vec::new();
        self.operations.waiting(node, &mut waiting);
        waiting.into_iter().for_each(|op| self.start_operation(op));
    }
}
