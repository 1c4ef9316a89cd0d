//! Machines with several nodes on a Chord ring: what it evens out, what it costs, and that what is a machine's stays one
//! machine's.

use super::lab::{FIGURES, Ran, all, environment, only, runs, simulate, traced};
use peerlab::registry::Registry;
use peerlab::run::Wanted;
use peerlab::scenario::Scenario;

const NODES_TOO: Wanted = Wanted { nodes: true, ..FIGURES };

/// Machines that never fail, with so many nodes each.
fn calm(machines: u32, each: u32, start: &str, time: &str) -> String {
    format!(
        r#"
        seed = 31
        [time]
        {time}
        [population]
        participants = {machines}
        {start}
        [resources]
        count = 150
        size = "1KiB"
        [workload]
        lookup = {{ every = "20s" }}
        get = {{ every = "20s" }}
        put = {{ every = "2min" }}
        [systems.ring.chord]
        virtual_nodes = {each}
        "#
    )
}

/// With v nodes a machine has v of the N·v arcs, which is a share with a coefficient of variation of 1/√v (for N ≫ 1);
/// m keys a machine on average add a Poisson's 1/m to its square. That of 8,000 shares has a standard error of 0.8 to 1.6 %.
#[test]
fn keys_per_machine_even_out_with_the_root_of_the_nodes() {
    let (machines, m) = (2_000, 100.0);
    for (each, tolerance) in [(1, 0.04), (4, 0.02), (16, 0.01)] {
        let text = format!(
            r#"
            seed = 700
            [time]
            warmup = "0s"
            measure = "1s"
            [population]
            participants = {machines}
            [resources]
            count = 200_000
            [storage]
            replicas = 1
            [systems.ring.chord]
            virtual_nodes = {each}
            [sweep]
            repetitions = 4
            "#
        );
        let runs = all(&text);
        // Jain's index is 1 / (1 + c²).
        let jain = runs.iter().map(|ran| ran.figure("records_jain")).sum::<f64>() / runs.len() as f64;
        let (variation, expected) = ((1.0 / jain - 1.0).sqrt(), (1.0 / f64::from(each) + 1.0 / m).sqrt());
        println!("{each} nodes a machine: variation {variation:.4}, expected {expected:.4}");
        assert!((variation - expected).abs() < tolerance, "{each} nodes: {variation}, not {expected}");
        assert!(runs.iter().all(|ran| (ran.figure("records_mean") - m).abs() < 1e-9));
    }
}

#[test]
fn every_answer_is_correct_on_a_ring_that_starts_converged_or_is_joined() {
    let joined = ("start = \"join\"\njoin_over = \"5min\"", "warmup = \"20min\"\nmeasure = \"10min\"");
    for (start, time) in [("", "warmup = \"1min\"\nmeasure = \"10min\""), joined] {
        let ran = only(&calm(60, 8, start, time), FIGURES);
        ["lookup", "get", "put"].iter().for_each(|operation| ran.assert_all_correct(operation));
        let machines = ["participants", "online_mean", "joined_mean"].map(|name| ran.figure(name));
        assert_eq!(machines, [60.0; 3], "machines are counted, not nodes");
        for cause in ["uplink_queue", "downlink_queue", "loss", "offline", "stale"] {
            assert_eq!(ran.figure(&format!("packets_lost_{cause}")), 0.0, "{start}: {cause}");
        }
        assert_eq!((ran.figure("availability_min"), ran.figure("resources_lost")), (1.0, 0.0), "{start}");
    }
}

/// The paths of a ring of N·v nodes: ½·log₂ v hops more.
#[test]
fn paths_grow_by_half_a_hop_whenever_the_nodes_double() {
    let hops = |each: u32| {
        let ran = only(&calm(128, each, "", "warmup = \"1min\"\nmeasure = \"20min\""), FIGURES);
        ran.assert_all_correct("lookup");
        ran.figure("lookup_hops_mean")
    };
    let alone = hops(1);
    for (each, more) in [(4, 1.0), (16, 2.0)] {
        let grown = hops(each) - alone;
        println!("{each} nodes a machine: {grown:.3} hops more, expected {more}");
        assert!((grown - more).abs() < 0.1, "{each} nodes: {grown}");
    }
}

