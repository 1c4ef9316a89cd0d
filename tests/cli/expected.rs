//! What a scenario expects: said where it is wrong, held against what came out, and told to the shell.

use std::fs;

use predicates::prelude::*;
use predicates::str::contains;

use super::{Bench, SCENARIO};

fn expecting(scenario: &str, said: &str) -> Bench {
    Bench::new(&format!("{scenario}\n[[expect]]\n{said}\n"))
}

#[test]
fn an_expectation_holds_or_fails_and_the_shell_is_told() {
    let held = "system = \"server\"\nmetric = \"lookup_hops_mean\"\nvalue = 1\nwithin = 0\nsource = \"by definition\"";
    let bench = expecting(SCENARIO, held);
    let said = bench.peerlab(&["run", "s.toml"]).assert().code(0);
    said.stdout(contains("holds").and(contains("by definition")));
    let failed = "system = \"server\"\nmetric = \"lookup_hops_mean\"\nmax = 0.5\nnote = \"there is no such server\"";
    let bench = expecting(SCENARIO, failed);
    for format in ["table", "json", "csv"] {
        let said = bench.peerlab(&["run", "s.toml", "--format", format]).assert().code(1);
        said.stderr(contains("1 of 1 figures are not what was expected").and(contains("FAILS")));
    }
    assert!(fs::exists(bench.path("results/s/runs.csv")).unwrap(), "results are kept");
}

#[test]
fn what_cannot_be_expected_is_refused_where_it_stands() {
    let cases = [
        ("system = \"servr\"\nmetric = \"lookups\"\nmin = 1", "did you mean `server`?"),
        ("system = \"server\"\nmetric = \"lookup\"\nmin = 1", "unknown metric `lookup`"),
        ("system = \"server\"\nmetric = \"lookups\"", "nothing is expected of `lookups`"),
        ("system = \"server\"\nmetric = \"lookups\"\nvalue = 3", "how far off may it be?"),
        ("system = \"server\"\nmetric = \"lookups\"\nvalue = nan\nwithin = 1", "a bound is no number"),
        (
            "system = \"server\"\nmetric = \"lookups\"\nmin = 1\nat = { \"nothing.here\" = 1 }",
            "unknown axis `nothing.here`",
        ),
    ];
    for (said, problem) in cases {
        let bench = expecting(SCENARIO, said);
        for command in ["check", "run"] {
            bench.peerlab(&[command, "s.toml"]).assert().code(2).stderr(contains(problem));
        }
    }
    let bench = expecting(
        SWEEP_WITH,
        "system = \"server\"\nmetric = \"lookups\"\nmin = 1\nat = { \"population.online\" = 25 }",
    );
    bench.peerlab(&["check", "s.toml"]).assert().code(2).stderr(contains("it has 20, 30"));
}

/// A server at two sizes of the population.
const SWEEP_WITH: &str = "[time]\nwarmup = \"1min\"\nmeasure = \"2min\"\n[population]\nonline = 20\n[workload]\n\
    lookup = { every = \"20s\" }\n[systems.server.client-server]\n[sweep.axes]\n\"population.online\" = [20, 30]\n";

#[test]
fn an_expectation_at_a_point_stays_right_when_the_axis_is_fixed() {
    let at = "system = \"server\"\nmetric = \"lookup_hops_mean\"\nvalue = 1\nwithin = 0\nat = { \"population.online\" = 30 }";
    let bench = expecting(SWEEP_WITH, at);
    bench.peerlab(&["sweep", "s.toml"]).assert().code(0).stdout(contains("server online=30"));
    bench.peerlab(&["run", "s.toml", "--set", "population.online=30"]).assert().code(0).stdout(contains("holds"));
    bench.peerlab(&["run", "s.toml", "--set", "population.online=20"]).assert().code(0).stdout(contains("holds").not());
}

#[test]
fn a_folder_of_scenarios_is_validated() {
    let held = "system = \"server\"\nmetric = \"lookup_hops_mean\"\nvalue = 1\nwithin = 0";
    let bench = expecting(SWEEP_WITH, held);
    fs::create_dir_all(bench.path("pack/full")).unwrap();
    fs::rename(bench.path("s.toml"), bench.path("pack/s.toml")).unwrap();
    let slow = fs::read_to_string(bench.path("pack/s.toml")).unwrap().replace("value = 1\n", "value = 7\n");
    fs::write(bench.path("pack/full/s.toml"), slow).unwrap();
    bench.peerlab(&["validate", "pack", "--out", "out"]).assert().code(0).stdout(contains("holds"));
    let said = bench.peerlab(&["validate", "pack", "--full", "--out", "out"]).assert().code(1);
    said.stderr(contains("2 of 4 figures are not what was expected"));
    let rows = fs::read_to_string(bench.path("out/validation.csv")).unwrap();
    assert_eq!(rows.lines().count(), 5, "{rows}");
    assert!(fs::read_to_string(bench.path("out/validation.md")).unwrap().contains("4 figures, of which 2 do not hold"));
    fs::create_dir(bench.path("nothing")).unwrap();
    bench.peerlab(&["validate", "nothing"]).assert().code(2).stderr(contains("there is no scenario"));
}
