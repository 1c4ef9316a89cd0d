//! Eager and lazy repair of copies on participants drawn at random.
//!
//! What a check leads to is decided in [`crate::storage::repair::checks`]; here are the node that checks, the pointer and the
//! machines that new copies go to. Temporary absences cause repairs of which `repair_useless_ratio` tells.
//!
//! # Departures from a real system
//!
//! * What pointers say is kept once for all ([`super::pointers`]): naming another holder costs nothing.
//! * The machine for a new copy is drawn among those online that have no piece of the resource, as for repair with a delay;
//!   finding it costs nothing.
//! * Whoever comes back after another was named in its place drops its copy as soon as it has joined, without asking.
//! * A copy made while a new version is put, or one that was away then, stays old until the next check.
//! * A piece of which no holder answers is not made again from others.

use super::simulation::Simulation;
use crate::measure::observer::Observer;
use crate::model::{Held, NodeId, RecordId, Version};
use crate::overlay::Protocol;
use crate::storage::Neighbourhood;
use crate::storage::repair::checks::Found;

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Whether nodes look after the copies that their pointers name, and how many are enough.
    fn enough_there(&self) -> Option<usize> {
        self.pointers.as_ref()?;
        self.system.storage.repair.threshold(self.system.storage.replicas as usize)
    }

    /// It is time to look after the copies that the pointers held here name, where this node is the nearest to them.
    pub fn check_holders(&mut self, node: NodeId) {
        if self.enough_there().is_none() || !self.seats[node.index()].settled {
            return;
        }
        let (fixed, mut values) = (self.fixed(), Vec::new());
        self.with_agent(node, |agent, _, around| {
            let mut nearest = Vec::new();
            for held in agent.store.from(fixed) {
                nearest.clear();
                around.responsible(held.record, 1, &mut nearest);
                if nearest.first() == Some(&node) {
                    values.push(RecordId::new(held.record.index() as u32 - fixed));
                }
            }
        });
        values.into_iter().for_each(|value| self.check(node, value));
    }

    fn check(&mut self, by: NodeId, value: RecordId) {
        let Some(pointers) = &self.pointers else { return };
        let holders = pointers.holders(value).to_vec();
        self.checks.begin(by, value, holders.len());
        for holder in holders {
            self.with_agent(by, |agent, desk, _| agent.probe(desk, value, holder));
        }
    }

    /// A holder has said which version it has, if any, or nothing in time.
    pub fn probed(&mut self, by: NodeId, value: RecordId, holder: NodeId, version: Option<Version>) {
        let place = self.pointers.as_ref().and_then(|pointers| pointers.place(value, holder));
        let Some(enough) = self.enough_there() else { return };
        if let Some(found) = self.checks.answered((by, value), (holder, place), version, enough) {
            self.make_good(by, value, found);
        }
    }

    /// Has copies sent to those who have older ones, and in place of those that are missing.
    fn make_good(&mut self, by: NodeId, value: RecordId, found: Found) {
        let (now, period) = (self.now, self.system.storage.audit.expect("checks have a period"));
        let resource = self.records.coding().resource(value);
        let mut from = found.newest.iter().copied().cycle();
        let mut next = || from.next().expect("somebody has the newest");
        for to in found.older {
            let from = next();
            self.with_agent(by, |agent, desk, _| agent.have_copied(desk, value, from, to));
        }
        for place in found.missing {
            if self.checks.is_making(now, place) {
                continue;
            }
            let Some(to) = self.target(place, resource) else { continue };
            self.checks.make(now, place, value, to, period);
            let from = next();
            self.with_agent(by, |agent, desk, _| agent.have_copied(desk, value, from, to));
        }
    }

    /// A machine has a new copy of a value: the pointer names it from now on.
    pub fn copy_came(&mut self, value: RecordId, to: NodeId) {
        if let (Some(place), Some(pointers)) = (self.checks.made(value, to), &mut self.pointers) {
            pointers.name(place, to);
        }
    }

    /// A machine is back: it drops the copies in place of which others were named.
    pub fn drop_unnamed(&mut self, node: NodeId) {
        let (Some(_), Some(pointers)) = (self.enough_there(), &self.pointers) else { return };
        let values = self.held(node).iter().map(|held| held.record);
        let values = values.filter(|value| (value.index() as u32) < pointers.values());
        let unnamed: Vec<RecordId> = values.filter(|&value| pointers.place(value, node).is_none()).collect();
        for &value in &unnamed {
            let version = self.agents[node.index()].store.remove(value).expect("it is held");
            self.records.copy_dropped(self.now, Held { record: value, version });
        }
        if !unnamed.is_empty() {
            self.count_records(node);
        }
    }
}