/// Sessions of minutes, departures, lost packets, narrow lines, small disks, values that move as transfers, a crash and a
/// partition.
const ROUGH: &str = r#"
    seed = 32
    time = { warmup = "5min", measure = "20min" }
    resources = { count = 60, size = "40KiB" }
    workload = { lookup = { every = "20s", target = "node" }, get.every = "20s", put.every = "1min" }
    network = { loss = 0.01, jitter = 0.2, latency.plane = { width = "150ms" } }
    [population]
    online = 60
    churn = { session.weibull = { shape = 0.6, mean = "10min" }, downtime.exponential = { mean = "10min" } }
    departures.probability = 0.2
    [[population.classes]]
    name = "large"
    share = 0.5
    access = { uplink = "4Mbit/s", downlink = "8Mbit/s", queue = "64KiB" }
    [[population.classes]]
    name = "small"
    share = 0.5
    access = { uplink = "1Mbit/s", downlink = "2Mbit/s", queue = "64KiB" }
    storage = "200KiB"
    [[events]]
    crash = { at = "10min", for = "2min", share = 0.3 }
    [[events]]
    crash = { at = "14min", share = 0.1 }
    [[events]]
    partition = { at = "18min", for = "1min", shares = [0.5, 0.5] }
    [systems.server.client-server]
    [systems.one.chord]
    [systems.several.chord]
    virtual_nodes = 8
    [systems.kept.chord]
    virtual_nodes = 3
    routing = "recursive"
    [systems.kept.storage]
    repair.republish = { every = "5min", publisher = "10min", expiry = "30min" }
"#;

#[test]
fn sessions_and_operations_are_those_of_machines_with_one_node() {
    for rejoin in ["fresh", "keep"] {
        let text = ROUGH.replace("online = 60", &format!("online = 60\nrejoin = \"{rejoin}\""));
        let mut of_all = Vec::new();
        for run in runs(&text) {
            let (ran, trace) = traced(&run, FIGURES);
            let participants = ran.figure("participants") as u32;
            of_all.push((run.id.clone(), environment(&trace, participants)));
        }
        assert!(of_all[0].1.len() > 7_000, "there is little to compare: {}", of_all[0].1.len());
        for (id, events) in &of_all[1..] {
            assert!(*events == of_all[0].1, "{id} has another environment");
        }
    }
}

#[test]
fn a_rough_run_with_several_nodes_a_machine_repeats_itself() {
    let everything = Wanted { nodes: true, resources: true, operations: true };
    for run in runs(ROUGH).into_iter().skip(2) {
        let (once, again) = (simulate(&run, everything), traced(&run, everything).0);
        assert_eq!(once.outcome, again.outcome, "{}", run.id);
        assert!(once.figure("packets_lost_offline") > 0.0 && once.figure("packets_lost_partition") > 0.0);
        assert!(once.figure("get_correct_ratio") > 0.5, "{}: {}", run.id, once.figure("get_correct_ratio"));
    }
}

/// 200 KiB are five values of 40 KiB, however many nodes hold them.
#[test]
fn a_disk_is_that_of_the_machine() {
    for run in runs(ROUGH) {
        let ran = simulate(&run, NODES_TOO);
        let held = |class| {
            let rows = ran.outcome.nodes.iter().filter(move |row| row.class == Some(class));
            rows.filter_map(|row| row.records_mean).fold(0.0, f64::max)
        };
        assert!(held(1) <= 5.0, "{}: {} records on a small disk", run.id, held(1));
        assert!(ran.system == "server" || held(0) > 6.0, "{}: {} records on a large disk", run.id, held(0));
    }
}

