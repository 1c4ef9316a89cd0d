//! Hand-over: a node that leaves with notice sends each of its own copies to the node that becomes responsible in its
//! place, if fewer than enough may be left without it ([`super::lazy`]) and that node has not reported that it holds
//! it.
//!
//! Records are sent one after another: the next when the last bit of the previous one has left, so that everything that
//! fits into the notice arrives whole, whether as packets or as flows. The sender learns this from its own link, from
//! the reply, or from the receiver's timeout, whichever comes first.

use super::reports::Says;
use crate::model::{NodeId, RecordId, Version};
use crate::storage::Neighbourhood;
use crate::storage::message::Message;
use crate::storage::node::StorageNode;
use crate::storage::node::context::{Effect, StorageContext, Tag};
use crate::storage::repair::republish::Published;

/// Records that a leaving node has still to hand over.
#[derive(Clone, Debug, Default)]
pub struct HandOver {
    /// Remaining records, the next one last.
    rest: Vec<RecordId>,
    /// Record sent, but perhaps not yet on the wire.
    sent: Option<RecordId>,
}

impl HandOver {
    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        self.rest.capacity() * size_of::<RecordId>()
    }
}

impl StorageNode {
    /// Hands over the records of a node that leaves with notice, the first one now.
    pub fn on_leave(&mut self, cx: &mut StorageContext<'_>, around: &impl Neighbourhood) {
        if cx.repair.threshold(cx.replicas).is_some() {
            self.hand_over.rest =
                self.store.from(cx.records.first_kept()).iter().rev().map(|held| held.record).collect();
            self.hand_over_next(cx, around);
        }
    }

    /// Hands over the next record, after the copy of `record` has left, was answered, or timed out.
    pub fn handed_over(&mut self, cx: &mut StorageContext<'_>, record: RecordId, around: &impl Neighbourhood) {
        if self.hands_over(record) {
            self.hand_over_next(cx, around);
        }
    }

    /// Whether `record` is the last one handed over, and others wait for it.
    pub fn hands_over(&self, record: RecordId) -> bool {
        self.hand_over.sent == Some(record)
    }

    fn hand_over_next(&mut self, cx: &mut StorageContext<'_>, around: &impl Neighbourhood) {
        self.hand_over.sent = None;
        while let Some(record) = self.hand_over.rest.pop() {
            let Some(version) = self.store.version(record) else { continue };
            if let Some(heir) = self.heir(cx, record, around) {
                self.hand_over.sent = Some(record);
                self.hand_over(cx, heir, record, version);
                return cx.do_effect(Effect::HandedOver { record, to: heir });
            }
        }
    }

    /// Node that becomes responsible for a record when this one leaves, if this one is responsible and the copy will be
    /// missed.
    fn heir(&self, cx: &StorageContext<'_>, record: RecordId, around: &impl Neighbourhood) -> Option<NodeId> {
        let mut responsible = Vec::with_capacity(cx.replicas + 1);
        around.responsible(record, cx.replicas + 1, &mut responsible);
        let place = responsible.iter().position(|&node| node == cx.me)?;
        let heir = responsible.last().copied().filter(|&heir| place < cx.replicas && heir != cx.me)?;
        let about = self.custody.reports.about(record);
        let others = responsible.iter().filter(|&&node| node != cx.me && node != heir);
        let left = others.filter(|&&node| about.may_hold(node)).count();
        let missed = cx.repair.threshold(cx.replicas).is_some_and(|threshold| left < threshold);
        (missed && about.says(heir) != Some(Says::Holds)).then_some(heir)
    }

    /// Sends a copy as repair.
    pub(in crate::storage) fn hand_over(
        &mut self,
        cx: &mut StorageContext<'_>,
        to: NodeId,
        record: RecordId,
        version: Version,
    ) {
        self.send_copy(cx, to, record, version, Tag::Repair(record));
    }

    pub(in crate::storage) fn send_copy(
        &mut self,
        cx: &mut StorageContext<'_>,
        to: NodeId,
        record: RecordId,
        version: Version,
        tag: Tag,
    ) {
        let published = self.published(record).unwrap_or(Published::at(cx.now));
        let message = Message::Store { record, version, bytes: cx.size(record), published };
        cx.call(&mut self.rpcs, to, None, message, tag);
    }

    /// Replicates a record that a put has stored on this server to the other servers that hold it.
    pub(in crate::storage) fn replicate(
        &mut self,
        cx: &mut StorageContext<'_>,
        record: RecordId,
        around: &impl Neighbourhood,
    ) {
        let Some(version) = self.store.version(record) else { return };
        let mut responsible = Vec::with_capacity(cx.replicas);
        around.responsible(record, cx.replicas, &mut responsible);
        responsible.retain(|&node| node != cx.me);
        for node in responsible {
            self.send_copy(cx, node, record, version, Tag::Replica(record));
        }
    }

    /// Offers a record again to a server whose reply timed out. If that fails too, the server is down, and asks itself
    /// when it is back.
    pub(in crate::storage) fn offer_again(&mut self, cx: &mut StorageContext<'_>, to: NodeId, record: RecordId) {
        if let Some(version) = self.store.version(record) {
            self.offer(cx, vec![(to, crate::model::Held { record, version })], false);
        }
    }
}
