//! How nodes find their way into an overlay: whom the bootstrap service lets in, what it costs, and what it moves.

use std::collections::{BTreeMap, BTreeSet};

use peerlab::registry::Registry;

use super::lab::{self, FIGURES, all, environment, every_mode, every_system, only, runs, simulate, traced};

/// Every overlay.
const OVERLAYS: [&str; 3] = ["chord", "kademlia", "full-table"];

#[test]
fn a_thousand_nodes_that_join_through_the_service_build_a_right_overlay() {
    for protocol in OVERLAYS {
        let ran = only(
            &format!(
                "time = {{ warmup = \"2h\", measure = \"10min\" }}\nworkload.lookup.every = \"10min\"\n\
                 network.bootstrap.machines = 2\npopulation = {{ online = 1000, start = \"join\", join_over = \"10min\" }}\n\
                 [systems.it.{protocol}]\n"
            ),
            FIGURES,
        );
        ran.assert_near("joined_mean", 1000.0, 0.0);
        ran.assert_all_correct("lookup");
        assert_eq!(ran.figure("no_bootstrap"), 0.0, "{protocol}: somebody was not let in at once");
    }
}

#[test]
fn the_environment_and_a_server_are_as_they_would_be_with_another_service_or_none() {
    let text = |service: &str| {
        format!(
            "time = {{ warmup = \"10min\", measure = \"30min\" }}\nworkload.get.every = \"2min\"\nresources.count = 20\n\
             population = {{ participants = 120, churn = {{ preset = \"p2psim\" }} }}\nnetwork.access.uplink = \"1Mbit/s\"\n\
             network.burst = {{ mean_loss = 0.01, mean_burst = 3 }}\n[systems.server.client-server]\n\
             [systems.chord]\nchord = {{}}\nbootstrap = {service}\n"
        )
    };
    let services = ["\"oracle\"", "{}", "{ machines = 5, mtbf = \"20min\", mttr = \"10min\" }"];
    let seen = services.map(|service| {
        let [server, chord] = &runs(&text(service))[..] else { panic!("two systems") };
        let ((server, _), (_, trace)) = (traced(server, FIGURES), traced(chord, FIGURES));
        (server.outcome.metrics, server.outcome.fingerprint, environment(&trace, 120))
    });
    assert!(seen[0].2.len() > 1000, "there is an environment");
    assert!(seen[1] == seen[0] && seen[2] == seen[0]);
}

/// Of the first packets that machines send after they have come, of those `to` the ones wanted: how many there are, and how many
/// of them are lost. `from`: the seconds from which on machines count.
fn first_packets(trace: &str, to: impl Fn(u32) -> bool, from: f64) -> (f64, f64) {
    let (mut fresh, mut under_way) = (BTreeSet::new(), BTreeMap::new());
    let (mut all, mut lost) = (0.0, 0.0);
    for line in trace.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let seconds = cells[0].parse::<f64>().expect("a time") / 1e9;
        let other: Option<u32> = cells[3].parse().ok();
        match (cells[1], cells[2], other) {
            ("up", machine, _) if seconds >= from => _ = fresh.insert(machine),
            ("send", machine, Some(other)) if to(other) && fresh.remove(machine) => {
                _ = under_way.insert(machine, other)
            }
            ("deliver" | "lose", machine, Some(other)) if under_way.get(machine) == Some(&other) => {
                under_way.remove(machine);
                all += 1.0;
                lost += f64::from(u8::from(cells[1] == "lose"));
            }
            _ => {}
        }
    }
    (all, lost)
}

/// Of so many who come at once after 7 of 10 have gone for good, the share who can join by the first answer, which names one:
/// those it names have gone just as often.
#[test]
fn a_first_answer_shows_a_way_in_by_the_share_of_its_list_that_is_still_there() {
    let (mut asked, mut gone) = (0.0, 0.0);
    for seed in 1..=3 {
        let text = format!(
            "seed = {seed}\ntime = {{ warmup = \"10min\", measure = \"20min\" }}\nworkload.lookup.every = \"10min\"\n\
             population.online = 600\nnetwork.bootstrap = {{ machines = 1, answers = 1, list = 600 }}\n\
             network.latency.constant = \"20ms\"\n[[events]]\ncrash = {{ at = \"9min\", share = 0.7 }}\n\
             [[events]]\nflash-crowd = {{ at = \"9min\", arrivals = 600, over = \"1ms\" }}\n[systems.it.kademlia]\n"
        );
        let (ran, trace) = traced(&runs(&text)[0], FIGURES);
        ran.assert_near("joined_mean", 180.0 + 600.0, 5.0);
        let service = 1200;
        let (all, lost) = first_packets(&trace, |other| other != service, 539.0);
        assert_eq!(all, 600.0);
        (asked, gone) = (asked + all, gone + lost);
    }
    let share: f64 = gone / asked;
    println!("{share:.3} of {asked} first answers named one who had gone");
    // Four standard deviations of 1,800 draws.
    assert!((share - 0.7).abs() < 0.043, "{share}");
}

