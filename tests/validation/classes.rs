//! Classes of participants in whole runs: their lines, disks and figures, and that they are the same in every system.

use super::lab::{FIGURES, Ran, all_with, environment, every_system, only, runs, traced};
use peerlab::measure::catalogue::CLASSES;
use peerlab::run::Wanted;

const NODES_TOO: Wanted = Wanted { nodes: true, resources: false, operations: false };

/// A figure of a class.
fn figure(ran: &Ran, class: usize, name: &str) -> f64 {
    let column = CLASSES.index_of(name).unwrap_or_else(|| panic!("there is no column {name}"));
    ran.outcome.classes[class].values[column].unwrap_or_else(|| panic!("{}: no {name}", ran.id))
}

/// A few that stay, with fast lines and large disks, and many that do not.
const UNEVEN: &str = r#"
    seed = 4
    time = { warmup = "10min", measure = "20min" }
    resources = { count = 60, size = "1KiB" }
    workload = { lookup.every = "30s", get.every = "30s", put.every = "5min" }
    [population]
    participants = 150
    churn = { session.exponential = { mean = "5min" }, downtime.exponential = { mean = "10min" } }
    departures.probability = 0.2
    [[population.classes]]
    name = "strong"
    share = 0.2
    access = { uplink = "100Mbit/s", downlink = "100Mbit/s" }
    churn = { session.exponential = { mean = "1h" }, downtime.exponential = { mean = "5min" } }
    regions = { western-europe = 0.5, east-asia = 0.5 }
    [[population.classes]]
    name = "weak"
    share = 0.8
    access = { uplink = "1Mbit/s", downlink = "10Mbit/s" }
    storage = "4KiB"
    [network.latency.regions]
    [[events]]
    crash = { at = "15min", for = "2min", share = 0.5, class = "weak" }
"#;

#[test]
fn classes_sessions_and_operations_are_the_same_in_every_system() {
    let mut of_all = Vec::new();
    for run in runs(&format!("{UNEVEN}{}", every_system())) {
        let (ran, trace) = traced(&run, NODES_TOO);
        let participants = ran.figure("participants") as u32;
        let classes: Vec<_> = ran.outcome.nodes.iter().map(|node| node.class).take(participants as usize).collect();
        of_all.push((run.id.clone(), classes, environment(&trace, participants)));
    }
    let (_, classes, events) = &of_all[0];
    assert!(classes.iter().all(Option::is_some) && events.len() > 1_000, "there is little to compare");
    for (id, others, other_events) in &of_all[1..] {
        assert!(others == classes && other_events == events, "{id} has another environment");
    }
}

#[test]
fn the_figures_of_the_classes_add_up_to_those_of_the_run() {
    for ran in all_with(&format!("{UNEVEN}{}", every_system()), FIGURES) {
        let names: Vec<&str> = ran.outcome.classes.iter().map(|row| row.class.as_str()).collect();
        assert_eq!(names, ["strong", "weak"]);
        for (name, tolerance) in [("participants", 0.0), ("online_mean", 1e-6), ("lookups", 0.0), ("puts", 0.0)] {
            let sum = figure(&ran, 0, name) + figure(&ran, 1, name);
            assert!((sum - ran.figure(name)).abs() <= tolerance, "{}: {name} {sum}, not {}", ran.id, ran.figure(name));
        }
        let correct = |class| figure(&ran, class, "gets") * figure(&ran, class, "get_correct_ratio");
        assert!(correct(0) > 0.0 && correct(1) > 0.0, "{}: nothing to compare", ran.id);
    }
}

#[test]
fn a_full_disk_keeps_no_more_and_says_so() {
    for ran in all_with(&format!("{UNEVEN}[systems.chord.chord]\n[systems.kademlia.kademlia]"), NODES_TOO) {
        let most = |class| {
            let nodes = ran.outcome.nodes.iter().filter(|node| node.class == Some(class));
            nodes.filter_map(|node| node.records_mean).fold(0.0, f64::max)
        };
        assert!(most(1) > 2.0 && most(1) <= 4.0, "{}: {} records of 1 KiB on a disk of 4 KiB", ran.id, most(1));
        assert!(most(0) > 4.0, "{}: {} records where there is room", ran.id, most(0));
        assert!(figure(&ran, 1, "records_refused") > 0.0, "{}: nothing was refused", ran.id);
        assert_eq!(figure(&ran, 0, "records_refused"), 0.0, "{}", ran.id);
    }
}

