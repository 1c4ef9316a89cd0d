//! What every registered protocol must do, whatever it is. A new row of the registry is tested here without a word.

use super::lab::{FIGURES, OPERATIONS_TOO, Ran, all, every_mode, every_system, runs, simulate, traced};

/// Lookups, gets and puts by 200 machines that never fail.
const CALM: &str = r#"
    seed = 3
    [population]
    participants = 200
    [resources]
    count = 150
    size = "1KiB"
    popularity.zipf = { exponent = 0.9 }
    [workload]
    lookup = { every = "20s" }
    get = { every = "20s" }
    put = { every = "2min" }
"#;

/// Sessions of minutes, lost packets, jitter, narrow lines, a crash: nothing is spared.
const ROUGH: &str = r#"
    seed = 4
    [time]
    warmup = "5min"
    measure = "15min"
    [population]
    online = 120
    [population.churn]
    session.weibull = { shape = 0.6, mean = "10min" }
    downtime.exponential = { mean = "10min" }
    [network]
    loss = 0.01
    jitter = 0.2
    latency.plane = { width = "150ms" }
    access = { uplink = "1Mbit/s", downlink = "2Mbit/s", queue = "64KiB" }
    [resources]
    count = 100
    [workload]
    lookup = { every = "20s", target = "node" }
    get = { every = "20s" }
    put = { every = "1min" }
    [[events]]
    crash = { at = "12min", share = 0.2 }
"#;

#[test]
fn a_population_that_only_looks_up_needs_no_storage() {
    let (before, rest) = ROUGH.split_once("[resources]").expect("there are resources");
    let (_, events) = rest.split_once("[[events]]").expect("there are events");
    let text = format!("{before}[workload]\nlookup = {{ every = \"20s\" }}\n[[events]]{events}{}", every_system());
    for ran in all(&text) {
        assert!(ran.figure("lookups") > 1000.0, "{}", ran.id);
        assert_eq!(ran.maybe("gets").unwrap_or(0.0), 0.0, "{}", ran.id);
    }
}

fn calm(start: &str, time: &str) -> Vec<Ran> {
    let population = format!("participants = 200\n{start}");
    let text = CALM.replace("participants = 200", &population);
    all(&format!("{text}\n[time]\n{time}\n{}", every_system()))
}

#[test]
fn without_loss_churn_and_failures_every_answer_is_correct() {
    for ran in calm("", "warmup = \"1min\"\nmeasure = \"10min\"") {
        ["lookup", "get", "put"].iter().for_each(|operation| ran.assert_all_correct(operation));
        assert_eq!(ran.figure("lookup_abandoned_ratio"), 0.0);
        for cause in ["uplink_queue", "downlink_queue", "loss", "offline", "stale", "server_queue"] {
            assert_eq!(ran.figure(&format!("packets_lost_{cause}")), 0.0, "{}: {cause}", ran.id);
        }
        assert_eq!((ran.figure("availability_min"), ran.figure("resources_lost")), (1.0, 0.0), "{}", ran.id);
        assert_eq!((ran.figure("online_mean"), ran.figure("joined_mean")), (200.0, 200.0), "{}", ran.id);
    }
}

#[test]
fn an_overlay_that_nobody_converged_gets_there_by_joining() {
    for ran in calm("start = \"join\"\njoin_over = \"5min\"", "warmup = \"20min\"\nmeasure = \"10min\"") {
        ["lookup", "get", "put"].iter().for_each(|operation| ran.assert_all_correct(operation));
        assert_eq!((ran.figure("joined_mean"), ran.figure("availability_min")), (200.0, 1.0), "{}", ran.id);
        let online = ran.series("online");
        assert!(online[0].1 < 100.0, "{}: they come one by one, and are {} after a minute", ran.id, online[0].1);
    }
}