/// Temporary absences, and departures for good: copies move as they do between machines with one node.
#[test]
fn eager_repair_keeps_records_under_churn() {
    let runs = all(r#"
        seed = 33
        [time]
        warmup = "1h"
        measure = "2h"
        [population]
        online = 80
        churn = { session.exponential = { mean = "1h" }, downtime.exponential = { mean = "20min" } }
        departures.lifetime.exponential.mean = "8h"
        [network.latency.plane]
        width = "150ms"
        [resources]
        count = 200
        [storage]
        replicas = 4
        [workload]
        get = { every = "1min" }
        put = { every = "10min" }
        [systems.one.chord]
        [systems.several.chord]
        virtual_nodes = 6
        [systems.unrepaired.chord]
        virtual_nodes = 6
        [systems.unrepaired.storage]
        repair = "none"
    "#);
    let figures = |name: &str| [0, 1, 2].map(|at: usize| runs[at].figure(name));
    let (available, correct) = (figures("availability_mean"), figures("get_correct_ratio"));
    println!("one, six, six without repair: {available:?} available, {correct:?} correct");
    assert!(available[1] > 0.999 && correct[1] > 0.99, "{available:?}, {correct:?}");
    assert!((correct[1] - correct[0]).abs() < 0.01, "{correct:?}");
    assert!(correct[2] < correct[1] - 0.05 && runs[1].figure("resources_lost") == 0.0, "{correct:?}");
}

/// What its nodes say to each other crosses no network: not when they join, not when they are asked.
#[test]
fn a_machine_alone_sends_nothing() {
    for start in ["", "start = \"join\"\njoin_over = \"1min\""] {
        let time = "warmup = \"10min\"\nmeasure = \"30min\"";
        let text = calm(1, 16, start, time).replace("count = 150", "count = 20").replace("1KiB", "1MiB");
        let ran = only(&text, NODES_TOO);
        ["lookup", "get", "put"].iter().for_each(|operation| ran.assert_all_correct(operation));
        for none in ["packets_sent", "bytes_total", "lookup_rpcs_mean", "put_rpcs_mean", "requests_per_online_s_mean"] {
            assert_eq!(ran.figure(none), 0.0, "{start}: {none}");
        }
        // A millisecond each way for each of its nodes that is asked.
        let (latency, hops) = (ran.figure("lookup_latency_mean_ms"), ran.figure("lookup_hops_mean"));
        assert!((1.0..2.0).contains(&(latency / hops)), "{start}: {latency} ms over {hops} hops");
        assert_eq!(ran.figure("get_local_ratio"), 1.0, "{start}: its own portion is that of all its nodes");
        // Three copies of everything, by the count of nodes; of what was put while they joined some have fewer.
        let copies = ran.figure("replicas_alive_mean");
        assert!(copies == 3.0 || !start.is_empty() && copies > 2.8, "{start}: {copies}");
    }
}

#[test]
fn loads_are_added_up_by_machine() {
    let time = "warmup = \"1min\"\nmeasure = \"10min\"";
    let [one, several] = [1, 8].map(|each| only(&calm(64, each, "", time), NODES_TOO));
    for ran in [&one, &several] {
        let rows = &ran.outcome.nodes;
        assert!(rows.len() == 64 && rows.iter().all(|row| row.online_s == 600.0 && row.contacts.is_some()));
        let sent: u64 = rows.iter().map(|row| row.bytes_sent).sum();
        assert_eq!(sent as f64, ran.figure("bytes_total"), "{}", ran.id);
        let held: f64 = rows.iter().filter_map(|row| row.records_mean).sum();
        assert!((held - 450.0).abs() < 1e-6, "{}: three copies of 150 records, not {held}", ran.id);
    }
    let contacts = |ran: &Ran| ran.outcome.nodes.iter().filter_map(|row| row.contacts).sum::<u64>() as f64 / 64.0;
    let traffic = |ran: &Ran| ran.figure("maintenance_bytes_per_online_s_mean");
    let (entries, upkeep) = (contacts(&several) / contacts(&one), traffic(&several) / traffic(&one));
    println!("eight nodes a machine: {entries:.2} times the entries, {upkeep:.2} times the upkeep");
    assert!((8.0..12.0).contains(&entries) && (8.0..12.0).contains(&upkeep), "{entries}, {upkeep}");
}

#[test]
fn what_cannot_be_is_refused_in_its_place() {
    let beside = "machines with several nodes cannot be combined with";
    let cases = [
        ("virtual_nodes = 0", "", "must be 1 to 64, not 0"),
        ("virtual_nodes = 65", "", "must be 1 to 64, not 65"),
        ("virtual_nodes = -1", "", "whole number"),
        ("virtual_nodes = 2", "network.nat.shares = { open = 0.5, symmetric = 0.5 }", beside),
        ("virtual_nodes = 2", "traversal.transport = \"connection\"", beside),
        ("virtual_nodes = 2", "storage.placement = \"random-participants\"", beside),
        ("virtual_nodes = 2", "storage.placement = \"provider\"", beside),
    ];
    for (key, more, said) in cases {
        let text = format!("population.online = 50\nresources.count = 9\n{more}\n[systems.ring.chord]\n{key}\n");
        let scenario = Scenario::parse("test".into(), "".into(), text.clone(), &[]).expect("it is TOML");
        let problems = scenario.runs(Registry::standard().registered()).expect_err(&text).to_string();
        assert!(problems.contains("test:5:17\n") && problems.contains(said), "{text}{problems}");
    }
}
