//! Resources that their publishers and those who have fetched them keep: who says so when, and gets of them.
//!
//! The pieces of resource i are the records that they always are; after those of all resources, N in number, record N + i stands
//! for what the overlay's responsible nodes were told of its providers ([`crate::storage::providers`]). It lies under the key
//! of the resource's first piece. A get walks to one of those nodes, and the machine then meets the providers.

use super::event::Event;
use super::simulation::Simulation;
use crate::engine::order::Class;
use crate::engine::random::Purpose;
use crate::engine::{Source, Time};
use crate::measure::observer::Observer;
use crate::model::{Cause, NodeId, OpId, Operation, RecordId, Stage, Version};
use crate::network::End;
use crate::overlay::{Contact, Placement, Protocol};
use crate::scenario::plan::System;
use crate::storage::exchange::PEERS;
use crate::storage::{Keepers, Providing, Terms};

const ANNOUNCED: Purpose = Purpose::new("announced");

/// How resources are provided in a system, if they are.
pub(super) fn providing(system: &System) -> Option<Providing> {
    match system.storage.keepers {
        Keepers::Providers(providing) => Some(providing),
        Keepers::Responsible | Keepers::RandomParticipants => None,
    }
}

/// Who provides what, and when it is to say so again. Empty where nothing is shared.
#[derive(Debug, Default)]
pub(super) struct Announcements {
    /// By resource.
    publishers: Vec<NodeId>,
    /// By resource: when the last record of a provider expires or has expired, wherever it is.
    until: Vec<Time>,
    /// By node: the resources that it provides in full, and when each is due.
    provided: Vec<Vec<(u32, Time)>>,
    /// By node: when its timer fires, if one is set in this session.
    timers: Vec<Time>,
}

impl Announcements {
    /// Of so many nodes, of which these publish the resources.
    pub fn new(nodes: u32, publishers: Vec<NodeId>) -> Announcements {
        let mut provided = vec![Vec::new(); nodes as usize];
        (0..).zip(&publishers).for_each(|(resource, node)| provided[node.index()].push((resource, Time::ZERO)));
        let until = vec![Time::ZERO; publishers.len()];
        Announcements { publishers, until, provided, timers: vec![Time::NEVER; nodes as usize] }
    }

    /// The session of a node has ended, and with it its timer.
    pub fn suspend(&mut self, node: NodeId) {
        if let Some(timer) = self.timers.get_mut(node.index()) {
            *timer = Time::NEVER;
        }
    }

    /// A node has gone for good.
    pub fn forget(&mut self, node: NodeId) {
        if let Some(provided) = self.provided.get_mut(node.index()) {
            provided.clear();
        }
    }

