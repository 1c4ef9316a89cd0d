//! Fingerprint of the observable events of a run, with checkpoints that locate the first difference between two runs in
//! virtual time.

use super::prefetch_at;
use super::random::mix;
use super::time::{Duration, Time};

/// 64-bit hash of the events of each of several entities, in order: a chain of words per entity, and the sum of all
/// chains modulo 2⁶⁴ on demand.
///
/// The sum does not depend on the order in which the events of *different* entities are added, so that a run may be
/// divided among cores and give an equal value. Each word goes through a bijection of 64 bits (a multiplication and a
/// shift, 3 ns off the critical path), so runs that differ in one word always differ. Others agree by chance with a
/// probability of about 2⁻⁶⁴, unless the differences are made to cancel: the highest bit of a word and the bits 63 and
/// 31 of the next always do. Not cryptographic. 8 bytes per entity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    chains: Vec<u64>,
    /// Sum of the events outside all chains.
    apart: u64,
}

/// Start of a chain: 2⁶⁴ over the golden ratio, odd. It makes the number of zeros count, since the bijection maps zero
/// to itself.
const ODD: u64 = 0x9e37_79b9_7f4a_7c15;

/// Next value of a chain.
#[inline(always)]
const fn link(chain: u64, word: u64) -> u64 {
    let product = (chain ^ word).wrapping_mul(ODD);
    product ^ product >> 32
}

impl Fingerprint {
    /// Fingerprint of the entities `0 .. entities`, without events.
    pub fn new(entities: u32) -> Fingerprint {
        let chains = (0..entities).map(|entity| mix(ODD.wrapping_add(entity.into()))).collect();
        Fingerprint { chains, apart: 0 }
    }

    /// Adds an event of an entity, after all those added before. Panics if there is no such entity.
    #[inline(always)]
    pub fn add<const N: usize>(&mut self, entity: u32, words: [u64; N]) {
        let chain = &mut self.chains[entity as usize];
        *chain = words.iter().fold(*chain, |chain, word| link(chain, *word));
    }

    /// Adds an event that has no place in the order of an entity.
    pub fn add_apart<const N: usize>(&mut self, words: [u64; N]) {
        self.apart = self.apart.wrapping_add(words.iter().fold(ODD, |chain, word| link(chain, *word)));
    }

    /// Hash of all events added. O(entities).
    pub fn value(&self) -> u64 {
        mix(self.chains.iter().fold(self.apart, |sum, chain| sum.wrapping_add(*chain)))
    }

    /// Bytes allocated.
    pub fn heap_bytes(&self) -> usize {
        self.chains.capacity() * size_of::<u64>()
    }

    /// Prefetches the state of an entity that will have an event soon.
    pub fn prefetch(&self, entity: u32) {
        prefetch_at(&self.chains, entity as usize);
    }
}

/// Values of the fingerprint at each multiple of an interval of virtual time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoints {
    interval: Duration,
    next: Time,
    passed: Vec<(Time, u64)>,
}

impl Checkpoints {
    /// Checkpoints at each multiple of `interval`. 16 bytes each.
    pub fn new(interval: Duration) -> Checkpoints {
        assert!(interval > Duration::ZERO, "checkpoints lie apart");
        Checkpoints { interval, next: Time::ZERO + interval, passed: Vec::new() }
    }

    /// Notes that an event happens at `now`; call before it is added to `fingerprint`. A checkpoint includes all events
    /// before its time and none at it.
    #[inline(always)]
    pub fn pass(&mut self, now: Time, fingerprint: &Fingerprint) {
        while now >= self.next {
            self.passed.push((self.next, fingerprint.value()));
            self.next += self.interval;
        }
    }

    /// Notes the end of the run.
    pub fn finish(&mut self, end: Time, fingerprint: &Fingerprint) {
        self.pass(end, fingerprint);
        self.passed.push((end, fingerprint.value()));
    }

    /// Checkpoints so far, in order of time.
    pub fn passed(&self) -> &[(Time, u64)] {
        &self.passed
    }
}

