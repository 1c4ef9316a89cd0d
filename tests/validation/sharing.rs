//! Resources that their publishers and those who have fetched them serve, through the whole simulator: distribution times
//! against the bounds of Kurose & Ross (*Computer Networking*, §2.5), and provider records that expire.

use super::lab::{OPERATIONS_TOO, Ran, only};

const MBIT: f64 = 1e6;
/// A tenth of the textbook's.
const FILE_BITS: f64 = 1.5e9;
const SERVER_RATE: f64 = 30.0 * MBIT;
const DOWNLINK: f64 = 2.0 * MBIT;

/// One publisher and `n` others, who all get its resource at once.
fn rush(n: usize, uplink: f64, system: &str) -> String {
    format!(
        r#"
        seed = 5
        population.participants = {}
        network.latency.constant = "50ms"
        network.access = {{ uplink = "{uplink}Mbit/s", downlink = "2Mbit/s" }}
        resources = {{ count = 1, size = "187500000B" }}
        workload.deadline = "10h"
        time = {{ warmup = "1min", measure = "10h" }}
        events = [{{ rush = {{ at = "1min" }} }}]
        {system}
        "#,
        n + 1
    )
}

/// Seconds until the last one has the resource.
fn distribution(ran: &Ran) -> f64 {
    ran.assert_all_correct("get");
    ran.outcome.operations.iter().filter_map(|row| row.latency_ms).fold(0.0, f64::max) / 1000.0
}

#[test]
fn peers_that_share_come_near_the_least_time_of_distribution_and_never_below() {
    let system = r#"
        storage = { placement = "provider", pieces = 100, provider.uplink = "30Mbit/s" }
        [systems.peers.kademlia]"#;
    for (n, uplink) in [(10, 0.5), (10, 2.0), (100, 0.5), (100, 2.0)] {
        let all = n as f64;
        let least =
            [FILE_BITS / SERVER_RATE, FILE_BITS / DOWNLINK, all * FILE_BITS / (SERVER_RATE + all * uplink * MBIT)];
        let ratio =
            distribution(&only(&rush(n, uplink, system), OPERATIONS_TOO)) / least.into_iter().fold(0.0, f64::max);
        println!("{n} peers, {uplink} Mbit/s up: {ratio:.3} times the bound");
        assert!((1.0..1.5).contains(&ratio), "{n} peers, {uplink} Mbit/s up: {ratio:.3} times the bound");
    }
}

#[test]
fn a_server_alone_takes_as_long_as_its_uplink_or_the_slowest_downlink_does() {
    let system = "[systems.server.client-server]\nuplink = '30Mbit/s'\ndownlink = 'unlimited'\nworkers = 100";
    for n in [10, 100] {
        let all = n as f64 + 1.0; // the publisher is one of them here
        let least = (all * FILE_BITS / SERVER_RATE).max(FILE_BITS / DOWNLINK);
        let ratio = distribution(&only(&rush(n, 0.5, system), OPERATIONS_TOO)) / least;
        assert!((1.0..1.03).contains(&ratio), "{n} peers: {ratio:.4} times the bound");
    }
}
