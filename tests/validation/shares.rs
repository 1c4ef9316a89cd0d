//! Shares, minima, evenness and availability: what they can be, whatever happens.

use std::path::Path;

use peerlab::registry::Registry;
use peerlab::scenario::Run;

use super::lab::{self, FIGURES, Ran, all, every_system, only, simulate};

/// A hundred online at a time, each identity for three minutes and then replaced: one in 55 is online for a tenth of the
/// measurement.
const NOBODY_STAYS: &str = r#"
    time = { warmup = "10min", measure = "2h" }
    population.participants = 120
    population.churn = { session.exponential.mean = "3min", downtime.exponential.mean = "30s" }
    population.departures.probability = 1.0
    workload.lookup.every = "20s"
    systems.server.client-server = {}
    systems.ring.chord = {}
"#;

#[test]
fn the_busiest_machine_has_a_share_of_all_bytes_whoever_stays() {
    let [server, ring] = <[Ran; 2]>::try_from(all(NOBODY_STAYS)).unwrap_or_else(|_| panic!("two systems"));
    server.assert_near("busiest_machine_share_ratio", 0.5, 1e-4);
    ring.assert_near("busiest_machine_share_ratio", 0.0027, 0.0003);
    for ran in [&server, &ring] {
        assert!(ran.figure("busiest_machine_share_ratio") <= 0.5, "{}", ran.id);
        assert!(ran.figure("machines_left_out") > 3_000.0, "{}: nearly all who were ever there", ran.id);
    }
    // Of exponential sessions those below four means make up 1 − 5·e⁻⁴ of the time. What the server moves its clients move too.
    ring.assert_near("left_out_bytes_ratio", 0.908, 0.02);
    server.assert_near("left_out_bytes_ratio", 0.908 / 2.0, 0.01);
    let moved = 2.0 * server.figure("busiest_machine_share_ratio") * server.figure("bytes_total");
    server.assert_near("busiest_machine_bytes_per_s", moved / 7_200.0, 1e-9 * moved);
}

/// Those who are online for half of the time move what they move in half of the time.
#[test]
fn the_busiest_machines_rate_is_per_second_online() {
    let text = "time = { warmup = '0s', measure = '1h' }\npopulation.churn.trace = 't.csv'\nworkload.lookup.every = '1s'\n\
        systems.server.client-server = {}";
    let rates = ["", "1800,0,down\n1800,1,down\n"].map(|ends| {
        let ran = beside(&format!("time_s,participant,state\n0,0,up\n0,1,up\n{ends}"), None, text).remove(0);
        assert_eq!(ran.figure("machines_left_out"), 0.0);
        (ran.figure("machine_bytes_per_s_mean"), ran.figure("bytes_total"))
    });
    // Two clients and a server, which has all the time and half of the work.
    let (whole, half) = (rates[0].0, rates[1].0);
    assert!((rates[1].1 / rates[0].1 - 0.5).abs() < 0.03, "{rates:?}");
    assert!((half / whole - (2.0 + 1.0) / (2.0 + 2.0)).abs() < 0.03, "{rates:?}");
}

#[test]
fn no_share_exceeds_one_half_whatever_is_lost() {
    let text = |systems: &str| {
        format!(
            "time = {{ warmup = '5min', measure = '1h' }}\npopulation.participants = 50\nnetwork.loss = 0.2\n\
             resources = {{ count = 100, size = '1KiB' }}\nworkload.get.every = '20s'\n{systems}"
        )
    };
    let server = only(&text("systems.server.client-server = {}"), FIGURES);
    let share = server.figure("busiest_machine_share_ratio");
    // What clients send and the server does not receive is on one side of the account only: 64 of some 1,300 bytes.
    assert!((0.485..0.5).contains(&share), "{share}");
    for ran in all(&text(&every_system())) {
        assert!(ran.figure("busiest_machine_share_ratio") <= 0.5, "{}", ran.id);
    }
}

/// Heavy churn, loss and puts.
const ACCOUNTS: &str = r#"
    seed = 77
    [time]
    warmup = "30min"
    measure = "1h"
    sample = "5min"
    [population]
    online = 120
    [population.churn]
    preset = "kad"
    time_scale = 0.1
    [network]
    loss = 0.01
    latency.plane = { width = "150ms" }
    access = { uplink = "1Mbit/s", downlink = "5Mbit/s" }
    [resources]
    count = 200
    size = "4KiB"
    popularity.zipf = { exponent = 0.9 }
    [storage]
    replicas = 3
    [workload]
    lookup = { every = "2min" }
    get = { every = "1min" }
    put = { every = "20min" }
    [systems.server.client-server]
    mtbf = "1h"
    mttr = "5min"
    [systems.full.full-table]
    [systems.ring.chord]
    [systems.kad8.kademlia]
    k = 8
"#;