#[test]
fn puts_that_no_disk_has_room_for_fail_as_refused() {
    let text = r#"
        time = { warmup = "0s", measure = "10min" }
        population.participants = 30
        population.classes = [{ name = "full", share = 1, storage = "100B" }]
        resources = { count = 10, size = "1KiB" }
        workload.put.every = "1min"
        systems.ring.chord = {}
    "#;
    let ran = only(text, FIGURES);
    let decided = figure(&ran, 0, "puts") * (1.0 - figure(&ran, 0, "put_open_ratio"));
    assert_eq!(figure(&ran, 0, "put_failed_ratio"), 1.0);
    assert!((ran.figure("put_failed_queue_full") - decided).abs() < 0.5, "{decided} puts were decided");
}

#[test]
fn every_class_has_its_own_line() {
    let text = r#"
        time = { warmup = "0s", measure = "30min" }
        population.participants = 40
        network.access = { uplink = "1Mbit/s", downlink = "8Mbit/s" }
        population.classes = [
            { name = "slow", share = 0.5, access = { uplink = "80kbit/s", downlink = "800kbit/s" } },
            { name = "as-all", share = 0.25 },
            { name = "unlimited", share = 0.25, access = {} },
        ]
        resources = { count = 10, size = "8KiB" }
        workload.get.every = "1min"
        systems.server.client-server = { uplink = "unlimited", downlink = "unlimited", workers = 100 }
    "#;
    let ran = only(text, FIGURES);
    let latency = |class| figure(&ran, class, "get_latency_mean_ms");
    // A request has 48 bytes; the answer has the value too.
    let lines = |up: f64, down: f64| (48.0 * 8.0 / up + (48.0 + 8_192.0) * 8.0 / down) * 1_000.0;
    assert!((latency(2) - 101.0).abs() < 1e-3, "there and back, and the service: {} ms", latency(2));
    for (class, own) in [(0, lines(8e4, 8e5)), (1, lines(1e6, 8e6))] {
        let more = latency(class) - latency(2);
        // Two gets at once share a line now and then.
        assert!(more > own - 1e-3 && more < own * 1.02, "class {class}: {more} ms on its line, not {own}");
    }
}

#[test]
fn online_says_how_many_are_online_over_all_classes() {
    let text = r#"
        time = { warmup = "0s", measure = "6h", sample = "6min" }
        [population]
        online = 1_000
        churn = { session.exponential = { mean = "30min" }, downtime.exponential = { mean = "30min" }, time_scale = 0.5 }
        [[population.classes]]
        name = "half"
        share = 0.5
        [[population.classes]]
        name = "tenth"
        share = 0.25
        churn = { session.exponential = { mean = "10min" }, downtime.exponential = { mean = "90min" } }
        [[population.classes]]
        name = "always"
        share = 0.25
        churn.preset = "none"
        [systems.server.client-server]
    "#;
    let ran = only(text, FIGURES);
    // 0.5 · 0.5 + 0.25 · 0.1 + 0.25 = 0.525 of 1,905 participants.
    assert_eq!(ran.figure("participants"), 1_905.0);
    ran.assert_near("online_mean", 1_000.0, 25.0);
    for (class, share, availability) in [(0, 0.5, 0.5), (1, 0.25, 0.1), (2, 0.25, 1.0)] {
        let (participants, online) = (figure(&ran, class, "participants"), figure(&ran, class, "online_mean"));
        let four_errors = 4.0 * f64::sqrt(1_905.0 * share * (1.0 - share));
        assert!((participants - 1_905.0 * share).abs() < four_errors, "{participants} of class {class}");
        assert!((online / participants - availability).abs() < 0.03, "{online} of {participants} of class {class}");
    }
}
