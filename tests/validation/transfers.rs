//! Values above 16 KiB, through the whole simulator: what a transfer takes, what it leaves to packets, whom it serves when
//! machines go, and that no byte is lost on the way.

use super::lab::{Ran, all_with, every_system, only};
use peerlab::run::Wanted;

const EVERYTHING: Wanted = Wanted { nodes: true, resources: true, operations: true };

/// One way 50 ms; at 8 Mbit/s a byte takes a microsecond. A value and its headers are 1,000,048 bytes.
fn scenario(participants: u32, workload: &str) -> String {
    format!(
        r#"
        seed = 71
        population.participants = {participants}
        network.latency.constant = "50ms"
        network.access = {{ uplink = "8Mbit/s", downlink = "8Mbit/s" }}
        resources = {{ count = 50, size = "1MB" }}
        workload = {{ {workload} }}
        time = {{ warmup = "1min", measure = "30min" }}
        "#
    )
}

const SERVER: &str = "[systems.server.client-server]\nuplink = '8Mbit/s'\ndownlink = '8Mbit/s'\nworkers = 100\n";

fn sum(ran: &Ran, of: impl Fn(&peerlab::measure::outcome::NodeRow) -> u64) -> u64 {
    ran.outcome.nodes.iter().map(of).sum()
}

fn latencies(ran: &Ran, kind: &str) -> Vec<f64> {
    ran.outcome.operations.iter().filter(|row| row.kind == kind).filter_map(|row| row.latency_ms).collect()
}

#[test]
fn a_get_takes_its_question_the_service_and_the_transfer() {
    let ran = only(&format!("{}{SERVER}", scenario(1, "get.every.constant = '20s'")), EVERYTHING);
    // A question of 48 bytes up and down, 1 ms of service, a megabyte, and two ways.
    let expected = 0.048 + 50.0 + 0.048 + 1.0 + 1000.048 + 50.0;
    let found = latencies(&ran, "get");
    assert!(found.len() > 85 && found.iter().all(|ms| (ms - expected).abs() < 1e-6), "{found:?}");
    assert_eq!(ran.figure("get_rpcs_mean"), 1.0);
    ran.assert_all_correct("get");
    let (sent, received) = (sum(&ran, |row| row.bytes_sent), sum(&ran, |row| row.bytes_received));
    assert_eq!((sent, received), (found.len() as u64 * 1_000_096, sent), "to the byte");
    let by_kind = ran.figure("storage_bytes_per_online_s_mean");
    assert!((by_kind - ran.figure("bytes_per_online_s_mean")).abs() < 1e-9, "all of it is storage");
    let server = &ran.outcome.nodes[1];
    assert!((server.upload_per_online_s.unwrap() * 1800.0 - found.len() as f64 * 1_000_048.0).abs() < 1e-3);
}

#[test]
fn without_links_a_transfer_takes_the_propagation_only() {
    let text = scenario(1, "get.every.constant = '20s'").replace("8Mbit/s", "unlimited");
    let ran = only(&format!("{text}{}", SERVER.replace("8Mbit/s", "unlimited")), EVERYTHING);
    assert!(latencies(&ran, "get").iter().all(|ms| (ms - 101.0).abs() < 1e-6));
    ran.assert_all_correct("get");
}

#[test]
fn a_lookup_beside_transfers_is_at_most_one_packet_later_than_without() {
    // Gets keep the server's uplink busy nearly all the time.
    let busy = scenario(10, "lookup.every = '5s', get.every = '11s'");
    let ran = only(&format!("{busy}{SERVER}"), EVERYTHING);
    let packet = 1.5; // 1,500 bytes
    let alone = 0.048 + 50.0 + 0.048 + 1.0 + 0.048 + 50.0 + 0.048;
    let found = latencies(&ran, "lookup");
    // Lookups meet each other on the server's line: two at once are 48 µs apart.
    let late = found.iter().filter(|&&ms| ms > alone + packet).count();
    let beside = ran.figure("busiest_machine_bytes_per_s") / 1e6;
    println!("{} lookups, {beside:.2} of the line used", found.len());
    assert!(found.len() > 3000 && late == 0 && beside > 0.8, "{late} of {} late, {beside} used", found.len());
    assert!(found.iter().all(|&ms| ms > alone - 1e-6));
}

#[test]
fn a_put_shares_its_writers_uplink_among_the_copies() {
    let text =
        scenario(20, "put.every.constant = '5min'").replace("downlink = \"8Mbit/s\"", "downlink = \"unlimited\"");
    for system in ["kademlia", "chord"] {
        let ran = only(&format!("{text}[systems.s.{system}]"), EVERYTHING);
        ran.assert_all_correct("put");
        // Three others, or two and itself: with one of the walk's few round trips of 100 ms each.
        let shares = |ms: &f64| [2000.096, 3000.144].iter().any(|alone| (100.0..1000.0).contains(&(ms - alone)));
        let found = latencies(&ran, "put");
        assert!(found.len() > 100 && found.iter().all(shares), "{system}: {found:?}");
    }
}

