//! Caching along the way: what it takes off the busiest machine, how old its answers are, and what it must not touch.

use super::lab::{FIGURES, OPERATIONS_TOO, Ran, all, only};

/// Two hundred participants who read twenty records of Zipf's popularity.
fn zipf(system: &str, storage: &str, more: &str) -> String {
    format!(
        r#"
        seed = 3
        network.latency.plane.width = "100ms"
        resources = {{ count = 20, size = "4KiB", popularity.zipf.exponent = 1.2 }}
        workload.get.every = "10s"
        time = {{ warmup = "10min", measure = "30min" }}
        storage = {{ {storage} }}
        {more}
        {system}
        "#
    )
}

const STAY: &str = "population.participants = 200";
const COME_AND_GO: &str = "population.participants = 200\n\
     population.churn = { session.exponential.mean = '30min', downtime.exponential.mean = '30min' }";
const CACHE: &str = "cache = '1MiB'";

#[test]
fn caching_takes_load_off_the_busiest_machine() {
    let systems = ["chord = {}", "chord = { routing = 'recursive' }", "kademlia = { k = 4 }", "kademlia = {}"];
    for system in systems.map(|system| format!("systems.s.{system}")) {
        for size in ["4KiB", "40KiB"] {
            let [off, on] = ["", CACHE].map(|storage| {
                let ran = only(&zipf("", storage, &format!("{STAY}\n{system}")).replace("4KiB", size), FIGURES);
                ran.assert_all_correct("get");
                ran
            });
            let figures = |name: &str| [&off, &on].map(|ran| ran.figure(name));
            let (requests, upload) = (figures("requests_max_over_mean"), figures("upload_max_over_mean"));
            let (hits, bytes) = (on.figure("cache_hit_ratio"), on.figure("cached_bytes_mean"));
            println!("{system}, {size}: requests {requests:.2?}, upload {upload:.2?}, hits {hits:.2}, {bytes:.0} B");
            assert!(requests[1] < 0.8 * requests[0], "{system}, {size}: {requests:?}");
            assert!(upload[1] < 0.8 * upload[0], "{system}, {size}: {upload:?}");
            assert!(off.maybe("cache_hit_ratio").is_none() && off.maybe("cached_bytes_mean").is_none());
        }
    }
}

#[test]
fn a_cache_of_no_bytes_is_none_at_all() {
    let systems = "[systems.chord.chord]\n[systems.kademlia.kademlia]";
    let [without, with] = ["", "cache = '0B'"].map(|storage| all(&zipf(systems, storage, COME_AND_GO)));
    for (a, b) in without.iter().zip(&with) {
        assert_eq!((a.outcome.fingerprint, &a.outcome.metrics), (b.outcome.fingerprint, &b.outcome.metrics));
    }
}

#[test]
fn servers_and_full_tables_have_nothing_to_cache() {
    let systems = "[systems.server.client-server]\n[systems.table.full-table]";
    let [without, with] = ["", CACHE].map(|storage| all(&zipf(systems, storage, STAY)));
    for (a, b) in without.iter().zip(&with) {
        assert_eq!((a.outcome.fingerprint, &a.outcome.metrics), (b.outcome.fingerprint, &b.outcome.metrics));
    }
}

/// When puts were acknowledged, and when gets ended with an old version, in seconds.
fn puts_and_old_answers(ran: &Ran) -> (Vec<f64>, Vec<(f64, f64)>) {
    let ended = |row: &peerlab::measure::outcome::OperationRow| {
        let issued = row.issued.as_nanos() as f64 / 1e9;
        Some((issued, issued + row.latency_ms? / 1e3))
    };
    let of =
        |kind, outcome| ran.outcome.operations.iter().filter(move |row| (row.kind, row.outcome) == (kind, outcome));
    (
        of("put", "correct").filter_map(ended).map(|(_, end)| end).collect(),
        of("get", "incorrect").filter_map(ended).collect(),
    )
}

#[test]
fn an_answer_from_a_cache_is_no_older_than_its_time_to_live() {
    for protocol in ["chord", "kademlia"] {
        let system = format!("workload.put.every = '20h'\n[systems.s.{protocol}]");
        let [never, short, long] = ["", "cache_ttl = '20s', ", "cache_ttl = '5min', "].map(|ttl| {
            let storage = if ttl.is_empty() { String::new() } else { format!("{ttl}{CACHE}") };
            only(&zipf(&system, &storage, STAY).replace("count = 20", "count = 1"), OPERATIONS_TOO)
        });
        assert_eq!(never.figure("get_incorrect_ratio"), 0.0, "{protocol}");
        for (ran, ttl) in [(&short, 20.0), (&long, 300.0)] {
            let (puts, old) = puts_and_old_answers(ran);
            println!("{protocol}, {ttl} s: {} puts, {} old answers", puts.len(), old.len());
            assert!(puts.len() > 3 && !old.is_empty(), "{protocol}: nothing to see");
            // Puts of the warm-up are not listed.
            for (issued, ended) in old.into_iter().filter(|(_, ended)| *ended > 600.0 + ttl) {
                let fresh = puts.iter().any(|&put| put <= issued && put >= ended - ttl - 1e-9);
                assert!(fresh, "{protocol}: an answer at {ended} s is older than {ttl} s");
            }
        }
        let [a, b] = [&short, &long].map(|ran| ran.figure("get_incorrect_ratio"));
        assert!(a < 0.5 * b, "{protocol}: {a} within 20 s, {b} within 5 min");
        let [a, b] = [&short, &long].map(|ran| ran.figure("cache_hit_ratio"));
        assert!(a < b, "{protocol}: {a} within 20 s, {b} within 5 min");
    }
}

#[test]
fn cached_copies_are_nobodys_replicas() {
    let figures = ["availability_mean", "availability_min", "replicas_alive_mean", "storage_overhead_ratio"];
    for protocol in ["chord", "kademlia"] {
        let system = format!("[systems.s.{protocol}]");
        let gone = format!("{COME_AND_GO}\npopulation.departures.probability = 0.3");
        let [off, on] = ["", "cache = '1MiB', cache_ttl = '1h', "]
            .map(|storage| only(&zipf(&system, &format!("{storage}repair = 'none', replicas = 1"), &gone), FIGURES));
        for name in figures.into_iter().chain(["durability_ratio", "records_mean", "repairs"]) {
            assert_eq!(off.figure(name), on.figure(name), "{protocol}: {name}");
        }
        let (hits, left) = (on.figure("cache_hit_ratio"), off.figure("durability_ratio"));
        println!("{protocol}: {hits:.2} of the answers cached, {left:.2} of the resources left");
        assert!(on.figure("get_correct_ratio") > off.figure("get_correct_ratio"), "what is cached can be read");
        assert!(hits > 0.1 && left < 1.0, "{protocol}: nothing to see");
    }
}
