//! Calling the handlers of storage, of one node's or of the whole system's, and doing what they ask for.

mod placing;
mod policies;
mod views;

use super::event::{Body, Event};
use super::simulation::Simulation;
use crate::engine::order::Class;
use crate::measure::observer::{Copied, Observer};
use crate::model::{Errand, Held, NodeId, Operation, OperationKind, Record, RecordId, Stage, Version};
use crate::overlay::{self, Change, Placement, Protocol, View};
use crate::storage::system::{SystemContext, SystemEffect};
use crate::storage::{self, POINTER_COPIES, Repair, Storage, StorageContext, StorageNode};
use views::{Around, Everything, disk};

pub(in crate::run) use placing::storage;

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Calls a handler of a node's storage and applies its effects; does nothing where there are no records.
    pub(super) fn with_node(
        &mut self,
        node: NodeId,
        handler: impl FnOnce(&mut StorageNode, &mut StorageContext<'_>, &Around<'_, P>),
    ) {
        let replicas = self.replicas() as usize;
        let (terms, disk) = (self.terms(node), self.disk(node));
        let Some(storage) = self.storage.nodes.get_mut(node.index()) else { return };
        let mut effects = self.buffers.storage.pop().unwrap_or_default();
        let seat = &mut self.seats[node.index()];
        let epoch = seat.epoch();
        let around = Around {
            overlay: &self.nodes[node.index()],
            shared: &self.shared,
            view: View::new(node, &self.keys),
            keys: self.storage.resources.keys(),
        };
        let mut cx = StorageContext {
            now: self.now,
            me: node,
            epoch,
            replicas,
            repair: if self.storage.pointers.is_some() { &Repair::Eager } else { &self.fixed.system.storage.repair },
            hold: self.fixed.system.storage.hold,
            records: self.storage.resources.space(),
            caching: self.fixed.system.storage.caching,
            terms,
            timeout: self.storage.patience.timeout,
            retries: self.storage.patience.retries,
            backoff: self.storage.patience.backoff,
            noise: &mut seat.noise,
            disk,
            sizes: self.storage.resources.sizes(),
            wire: &self.fixed.system.wire,
            lists: &mut self.buffers.lists,
            effects: &mut effects,
        };
        handler(storage, &mut cx, &around);
        self.apply_storage(node, &effects);
        effects.list.clear();
        effects.storers.clear();
        self.buffers.storage.push(effects);
    }

    /// How many copies a record that the overlay keeps is to have, at most: of servers perhaps only one holds it.
    pub(super) fn replicas(&self) -> u8 {
        match P::PLACEMENT {
            Placement::Servers => self.servers.services.len() as u8,
            _ if self.storage.pointers.is_some() => POINTER_COPIES as u8,
            _ => self.fixed.system.storage.replicas as u8,
        }
    }

    /// How many copies of a record there are to be.
    fn wanted_copies(&self, record: RecordId) -> u32 {
        match self.storage.resources.space().is_kept_by_responsible(record) {
            true => self.replicas().into(),
            false => self.fixed.system.storage.replicas,
        }
    }

    /// Bytes of values that a machine's disk takes of one of its nodes, beside what the others hold.
    pub(super) fn disk(&self, node: NodeId) -> u64 {
        let machine = self.fixed.hosts.of(node);
        self.storage.disk_of(node, machine, self.fixed.hosts, disk(self.fixed.plan, &self.environment.kinds, machine))
    }

    /// Calls a handler of the whole system's storage and applies its effects.
    pub(super) fn with_storage(&mut self, handler: impl FnOnce(&mut Storage, &mut SystemContext<'_, Everything<'_>>)) {
        let mut effects = Vec::new();
        let machines = Everything {
            seats: &self.seats,
            online: &self.membership.online,
            records: &self.oracle.records,
            hosts: self.fixed.hosts,
            kinds: &self.environment.kinds,
            plan: self.fixed.plan,
        };
        let (now, streams) = (self.now, &self.fixed.streams);
        let mut cx = SystemContext { now, streams, machines: &machines, effects: &mut effects };
        handler(&mut self.storage, &mut cx);
        effects.into_iter().for_each(|effect| self.apply_system(effect));
    }

    fn apply_system(&mut self, effect: SystemEffect) {
        match effect {
            SystemEffect::Put { node, record, version, errand } => {
                self.put_for_storage(node, record, version, errand);
            }
            SystemEffect::PublishTimer { at, node } => {
                let epoch = self.seats[node.index()].epoch();
                self.schedule(at, Class::Timer, node, Event::Publish { node, epoch });
            }
            SystemEffect::RepublishTimer { at, publisher, record } => {
                self.schedule(at, Class::Timer, publisher, Event::Republish { record });
            }
            SystemEffect::RepairTimer { at, holder, place } => {
                self.schedule(at, Class::Timer, holder, Event::DelayedRepair { place });
            }
            SystemEffect::Probe { by, value, holder } => {
                self.with_node(by, |storage, cx, _| storage.probe(cx, value, holder));
            }
            SystemEffect::Copy { by, value, from, to } => {
                self.with_node(by, |storage, cx, _| storage.have_copied(cx, value, from, to));
            }
            SystemEffect::Copied { node, copy } => self.copy_came(node, copy, true),
            SystemEffect::Refused { node } => self.observer.refused(self.now, self.fixed.hosts.of(node)),
        }
    }

    /// Storage hears who has entered or left the node's tables.
    pub(super) fn tell_storage(&mut self, node: NodeId, effects: &overlay::Effects<P::Message, P::Timer>) {
        let changed = |wanted: Change| {
            effects.list.iter().filter_map(move |effect| match *effect {
                overlay::Effect::Neighbour { node, change } if change == wanted => Some(node),
                _ => None,
            })
        };
        let mut appeared = self.buffers.changes.pop().unwrap_or_default();
        let mut gone = self.buffers.changes.pop().unwrap_or_default();
        appeared.extend(changed(Change::Appeared));
        gone.extend(changed(Change::Gone));
        self.with_node(node, |storage, cx, around| storage.on_change(cx, &appeared, &gone, around));
        for mut buffer in [gone, appeared] {
            buffer.clear();
            self.buffers.changes.push(buffer);
        }
    }

    fn apply_storage(&mut self, node: NodeId, effects: &storage::Effects) {
        use storage::Effect;
        for effect in &effects.list {
            match *effect {
                Effect::Send { to, envelope, message } => {
                    self.transmit(to, &envelope, Body::Storage(message));
                }
                Effect::TimeoutTimer { at } => {
                    let epoch = self.seats[node.index()].epoch();
                    self.schedule(at, Class::Timer, node, Event::StorageTimeout { node, epoch });
                }
                Effect::Kept { record, version, repaired } => {
                    self.copy_came(node, Held { record, version }, repaired);
                }
                Effect::Refused { .. } => self.observer.refused(self.now, self.fixed.hosts.of(node)),
                Effect::Renewed { record, before, version } => {
                    self.oracle.records.copy_renewed(self.now, Held { record, version: before }, version);
                    self.tell_stock();
                }
                Effect::Dropped { record, version } => {
                    self.oracle.records.copy_dropped(self.now, Held { record, version });
                    self.count_records(node);
                }
                Effect::HandedOver { record, to } => self.handed_over(node, record, to),
                Effect::ExpiryTimer { at } => self.schedule(at, Class::Timer, node, Event::Expires { node }),
                Effect::Return { record, version } => self.put_for_storage(node, record, version, Errand::Return),
                Effect::Audit { piece } => self.audit(node, piece),
                Effect::Stored { op } => self.stored(op),
                Effect::Got { op, holder, answer } => self.got(op, holder, answer, Stage::Storage),
                Effect::Probed { value, holder, version } => {
                    self.with_storage(|storage, cx| storage.probed(cx, (node, value), holder, version));
                }
                Effect::Cached { before, after } => self.cache_changed(before, after),
                Effect::Failed { op, cause } => self.storage_failed(op, cause),
                Effect::Acknowledged { op, storers } => {
                    let range = storers.first as usize..(storers.first + storers.count) as usize;
                    self.acknowledged(op, &effects.storers[range]);
                }
                Effect::TimedOut { op } => self.count_operation_timeout(op),
            }
        }
    }

    /// A node has a copy that it did not have.
    fn copy_came(&mut self, node: NodeId, copy: Held, repaired: bool) {
        let record = copy.record;
        if repaired {
            let enough = self.oracle.records.copies(record) >= self.wanted_copies(record);
            self.observer.repaired(self.now, self.copied(record), enough);
        }
        self.oracle.records.copy_made(self.now, copy, true);
        if let (Some(checks), Some(pointers)) = (&mut self.storage.holder_checks, &mut self.storage.pointers) {
            checks.copy_came(pointers, record, node);
        }
        self.count_records(node);
    }

    /// What kind of thing a record is.
    pub(super) fn copied(&self, record: RecordId) -> Copied {
        let space = self.storage.resources.space();
        match space.kind(record) {
            Record::Pointer(_) | Record::Provider(_) => Copied::Pointer,
            Record::Value(_) if space.coding().pieces() > 1 => Copied::Piece,
            Record::Value(_) => Copied::Value,
        }
    }

    /// The values in a machine's cache take so many bytes now.
    pub(super) fn cache_changed(&mut self, before: u64, after: u64) {
        self.storage.cached_bytes = self.storage.cached_bytes - before + after;
        self.observer.cached(self.now, self.storage.cached_bytes);
    }

    /// A put that storage asks for. What was put before is not put again while such a put is under way.
    fn put_for_storage(&mut self, node: NodeId, record: RecordId, version: Version, errand: Errand) {
        if errand == Errand::Publish || !self.operations.publishes(node, record) {
            self.put_on_errand(node, record, version, errand);
        }
    }

    /// A put that is no part of the workload.
    pub(super) fn put_on_errand(&mut self, node: NodeId, record: RecordId, version: Version, errand: Errand) {
        let (kind, target) = (OperationKind::Put, self.storage.resources.key(record));
        self.issue(node, |blank| Operation {
            kind,
            target,
            record: Some(record),
            version,
            errand: Some(errand),
            ..blank
        });
    }

    pub(super) fn get_on_errand(&mut self, node: NodeId, record: RecordId, errand: Errand) {
        let (kind, target) = (OperationKind::Get, self.storage.resources.key(record));
        self.issue(node, |blank| Operation { kind, target, record: Some(record), errand: Some(errand), ..blank });
    }
}