#[test]
fn the_least_availability_is_over_time_and_not_over_samples() {
    for ran in all(ACCOUNTS) {
        let (least, mean) = (ran.figure("availability_min"), ran.figure("availability_mean"));
        println!("{}: {least} at least, {mean} on average", ran.id);
        assert!(least <= mean, "{}: {least} > {mean}", ran.id);
        let sampled = ran.series("availability").into_iter().filter(|(at, _)| *at >= 1_800.0);
        assert!(sampled.map(|(_, share)| share).all(|share| least <= share), "{}: {least}", ran.id);
        // The server failed for minutes between two samples.
        assert!(ran.system != "server" || least == 0.0 && mean > 0.9, "{least}, {mean}");
    }
}

#[test]
fn evenness_is_among_those_that_can_serve() {
    let text = "time.measure = '30min'\npopulation.participants = 60\nresources.count = 300\nworkload.get.every = '5s'\n\
        systems.one.client-server = {}\nsystems.two.client-server.servers = 2\nsystems.ring.chord = {}";
    for ran in all(text) {
        for load in ["requests", "upload", "records"] {
            let figure = |index: &str| ran.maybe(&format!("{load}_{index}"));
            let serving = (figure("gini_serving"), figure("jain_serving"));
            match ran.system.as_str() {
                "one" => {
                    assert_eq!(serving, (None, None), "{load} of one server");
                    let gini = figure("gini").expect("it has a load");
                    assert!((gini - 60.0 / 61.0).abs() < 1e-9, "whatever is measured: {gini}");
                }
                "two" => {
                    let (gini, jain) = (serving.0.expect("two servers"), serving.1.expect("two servers"));
                    assert!(gini < 0.1 && jain > 0.9, "{load}: {gini}, {jain}");
                }
                _ => assert_eq!(serving, (figure("gini"), figure("jain")), "{load}: all peers can serve"),
            }
        }
    }
}

/// Half of the participants cannot be dialled and take part as clients, whom nobody asks anything.
#[test]
fn clients_of_an_overlay_cannot_serve() {
    let ran = only(
        "seed = 2\ntime = { warmup = '30min', measure = '30min' }\npopulation.participants = 100\nresources.count = 200\n\
         network.nat.shares = { open = 0.5, symmetric = 0.5 }\ntraversal.transport = 'connection'\n\
         workload.get.every = '20s'\n[systems.kad.kademlia]\ntables = 'dialable'",
        FIGURES,
    );
    let (all, serving) = (ran.figure("records_gini"), ran.figure("records_gini_serving"));
    // With a part p of all, and none for the others: G = p·G_p + 1 − p.
    assert!((all - (0.5 * serving + 0.5)).abs() < 0.08, "{all} over all, {serving} over those in the tables");
}

/// Two machines. One is away when the other puts a new version of everything, and comes back when that has gone.
const AWAY: &str = "time_s,participant,state\n0,0,up\n0,1,up\n50,1,down\n100,0,down\n150,1,up\n250,0,up\n";

#[test]
fn what_is_there_in_an_old_version_only_is_not_available() {
    let puts: String = (0..4).map(|resource| format!("70,0,put,{resource},\n")).collect();
    let text = |systems: &str| {
        format!(
            "time = {{ warmup = '20s', measure = '280s', sample = '1s' }}\npopulation.churn.trace = 't.csv'\n\
             resources.count = 4\nstorage.replicas = 2\nworkload.trace = 'r.csv'\n{systems}"
        )
    };
    let peers = "systems.full.full-table = {}\nsystems.ring.chord = {}\n\
        [systems.pieces.chord]\n[systems.pieces.storage]\npieces = 2\nparity = 1";
    for (puts, expected) in [("", 80.0 + 100.0 + 50.0), (&puts[..], 80.0 + 50.0)] {
        let requests = format!("time_s,participant,operation,key,bytes\n{puts}");
        for ran in beside(AWAY, Some(&requests), &text(peers)) {
            assert_eq!(ran.maybe("put_correct_ratio"), (!puts.is_empty()).then_some(1.0), "{}", ran.id);
            ran.assert_near("availability_mean", expected / 280.0, 1e-9);
            assert_eq!((ran.figure("availability_min"), ran.figure("resources_lost")), (0.0, 0.0), "{}", ran.id);
            let available = ran.series("availability");
            let at = |second: f64| available.iter().find(|sample| sample.0 == second).expect("it was sampled").1;
            let old = if puts.is_empty() { 1.0 } else { 0.0 };
            assert_eq!([90.0, 120.0, 200.0, 260.0].map(at), [1.0, 0.0, old, 1.0], "{}", ran.id);
        }
    }
}

/// Runs all of a scenario beside a file `t.csv` of sessions and perhaps one of requests, `r.csv`.
fn beside(sessions: &str, requests: Option<&str>, text: &str) -> Vec<Ran> {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("it is written");
    write("t.csv", sessions);
    requests.into_iter().for_each(|requests| write("r.csv", requests));
    runs_in(folder.path(), text).iter().map(|run| simulate(run, FIGURES)).collect()
}

fn runs_in(folder: &Path, text: &str) -> Vec<Run> {
    let scenario = lab::scenario(text, folder.to_str().expect("it is text"));
    scenario.runs(Registry::standard().registered()).unwrap_or_else(|error| panic!("{error}")).runs
}
