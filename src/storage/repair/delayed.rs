//! Delayed repair: a copy lost for good reappears some time after its holder's permanent departure.
//!
//! No node has to detect anything, and no message is sent: the delay starts at the departure, and the copy appears on a
//! random online machine that holds no piece of the resource. This is the repair of textbook birth–death chains, for
//! studies and to compare the oracle's figures with theory (Ramabhadran and Pasquale, INFOCOM 2006), not what a real
//! system can do.
//!
//! | event | action |
//! | --- | --- |
//! | a neighbour appears, fails, or leaves with notice; a session ends or begins | nothing |
//! | a holder departs for good | the delay of each of its copies starts, up to `concurrency` of one resource at once |
//! | a delay is over | a copy in the newest version that is online, or can be rebuilt from online pieces, appears on a
//! random machine |
//! | there is nothing to copy, or no machine to take it, or its disk is full | the delay starts again; a full disk is
//! counted |
//! | a newer version is put | an offline holder of an older one keeps that until the next put |
//! | the resource is lost | nothing |

use crate::engine::Law;
use crate::engine::random::Purpose;
use crate::model::{Held, NodeId, RecordSpace, ResourceId};
use crate::storage::placement::pointers::{Pointers, new_holder, newest_to_copy};
use crate::storage::system::{Machines, Storage, SystemContext, SystemEffect};

const DELAY: Purpose = Purpose::new("repair delay");

/// Delayed repair, which takes time but no messages.
#[derive(Clone, Debug, PartialEq)]
pub struct Delay {
    /// Law of the time in seconds from a permanent departure, or the end of the repair before, to the new copy.
    pub after: Law,
    /// Most concurrent repairs of one resource, at least 1.
    pub concurrency: u32,
}

/// Repairs in progress.
#[derive(Debug)]
pub struct Delayed {
    delay: Delay,
    /// Whether a repair is in progress, by place of the copy.
    places: Vec<bool>,
    of_resource: Vec<u32>,
}

impl Delayed {
    /// State for this many places of copies of this many resources.
    pub fn new(delay: Delay, places: usize, resources: u32) -> Delayed {
        Delayed { delay, places: vec![false; places], of_resource: vec![0; resources as usize] }
    }

    /// A machine has gone for good, and the copies that it held with it.
    pub fn holder_gone(
        &mut self,
        cx: &mut SystemContext<'_, impl Machines>,
        (pointers, space): (&Pointers, RecordSpace),
        holder: NodeId,
        held: &[Held],
    ) {
        for value in held.iter().map(|held| held.record).filter(|&record| space.is_value(record)) {
            if let Some(place) = pointers.place(value, holder) {
                self.begin_more(cx, pointers, space.resource(value), place..place + 1);
            }
        }
    }

    /// Begins to make copies again at those of these `places` where one is missing, as many at once as may be.
    fn begin_more(
        &mut self,
        cx: &mut SystemContext<'_, impl Machines>,
        pointers: &Pointers,
        resource: ResourceId,
        places: std::ops::Range<u32>,
    ) {
        for place in places {
            let (value, holder) = pointers.at(place);
            if !self.may_begin(resource) || cx.machines.is_lost(value) {
                return;
            }
            if cx.machines.has_departed(holder) && self.begin(place, resource) {
                let takes =
                    self.delay.after.sample_duration(&mut cx.streams.part(DELAY, place.into(), cx.now.as_nanos()));
                cx.do_effect(SystemEffect::RepairTimer { at: cx.now + takes, holder, place });
            }
        }
    }

    /// Whether another repair of `resource` may start.
    fn may_begin(&self, resource: ResourceId) -> bool {
        self.of_resource[resource.index()] < self.delay.concurrency
    }

    /// Starts the repair of the copy at `place`. False if it was in progress.
    fn begin(&mut self, place: u32, resource: ResourceId) -> bool {
        let begins = !std::mem::replace(&mut self.places[place as usize], true);
        self.of_resource[resource.index()] += u32::from(begins);
        begins
    }

    /// Ends the repair of the copy at `place`.
    fn end(&mut self, place: u32, resource: ResourceId) {
        self.places[place as usize] = false;
        self.of_resource[resource.index()] -= 1;
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        self.places.capacity() + self.of_resource.capacity() * size_of::<u32>()
    }
}

impl Storage {
    /// The delay of a repair is over. If there is nothing to copy from or nobody to copy to, another begins; if the resource is
    /// lost, none does.
    pub fn delay_over(&mut self, cx: &mut SystemContext<'_, impl Machines>, place: u32) {
        let space = self.resources.space();
        let (Some(delayed), Some(pointers)) = (&mut self.delayed, &mut self.pointers) else { return };
        let (value, _) = pointers.at(place);
        let resource = space.resource(value);
        delayed.end(place, resource);
        let newest = newest_to_copy(pointers, (space, &self.nodes, cx.machines), value);
        let target = newest.and_then(|_| new_holder(cx, (space, &self.nodes), place, resource));
        if let (Some(version), Some(node)) = (newest, target) {
            self.copy_to(cx, place, node, Held { record: value, version });
        }
        if let (Some(delayed), Some(pointers)) = (&mut self.delayed, &self.pointers) {
            delayed.begin_more(cx, pointers, resource, pointers.places_of(resource));
        }
    }

