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

/// Delayed repair, which takes time but no messages.
#[derive(Clone, Debug, PartialEq)]
pub struct Delay {
    /// Law of the time in seconds from a permanent departure, or the end of the repair before, to the new copy.
    pub after: Law,
    /// Most concurrent repairs of one resource, at least 1.
    pub concurrency: u32,
}

/// Repairs in progress.
#[derive(Debug, Default)]
pub struct Delayed {
    /// Whether a repair is in progress, by place of the copy.
    places: Vec<bool>,
    of_resource: Vec<u32>,
}

impl Delayed {
    /// State for this many places of copies of this many resources.
    pub fn new(places: usize, resources: u32) -> Delayed {
        Delayed { places: vec![false; places], of_resource: vec![0; resources as usize] }
    }

    /// Whether another repair of `resource` may start.
    pub fn may_begin(&self, delay: &Delay, resource: u32) -> bool {
        self.of_resource[resource as usize] < delay.concurrency
    }

    /// Starts the repair of the copy at `place`. False if it was in progress.
    pub fn begin(&mut self, place: u32, resource: u32) -> bool {
        let begins = !std::mem::replace(&mut self.places[place as usize], true);
        self.of_resource[resource as usize] += u32::from(begins);
        begins
    }

    /// Ends the repair of the copy at `place`.
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
