//! Who comes and goes: identities that are replaced, arrivals, the day, traces; and what is asked for when.

use std::collections::BTreeSet;

use super::lab::{self, FIGURES, OPERATIONS_TOO, Ran, environment, every_system, only, runs, simulate, traced};
use peerlab::engine::{Duration, Time};
use peerlab::population::trace;
use peerlab::registry::Registry;
use peerlab::run::{Wanted, environment};
use peerlab::scenario::Run;

/// A server alone: the population is the same in every system.
fn server(text: &str) -> Ran {
    only(&format!("{text}\n[systems.server.client-server]"), FIGURES)
}

/// Departures and replacements, arrivals, the day, crashes, crowds, partitions, outages, surges, moving hot spots.
const EVERYTHING: &str = r#"
    seed = 21
    time = { warmup = "5min", measure = "25min" }
    [population]
    online = 80
    churn = { session.weibull = { shape = 0.6, mean = "8min" }, downtime.exponential = { mean = "4min" } }
    departures.probability = 0.3
    arrivals.every = "40s"
    diurnal.amplitude = 0.5
    [resources]
    count = 60
    size.lognormal = { median = "1KiB", sigma = 1.0 }
    popularity.zipf = { exponent = 0.9 }
    rotate_every = "3min"
    [workload]
    lookup = { every = "20s", target = "node" }
    mix = { every = "15s", puts = 0.1 }
    diurnal.amplitude = 0.4
    [network]
    latency.plane = { width = "100ms" }
    [[events]]
    crash = { at = "8min", for = "3min", share = 0.3 }
    [[events]]
    flash-crowd = { at = "10min", for = "6min", arrivals = 40, resource = 3, factor = 30 }
    [[events]]
    partition = { at = "14min", for = "2min", shares = [0.3, 0.3, 0.4] }
    [[events]]
    server-outage = { at = "17min", for = "1min" }
    [[events]]
    demand = { at = "20min", for = "2min", factor = 3 }
    [[events]]
    crash = { at = "24min", share = 0.2 }
"#;

#[test]
fn sessions_and_operations_are_the_same_in_every_system_whatever_happens() {
    let mut of_all = Vec::new();
    for run in runs(&format!("{EVERYTHING}{}", every_system())) {
        let (ran, trace) = traced(&run, FIGURES);
        assert!(ran.figure("packets_lost_partition") > 0.0 || ran.system == "full-table", "{}: not cut", ran.id);
        of_all.push((run.id.clone(), environment(&trace, ran.figure("participants") as u32)));
    }
    for (word, least) in [(",up,", 300), (",lookup ", 5_000), (",get ", 5_000), (",put ", 700)] {
        let count = of_all[0].1.iter().filter(|line| line.contains(word)).count();
        assert!(count > least, "there is little to compare: {count} {word}");
    }
    for (id, events) in &of_all[1..] {
        let differ = events.iter().zip(&of_all[0].1).find(|(a, b)| a != b);
        assert!(differ.is_none() && events.len() == of_all[0].1.len(), "{id} and {} differ: {differ:?}", of_all[0].0);
    }
}

/// The runs of a text whose files are in a folder.
fn beside(folder: &std::path::Path, text: &str) -> Vec<Run> {
    let scenario = lab::scenario(text, folder.to_str().expect("it is text"));
    scenario.runs(Registry::standard().registered()).unwrap_or_else(|error| panic!("{error}")).runs
}

#[test]
fn a_trace_written_from_laws_replays_to_the_same_results_in_every_system() {
    let laws = runs(&format!("{EVERYTHING}{}", every_system()));
    let timeline = environment::timeline(&laws[0].plan, laws[0].seed);
    let mut text = Vec::new();
    // The run, the deadline of its last operations, and the notice of a session that ends after that.
    let latest = Time::ZERO + Duration::from_secs(30 * 60 + 60 + 15);
    trace::write(&timeline, latest, &mut text).expect("memory can be written to");
    let folder = tempfile::tempdir().expect("there is room for a folder");
    std::fs::write(folder.path().join("t.csv"), text).expect("the trace is written");
    let (before, after) = EVERYTHING.split_once("    [population]").expect("it has a population");
    let (_, after) = after.split_once("    [resources]").expect("it has resources");
    let participants = timeline.participants();
    let population = format!("population = {{ participants = {participants}, churn.trace = 't.csv' }}");
    let text = format!("{before}{population}\n[resources]{after}{}", every_system());
    for (law, replay) in laws.iter().zip(beside(folder.path(), &text)) {
        let (law, replay) = (simulate(law, OPERATIONS_TOO), simulate(&replay, OPERATIONS_TOO));
        assert_eq!(law.outcome.fingerprint, replay.outcome.fingerprint, "{}", law.id);
        assert_eq!(law.outcome.metrics, replay.outcome.metrics, "{}", law.id);
        assert!(law.outcome.samples == replay.outcome.samples && law.outcome.load == replay.outcome.load);
        assert!(law.outcome.operations == replay.outcome.operations, "{}", law.id);
    }
}