/// First difference of two runs with equal intervals between checkpoints: they agree up to the first of the returned
/// times and no longer at the second. `None` if they agree throughout.
pub fn first_difference(one: &[(Time, u64)], other: &[(Time, u64)]) -> Option<(Time, Time)> {
    let equal = one.iter().zip(other).take_while(|(a, b)| a == b).count();
    let agreed = equal.checked_sub(1).map_or(Time::ZERO, |last| one[last].0);
    let next = [one.get(equal), other.get(equal)];
    next.into_iter().flatten().map(|(at, _)| *at).min().map(|differs| (agreed, differs))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of three entities, to each of which these words happen in turn.
    fn of(events: &[(u32, u64)]) -> u64 {
        let mut fingerprint = Fingerprint::new(3);
        events.iter().for_each(|&(entity, word)| fingerprint.add(entity, [word]));
        fingerprint.value()
    }

    #[test]
    fn every_word_its_entity_its_place_and_their_number_count() {
        let all = [
            of(&[]),
            of(&[(0, 0)]),
            of(&[(0, 0), (0, 0)]),
            of(&[(1, 0)]),
            of(&[(0, 1), (0, 2)]),
            of(&[(0, 2), (0, 1)]),
            of(&[(0, 1), (1, 2)]),
            of(&[(1, 1), (0, 2)]),
            of(&[(0, 3)]),
        ];
        for (i, a) in all.iter().enumerate() {
            assert!(all[..i].iter().all(|b| a != b), "number {i} equals an earlier one");
        }
        assert_eq!(of(&[(0, 1), (1, 2), (2, 3)]), 18_034_770_931_417_698_921);
    }

    #[test]
    fn the_order_among_different_entities_does_not_count() {
        let one = of(&[(0, 1), (0, 2), (1, 3), (2, 4), (1, 5)]);
        assert_eq!(one, of(&[(2, 4), (1, 3), (0, 1), (1, 5), (0, 2)]));
        assert_ne!(one, of(&[(2, 4), (1, 5), (0, 1), (1, 3), (0, 2)]), "of one entity it does");
    }

    #[test]
    fn what_has_no_place_counts_as_often_as_it_happens() {
        let of = |words: &[u64]| {
            let mut fingerprint = Fingerprint::new(0);
            words.iter().for_each(|&word| fingerprint.add_apart([word]));
            fingerprint.value()
        };
        assert_eq!(of(&[1, 2]), of(&[2, 1]));
        assert!(of(&[1]) != of(&[1, 1]) && of(&[1, 1]) != of(&[2, 2]) && of(&[]) != of(&[0]));
    }

    /// A run in which word i happens at i seconds.
    fn run(words: &[u64]) -> Checkpoints {
        let (mut checkpoints, mut fingerprint) = (Checkpoints::new(Duration::from_secs(10)), Fingerprint::new(1));
        for (second, &word) in (0..).zip(words) {
            let now = Time::ZERO + Duration::from_secs(second);
            checkpoints.pass(now, &fingerprint);
            fingerprint.add(0, [word]);
        }
        checkpoints.finish(Time::ZERO + Duration::from_secs(words.len() as u64), &fingerprint);
        checkpoints
    }

    #[test]
    fn the_first_difference_is_found_between_two_checkpoints() {
        let seconds = |s| Time::ZERO + Duration::from_secs(s);
        let mut words = [7; 35];
        let first = run(&words);
        assert_eq!(first.passed().len(), 4, "at 10, 20, 30 and 35 s");
        assert_eq!(first_difference(first.passed(), run(&words).passed()), None);
        words[20] = 8;
        assert_eq!(first_difference(first.passed(), run(&words).passed()), Some((seconds(20), seconds(30))));
        words[3] = 8;
        assert_eq!(first_difference(first.passed(), run(&words).passed()), Some((seconds(0), seconds(10))));
        assert_eq!(first_difference(first.passed(), run(&[7; 30]).passed()), Some((seconds(30), seconds(30))));
    }

    #[test]
    fn a_quiet_time_has_its_checkpoints_too() {
        let mut checkpoints = Checkpoints::new(Duration::from_secs(1));
        checkpoints.pass(Time::ZERO + Duration::from_secs(3), &Fingerprint::new(0));
        assert_eq!(checkpoints.passed().len(), 3);
    }
}
