//! Several servers, standbys and failures, through the whole simulator.

use std::collections::VecDeque;
use std::io::{self, Write};

use peerlab::registry::Registry;

use super::lab::{FIGURES, OPERATIONS_TOO, Ran, only, runs, traced};
use super::queueing::{EXPONENTIAL, demand};

const PARTICIPANTS: u32 = 100;

/// Fifty minutes of gets and puts without churn or loss at servers with these keys.
fn scenario(workload: &str, servers: &str) -> String {
    format!(
        r#"
        seed = 3
        [time]
        warmup = "0s"
        measure = "50min"
        [population]
        participants = {PARTICIPANTS}
        [network]
        latency.constant = "10ms"
        [resources]
        count = 900
        size = "1KiB"
        popularity.uniform = {{}}
        [workload]
        {workload}
        [systems.server.client-server]
        rpc_timeout = "1s"
        {servers}
        "#
    )
}

const GETS: &str = "get = { every = \"1s\" }";
const FAILING: &str = "mtbf = \"4min\"\nmttr = \"2min\"";

fn with_trace(text: &str) -> (Ran, String) {
    traced(&runs(text)[0], OPERATIONS_TOO)
}

/// When a server was down, in seconds: from the trace.
fn outages(trace: &str, server: u32) -> Vec<(f64, f64)> {
    let (mut outages, node) = (Vec::new(), (PARTICIPANTS + server).to_string());
    for line in trace.lines().skip(1) {
        let mut cells = line.split(',');
        let (at, event) = (cells.next().unwrap(), cells.next().unwrap());
        if !matches!(event, "up" | "down") || cells.next() != Some(&node) {
            continue;
        }
        let at = at.parse::<f64>().unwrap() / 1e9;
        match (event, outages.last_mut()) {
            ("down", _) => outages.push((at, f64::INFINITY)),
            (_, Some(outage)) => outage.1 = at,
            (_, None) => {}
        }
    }
    outages
}

/// The share of arrivals that find all workers busy, from a trace that is not kept: a request comes 1 ms after it was sent,
/// and leaves the server when it is said to be delivered there.
struct Waits {
    workers: usize,
    line: Vec<u8>,
    coming: VecDeque<u64>,
    present: usize,
    arrived: u64,
    waited: u64,
}

impl Waits {
    fn take(&mut self) {
        let line = std::str::from_utf8(&self.line).unwrap();
        let mut cells = line.split(',');
        let (at, event) = (cells.next().unwrap(), cells.next().unwrap());
        if line.contains(",lookup-request,") {
            let at: u64 = at.parse().unwrap();
            while self.coming.front().is_some_and(|arrival| *arrival <= at) {
                self.coming.pop_front();
                self.arrived += 1;
                self.waited += u64::from(self.present >= self.workers);
                self.present += 1;
            }
            match event {
                "send" => self.coming.push_back(at + 1_000_000),
                "deliver" => self.present -= 1,
                other => panic!("{other} of a request"),
            }
        }
        self.line.clear();
    }
}

