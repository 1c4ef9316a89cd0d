//! Lazy repair: copies are made again only when too few are left (Bhagwan et al., "Total Recall", NSDI 2004).
//!
//! Most departures are temporary, and the copies that eager repair makes for them are thrown away when their holders come back.
//! So each holder remembers which of the others hold a record too: those that it was stored on together with this node, that
//! said so, or that took a copy from it. When, by its account of who is responsible and who is up, fewer than the threshold
//! are left, itself included, it offers the record to all that are responsible and lack it, so that there are r again. A
//! holder that is away keeps its place in that memory and counts again when it returns.
//!
//! A node that returns, or that is no longer responsible, asks the responsible nodes what they hold, as with eager repair, and
//! drops what is not its own; but it sends a copy only where too few are left.
//!
//! # Cost
//!
//! 8 bytes for each other holder of each record held.

use super::agent::Agent;
use super::desk::{Desk, Tag};
use super::repair::{Neighbourhood, Repair};
use crate::overlay::{NodeId, RecordId};

/// Other holders that are remembered for one record: as many as there can be twice over, so that those who are away keep
/// their places.
const MOST: usize = 40;

/// Who is believed to hold what this node holds, itself left out. Sorted.
#[derive(Clone, Debug, Default)]
pub(super) struct Holders {
    known: Vec<(RecordId, NodeId)>,
}

impl Holders {
    pub fn add(&mut self, record: RecordId, node: NodeId) {
        let Err(at) = self.known.binary_search(&(record, node)) else { return };
        let all = self.range(record);
        if all.len() < MOST {
            self.known.insert(at, (record, node));
        }
    }

    pub fn remove(&mut self, record: RecordId, node: NodeId) {
        if let Ok(at) = self.known.binary_search(&(record, node)) {
            self.known.remove(at);
        }
    }

    pub fn forget(&mut self, record: RecordId) {
        let all = self.range(record);
        self.known.drain(all);
    }

    fn hold(&self, record: RecordId, node: NodeId) -> bool {
        self.known.binary_search(&(record, node)).is_ok()
    }

    fn range(&self, record: RecordId) -> std::ops::Range<usize> {
        self.known.partition_point(|(other, _)| *other < record)
            ..self.known.partition_point(|(other, _)| *other <= record)
    }

    pub fn heap_bytes(&self) -> usize {
        self.known.capacity() * size_of::<(RecordId, NodeId)>()
    }
}

impl Agent {
    /// `record` was stored here together with the others that are responsible for it.
    pub(super) fn assume_stored(&mut self, desk: &Desk<'_>, record: RecordId, neighbourhood: &impl Neighbourhood) {
        if !matches!(desk.repair, Repair::Lazy { .. }) {
            return;
        }
        let mut responsible = Vec::with_capacity(desk.replicas);
        neighbourhood.responsible(record, desk.replicas, &mut responsible);
        for node in responsible.into_iter().filter(|&node| node != desk.me) {
            self.holders.add(record, node);
        }
    }

    /// Everything that is held here was there from the start, and so it was on the others.
    pub fn on_placed(&mut self, desk: &Desk<'_>, neighbourhood: &impl Neighbourhood) {
        for at in 0..self.store.held().len() {
            self.assume_stored(desk, self.store.held()[at].record, neighbourhood);
        }
    }

    /// The overlay's tables have changed.
    pub(super) fn on_change_lazily(&mut self, desk: &mut Desk<'_>, threshold: u32, neighbourhood: &impl Neighbourhood) {
        let (mut asked, mut offers) = (Vec::new(), Vec::new());
        let mut responsible = Vec::with_capacity(desk.replicas);
        for held in self.store.from(desk.fixed) {
            responsible.clear();
            neighbourhood.responsible(held.record, desk.replicas, &mut responsible);
            if !responsible.contains(&desk.me) {
                asked.extend(responsible.iter().map(|&node| (node, *held)));
            } else if self.left(desk, held.record, &responsible) < threshold {
                let lacks = |node: &&NodeId| **node != desk.me && !self.holders.hold(held.record, **node);
                offers.extend(responsible.iter().filter(lacks).map(|&node| (node, *held)));
            }
        }
        self.offer(desk, asked, false, Tag::Asked);
        self.offer(desk, offers, true, Tag::Offer);
    }

    /// How many of the responsible nodes hold a copy, as far as is known here.
    fn left(&self, desk: &Desk<'_>, record: RecordId, responsible: &[NodeId]) -> u32 {
        let holds = |node: &&NodeId| **node == desk.me || self.holders.hold(record, **node);
        responsible.iter().filter(holds).count() as u32
    }

    /// Whether a copy is sent to a node that was asked and lacks it.
    pub(super) fn are_few_left(
        &self,
        desk: &Desk<'_>,
        threshold: u32,
        record: RecordId,
        neighbourhood: &impl Neighbourhood,
    ) -> bool {
        let mut responsible = Vec::with_capacity(desk.replicas);
        neighbourhood.responsible(record, desk.replicas, &mut responsible);
        self.left(desk, record, &responsible) < threshold
    }
}
