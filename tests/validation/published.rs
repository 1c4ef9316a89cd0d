//! Published and analytic figures at the level of whole runs: path lengths.
//!
//! The same laws are held at the level of the overlay alone in `src/protocols/chord/published.rs` (with Table II of Stoica et
//! al. 2003, lookups among failures) and `src/protocols/kademlia/tests.rs`. Here the rest of the way is tested too: what
//! the simulation counts as a hop, an RPC, a correct answer.

use super::lab::{Ran, all};

/// Maintenance would change nothing: the ring is converged and stays so.
const NO_MAINTENANCE: &str = r#"
    stabilize = "1000d"
    fix_fingers = "1000d"
    check_predecessor = "1000d"
"#;

/// Runs of `nodes` machines that never fail, with about `lookups` of random keys in each of `runs` populations.
fn still_lookups(nodes: u32, lookups: u32, runs: u32, system: &str) -> Vec<Ran> {
    let gap = 60.0 * f64::from(nodes) / f64::from(lookups);
    all(&format!(
        r#"
        seed = 100
        [time]
        warmup = "0s"
        measure = "60s"
        [population]
        participants = {nodes}
        [workload]
        lookup = {{ every = "{gap}s" }}
        {system}
        [sweep]
        repetitions = {runs}
        "#
    ))
}

/// The mean of a figure over runs, all of whose lookups were correct.
fn mean(runs: &[Ran], name: &str) -> f64 {
    runs.iter().for_each(|ran| ran.assert_all_correct("lookup"));
    runs.iter().map(|ran| ran.figure(name)).sum::<f64>() / runs.len() as f64
}

fn chord_hops(exponent: u32, runs: u32, successors: u32) -> f64 {
    let system = format!("[systems.ring.chord]\nsuccessors = {successors}\nanswers = \"list\"\n{NO_MAINTENANCE}");
    mean(&still_lookups(1 << exponent, 4000, runs, &system), "lookup_hops_mean")
}

/// Stoica et al., SIGCOMM 2001, Fig. 10: ½·log₂ N, in our count + 0.866.
#[test]
fn chord_with_one_successor_takes_half_the_logarithm() {
    for (exponent, runs) in [(8, 8), (10, 4), (12, 2)] {
        let (measured, published) = (chord_hops(exponent, runs, 1), f64::from(exponent) / 2.0 + 0.866);
        println!("2^{exponent}: {measured:.3}, published {published:.3}");
        assert!((measured - published).abs() < 0.1, "2^{exponent}: {measured}, not {published}");
    }
}

/// ½·log₂(N/r) + 1.
#[test]
fn chord_with_eight_successors_saves_the_hops_that_they_span() {
    for (exponent, runs) in [(8, 8), (10, 4), (12, 2)] {
        let (measured, expected) = (chord_hops(exponent, runs, 8), f64::from(exponent - 3) / 2.0 + 1.0);
        println!("2^{exponent}: {measured:.3}, expected {expected:.3}");
        assert!((measured - expected).abs() < 0.1, "2^{exponent}: {measured}, not {expected}");
    }
}

/// Stoica et al. 2003, Table IV, iterative lookups in a space of three dimensions: the median stretch.
///
/// Each node knows the s successors that name its fingers to others, and answers from them: that is what the published figures
/// need. With the fingers alone, and only one successor consulted, it falls to 5.2 (`scenarios/proximity.toml`), with the list for
/// the next hop only to 4.4.
#[test]
fn lookups_on_chord_get_nearer_the_direct_way_the_more_candidates_a_finger_has() {
    for (s, published) in [(1, 7.8), (2, 7.2), (4, 6.1), (8, 4.7), (16, 3.4)] {
        let system = format!(
            "[network.latency.coordinates]\nfile = \"scenarios/synthetic_cube_ms.csv\"\ndimensions = 3\nholds = \
             \"one-way\"\nunit = \"ms\"\n[systems.ring.chord]\nsuccessors = {s}\nproximity = {s}\nanswers = \"list\"\n{NO_MAINTENANCE}"
        );
        let ran = &still_lookups(1 << 16, 4000, 1, &system)[0];
        ran.assert_near("lookup_stretch_p50", published, 0.2 * published);
    }
}

/// Figures of docs/model/figures.md: full buckets, α = 3, N = 10,000.
#[test]
fn kademlia_takes_the_hops_and_requests_of_the_reference() {
    for (k, hops, rpcs) in [(8, 2.88, 12.9), (20, 2.43, 22.9)] {
        let runs = still_lookups(10_000, 6000, 1, &format!("[systems.kad.kademlia]\nk = {k}\nrefresh = \"1000d\""));
        let (measured, sent) = (mean(&runs, "lookup_hops_mean"), mean(&runs, "lookup_rpcs_mean"));
        println!("k = {k}: {measured:.3} hops, reference {hops}; {sent:.2} RPCs, reference {rpcs}");
        assert!((measured - hops).abs() < 0.2, "k = {k}: {measured} hops");
        assert!((sent / rpcs - 1.0).abs() < 0.05, "k = {k}: {sent} RPCs");
    }
}

/// Near contacts make the way of a walk shorter, not its hops.
#[test]
fn lookups_on_kademlia_get_faster_with_near_contacts() {
    let figures = [1, 8].map(|s| {
        let system = format!(
            "[network.latency.plane]\nwidth = \"150ms\"\n[systems.kad.kademlia]\nrefresh = \"1000d\"\nrouting = \
             \"recursive\"\nproximity = {s}"
        );
        let runs = still_lookups(5000, 4000, 1, &system);
        ["lookup_latency_mean_ms", "lookup_hops_mean"].map(|name| mean(&runs, name))
    });
    let [[far, hops], [near, same_hops]] = figures;
    println!("{far:.1} ms in {hops:.2} hops, {near:.1} ms in {same_hops:.2}");
    assert!(near < 0.75 * far && (same_hops - hops).abs() < 0.1, "{figures:?}");
}

#[test]
fn the_server_is_one_hop_and_one_request_away() {
    let runs = still_lookups(100, 1000, 1, "[systems.server.client-server]");
    assert_eq!((mean(&runs, "lookup_hops_mean"), mean(&runs, "lookup_rpcs_mean")), (1.0, 1.0));
    // Two ways of 50 ms and 1 ms of service, a queue now and then.
    let fastest = runs[0].figure("lookup_latency_p50_ms");
    assert!((101.0..101.2).contains(&fastest), "{fastest}");
}
