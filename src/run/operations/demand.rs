//! What participants ask for: operations from their issue to their end, and the judgement of the answers.

use crate::engine::order::{Class, Order};
use crate::engine::{Duration, Time};
use crate::measure::observer::{Ended, Observer};
use crate::model::{
    Answer, Cause, Key, Metric, NodeId, OpId, Operation, OperationKind, RecordId, ResourceId, Stage, Verdict,
};
use crate::network::Loss;
use crate::overlay::{Choose, Contact, Placement, Protocol, Rule, Spreading, Walk};
use crate::population::Target;
use crate::run::event::{Body, Event};
use crate::run::simulation::{Interrupted, Progress, Simulation};

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// A session began: the first operation of each kind is due after a residual gap.
    pub fn begin_demand(&mut self, node: NodeId) {
        for kind in OperationKind::ALL {
            self.schedule_operation(node, kind, 0);
        }
    }

    fn schedule_operation(&mut self, node: NodeId, kind: OperationKind, number: u32) {
        let epoch = self.seats[node.index()].epoch();
        let ahead = self.kinds.ahead.get(node.index()).copied().unwrap_or_default();
        if let Some(at) = self.workload.due(&self.streams, kind, self.session(node), number, self.now, ahead) {
            let order = Order::new(Class::Operation, node.0, number << 2 | kind as u32);
            let participant = node.0;
            self.queue.push(at, order, Event::Operation { participant, epoch, kind, number });
        }
    }

    /// A participant issues an operation.
    pub fn operation_due(&mut self, node: NodeId, epoch: u16, kind: OperationKind, number: u32) {
        if !self.is_current(node, epoch) {
            return;
        }
        self.schedule_operation(node, kind, number + 1);
        let session = self.session(node);
        let (target, record) = match kind {
            OperationKind::Get | OperationKind::Put => {
                self.resource(ResourceId(self.workload.record(&self.streams, kind, session, number, self.now)))
            }
            OperationKind::Lookup => (self.lookup_target(self.workload.subject(&self.streams, session, number)), None),
        };
        let counted = self.is_measured();
        self.issue(node, |operation| Operation { kind, number, target, record, counted, ..operation });
    }

    /// Whether it is the time of the measurement.
    pub fn is_measured(&self) -> bool {
        let begins = Time::ZERO + self.plan.warmup;
        (begins..begins + self.plan.measure).contains(&self.now)
    }

    /// Everybody who is online gets a resource, in the order of their numbers.
    pub fn rush(&mut self, resource: ResourceId) {
        let mut all = self.online.clone();
        all.sort_unstable();
        let (target, record) = self.resource(resource);
        let counted = self.is_measured();
        for node in all {
            self.issue(node, |blank| Operation { kind: OperationKind::Get, target, record, counted, ..blank });
        }
    }

    /// What a get or put of a resource is for: its record, the first if it has several, and that one's key.
    pub fn resource(&self, resource: ResourceId) -> (Key, Option<RecordId>) {
        let first = self.storage.resources.space().value(resource, 0);
        (self.storage.resources.key(first), Some(first))
    }

    fn lookup_target(&self, draw: u64) -> Key {
        match self.workload.target() {
            Target::Key => Key(draw),
            Target::Node => {
                let place = (u128::from(draw) * self.online.len() as u128) >> 64;
                self.keys[self.online[place as usize].index()]
            }
        }
    }

    pub fn issue(&mut self, node: NodeId, make: impl FnOnce(Operation) -> Operation) {
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
    pub fn begin_waiting(&mut self, node: NodeId) {
        let mut waiting = Vec::new();
        self.operations.waiting(node, &mut waiting);
        waiting.into_iter().for_each(|op| self.start_operation(op));
    }

    pub fn start_operation(&mut self, op: OpId) {
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
    fn ask_server(&mut self, op: OpId, node: NodeId, target: Key, choose: Choose<P>) {
        let server = choose(&self.shared, node, target, None, &mut self.seats[node.index()].noise);
        self.walk_found(op, &[Contact { node: server, hops: 1 }]);
    }

    /// Walks to a holder of this record, or to the nodes responsible for the operation's target.
    pub fn walk_for(&mut self, op: OpId, record: Option<RecordId>) {
        let count = self.replicas();
        let &mut Operation { node, target, .. } = self.operations.get(op).expect("it is under way");
        self.walk(node, Walk { op, target, record, count });
    }

    fn walk(&mut self, node: NodeId, walk: Walk) {
        self.with_overlay(node, |overlay, cx| overlay.walk(cx, walk));
    }

    /// A walk has named the responsible nodes.
    pub fn walk_found(&mut self, op: OpId, nodes: &[Contact]) {
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
    pub fn got(&mut self, op: OpId, holder: Contact, answer: Answer, by: Stage) {
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
    pub fn storage_failed(&mut self, op: OpId, cause: Cause) {
        let Some(operation) = self.operations.get(op).filter(|operation| operation.stage == Stage::Holder) else {
            return self.failed(op, cause);
        };
        operation.stage = Stage::Overlay;
        self.walk_for(op, None);
    }

    /// A put was acknowledged. (`storers` is empty where everyone stores.)
    pub fn acknowledged(&mut self, op: OpId, storers: &[NodeId]) {
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
    fn any_responsible(&self, metric: Metric, key: Key, storers: &[NodeId]) -> bool {
        let mut responsible = Vec::new();
        self.oracle.directory.nearest(metric, key, self.replicas() as usize, &mut responsible);
        responsible.iter().any(|(_, node)| storers.contains(node))
    }

    /// A node stored an operation's version.
    pub fn stored(&mut self, op: OpId) {
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

    pub fn answered(&mut self, op: OpId, correct: bool, at: Contact) {
        let Some(operation) = self.operations.end(op) else { return };
        let node = operation.node;
        let one_way = self.delay(node, at.node);
        let is_here = self.hosts.of(at.node) == self.hosts.of(node);
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
    pub fn failed(&mut self, op: OpId, cause: Cause) {
        let Some(operation) = self.operations.end(op) else { return };
        self.stop_pieces(op);
        let cause = self.true_cause(&operation, cause);
        self.end_without_answer(&operation, Verdict::Failed(cause));
        self.follow_up(&operation, cause);
    }

    /// Why a get found nothing, which storage cannot know: whether copies exist at all.
    fn true_cause(&self, operation: &Operation, cause: Cause) -> Cause {
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

    fn end_without_answer(&mut self, operation: &Operation, verdict: Verdict) {
        let ended = Ended { verdict, hops: None, round_trip: None, local: false };
        match (operation.parent, verdict) {
            (None, _) => self.observer.operation_ended(self.now, operation, &ended),
            (Some(whole), Verdict::Failed(_)) => self.piece_ended(whole, operation, &ended, 0),
            (Some(_), _) => {} // it ends with the whole
        }
    }

    /// The deadline of an operation has passed.
    pub fn deadline_passed(&mut self, op: OpId) {
        let operation = self.operations.end(op).expect("it is under way");
        self.stop(&operation);
        let cause = match operation.stage {
            Stage::Waiting => Cause::NotJoined,
            _ => self.true_cause(&operation, Cause::Timeout),
        };
        self.end_without_answer(&operation, Verdict::Failed(cause));
    }

    /// Nothing more is done for an operation.
    pub fn stop(&mut self, operation: &Operation) {
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
    pub fn abandon_operations(&mut self, node: NodeId) {
        while let Some(op) = self.operations.of(node) {
            let operation = self.operations.end(op).expect("it is listed");
            self.operations.coded.take(op);
            self.end_without_answer(&operation, Verdict::Abandoned);
        }
    }

    /// The measurement is over: the run goes on until every operation issued in it is decided, for one deadline at most.
    pub fn decide_operations(&mut self, progress: &Progress<'_>) -> Result<(), Interrupted> {
        let deadline = self.plan.workload.deadline;
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
    pub fn close_operations(&mut self) {
        for op in self.operations.all() {
            let operation = self.operations.end(op).expect("it is under way");
            self.operations.coded.take(op);
            self.end_without_answer(&operation, Verdict::Open);
        }
    }
}