/// A question is answered as often as its machine is up. Only the first one of a session counts: who gets no answer asks again.
#[test]
fn questions_are_answered_as_often_as_the_machine_is_up() {
    let (mut came, mut in_vain) = (0.0, 0.0);
    for seed in 1..=16 {
        let text = format!(
            "seed = {seed}\ntime = {{ warmup = \"1min\", measure = \"6h\" }}\nworkload.lookup.every = \"1h\"\n\
             population = {{ participants = 200, churn = {{ preset = \"p2psim\" }} }}\n\
             network.bootstrap = {{ machines = 1, mtbf = \"30min\", mttr = \"10min\" }}\n[systems.it.kademlia]\n"
        );
        let (_, trace) = traced(&runs(&text)[0], FIGURES);
        let (all, lost) = first_packets(&trace, |other| other == 200, 0.0);
        (came, in_vain) = (came + all, in_vain + lost);
    }
    let share: f64 = in_vain / came;
    println!("{share:.3} of {came} first questions found the machine down");
    // A cycle takes 40 min, so 16 seeds of 6 h have some 144 of them: a standard deviation of .027.
    assert!(came > 10_000.0 && (share - 0.25).abs() < 0.08, "{share} of {came}");
}

/// Forty nodes come one after another while each machine is down for half of the time.
#[test]
fn nobody_founds_a_second_overlay_while_machines_come_and_go() {
    for seed in 1..=8 {
        let ran = only(
            &format!(
                "seed = {seed}\ntime = {{ warmup = \"3h\", measure = \"20min\" }}\nworkload.lookup.every = \"1min\"\n\
                 population = {{ online = 40, start = \"join\", join_over = \"2h\" }}\n\
                 network.bootstrap = {{ machines = 3, mtbf = \"20min\", mttr = \"20min\", life = \"10min\" }}\n\
                 [systems.it.chord]\n"
            ),
            FIGURES,
        );
        ran.assert_near("joined_mean", 40.0, 0.0);
        ran.assert_all_correct("lookup");
    }
}

/// Nobody has joined for four lives of what is said when the next one comes.
#[test]
fn an_overlay_that_nobody_joins_for_long_is_not_forgotten() {
    for start in ["\"converged\"", "\"join\", join_over = \"10s\""] {
        let ran = only(
            &format!(
                "time = {{ warmup = \"50min\", measure = \"20min\" }}\nworkload.lookup.every = \"1min\"\n\
                 population = {{ online = 20, start = {start} }}\nnetwork.bootstrap.life = \"10min\"\n\
                 [[events]]\nflash-crowd = {{ at = \"42min\", arrivals = 5, over = \"1s\" }}\n[systems.it.chord]\n"
            ),
            FIGURES,
        );
        ran.assert_near("joined_mean", 25.0, 0.0);
        ran.assert_all_correct("lookup");
    }
}

/// By a trace all members go, and then all come back one after another: the first of them founds the overlay anew, whatever
/// the service still believes. Crossed with what a new session remembers, failing machines, virtual nodes, coded pieces and caches.
#[test]
fn an_overlay_that_all_have_left_is_founded_again() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let mut rows: Vec<(u32, u32, &str)> = Vec::new();
    for node in 0..40 {
        rows.extend([(3 * node, node, "up"), (400 + 5 * node, node, "down"), (700 + 4 * node, node, "up")]);
    }
    rows.sort_unstable();
    let rows: String = rows.iter().map(|(at, node, state)| format!("{at},{node},{state}\n")).collect();
    std::fs::write(folder.path().join("trace.csv"), format!("time_s,participant,state\n{rows}"))
        .expect("it is written");
    let systems = format!("{}[systems.virtual.chord]\nvirtual_nodes = 3\n", every_mode());
    for rejoin in ["fresh", "keep"] {
        for service in ["{}", "{ machines = 3, mtbf = \"20min\", mttr = \"2min\" }"] {
            let text = format!(
                "time = {{ warmup = \"25min\", measure = \"15min\" }}\nresources = {{ count = 20, size = \"4KiB\" }}\n\
                 workload = {{ lookup.every = \"30s\", get.every = \"1min\", put.every = \"5min\" }}\n\
                 storage = {{ pieces = 2, parity = 1, cache = \"64KiB\" }}\n\
                 population = {{ rejoin = \"{rejoin}\", churn.trace = \"trace.csv\" }}\nnetwork.bootstrap = {service}\n{systems}"
            );
            let runs = lab::scenario(&text, folder.path().to_str().expect("it is text"));
            for run in runs.runs(Registry::standard().registered()).unwrap_or_else(|error| panic!("{error}")).runs {
                let ran = simulate(&run, FIGURES);
                ran.assert_near("joined_mean", 40.0, 0.0);
                assert!(ran.maybe("rings").is_none_or(|rings| rings == 1.0), "{}", ran.id);
                // By OverSim's rule the word of a node whose table is young ends a lookup.
                match ran.system.ends_with("kademlia-oversim") {
                    true => assert!(ran.figure("lookup_correct_ratio") > 0.99, "{}", ran.id),
                    false => ran.assert_all_correct("lookup"),
                }
            }
        }
    }
}

