//! What surrounds the protocols: who is online, servers that fail, lines that are full, records that are not there yet.

use super::lab::{FIGURES, OPERATIONS_TOO, Ran, all_with, every_system, only, runs, traced};

/// Who of 100,000 participants is online, sampled.
fn kad_online(measure: &str, sample: &str) -> Vec<(f64, f64)> {
    let ran = only(
        &format!(
            r#"
            seed = 6
            [time]
            warmup = "0s"
            measure = "{measure}"
            sample = "{sample}"
            [population]
            participants = 100_000
            [population.churn]
            preset = "kad"
            [systems.server.client-server]
            "#
        ),
        FIGURES,
    );
    ran.series("online")
}

/// (That what is left of the sessions has the equilibrium law is shown in `src/population/churn.rs`.)
#[test]
fn the_kad_population_is_stationary_from_time_zero_on() {
    let mut samples = kad_online("1s", "500ms");
    samples.extend(kad_online("36h", "2h"));
    assert_eq!(samples.len(), 20);
    for (at, online) in samples {
        let share = online / 100_000.0;
        assert!((share - 0.214).abs() < 0.005, "{share} online after {at} s");
    }
}

#[test]
fn a_crash_takes_its_share_for_good() {
    let text = r#"
        [time]
        warmup = "0s"
        measure = "10min"
        [population]
        participants = 1000
        [[events]]
        crash = { at = "150s", share = 0.2 }
        [[events]]
        crash = { at = "330s", share = 0.5 }
    "#;
    for ran in all_with(&format!("{text}{}", every_system()), FIGURES) {
        let online: Vec<f64> = ran.series("online").iter().map(|(_, online)| *online).collect();
        assert_eq!(online, [1000.0, 1000.0, 800.0, 800.0, 800.0, 400.0, 400.0, 400.0, 400.0, 400.0], "{}", ran.id);
    }
}

/// Ten thousand seconds of failures for every ten of the server: about a thousand.
const FAILING: &str = r#"
    seed = 11
    [time]
    warmup = "10min"
    measure = "40h"
    [population]
    participants = 20
    [resources]
    count = 10
    [workload]
    lookup = { every = "20s" }
    [systems.server.client-server]
    mtbf = "100s"
    mttr = "50s"
    rpc_timeout = "200ms"
"#;

#[test]
fn a_server_is_available_for_its_share_of_the_time_and_unanswering_otherwise() {
    let run = runs(FAILING).remove(0);
    let (ran, trace) = traced(&run, FIGURES);
    // 960 cycles, each share of which deviates by about 0.3: a standard deviation of 0.01.
    ran.assert_near("availability_mean", 100.0 / 150.0, 0.03);
    assert_eq!(ran.figure("durability_ratio"), 1.0, "its disk survives");
    // Who asks while it is down gets no answer, and who does while it is up gets one (but for the edges).
    ran.assert_near("lookup_correct_ratio", ran.figure("availability_mean"), 0.005);
    assert_eq!(ran.figure("lookup_incorrect_ratio"), 0.0);
    let failed = ran.figure("lookups") * ran.figure("lookup_failed_ratio");
    assert!((ran.figure("lookup_failed_timeout") - failed).abs() < 2.0, "other causes than a time-out");
    let of_server = |event: &str| trace.lines().filter(|line| line.contains(&format!(",{event},20,"))).count();
    let (up, down) = (of_server("up"), of_server("down"));
    assert!(up.abs_diff(down) <= 1 && (900..1050).contains(&down), "{down} failures in 40 h");
}

/// Gets of 4 KiB, 400 a second, over lines that are drawn in `system` and `access`.
fn over_lines(access: &str, system: &str) -> Ran {
    only(
        &format!(
            r#"
            seed = 12
            [time]
            warmup = "1min"
            measure = "5min"
            [population]
            participants = 400
            [network]
            {access}
            [resources]
            count = 400
            [workload]
            get = {{ every = "1s" }}
            {system}
            "#
        ),
        FIGURES,
    )
}

/// Wire bytes of a record of 4 KiB: header, message, value.
const RECORD: f64 = 28.0 + 20.0 + 4096.0;

