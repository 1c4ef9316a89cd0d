//! What is wrong is said, with the right code, and nothing is written.

use std::fs;

use predicates::prelude::*;
use predicates::str::contains;

use super::{Bench, SCENARIO, SWEEP};

#[test]
fn what_is_wrong_with_the_scenario_is_said_and_nothing_is_written() {
    let misspelt = SCENARIO.replace("measure", "mesure");
    let unitless = SCENARIO.replace("\"10min\"\n\n[population]", "10\n\n[population]");
    let out_of_range = SCENARIO.replace("[systems.kad.kademlia]", "[systems.kad.kademlia]\nk = 0");
    let too_many = SCENARIO.replace("[systems.ring.chord]", "[systems.ring.chord]\nvirtual_nodes = 65");
    let cases = [
        (misspelt, 2, "s.toml:7:1", "did you mean `measure`?"),
        (unitless, 2, "s.toml:7:11", "duration with a unit"),
        (too_many, 2, "s.toml:25:17", "must be 1 to 64, not 65"),
        (out_of_range, 2, "s.toml:26:5", "k must be between 1 and 255"),
    ];
    for (scenario, code, place, help) in cases {
        let bench = Bench::new(&scenario);
        for command in ["run", "sweep", "check"] {
            let said = bench.peerlab(&[command, "s.toml"]).assert().code(code).stdout("");
            said.stderr(contains(place).and(contains(help)));
        }
        assert_eq!(bench.names("."), ["s.toml"], "something was written");
    }
}

#[test]
fn a_file_that_cannot_be_read_or_written_is_code_3() {
    let bench = Bench::new(SCENARIO);
    for command in ["run", "sweep", "check"] {
        bench.peerlab(&[command, "gone.toml"]).assert().code(3).stderr(contains("gone.toml"));
    }
    bench.peerlab(&["plot", "gone"]).assert().code(3).stderr(contains("gone: there is no such directory"));
    bench.peerlab(&["run", "s.toml", "--out", "s.toml"]).assert().code(3).stderr(contains("s.toml"));
    bench
        .peerlab(&["run", "s.toml", "--trace", "no/trace.csv"])
        .assert()
        .code(3)
        .stderr(contains("no/trace-server.csv"));
    assert_eq!(bench.names("."), ["s.toml"], "something was written");
}

#[test]
fn what_is_wrong_with_the_command_line_is_code_2() {
    let bench = Bench::new(SCENARIO);
    let cases: [(&[&str], &str); 6] = [
        (&[], "Usage:"),
        (&["simulate"], "unrecognized subcommand"),
        (&["run"], "<SCENARIO>"),
        (&["run", "s.toml", "--seed", "x"], "--seed"),
        (&["run", "s.toml", "--set", "population.onlin=5"], "did you mean `online`?"),
        (&["sweep", "s.toml", "--repetitions", "0"], "--repetitions"),
    ];
    for (arguments, said) in cases {
        bench.peerlab(arguments).assert().code(2).stdout("").stderr(contains(said));
    }
    bench.peerlab(&["--version"]).assert().success().stdout(contains("peerlab"));
    assert_eq!(bench.names("."), ["s.toml"], "something was written");
}

#[test]
fn more_nodes_than_a_protocol_has_room_for_are_code_2() {
    let rooms = [("kademlia = {}", 1, 16_776_960), ("chord = {}", 1, 1 << 28), ("chord.virtual_nodes = 4", 4, 1 << 28)];
    for (system, nodes, room) in rooms {
        let bench = Bench::new(&format!("population.participants = {}\nsystems.a.{system}\n", room / nodes));
        bench.peerlab(&["check", "s.toml"]).assert().success();
        let more = format!("population.participants={}", room / nodes + 1);
        let refused = bench.peerlab(&["run", "s.toml", "--set", &more]).assert().code(2);
        refused.stderr(contains("s.toml:2:11").and(contains(format!("it has room for {room}"))));
        assert_eq!(bench.names("."), ["s.toml"], "something was written");
    }
}

#[test]
fn a_directory_of_something_else_is_not_overwritten_but_an_earlier_result_is() {
    let bench = Bench::new(SCENARIO);
    fs::create_dir(bench.path("mine")).unwrap();
    fs::write(bench.path("mine/thesis.tex"), "years").unwrap();
    let refused = bench.peerlab(&["run", "s.toml", "--out", "mine"]).assert().code(2);
    refused.stderr(contains("mine: this directory holds something other than results"));
    assert_eq!(bench.names("mine"), ["thesis.tex"]);

    bench.peerlab(&["run", "s.toml", "--out", "a", "--operations"]).assert().success();
    bench.peerlab(&["run", "s.toml", "--out", "a", "--seed", "6"]).assert().success();
    assert!(!bench.path("a/operations.csv").exists(), "an old file stayed among the new ones");
    assert!(bench.read("a/runs.csv").contains(";seed=6"));
}

#[test]
fn run_refuses_axes_until_each_is_fixed() {
    let bench = Bench::new(&format!("{SCENARIO}{SWEEP}"));
    let refused = bench.peerlab(&["run", "s.toml"]).assert().code(2);
    refused.stderr(contains("`population.online` is varied").and(contains("--set population.online=20")));
    let fixed =
        ["run", "s.toml", "--set", "population.online=20", "--set", "systems.kad.kademlia.k=4", "--format", "csv"];
    let rows = bench.peerlab(&fixed).assert().success().get_output().stdout.clone();
    assert_eq!(String::from_utf8(rows).unwrap().lines().count(), 1 + 3, "one run of each system");
}
