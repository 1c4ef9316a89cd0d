//! The same scenario, seed and version give the same bytes.

use std::collections::BTreeSet;
use std::fs;

use predicates::str::contains;

use super::{Bench, SCENARIO, SWEEP, assert_same, bytes};

#[test]
fn two_runs_give_the_same_bytes_whatever_the_threads() {
    let bench = Bench::new(SCENARIO);
    for (out, threads) in [("a", "1"), ("b", "2")] {
        let arguments = ["run", "s.toml", "--out", out, "--operations", "--quiet"];
        bench.peerlab(&arguments).env("RAYON_NUM_THREADS", threads).assert().success().stdout("").stderr("");
    }
    assert!(bytes(&bench.path("a")).len() > 15, "files are missing");
    assert_same(&bench.path("a"), &bench.path("b"));
}

#[test]
fn a_system_has_the_same_rows_whatever_stands_beside_it() {
    let bench = Bench::new(SCENARIO);
    let other = SCENARIO.replace("[systems.server.client-server]\n[systems.ring.chord]\n[systems.kad.kademlia]", "");
    fs::write(bench.path("t.toml"), other + "[systems.kad.kademlia]\n[systems.ring.chord]\n").unwrap();
    for (scenario, out) in [("s.toml", "a"), ("t.toml", "b")] {
        bench.peerlab(&["run", scenario, "--out", out, "--operations"]).assert().success();
    }
    for file in ["runs.csv", "timeseries.csv", "load.csv", "nodes.csv", "operations.csv"] {
        let (a, b) = (bench.read(&format!("a/{file}")), bench.read(&format!("b/{file}")));
        for system in ["ring;", "kad;"] {
            let rows =
                |text: &str| text.lines().filter(|row| row.starts_with(system)).map(str::to_owned).collect::<Vec<_>>();
            assert!(!rows(&a).is_empty(), "no rows of {system} in {file}");
            assert_eq!(rows(&a), rows(&b), "{file}, {system}");
        }
    }
}

#[test]
fn a_resolved_scenario_gives_the_same_results() {
    let bench = Bench::new(SCENARIO);
    bench.peerlab(&["run", "s.toml", "--seed", "9", "--set", "population.online=25", "--out", "a"]).assert().success();
    bench.peerlab(&["run", "a/scenario.toml", "--out", "b"]).assert().success();
    assert_same(&bench.path("a"), &bench.path("b"));
    assert!(bench.read("a/runs.csv").contains("\nring;seed=9,ring,9,"));
}

#[test]
fn a_resolved_scenario_finds_its_measured_file_from_wherever_it_lies() {
    let bench = Bench::new(SCENARIO);
    fs::create_dir(bench.path("data")).unwrap();
    fs::write(bench.path("data/rtt.csv"), "0 40 90\n40 0 60\n90 60 0\n").unwrap();
    let measured = "\n[network.latency.matrix]\nfile = \"data/rtt.csv\"\nholds = \"rtt\"\nunit = \"ms\"\n";
    fs::write(bench.path("s.toml"), SCENARIO.to_owned() + measured).unwrap();
    bench.peerlab(&["run", "s.toml"]).assert().success();
    assert!(bench.read("results/s/scenario.toml").contains("file = \"../../data/rtt.csv\""));
    bench.peerlab(&["run", "results/s/scenario.toml", "--out", "results/again"]).assert().success();
    assert_same(&bench.path("results/s"), &bench.path("results/again"));

    let axis = "[sweep.axes]\n\"network.latency.matrix.file\" = [\"data/rtt.csv\"]\n";
    fs::write(bench.path("t.toml"), SCENARIO.to_owned() + measured + axis).unwrap();
    bench.peerlab(&["sweep", "t.toml"]).assert().success();
    bench.peerlab(&["sweep", "results/t/scenario.toml", "--out", "b"]).assert().success();
    assert!(bench.read("b/scenario.toml").contains("\"network.latency.matrix.file\" = [\"../data/rtt.csv\"]"));
}

