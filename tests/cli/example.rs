//! The example of a protocol of one's own keeps its promises.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command as Process;
use std::sync::LazyLock;

use assert_cmd::Command;
use predicates::prelude::*;
use predicates::str::contains;

use super::{Bench, SCENARIO};

/// An example's program, built as `cargo test` builds it: already there if everything is tested, and never an old one.
fn example(name: &str) -> PathBuf {
    static BUILT: LazyLock<()> = LazyLock::new(|| {
        let arguments = ["build", "--quiet", "--profile", "test", "--examples"];
        let built = Process::new(env!("CARGO")).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).status();
        assert!(built.unwrap().success());
    });
    LazyLock::force(&BUILT);
    let test = env::current_exe().unwrap();
    let profile = test.ancestors().nth(2).unwrap();
    profile.join("examples").join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

fn shipped(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name)
}

#[test]
fn a_protocol_of_ones_own_has_the_whole_command_line() {
    let bench = Bench::new(SCENARIO);
    let program = |arguments: &[&str]| {
        let mut command = Command::new(example("custom_protocol"));
        command.current_dir(bench.path(".")).args(arguments).assert()
    };
    let scenario = shipped("custom_protocol.toml");
    let short = ["--set", "population.online=30", "--set", "time.measure=5min", "--verify"];
    let run = program(&[&["run", scenario.to_str().unwrap()], &short[..]].concat()).success();
    run.stdout(contains("mesh").and(contains("results/custom_protocol/charts")));
    program(&["list", "protocols"]).success().stdout(contains("heartbeat  \"10s\""));
    program(&["schema"]).success().stdout(contains("\"heartbeat\""));
    let unknown = program(&["run", "s.toml", "--set", "systems.kad={ mish = {} }"]).code(2);
    unknown.stderr(contains("did you mean `mesh`?").and(contains("`chord`, `kademlia`, `mesh`")));
}

#[test]
fn it_answers_correctly_where_nobody_leaves_and_also_when_built_by_joining() {
    let bench = Bench::new(&SCENARIO.replace("churn.", "# churn."));
    let sets = ["systems.kad={ mesh = {} }", "population.start=join", "population.join_over=1min"];
    let mut command = Command::new(example("custom_protocol"));
    command.current_dir(bench.path(".")).args(["run", "s.toml", "--format", "json"]);
    for set in sets {
        command.args(["--set", set]);
    }
    let output = command.assert().success();
    let rows: serde_json::Value = serde_json::from_slice(&output.get_output().stdout).unwrap();
    let mesh = &rows[2]["metrics"];
    for kind in ["lookup", "get", "put"] {
        assert_eq!(mesh[format!("{kind}_correct_ratio")], 1.0, "{kind}: {mesh}");
    }
    assert_eq!(mesh["lookup_rpcs_mean"], 0.0);
    assert_eq!(mesh["contacts_mean"], 29.0);
}

/// What `scripts/churn-trace` runs.
#[test]
fn a_trace_of_a_scenarios_sessions_replays_to_its_results() {
    let bench = Bench::new(SCENARIO);
    let written = Command::new(example("churn_trace")).current_dir(bench.path(".")).arg("s.toml").assert().success();
    let written = written.get_output();
    std::fs::write(bench.path("t.csv"), &written.stdout).unwrap();
    let participants = String::from_utf8(written.stderr.clone()).unwrap();
    assert!(participants.starts_with("population.participants = "), "{participants}");
    let laws: Vec<&str> =
        SCENARIO.lines().filter(|line| line.contains("churn.") || line.contains("online =")).collect();
    let traced = laws.iter().fold(SCENARIO.to_owned(), |text, law| text.replace(law, ""));
    let traced =
        traced.replace("[population]", &format!("[population]\nchurn.trace = 't.csv'\n{}", &participants[11..]));
    std::fs::write(bench.path("t.toml"), traced).unwrap();
    for scenario in ["s", "t"] {
        bench.peerlab(&["run", &format!("{scenario}.toml"), "--operations", "--quiet"]).assert().success();
    }
    for file in ["runs.csv", "timeseries.csv", "load.csv", "nodes.csv", "resources.csv", "operations.csv"] {
        let [laws, trace] = ["s", "t"].map(|scenario| bench.read(&format!("results/{scenario}/{file}")));
        assert!(laws == trace, "{file} differs");
    }
}

#[test]
fn it_is_under_120_lines() {
    let lines = std::fs::read_to_string(shipped("custom_protocol.rs")).unwrap().lines().count();
    assert!(lines < 120, "{lines} lines");
}
