//! Connections, and what traversal wins back, in whole runs.

use crate::lab::{self, FIGURES, Ran};

const HALF: &str = "[network.nat.shares]\nopen = 0.5\nport-restricted = 0.4\nsymmetric = 0.1\n";

/// Everybody stays; lookups only.
fn scenario(nat: &str, systems: &str) -> String {
    format!(
        "[time]\nwarmup = \"20min\"\nmeasure = \"20min\"\n\
         [population]\nparticipants = 300\n\
         [network.latency.plane]\nwidth = \"150ms\"\n\
         {nat}\n\
         [workload]\nlookup = {{ every = \"1min\" }}\n\
         [traversal]\ntransport = \"connection\"\n\
         {systems}"
    )
}

fn outcomes_add_up(ran: &Ran) {
    let ways = ["direct", "reversed", "punched", "organic", "relayed", "failed"];
    let sum: f64 = ways.iter().map(|way| ran.figure(&format!("dial_{way}_ratio"))).sum();
    assert!((sum - 1.0).abs() < 1e-9, "{}: the outcomes of dials make up {sum}", ran.id);
}

#[test]
fn every_system_works_over_connections_and_runs_the_same_twice() {
    let text = scenario("", &lab::every_system());
    for (one, other) in lab::all(&text).iter().zip(&lab::all(&text)) {
        // What is sent over a link while its other end closes it is lost, and so may be the word of the nearest.
        one.assert_near("lookup_correct_ratio", 1.0, if one.system == "kademlia" { 0.001 } else { 0.0 });
        assert_eq!(one.outcome.fingerprint, other.outcome.fingerprint, "{}", one.id);
        if one.system == "full-table" {
            continue; // nothing is asked of anybody
        }
        outcomes_add_up(one);
        assert_eq!(one.figure("dial_direct_ratio"), 1.0, "{}", one.id);
        assert!(one.figure("connections_per_node_mean") > 0.0 && one.figure("dial_latency_mean_ms") > 0.0);
    }
}

#[test]
fn a_connection_costs_one_round_trip_and_is_there_for_what_comes_next() {
    let constant = "[network.latency]\nconstant = \"50ms\"\n";
    let text = scenario(constant, "[systems.server.client-server]\nservice.constant = \"0s\"\n");
    let text = text.replace("[network.latency.plane]\nwidth = \"150ms\"\n", "");
    let kept = lab::only(&format!("{text}[systems.server.traversal]\nidle_close = \"off\"\n"), FIGURES);
    kept.assert_near("lookup_latency_mean_ms", 100.0, 0.01);
    kept.assert_near("connections_per_node_max", 300.0, 0.0);
    let closed = lab::only(&format!("{text}[systems.server.traversal]\nidle_close = \"1s\"\n"), FIGURES);
    closed.assert_near("dial_latency_mean_ms", 100.0, 0.01);
    assert!(closed.figure("lookup_latency_mean_ms") > 195.0, "{}", closed.figure("lookup_latency_mean_ms"));
}

#[test]
fn clients_only_dial_out_and_keeping_alive_costs_what_the_interval_says() {
    let text = scenario(HALF, "[systems.server.client-server]\n[systems.server.traversal]\nidle_close = \"off\"\n");
    let ran = lab::only(&text, FIGURES);
    ran.assert_all_correct("lookup");
    assert!(ran.maybe("dial_failed_ratio").unwrap_or(0.0) == 0.0 && ran.maybe("punch_attempts") == Some(0.0));
    // After 25 s without a word from the client 48 bytes there and back; requests come once a minute, at random: the
    // expected number of keep-alives between two is 1 / (e^(25/60) − 1).
    let per_minute = 1.0 / (libm::exp(25.0 / 60.0) - 1.0);
    ran.assert_near("keepalive_bytes_per_online_s_mean", per_minute * 96.0 / 60.0 * 300.0 / 301.0, 0.15);
}

#[test]
fn the_trace_has_a_line_for_every_dial_that_ends() {
    let text = scenario(HALF, "[systems.kad.kademlia]\n[systems.kad.traversal.relays]\n");
    let text = text.replace("participants = 300", "participants = 100");
    let (ran, trace) = lab::traced(&lab::runs(&text)[0], FIGURES);
    let dials: Vec<Vec<&str>> = trace
        .lines()
        .skip_while(|line| !line.contains(",measurement-begins,"))
        .take_while(|line| !line.contains(",measurement-ends,"))
        .map(|line| line.split(',').collect())
        .filter(|line: &Vec<_>| line[1] == "dial")
        .collect();
    assert_eq!(dials.len() as f64, ran.figure("dials"));
    let pairs = &ran.outcome.pairs;
    assert_eq!(pairs.iter().filter_map(|pair| pair.values[0]).sum::<f64>(), dials.len() as f64);
    // Of three classes, among them those that cannot be dialled.
    assert_eq!(pairs.len(), 9);
    let reversed = pairs.iter().filter(|pair| pair.values[2] > Some(0.0));
    assert!(reversed.clone().count() > 0 && reversed.clone().all(|pair| pair.from == "open" && pair.reached != "open"));
    for way in ["direct", "reversed", "punched", "organic", "relayed", "failed"] {
        let times = dials.iter().filter_map(|dial| dial[4].strip_prefix(way)?.trim().parse::<f64>().ok());
        let (count, sum) = times.fold((0.0, 0.0), |(count, sum), time| (count + 1.0, sum + time));
        assert!((ran.figure(&format!("dial_{way}_ratio")) - count / dials.len() as f64).abs() < 1e-9, "{way}");
        if way == "failed" && count > 0.0 {
            ran.assert_near("dial_failed_wait_mean_ms", sum / count / 1e6, 1e-9);
        }
    }
}

