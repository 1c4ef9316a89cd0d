use super::*;
use crate::model::Version;

const LIMIT: u64 = 100;

fn at(seconds: u64) -> Time {
    Time::ZERO + Duration::from_secs(seconds)
}

fn copy(record: u32, version: u32, until: u64) -> Cached {
    Cached { record: RecordId::new(record), version: Version(version), until: Until::at(at(until)) }
}

/// A cache into which these copies, of 40 bytes each, were put at time zero.
fn with(copies: &[Cached]) -> Cache {
    let mut cache = Cache::default();
    copies.iter().for_each(|&copy| cache.keep(copy, 40, LIMIT, at(0)));
    cache
}

fn records(cache: &Cache) -> Vec<usize> {
    cache.copies().iter().map(|copy| copy.record.index()).collect()
}

#[test]
fn the_copy_that_was_used_least_recently_makes_room() {
    let mut cache = with(&[copy(7, 0, 60), copy(3, 0, 60)]);
    assert_eq!((records(&cache), cache.bytes()), (vec![3, 7], 80));
    cache.touch(RecordId::new(7));
    cache.keep(copy(5, 0, 60), 40, LIMIT, at(1));
    assert_eq!(records(&cache), [5, 7], "3 was used before 7");
    cache.keep(copy(1, 0, 60), 100, LIMIT, at(1));
    assert_eq!((records(&cache), cache.bytes()), (vec![1], 100));
}

#[test]
fn what_is_larger_than_the_cache_drops_nothing_and_is_not_kept() {
    let mut cache = with(&[copy(1, 0, 60)]);
    cache.keep(copy(2, 0, 60), 101, LIMIT, at(1));
    assert_eq!((records(&cache), cache.bytes()), (vec![1], 40));
    cache.remove(RecordId::new(2));
    cache.remove(RecordId::new(1));
    assert_eq!((cache.copies(), cache.bytes()), (&[][..], 0));
}

#[test]
fn a_copy_is_given_until_its_time_is_over_and_makes_room_before_others() {
    let mut cache = with(&[copy(1, 4, 60), copy(2, 0, 10)]);
    let given = |cache: &Cache, now| cache.get(RecordId::new(2), now).map(|answer| answer.version);
    assert_eq!((given(&cache, at(9)), given(&cache, at(10))), (Some(Version(0)), None));
    cache.touch(RecordId::new(2));
    cache.keep(copy(3, 0, 60), 40, LIMIT, at(10));
    assert_eq!(records(&cache), [1, 3], "though 2 was used last");
}

#[test]
fn a_newer_version_or_a_longer_life_takes_the_place_of_a_copy() {
    let mut cache = with(&[copy(1, 4, 60)]);
    for (offered, kept) in [(copy(1, 3, 90), (4, 60)), (copy(1, 4, 90), (4, 90)), (copy(1, 5, 30), (5, 30))] {
        cache.keep(offered, 40, LIMIT, at(1));
        assert_eq!(cache.copies(), [copy(1, kept.0, kept.1)]);
        assert_eq!(cache.bytes(), 40);
    }
}

#[test]
fn the_life_of_a_copy_is_halved_for_every_node_between_it_and_the_holders() {
    let caching = Caching { limit: LIMIT, ttl: Duration::from_secs(600) };
    let lives = [0, 1, 3, 40, 200].map(|between| caching.life(between).as_nanos() / 1_000_000_000);
    assert_eq!(lives, [600, 300, 75, 0, 0]);
}
