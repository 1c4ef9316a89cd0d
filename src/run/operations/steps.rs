//! Steps of an operation under way: lookups, pointers, requests to holders, acknowledgements.

use crate::measure::observer::Observer;
use crate::model::{Answer, Cause, Key, Metric, NodeId, OpId, Operation, OperationKind, RecordId, Stage};
use crate::overlay::{Choose, Contact, Placement, Protocol, Rule, Spreading, Walk};
use crate::run::simulation::Simulation;

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    pub(crate) fn start_operation(&mut self, op: OpId) {
        let Some(&mut operation) = self.operations.get(op) else { return };
        if operation.kind == OperationKind::Get && self.providing().is_some() {
            return self.get_shared(op);
        }
        if self.is_coded(&operation) {
            return self.start_coded(op);
        }
        let operation = self.operations.get(op).expect("it was just looked at");
        operation.stage = Stage::Overlay;
        let Operation { node, kind, target, record, version, .. } = *operation;
        let pointer = record.and_then(|record| self.storage.resources.space().name_of(record));
        match (kind, record) {
            (OperationKind::Lookup, _) => self.walk(node, Walk { op, target, record: None, count: 1 }),
            (OperationKind::Get, Some(record)) => {
                if let Some(answer) = self.own_answer(op, node, record) {
                    self.got(op, Contact { node, hops: 0 }, answer, Stage::Overlay);
                } else if let Rule::Servers(choose) = P::RULE
                    && self.storage.resources.is_transferred(record)
                {
                    self.ask_server(op, node, target, choose);
                } else if let Some(pointer) = pointer {
                    self.look_for_name(op, pointer);
                } else if self.is_audit(op) {
                    self.walk_for(op, None);
                } else {
                    self.walk_for(op, Some(record));
                }
            }
            (OperationKind::Put, Some(record)) => match P::RULE {
                Rule::Closest(_) => match pointer {
                    Some(pointer) => self.look_for_name(op, pointer),
                    None => self.walk_for(op, None),
                },
                Rule::Everyone(_, Spreading { spread, .. }) => {
                    self.with_overlay(node, |overlay, cx| spread(overlay, cx, op, record, version));
                }
                Rule::Servers(choose) => self.ask_server(op, node, target, choose),
            },
            (OperationKind::Get | OperationKind::Put, None) => unreachable!("gets and puts name a record"),
        }
    }

    /// A client knows without asking which server it sends an operation's request to.
    pub(crate) fn ask_server(&mut self, op: OpId, node: NodeId, target: Key, choose: Choose<P>) {
        let server = choose(&self.shared, node, target, None, &mut self.seats[node.index()].noise);
        self.walk_found(op, &[Contact { node: server, hops: 1 }]);
    }

    /// Walks to a holder of this record, or to the nodes responsible for the operation's target.
    pub(crate) fn walk_for(&mut self, op: OpId, record: Option<RecordId>) {
        let count = self.replicas();
        let &mut Operation { node, target, .. } = self.operations.get(op).expect("it is under way");
        self.walk(node, Walk { op, target, record, count });
    }

    pub(crate) fn walk(&mut self, node: NodeId, walk: Walk) {
        self.with_overlay(node, |overlay, cx| overlay.walk(cx, walk));
    }

    /// A walk has named the responsible nodes.
    pub(crate) fn walk_found(&mut self, op: OpId, nodes: &[Contact]) {
        let Some(operation) = self.operations.get(op).filter(|operation| operation.stage == Stage::Overlay) else {
            return;
        };
        let Operation { node, kind, record, version, target, .. } = *operation;
        operation.hops = nodes[0].hops;
        operation.stage = Stage::Storage;
        if let Some(pointer) = record.and_then(|record| self.storage.resources.space().name_of(record)) {
            return self.ask_for_name(op, pointer, nodes);
        }
        match (kind, record) {
            (OperationKind::Put, Some(record)) => match self.published_before(op) {
                Some(at) => self.with_node(node, |storage, cx, _| {
                    storage.put_again(cx, op, (record, version), at, nodes);
                }),
                None => self.with_node(node, |storage, cx, _| storage.put(cx, op, record, version, nodes)),
            },
            (OperationKind::Get, Some(record)) => {
                self.fetch(op, record, nodes);
            }
            _ => {
                let correct = match P::PLACEMENT.metric() {
                    Some(metric) => {
                        let named = nodes[0].node;
                        self.oracle.directory.is_responsible(metric, target, (self.keys[named.index()], named))
                    }
                    None => self.is_server(nodes[0].node),
                };
                self.answered(op, correct, nodes[0]);
            }
        }
    }

    /// A get came to a holder or a cached copy: by its walk, which has brought the version and, if it is small, the value; or
    /// by storage.
    pub(crate) fn got(&mut self, op: OpId, holder: Contact, answer: Answer, by: Stage) {
        let Some(operation) = self.operations.get(op) else { return };
        let Operation { node, record, stage, version: wanted, .. } = *operation;
        if (stage == Stage::Overlay) != (by == Stage::Overlay) {
            return;
        }
        // Its own copy is an answer; what others gave, unless a pointer had named them, is a pointer.
        let own = |value| holder.node == node && self.version_at(node, value).is_some();
        if stage != Stage::Storage
            && record.is_some_and(|value| self.storage.resources.space().name_of(value).is_some() && !own(value))
        {
            return self.named(op, holder);
        }
        match record.filter(|_| by == Stage::Overlay && holder.node != node) {
            Some(record) if self.storage.resources.is_transferred(record) => {
                self.operations.get(op).expect("it was just looked at").stage = Stage::Holder;
                self.fetch(op, record, &[holder]);
            }
            _ => {
                self.has_fetched(node, record);
                self.leave_copies(op, answer);
                self.answered(op, answer.version >= wanted, holder);
            }
        }
    }

    /// Storage could not carry a get or put out. If the holder that a get's walk met does not give the value, the
    /// responsible nodes are looked for.
    pub(crate) fn storage_failed(&mut self, op: OpId, cause: Cause) {
        let Some(operation) = self.operations.get(op).filter(|operation| operation.stage == Stage::Holder) else {
            return self.failed(op, cause);
        };
        operation.stage = Stage::Overlay;
        self.walk_for(op, None);
    }

    /// A put was acknowledged. (`storers` is empty where everyone stores.)
    pub(crate) fn acknowledged(&mut self, op: OpId, storers: &[NodeId]) {
        let Some(&mut Operation { node, target, record: Some(record), version, hops, errand, parent, .. }) =
            self.operations.get(op)
        else {
            return;
        };
        self.note_stored(record);
        if errand.is_none() {
            self.storage.has_published(record, node, version);
        }
        let space = self.storage.resources.space();
        // Of one piece it says nothing of the others.
        if parent.is_none() && (errand.is_none() || (space.coding().pieces() == 1 && !space.has_names())) {
            self.acknowledge(record, version);
        }
        if errand.is_some() && self.providing().is_some() {
            self.note_named(record, storers);
        } else if errand.is_some() {
            self.with_node(node, |storage, cx, around| storage.on_returned(cx, record, storers, around));
        }
        let correct = match P::PLACEMENT {
            Placement::Closest(metric) if self.storage.resources.space().name_of(record).is_none() => {
                self.any_responsible(metric, target, storers)
            }
            Placement::Closest(_) | Placement::Everyone(_) | Placement::Servers => true,
        };
        self.answered(op, correct, Contact { node: storers.first().copied().unwrap_or(node), hops });
    }

    /// Whether one of the r joined nodes responsible for `key` is among `storers`.
    pub(crate) fn any_responsible(&self, metric: Metric, key: Key, storers: &[NodeId]) -> bool {
        let mut responsible = Vec::new();
        self.oracle.directory.nearest(metric, key, self.replicas() as usize, &mut responsible);
        responsible.iter().any(|(_, node)| storers.contains(node))
    }

    /// A node stored an operation's version.
    pub(crate) fn stored(&mut self, op: OpId) {
        let Some(record) = self.operations.get(op).map(|operation| operation.record) else { return };
        if let Some(charged) = self.operations.charged(op) {
            charged.touched += 1;
        }
        if let Some(record) = record {
            self.note_stored(record);
            self.note_heard(record);
            self.tell_stock();
        }
    }
}