#[test]
fn a_servers_full_uplink_carries_its_rate_and_drops_the_rest() {
    // 400 records a second are 13.3 Mbit/s.
    let ran = over_lines("", "[systems.server.client-server]\nuplink = \"8Mbit/s\"\nretries = 0");
    let carried = 8e6 / 8.0 / RECORD;
    ran.assert_near("get_correct_ratio", carried / 400.0, 0.02);
    assert!(ran.figure("packets_lost_uplink_queue") > 30_000.0);
    for cause in ["downlink_queue", "loss", "offline", "stale", "server_queue"] {
        assert_eq!(ran.figure(&format!("packets_lost_{cause}")), 0.0, "{cause}");
    }
    // A queue of 1 MiB, full: 1.05 s, and then the record itself.
    ran.assert_near("get_latency_p50_ms", 100.0 + 1.0 + 8.0 * f64::from(1 << 20) / 8e3, 25.0);
    // The line cannot carry more than its rate, and what it turned away was never sent.
    let busiest = ran.figure("busiest_machine_bytes_per_s");
    let received = 400.0 * 48.0;
    assert!((busiest / (1e6 + received) - 1.0).abs() < 0.01, "{busiest} B/s over a line of 8 Mbit/s");
}

#[test]
fn a_servers_full_downlink_drops_requests() {
    // 400 requests of 48 bytes a second are 153.6 kbit/s.
    let ran = over_lines("", "[systems.server.client-server]\ndownlink = \"76.8kbit/s\"\nqueue = \"4KiB\"");
    ran.assert_near("get_correct_ratio", 0.5, 0.02);
    assert!(ran.figure("packets_lost_downlink_queue") > 50_000.0);
    assert_eq!(ran.figure("packets_lost_uplink_queue"), 0.0);
}

#[test]
fn narrow_lines_of_peers_lose_packets_at_the_end_that_is_narrow() {
    for (narrow, wide) in [("uplink", "downlink"), ("downlink", "uplink")] {
        let access = format!("access = {{ {narrow} = \"32kbit/s\", {wide} = \"unlimited\", queue = \"8KiB\" }}");
        let ran = over_lines(&access, "[systems.kad.kademlia]");
        assert!(ran.figure(&format!("packets_lost_{narrow}_queue")) > 1000.0, "{narrow}");
        assert_eq!(ran.figure(&format!("packets_lost_{wide}_queue")), 0.0, "{narrow}");
        assert!(ran.figure("get_correct_ratio") < 0.9, "{narrow}");
    }
}

#[test]
fn a_share_of_the_packets_is_lost() {
    let ran = over_lines("loss = 0.03", "[systems.kad.kademlia]");
    let (lost, sent) = (ran.figure("packets_lost_loss"), ran.figure("packets_sent"));
    println!("{lost} of {sent}");
    assert!((lost / sent - 0.03).abs() < 0.001, "{lost} of {sent}");
    assert!(ran.figure("get_correct_ratio") > 0.999);
}

/// Nothing is stored when nobody has joined: every participant publishes what is its own once it is in.
#[test]
fn who_joins_publishes_and_who_asks_before_is_told_so() {
    let text = r#"
        seed = 13
        [time]
        warmup = "0s"
        measure = "30min"
        [population]
        participants = 150
        start = "join"
        join_over = "10min"
        [resources]
        count = 300
        [workload]
        get = { every = "20s" }
    "#;
    for ran in all_with(&format!("{text}{}", every_system()), OPERATIONS_TOO) {
        let early = ran.issued(0.0, 660.0).filter(|row| row.cause == "never-stored").count();
        assert!(early > 500, "{}: {early} gets came before the record", ran.id);
        assert_eq!(ran.figure("get_failed_never_stored"), early as f64, "{}: some came later", ran.id);
        let late: Vec<_> = ran.issued(720.0, 1740.0).collect();
        let wrong = late.iter().find(|row| row.outcome != "correct");
        assert!(late.len() > 7000 && wrong.is_none(), "{}: {wrong:?} of {}", ran.id, late.len());
        let availability = ran.series("availability");
        assert!(
            availability[0].1 < 0.2
                && availability.iter().filter(|(at, _)| *at > 700.0).all(|(_, share)| *share == 1.0),
            "{}: {availability:?}",
            ran.id
        );
    }
}
