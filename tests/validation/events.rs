//! What a scenario's events do to the systems.

use super::lab::{FIGURES, OPERATIONS_TOO, all_with, every_system, runs, traced};

const CALM: &str = r#"
    seed = 31
    time = { warmup = "0s", measure = "30min" }
    population.participants = 200
    resources.count = 100
    workload = { lookup.every = "10s", get.every = "20s" }
"#;

#[test]
fn who_crashed_for_a_while_is_back_with_its_disk_and_who_crashed_for_good_is_not() {
    let text = format!(
        "{CALM}storage.repair = 'none'\n[[events]]\ncrash = {{ at = '330s', for = '5min', share = 0.4 }}\n\
         [[events]]\ncrash = {{ at = '1230s', share = 0.4 }}\n{}",
        every_system()
    );
    for ran in all_with(&text, FIGURES) {
        let online: Vec<f64> = ran.series("online").iter().map(|(_, online)| *online).collect();
        let expected = |minute| match minute {
            6..=10 => 120.0,
            21.. => 120.0,
            _ => 200.0,
        };
        assert!((1..).zip(&online).all(|(minute, online)| *online == expected(minute)), "{}: {online:?}", ran.id);
        let available = ran.series("availability");
        assert_eq!(available[15].1, 1.0, "{}: what was on their disks is there again", ran.id);
        if ["chord", "kademlia"].contains(&ran.system.as_str()) {
            // Three copies, each lost with probability 0.4: 6.4 of 100 records.
            let lost = ran.figure("resources_lost");
            assert!((1.0..15.0).contains(&lost), "{}: {lost} lost", ran.id);
        }
    }
}

#[test]
fn an_outage_of_the_server_stops_its_clients_and_nobody_else() {
    let text = format!("{CALM}[[events]]\nserver-outage = {{ at = '10min', for = '5min' }}\n{}", every_system());
    for ran in all_with(&text, OPERATIONS_TOO) {
        let correct = |from: f64, until: f64| {
            let rows: Vec<_> = ran.issued(from, until).filter(|row| row.kind == "lookup").collect();
            rows.iter().filter(|row| row.outcome == "correct").count() as f64 / rows.len() as f64
        };
        let during = if ran.system == "client-server" { 0.0 } else { 1.0 };
        assert_eq!((correct(0.0, 590.0), correct(600.0, 890.0)), (1.0, during), "{}", ran.id);
        assert_eq!(correct(905.0, 1_700.0), 1.0, "{}: not back", ran.id);
    }
}

#[test]
fn a_partition_loses_what_crosses_it_and_heals() {
    let text = format!(
        "{CALM}[[events]]\npartition = {{ at = '10min', for = '5min', shares = [0.5, 0.5] }}\n{}",
        every_system()
    );
    for ran in all_with(&text, OPERATIONS_TOO) {
        let lost = ran.figure("packets_lost_partition");
        assert!(lost > 100.0, "{}: {lost} packets lost", ran.id);
        let share = |from: f64, until: f64| {
            let rows: Vec<_> = ran.issued(from, until).filter(|row| row.kind == "lookup").collect();
            rows.iter().filter(|row| row.outcome == "correct").count() as f64 / rows.len() as f64
        };
        assert!(share(0.0, 590.0) == 1.0, "{}: before", ran.id);
        match ran.system.as_str() {
            // The half with the server is served.
            "client-server" => assert!((share(600.0, 890.0) - 0.5).abs() < 0.1, "{}", share(600.0, 890.0)),
            _ => assert!(share(660.0, 890.0) < 0.75, "{}: {} during it", ran.id, share(660.0, 890.0)),
        }
        println!(
            "{}: {} before, {} during, {} after",
            ran.id,
            share(0.0, 590.0),
            share(660.0, 890.0),
            share(1200.0, 1700.0)
        );
        if ran.system == "client-server" {
            assert_eq!(share(905.0, 1_700.0), 1.0, "{}: not back", ran.id);
        }
    }
}

#[test]
fn events_are_told_with_the_results() {
    let text = format!(
        "{CALM}[[events]]\nserver-outage = {{ at = '20min', for = '15min' }}\n\
         [[events]]\ncrash = {{ at = '5min', for = '1min', share = 0.125 }}\n[systems.server.client-server]"
    );
    let ran = all_with(&text, FIGURES).remove(0);
    let told: Vec<_> = ran.outcome.events.iter().map(|mark| (mark.at.as_secs_f64(), mark.label.as_str())).collect();
    assert_eq!(told, [(300.0, "12.5 % crash"), (360.0, "they return"), (1_200.0, "server down")]);
}

/// Two regions; the server stands in the first.
const DIVIDED: &str = r#"
    [network.latency.regions]
    shares = { here = 0.7, there = 0.3 }
    table = { names = ["here", "there"], medians = [[20, 50], [50, 20]], holds = "one-way", unit = "ms" }
    [[population.classes]]
    name = "few"
    share = 0.2
    [[population.classes]]
    name = "many"
    share = 0.8
"#;

