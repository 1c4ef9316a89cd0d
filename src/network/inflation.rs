//! Inflated routes, longer than the latency model says, so that a detour through a third machine is faster.
//!
//! Internet routes follow contracts, not distance, and so violate the triangle inequality (Zheng et al., "Internet
//! Routing Policies and Round-Trip-Times", PAM 2005), which planes and coordinates never do. The affected pairs are
//! given by a hash of the pair: symmetric, constant over a run, and nothing is stored.

use super::latency::{Propagation, identity};
use crate::engine::random::hash_pair;
use crate::engine::{Duration, Noise, Purpose, Source, Streams};

/// Share of pairs with an inflated route, and the factor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Inflation {
    /// Share of affected pairs, 0 to 1.
    pub share: f64,
    /// Factor on their delay, at least 1.
    pub factor: f64,
}

/// Delay model with some pairs inflated.
#[derive(Clone, Debug)]
pub(super) struct Inflated {
    /// Delay model without inflation.
    pub direct: Propagation,
    inflation: Inflation,
    salt: u64,
}

const INFLATION: Purpose = Purpose::new("pair-inflation");

impl Inflated {
    /// Delay model `direct` with inflation. Panics if the share is not within 0 to 1 or the factor is below 1.
    pub(super) fn new(direct: Propagation, inflation: Inflation, streams: &Streams) -> Inflated {
        assert!((0.0..=1.0).contains(&inflation.share) && inflation.factor >= 1.0, "{inflation:?}");
        Inflated { direct, inflation, salt: streams.salt(INFLATION) }
    }

    /// One-way delay of a pair, as [`Propagation::between`].
    pub(super) fn between(&self, participants: u32, a: u32, b: u32) -> Duration {
        let direct = self.direct.between(participants, a, b);
        let hash = hash_pair(self.salt, identity(participants, a), identity(participants, b));
        if Noise::new(hash).chance(self.inflation.share) { direct.mul_f64(self.inflation.factor) } else { direct }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Latency;

    const MACHINES: u32 = 150;

    fn inflated(latency: &Latency, share: f64, factor: f64) -> Inflated {
        let streams = Streams::new(1);
        let direct = Propagation::new(latency, &streams, MACHINES, 0);
        Inflated::new(direct, Inflation { share, factor }, &streams)
    }

    /// The share of triples of machines of which one pair is quicker through the third.
    fn violations(law: &Inflated) -> f64 {
        let rounding = Duration::from_nanos(100);
        let triples =
            (0..MACHINES).flat_map(|a| (0..a).flat_map(move |b| (0..b).map(move |c| [(a, b), (b, c), (a, c)])));
        let violated = triples.clone().filter(|triple| {
            let [x, y, z] = triple.map(|(a, b)| law.between(MACHINES, a, b));
            x + y + rounding < z || y + z + rounding < x || z + x + rounding < y
        });
        violated.count() as f64 / triples.count() as f64
    }

    #[test]
    fn the_share_of_pairs_asked_for_is_inflated_and_the_others_are_not() {
        let hop = Duration::from_millis(50);
        let law = inflated(&Latency::Constant(hop), 0.2, 3.0);
        let pairs = (0..MACHINES).flat_map(|a| (0..a).map(move |b| (a, b)));
        let delays: Vec<Duration> = pairs.map(|(a, b)| law.between(MACHINES, a, b)).collect();
        assert!(delays.iter().all(|delay| [hop, Duration::from_millis(150)].contains(delay)));
        let share = delays.iter().filter(|delay| **delay > hop).count() as f64 / delays.len() as f64;
        // 11,175 pairs: a standard error of 0.0038.
        assert!((share - 0.2).abs() < 0.015, "{share}");
    }

    #[test]
    fn where_all_are_equally_far_triangles_are_violated_by_a_single_long_side() {
        // Of three sides exactly one is more than twice as long: 3·s·(1 − s)².
        let violations = violations(&inflated(&Latency::Constant(Duration::from_millis(50)), 0.2, 3.0));
        assert!((violations - 3.0 * 0.2 * 0.64).abs() < 0.02, "{violations}");
    }

    #[test]
    fn a_plane_has_violations_only_with_inflation() {
        let plane = Latency::Plane { width: Duration::from_millis(150) };
        assert_eq!(violations(&inflated(&plane, 0.0, 3.0)), 0.0);
        assert!(violations(&inflated(&plane, 0.1, 3.0)) > 0.1);
    }

    #[test]
    fn inflation_is_the_same_both_ways_and_however_many_participants_there_are() {
        let law = inflated(&Latency::Constant(Duration::from_millis(50)), 0.5, 2.0);
        for (a, b) in (0..20).flat_map(|a| (0..a).map(move |b| (a, b))) {
            assert_eq!(law.between(30, a, b), law.between(30, b, a));
            assert_eq!(law.between(30, a, b), law.between(99, a, b));
            assert_eq!(law.between(30, a, 30 + b), law.between(99, a, 99 + b), "a server");
        }
    }
}
