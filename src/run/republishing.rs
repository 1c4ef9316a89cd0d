//! Republishing: publishers put their records again, holders do, and copies expire. See [`crate::storage::expiry`].
//!
//! A converged start is fresh here: at time zero every copy has just been published. The publishers' turns begin at random
//! within their period.

use std::collections::BTreeSet;

use super::event::Event;
use super::setup::publishers;
use super::simulation::Simulation;
use crate::engine::order::Class;
use crate::engine::random::Purpose;
use crate::engine::{Duration, Source};
use crate::measure::observer::Observer;
use crate::model::{NodeId, OpId, Operation, RecordId, Version};
use crate::overlay::Protocol;
use crate::storage::{Published, Repair, Republish};

const TURN: Purpose = Purpose::new("republish");

/// Who puts which record again. Empty where records are not republished.
#[derive(Debug, Default)]
pub(super) struct Publishers {
    /// By record: who put it last, and in which version.
    of: Vec<(NodeId, Version)>,
    /// Those whose publisher was away when its turn came.
    overdue: BTreeSet<(NodeId, RecordId)>,
}

impl Publishers {
    /// `node` has put `version` of a record.
    pub fn published(&mut self, record: RecordId, node: NodeId, version: Version) {
        if let Some(publisher) = self.of.get_mut(record.index())
            && version >= publisher.1
        {
            *publisher = (node, version);
        }
    }
}

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    fn republish(&self) -> Option<Republish> {
        match self.system.storage.repair {
            Repair::Republish(republish) => Some(republish),
            _ => None,
        }
    }

    /// Draws the publisher of every record and when its turns begin.
    pub fn begin_republishing(&mut self) {
        let Some(republish) = self.republish() else { return };
        let publishers: Vec<NodeId> = publishers(&self.streams, self.plan).collect();
        let coding = self.records.coding();
        for record in (0..self.record_keys.len() as u32).map(RecordId::new) {
            let publisher = publishers[coding.resource(record) as usize];
            let turn = self.streams.stream(TURN, record.index() as u64).below(republish.publisher.as_nanos());
            self.publishers.of.push((publisher, Version(0)));
            let event = Event::Republish { record: record.index() as u32 };
            self.schedule(self.now + Duration::from_nanos(turn), Class::Timer, publisher, event);
        }
    }

    /// It is the turn of a record's publisher.
    pub fn publisher_due(&mut self, record: RecordId) {
        let republish = self.republish().expect("records are republished");
        let (publisher, version) = self.publishers.of[record.index()];
        let event = Event::Republish { record: record.index() as u32 };
        self.schedule(self.now + republish.publisher, Class::Timer, publisher, event);
        let seat = &self.seats[publisher.index()];
        if seat.settled {
            self.return_record(publisher, record, version);
        } else if !seat.departed {
            self.publishers.overdue.insert((publisher, record));
        }
    }

    /// A node has joined: it puts the records whose turn it has missed.
    pub fn publish_overdue(&mut self, node: NodeId) {
        let of_node = (node, RecordId::new(0))..(NodeId(node.0 + 1), RecordId::new(0));
        let missed: Vec<_> = self.publishers.overdue.range(of_node).copied().collect();
        for (_, record) in missed {
            self.publishers.overdue.remove(&(node, record));
            let (publisher, version) = self.publishers.of[record.index()];
            if publisher == node {
                self.return_record(node, record, version);
            }
        }
    }

    /// A node has joined: its turns as a holder begin at random within the period.
    pub fn begin_upkeep(&mut self, node: NodeId) {
        if let Some(Republish { every: Some(every), .. }) = self.republish() {
            let phase = Duration::from_nanos(self.seats[node.index()].noise.below(every.as_nanos()));
            self.schedule_upkeep(node, phase);
        }
    }

    fn schedule_upkeep(&mut self, node: NodeId, after: Duration) {
        let epoch = self.seats[node.index()].epoch();
        self.schedule(self.now + after, Class::Timer, node, Event::Upkeep { node, epoch });
    }

    /// It is a holder's turn.
    pub fn holder_due(&mut self, node: NodeId) {
        let Some(Republish { every: Some(every), .. }) = self.republish() else { return };
        self.schedule_upkeep(node, every);
        if self.seats[node.index()].settled {
            self.with_agent(node, |agent, desk, _| agent.republish(desk, every));
        }
    }

    /// Of a put that nobody asked for: when the record's publisher put it, if it was stored before.
    pub fn published_before(&mut self, op: OpId) -> Option<Published> {
        let &mut Operation { node, record, errand, .. } = self.operations.get(op)?;
        let record = record.filter(|&record| errand.is_some() && self.records.is_stored(record))?;
        let is_publisher = self.publishers.of.get(record.index()).is_some_and(|publisher| publisher.0 == node);
        let published = self.agents[node.index()].published(record).filter(|_| !is_publisher);
        Some(published.unwrap_or(Published::at(self.now)))
    }

    /// Copies on a node's disk may have expired.
    pub fn copies_expire(&mut self, node: NodeId) {
        let mut expired = Vec::new();
        self.with_agent(node, |agent, desk, _| expired = agent.expire_copies(desk));
        let online = self.seats[node.index()].online;
        for copy in &expired {
            self.records.copy_expired(self.now, *copy, online);
        }
        if !expired.is_empty() {
            self.count_records(node);
        }
    }
}
