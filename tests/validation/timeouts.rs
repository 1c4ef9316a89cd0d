//! Nodes that are slow, and nodes that are dead: time-outs that follow the round trips, and walks whose hops are acknowledged.

use peerlab::measure::outcome::OperationRow;

use super::lab::{OPERATIONS_TOO, all, all_with};

/// Ways to look up whose time-outs follow the round trips.
const SYSTEMS: &str = r#"
    [systems.walk.chord]
    routing = "recursive"
    [systems.ask.chord]
    rpc_timeout = "adaptive"
    [systems.verified.chord]
    rpc_timeout = "adaptive"
    verify = true
    [systems.hand-over-hand.kademlia]
    routing = "recursive"
    [systems.in-parallel.kademlia]
    rpc_timeout = "adaptive"
"#;

/// Where nobody leaves nobody is dead, however far away: no answer is wrong, on whatever network.
#[test]
fn where_nobody_leaves_no_slow_node_is_passed_over_for_good() {
    let places = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/synthetic_cube_ms.csv");
    let matrix = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/synthetic_rtt_ms.csv");
    let networks = [
        "plane.width = \"150ms\"".to_owned(),
        format!("matrix = {{ file = \"{matrix}\", holds = \"rtt\", unit = \"ms\" }}"),
        format!("coordinates = {{ file = \"{places}\", dimensions = 3, holds = \"one-way\", unit = \"ms\" }}"),
        // Each packet has a delay of its own.
        "uniform = { low = \"5ms\", high = \"400ms\" }".to_owned(),
    ];
    for network in networks {
        let runs = all(&format!(
            "time = {{ warmup = \"5min\", measure = \"20min\" }}\npopulation.online = 500\nnetwork.latency.{network}\n\
             storage.replicas = 1\nworkload.lookup.every = \"1min\"\n{SYSTEMS}"
        ));
        for ran in runs {
            assert!(ran.figure("lookups") > 9_000.0);
            ran.assert_all_correct("lookup");
        }
    }
}

/// A walk that meets a dead hop loses one hop time-out, here the least of 200 ms: its mean is that of the static network and as
/// much more as it met dead hops, and at most twice the static median.
#[test]
fn a_dead_hop_costs_a_walk_one_hop_time_out() {
    let runs = |churn: &str| {
        all(&format!(
            "time = {{ warmup = \"2h\", measure = \"20min\" }}\npopulation.online = 500\n{churn}\nnetwork.latency.constant = \"50ms\"\n\
             storage.replicas = 1\nworkload.lookup.every = \"30s\"\n\
             systems.chord.chord.routing = \"recursive\"\nsystems.kad.kademlia.routing = \"recursive\""
        ))
    };
    let hour = "population.churn = { session.exponential.mean = \"1h\", downtime.exponential.mean = \"1h\" }";
    for (still, churned) in runs("").iter().zip(runs(hour)) {
        let [mean, dead] = ["lookup_latency_mean_ms", "lookup_timeouts_mean"].map(|name| churned.figure(name));
        let (before, median) = (still.figure("lookup_latency_mean_ms"), still.figure("lookup_latency_p50_ms"));
        println!("{}: {mean:.0} ms with {dead:.3} dead hops, {before:.0} ms without", churned.id);
        assert!(dead > 0.01 && mean <= 2.0 * median, "{}: {mean} ms, {median} ms", churned.id);
        let expected = before + dead * 200.0;
        assert!((mean / expected - 1.0).abs() < 0.15, "{}: {mean} ms, not {expected} ms", churned.id);
        assert!(churned.figure("lookup_correct_ratio") > 0.997);
    }
}

/// A packet that is lost is nobody's death: who does not say that it got a walk is asked again before it is forgotten.
#[test]
fn a_lossy_network_does_not_take_a_ring_apart() {
    let runs =
        all("time = { warmup = \"10min\", measure = \"20min\" }\npopulation.online = 100\nnetwork.loss = 0.05\n\
         network.latency.constant = \"50ms\"\nstorage.replicas = 1\nworkload.lookup.every = \"30s\"\n\
         systems.chord.chord = { routing = \"recursive\", retries = 3 }");
    for ran in runs {
        ran.assert_all_correct("lookup");
        assert!(ran.maybe("rings").is_none_or(|rings| rings == 1.0), "{}", ran.id);
    }
}

/// Where every answer takes longer than any time-out, each hop seems dead, and walks go all ways that there are: each node passes a walk
/// on once.
#[test]
fn on_a_network_slower_than_its_time_outs_walks_do_not_multiply() {
    let runs = all(
        "time = { warmup = \"5min\", measure = \"10min\" }\npopulation.online = 20\nnetwork.latency.constant = \"2s\"\n\
         storage.replicas = 1\nworkload.lookup.every = \"10s\"\nsystems.chord.chord.routing = \"recursive\"\n\
         systems.kad.kademlia = { routing = \"recursive\", k = 1, ping = true, revalidate = \"2min\" }",
    );
    for ran in runs {
        let rpcs = ran.figure("lookup_rpcs_mean");
        println!("{}: {rpcs:.1} requests a lookup", ran.id);
        assert!(rpcs < 200.0, "{}: {rpcs} requests a lookup", ran.id);
    }
}

/// Where every hop is late, each has its time-out, and the walk as a whole is no request beside them: never more time-outs than
/// requests (which the lab holds every run against).
#[test]
fn a_walk_of_late_hops_has_as_many_time_outs_as_hops_at_most() {
    let ran = all_with(
        "time = { warmup = '10min', measure = '30min' }\npopulation.online = 12\nworkload = { deadline = '20s', lookup.every = '20s' }\n\
         network.latency.lognormal.median = '1min'\n[systems.ring.chord]\nrouting = 'recursive'\n\
         [systems.kad.kademlia]\nrouting = 'recursive'\n",
        OPERATIONS_TOO,
    );
    // On the ring everybody is soon alone.
    let late = |row: &&OperationRow| row.timeouts > 0 && row.timeouts == row.rpcs;
    assert!(ran[1].outcome.operations.iter().filter(late).count() > 100);
}
