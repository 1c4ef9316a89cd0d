//! The published figures of Chord, reproduced.

use super::{Chord, Config};
use crate::engine::{Duration, Noise, Source};
use crate::overlay::testing::{Bench, End};
use crate::overlay::{Key, NodeId};

/// Longer than any test: maintenance is off.
const NEVER: Duration = Duration::from_secs(1 << 30);

fn without_maintenance(config: Config) -> Config {
    Config { stabilize: NEVER, fix_fingers: NEVER, check_predecessor: NEVER, ..config }
}

/// Mean hops of lookups of random keys from random nodes on converged rings of `nodes`.
fn mean_hops(config: &Config, nodes: u32, rings: u64, lookups: u32) -> f64 {
    let mut hops = 0;
    for ring in 0..rings {
        let mut random = Noise::new(1000 + ring);
        let mut bench = Bench::<Chord>::new(without_maintenance(config.clone()), nodes, ring);
        bench.start_converged();
        for _ in 0..lookups {
            let from = NodeId(random.below(u64::from(nodes)) as u32);
            let walked = bench.walk(from, Key(random.next_u64()), None, 1);
            let End::Found(named) = walked.end else { panic!("a lookup failed on a stable ring: {walked:?}") };
            hops += u32::from(named[0].hops);
        }
    }
    f64::from(hops) / (rings as f64 * f64::from(lookups))
}

/// Stoica et al. 2001, Fig. 10 plots hops − 1 in our count: 3.88, 4.89, 5.85 at 2⁸, 2¹⁰, 2¹².
#[test]
fn path_length_is_half_the_logarithm_when_only_the_successor_is_known() {
    let config = Config { successors: 1, ..Config::default() };
    for (exponent, rings) in [(8, 8), (10, 4), (12, 2)] {
        let measured = mean_hops(&config, 1 << exponent, rings, 2000);
        let published = f64::from(exponent) / 2.0 + 0.866;
        println!("2^{exponent}: {measured:.3}, published {published:.3}");
        assert!((measured - published).abs() < 0.1, "2^{exponent}: {measured} instead of {published}");
    }
}

#[test]
fn a_consulted_successor_list_of_8_saves_the_hops_that_it_spans() {
    for (exponent, rings) in [(8, 8), (10, 4), (12, 2)] {
        let measured = mean_hops(&Config::default(), 1 << exponent, rings, 2000);
        let expected = (f64::from(exponent) - 3.0) / 2.0 + 1.0;
        println!("2^{exponent}: {measured:.3}, expected {expected:.3}");
        assert!((measured - expected).abs() < 0.1, "2^{exponent}: {measured} instead of {expected}");
    }
}

/// Mean hops and time-outs of lookups on rings of 1000 of which each node fails with probability `p`, one lookup from
/// every survivor, so that what a node learned from one does not help it with the next.
fn under_failures(p: f64, rings: u64) -> (f64, f64) {
    let config = Config { successors: 20, verify: true, ..Config::default() };
    let (mut lookups, mut hops, mut timeouts) = (0, 0, 0);
    for ring in 0..rings {
        let mut random = Noise::new(7000 + ring);
        let mut bench = Bench::<Chord>::new(without_maintenance(config.clone()), 1000, ring);
        bench.start_converged();
        for node in (0..1000).map(NodeId) {
            if random.chance(p) {
                bench.crash(node);
            }
        }
        for from in (0..1000).map(NodeId).filter(|node| bench.up[node.index()]).collect::<Vec<_>>() {
            let target = Key(random.next_u64());
            let walked = bench.walk(from, target, None, 1);
            let End::Found(named) = &walked.end else { panic!("a lookup failed: {walked:?}") };
            assert_eq!(named[0].node, super::tests::successor(&bench, target), "an incorrect lookup");
            hops += u32::from(named[0].hops);
            timeouts += walked.timeouts;
            lookups += 1;
        }
    }
    (f64::from(hops) / f64::from(lookups), f64::from(timeouts) / f64::from(lookups))
}

/// Stoica et al. 2003, Table II.
#[test]
fn lookups_survive_the_failure_of_half_the_nodes_at_the_published_cost() {
    for (p, rings, hops, timeouts) in [(0.0, 4, 3.84, 0.0), (0.2, 8, 4.22, 1.17), (0.5, 24, 5.09, 5.10)] {
        let measured = under_failures(p, rings);
        println!("p = {p}: {measured:.3?}, published ({hops}, {timeouts})");
        assert!((measured.0 - hops).abs() < 0.15, "p = {p}: {} hops instead of {hops}", measured.0);
        let tolerance = f64::max(0.25, 0.15 * timeouts);
        assert!((measured.1 - timeouts).abs() < tolerance, "p = {p}: {} time-outs, not {timeouts}", measured.1);
    }
}
