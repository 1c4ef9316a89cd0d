//! Repair with a delay: see [`crate::storage::repair::delay`].

use super::event::Event;
use super::simulation::Simulation;
use crate::engine::Source;
use crate::engine::order::Class;
use crate::engine::random::Purpose;
use crate::measure::observer::Observer;
use crate::model::{Held, NodeId};
use crate::overlay::Protocol;
use crate::storage::{Delay, Repair};

const DELAY: Purpose = Purpose::new("repair delay");
const TARGET: Purpose = Purpose::new("repair target");

/// Machines that are tried for a new copy before it is put off.
const TRIES: usize = 64;

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// A machine has gone for good, and these copies with it.
    pub fn copies_gone(&mut self, node: NodeId, gone: &[Held]) {
        let Repair::Delay(delay) = &self.system.storage.repair else { return };
        for held in gone {
            let pointers = self.pointers.as_ref().expect("repair with a delay needs holders that pointers name");
            if (held.record.index() as u32) < pointers.values()
                && let Some(place) = pointers.place(held.record, node)
            {
                self.mend_more(self.records.coding().resource(held.record), delay, place..place + 1);
            }
        }
    }

    /// Begins to make copies again at those of these `places` where one is missing, as many at once as may be.
    fn mend_more(&mut self, resource: u32, delay: &Delay, places: std::ops::Range<u32>) {
        for place in places {
            let Some((value, holder)) = self.pointers.as_ref().map(|pointers| pointers.at(place)) else { return };
            if !self.mending.may_begin(delay, resource) || self.records.is_lost(value) {
                return;
            }
            if self.seats[holder.index()].departed && self.mending.begin(place, resource) {
                let takes =
                    delay.after.sample_duration(&mut self.streams.part(DELAY, place.into(), self.now.as_nanos()));
                self.schedule(self.now + takes, Class::Timer, holder, Event::Mended { place });
            }
        }
    }

    /// The delay of a repair is over. If there is nothing to copy from or nobody to copy to, another begins; if the resource is
    /// lost, none does.
    pub fn mended(&mut self, place: u32) {
        let Repair::Delay(delay) = &self.system.storage.repair else { return };
        let pointers = self.pointers.as_ref().expect("repair with a delay needs holders that pointers name");
        let (value, _) = pointers.at(place);
        let coding = self.records.coding();
        let resource = coding.resource(value);
        let places = pointers.places_of(resource, coding);
        self.mending.end(place, resource);
        if let (Some(version), Some(target)) = (self.newest_to_copy(value), self.target(place, resource)) {
            if self.agents[target.index()].store.has_room(value, self.disk(target), &self.sizes) {
                self.agents[target.index()].store.keep(value, version);
                self.observer.repaired(self.now, self.copied(value), false);
                self.records.copy_made(self.now, Held { record: value, version }, true);
                self.pointers.as_mut().expect("it was just there").name(place, target);
                self.count_records(target);
            } else {
                self.observer.refused(self.now, self.hosts.of(target));
            }
        }
        self.mend_more(resource, delay, places);
    }

    /// A random online machine that holds no piece of a resource.
    pub fn target(&self, place: u32, resource: u32) -> Option<NodeId> {
        let mut source = self.streams.part(TARGET, place.into(), self.now.as_nanos());
        let online = self.online.len() as u64;
        let draw = || (online > 0).then(|| self.online[source.below(online) as usize]);
        std::iter::from_fn(draw).take(TRIES).find(|&node| !self.holds_any(node, resource))
    }
}
