//! Copies are where they should be: what each policy of repair does, and what it never does.

use peerlab::measure::catalogue::CLASSES;
use peerlab::registry::Registry;
use peerlab::run::Wanted;
use peerlab::scenario::Scenario;

use crate::lab::{self, FIGURES, Ran};

/// A trace in which each of `machines` is away once, one after the other, for ten minutes of every twenty; then all stay.
fn away_in_turn(machines: u32) -> String {
    let mut rows = String::from("time_s,participant,state\n");
    (0..machines).for_each(|machine| rows += &format!("0,{machine},up\n"));
    for machine in 0..machines {
        let from = 600 + 1200 * machine;
        rows += &format!("{from},{machine},down\n{},{machine},up\n", from + 600);
    }
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("away-in-turn-{machines}.csv"));
    std::fs::write(&path, rows).expect("the directory for tests can be written to");
    path.display().to_string()
}

fn in_turn(machines: u32, warmup: &str, storage: &str, more: &str) -> Vec<Ran> {
    let trace = away_in_turn(machines);
    lab::all(&format!(
        "time = {{ warmup = '{warmup}', measure = '1h' }}\nresources = {{ count = 100, size = '1KiB' }}\n\
         population.churn = {{ trace = '{trace}', graceful = 1.0 }}\nnetwork.latency.constant = '50ms'\n\
         workload.get.every = '30s'\nstorage = {{ {storage} }}\n{more}\n\
         [systems.chord.chord]\nsuccessors = 4\n[systems.ring.chord]\n[systems.kad.kademlia]\nk = 8\n"
    ))
}

#[test]
fn without_repair_every_copy_stays_where_it_was_put() {
    for ran in in_turn(8, "3h", "replicas = 1, repair = 'none'", "") {
        ran.assert_near("storage_overhead_ratio", 1.0, 0.0);
        ran.assert_near("repair_bytes_per_online_s_mean", 0.0, 0.0);
    }
}

#[test]
fn without_repair_as_many_copies_are_up_as_their_holders_whatever_the_notice() {
    for protocol in ["chord", "kademlia"] {
        for graceful in [0.0, 0.5, 1.0] {
            let runs = lab::all(&format!(
                "time = {{ warmup = '12h', measure = '2h' }}\nresources.count = 100\nsweep.repetitions = 16\n\
                 storage = {{ replicas = 4, repair = 'none' }}\nsystems.a.{protocol} = {{}}\n[population]\n\
                 participants = 100\nchurn = {{ session.exponential.mean = '2h', downtime.exponential.mean = '2h', \
                 graceful = {graceful} }}"
            ));
            let alive = runs.iter().map(|ran| ran.figure("replicas_alive_mean")).sum::<f64>() / 16.0;
            println!("{protocol}, {graceful} with notice: {alive:.3} of 4 copies up");
            assert!((alive - 2.0).abs() <= 0.15, "{protocol}, {graceful}: {alive}");
            runs.iter().for_each(|ran| ran.assert_near("storage_overhead_ratio", 4.0, 0.0));
        }
    }
}

#[test]
fn rings_no_larger_than_their_lists_keep_as_many_copies_as_they_should() {
    for replicas in [2.0, 3.0] {
        // The last is back after 2 h 40 min, and what is held for half an hour goes by 3 h 20 min.
        for ran in in_turn(8, "4h", &format!("replicas = {replicas}"), "") {
            ran.assert_near("storage_overhead_ratio", replicas, 0.0);
            ran.assert_near("replicas_alive_mean", replicas, 0.0);
            ran.assert_all_correct("get");
        }
    }
}

#[test]
fn after_the_last_put_no_get_is_stale_under_any_policy_that_moves_copies() {
    let no_more_puts = "workload.put.every = '10min'\nevents = [{ demand = { at = '2h', for = '20h', operation = 'put', factor = 0.0 } }]";
    let soft = "repair.republish = { publisher = '30min', every = '20min', expiry = '40min' }";
    for storage in ["repair = 'eager'", "repair.lazy.threshold = 1", "repair.lazy.threshold = 3", soft] {
        for ran in in_turn(12, "6h", storage, no_more_puts) {
            assert_eq!(ran.figure("get_incorrect_ratio"), 0.0, "{storage}: {}", ran.system);
            ran.assert_all_correct("get");
        }
    }
    let random = "placement = 'random-participants', audit = '20min'";
    for lazy in ["", ", repair.lazy.threshold = 1"] {
        for ran in in_turn(12, "6h", &format!("{random}{lazy}"), no_more_puts) {
            ran.assert_all_correct("get");
        }
    }
}

