//! Geographic regions: each machine is in one, and the delay of a pair is lognormal around the median of its two
//! regions.
//!
//! The built-in table is the world in ten regions. Its figures are derived from the round-trip times between 235 cities
//! that WonderNetwork's ping servers measured on 2018-11-10 (as kept by the project "wittgenstein"): the median over
//! all pairs of cities in two regions, directions averaged, three cities in Siberia and Kazakhstan left out. The spread
//! is half the distance between the 16th and the 84th percentile of the logarithm of round-trip time over median, which
//! for a normal variate is the standard deviation, over all pairs in one region and in two. A test recomputes all of
//! it. Shares of machines were not measured: equal ones are an assumption.

use super::measured::{Holds, Unit};
use crate::engine::{Duration, Purpose, Source, Streams};

/// Regions, their shares of participants and the delays between them.
#[derive(Clone, Debug, PartialEq)]
pub struct Regions {
    /// Names, 1 to 255, all different.
    pub names: Vec<String>,
    /// Share of participants in each; the sum is one.
    pub shares: Vec<f64>,
    /// Region of servers without one of their own.
    pub servers: u8,
    /// Offset of local time from UTC in hours, −24 to 24; `None`: unknown.
    pub offsets: Option<Vec<f64>>,
    /// Median one-way delays, row by row; symmetric.
    pub medians: Vec<Duration>,
    /// Standard deviation of the logarithm of the delay between two regions.
    pub sigma: f64,
    /// Standard deviation within a region, where distances vary more.
    pub sigma_within: f64,
}

/// Names and median round trips in ms of the built-in table, which is symmetric.
pub const WORLD: [(&str, [u16; 10]); 10] = [
    ("north-america", [45, 119, 121, 143, 175, 226, 254, 242, 193, 222]),
    ("latin-america", [119, 141, 193, 214, 251, 299, 335, 329, 295, 316]),
    ("western-europe", [121, 193, 28, 45, 75, 144, 162, 260, 271, 311]),
    ("eastern-europe", [143, 214, 45, 47, 86, 171, 175, 234, 283, 325]),
    ("middle-east", [175, 251, 75, 86, 119, 195, 205, 288, 314, 346]),
    ("africa", [226, 299, 144, 171, 195, 179, 268, 344, 357, 428]),
    ("south-asia", [254, 335, 162, 175, 205, 268, 44, 125, 163, 223]),
    ("southeast-asia", [242, 329, 260, 234, 288, 344, 125, 72, 93, 174]),
    ("east-asia", [193, 295, 271, 283, 314, 357, 163, 93, 66, 192]),
    ("oceania", [222, 316, 311, 325, 346, 428, 223, 174, 192, 36]),
];

/// Offsets of the built-in regions from UTC in hours, without summer time. For a region with several zones, one in the
/// middle of its cities is used: an assumption.
const WORLD_OFFSETS: [f64; 10] = [-6.0, -4.0, 1.0, 2.0, 3.0, 2.0, 5.5, 7.0, 8.0, 10.0];

/// Stream of a participant's region.
const REGION: Purpose = Purpose::new("region");

impl Regions {
    /// Spread between regions of the built-in table.
    pub const SIGMA: f64 = 0.24;
    /// Spread within regions of the built-in table.
    pub const SIGMA_WITHIN: f64 = 0.61;

    /// Built-in table with equal shares and the servers in the first region.
    pub fn world() -> Regions {
        let names = WORLD.iter().map(|(name, _)| name.to_string()).collect();
        let round_trips = WORLD.iter().flat_map(|(_, row)| row.map(f64::from));
        let offsets = Some(WORLD_OFFSETS.to_vec());
        Regions { offsets, ..Regions::new(names, round_trips.collect(), Holds::Rtt, Unit::Ms) }
    }

    /// Regions with medians in a unit, row by row, directions averaged; with equal shares, the spread of the built-in
    /// table, the servers in the first region and unknown offsets. Panics unless there are as many rows and columns as
    /// names.
    pub fn new(names: Vec<String>, medians: Vec<f64>, holds: Holds, unit: Unit) -> Regions {
        let number = names.len();
        assert!((1..=255).contains(&number) && medians.len() == number * number, "{number} regions");
        let both = |at: usize| (medians[at] + medians[at % number * number + at / number]) / 2.0;
        let nanos = (0..medians.len()).map(|at| (both(at) * unit.one_way_nanos(holds) + 0.5) as u64);
        Regions {
            shares: vec![1.0 / number as f64; number],
            servers: 0,
            offsets: None,
            medians: nanos.map(Duration::from_nanos).collect(),
            sigma: Regions::SIGMA,
            sigma_within: Regions::SIGMA_WITHIN,
            names,
        }
    }