#[test]
fn departures_change_who_is_online_but_not_when() {
    let text = |departures: &str| {
        format!(
            r#"
            time = {{ warmup = "0s", measure = "10h", sample = "5min" }}
            [population]
            participants = 500
            churn = {{ session.exponential = {{ mean = "1h" }}, downtime.exponential = {{ mean = "1h" }} }}
            {departures}
            "#
        )
    };
    let stay = server(&text(""));
    let replaced = server(&text("departures.probability = 0.2"));
    // Everybody ends five sessions in ten hours, and one of five of them is the last of its identity.
    let identities = replaced.figure("participants");
    assert!((identities - 1_000.0).abs() < 70.0, "{identities}: not 500 and about 500 more");
    // The draws of a replacement are its own, so only the law is the same.
    let mean = |ran: &Ran| ran.figure("online_mean");
    assert!((mean(&stay) - 250.0).abs() < 8.0 && (mean(&replaced) - 250.0).abs() < 8.0, "{}", mean(&replaced));
    // Without replacement e^(−0.2·5) of them are left at the end, of which a half is online.
    let shrunk = server(&text("departures = { probability = 0.2, replaced = false }"));
    assert_eq!(shrunk.figure("participants"), 500.0);
    let left = shrunk.series("online").last().expect("there are samples").1;
    assert!((left - 92.0).abs() < 25.0, "{left} are online at the end");
    // A lifetime of two hours and a session to its end: nobody is there any more.
    let mortal = server(&text("departures = { lifetime.constant = '2h', replaced = false }"));
    assert!(mortal.series("online").last().expect("there are samples").1 < 5.0);
}

#[test]
fn arrivals_are_a_poisson_stream() {
    let text = r#"
        time = { warmup = "0s", measure = "3000min", sample = "10min" }
        population = { participants = 1, arrivals.every = "30s" }
    "#;
    let online = server(text).series("online");
    let counts: Vec<f64> = online.windows(2).map(|pair| pair[1].1 - pair[0].1).collect();
    let (n, mean) = (counts.len() as f64, counts.iter().sum::<f64>() / counts.len() as f64);
    let variance = counts.iter().map(|count| (count - mean) * (count - mean)).sum::<f64>() / (n - 1.0);
    // 299 intervals with twenty each: standard deviations of 0.26 of the mean, and of 1.64 of the variance.
    assert!((mean - 20.0).abs() < 0.8, "mean {mean}");
    assert!((variance - 20.0).abs() < 5.0, "variance {variance}");
}

/// M/G/∞: with a Poisson stream at the rate online/E[session] the number online keeps its mean, whatever the law.
#[test]
fn who_comes_once_is_replaced_by_who_arrives() {
    let text = r#"
        time = { warmup = "0s", measure = "10h", sample = "10min" }
        population = { online = 400, churn.preset = "bittorrent-flatout", arrivals = {} }
    "#;
    let ran = server(text);
    assert!((ran.figure("online_mean") - 400.0).abs() < 30.0, "{} online", ran.figure("online_mean"));
    // E[session] = 64.4 min: 400 of the start and 3727 arrivals.
    assert!((ran.figure("participants") - 4_127.0).abs() < 190.0, "{} came", ran.figure("participants"));
}