const CROWD: &str = "time = { warmup = '30min', measure = '2h' }\npopulation.participants = 120\n\
     network.latency.plane.width = '100ms'\nresources = { count = 200, size = '1KiB' }\nworkload.get.every = '1min'\n\
     events = [{ flash-crowd = { at = '1h', for = '20min', arrivals = 100, over = '2min', resource = 0, factor = 50 } }]\n";

#[test]
fn visitors_take_no_copies_away_unless_nothing_is_held_for_them() {
    let policies = [
        "repair = 'eager'",
        "repair.lazy.threshold = 3",
        "repair.lazy.threshold = 1",
        "repair.republish.publisher = '20min'",
    ];
    for protocol in ["chord", "kademlia"] {
        for policy in policies {
            let ran = lab::only(&format!("{CROWD}storage = {{ {policy} }}\nsystems.a.{protocol} = {{}}"), FIGURES);
            assert_eq!(ran.figure("resources_lost"), 0.0, "{protocol}, {policy}");
        }
    }
    let taken = lab::only(&format!("{CROWD}storage.hold = '0s'\nsystems.a.kademlia = {{}}"), FIGURES);
    println!("{} of 200 lost where nothing is held", taken.figure("resources_lost"));
    assert!(taken.figure("resources_lost") > 10.0, "this is what `hold` is for");
}

#[test]
fn lazy_repair_with_a_threshold_of_all_copies_is_eager_event_for_event() {
    for protocol in ["chord", "kademlia"] {
        let run = |repair: &str| {
            let text = format!(
                "time = {{ warmup = '10min', measure = '3h' }}\nresources.count = 60\nworkload.get.every = '2min'\n\
                 workload.put.every = '10min'\nstorage = {{ {repair} }}\nsystems.a.{protocol} = {{}}\n[population]\n\
                 participants = 60\nchurn = {{ session.exponential.mean = '40min', downtime.exponential.mean = '20min', \
                 graceful = 0.5 }}"
            );
            lab::only(&text, FIGURES).outcome.fingerprint
        };
        assert_eq!(run("repair = 'eager'"), run("repair.lazy.threshold = 3"), "{protocol}");
    }
}

#[test]
fn a_partition_or_full_disks_lead_to_no_storm() {
    let partition = "time = { warmup = '20min', measure = '60min', sample = '1min' }\nseed = 5\n\
         population.online = 25\npopulation.churn = { session.exponential.mean = '20min', downtime.exponential.mean = '10min' }\n\
         network.latency.constant = '20ms'\nresources = { count = 5, size = '1KiB' }\nworkload.get.every = '60s'\n\
         events = [{ partition = { at = '40min', for = '1min', shares = [0.9, 0.1] } }]\n";
    for hold in ["0s", "30min"] {
        let ran = lab::only(&format!("{partition}storage.hold = '{hold}'\nsystems.a.chord = {{}}"), FIGURES);
        let most = ran.series("repair_bytes_per_s").iter().map(|(_, bytes)| *bytes).fold(0.0, f64::max);
        println!("hold {hold}: at most {most:.0} B/s of repair in a minute");
        assert!(most < 1000.0, "hold {hold}: {most} B/s");
    }
    let disks = "seed = 547\ntime = { warmup = '20min', measure = '40min' }\nnetwork.latency.plane.width = '100ms'\n\
         network.access = { uplink = '1Mbit/s', downlink = '5Mbit/s' }\nresources = { count = 60, size = '64KiB' }\n\
         workload.get.every = '1min'\n[population]\nparticipants = 120\n\
         churn = { session.exponential.mean = '30min', downtime.exponential.mean = '10min', graceful = 0.0 }\n\
         classes = [{ name = 's', share = 0.5, storage = '200KiB' }, { name = 'b', share = 0.5 }]\n[storage]\n\
         replicas = 5\npieces = 4\nparity = 3\nrepair.lazy.threshold = 5\naudit = '5min'\n[systems.a.kademlia]\n";
    let ran = lab::only(disks, FIGURES);
    let bytes = ran.figure("repair_bytes_per_online_s_mean");
    println!("full disks: {bytes:.0} B/s of repair a machine");
    assert!(bytes < 1000.0 && refused(&ran, 0) > 0.0, "{bytes} B/s");
}

/// Records that disks of a class had no room for.
fn refused(ran: &Ran, class: usize) -> f64 {
    let at = CLASSES.index_of("records_refused").expect("there is such a column");
    ran.outcome.classes[class].values[at].expect("it applies")
}