    /// Largest number that a table may hold: 10 s one-way, since more suggests a wrong unit.
    pub const fn longest(holds: Holds, unit: Unit) -> f64 {
        1e10 / unit.one_way_nanos(holds)
    }

    /// Number of the region with this name.
    pub fn number(&self, name: &str) -> Option<u8> {
        self.names.iter().position(|known| known == name).map(|number| number as u8)
    }

    /// Region of a participant: one draw of its own `region` stream, equal in every system and for any number of
    /// participants.
    pub fn of_participant(&self, streams: &Streams, participant: u32) -> u8 {
        self.of_participant_by(streams, participant, &self.shares)
    }

    /// Region of a participant by other shares than [`Regions::shares`], with the same draw.
    pub fn of_participant_by(&self, streams: &Streams, participant: u32, shares: &[f64]) -> u8 {
        streams.stream(REGION, participant.into()).among(shares) as u8
    }

    /// Offset of a region's local time from UTC, modulo a day; `None` if unknown.
    pub fn ahead(&self, region: u8) -> Option<Duration> {
        let hours = self.offsets.as_ref()?[usize::from(region)];
        Some(Duration::from_secs_f64((hours + 24.0) % 24.0 * 3_600.0))
    }

    /// Median one-way delay between machines in two regions, and its spread.
    pub fn law(&self, a: u8, b: u8) -> (Duration, f64) {
        let median = self.medians[usize::from(a) * self.names.len() + usize::from(b)];
        (median, if a == b { self.sigma_within } else { self.sigma })
    }
}

#[cfg(test)]
mod cities;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_table_is_symmetric() {
        let world = Regions::world();
        for (a, b) in (0..10u8).flat_map(|a| (0..a).map(move |b| (a, b))) {
            assert_eq!(world.law(a, b), world.law(b, a), "{} and {}", world.names[a as usize], world.names[b as usize]);
        }
        assert_eq!(world.law(0, 2), (Duration::from_nanos(60_500_000), Regions::SIGMA));
        assert_eq!(world.law(0, 0), (Duration::from_nanos(22_500_000), Regions::SIGMA_WITHIN));
    }

    #[test]
    fn participants_stand_in_regions_by_their_shares() {
        let mut world = Regions::world();
        world.shares = vec![0.0, 0.5, 0.0, 0.3, 0.2, 0.0, 0.0, 0.0, 0.0, 0.0];
        let streams = Streams::new(1);
        let mut counts = [0u32; 10];
        (0..100_000).for_each(|participant| counts[usize::from(world.of_participant(&streams, participant))] += 1);
        for (count, share) in counts.into_iter().zip(&world.shares) {
            let expected = share * 1e5;
            let deviation = (expected * (1.0 - share)).sqrt();
            assert!((f64::from(count) - expected).abs() <= 4.0 * deviation, "{count} instead of {expected}");
        }
    }

    #[test]
    fn clocks_of_the_built_in_regions_are_those_of_the_time_zones() {
        let world = Regions::world();
        let hours = |name: &str| world.ahead(world.number(name).unwrap()).unwrap().as_secs_f64() / 3_600.0;
        assert_eq!([hours("western-europe"), hours("south-asia"), hours("north-america")], [1.0, 5.5, 18.0]);
        assert_eq!(Regions::new(vec!["one".to_owned()], vec![1.0], Holds::Rtt, Unit::Ms).ahead(0), None);
    }

    #[test]
    fn directions_of_an_own_table_are_averaged() {
        let names = vec!["here".to_owned(), "there".to_owned()];
        let regions = Regions::new(names, vec![10.0, 30.0, 50.0, 20.0], Holds::OneWay, Unit::Us);
        let micros = |a, b| regions.law(a, b).0.as_nanos() / 1000;
        assert_eq!([micros(0, 0), micros(0, 1), micros(1, 0), micros(1, 1)], [10, 40, 40, 20]);
        assert_eq!((regions.number("there"), regions.number("nowhere")), (Some(1), None));
    }
}
