//! Repair with a delay: a copy that has gone for good is made again some time after its holder's departure.
//!
//! Nobody has to notice anything and nothing is sent: the clock starts at the departure itself, and the copy appears on a random
//! online machine that holds no piece of the resource. So it is the repair of the textbook's birth–death chains, for studies and
//! to hold the oracle's figures against theory (Ramabhadran and Pasquale, INFOCOM 2006), not what a system can do.
//!
//! | event | action |
//! | --- | --- |
//! | a neighbour appears, fails, or leaves with notice; a session ends or begins | nothing |
//! | a holder goes for good | the delay of each of its copies begins, as many of one resource at once as `concurrency` says |
//! | a delay is over | a copy in the newest version that is online, or can be made of pieces that are, is on a random machine |
//! | there is nothing to copy, or no machine to take it, or its disk is full | the delay begins again; a full disk is counted |
//! | a newer version is put | whoever is away, and holds an older one, keeps that until the next put |
//! | the resource is lost | nothing |

use crate::engine::Law;

/// A repair that takes time and nothing else.
#[derive(Clone, Debug, PartialEq)]
pub struct Delay {
    /// Seconds from a permanent departure, or the end of the repair before, to the new copy.
    pub after: Law,
    /// Repairs of one resource under way at once, 1 or more.
    pub concurrency: u32,
}

/// The repairs under way.
#[derive(Debug, Default)]
pub struct Delayed {
    /// By place of the copy.
    places: Vec<bool>,
    of_resource: Vec<u32>,
}

impl Delayed {
    /// For so many places of copies of so many resources.
    pub fn new(places: usize, resources: u32) -> Delayed {
        Delayed { places: vec![false; places], of_resource: vec![0; resources as usize] }
    }

    /// Whether another repair of `resource` may begin.
    pub fn may_begin(&self, delay: &Delay, resource: u32) -> bool {
        self.of_resource[resource as usize] < delay.concurrency
    }

    /// The repair of the copy at `place` begins. False if it was under way.
    pub fn begin(&mut self, place: u32, resource: u32) -> bool {
        let begins = !std::mem::replace(&mut self.places[place as usize], true);
        self.of_resource[resource as usize] += u32::from(begins);
        begins
    }

    /// The delay of the copy at `place` is over.
    pub fn end(&mut self, place: u32, resource: u32) {
        self.places[place as usize] = false;
        self.of_resource[resource as usize] -= 1;
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        self.places.capacity() + self.of_resource.capacity() * size_of::<u32>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_repairs_of_a_resource_are_under_way_than_may_be() {
        let delay = Delay { after: Law::Exponential { mean: 1.0 }, concurrency: 2 };
        let mut delayed = Delayed::new(4, 1);
        assert!(delayed.begin(0, 0) && !delayed.begin(0, 0) && delayed.may_begin(&delay, 0));
        assert!(delayed.begin(1, 0) && !delayed.may_begin(&delay, 0));
        delayed.end(0, 0);
        assert!(delayed.may_begin(&delay, 0) && delayed.begin(0, 0));
    }
}