    pub fn heap_bytes(&self) -> usize {
        let lists: usize = self.provided.iter().map(Vec::capacity).sum();
        lists * size_of::<(u32, Time)>()
            + self.until.capacity() * size_of::<Time>()
            + self.provided.capacity() * size_of::<Vec<(u32, Time)>>()
    }
}

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    pub fn providing(&self) -> Option<Providing> {
        providing(self.system)
    }

    /// What a node's storage is to know of sharing.
    pub fn terms(&self, node: NodeId) -> Option<Terms> {
        let [uplink, downlink] = [End::Sender, End::Receiver].map(|end| move || self.line(node, end));
        let coding = self.records.coding();
        self.providing().map(|providing| Terms { providing, coding, uplink: uplink(), downlink: downlink() })
    }

    /// Every resource is on the disk of its publisher, whether that is online or not.
    pub fn place_published(&mut self) {
        let coding = self.records.coding();
        for (resource, publisher) in (0..).zip(self.announcements.publishers.clone()) {
            (0..coding.pieces()).for_each(|piece| self.place(coding.record(resource, piece), publisher));
        }
        self.tell_stock();
    }

    /// A converged start: every publisher was online within the last republishing interval and announced its resource to the
    /// nodes that are responsible now.
    pub fn place_announcements(&mut self, providing: Providing) {
        let Placement::Closest(metric) = P::PLACEMENT else { return };
        let mut nearest = Vec::new();
        for (resource, publisher) in (0..).zip(self.announcements.publishers.clone()) {
            let age = providing.republish.mul_f64(self.streams.stream(ANNOUNCED, resource.into()).unit());
            let (record, until) = (self.provider_record(resource), self.now + providing.ttl.saturating_sub(age));
            self.directory.nearest(metric, self.record_keys[record.index()], self.replicas() as usize, &mut nearest);
            for &(_, node) in &nearest {
                self.with_agent(node, |agent, desk, _| {
                    agent.hear_provider(desk, record, publisher, until);
                });
                self.acquaint(node, &[publisher]);
            }
            self.announcements.until[resource as usize] = until;
            let due = self.now + providing.republish.saturating_sub(age);
            let provided = &mut self.announcements.provided[publisher.index()];
            provided.iter_mut().filter(|one| one.0 == resource).for_each(|one| one.1 = due);
            self.time_announcement(publisher);
        }
    }

    /// The record of a resource's providers.
    fn provider_record(&self, resource: u32) -> RecordId {
        RecordId::new(self.fixed() + resource)
    }

    /// A node says that it provides what it has not said lately.
    pub fn announce_resources(&mut self, node: NodeId, providing: Providing) {
        let now = self.now;
        let due = self.announcements.provided[node.index()].iter_mut().filter(|(_, due)| *due <= now);
        let resources: Vec<u32> = due
            .map(|(resource, due)| {
                *due = now + providing.republish;
                *resource
            })
            .collect();
        for resource in resources {
            let record = self.provider_record(resource);
            if !self.operations.publishes(node, record) {
                self.put_unasked(node, record, Version(0));
            }
        }
        self.time_announcement(node);
    }

    /// Sets a node's timer for what it is to say next, unless it is offline or fires as early already.
    fn time_announcement(&mut self, node: NodeId) {
        let Announcements { provided, timers, .. } = &mut self.announcements;
        let Some(at) = provided[node.index()].iter().map(|one| one.1).min() else { return };
        let timer = &mut timers[node.index()];
        if self.seats[node.index()].settled && (*timer <= self.now || at < *timer) {
            *timer = at;
            let epoch = self.seats[node.index()].epoch();
            self.schedule(at, Class::Timer, node, Event::Publish { node, epoch });
        }
    }

    /// A get of a resource that its providers keep begins: on the machine's own disk, or with what is known of them.
    pub fn get_shared(&mut self, op: OpId) {
        let operation = self.operations.get(op).expect("it begins");
        operation.stage = Stage::Overlay;
        let Operation { node, record, .. } = *operation;
        let record = record.expect("a get names a record");
        let coding = self.records.coding();
        let pieces = coding.pieces_of(coding.resource(record));
        let here = pieces.filter(|&piece| self.version_at(node, piece).is_some()).count() as u32;
        match self.pointer(record).filter(|_| here < coding.needed) {
            Some(pointer) => self.look_for_pointer(op, pointer),
            None => self.answered(op, true, Contact { node, hops: 0 }),
        }
    }

    /// Somebody who was told of a resource's providers has been found: they are met. (What it knows is read when its answer
    /// arrives, half a round trip later than it would be; see [`super::pointers`].)
    pub fn ask_providers(&mut self, op: OpId, at: Contact) {
        let operation = self.operations.get(op).expect("it has come to a record of providers");
        operation.stage = Stage::Storage;
        operation.hops = at.hops.saturating_add(1);
        let Operation { node, record, hops, .. } = *operation;
        let resource = self.records.coding().resource(record.expect("a get names a record"));
        let known = self.agents[at.node.index()].providers(resource, self.now);
        let mut named: Vec<Contact> = known.filter(|&one| one != node).map(|node| Contact { node, hops }).collect();
        if named.is_empty() {
            return self.failed(op, Cause::Unreachable);
        }
        let first = self.seats[node.index()].noise.below(named.len() as u64) as usize;
        named.rotate_left(first);
        named.truncate(PEERS);
        self.tell_named(node, at.node, &named);
        self.with_agent(node, |agent, desk, _| agent.join(desk, op, resource, &named));
    }

    /// A get of `record` has succeeded: where resources are shared, the machine provides this one from now on.
    pub fn has_fetched(&mut self, node: NodeId, record: Option<RecordId>) {
        let Some((providing, record)) = self.providing().filter(|providing| providing.share).zip(record) else {
            return;
        };
        let resource = self.records.coding().resource(record);
        let provided = &mut self.announcements.provided[node.index()];
        if provided.iter().all(|one| one.0 != resource) {
            provided.push((resource, self.now));
            self.announce_resources(node, providing);
        }
    }

    /// A node has taken note of a provider, if this is a record about providers.
    pub fn note_heard(&mut self, record: RecordId) {
        let number = (record.index() as u32).checked_sub(self.fixed());
        if let Some((providing, resource)) = self.providing().zip(number) {
            self.announcements.until[resource as usize] = self.now + providing.ttl;
        }
    }

    /// Nodes have taken note of a provider: their answers to a walk are as long as what they know.
    pub fn note_named(&mut self, record: RecordId, storers: &[NodeId]) {
        let resource = record.index() as u32 - self.fixed();
        let known = |node: &NodeId| self.agents[node.index()].providers(resource, self.now).count().min(PEERS);
        if let Some(most) = storers.iter().map(known).max() {
            self.sizes_in_packet[record.index()] = most as u32 * self.system.wire.contact;
        }
    }

    /// Whether all that was said of the providers of a record's resource has expired.
    pub fn is_unprovided(&self, record: RecordId) -> bool {
        let resource = self.records.coding().resource(record) as usize;
        self.announcements.until.get(resource).is_some_and(|&until| until <= self.now)
    }
}