#[test]
fn nobody_has_more_connections_than_it_may() {
    let text = scenario(HALF, "[systems.kad.kademlia]\n[systems.kad.traversal]\nconnections = 12\n");
    let ran = lab::only(&text, FIGURES);
    outcomes_add_up(&ran);
    assert_eq!(ran.figure("connections_per_node_max"), 12.0);
}

#[test]
fn between_boxes_that_no_hole_goes_through_three_are_tried() {
    let nat = "[network.nat.shares]\nopen = 0.2\nsymmetric = 0.8\n";
    let text = scenario(nat, "reversal = false\n[systems.kad.kademlia]\n").replace("300", "60");
    let ran = lab::only(&text, FIGURES);
    let of = |way: &str| ran.figure(&format!("dial_{way}_ratio")) * ran.figure("dials");
    assert_eq!(ran.figure("punch_first_ratio"), 1.0, "to those who let strangers in the first works");
    let each = (ran.figure("punch_attempts") - of("punched")) / of("failed");
    assert!(of("failed") > 1000.0 && (2.98..=3.01).contains(&each), "{each} attempts");
}

#[test]
fn values_that_are_too_large_for_a_packet_do_not_go_through_relays() {
    let nat = "[network.nat.shares]\nopen = 0.1\nsymmetric = 0.9\n";
    let relays = "[traversal.relays]\nconnections = 200\nrate = \"100Mbit/s\"\n[systems.kad.kademlia]\n";
    let text = scenario(nat, relays).replace("300", "60").replace("lookup", "get").replace("20min", "10min");
    let had = |size: &str| {
        let ran = lab::only(&format!("resources = {{ count = 60, size = '{size}' }}\n{text}"), FIGURES);
        assert!(ran.figure("dial_relayed_ratio") > 0.8, "{size}: nearly all meet by relays only");
        ran.figure("get_correct_ratio")
    };
    let (packets, transfers) = (had("16KiB"), had("17KiB"));
    assert!(packets > 0.9 && transfers < 0.7, "{packets} and {transfers} of the gets");
}

#[test]
fn dead_dials_cost_time_and_traversal_and_client_modes_win_it_back() {
    let systems = "[systems.none.kademlia]\nrpc_timeout = \"5s\"\nsoft_timeout = \"off\"\n\
                   [systems.none.traversal]\nreversal = false\npunching = false\n\
                   [systems.punching.kademlia]\nrpc_timeout = \"5s\"\nsoft_timeout = \"off\"\n\
                   [systems.relays.kademlia]\nrpc_timeout = \"5s\"\nsoft_timeout = \"off\"\n\
                   [systems.relays.traversal.relays]\n\
                   [systems.dialable.kademlia]\nrpc_timeout = \"5s\"\nsoft_timeout = \"off\"\ntables = \"dialable\"\n\
                   [systems.dialable.traversal]\nreversal = false\npunching = false\n\
                   [sweep]\nrepetitions = 3\n";
    let text = scenario(HALF, systems).replace("participants = 300", "participants = 150");
    let runs = lab::all(&text.replace("measure = \"20min\"", "measure = \"5min\""));
    let [none, punching, relays, dialable] = [0, 1, 2, 3].map(|system| &runs[3 * system..3 * system + 3]);
    for (seed, ((none, punching), (relays, dialable))) in
        none.iter().zip(punching).zip(relays.iter().zip(dialable)).enumerate()
    {
        let figures = [none, punching, relays, dialable];
        figures.iter().for_each(|ran| outcomes_add_up(ran));
        let latency = figures.map(|ran| ran.figure("lookup_latency_mean_ms"));
        let wait = figures.map(|ran| ran.figure("dial_failed_wait_per_online_s_ms"));
        println!("{seed}: lookups take {latency:.0?} ms, dead dials {wait:.1?} ms a second");
        assert!(wait[0] > wait[1] && wait[1] > wait[2] && wait[2] > wait[3]);
        assert!(latency[0] > 1.2 * latency[3] && latency[1] < latency[0] && latency[2] < 1.1 * latency[1]);
        assert!(dialable.figure("lookup_correct_ratio") > 0.99);
        assert_eq!(dialable.figure("table_unreachable_ratio"), 0.0);
    }
}

#[test]
fn a_dht_of_the_dialable_comes_about_by_joining() {
    let text = scenario(HALF, "[systems.kad.kademlia]\ntables = \"dialable\"\n");
    let text = text.replace("participants = 300", "participants = 300\nstart = \"join\"\njoin_over = \"10min\"");
    let ran = lab::only(&text, FIGURES);
    let joined = ran.figure("joined_mean");
    println!("{joined} of 300 are part of it");
    assert!((120.0..180.0).contains(&joined), "half of them can be dialled");
    assert!(ran.figure("lookup_correct_ratio") > 0.99 && ran.figure("lookup_failed_not_joined") == 0.0);
}

#[test]
fn where_all_are_open_connections_are_as_without_nats() {
    let kademlia = "[systems.kad.kademlia]\n[systems.ring.chord]\n";
    let plain = lab::all(&scenario("", kademlia));
    let open = lab::all(&scenario("[network.nat.shares]\nopen = 1.0\n", kademlia));
    for (plain, open) in plain.iter().zip(&open) {
        assert_eq!(plain.outcome.fingerprint, open.outcome.fingerprint, "{}", plain.id);
        assert_eq!(plain.outcome.metrics, open.outcome.metrics, "{}", plain.id);
        assert_eq!(plain.outcome.pairs, open.outcome.pairs, "{}", plain.id);
        let [all] = &plain.outcome.pairs[..] else { panic!("there is one class") };
        assert_eq!((all.from, all.reached, all.values[0]), ("open", "open", Some(plain.figure("dials"))));
    }
}