/// dp/dt = (1 − p)·f(t)/D − p/U for exponential sessions U and absences D at pace f.
#[test]
fn availability_follows_the_day() {
    let text = r#"
        time = { warmup = "0s", measure = "48h", sample = "30min" }
        [population]
        participants = 20_000
        churn = { session.exponential = { mean = "2h" }, downtime.exponential = { mean = "4h" } }
        diurnal = { amplitude = 0.8, peak = 20 }
    "#;
    let online = server(text).series("online");
    let factor = |hour: f64| {
        let middle = hour.floor() + 0.5;
        1.0 + 0.8 * libm::cos(std::f64::consts::TAU * (middle - 20.0) / 24.0)
    };
    let (mut p, mut hour, step) = (1.0 / 3.0, 0.0, 1e-3);
    let (mut low, mut high) = (1.0f64, 0.0f64);
    for (at, online) in online {
        while hour < at / 3_600.0 - step / 2.0 {
            p += step * ((1.0 - p) * factor(hour) / 4.0 - p / 2.0);
            hour += step;
        }
        let share = online / 20_000.0;
        // The standard deviation is 0.0033.
        assert!((share - p).abs() < 0.014, "{share} online after {hour} h, and not {p}");
        (low, high) = (low.min(share), high.max(share));
    }
    assert!(low < 0.2 && high > 0.43, "from {low} to {high}: hardly a day");
}

/// How many gets of a record were issued in these seconds, by the trace of a run.
fn asked(trace: &str, key: &str, from: f64, until: f64) -> usize {
    let line = |line: &&str| {
        let at = line.split(',').next().and_then(|at| at.parse::<f64>().ok()).unwrap_or(0.0) / 1e9;
        line.contains(",issue,") && line.contains(key) && (from..until).contains(&at)
    };
    trace.lines().filter(line).count()
}

const ASKING: &str = r#"
    time = { warmup = "0s", measure = "40min" }
    population.participants = 200
    resources = { count = 20 }
    workload = { get.every = "20s", lookup.every = "60s" }
"#;

#[test]
fn a_crowd_wants_one_record_more_and_the_others_as_before() {
    let text = format!(
        "{ASKING}[[events]]\nflash-crowd = {{ at = '10min', for = '10min', resource = 0, factor = 41 }}\n\
         [[events]]\ndemand = {{ at = '30min', for = '5min', factor = 2, operation = 'lookup' }}\n\
         [systems.server.client-server]"
    );
    let (_, trace) = traced(&runs(&text)[0], FIGURES);
    let gets = |from: f64, until: f64| asked(&trace, ",get ", from * 60.0, until * 60.0) as f64;
    // 6,000 gets in ten minutes, and of one of twenty records 40 times 300 more.
    assert!((gets(0.0, 10.0) - 6_000.0).abs() < 300.0, "{}", gets(0.0, 10.0));
    assert!((gets(10.0, 20.0) - 18_000.0).abs() < 500.0, "{}", gets(10.0, 20.0));
    assert!((gets(20.0, 30.0) - 6_000.0).abs() < 300.0, "{}", gets(20.0, 30.0));
    let issued = trace.lines().filter(|line| line.contains(",issue,"));
    let records: BTreeSet<&str> =
        issued.filter_map(|line| line.split(",get ").nth(1)?.split([' ', ',']).nth(1)).collect();
    let mut of_one: Vec<usize> = records.iter().map(|record| asked(&trace, record, 600.0, 1_200.0)).collect();
    of_one.sort_unstable();
    assert!((of_one[19] as f64 - 12_300.0).abs() < 400.0 && of_one[18] < 380 && of_one[0] > 220, "{of_one:?}");
    let lookups = |from: f64, until: f64| asked(&trace, ",lookup ", from * 60.0, until * 60.0) as f64;
    assert!((lookups(30.0, 35.0) / lookups(25.0, 30.0) - 2.0).abs() < 0.25, "{}", lookups(30.0, 35.0));
}

#[test]
fn demand_follows_the_day() {
    let text = r#"
        time = { warmup = "0s", measure = "24h", sample = "1h" }
        population.participants = 100
        workload = { lookup.every = "1min", diurnal = { amplitude = 0.7, peak = 12 } }
    "#;
    for (hour, (_, count)) in (0u32..).zip(server(text).series("lookup_correct")) {
        let factor = 1.0 + 0.7 * libm::cos(std::f64::consts::TAU * (f64::from(hour) + 0.5 - 12.0) / 24.0);
        // Four standard deviations of a Poisson count.
        let (expected, bound) = (6_000.0 * factor, 4.0 * (6_000.0 * factor).sqrt());
        assert!((count - expected).abs() < bound, "{count} in hour {hour}, not {expected}");
    }
}