#[test]
fn a_region_that_is_cut_off_has_no_server_until_it_is_healed() {
    let cut = |servers: &str| {
        let text = format!(
            "{CALM}{DIVIDED}[[events]]\ncut-off = {{ at = '10min', for = '5min', region = 'there' }}\n\
             [systems.server.client-server]\n{servers}"
        );
        let ran = all_with(&text, OPERATIONS_TOO).remove(0);
        let share = |from: f64, until: f64| {
            let rows: Vec<_> = ran.issued(from, until).filter(|row| row.kind == "lookup").collect();
            rows.iter().filter(|row| row.outcome == "correct").count() as f64 / rows.len() as f64
        };
        assert_eq!((share(0.0, 590.0), share(905.0, 1_700.0)), (1.0, 1.0), "before and after");
        share(600.0, 880.0)
    };
    // 60 of 200 participants stand there, give or take.
    assert!((cut("") - 0.7).abs() < 0.12, "{} with the server here", cut(""));
    assert!((cut("regions = ['there']") - 0.3).abs() < 0.12, "{} with the server there", cut("regions = ['there']"));
    let each = "servers = 2\nregions = ['here', 'there']\nbalance = 'nearest'";
    assert_eq!(cut(each), 1.0, "with a server on either side");
}

#[test]
fn a_crash_takes_those_of_its_class_or_region_only() {
    let text = format!(
        "{CALM}{DIVIDED}[[events]]\ncrash = {{ at = '330s', for = '5min', share = 1, class = 'few' }}\n\
         [[events]]\ncrash = {{ at = '1230s', share = 1, region = 'there' }}\n{}",
        every_system()
    );
    let mut of_all = Vec::new();
    for ran in all_with(&text, FIGURES) {
        let online: Vec<f64> = ran.series("online").iter().map(|(_, online)| *online).collect();
        let participants = ran.outcome.classes[0].values[0].expect("there are participants");
        assert_eq!((online[7], online[15]), (200.0 - participants, 200.0), "{}: the class, for a while", ran.id);
        assert!((online[25] - 140.0).abs() < 25.0, "{}: {} without the region", ran.id, online[25]);
        of_all.push(online);
    }
    assert!(of_all.iter().all(|online| *online == of_all[0]), "others went in other systems");
}

/// What two events draw: who goes, who is where, who comes when. The first two crashes are at one time.
const DRAWN: [&str; 4] = [
    "crash = { at = '8min', for = '3min', share = 0.3 }",
    "crash = { at = '8min', share = 0.2 }",
    "partition = { at = '12min', for = '1min', shares = [0.5, 0.5] }",
    "flash-crowd = { at = '15min', for = '5min', arrivals = 40 }",
];

/// Some of them at the times of those.
const NEUTRAL: [&str; 4] = [
    "demand = { at = '3min', for = '2min', factor = 1 }",
    "crash = { at = '8min', share = 0 }",
    "partition = { at = '12min', for = '1min', shares = [1, 0] }",
    "crash = { at = '7min', for = '1min', share = 0 }",
];

#[test]
fn an_event_that_changes_nothing_may_stand_anywhere_in_the_file() {
    let with = |events: &[&str]| {
        let events: String = events.iter().map(|event| format!("[[events]]\n{event}\n")).collect();
        all_with(&format!("{CALM}{events}{}", every_system()), FIGURES)
    };
    let before_and_after = [&NEUTRAL[..2], &DRAWN[..1], &NEUTRAL[2..], &DRAWN[1..], &NEUTRAL[1..3]].concat();
    for (plain, other) in with(&DRAWN).iter().zip(&with(&before_and_after)) {
        assert_eq!(plain.outcome.metrics, other.outcome.metrics, "{}", plain.id);
        assert_eq!(plain.outcome.fingerprint, other.outcome.fingerprint, "{}", plain.id);
        // 60 of 200 go for a while, and 28 of the other 140 for good.
        let online: Vec<f64> = plain.series("online").iter().map(|(_, online)| *online).collect();
        assert_eq!((online[8], online[11], online[17]), (112.0, 172.0, 212.0), "{}: {online:?}", plain.id);
    }
}

/// Half a second on the way, and one more for each value on its receiver's line.
#[test]
fn what_is_on_its_way_or_waits_at_its_receiver_is_lost_when_that_is_cut_off() {
    let text = "seed = 5\ntime = { warmup = '0s', measure = '15min' }\npopulation.participants = 20\n\
                network.latency.constant = '500ms'\n\
                network.access = { uplink = '1Mbit/s', downlink = '100kbit/s', queue = '1MiB' }\n\
                resources = { count = 20, size = '12KiB' }\nworkload.get.every = '3s'\n\
                [[events]]\npartition = { at = '8min', for = '5min', shares = [0, 1] }\n\
                [systems.datagrams.client-server]\n[systems.links.client-server]\n\
                [systems.links.traversal]\ntransport = 'connection'\n";
    let behind = "network.nat.shares = { open = 0.5, full-cone = 0.5 }\n";
    for run in runs(text).iter().chain(&runs(&format!("{behind}{text}"))) {
        let (ran, trace) = traced(run, FIGURES);
        let given = |from: u64, until: u64| {
            let cells = trace.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
            // The server is machine 20, and alone on its side.
            let from_server = cells.filter(|cells| cells[1] == "deliver" && cells[2] == "20");
            let times = from_server.map(|cells| cells[0].parse::<u64>().expect("a time") / 1_000_000);
            times.filter(|at| (from..until).contains(at)).count()
        };
        assert!(given(475_000, 480_000) > 10 && given(790_000, 900_000) > 100, "{}: it was not busy", ran.id);
        assert_eq!((given(480_000, 480_500), given(480_500, 780_000)), (0, 0), "{}", ran.id);
    }
}