#[test]
fn plot_draws_the_same_charts_again() {
    let bench = Bench::new(SCENARIO);
    bench.peerlab(&["run", "s.toml", "--out", "a", "--quiet"]).assert().success();
    let drawn = bytes(&bench.path("a/charts"));
    fs::remove_dir_all(bench.path("a/charts")).unwrap();
    bench.peerlab(&["plot", "a"]).assert().success().stdout(contains("charts"));
    assert!(bytes(&bench.path("a/charts")) == drawn, "the charts differ");
    bench.peerlab(&["plot", "a", "--y", "lookup_hops_mean"]).assert().code(2).stderr(contains("no axis varies"));
}

#[test]
fn a_trace_shows_the_same_sessions_and_operations_in_every_system() {
    let bench = Bench::new(SCENARIO);
    bench.peerlab(&["run", "s.toml", "--trace", "t.csv", "--quiet"]).assert().success();
    let environment = |system: &str| -> Vec<String> {
        let trace = bench.read(&format!("t-{system}.csv"));
        let participants = |line: &&str| {
            let fields: Vec<&str> = line.split(',').collect();
            // Participants come first, then the dedicated servers, which differ.
            matches!(fields[1], "up" | "down" | "issue") && fields[2].parse::<u32>().is_ok_and(|node| node < 60)
        };
        // Until the end of the measurement, and without the systems' own names of operations.
        let measured = trace.lines().take_while(|line| !line.contains(",measurement-ends,"));
        let same = |line: &str| line.splitn(7, ',').take(6).collect::<Vec<_>>().join(",");
        measured.filter(participants).map(same).collect()
    };
    let server = environment("server");
    assert!(server.len() > 500, "{} events", server.len());
    for system in ["ring", "kad"] {
        let other = environment(system);
        let different = server.iter().zip(&other).find(|(one, other)| one != other);
        assert_eq!((different, server.len()), (None, other.len()), "{system}");
    }
}

#[test]
fn verify_finds_two_executions_to_be_the_same() {
    let bench = Bench::new(SCENARIO);
    bench.peerlab(&["run", "s.toml", "--verify", "--out", "a"]).assert().success();
    bench.peerlab(&["run", "s.toml", "--out", "b"]).assert().success();
    assert_same(&bench.path("a"), &bench.path("b"));
}

#[test]
fn what_is_added_to_a_sweep_changes_no_other_row() {
    let bench = Bench::new(&format!("{SCENARIO}{SWEEP}"));
    let more = SWEEP.replace("repetitions = 2", "repetitions = 3").replace("[20, 30]", "[20, 25, 30]");
    fs::write(bench.path("t.toml"), format!("{SCENARIO}[systems.table.full-table]{more}")).unwrap();
    for (scenario, out) in [("s.toml", "a"), ("t.toml", "b")] {
        bench.peerlab(&["sweep", scenario, "--out", out, "--nodes", "--quiet"]).assert().success();
    }
    for file in ["runs.csv", "timeseries.csv", "load.csv", "nodes.csv"] {
        let (few, many) = (bench.read(&format!("a/{file}")), bench.read(&format!("b/{file}")));
        let all: BTreeSet<&str> = many.lines().collect();
        let changed: Vec<&str> = few.lines().filter(|row| !all.contains(row)).collect();
        assert!(many.lines().count() > few.lines().count() && changed.is_empty(), "{file}: {changed:?}");
    }
}

#[test]
fn a_run_with_its_seed_repeats_a_repetition_of_a_sweep() {
    let bench = Bench::new(&format!("{SCENARIO}[sweep]\nrepetitions = 3\n"));
    bench.peerlab(&["sweep", "s.toml", "--out", "a"]).assert().success();
    let rows = bench.read("a/runs.csv");
    let of_ring: Vec<&str> = rows.lines().filter(|row| row.starts_with("ring;")).collect();
    assert_eq!(of_ring.len(), 3);
    let seed = of_ring[2].split(',').nth(2).expect("there is a column for the seed");
    bench.peerlab(&["run", "s.toml", "--seed", seed, "--out", "b"]).assert().success();
    assert!(bench.read("b/runs.csv").contains(of_ring[2]), "{}", of_ring[2]);
}
