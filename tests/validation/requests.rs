//! What counts as a request of an operation: each that somebody was asked, whether or not it could leave.

use super::lab::{OPERATIONS_TOO, Ran, all_with, every_system};

/// Every packet is lost.
const NOBODY: &str = r#"
    population.participants = 3
    time = { warmup = "0s", measure = "10min" }
    workload.lookup = { every = "20s" }
    network.loss = 1.0
    traversal.transport = "connection"
    systems.server.client-server = {}
    systems.kad.kademlia = {}
    systems.datagrams.client-server = {}
    systems.datagrams.traversal.transport = "datagram"
"#;

#[test]
fn a_request_whose_dial_fails_counts_like_one_that_is_lost() {
    for ran in all_with(NOBODY, OPERATIONS_TOO) {
        let failed = ran.outcome.operations.iter().filter(|row| row.cause == "timeout");
        let cost: Vec<(u32, u32)> = failed.map(|row| (row.rpcs, row.timeouts)).collect();
        assert!(cost.len() > 60, "{}: {} time-outs", ran.id, cost.len());
        assert!(cost.iter().all(|cost| *cost == (2, 2)), "{}: {cost:?}", ran.id);
    }
}

/// Sessions of minutes, lost packets, a partition, an outage; values that fit into packets and values that do not.
const ROUGH: &str = r#"
    seed = 8
    time = { warmup = "5min", measure = "15min" }
    population = { online = 60, churn.session.exponential.mean = "6min", churn.downtime.exponential.mean = "6min" }
    network.loss = 0.02
    network.latency.plane = { width = "150ms" }
    network.access = { uplink = "2Mbit/s", downlink = "4Mbit/s", queue = "64KiB" }
    resources = { count = 60, size.lognormal = { median = "8KiB", sigma = 1.5 } }
    workload = { lookup.every = "15s", get.every = "20s", put.every = "1min" }
    [[events]]
    partition = { at = "10min", for = "1min", shares = [0.6, 0.4] }
    [[events]]
    server-outage = { at = "14min", for = "1min" }
    [systems.passed-on.chord]
    routing = "recursive"
    [systems.handed-on.kademlia]
    routing = "recursive"
    [systems.coded.kademlia]
    [systems.coded.storage]
    pieces = 2
    parity = 2
"#;

fn assert_no_more_time_outs_than_requests(ran: &Ran) {
    let wrong = ran.outcome.operations.iter().find(|row| row.timeouts > row.rpcs);
    assert!(wrong.is_none(), "{}: {wrong:?}", ran.id);
    let timed_out: u32 = ran.outcome.operations.iter().map(|row| row.timeouts).sum();
    assert!(timed_out > 100, "{}: {timed_out} time-outs", ran.id);
}

#[test]
fn no_operation_has_more_time_outs_than_requests() {
    let several = "[systems.several.chord]\nvirtual_nodes = 4\nrouting = \"recursive\"\n";
    let text = format!("{ROUGH}{several}{}", every_system());
    all_with(&text, OPERATIONS_TOO).iter().for_each(assert_no_more_time_outs_than_requests);
}

#[test]
fn no_operation_has_more_time_outs_than_requests_over_connections_behind_nats() {
    let behind = "traversal = { transport = 'connection', relays.connections = 2 }\n\
                  network.nat.shares = { open = 0.4, full-cone = 0.2, port-restricted = 0.2, symmetric = 0.2 }\n";
    let text = format!("{behind}{ROUGH}{}", every_system());
    all_with(&text, OPERATIONS_TOO).iter().for_each(assert_no_more_time_outs_than_requests);
}