    /// A copy appears on a node's disk, which the pointer names at `place` from now on; or does not, since there is no room.
    fn copy_to(&mut self, cx: &mut SystemContext<'_, impl Machines>, place: u32, node: NodeId, copy: Held) {
        let hosts = cx.machines.hosts();
        let machine = hosts.of(node);
        let disk = self.disk_of(node, machine, hosts, cx.machines.disk(machine));
        let store = &mut self.nodes[node.index()].store;
        if !store.has_room(copy.record, disk, self.resources.sizes()) {
            return cx.do_effect(SystemEffect::Refused { node });
        }
        store.keep(copy.record, copy.version);
        self.pointers.iter_mut().for_each(|pointers| pointers.name(place, node));
        cx.do_effect(SystemEffect::Copied { node, copy });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Duration, Streams, Time};
    use crate::model::{Coding, RecordId, Version};
    use crate::storage::tests::world::{World, storage};

    /// Four machines, of which two hold the one value, repaired after a second, so many at once.
    fn two_of_four(concurrency: u32) -> (Storage, World, [NodeId; 2]) {
        let space = RecordSpace::new(1, Coding::WHOLE).with_pointers();
        let pointers = Pointers::draw(&Streams::new(1), 4, space, 2);
        let holders = [pointers.at(0).1, pointers.at(1).1];
        let mut storage = storage(4, space);
        for holder in holders {
            storage.nodes[holder.index()].store.keep(VALUE, Version(3));
        }
        let delay = Delay { after: Law::Constant(1.0), concurrency };
        (storage.delayed, storage.pointers) = (Some(Delayed::new(delay, 2, 1)), Some(pointers));
        let online = (0..4).map(NodeId).filter(|node| !holders.contains(node)).collect();
        (storage, World { online, ..World::default() }, holders)
    }

    const VALUE: RecordId = RecordId::new(0);

    fn goes(storage: &mut Storage, world: &mut World, holder: NodeId) -> Vec<SystemEffect> {
        world.departed.push(holder);
        let held = std::mem::take(&mut storage.nodes[holder.index()]).store.held().to_vec();
        let (pointers, space) = (storage.pointers.as_ref().unwrap(), storage.resources.space());
        let delayed = storage.delayed.as_mut().unwrap();
        world.effects(|cx| delayed.holder_gone(cx, (pointers, space), holder, &held))
    }

    fn timer(now: Time, holder: NodeId, place: u32) -> SystemEffect {
        SystemEffect::RepairTimer { at: now + Duration::from_secs(1), holder, place }
    }

    #[test]
    fn a_copy_that_has_gone_is_made_again_on_a_machine_without_one_after_the_delay() {
        let (mut storage, mut world, [first, second]) = two_of_four(1);
        world.online.push(second);
        assert_eq!(goes(&mut storage, &mut world, first), [timer(world.now, first, 0)]);
        world.now += Duration::from_secs(1);
        let effects = world.effects(|cx| storage.delay_over(cx, 0));
        let [SystemEffect::Copied { node, copy }] = effects[..] else { panic!("{effects:?}") };
        assert_eq!(copy, Held { record: VALUE, version: Version(3) });
        assert!(node != first && node != second && storage.held(node) == [copy]);
        assert_eq!(storage.pointers.as_ref().unwrap().at(0), (VALUE, node));
    }

    #[test]
    fn with_nothing_online_to_copy_the_delay_begins_again_unless_the_value_is_lost() {
        let (mut storage, mut world, [first, _]) = two_of_four(1);
        goes(&mut storage, &mut world, first);
        assert_eq!(world.effects(|cx| storage.delay_over(cx, 0)), [timer(world.now, first, 0)]);
        world.lost.push(VALUE);
        assert_eq!(world.effects(|cx| storage.delay_over(cx, 0)), []);
    }

    #[test]
    fn a_full_disk_refuses_the_copy_and_the_delay_begins_again() {
        let (mut storage, mut world, [first, second]) = two_of_four(1);
        world.online.push(second);
        world.disk = 0;
        goes(&mut storage, &mut world, first);
        let effects = world.effects(|cx| storage.delay_over(cx, 0));
        assert!(matches!(effects[..], [SystemEffect::Refused { .. }, SystemEffect::RepairTimer { place: 0, .. }]));
    }

    #[test]
    fn no_more_repairs_of_a_resource_are_under_way_than_may_be() {
        for (concurrency, begun) in [(1, 1), (2, 2)] {
            let (mut storage, mut world, holders) = two_of_four(concurrency);
            let timers: usize = holders.iter().map(|&holder| goes(&mut storage, &mut world, holder).len()).sum();
            assert_eq!(timers, begun);
        }
    }
}