/// Without churn all that the service carries is that each node says every half hour that it is there, to two machines, and is
/// answered: 28 + 56 and 28 + 58 bytes.
#[test]
fn the_service_costs_what_its_messages_add_up_to() {
    for ran in all(&format!(
        "time = {{ warmup = \"1h\", measure = \"5h\" }}\npopulation.online = 100\nworkload.lookup.every = \"1h\"\n\
         network.bootstrap.machines = 2\nnetwork.wire.preset = \"bep5\"\n{}",
        every_system().replace("[systems.chord.chord]\n", "[systems.chord.chord]\nmerge = false\n")
    )) {
        if ran.system == "client-server" {
            assert_eq!((ran.maybe("bootstrap_asks"), ran.maybe("bootstrap_bytes_total")), (None, None));
            continue;
        }
        // Ten times each; what is on its way at either end of the measurement may count or not.
        ran.assert_near("bootstrap_asks", 2000.0, 2.0);
        ran.assert_near("bootstrap_bytes_total", 2000.0 * (84.0 + 86.0), 2.0 * 170.0);
        assert!(ran.figure("bootstrap_busiest_bytes_per_s") <= ran.figure("busiest_machine_bytes_per_s"));
    }
}

#[test]
fn clients_look_their_servers_name_up_once_a_session() {
    let text = "time = { warmup = \"1min\", measure = \"2h\" }\npopulation = { participants = 50, churn = { preset = \"p2psim\" } }\n\
                workload.lookup.every = \"1min\"\n[systems.server.client-server]\n";
    let run = &runs(&format!("{text}# No word of how: bootstrap by default.\n"))[0];
    let (ran, trace) = traced(run, FIGURES);
    let measured = trace.lines().skip_while(|line| !line.contains(",measurement-begins,"));
    let sessions = measured.filter(|line| line.split(',').nth(1) == Some("up")).count() as f64;
    let maintenance = ran.figure("maintenance_bytes_per_online_s_mean") / ran.figure("bytes_per_online_s_mean");
    let bytes = maintenance * ran.figure("bytes_total");
    assert!(sessions > 20.0);
    assert!((bytes - 300.0 * sessions).abs() < 1e-6 * bytes, "{bytes} bytes for {sessions} sessions");
    let oracle = simulate(&runs(text)[0], FIGURES);
    assert_eq!(oracle.figure("maintenance_bytes_per_online_s_mean"), 0.0);
}

/// Churn, NATs, connections, classes of what a new session remembers, virtual nodes: whoever is online gets in.
#[test]
fn every_overlay_is_joined_through_the_service_under_churn() {
    let networks = [
        ("", ""),
        ("network.nat.preset = \"home-2010\"\n", "traversal.transport = \"connection\"\n"),
        ("network.nat.preset = \"home-2010\"\n", ""),
        ("network.loss = 0.05\n", ""),
    ];
    for (network, traversal) in networks {
        for rejoin in ["fresh", "keep"] {
            let text = format!(
                "time = {{ warmup = \"20min\", measure = \"40min\" }}\nworkload.lookup.every = \"2min\"\n\
                 population = {{ participants = 150, rejoin = \"{rejoin}\", churn = {{ preset = \"p2psim\" }} }}\n\
                 network.bootstrap = {{ mtbf = \"2h\", mttr = \"10min\" }}\n{network}{traversal}{}",
                every_mode()
            );
            for ran in all(&text) {
                let (online, joined) = (ran.figure("online_mean"), ran.figure("joined_mean"));
                println!("{rejoin} {network}{traversal}: {} {online:.1} online, {joined:.1} joined", ran.id);
                // Recursive joins of Chord behind NATs wait longest.
                assert!(joined > 0.93 * online, "{}: {joined} of {online}", ran.id);
            }
        }
    }
}
