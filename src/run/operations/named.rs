//! Gets and puts of records that others lead to: pointers to copies on participants drawn at random
//! ([`crate::storage::placement::pointers`]), and provider records ([`crate::storage::placement::providers`]).

use crate::engine::Source;
use crate::measure::observer::Observer;
use crate::model::{Cause, NodeId, OpId, Operation, OperationKind, Record, RecordId, Stage};
use crate::network::End;
use crate::overlay::{Contact, Protocol};
use crate::run::simulation::Simulation;
use crate::storage::swarm::pieces::PEERS;
use crate::storage::{Providing, Terms};

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// How resources are provided, if they are.
    pub(crate) fn providing(&self) -> Option<Providing> {
        self.storage.announcements.as_ref().map(|announcements| announcements.providing)
    }

    /// What a node's storage is to know of sharing.
    pub(crate) fn terms(&self, node: NodeId) -> Option<Terms> {
        let line = |end| self.line(node, end);
        self.providing().map(|providing| Terms { providing, uplink: line(End::Sender), downlink: line(End::Receiver) })
    }

    /// A get of a resource that its providers keep begins: on the machine's own disk, or with what is known of them.
    pub(crate) fn get_shared(&mut self, op: OpId) {
        let operation = self.operations.get(op).expect("it begins");
        operation.stage = Stage::Overlay;
        let Operation { node, record, .. } = *operation;
        let (space, record) = (self.storage.resources.space(), record.expect("a get names a record"));
        let pieces = space.pieces_of(space.resource(record));
        let here = pieces.filter(|&piece| self.version_at(node, piece).is_some()).count() as u32;
        match space.name_of(record).filter(|_| here < space.coding().needed) {
            Some(name) => self.look_for_name(op, name),
            None => self.answered(op, true, Contact { node, hops: 0 }),
        }
    }

    /// A get or put of a value begins: at the pointer, or the provider records, that its machine has itself, or with a lookup of
    /// them.
    pub(crate) fn look_for_name(&mut self, op: OpId, name: RecordId) {
        let &mut Operation { node, .. } = self.operations.get(op).expect("it begins");
        match self.version_at(node, name) {
            Some(_) => self.named(op, Contact { node, hops: 0 }),
            None => self.walk_for(op, Some(name)),
        }
    }

    /// A lookup came to the responsible nodes without meeting a pointer on its way: they are asked for it in turn.
    pub(crate) fn ask_for_name(&mut self, op: OpId, name: RecordId, nodes: &[Contact]) {
        let operation = self.operations.get(op).expect("its walk has ended");
        operation.stage = Stage::Pointer;
        let node = operation.node;
        self.with_node(node, |storage, cx, _| storage.fetch(cx, op, name, nodes));
    }

    /// A pointer was read, or provider records were: gets ask those that it names one after another, beginning anywhere, or
    /// meet them, and puts store on all of them. (What provider records say is read when the answer arrives, half a round trip
    /// later than it would be.)
    pub(crate) fn named(&mut self, op: OpId, at: Contact) {
        let operation = self.operations.get(op).expect("it has come to a pointer");
        operation.stage = Stage::Storage;
        operation.hops = at.hops.saturating_add(1);
        let &mut Operation { node, kind, record, version, hops, .. } = operation;
        let value = record.expect("gets and puts name a record");
        let resource = self.storage.resources.space().resource(value);
        let mut named: Vec<NodeId> = match &self.storage.pointers {
            Some(pointers) => pointers.holders(value).to_vec(),
            None => {
                let providers = self.storage.nodes[at.node.index()].providers(resource, self.now);
                providers.filter(|&one| one != node).collect()
            }
        };
        if named.is_empty() {
            return self.failed(op, Cause::Unreachable);
        }
        let first = self.seats[node.index()].noise.below(named.len() as u64) as usize;
        named.rotate_left(first);
        if self.storage.pointers.is_none() {
            named.truncate(PEERS);
        }
        let named: Vec<Contact> = named.into_iter().map(|node| Contact { node, hops }).collect();
        self.tell_named(node, at.node, &named);
        let shared = self.storage.pointers.is_none();
        self.with_node(node, |storage, cx, _| match kind {
            _ if shared => storage.join(cx, op, resource, &named),
            OperationKind::Put => storage.put(cx, op, value, version, &named),
            _ => storage.fetch(cx, op, value, &named),
        });
    }

    /// A get of `record` has succeeded: where resources are shared, the machine provides this one from now on.
    pub(crate) fn has_fetched(&mut self, node: NodeId, record: Option<RecordId>) {
        let (Some(_), Some(record)) = (&self.storage.announcements, record) else { return };
        let space = self.storage.resources.space();
        self.with_storage(|storage, cx| {
            let announcements = storage.announcements.as_mut().expect("it was just there");
            announcements.fetched(cx, space, node, space.resource(record));
        });
    }

    /// A node has taken note of a provider, if this is a record about providers.
    pub(crate) fn note_heard(&mut self, record: RecordId) {
        if let Some(announcements) = &mut self.storage.announcements
            && let Record::Provider(resource) = self.storage.resources.space().kind(record)
        {
            announcements.heard(self.now, resource);
        }
    }

    /// Nodes have taken note of a provider: their answers to a lookup are as long as what they know.
    pub(crate) fn note_named(&mut self, record: RecordId, storers: &[NodeId]) {
        let Record::Provider(resource) = self.storage.resources.space().kind(record) else { return };
        let nodes = &self.storage.nodes;
        let known = |node: &NodeId| nodes[node.index()].providers(resource, self.now).count().min(PEERS);
        if let Some(most) = storers.iter().map(known).max() {
            let bytes = most as u32 * self.fixed.system.wire.contact;
            self.storage.resources.set_size_in_packet(record, bytes);
        }
    }

    /// Whether all that was said of the providers of a value's resource has expired.
    pub(crate) fn is_unprovided(&self, value: RecordId) -> bool {
        let resource = self.storage.resources.space().resource(value);
        self.storage.announcements.as_ref().is_some_and(|announcements| announcements.has_expired(self.now, resource))
    }
}