#[test]
fn every_byte_that_is_sent_is_received_in_every_system() {
    let workload = "lookup.every = '1min', get.every = '1min', put.every = '5min'";
    for ran in all_with(&format!("{}{}", scenario(12, workload), every_system()), EVERYTHING) {
        let (sent, received) = (sum(&ran, |row| row.bytes_sent), sum(&ran, |row| row.bytes_received));
        // Packets under way at the ends of the measurement apart; transfers count at both ends at once.
        let apart = sent.abs_diff(received);
        println!("{}: {sent} sent, {received} received", ran.id);
        assert!(sent > 50_000_000 && apart < 2_000, "{}: {sent} sent, {received} received", ran.id);
        ran.assert_all_correct("get");
        ran.assert_all_correct("put");
        ran.assert_all_correct("lookup");
    }
}

#[test]
fn a_get_whose_holder_goes_is_finished_from_another() {
    let text = scenario(60, "get.every = '20s'").replace("1MB", "4MB").replace("30min", "3min");
    // With some seeds the repair that follows fills the lines until gets fail by their deadline.
    let text =
        format!("{text}events = [{{ crash = {{ at = '90s', share = 0.3 }} }}]\n").replace("seed = 71", "seed = 74");
    for system in ["kademlia", "chord"] {
        let ran = only(&format!("{text}[systems.s.{system}]"), EVERYTHING);
        let under_way: Vec<_> =
            ran.issued(75.0, 90.0).filter(|row| row.outcome != "abandoned" && row.latency_ms.is_some()).collect();
        let finished = under_way.iter().filter(|row| row.outcome == "correct").count();
        let moved_on = under_way.iter().filter(|row| row.outcome == "correct" && row.timeouts > 0).count();
        println!("{system}: {finished} of {} finished, {moved_on} from another", under_way.len());
        assert!(moved_on >= 2, "{system}: {moved_on} of {} moved on", under_way.len());
        assert!(finished + 1 >= under_way.len(), "{system}: {finished} of {}", under_way.len());
    }
}

#[test]
fn under_churn_transfers_break_off_and_the_records_survive() {
    let text = scenario(100, "get.every = '1min', put.every = '10min'");
    let churn = "population.churn = { session.exponential.mean = '10min', downtime.exponential.mean = '5min' }";
    let text = format!("{text}{churn}\n{}", every_system());
    for ran in all_with(&text, EVERYTHING) {
        let (sent, received) = (sum(&ran, |row| row.bytes_sent), sum(&ran, |row| row.bytes_received));
        let correct = ran.figure("get_correct_ratio");
        println!("{}: {correct:.4} correct, {sent} sent, {received} received", ran.id);
        // Only packets are lost, and they are small.
        assert!(received <= sent && received as f64 > 0.97 * sent as f64, "{}: {sent}, {received}", ran.id);
        assert!(correct > 0.8, "{}: {correct}", ran.id);
    }
}

#[test]
fn a_full_table_sends_a_large_value_to_everyone_once_however_long_it_takes() {
    let text = scenario(100, "put.every = '1h'").replace("1min", "0s");
    // A level of the tree takes 8 s, longer than a machine waits to hear that its range is done: it asks, and that is all.
    // Now and then one that waits for its turn compares its table with another's, and gets the value from there as well.
    let ran = only(&format!("{text}[systems.table.full-table]"), EVERYTHING);
    let (puts, touched) = (ran.figure("puts"), ran.figure("nodes_touched_per_put"));
    ran.assert_near("nodes_touched_per_put", 100.0, 1e-9);
    ran.assert_all_correct("put");
    let sent = ran.figure("bytes_total") / (puts * (touched - 1.0) * 1_000_064.0);
    println!("{puts} puts, {sent:.4} times each");
    assert!(puts > 30.0 && (0.95..1.04).contains(&sent), "{puts} puts, {sent} times each");
}

#[test]
fn a_partition_breaks_off_what_moves_across_it() {
    let text = scenario(40, "get.every.constant = '40s'");
    let event = "[[events]]\npartition = { at = '10min', for = '5min', shares = [0.5, 0.5] }\n";
    for ran in all_with(&format!("{text}{event}{}", every_system()), EVERYTHING) {
        assert!(ran.figure("packets_lost_partition") > 0.0, "{}", ran.id);
        let (sent, received) = (sum(&ran, |row| row.bytes_sent), sum(&ran, |row| row.bytes_received));
        assert!(sent >= received && received > 0, "{}: {sent} bytes sent, {received} received", ran.id);
        assert!((0.3..=1.0).contains(&ran.figure("get_correct_ratio")), "{}", ran.id);
    }
}
