//! Machines that go: nothing that was still in their uplink is received, and what fits into the notice is.

use std::collections::BTreeMap;

use super::lab::{FIGURES, all, runs, traced};

/// Replies of 10 kB that a line of 6 Mbit/s sends more slowly than they are asked for, and an outage.
const SERVER: &str = r#"
    seed = 2101
    [time]
    warmup = "0s"
    measure = "10min"
    sample = "10s"
    [population]
    participants = 500
    [network]
    latency.constant = "50ms"
    [resources]
    count = 10
    size = "10000B"
    [workload]
    get = { every = "5s" }
    [[events]]
    server-outage = { at = "5min", for = "2min" }
    [systems.s.client-server]
    uplink = "6Mbit/s"
    downlink = "unlimited"
    queue = "20MB"
    service = { constant = "1us" }
    waiting = 100000
    retries = 0
    rpc_timeout = "50s"
"#;

/// `(seconds, event, node, other, detail, bytes, cause)` of each line of a trace.
fn lines(trace: &str) -> impl Iterator<Item = (f64, &str, u32, u32, &str, u64, &str)> {
    trace.lines().skip(1).map(|line| {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |cell: &str| cell.parse::<u64>().unwrap_or(0);
        let seconds = cells[0].parse::<f64>().expect("a time") / 1e9;
        let (node, other) = (number(cells[2]) as u32, number(cells[3]) as u32);
        (seconds, cells[1], node, other, cells[4], number(cells[5]), cells[8])
    })
}

#[test]
fn a_dead_server_answers_nothing_and_its_backlog_does_not_reach_its_next_session() {
    let (ran, trace) = traced(&runs(SERVER)[0], FIGURES);
    let replies = || lines(&trace).filter(|(_, event, node, ..)| *event == "deliver" && *node == 500);
    assert!(replies().filter(|(at, ..)| *at < 300.0).count() > 15_000);
    let late: Vec<f64> = replies().map(|(at, ..)| at).filter(|at| (300.052..420.063).contains(at)).collect();
    assert!(late.is_empty(), "a reply is 50 ms on the wire, after 13.4 ms of line: {late:?}");
    let gone = lines(&trace).filter(|(.., cause)| *cause == "sender-gone").count();
    assert!(gone > 1500, "{gone} replies were still in the uplink");
    assert_eq!(ran.figure("packets_lost_sender_gone"), gone as f64);
    // All replies after the outage answer requests that came after it: a reply needs 13.4 ms of line.
    let served = |from: f64| lines(&trace).filter(move |line| line.1 == "deliver" && line.3 == 500 && line.0 >= from);
    let (asked, answered) = (served(420.0).count(), replies().filter(|(at, ..)| *at > 420.0).count());
    assert!(answered <= asked && answered > 8000, "{answered} replies to {asked} requests");
}

fn hand_over(size: &str, seed: u32) -> String {
    format!(
        r#"
        seed = {seed}
        [time]
        warmup = "0s"
        measure = "2h"
        [population]
        participants = 60
        churn = {{ session.exponential.mean = "1h", downtime.constant = "10min", graceful = 1, notice = "15s" }}
        departures.probability = 1
        [network]
        latency.constant = "50ms"
        access = {{ uplink = "100kbit/s", downlink = "unlimited" }}
        [resources]
        count = 1200
        size = "{size}"
        [storage]
        replicas = 1
        repair = "eager"
        [systems.ring.chord]
        "#
    )
}

/// What one machine has handed over, and when it went.
#[derive(Default)]
struct Leaver {
    /// When it has said that it goes.
    notice: Option<f64>,
    /// Values whose last bit has left since, and when the last did.
    handed: u64,
    last: f64,
    down: Option<f64>,
}

/// Holds every leaver against what its line can carry from its notice on: it has handed over so many values, or has had none
/// left for longer than one takes.
fn check_leavers(size: &str, seed: u32) {
    let (_, trace) = traced(&runs(&hand_over(size, seed))[0], FIGURES);
    let (mut leavers, mut full) = (BTreeMap::<u32, Leaver>::new(), 0);
    let bytes: f64 = size.trim_end_matches('B').parse().expect("a number of bytes");
    let takes = (bytes + 48.0) * 8.0 / 100_000.0;
    for (at, event, node, _, detail, carried, cause) in lines(&trace) {
        let leaver = leavers.entry(node).or_default();
        let is_flow = carried == 0 && cause != "sender-gone" && cause != "uplink-queue";
        match (event, detail) {
            ("leave", _) => *leaver = Leaver { notice: Some(at), last: at, ..Leaver::default() },
            ("down", _) => {
                leaver.down = Some(at);
                let Some(notice) = leaver.notice else { continue };
                let fits = ((at - notice) / takes) as u64;
                assert!(leaver.handed <= fits + 1, "{node}: {} values of {size} where {fits} fit", leaver.handed);
                if leaver.handed + 1 >= fits {
                    full += 1;
                } else {
                    assert!(at - leaver.last > takes, "{node} hands {} values over where {fits} fit", leaver.handed);
                }
            }
            ("send", "repair-request") if carried > 10_000 => (leaver.handed, leaver.last) = (leaver.handed + 1, at),
            ("deliver" | "lose", "repair-request") if is_flow => {
                (leaver.handed, leaver.last) = (leaver.handed + 1, at);
            }
            _ => {}
        }
        let late = leaver.down.filter(|_| event == "deliver").map_or(0.0, |down| at - down);
        assert!(late <= 0.052, "{node} is heard {late} s after it has gone");
    }
    println!("{size}: {full} leavers handed over as many as fit");
    assert!(full > 20, "{full} leavers had more than fits");
}

#[test]
fn a_leaver_hands_over_what_fits_into_its_notice_whether_values_are_packets_or_flows() {
    ["16000B", "17000B"].iter().for_each(|size| check_leavers(size, 901));
}

#[test]
fn there_is_no_cliff_where_packets_become_flows() {
    let lost = |size: &str| -> f64 {
        let lost = (901..906).map(|seed| all(&hand_over(size, seed))[0].figure("resources_lost"));
        lost.sum()
    };
    let (packets, flows) = (lost("16300B"), lost("16500B"));
    println!("lost of 5 x 1200: {packets} as packets, {flows} as flows");
    assert!(packets > 100.0 && (packets - flows).abs() <= 0.05 * packets, "{packets} as packets, {flows} as flows");
}
