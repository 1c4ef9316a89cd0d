//! How long a resource takes to reach everybody who asks for it.

use crate::engine::{Duration, Time};
use crate::model::Verdict;

/// The gets of one resource.
#[derive(Clone, Copy, Debug)]
struct Wave {
    first: Time,
    last: Time,
    waiting: u32,
    /// Whether a get of the resource has failed.
    broken: bool,
}

/// The gets of all resources, counted in O(1) each.
#[derive(Clone, Debug)]
pub struct Waves(Vec<Wave>);

impl Waves {
    /// For so many resources that nobody has asked for.
    pub fn new(resources: u32) -> Waves {
        let none = Wave { first: Time::NEVER, last: Time::ZERO, waiting: 0, broken: false };
        Waves(vec![none; resources as usize])
    }

    /// Counts a get.
    pub fn asked(&mut self, resource: u32, at: Time) {
        let wave = &mut self.0[resource as usize];
        wave.first = wave.first.min(at);
        wave.waiting += 1;
    }

    /// A get has ended; `fetched`: by a resource that was not on the machine already.
    pub fn ended(&mut self, resource: u32, at: Time, verdict: Verdict, fetched: bool) {
        let wave = &mut self.0[resource as usize];
        wave.waiting -= 1;
        wave.broken |= verdict != Verdict::Correct;
        if fetched {
            wave.last = wave.last.max(at);
        }
    }

    /// From the first get of a resource until the last that had to fetch it, the longest of all resources. `None` if nobody
    /// fetched one, or somebody who asked did not get it.
    pub fn longest(&self) -> Option<Duration> {
        let whole = self.0.iter().all(|wave| wave.waiting == 0 && !wave.broken);
        let fetched = self.0.iter().filter(|wave| wave.last > Time::ZERO && whole);
        fetched.map(|wave| wave.last.since(wave.first)).max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn a_wave_lasts_from_the_first_who_asks_to_the_last_who_has_to_fetch() {
        let mut waves = Waves::new(2);
        assert_eq!(waves.longest(), None);
        [(0, 10), (0, 11), (0, 12), (1, 5)].iter().for_each(|&(resource, second)| waves.asked(resource, at(second)));
        waves.ended(0, at(40), Verdict::Correct, true);
        waves.ended(0, at(50), Verdict::Correct, false);
        waves.ended(1, at(25), Verdict::Correct, true);
        assert_eq!(waves.longest(), None, "one still waits");
        waves.ended(0, at(30), Verdict::Correct, true);
        assert_eq!(waves.longest(), Some(Duration::from_secs(30)));
        waves.asked(1, at(60));
        waves.ended(1, at(70), Verdict::Abandoned, false);
        assert_eq!(waves.longest(), None, "not everybody who asked has it");
    }
}