/// Of a trace: the most requests of repair that one node sent another in any minute, and the most puts that nobody asked for
/// that one node began.
fn most_in_a_minute(trace: &str) -> (usize, usize) {
    let mut counts = std::collections::BTreeMap::new();
    for line in trace.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let minute = cells[0].parse::<u64>().expect("nanoseconds") / 60_000_000_000;
        match (cells[1], cells[4]) {
            ("send", "repair-request") if cells[6] == "-" => {
                *counts.entry((minute, cells[2].to_owned(), cells[3].to_owned())).or_insert(0) += 1;
            }
            ("publish", _) => *counts.entry((minute, cells[2].to_owned(), "put".to_owned())).or_insert(0) += 1,
            _ => {}
        }
    }
    let most = |put: bool| counts.iter().filter(|(key, _)| (key.2 == "put") == put).map(|(_, count)| *count).max();
    (most(false).unwrap_or(0), most(true).unwrap_or(0))
}

#[test]
fn no_record_is_offered_or_put_back_ten_times_a_minute() {
    for (machines, event) in [
        (10, ""),
        (30, ""),
        (30, "events = [{ partition = { at = '60min', for = '10min', shares = [0.6, 0.4] } }]"),
        (30, "events = [{ crash = { at = '60min', share = 0.5, for = '5min' } }]"),
    ] {
        for (protocol, hold) in [("chord", "0s"), ("chord", "30min"), ("kademlia", "0s"), ("kademlia", "30min")] {
            let text = format!(
                "time = {{ warmup = '30min', measure = '3h' }}\nresources.count = 1\nstorage.hold = '{hold}'\n{event}\n\
                 systems.a.{protocol} = {{}}\n[population]\nparticipants = {machines}\n\
                 churn = {{ session.exponential.mean = '20min', downtime.exponential.mean = '10min', graceful = 0.5 }}"
            );
            let (_, trace) = lab::traced(&lab::runs(&text)[0], FIGURES);
            let (offers, puts) = most_in_a_minute(&trace);
            println!(
                "{protocol}, {machines} machines, hold {hold}: {offers} requests, {puts} puts in a minute at most"
            );
            // An offer may be followed by its copy.
            assert!(offers <= 20 && puts <= 10, "{protocol}, {machines}, {hold}, {event}: {offers} and {puts}");
        }
    }
}

#[test]
fn an_audit_of_pieces_moves_no_value_on_any_overlay_and_in_any_mode() {
    let text = |systems: &str, size: &str| {
        format!(
            "time = {{ warmup = '30min', measure = '2h' }}\npopulation.participants = 60\n\
             resources = {{ count = 50, size = '{size}' }}\n\
             storage = {{ pieces = 4, parity = 4, replicas = 1, repair = 'none', audit = '10min' }}\n{systems}"
        )
    };
    let systems = "systems.a.chord = {}\nsystems.b.chord.virtual_nodes = 2\nsystems.c.chord.routing = 'recursive'\n\
                   systems.d.kademlia.k = 8\nsystems.e.kademlia.routing = 'recursive'\n";
    let [small, large] = ["4KiB", "512KiB"].map(|size| lab::all(&text(systems, size)));
    for (small, large) in small.iter().zip(&large) {
        let [a, b] = [small, large].map(|ran| ran.figure("repair_bytes_per_online_s_mean"));
        println!("{}: {a:.2} B/s with pieces of 1 KiB, {b:.2} with 128 KiB", small.system);
        assert!(a == b && a > 0.0 && a < 30.0, "{}: {a}, {b}", small.system);
    }
}

#[test]
fn repair_with_a_delay_puts_nothing_on_disks_without_room() {
    let text = "time = { warmup = '10min', measure = '12h' }\nresources = { count = 100, size = '2KiB' }\n\
         [storage]\nplacement = 'random-participants'\nrepair.delay = { after.constant = '1s', concurrency = 4 }\n\
         [population]\nparticipants = 40\ndepartures.lifetime.exponential.mean = '2h'\n\
         churn = { session.exponential.mean = '1h', downtime.exponential.mean = '10s', graceful = 0.0 }\n\
         classes = [{ name = 'small', share = 0.9, storage = '1B' }, { name = 'big', share = 0.1 }]\n[systems.a.chord]\n";
    let ran = lab::only(text, Wanted { nodes: true, ..FIGURES });
    assert!(refused(&ran, 0) > 100.0, "{}", refused(&ran, 0));
    let full = ran.outcome.nodes.iter().filter(|row| row.class == Some(0) && row.records_mean > Some(30.0)).count();
    assert_eq!(full, 0, "machines with a disk of one byte keep pointers only");
}