#[test]
fn demand_follows_the_day_of_a_region_where_hours_are_local() {
    let text = |local: bool| {
        format!(
            "time = {{ warmup = '0s', measure = '24h', sample = '1h' }}\npopulation.participants = 50\n\
             network.latency.regions.shares = {{ east-asia = 1 }}\n\
             workload = {{ lookup.every = '1min', diurnal = {{ amplitude = 0.9, peak = 20, local = {local} }} }}"
        )
    };
    let counts =
        |local| server(&text(local)).series("lookup_correct").into_iter().map(|(_, n)| n).collect::<Vec<f64>>();
    let (here, there) = (counts(false), counts(true));
    for (hour, count) in there.iter().enumerate() {
        // Eight hours ahead: what is asked here at twenty is asked there at noon of universal time.
        let same = here[(hour + 8) % 24];
        assert!((count - same).abs() < 5.0 * (count + same).sqrt(), "{count} in hour {hour}, and {same} here");
    }
}

#[test]
fn requests_of_a_file_are_asked_by_whoever_is_online() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let text = "time_s,participant,operation,key,bytes\n1,0,put,3,700\n2.5,1,get,3,\n3,2,lookup,99,\n700,0,get,3,\n";
    std::fs::write(folder.path().join("r.csv"), text).expect("the file is written");
    let trace = "time_s,participant,state\n0,0,up\n0,1,up\n500,0,down\n";
    std::fs::write(folder.path().join("t.csv"), trace).expect("the file is written");
    let text = format!(
        "time = {{ warmup = '0s', measure = '20min' }}\nresources.count = 4\nworkload.trace = 'r.csv'\n\
         population = {{ participants = 3, churn.trace = 't.csv' }}\n{}",
        every_system()
    );
    for run in beside(folder.path(), &text) {
        let ran = simulate(&run, OPERATIONS_TOO);
        let rows: Vec<_> = ran.outcome.operations.iter().map(|row| (row.participant, row.kind, row.outcome)).collect();
        assert_eq!(rows, [(0, "put", "correct"), (1, "get", "correct")], "{}: participant 2 was never up", ran.id);
    }
}

/// Two of the forty who come evenly within twenty minutes come in the last minute of the run.
#[test]
fn participants_are_those_who_are_ever_online() {
    let text = format!(
        "seed = 3\ntime = {{ warmup = '10min', measure = '20min' }}\npopulation.participants = 30\n\
         workload.lookup.every = '1min'\n\
         [[population.classes]]\nname = 'few'\nshare = 0.3\n[[population.classes]]\nname = 'many'\nshare = 0.7\n\
         [[events]]\nflash-crowd = {{ at = '29min', arrivals = 40, over = '20min' }}\n{}",
        every_system()
    );
    for run in runs(&text) {
        let (ran, trace) = traced(&run, Wanted { nodes: true, ..FIGURES });
        let up: BTreeSet<&str> =
            trace.lines().filter(|line| line.contains(",up,")).filter_map(|line| line.split(',').nth(2)).collect();
        let rows = &ran.outcome.nodes;
        let servers = rows.iter().filter(|row| row.role == "server").count();
        let participants = ran.figure("participants");
        assert_eq!((participants + servers as f64, up.len()), (rows.len() as f64, rows.len()), "{}", ran.id);
        assert!((31.0..36.0).contains(&participants), "{}: {participants}", ran.id);
        let of_classes: f64 = ran.outcome.classes.iter().filter_map(|class| class.values[0]).sum();
        assert_eq!(of_classes, participants, "{}", ran.id);
    }
}

/// A participant and a server that come and go 80,000 times: more often than a packet has room to number.
#[test]
fn sessions_and_failures_beyond_65_536_are_numbered_on() {
    let ran = only(
        "time = { warmup = '0s', measure = '80s' }\nworkload = { deadline = '1s', lookup.every = '1s' }\n\
         population = { participants = 2, churn = { session.constant = '500us', downtime.constant = '500us' } }\n\
         [systems.server.client-server]\nmtbf = '1ms'\nmttr = '1us'\n",
        OPERATIONS_TOO,
    );
    ran.assert_near("online_mean", 1.0, 0.01);
    let latest = ran.outcome.operations.iter().map(|row| row.session).max();
    assert!(latest.is_some_and(|latest| latest > 75_000), "{latest:?}");
}
