//! The storage of a run at time zero: its policies, and where copies are.

use crate::engine::random::Purpose;
use crate::engine::{Source, Streams};
use crate::measure::observer::Observer;
use crate::model::{Held, Hosts, Key, NodeId, Record, RecordId, RecordSpace, ResourceId, Version};
use crate::overlay::{Config, Placement, Protocol, View};
use crate::population;
use crate::run::simulation::Simulation;
use crate::run::transfers::in_packet;
use crate::scenario::plan::{Plan, Start, System};
use crate::storage::placement::announcements::Announcements;
use crate::storage::placement::pointers::Pointers;
use crate::storage::placement::publications::Publications;
use crate::storage::repair::delayed::Delayed;
use crate::storage::repair::holders::HolderChecks;
use crate::storage::repair::publishers::Publishers;
use crate::storage::{Keepers, Published, Repair, Resources, Storage, StorageNode};

const PUBLISHER: Purpose = Purpose::new("publisher");

/// The storage of a run, with nothing in it.
pub(in crate::run) fn storage<P: Protocol>(
    streams: &Streams,
    (plan, system, config): (&Plan, &System, &P::Config),
    hosts: Hosts,
) -> Storage {
    let (resources, pointers) = resources::<P>(streams, plan, system);
    let (space, publishers) = (resources.space(), publishers(streams, plan));
    let count = plan.resources.count;
    let terms = &system.storage;
    let places = pointers.as_ref().map_or(0, Pointers::places);
    let enough = pointers.as_ref().and_then(|_| terms.repair.threshold(terms.replicas as usize));
    Storage {
        nodes: (0..if count > 0 { hosts.nodes() } else { 0 }).map(|_| StorageNode::default()).collect(),
        patience: config.patience(),
        publications: match plan.population.start {
            Start::Converged => Publications::default(),
            _ => Publications::new(space, publishers.iter().copied()),
        },
        publishers: match &terms.repair {
            Repair::Republish(republish) => Some(Publishers::new(republish, space, &publishers)),
            _ => None,
        },
        delayed: match &terms.repair {
            Repair::Delay(delay) => Some(Delayed::new(delay.clone(), places, count)),
            _ => None,
        },
        holder_checks: enough.map(|enough| HolderChecks::new(enough, terms.audit.expect("checks have a period"))),
        announcements: match terms.keepers {
            Keepers::Providers(providing) => Some(Announcements::new(providing, hosts.all_machines(), publishers)),
            Keepers::Responsible | Keepers::RandomParticipants => None,
        },
        pointers,
        resources,
        paths: Default::default(),
        cached_bytes: 0,
    }
}

/// The records of all resources, where they are in the identifier space and how large they are; and what the pointers say, if
/// there are some.
fn resources<P: Protocol>(streams: &Streams, plan: &Plan, system: &System) -> (Resources, Option<Pointers>) {
    let (storage, contact) = (&system.storage, system.wire.contact);
    let space = RecordSpace::new(plan.resources.count, storage.coding);
    let (space, pointers) = match storage.keepers {
        Keepers::Responsible => (space, None),
        Keepers::Providers(_) => (space.with_providers(), None),
        Keepers::RandomParticipants => {
            let pointers = Pointers::draw(streams, plan.population.participants, space, storage.replicas);
            (space.with_pointers(), Some(pointers))
        }
    };
    let value_size = |resource: ResourceId| {
        storage.coding.piece_size(population::resource_size(streams, &plan.resources.size, resource.0))
    };
    let described = |record| match space.kind(record) {
        Record::Value(resource) => (record, value_size(resource)),
        Record::Pointer(value) => (value, pointers.as_ref().map_or(0, |pointers| pointers.size(contact))),
        Record::Provider(resource) => (space.value(resource, 0), contact),
    };
    let key = |value| {
        let (resource, piece) = space.piece(value);
        Key(population::record_key(streams, resource.0, piece))
    };
    let (keys, sizes) = space.records().map(described).map(|(value, size)| (key(value), size)).unzip();
    (Resources::new(space, keys, sizes, |size| in_packet(P::PLACEMENT, size)), pointers)
}