#[test]
fn what_found_no_room_was_never_stored_and_is_not_lost() {
    for placement in ["responsible", "random-participants"] {
        let text = format!(
            "time = {{ warmup = '10min', measure = '30min' }}\nresources = {{ count = 60, size = '1KiB' }}\n\
             workload.get.every = '1min'\nstorage.placement = '{placement}'\nsystems.a.chord = {{}}\n\
             population = {{ participants = 50, classes = [{{ name = 'all', share = 1.0, storage = '1B' }}] }}"
        );
        let ran = lab::only(&text, FIGURES);
        assert_eq!(ran.maybe("resources_lost").unwrap_or(0.0), 0.0, "{placement}");
        assert_eq!(ran.figure("get_failed_never_stored"), ran.figure("gets"), "{placement}");
    }
}

#[test]
fn more_copies_than_a_list_can_tell_of_are_refused_with_the_key_to_raise() {
    let refused = |text: &str| {
        let scenario = Scenario::parse("test".into(), "".into(), format!("population.online = 10\n{text}"), &[]);
        scenario
            .and_then(|scenario| scenario.runs(Registry::standard().registered()))
            .map_err(|error| error.to_string())
    };
    let resources = "resources.count = 2\n";
    for (system, key) in [
        ("systems.a.kademlia.k = 2", "k = 3"),
        ("systems.a.chord.successors = 1", "successors = 3"),
        ("systems.a.chord.successors = 2", "successors = 3"),
        ("systems.a.chord.predecessors = 2", "predecessors = 3"),
        ("storage.replicas = 15\nsystems.a.chord = {}", "successors = 15"),
    ] {
        let error = refused(&format!("{resources}{system}")).err().unwrap_or_else(|| panic!("{system} is accepted"));
        assert!(error.contains(&format!("write {key} or more")), "{error}");
        let help = error.contains("fewer `replicas`");
        assert!(help && refused(system).is_ok(), "{system}: without resources any list will do");
    }
    for system in ["systems.a.kademlia.k = 3", "systems.a.chord.successors = 3"] {
        let text = format!(
            "population.participants = 10\ntime = {{ warmup = '0s', measure = '10min' }}\n{resources}\
             workload.mix = {{ every = '10s', puts = 0.5 }}\n{system}"
        );
        lab::only(&text, FIGURES).assert_all_correct("get");
    }
}

#[test]
fn records_are_republished_and_expire_in_any_proportion() {
    for (every, publisher, expiry) in [(1, 1, 1), (1, 6, 6), (1, 1, 24), (1, 24, 24), (3, 2, 5), (24, 1, 2)] {
        let text = format!(
            "time = {{ warmup = '0s', measure = '3h' }}\nresources = {{ count = 100, size = '1KiB' }}\n\
             population = {{ online = 20, churn.preset = 'kad' }}\nworkload.get.every = '1h'\nsweep.repetitions = 50\n\
             storage.repair.republish = {{ every = '{every}min', publisher = '{publisher}min', expiry = '{expiry}min' }}\n\
             systems.kad.kademlia.k = 8\n"
        );
        let runs = lab::all(&text);
        assert_eq!(runs.len(), 50, "{every} : {publisher} : {expiry}");
    }
}

/// At rest, 90 minutes after the last event: three reviews, and nothing is held any more.
#[test]
fn at_rest_there_are_as_many_copies_as_there_should_be_and_repair_falls_to_its_upkeep() {
    let crowd =
        "{ flash-crowd = { at = '60min', for = '20min', arrivals = 60, over = '2min', resource = 0, factor = 10 } }";
    let cut = "{ partition = { at = '60min', for = '10min', shares = [0.7, 0.3] } }";
    for (event, start, protocols) in [
        ("{ crash = { at = '60min', share = 0.3, for = '20min' } }", "converged", &["chord", "kademlia"][..]),
        (crowd, "converged", &["chord", "kademlia"]),
        // A ring that was cut in two stays so: `check` says it.
        (cut, "converged", &["kademlia"]),
        ("", "join", &["chord", "kademlia"]),
    ] {
        for (repair, least) in [("repair = 'eager'", 3.0), ("repair.lazy.threshold = 2", 2.0)] {
            for protocol in protocols {
                let text = format!(
                    "time = {{ warmup = '4h', measure = '1h' }}\nnetwork.latency.plane.width = '100ms'\n\
                     resources = {{ count = 60, size = '1KiB' }}\nworkload = {{ get.every = '1min', put.every = '10min' }}\n\
                     events = [{event}{}{{ demand = {{ at = '55min', for = '20h', operation = 'put', factor = 0.0 }} }}]\n\
                     storage = {{ {repair} }}\nsystems.a.{protocol} = {{}}\n\
                     population = {{ participants = 60, start = '{start}' }}\n",
                    if event.is_empty() { "" } else { ", " }
                );
                let ran = lab::only(&text, FIGURES);
                let (copies, alive) = (ran.figure("storage_overhead_ratio"), ran.figure("replicas_alive_mean"));
                let bytes = ran.figure("repair_bytes_per_online_s_mean");
                println!("{event} {start}, {protocol}, {repair}: {copies:.3} copies, {bytes:.3} B/s of repair");
                assert!(
                    copies == alive && copies >= least - 0.02 && copies <= 3.0,
                    "{event} {protocol} {repair}: {copies}"
                );
                assert!(bytes < 0.5, "{event} {protocol} {repair}: {bytes} B/s");
                ran.assert_all_correct("get");
            }
        }
    }
}

