//! Eager and lazy repair of copies on participants drawn at random.
//!
//! Once every period ([`audit`](crate::scenario::plan::Storage::audit)) the node nearest to a pointer asks all whom the pointer
//! names whether they have their copies (as the master of a file does in Total Recall: Bhagwan et al., NSDI 2004). Who does not
//! answer within the time-out counts as missing, though it may be back tomorrow. If one is missing (eager), or fewer than the
//! threshold are there (lazy), one of those that are there sends a copy for each missing one to another machine, which the
//! pointer names from then on. So temporary absences cause repairs of which `repair_useless_ratio` tells.
//!
//! # Departures from a real system
//!
//! * What pointers say is kept once for all ([`super::pointers`]): naming another holder costs nothing.
//! * The machine for a new copy is drawn among those online that have no piece of the resource, as for repair with a delay;
//!   finding it costs nothing.
//! * Whoever comes back after another was named in its place drops its copy as soon as it has joined, without asking.
//! * Versions are not compared: a copy made while a new version is put, or one that was away then, stays old until the next put.
//! * A piece of which no holder answers is not made again from others.

use super::observer::Observer;
use super::simulation::Simulation;
use crate::engine::Time;
use crate::overlay::{Held, NodeId, Protocol, RecordId};
use crate::storage::{Neighbourhood, Repair};

/// The checks under way, and the copies that are being made.
#[derive(Debug, Default)]
pub(super) struct Checks {
    under_way: Vec<Check>,
    making: Vec<Making>,
}

/// A look at all copies of a value.
#[derive(Debug)]
struct Check {
    by: NodeId,
    value: RecordId,
    waiting: usize,
    there: Vec<NodeId>,
    /// Places of copies that did not answer.
    missing: Vec<u32>,
}

/// A copy that somebody was told to send to `to`, for a place.
#[derive(Debug)]
struct Making {
    place: u32,
    value: RecordId,
    to: NodeId,
    /// If it has not come by then, it is made again.
    until: Time,
}

impl Checks {
    pub fn heap_bytes(&self) -> usize {
        self.under_way.capacity() * size_of::<Check>() + self.making.capacity() * size_of::<Making>()
    }
}

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Whether nodes look after the copies that their pointers name, and how many are to be there.
    fn wanted_there(&self) -> Option<usize> {
        self.pointers.as_ref()?;
        match self.system.storage.repair {
            Repair::Eager => Some(self.system.storage.replicas as usize),
            Repair::Lazy { threshold } => Some(threshold as usize),
            Repair::None | Repair::Republish(_) | Repair::Delay(_) => None,
        }
    }

    /// It is time to look after the copies that the pointers held here name, where this node is the nearest to them.
    pub fn check_holders(&mut self, node: NodeId) {
        if self.wanted_there().is_none() || !self.seats[node.index()].settled {
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
        // One that was not finished is forgotten: its node has gone, or is another.
        self.checks.under_way.retain(|check| check.value != value);
        let (there, missing) = (Vec::new(), Vec::new());
        self.checks.under_way.push(Check { by, value, waiting: holders.len(), there, missing });
        for holder in holders {
            self.with_agent(by, |agent, desk, _| agent.probe(desk, value, holder));
        }
    }

    /// A holder has said whether it has its copy, or nothing in time.
    pub fn probed(&mut self, by: NodeId, value: RecordId, holder: NodeId, there: bool) {
        let mine = |check: &Check| (check.by, check.value) == (by, value);
        let Some(at) = self.checks.under_way.iter().position(mine) else { return };
        let place = self.pointers.as_ref().and_then(|pointers| pointers.place(value, holder));
        let check = &mut self.checks.under_way[at];
        check.waiting -= 1;
        match place {
            _ if there => check.there.push(holder),
            Some(place) => check.missing.push(place),
            None => {} // another was named meanwhile
        }
        if check.waiting == 0 {
            let check = self.checks.under_way.swap_remove(at);
            self.make_missing(check);
        }
    }

    fn make_missing(&mut self, check: Check) {
        let Check { by, value, there, missing, .. } = check;
        if there.is_empty() || self.wanted_there().is_none_or(|wanted| there.len() >= wanted) {
            return;
        }
        let (now, period) = (self.now, self.system.storage.audit.expect("checks have a period"));
        let resource = self.records.coding().resource(value);
        self.checks.making.retain(|making| making.until > now);
        for (place, &holder) in missing.into_iter().zip(there.iter().cycle()) {
            if self.checks.making.iter().any(|making| making.place == place) {
                continue;
            }
            let Some(to) = self.target(place, resource) else { continue };
            self.checks.making.push(Making { place, value, to, until: now + period });
            self.with_agent(by, |agent, desk, _| agent.have_copied(desk, value, holder, to));
        }
    }

    /// A machine has a new copy of a value: the pointer names it from now on.
    pub fn copy_came(&mut self, value: RecordId, to: NodeId) {
        let asked = |making: &Making| (making.value, making.to) == (value, to);
        if let (Some(at), Some(pointers)) = (self.checks.making.iter().position(asked), &mut self.pointers) {
            pointers.name(self.checks.making.swap_remove(at).place, to);
        }
    }

    /// A machine is back: it drops the copies in place of which others were named.
    pub fn drop_unnamed(&mut self, node: NodeId) {
        let (Some(_), Some(pointers)) = (self.wanted_there(), &self.pointers) else { return };
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