/// The publisher of each resource.
fn publishers(streams: &Streams, plan: &Plan) -> Vec<NodeId> {
    let participants = u64::from(plan.population.participants);
    let publisher = |resource: u32| NodeId(streams.stream(PUBLISHER, resource.into()).below(participants) as u32);
    (0..plan.resources.count).map(publisher).collect()
}

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Every resource is on the disk of its publisher, whether that is online or not.
    fn place_published(&mut self, published: &[(ResourceId, NodeId)]) {
        let space = self.storage.resources.space();
        for &(resource, publisher) in published {
            space.pieces_of(resource).for_each(|piece| self.place(piece, publisher));
        }
        self.tell_stock();
    }

    /// Version 0 of every value that the responsible nodes do not keep is on the disks of its holders.
    pub(crate) fn place_values(&mut self) {
        if let Some(announcements) = &self.storage.announcements {
            let published = announcements.published();
            return self.place_published(&published);
        }
        let Some(pointers) = &self.storage.pointers else { return };
        let copies: Vec<_> = (0..pointers.places() as u32).map(|place| pointers.at(place)).collect();
        copies.into_iter().for_each(|(value, holder)| self.place(value, holder));
        self.tell_stock();
    }

    /// A converged start: every publisher was online within the last republishing interval and announced its resource to the
    /// nodes that are responsible now.
    pub(crate) fn place_announcements(&mut self) {
        let Placement::Closest(metric) = P::PLACEMENT else { return };
        let published =
            self.storage.announcements.as_ref().map_or(Vec::new(), |announcements| announcements.published());
        let mut nearest = Vec::new();
        for (resource, publisher) in published {
            let Some(announcements) = &mut self.storage.announcements else { return };
            let until = announcements.announced_before(&self.fixed.streams, self.now, resource);
            let record = self.storage.resources.space().providers_of(resource);
            let key = self.storage.resources.key(record);
            self.oracle.directory.nearest(metric, key, self.replicas() as usize, &mut nearest);
            for &(_, node) in &nearest {
                self.with_node(node, |storage, cx, _| {
                    storage.hear_provider(cx, record, publisher, until);
                });
                self.acquaint(node, &[publisher]);
            }
            self.with_storage(|storage, cx| {
                storage.announcements.iter_mut().for_each(|announcements| announcements.set_timer(cx, publisher));
            });
        }
    }

    /// Version 0 of every record exists on its responsible nodes.
    pub(crate) fn place_records(&mut self) {
        let (mut nearest, mut servers) = (Vec::new(), Vec::new());
        for record in self.storage.resources.space().responsible_keep() {
            match P::PLACEMENT {
                Placement::Closest(metric) => {
                    let key = self.storage.resources.key(record);
                    self.oracle.directory.nearest(metric, key, self.replicas() as usize, &mut nearest);
                    for &(_, node) in &nearest {
                        self.place(record, node);
                    }
                }
                Placement::Servers => {
                    let server = NodeId(self.fixed.hosts.participants());
                    let (view, key) = (View::new(server, &self.keys), self.storage.resources.key(record));
                    let overlay = &self.nodes[server.index()];
                    overlay.nearest(&self.shared, &view, key, self.servers.services.len(), &mut servers);
                    servers.drain(..).for_each(|node| self.place(record, node));
                }
                Placement::Everyone(_) => {}
            }
            // What found no room anywhere was never stored.
            if self.oracle.records.is_stored(record) || matches!(P::PLACEMENT, Placement::Everyone(_)) {
                self.note_stored(record);
            }
        }
        if self.storage.pointers.is_some() || self.fixed.system.storage.repair.threshold(1).is_some() {
            for place in 0..self.membership.joined.len() {
                self.with_node(self.membership.joined[place], |storage, cx, around| storage.on_placed(cx, around));
            }
        }
        self.tell_stock();
    }

    /// A copy is on a machine's disk at time zero.
    pub(crate) fn place(&mut self, record: RecordId, node: NodeId) {
        let disk = self.disk(node);
        let store = &mut self.storage.nodes[node.index()].store;
        if !store.has_room(record, disk, self.storage.resources.sizes()) {
            return self.observer.refused(self.now, self.fixed.hosts.of(node));
        }
        store.keep(record, Version(0));
        if let Repair::Republish(_) = self.fixed.system.storage.repair {
            self.with_node(node, |storage, cx, _| storage.note_put(cx, record, Published::at(cx.now)));
        }
        let copy = Held { record, version: Version(0) };
        self.oracle.records.copy_made(self.now, copy, self.seats[node.index()].online);
        self.tell_records(node);
    }
}
