//! The storage of a whole run: the nodes' own, and the state of policies that are not any one node's.
//!
//! What a real system would keep in many places is kept once here: what pointers say, who publishes what, and which copies are
//! being made again. Handlers see a [`SystemContext`] and write [`SystemEffect`]s, which `run/` applies in order.

use super::placement::announcements::Announcements;
use super::placement::pointers::Pointers;
use super::placement::publications::Publications;
use super::repair::delayed::Delayed;
use super::repair::holders::HolderChecks;
use super::repair::publishers::Publishers;
use super::{LookupPaths, Resources, StorageNode};
use crate::engine::{Streams, Time};
use crate::model::{Answer, Errand, Held, Hosts, NodeId, RecordId, Version};
use crate::overlay::Patience;

/// The storage of a run.
#[derive(Debug)]
pub struct Storage {
    /// One a node where there are records, none otherwise.
    pub nodes: Vec<StorageNode>,
    /// What each record is, where it lies and how large it is.
    pub resources: Resources,
    /// Of storage's requests; an overlay has its own.
    pub patience: Patience,
    /// First puts, into a system that does not start converged.
    pub publications: Publications,
    /// Where resources are shared: who announces what.
    pub announcements: Option<Announcements>,
    /// Where copies are that the overlay does not keep: what the pointers say.
    pub pointers: Option<Pointers>,
    /// Eager or lazy repair of the copies that pointers name.
    pub holder_checks: Option<HolderChecks>,
    /// Repair with a delay of the copies that pointers name.
    pub delayed: Option<Delayed>,
    /// Where records are republished.
    pub publishers: Option<Publishers>,
    /// Where records are cached along the way.
    pub paths: LookupPaths,
    /// Bytes of the values in all caches.
    pub cached_bytes: u64,
}

/// What a policy asks for that is not any one node's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SystemEffect {
    /// Put a record in this version on behalf of a node. As [`Errand::Return`] only unless such a put is under way.
    Put { node: NodeId, record: RecordId, version: Version, errand: Errand },
    /// Call [`Storage::publish`] at that time, if the session is still the same.
    PublishTimer { at: Time, node: NodeId },
    /// Call [`Publishers::due`] at that time.
    RepublishTimer { at: Time, publisher: NodeId, record: RecordId },
    /// Call [`Storage::delay_over`] at that time; `holder` had the copy.
    RepairTimer { at: Time, holder: NodeId, place: u32 },
    /// Have node `by` ask a holder whether it has its copy of a value.
    Probe { by: NodeId, value: RecordId, holder: NodeId },
    /// Have node `by` tell the holder `from` to send a copy of a value to `to`.
    Copy { by: NodeId, value: RecordId, from: NodeId, to: NodeId },
    /// A copy has appeared on a node's disk.
    Copied { node: NodeId, copy: Held },
    /// A node's disk had no room for a copy.
    Refused { node: NodeId },
}

/// What policies see of the machines and of the truth about records.
pub trait Machines {
    /// Whether a node's machine is online.
    fn is_online(&self, node: NodeId) -> bool;
    /// Whether a node has joined in this session, so that it can ask.
    fn has_joined(&self, node: NodeId) -> bool;
    /// Whether a node has gone for good.
    fn has_departed(&self, node: NodeId) -> bool;
    /// All machines of participants that are online.
    fn online(&self) -> &[NodeId];
    /// Which node is on which machine.
    fn hosts(&self) -> Hosts;
    /// Bytes of values that a machine's disk takes; `u64::MAX` without limit.
    fn disk(&self, machine: NodeId) -> u64;
    /// Whether a record was stored once.
    fn is_stored(&self, record: RecordId) -> bool;
    /// Whether the resource of a value is lost.
    fn is_lost(&self, value: RecordId) -> bool;
}

/// What a handler of the whole system sees and writes with.
pub struct SystemContext<'a, M> {
    pub now: Time,
    pub streams: &'a Streams,
    pub machines: &'a M,
    pub effects: &'a mut Vec<SystemEffect>,
}

impl<M> SystemContext<'_, M> {
    pub(super) fn do_effect(&mut self, effect: SystemEffect) {
        self.effects.push(effect);
    }
}

impl Storage {
    /// What a node's store holds, in the order of the records.
    pub fn held(&self, node: NodeId) -> &[Held] {
        self.nodes.get(node.index()).map_or(&[], |storage| storage.store.held())
    }

    /// Bytes of values that the disk of `machine`, `limit` in all, takes of one of its nodes, beside what its others hold.
    pub fn disk_of(&self, node: NodeId, machine: NodeId, hosts: Hosts, limit: u64) -> u64 {
        if limit == u64::MAX {
            return limit;
        }
        let others = hosts.nodes_of(machine).filter(|one| *one != node);
        let taken = others.flat_map(|one| self.held(one)).map(|held| u64::from(self.resources.size(held.record)));
        limit.saturating_sub(taken.sum())
    }

    /// The newest answer that one of a machine's nodes gives to a get of its own, a replica before a cached copy.
    pub fn own_answer(&mut self, nodes: impl Iterator<Item = NodeId>, record: RecordId, now: Time) -> Option<Answer> {
        let answers = nodes.filter_map(|one| {
            let storage = &mut self.nodes[one.index()];
            storage.gave(record);
            storage.answer(record, now)
        });
        answers.max_by_key(|answer| (answer.version, answer.until.is_none()))
    }

    /// A node puts, or announces, what it publishes: it has joined, or it is time.
    pub fn publish(&mut self, cx: &mut SystemContext<'_, impl Machines>, node: NodeId) {
        match &mut self.announcements {
            Some(announcements) => announcements.announce(cx, self.resources.space(), node),
            None => self.publications.publish(cx, node),
        }
    }

    /// A node has gone for good, and what it held with it.
    pub fn holder_gone(&mut self, cx: &mut SystemContext<'_, impl Machines>, node: NodeId, held: &[Held]) {
        if let (Some(delayed), Some(pointers)) = (&mut self.delayed, &self.pointers) {
            delayed.holder_gone(cx, (pointers, self.resources.space()), node, held);
        }
        self.announcements.iter_mut().for_each(|announcements| announcements.forget(node));
    }

    /// A node has joined: it puts what it has missed to put.
    pub fn make_up(&mut self, cx: &mut SystemContext<'_, impl Machines>, node: NodeId) {
        self.publishers.iter_mut().for_each(|publishers| publishers.has_joined(cx, node));
    }

    /// A participant has put `version` of a record.
    pub fn has_published(&mut self, record: RecordId, node: NodeId, version: Version) {
        if let Some(publishers) = &mut self.publishers {
            publishers.published(record, node, version);
        }
    }

    /// Bytes allocated by policies of the whole system.
    pub fn heap_bytes(&self) -> usize {
        self.pointers.as_ref().map_or(0, Pointers::heap_bytes)
            + self.delayed.as_ref().map_or(0, Delayed::heap_bytes)
            + self.holder_checks.as_ref().map_or(0, HolderChecks::heap_bytes)
            + self.announcements.as_ref().map_or(0, Announcements::heap_bytes)
    }
}
