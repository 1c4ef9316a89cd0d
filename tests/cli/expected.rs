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
        ("system = \"server\"\nmin = 1", "no figure is named"),
        (
            "system = \"server\"\nmetric = \"lookups\"\noperations = { aggregate = \"count\" }\nmin = 1",
            "`operations` stands beside `metric`",
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

#[test]
fn what_is_no_aggregate_of_operations_is_refused_where_it_stands() {
    let cases = [
        ("{ aggregate = \"p95\", of = \"latncy_ms\" }", "did you mean `latency_ms`?", "\"latncy_ms\""),
        ("{ aggregate = \"p90\", of = \"latency_ms\" }", "unknown choice `p90`", "\"p90\""),
        (
            "{ aggregate = \"mean\", of = \"outcome\" }",
            "`outcome` is a column of texts: there is no mean",
            "\"outcome\"",
        ),
        ("{ aggregate = \"mean\" }", "the mean of which column?", "operations"),
        ("{ aggregate = \"share\", above = 3 }", "there is no `of`", "operations"),
        ("{ aggregate = \"count\", kind = \"lookups\" }", "did you mean `lookup`?", "\"lookups\""),
        ("{ aggregate = \"count\", outcome = \"wrong\" }", "expected one of `correct`, `incorrect`", "\"wrong\""),
        ("{ aggregate = \"count\", cause = \"time-out\" }", "did you mean `timeout`?", "\"time-out\""),
        (
            "{ aggregate = \"count\", cause = \"timeout\", outcome = \"correct\" }",
            "an operation that is correct has no cause",
            "\"timeout\"",
        ),
        ("{ aggregate = \"count\", after = \"2min\", before = \"1min\" }", "between these bounds", "operations"),
    ];
    for (said, problem, marked) in cases {
        let bench = expecting(SCENARIO, &format!("system = \"server\"\nmin = 1\noperations = {said}"));
        let text = fs::read_to_string(bench.path("s.toml")).unwrap();
        let (number, line) = (1..).zip(text.lines()).find(|(_, line)| line.starts_with("operations")).unwrap();
        let place = format!("s.toml:{number}:{}", line.find(marked).unwrap() + 1);
        for command in ["check", "run"] {
            let stderr = bench.peerlab(&[command, "s.toml"]).assert().code(2).get_output().stderr.clone();
            let stderr = String::from_utf8(stderr).unwrap();
            assert!(stderr.contains(problem) && stderr.contains(&place), "{said}: {place}\n{stderr}");
        }
    }
}

/// The rows of the server in `operations.csv`: kind, outcome, and latency where there is one.
fn rows_of(csv: &str) -> Vec<(String, String, Option<f64>)> {
    let header: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
    let at = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let (kind, outcome, latency) = (at("kind"), at("outcome"), at("latency_ms"));
    let rows = csv.lines().skip(1).map(|line| line.split(',').collect::<Vec<_>>());
    let rows = rows.filter(|cells| cells[at("system")] == "server");
    rows.map(|cells| (cells[kind].to_owned(), cells[outcome].to_owned(), cells[latency].parse().ok())).collect()
}

#[test]
fn aggregates_are_those_of_the_rows_whether_they_are_written_or_not() {
    let said = "[[expect]]\nsystem = \"server\"\nmin = 0\noperations = ";
    let aggregates = [
        "{ aggregate = \"mean\", of = \"latency_ms\", kind = \"lookup\" }",
        "{ aggregate = \"max\", of = \"latency_ms\", kind = \"lookup\", outcome = \"correct\" }",
        "{ aggregate = \"count\", kind = \"lookup\" }",
        "{ aggregate = \"share\", kind = \"lookup\", outcome = \"correct\" }",
    ];
    let all: String = aggregates.iter().map(|aggregate| format!("{said}{aggregate}\n")).collect();
    let bench = Bench::new(&format!("{SCENARIO}\n{all}"));
    let measured = |arguments: &[&str]| {
        let said = bench.peerlab(arguments).assert().code(0).get_output().stdout.clone();
        let said = String::from_utf8(said).unwrap();
        let lines = said.lines().filter(|line| line.contains("≥ 0"));
        lines
            .map(|line| line.split("≥ 0").nth(1).unwrap().split_whitespace().next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    let written = measured(&["run", "s.toml", "--operations"]);
    let rows = rows_of(&fs::read_to_string(bench.path("results/s/operations.csv")).unwrap());
    let lookups: Vec<_> = rows.iter().filter(|(kind, ..)| kind == "lookup").collect();
    assert_eq!((written.len(), written[2].as_str()), (4, lookups.len().to_string().as_str()), "{written:?}");
    let latencies: Vec<f64> = lookups.iter().filter_map(|(.., latency)| *latency).collect();
    let mean = latencies.iter().sum::<f64>() / latencies.len() as f64;
    let near = |text: &str, value: f64| (text.parse::<f64>().unwrap() - value).abs() <= value * 0.005;
    assert!(near(&written[0], mean) && near(&written[1], latencies.iter().copied().fold(0.0, f64::max)), "{written:?}");
    let correct = lookups.iter().filter(|(_, outcome, _)| outcome == "correct").count();
    assert!(near(&written[3], correct as f64 / lookups.len() as f64), "{written:?}");
    assert_eq!(measured(&["run", "s.toml", "--verify"]), written, "without the rows, and twice");
    assert!(!fs::exists(bench.path("results/s/operations.csv")).unwrap());
    fs::create_dir(bench.path("pack")).unwrap();
    fs::rename(bench.path("s.toml"), bench.path("pack/s.toml")).unwrap();
    assert_eq!(measured(&["validate", "pack", "--out", "out"]), written);
}

#[test]
fn aggregates_of_a_sweep_do_not_depend_on_threads() {
    let p95 =
        "system = \"server\"\noperations = { aggregate = \"p95\", of = \"latency_ms\", kind = \"lookup\" }\nmin = 1";
    let bench = expecting(SWEEP_WITH, p95);
    let swept = |threads: &str| {
        let said =
            bench.peerlab(&["sweep", "s.toml", "--threads", threads]).assert().code(0).get_output().stdout.clone();
        let said = String::from_utf8(said).unwrap();
        said.lines().filter(|line| line.contains("p95 of latency_ms (lookup)")).map(str::to_owned).collect::<Vec<_>>()
    };
    let one = swept("1");
    assert_eq!((one.len(), one), (2, swept("2")));
}

/// A server at two sizes of the population.
const SWEEP_WITH: &str = "[time]\nwarmup = \"1min\"\nmeasure = \"2min\"\n[population]\nonline = 20\n[workload]\n\
    lookup = { every = \"20s\" }\n[systems.server.client-server]\n[sweep.axes]\n\"population.online\" = [20, 30]\n";

#[test]
fn an_expectation_at_a_point_stays_right_when_the_axis_is_fixed() {
    let at = "system = \"server\"\nmetric = \"lookup_hops_mean\"\nvalue = 1\nwithin = 0\nat = { \"population.online\" = 30 }";
    let bench = expecting(SWEEP_WITH, at);
    bench.peerlab(&["sweep", "s.toml"]).assert().code(0).stdout(contains("server online=30"));
    bench
        .peerlab(&["run", "s.toml", "--out", "one", "--set", "population.online=30"])
        .assert()
        .code(0)
        .stdout(contains("holds"));
    bench
        .peerlab(&["run", "s.toml", "--out", "one", "--set", "population.online=20"])
        .assert()
        .code(0)
        .stdout(contains("holds").not());
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

/// A folder of two scenarios that hold.
fn pack() -> Bench {
    let bench = expecting(SWEEP_WITH, "system = \"server\"\nmetric = \"lookup_hops_mean\"\nvalue = 1\nwithin = 0");
    fs::create_dir(bench.path("pack")).unwrap();
    fs::copy(bench.path("s.toml"), bench.path("pack/a.toml")).unwrap();
    fs::rename(bench.path("s.toml"), bench.path("pack/b.toml")).unwrap();
    bench
}

#[test]
fn every_place_of_results_is_looked_at_before_the_first_scenario_runs() {
    let bench = pack();
    fs::create_dir_all(bench.path("out/b")).unwrap();
    fs::write(bench.path("out/b/thesis.tex"), "years").unwrap();
    let refused = bench.peerlab(&["validate", "pack", "--out", "out"]).assert().code(2).stdout("");
    refused.stderr(contains("out/b: this directory holds something other than results of peerlab"));
    assert_eq!((bench.names("out"), bench.names("out/b")), (vec!["b".to_owned()], vec!["thesis.tex".to_owned()]));
}

#[test]
fn what_is_called_as_the_validation_and_is_none_stays() {
    let bench = pack();
    fs::create_dir(bench.path("out")).unwrap();
    for name in ["validation.md", "validation.csv"] {
        fs::write(bench.path("out").join(name), "# Validation\n\nMine.\n").unwrap();
        let refused = bench.peerlab(&["validate", "pack", "--out", "out", "--force"]).assert().code(2).stdout("");
        let said = format!("out/{name}: this is not what an earlier `peerlab validate` wrote");
        refused.stderr(contains(said).and(contains("name another directory with --out")));
        assert_eq!(bench.names("out"), [name]);
        assert_eq!(bench.read(&format!("out/{name}")), "# Validation\n\nMine.\n");
        fs::remove_file(bench.path("out").join(name)).unwrap();
    }
    for _ in 0..2 {
        bench.peerlab(&["validate", "pack", "--out", "out"]).assert().success();
    }
    assert_eq!(bench.names("out"), ["a", "b", "validation.csv", "validation.md"]);
}
