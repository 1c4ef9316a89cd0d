//! Hand-over: a node that leaves with notice sends each of its own copies to the node that becomes responsible in its
//! place, if fewer than enough may be left without it ([`super::lazy`]) and that node has not reported that it holds
//! it.
//!
//! Records are sent one after another: the next when the last bit of the previous one has left, so that everything that
//! fits into the notice arrives whole, whether as packets or as flows. The sender learns this from its own link, from
//! the reply, or from the receiver's timeout, whichever comes first.

use super::Neighbourhood;
use super::words::Says;
use crate::model::{NodeId, RecordId, Version};
use crate::storage::agent::Agent;
use crate::storage::desk::{Desk, Effect, Tag};
use crate::storage::message::Message;
use crate::storage::repair::republish::Published;

/// Records that a leaving node has still to hand over.
#[derive(Clone, Debug, Default)]
pub struct Legacy {
    /// Remaining records, the next one last.
    rest: Vec<RecordId>,
    /// Record sent, but perhaps not yet on the wire.
    sent: Option<RecordId>,
}

impl Legacy {
    pub fn heap_bytes(&self) -> usize {
        self.rest.capacity() * size_of::<RecordId>()
    }
}

impl Agent {
    /// Hands over the records of a node that leaves with notice, the first one now.
    pub fn on_leave(&mut self, desk: &mut Desk<'_>, around: &impl Neighbourhood) {
        if desk.repair.threshold(desk.replicas).is_some() {
            self.legacy.rest = self.store.from(desk.fixed).iter().rev().map(|held| held.record).collect();
            self.hand_over_next(desk, around);
        }
    }

    /// Hands over the next record, after the copy of `record` has left, was answered, or timed out.
    pub fn handed_over(&mut self, desk: &mut Desk<'_>, record: RecordId, around: &impl Neighbourhood) {
        if self.hands_over(record) {
            self.hand_over_next(desk, around);
        }
    }

    /// Whether `record` is the last one handed over, and others wait for it.
    pub fn hands_over(&self, record: RecordId) -> bool {
        self.legacy.sent == Some(record)
    }

    fn hand_over_next(&mut self, desk: &mut Desk<'_>, around: &impl Neighbourhood) {
        self.legacy.sent = None;
        while let Some(record) = self.legacy.rest.pop() {
            let Some(version) = self.store.version(record) else { continue };
            if let Some(heir) = self.heir(desk, record, around) {
                self.legacy.sent = Some(record);
                self.hand_over(desk, heir, record, version);
                return desk.do_effect(Effect::HandedOver { record, to: heir });
            }
        }
    }

    /// Node that becomes responsible for a record when this one leaves, if this one is responsible and the copy will be
    /// missed.
    fn heir(&self, desk: &Desk<'_>, record: RecordId, around: &impl Neighbourhood) -> Option<NodeId> {
        let mut responsible = Vec::with_capacity(desk.replicas + 1);
        around.responsible(record, desk.replicas + 1, &mut responsible);
        let place = responsible.iter().position(|&node| node == desk.me)?;
        let heir = responsible.last().copied().filter(|&heir| place < desk.replicas && heir != desk.me)?;
        let about = self.custody.words.about(record);
        let others = responsible.iter().filter(|&&node| node != desk.me && node != heir);
        let left = others.filter(|&&node| about.may_hold(node)).count();
        let missed = desk.repair.threshold(desk.replicas).is_some_and(|threshold| left < threshold);
        (missed && about.says(heir) != Some(Says::Holds)).then_some(heir)
    }

    /// Sends a copy as repair.
    pub(in crate::storage) fn hand_over(
        &mut self,
        desk: &mut Desk<'_>,
        to: NodeId,
        record: RecordId,
        version: Version,
    ) {
        self.send_copy(desk, to, record, version, Tag::Repair(record));
    }

    pub(in crate::storage) fn send_copy(
        &mut self,
        desk: &mut Desk<'_>,
        to: NodeId,
        record: RecordId,
        version: Version,
        tag: Tag,
    ) {
        let published = self.published(record).unwrap_or(Published::at(desk.now));
        let message = Message::Store { record, version, bytes: desk.size(record), published };
        desk.call(&mut self.rpcs, to, None, message, tag);
    }

    /// Replicates a record that a put has stored on this server to the other servers that hold it.
    pub(in crate::storage) fn replicate(&mut self, desk: &mut Desk<'_>, record: RecordId, around: &impl Neighbourhood) {
        let Some(version) = self.store.version(record) else { return };
        let mut responsible = Vec::with_capacity(desk.replicas);
        around.responsible(record, desk.replicas, &mut responsible);
        responsible.retain(|&node| node != desk.me);
        for node in responsible {
            self.send_copy(desk, node, record, version, Tag::Replica(record));
        }
    }

    /// Offers a record again to a server whose reply timed out. If that fails too, the server is down, and asks itself
    /// when it is back.
    pub(in crate::storage) fn offer_again(&mut self, desk: &mut Desk<'_>, to: NodeId, record: RecordId) {
        if let Some(version) = self.store.version(record) {
            self.offer(desk, vec![(to, crate::model::Held { record, version })], false);
        }
    }
}
