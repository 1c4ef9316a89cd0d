//! Figures that must agree with each other: what one sends another receives, what one asks another works off, and a lookup
//! takes as long as its messages.

use super::lab::{Ran, all_with, every_system, only};
use peerlab::model::Traffic;
use peerlab::run::Wanted;

const EVERYTHING: Wanted = Wanted { nodes: true, resources: true, operations: true };

/// Lookups alone, without loss and churn, one way 50 ms.
const LOOKUPS: &str = r#"
    seed = 31
    [time]
    warmup = "1min"
    measure = "20min"
    [population]
    participants = 200
    [workload]
    lookup = { every = "20s" }
"#;

fn sum(ran: &Ran, of: impl Fn(&peerlab::measure::outcome::NodeRow) -> f64) -> f64 {
    ran.outcome.nodes.iter().map(of).sum()
}

#[test]
fn what_is_sent_is_received_and_every_request_is_somebodys_work() {
    for ran in all_with(&format!("{LOOKUPS}{}", every_system()), EVERYTHING) {
        let (sent, received) = (sum(&ran, |row| row.bytes_sent as f64), sum(&ran, |row| row.bytes_received as f64));
        assert_eq!(sent, ran.figure("bytes_total"), "{}", ran.id);
        let by_kind = Traffic::ALL.map(|kind| format!("{}_bytes_per_online_s_mean", kind.name()));
        let by_kind: f64 = by_kind.iter().map(|name| ran.figure(name)).sum();
        assert!((by_kind - ran.figure("bytes_per_online_s_mean")).abs() < 1e-6, "{}: {by_kind}", ran.id);
        // What was under way at the ends of the measurement apart.
        assert!((received - sent).abs() <= 0.001 * sent, "{}: {sent} sent, {received} received", ran.id);
        let worked = sum(&ran, |row| row.requests_per_online_s.unwrap_or(0.0) * row.online_s);
        let asked = ran.figure("lookup_rpcs_mean") * ran.figure("lookups");
        println!("{}: {asked:.0} requests asked, {worked:.0} worked off", ran.id);
        assert!((worked - asked).abs() <= 0.003 * asked, "{}: {asked} asked, {worked} worked off", ran.id);
    }
}

#[test]
fn demand_is_what_the_scenario_says() {
    for ran in all_with(&format!("{LOOKUPS}{}", every_system()), EVERYTHING) {
        // 200 participants, 1,200 s, one each 20 s: 12,000, with a standard deviation of 110.
        ran.assert_near("lookups", 12_000.0, 400.0);
    }
}

/// One request after another: two ways each. Or passed on: one way each, and one back.
#[test]
fn a_chord_lookup_takes_as_long_as_its_messages() {
    for (routing, two_ways) in [("iterative", true), ("recursive", false)] {
        let ran = only(&format!("{LOOKUPS}[systems.ring.chord]\nrouting = \"{routing}\""), EVERYTHING);
        let answered: Vec<_> = ran.outcome.operations.iter().filter(|row| row.outcome == "correct").collect();
        assert!(answered.len() > 11_000);
        for row in answered {
            let ways = if two_ways { 2 * row.rpcs } else { row.rpcs + u32::from(row.rpcs > 0) };
            assert_eq!(row.latency_ms, Some(50.0 * f64::from(ways)), "{routing}: {row:?}");
            // The node named is one hop beyond the last that was asked, unless that one named itself.
            let hops = row.hops.expect("it is correct");
            assert!(hops == row.rpcs || hops == row.rpcs + 1, "{routing}: {row:?}");
        }
    }
}

#[test]
fn a_get_from_the_server_is_one_round_trip_and_its_service() {
    let gets = LOOKUPS.replace("lookup =", "get =") + "[resources]\ncount = 100\n";
    let ran = only(&format!("{gets}[systems.server.client-server]"), EVERYTHING);
    let slots = ran.outcome.operations.iter().filter_map(|row| row.latency_ms);
    // 1 ms of service, and 4,144 bytes at 1 Gbit/s: 33 µs. Rarely a wait.
    let quick = slots.clone().filter(|latency| (101.03..101.05).contains(latency)).count();
    assert!(quick as f64 > 0.98 * slots.count() as f64, "{quick} quick ones");
    ran.assert_near("get_hops_mean", 1.0, 0.0);
    ran.assert_near("get_local_ratio", 0.0, 0.0);
}
