//! Shares, sessions and places of classes.

use libm::{exp, pow};

use super::*;
use crate::engine::goodness::{gamma_cdf, kolmogorov_smirnov};
use crate::engine::{Law, Time};
use crate::network::{Holds, Unit};
use crate::population::{Daily, Demography, Departures, Life, Pace, Parting, Sessions, Timeline};

const HOUR: u64 = 3_600;

fn at(secs: u64) -> Time {
    Time::ZERO + Duration::from_secs(secs)
}

fn timeline(streams: &Streams, participants: u32, hours: u64, life: Life) -> Timeline {
    let (sessions, end) = (Sessions::Drawn(Box::new(life)), at(hours * HOUR));
    Timeline::new(streams, &Demography { participants, sessions, join_over: None, crowds: Vec::new(), end })
}

/// A fifth stays long, four fifths come for a short while, and nobody of a third class exists.
fn long_and_short() -> Classes {
    let long = Churn { session: Law::Exponential { mean: 36_000.0 }, downtime: Law::Constant(4_000.0) };
    let short =
        Churn { session: Law::Weibull { shape: 0.5, scale: 900.0 }, downtime: Law::Exponential { mean: 7_200.0 } };
    Classes::new([(0.2, Some(long)), (0.8, Some(short)), (0.0, None)])
}

#[test]
fn participants_are_of_their_classes_by_the_shares() {
    let (classes, streams) = (long_and_short(), Streams::new(1));
    let mut counts = [0u32; 3];
    (0..50_000).for_each(|one| counts[usize::from(classes.of(&streams, one).unwrap())] += 1);
    let four_deviations = 4.0 * (5e4f64 * 0.2 * 0.8).sqrt();
    assert!((f64::from(counts[0]) - 1e4).abs() < four_deviations && counts[2] == 0, "{counts:?}");
    assert_eq!(Classes::default().of(&streams, 7), None);
}

#[test]
fn each_class_is_stationary_by_its_own_laws_even_if_its_members_are_replaced() {
    let (classes, streams, participants) = (long_and_short(), Streams::new(2), 40_000);
    let departures = Some(Departures { law: Parting::Probability(0.3), replaced: true });
    let life = Life { classes: classes.clone(), departures, ..Life::default() };
    let timeline = timeline(&streams, participants, 11, life);
    for class in [0u8, 1] {
        let members: Vec<u32> = (0..participants).filter(|one| classes.of(&streams, *one) == Some(class)).collect();
        let expected = classes.churn(class).unwrap().availability();
        let four_errors = 4.0 * (expected * (1.0 - expected) / members.len() as f64).sqrt();
        for hour in [0, 1, 5, 10] {
            let up = members.iter().filter(|one| timeline.incarnation_at(**one, at(hour * HOUR)).is_some()).count();
            let share = up as f64 / members.len() as f64;
            assert!((share - expected).abs() < four_errors, "{share} of class {class}, not {expected}, at {hour} h");
        }
        let left = members.iter().filter_map(|one| timeline.at(*one, Time::ZERO));
        let mut left: Vec<f64> = left.map(|spell| spell.ends.since(Time::ZERO).as_secs_f64()).collect();
        let p = match class {
            0 => kolmogorov_smirnov(&mut left, |x| 1.0 - exp(-x / 36_000.0)),
            _ => kolmogorov_smirnov(&mut left, |x| gamma_cdf(2.0, pow(x / 900.0, 0.5))),
        };
        assert!(p > 0.001, "what is left of the sessions of class {class}: p = {p}");
    }
}

#[test]
fn a_class_without_churn_is_there_all_the_time_among_others_that_are_not() {
    let churn = Churn { session: Law::Constant(600.0), downtime: Law::Constant(600.0) };
    let (classes, streams) = (Classes::new([(0.5, None), (0.5, Some(churn.clone()))]), Streams::new(3));
    let timeline = timeline(&streams, 200, 4, Life { classes: classes.clone(), churn: Some(churn), ..Life::default() });
    for one in 0..200 {
        let sessions = timeline.spells(one).len();
        assert_eq!(sessions == 1, classes.of(&streams, one) == Some(0), "{one} has {sessions} sessions");
    }
}

#[test]
fn a_class_stands_where_its_own_weights_say() {
    let mut elsewhere = vec![0.0; 10];
    elsewhere[9] = 1.0;
    let places = Places { regions: Arc::new(Regions::world()), weights: vec![None, Some(elsewhere)] };
    let streams = Streams::new(4);
    assert!((0..100).all(|one| places.region(&streams, one, Some(1)) == 9));
    let alike = |one| places.regions.of_participant(&streams, one);
    assert!((0..100).all(|one| places.region(&streams, one, Some(0)) == alike(one)));
    assert_eq!(places.ahead(9), Duration::from_secs(10 * HOUR));
}

#[test]
fn where_hours_are_local_the_other_side_of_the_world_sleeps_at_another_time() {
    let names = vec!["here".to_owned(), "there".to_owned()];
    let regions = Regions::new(names, vec![1.0; 4], Holds::OneWay, Unit::Ms);
    let places = Places { regions: Arc::new(Regions { offsets: Some(vec![0.0, -12.0]), ..regions }), weights: vec![] };
    let churn = Churn { session: Law::Exponential { mean: 1_800.0 }, downtime: Law::Exponential { mean: 7_200.0 } };
    let pace = Pace { daily: Some(Daily::sinusoid(0.9, 18.0)), steps: Vec::new() };
    let streams = Streams::new(5);
    let life = Life { churn: Some(churn), pace, places: Some(places.clone()), ..Life::default() };
    let timeline = timeline(&streams, 8_000, 48, life);
    let online = |region: u8, hour: u64| {
        let there = (0..8_000).filter(|one| places.region(&streams, *one, None) == region);
        let (up, all) = there.fold((0.0, 0.0), |(up, all), one| {
            (up + f64::from(u8::from(timeline.at(one, at(hour * HOUR)).is_some())), all + 1.0)
        });
        up / all
    };
    for hour in [30, 33, 36] {
        let (here, there) = (online(0, hour), online(1, hour + 12));
        assert!((here - there).abs() < 0.05, "{here} here at {hour} h, {there} there half a day later");
    }
    assert!(online(0, 42) > 0.25 && online(1, 42) < 0.1, "{} and {}", online(0, 42), online(1, 42));
}