#[test]
fn a_system_does_not_know_what_it_is_compared_with() {
    let system = |name: &&str| format!("[systems.{name}.{name}]\n");
    let names: Vec<&str> =
        peerlab::registry::Registry::standard().entries().iter().map(|e| e.registered.name).collect();
    let together = all(&format!("{ROUGH}{}", names.iter().map(system).collect::<String>()));
    let reversed = all(&format!("{ROUGH}{}", names.iter().rev().map(system).collect::<String>()));
    for (name, ran) in names.iter().zip(&together) {
        let alone = all(&format!("{ROUGH}{}", system(name)));
        let other = reversed.iter().find(|ran| ran.system == *name).expect("it is there too");
        assert!(ran.id == alone[0].id && ran.id == other.id);
        assert!(ran.outcome == alone[0].outcome && ran.outcome == other.outcome, "{name} depends on its company");
    }
}

/// Sessions and absences shorter than a round trip: many replies find the next session of their node.
const FLICKER: &str = r#"
    seed = 5
    [time]
    warmup = "0s"
    measure = "3min"
    [population]
    participants = 100
    rejoin = "keep"
    [population.churn]
    session.uniform = { low = "100ms", high = "3s" }
    downtime.uniform = { low = "10ms", high = "200ms" }
    graceful = 0.0
    [network]
    latency.constant = "150ms"
    [workload]
    lookup = { every = "300ms" }
"#;

/// A reply that were taken for the answer to a question of a later session would come too early.
#[test]
fn a_reply_from_before_the_session_answers_nothing() {
    for run in runs(&format!("{FLICKER}{}", every_system())) {
        let ran = simulate(&run, OPERATIONS_TOO);
        assert!(ran.figure("packets_lost_stale") > 100.0, "{}: {} stale", ran.id, ran.figure("packets_lost_stale"));
        let answered = ran.outcome.operations.iter().filter(|row| matches!(row.outcome, "correct" | "incorrect"));
        for row in answered.filter(|row| row.rpcs > 0) {
            assert!(row.latency_ms >= Some(300.0), "{}: answered before a reply could come: {row:?}", ran.id);
        }
    }
}

/// Each handed-over reply was sent in the session that it arrives in, by the trace alone.
#[test]
fn replies_are_delivered_within_the_session_of_their_request() {
    for run in runs(&format!("{FLICKER}{}", every_system())) {
        let (ran, trace) = traced(&run, FIGURES);
        let mut up_since = vec![0u64; run.plan.population.participants as usize + 1];
        let mut replies = 0;
        for line in trace.lines().skip(1) {
            let cells: Vec<&str> = line.split(',').collect();
            let at: u64 = cells[0].parse().unwrap();
            match (cells[1], cells[4]) {
                ("up", _) => up_since[cells[2].parse::<usize>().unwrap()] = at,
                ("deliver", "lookup-reply") => {
                    replies += 1;
                    let receiver: usize = cells[3].parse().unwrap();
                    assert!(at >= up_since[receiver] + 300_000_000, "{}: too early for this session: {line}", ran.id);
                }
                _ => {}
            }
        }
        assert!(replies > 0 || ran.system == "full-table", "{}: no replies", ran.id);
    }
}

/// Where 3 or 7 in 10 are behind NATs that let in whatever is sent to their mapping.
#[test]
fn behind_full_cone_nats_every_mode_of_every_protocol_works_as_without() {
    let nats = |share: f64| format!("network.nat.shares = {{ open = {}, full-cone = {share} }}", 1.0 - share);
    for start in ["start = \"converged\"", "start = \"join\"\njoin_over = \"5min\""] {
        let text = CALM.replace("participants = 200", &format!("participants = 100\n{start}"));
        let of = |nats: &str| {
            all(&format!("{nats}\n{text}\n[time]\nwarmup = \"30min\"\nmeasure = \"10min\"\n{}", every_mode()))
        };
        let without = of("");
        for (plain, behind) in [0.3, 0.7].iter().flat_map(|&share| without.iter().zip(of(&nats(share)))) {
            for figure in ["lookup_correct_ratio", "get_correct_ratio", "put_correct_ratio"] {
                behind.assert_near(figure, plain.figure(figure), 0.002);
            }
            behind.assert_near("nodes_touched_per_put", plain.figure("nodes_touched_per_put"), 0.1);
            behind.assert_near("joined_mean", plain.figure("joined_mean"), 0.0);
        }
    }
}