/// A draw from a list, by a generator that gives the same on every machine.
fn drawn<'a>(state: &mut u64, list: &[&'a str]) -> &'a str {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    list[(*state >> 33) as usize % list.len()]
}

#[test]
fn any_combination_of_what_storage_knows_runs_to_its_end() {
    let (mut state, mut runs) = (1, 0);
    for number in 0..200 {
        let mut draw = |list: &[&'static str]| drawn(&mut state, list);
        let placed = draw(&["responsible", "random-participants"]);
        let soft =
            ["{ every = '7min', publisher = '11min', expiry = '13min' }", "{ publisher = '5min', expiry = '5min' }"];
        let repair = match placed {
            "responsible" => draw(&["none", "eager", "lazy", "republish"]),
            _ => draw(&["none", "eager", "lazy", "delay"]),
        };
        let said = match repair {
            "lazy" => "repair.lazy.threshold = 1".to_owned(),
            "republish" => format!("repair.republish = {}", draw(&soft)),
            "delay" => "repair.delay = { after.exponential.mean = '3min', concurrency = 2 }".to_owned(),
            other => format!("repair = '{other}'"),
        };
        let hold = if ["eager", "lazy"].contains(&repair) { draw(&["", "hold = '0s'", "hold = '4min'"]) } else { "" };
        let pieces = draw(&["", "pieces = 3", "pieces = 2\nparity = 2"]);
        let audited = !pieces.is_empty() && placed == "responsible" || placed != "responsible" && !hold.is_empty();
        let audit = if audited { draw(&["", "audit = '3min'"]) } else { "" };
        let cache = if placed == "responsible" { draw(&["", "cache = '20KiB'"]) } else { "" };
        let text = format!(
            "seed = {number}\ntime = {{ warmup = '2min', measure = '40min' }}\nnetwork.latency.plane.width = '100ms'\n{}\n\
             resources = {{ count = 20, size = '{}' }}\nworkload = {{ get.every = '1min', put.every = '{}' }}\n{}\n\
             [population]\nparticipants = {}\nstart = '{}'\n{}\n{}\n\
             churn = {{ session.exponential.mean = '15min', downtime.exponential.mean = '8min', graceful = {} }}\n\
             [storage]\nplacement = '{placed}'\nreplicas = {}\n{said}\n{hold}\n{pieces}\n{audit}\n{cache}\n\
             [systems.a]\n{}\n",
            draw(&["", "network.loss = 0.1", "network.access = { uplink = '200kbit/s', downlink = '1Mbit/s' }"]),
            draw(&["1KiB", "10KiB", "40KiB"]),
            draw(&["2min", "20min"]),
            draw(&[
                "",
                "events = [{ partition = { at = '10min', for = '5min', shares = [0.5, 0.5] } }]",
                "events = [{ crash = { at = '10min', share = 0.5, for = '5min' } }]",
                "events = [{ crash = { at = '10min', share = 0.3 } }]",
            ]),
            draw(&["5", "12", "30"]),
            draw(&["converged", "join"]),
            draw(&["", "departures.probability = 0.2"]),
            draw(&["", "classes = [{ name = 's', share = 0.5, storage = '15KiB' }, { name = 'b', share = 0.5 }]"]),
            draw(&["0", "0.5", "1"]),
            draw(&["1", "3", "5"]),
            draw(&[
                "chord = {}",
                "chord.routing = 'recursive'",
                "kademlia = {}",
                "kademlia = { k = 5, routing = 'recursive' }"
            ]),
        );
        println!("{text}");
        let ran = lab::only(&text, FIGURES);
        runs += u32::from(ran.figure("gets") > 0.0);
    }
    assert_eq!(runs, 200);
}
