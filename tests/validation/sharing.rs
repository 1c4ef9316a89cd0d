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
    let slowest = ran.outcome.operations.iter().filter_map(|row| row.latency_ms).fold(0.0, f64::max) / 1000.0;
    ran.assert_near("distribution_time_s", slowest, 1e-6);
    slowest
}

#[test]
fn peers_that_share_come_near_the_least_time_of_distribution_and_never_below() {
    let system = r#"
        storage = { placement = "provider", pieces = 100, provider.uplink = "30Mbit/s" }
        [systems.peers.kademlia]"#;
    for (n, uplink, most) in
        [(10, 0.5, 1.2), (10, 2.0, 1.2), (100, 0.5, 1.2), (100, 2.0, 1.2), (300, 0.5, 1.3), (300, 2.0, 1.3)]
    {
        let all = n as f64;
        let least =
            [FILE_BITS / SERVER_RATE, FILE_BITS / DOWNLINK, all * FILE_BITS / (SERVER_RATE + all * uplink * MBIT)];
        let ratio =
            distribution(&only(&rush(n, uplink, system), OPERATIONS_TOO)) / least.into_iter().fold(0.0, f64::max);
        println!("{n} peers, {uplink} Mbit/s up: {ratio:.3} times the bound");
        assert!((1.0..most).contains(&ratio), "{n} peers, {uplink} Mbit/s up: {ratio:.3} times the bound");
    }
}

#[test]
fn an_exchange_survives_the_loss_of_packets() {
    let system = r#"
        network.loss = 0.02
        storage = { placement = "provider", pieces = 100, provider.uplink = "30Mbit/s" }
        [systems.peers.kademlia]"#;
    let ran = only(&rush(20, 2.0, system), OPERATIONS_TOO);
    let ratio = distribution(&ran) / (FILE_BITS / DOWNLINK);
    println!("{ratio:.3} times the bound without losses");
    assert!(ratio < 1.5, "{ratio:.3} times the bound without losses");
    assert!(ran.figure("packets_lost_loss") > 1000.0);
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

/// Resources of four pieces on participants that come and go for an hour each, on average.
fn churning(provider: &str, more: &str) -> String {
    format!(
        r#"
        seed = 11
        population.online = 60
        population.churn = {{ session.exponential.mean = "1h", downtime.exponential.mean = "1h" }}
        network.latency.constant = "50ms"
        network.access = {{ uplink = "10Mbit/s", downlink = "20Mbit/s" }}
        resources = {{ count = 40, size = "256KiB" }}
        storage = {{ placement = "provider", pieces = 4, provider = {{ {provider} }} }}
        workload.get.every = "2min"
        time = {{ warmup = "1h", measure = "4h" }}
        [systems.peers.kademlia]
        {more}
        "#
    )
}

#[test]
fn a_record_that_its_absent_provider_does_not_renew_expires_though_nothing_is_lost() {
    let short = only(&churning("ttl = '20min', republish = '10min', share = false", ""), OPERATIONS_TOO);
    let long = only(&churning("ttl = '24h', republish = '12h', share = false", ""), OPERATIONS_TOO);
    let expired = |ran: &Ran| ran.figure("get_failed_expired") / ran.figure("gets");
    // A publisher's last word is as old as its absence and up to 10 minutes more. So its records have expired for
    // between ½·e^(−20/60) and ½·e^(−10/60) of the time, if 40 publishers do as they do on average.
    println!("{} and {}", expired(&short), expired(&long));
    assert!((0.3..0.48).contains(&expired(&short)), "{}", expired(&short));
    assert_eq!(expired(&long), 0.0);
    for ran in [&short, &long] {
        assert_eq!((ran.figure("durability_ratio"), ran.figure("get_failed_lost")), (1.0, 0.0));
        assert!((ran.figure("availability_mean") - 0.5).abs() < 0.12, "a publisher is there half of the time");
    }
}

#[test]
fn who_has_fetched_a_resource_serves_it() {
    let alone = only(&churning("share = false", ""), OPERATIONS_TOO);
    let shared = only(&churning("share = true", ""), OPERATIONS_TOO);
    assert!(shared.figure("availability_mean") > 0.95, "{}", shared.figure("availability_mean"));
    assert!(shared.figure("get_correct_ratio") > 0.93, "{}", shared.figure("get_correct_ratio"));
    assert!(alone.figure("get_correct_ratio") < 0.6, "{}", alone.figure("get_correct_ratio"));
    assert!(shared.figure("replicas_alive_mean") > 5.0 && alone.figure("replicas_alive_mean") < 0.7);
}

#[test]
fn providers_join_and_publish_in_every_overlay_with_pieces_of_any_size() {
    for (size, parity) in [("4KiB", 0), ("256KiB", 2)] {
        for system in ["kademlia", "chord"] {
            let text = churning("ttl = '2h', republish = '30min'", "")
                .replace("online = 60", "online = 60\npopulation.start = 'join'")
                .replace("256KiB", size)
                .replace("pieces = 4", &format!("pieces = 4, parity = {parity}"))
                .replace("kademlia", system);
            let ran = only(&text, OPERATIONS_TOO);
            let again = only(&text, OPERATIONS_TOO);
            assert_eq!(ran.outcome.metrics, again.outcome.metrics);
            assert!(ran.figure("get_correct_ratio") > 0.9, "{system}: {}", ran.figure("get_correct_ratio"));
            assert!(ran.figure("get_incorrect_ratio") == 0.0);
        }
    }
}