impl Write for Waits {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for &byte in bytes {
            if byte == b'\n' { self.take() } else { self.line.push(byte) }
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// M/M/c at a load of .8: the probability of waiting by Erlang's second formula (Erlang 1917).
#[test]
fn requests_at_c_workers_wait_as_often_as_erlang_says() {
    for (workers, expected) in [(2, 0.7111), (4, 0.5964)] {
        let text = demand("0s", 0.8, EXPONENTIAL, workers, 1e6);
        let mut waits = Waits {
            workers: workers as usize,
            line: Vec::new(),
            coming: VecDeque::new(),
            present: 0,
            arrived: 0,
            waited: 0,
        };
        let (run, registry) = (&runs(&text)[0], Registry::standard());
        let simulate = registry.find(run.system().protocol).unwrap().simulate;
        simulate(&run.plan, run.system(), run.seed, FIGURES, Some(&mut waits), &|_, _| true).unwrap();
        let found = waits.waited as f64 / waits.arrived as f64;
        println!("{workers} workers: {found:.4} of {} wait, expected {expected}", waits.arrived);
        assert!(waits.arrived > 900_000 && (found / expected - 1.0).abs() < 0.03, "{found} of {workers} workers'");
    }
}

#[test]
fn with_a_standby_requests_fail_for_the_failover_time_only() {
    let servers = "mtbf = \"5min\"\nmttr = \"20s\"\nretries = 0\nfailover = \"5s\"";
    let (ran, trace) = with_trace(&scenario(GETS, servers));
    let outages = outages(&trace, 0);
    assert!(outages.len() > 2, "{outages:?}");
    let longest = outages.iter().map(|(from, until)| until - from).fold(0.0, f64::max);
    assert!((longest - 5.0).abs() < 1e-6, "the longest outage took {longest} s");
    // A get issued up to 20 ms before a failure may find its request lost at the server or on the way.
    let within = |at: f64| outages.iter().any(|&(from, until)| (from - 0.021..until).contains(&at));
    let (mut failed, mut others) = (0, 0);
    for row in ran.issued(0.0, 2990.0) {
        let at = row.issued.as_nanos() as f64 / 1e9;
        failed += u32::from(row.outcome == "failed");
        others += u32::from(row.outcome != "correct" && !within(at));
    }
    assert!(failed > 500 && others == 0, "{failed} failed, {others} of them while the server was up");
}

#[test]
fn a_second_failure_before_the_repair_lasts_until_one_of_the_two_is_mended() {
    let servers = "mtbf = \"1min\"\nmttr = \"5min\"\nfailover = \"5s\"";
    let (_, trace) = with_trace(&scenario("get = { every = \"1h\" }", servers));
    let lasted: Vec<f64> = outages(&trace, 0).iter().map(|(from, until)| until - from).collect();
    assert!(lasted.iter().any(|length| (length - 5.0).abs() < 1e-6) && lasted.iter().any(|length| *length > 30.0));
}

#[test]
fn without_one_of_three_servers_a_third_of_the_keys_cannot_be_had() {
    let (ran, trace) = with_trace(&scenario(GETS, &format!("servers = 3\n{FAILING}")));
    let down = [0, 1, 2].map(|server| outages(&trace, server));
    // Not within 2 s of a change: what is asked then may be answered on the other side of it.
    let count = |at: f64, margin: f64| {
        let is_down = |outages: &Vec<_>| outages.iter().any(|&(a, b)| (a - margin..b + margin).contains(&at));
        down.iter().filter(|outages| is_down(outages)).count()
    };
    let mut shares = [(0u32, 0u32); 4];
    for row in ran.issued(0.0, 2990.0) {
        let at = row.issued.as_nanos() as f64 / 1e9;
        let steady = count(at, 2.5);
        if steady == count(at, -2.5) {
            shares[steady].0 += u32::from(row.outcome == "failed");
            shares[steady].1 += 1;
        }
    }
    println!("failed and all gets while so many servers are down: {shares:?}");
    for (servers, (failed, all)) in shares.into_iter().enumerate().filter(|(_, (_, all))| *all > 5000) {
        let share = f64::from(failed) / f64::from(all);
        let expected = servers as f64 / 3.0;
        assert!((share - expected).abs() < 0.04 && (servers > 0 || failed == 0), "{servers} down: {share} failed");
    }
    assert!(shares[..3].iter().all(|(_, all)| *all > 5000), "too few: {shares:?}");
}

#[test]
fn each_server_fails_by_draws_of_its_own() {
    let down = |servers: u32, server: u32| {
        let text = scenario("get = { every = \"1h\" }", &format!("servers = {servers}\n{FAILING}"));
        outages(&with_trace(&text).1, server)
    };
    assert_eq!(down(1, 0), down(3, 0), "more servers change nothing for the first");
    assert!(down(3, 0) != down(3, 1) && down(3, 1) != down(3, 2));
}

#[test]
fn by_random_choice_every_server_holds_everything_and_a_put_reaches_all() {
    let workload = "get = { every = \"5s\" }\nput = { every = \"30s\" }";
    let ran = only(&scenario(workload, "servers = 3\nbalance = \"random\""), FIGURES);
    // Three of 103 machines hold 900 records each.
    ran.assert_near("records_mean", 900.0 * 3.0 / 103.0, 1e-6);
    ran.assert_near("put_correct_ratio", 1.0, 0.0);
    ran.assert_near("get_failed_ratio", 0.0, 0.0);
    // A put is acknowledged as soon as it leaves its server, and reaches the others 1 ms of service later: only a get
    // that is asked for in between and comes to another server may miss it.
    assert!(ran.figure("get_incorrect_ratio") < 1e-4);
}

#[test]
fn with_random_choice_and_retries_a_failed_server_is_hardly_noticed_and_catches_up() {
    let workload = "get = { every = \"5s\" }\nput = { every = \"30s\" }";
    let random = "servers = 3\nbalance = \"random\"\nretries = 8\nmtbf = \"20min\"\nmttr = \"2min\"";
    let ran = only(&scenario(workload, random), FIGURES);
    assert!(ran.figure("get_failed_ratio") + ran.figure("put_failed_ratio") < 0.01);
    let stale = ran.figure("get_incorrect_ratio");
    // A record is put every 270 s: without catching up, a third of the gets after a repair would for that long meet what
    // was put while the server was down, about a third of the records.
    println!("{stale} of the gets are stale");
    assert!(stale < 1e-3, "{stale}");
}

#[test]
fn with_back_off_what_a_full_server_refused_is_served_later() {
    let burst = |extra: &str| {
        let servers = format!("service = {{ constant = \"9ms\" }}\nwaiting = 5\nretries = 4\n{extra}");
        only(&scenario(GETS, &servers), FIGURES).figure("get_failed_ratio")
    };
    let (without, with) = (burst(""), burst("backoff = {}"));
    println!("{without} refused for good without back-off, {with} with it");
    assert!(without > 0.02 && with < without / 5.0, "{without} and {with}");
}

#[test]
fn the_nearest_of_several_servers_is_as_far_as_the_next_region_of_one() {
    let text = |servers: &str| {
        format!(
            "time = {{ warmup = '0s', measure = '10min' }}\npopulation.participants = 60\n\
             workload.lookup.every = '10s'\n[network.latency.regions]\nsigma = 0\nsigma_within = 0\n\
             [network.latency.regions.table]\nnames = ['a', 'b', 'c']\nholds = 'one-way'\nunit = 'ms'\n\
             medians = [[1, 30, 100], [30, 2, 60], [100, 60, 3]]\n[systems.server.client-server]\n{servers}"
        )
    };
    let latency = |servers: &str, figure: &str| only(&text(servers), FIGURES).figure(figure);
    // There and back, and a millisecond of service, which now and then waits for another.
    let cases = [("regions = ['c']", 201.0), ("servers = 2\nregions = ['a', 'c']\nbalance = 'nearest'", 61.0)];
    for (servers, expected) in cases {
        let slowest = latency(servers, "lookup_latency_p99_ms");
        assert!((slowest - expected).abs() < 2.0, "{slowest} ms with {servers}, not {expected}");
    }
}

#[test]
fn when_the_nearest_server_is_down_the_next_nearest_answers() {
    let text = scenario(
        "get = { every = '5s' }\nput = { every = '1min' }",
        "servers = 3\nbalance = 'nearest'\nretries = 4\nmtbf = '20min'\nmttr = '1min'",
    );
    let ran = only(&text, FIGURES);
    // Two of three down at once for two requests on end: a few in a thousand at most.
    assert!(ran.figure("get_failed_ratio") < 0.01, "{}", ran.figure("get_failed_ratio"));
    assert!(ran.figure("get_timeouts_mean") > 0.01, "{}: nothing was down", ran.figure("get_timeouts_mean"));
}

#[test]
fn a_large_value_is_fetched_from_the_server_that_it_lives_on() {
    let text = scenario("get = { every = '20s' }", "servers = 3").replace("1KiB", "64KiB");
    only(&text, FIGURES).assert_all_correct("get");
}

#[test]
fn servers_start_as_stationary_as_they_go_on() {
    let text = |seed: u32| {
        let servers = "servers = 255\nmtbf = \"3h\"\nmttr = \"1h\"";
        let text = scenario("get = { every = \"1h\" }", servers).replace("50min", "2h");
        text.replace("seed = 3", &format!("seed = {seed}"))
    };
    let shares: Vec<f64> = (1..=16)
        .map(|seed| {
            let (_, trace) = with_trace(&text(seed));
            let down =
                |server| outages(&trace, server).iter().map(|(from, until)| until.min(7200.0) - from).sum::<f64>();
            (0..255).map(down).sum::<f64>() / 255.0 / 7200.0
        })
        .collect();
    let mean = shares.iter().sum::<f64>() / 16.0;
    println!("down for {mean} of the first two hours; by seed {shares:?}");
    // mttr ÷ (mtbf + mttr), and a standard deviation of .019 for a seed.
    assert!((mean - 0.25).abs() < 0.015, "{mean}");
}

#[test]
fn with_a_standby_servers_start_down_for_as_long_as_it_takes_to_step_in() {
    let servers = "servers = 255\nmtbf = \"4min\"\nmttr = \"30min\"\nfailover = \"1min\"";
    let (_, trace) = with_trace(&scenario("get = { every = \"1h\" }", servers));
    let first = |server| outages(&trace, server).first().copied().filter(|(from, _)| *from == 0.0);
    let left: Vec<f64> = (0..255).filter_map(first).map(|(_, until)| until).collect();
    // Down for 59 s of every 299, and evenly far into that.
    let (share, mean) = (left.len() as f64 / 255.0, left.iter().sum::<f64>() / left.len() as f64);
    println!("{share} start down, for {mean} s yet");
    assert!((share - 59.0 / 299.0).abs() < 0.08 && (mean - 30.0).abs() < 8.0 && left.iter().all(|left| *left <= 60.0));
}

#[test]
fn a_failure_loses_the_disk_as_often_as_the_scenario_says() {
    let lost = |loss: f64, workload: &str| {
        let failing = "mtbf = \"15min\"\nmttr = \"30s\"";
        let text = scenario(workload, &format!("{failing}\nretries = 3\ndisk = {{ data_loss = {loss} }}"));
        let ran = only(&text, FIGURES);
        println!("{loss}: {} lost, {} gets failed so", ran.figure("resources_lost"), ran.figure("get_failed_lost"));
        (
            ran.figure("resources_lost"),
            ran.figure("durability_ratio"),
            ran.figure("get_failed_lost") / ran.figure("gets"),
        )
    };
    let gets = "get = { every = \"5s\" }";
    assert_eq!(lost(0.0, gets), (0.0, 1.0, 0.0));
    let (number, durability, failed) = lost(1.0, gets);
    assert_eq!((number, durability), (900.0, 0.0), "at the first failure");
    assert!(failed > 0.3, "{failed}");
    // What is put again is there again.
    let (_, _, with_puts) = lost(1.0, "get = { every = \"5s\" }\nput = { every = \"5s\" }");
    assert!(with_puts < 0.5 * failed, "{with_puts} of the gets, and {failed} without puts");
}

#[test]
fn of_several_servers_one_loses_the_records_that_it_keeps() {
    let text =
        scenario("get = { every = \"5s\" }", "servers = 3\nmtbf = \"1h\"\nmttr = \"1min\"\ndisk.data_loss = 1.0");
    let (ran, trace) = with_trace(&text);
    let failed = (0..3).filter(|&server| outages(&trace, server).iter().any(|(from, _)| *from > 0.0)).count();
    let expected = 300.0 * failed as f64;
    assert!(
        failed > 0 && (ran.figure("resources_lost") - expected).abs() < 60.0,
        "{failed} failed: {} lost",
        ran.figure("resources_lost")
    );
}

#[test]
fn where_all_hold_everything_an_empty_disk_is_not_filled_by_the_others() {
    let servers = "servers = 3\nbalance = \"random\"\nmtbf = \"90min\"\nmttr = \"1min\"\ndisk.data_loss = 1.0";
    let (ran, trace) = with_trace(&scenario("get = { every = \"5s\" }", servers));
    let first = |server| outages(&trace, server).iter().map(|(from, _)| *from).find(|from| *from > 0.0);
    let emptied: Vec<f64> = (0..3).filter_map(first).collect();
    assert!([1, 2].contains(&emptied.len()), "{emptied:?}");
    // From then on whoever comes to it finds nothing, a third of all.
    let expected: f64 = emptied.iter().map(|from| (3000.0 - from) / 3000.0 / 3.0).sum();
    let failed = ran.figure("get_failed_ratio");
    assert!((failed - expected).abs() < 0.01, "{failed} of the gets fail, not {expected}");
    assert_eq!(ran.figure("resources_lost"), 0.0);
}

#[test]
fn a_get_that_overtakes_a_put_on_its_way_to_another_server_is_stale() {
    let stale = |servers: &str| {
        let text = format!(
            "time = {{ warmup = '0s', measure = '50min' }}\npopulation.participants = 60\nresources.count = 1\n\
             workload = {{ get.every = '2s', put.every = '1min' }}\n[network.latency.regions]\nsigma = 0\n\
             sigma_within = 0\n[network.latency.regions.table]\nnames = ['a', 'b']\nholds = 'one-way'\n\
             unit = 'ms'\nmedians = [[1, 300], [300, 1]]\n[systems.server.client-server]\n{servers}"
        );
        only(&text, FIGURES).figure("get_incorrect_ratio")
    };
    assert_eq!(stale(""), 0.0);
    // Half a put a second on the other side, each on its way for 300 ms.
    let (both, expected) = (stale("servers = 2\nregions = ['a', 'b']\nbalance = 'nearest'"), 1.0 - libm::exp(-0.15));
    assert!((both - expected).abs() < 0.02, "{both}, not {expected}");
}

#[test]
fn what_a_server_costs_is_billed_by_the_peak_of_its_minutes() {
    let text = scenario(GETS, "service = { constant = \"100ms\" }\nworkers = 40");
    let ran = only(&text, FIGURES);
    let bytes = ran.figure("server_bytes_total");
    assert!((bytes / ran.figure("peers_bytes_total") - 1.0).abs() < 1e-3, "both ends of every packet are counted");
    // 100 requests a second: 6,000 a minute, with a standard deviation of √6,000.
    let (mean, peak) = (bytes / 3000.0, ran.figure("server_peak_bytes_per_s"));
    let expected = mean * (1.0 + 1.645 / 6000f64.sqrt());
    assert!((peak / expected - 1.0).abs() < 0.01, "{peak} B/s at the peak, not {expected}");
    // 102 × .1 s ÷ .7 = 14.6.
    ran.assert_near("server_workers_needed", 15.0, 0.0);
    assert!(ran.maybe("server_failures_expected").is_none());
}

#[test]
fn what_was_refused_needs_workers_too() {
    // One worker serves 10 of the 100 requests a second, five wait, the rest is refused.
    let ran = only(&scenario(GETS, "service = { constant = \"100ms\" }\nwaiting = 5"), FIGURES);
    assert!(ran.figure("get_failed_ratio") > 0.85);
    ran.assert_near("server_workers_needed", 15.0, 0.0);
}
