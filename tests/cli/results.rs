//! What the commands print and leave behind.

use peerlab::measure::catalogue;
use peerlab::report::CHARTS;
use peerlab::report::files::FILES;
use predicates::prelude::*;
use predicates::str::contains;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{Bench, SCENARIO, SWEEP, assert_same};

#[test]
fn a_run_leaves_table_files_and_charts() {
    let bench = Bench::new(SCENARIO);
    let printed = bench.peerlab(&["run", "s.toml", "--operations"]).assert().success();
    printed
        .stdout(contains("lookups correct").and(contains("busiest machine")).and(contains("charts: results/s/charts")));
    let expected = [
        "charts",
        "load.csv",
        "manifest.json",
        "nodes.csv",
        "operations.csv",
        "resources.csv",
        "runs.csv",
        "scenario.toml",
        "summary.csv",
        "timeseries.csv",
        "timing.json",
    ];
    assert_eq!(bench.names("results/s"), expected);
    let charts = bench.names("results/s/charts");
    assert!(charts.contains(&"traffic.svg".to_owned()) && charts.contains(&"traffic.png".to_owned()), "{charts:?}");
    let manifest: serde_json::Value = serde_json::from_str(&bench.read("results/s/manifest.json")).unwrap();
    assert_eq!(manifest["runs"][1]["run_id"], "ring;seed=5");
    assert_eq!(manifest["missing"], serde_json::json!([]));
    let timing: serde_json::Value = serde_json::from_str(&bench.read("results/s/timing.json")).unwrap();
    assert!(timing["runs"]["kad;seed=5"]["events"].as_u64().unwrap() > 1000, "{timing}");
}

#[test]
fn check_says_where_availability_is_not_what_users_see() {
    let said = contains("no gets: availability is what an oracle finds on the machines that are online");
    Bench::new(SCENARIO).peerlab(&["check", "s.toml"]).assert().success().stdout(said.clone().not());
    let without = SCENARIO.replace("get = { every = \"20s\" }\n", "");
    Bench::new(&without).peerlab(&["check", "s.toml"]).assert().success().stdout(said);
}

#[test]
fn the_table_says_what_servers_cost_and_what_is_had_for_nothing() {
    let bench = Bench::new(SCENARIO);
    let oracle = contains("peers find each other by an oracle, for nothing");
    let costs =
        contains("moved by participants").and(contains("moved by servers")).and(contains("peak (95 % of minutes)"));
    let said = bench.peerlab(&["run", "s.toml"]).assert().success();
    said.stdout(oracle.clone().not().and(costs).and(contains("workers needed")));
    let said = bench.peerlab(&["run", "s.toml", "--set", "network.bootstrap=oracle"]).assert().success();
    said.stdout(oracle);
}

#[test]
fn timing_tells_building_warm_up_and_measurement_apart() {
    let bench = Bench::new(SCENARIO);
    bench.peerlab(&["run", "s.toml", "--set", "time.warmup=5min", "--set", "time.measure=15min"]).assert().success();
    let timing: serde_json::Value = serde_json::from_str(&bench.read("results/s/timing.json")).unwrap();
    let run = &timing["runs"]["kad;seed=5"];
    let figure = |name: &str| run[name].as_f64().unwrap_or_else(|| panic!("no {name} in {run}"));
    let parts: Vec<&String> = run["bytes_per_node"].as_object().expect("it is by part").keys().collect();
    let expected = "tables rpc storage seats operations sessions queue lists network nat links metrics";
    assert_eq!(parts, expected.split(' ').collect::<Vec<_>>());
    let bytes = |part: &str| run["bytes_per_node"][part].as_f64().expect("it is a number");
    assert!(bytes("tables") > 0.0 && bytes("rpc") > 0.0, "{run}");
    // Three quarters of the time are measured, and the load is the same throughout.
    let share = figure("measured_events") / figure("events");
    assert!((0.6..0.9).contains(&share), "{share} of the events");
    let parts = ["build_s", "warmup_s", "measure_s"].map(figure);
    let whole = run["cpu_s"].as_f64().unwrap_or_else(|| figure("wall_s"));
    // Systems may tell processor time in steps that are longer than this run.
    assert!(parts.iter().all(|part| *part >= 0.0) && parts.iter().sum::<f64>() <= whole * (1.0 + 1e-9), "{run}");
    for (rate, seconds, events) in
        [("measured_events_per_s", parts[2], "measured_events"), ("events_per_s", whole, "events")]
    {
        let product = figure(rate) * seconds;
        assert!(seconds == 0.0 || (product / figure(events) - 1.0).abs() < 1e-9, "{rate} in {run}");
    }
}

#[test]
fn a_sweep_keeps_the_order_of_the_plan_and_summarises() {
    let bench = Bench::new(&format!("{SCENARIO}{SWEEP}"));
    bench.peerlab(&["sweep", "s.toml", "--out", "a", "--threads", "2"]).assert().success().stdout(contains("charts"));
    bench.peerlab(&["sweep", "s.toml", "--out", "b", "--threads", "1"]).assert().success();
    assert_same(&bench.path("a"), &bench.path("b"));
    let runs = bench.read("a/runs.csv");
    let ids: Vec<&str> = runs.lines().skip(1).map(|row| row.split(',').next().unwrap()).collect();
    // Server and ring run once for both values of k.
    assert_eq!(ids.len(), 2 * 2 * (1 + 1 + 2));
    assert_eq!(
        ids[..3],
        [
            "server;population.online=20;seed=5",
            "server;population.online=20;seed=4814727098998543",
            "ring;population.online=20;seed=5"
        ]
    );
    assert!(runs.starts_with("run_id,population.online,systems.kad.kademlia.k,system,seed,lookups,"));
    let summary = bench.read("a/summary.csv");
    let row =
        summary.lines().find(|row| row.starts_with("30,8,kad,lookup_hops_mean,2,")).expect("a row over two seeds");
    assert!(row.split(',').skip(4).all(|cell| !cell.is_empty()), "{row}");
    assert!(bench.names("a/charts").contains(&"lookup_hops_mean.svg".to_owned()));
    assert!(!bench.path("a/nodes.csv").exists());
}

#[test]
fn machines_and_resources_have_rows_where_they_are_asked_for_or_few() {
    let bench = Bench::new(&format!("{SCENARIO}{SWEEP}"));
    let options = ["--nodes", "--resources"];
    for option in options {
        let file = format!("{}.csv", &option[2..]);
        let arguments = ["sweep", "s.toml", "--out", "a", "--quiet", option];
        bench.peerlab(&arguments).assert().success();
        let written: Vec<String> = options.map(|option| format!("{}.csv", &option[2..])).into();
        let there = written.iter().filter(|name| bench.path("a").join(name).exists()).collect::<Vec<_>>();
        assert_eq!(there, [&file], "of a sweep");
        assert!(bench.read(&format!("a/{file}")).lines().count() > 16, "{file}");
    }
    let large = "time = { warmup = '0s', measure = '1s' }\nsystems.a.client-server = {}\n";
    for (number, is_written) in [(100_000, true), (100_001, false)] {
        let text = format!("population.participants = {number}\nresources.count = {number}\n{large}");
        fs::write(bench.path("l.toml"), text).unwrap();
        bench.peerlab(&["run", "l.toml", "--quiet"]).assert().success();
        for file in ["nodes.csv", "resources.csv"] {
            assert_eq!(bench.path("results/l").join(file).exists(), is_written, "{file} of {number}");
        }
    }
}

/// Of a run that has all of them: the table that docs/reference/files.md is written from.
#[test]
fn the_files_of_results_and_their_columns_are_those_of_the_table() {
    let bench = Bench::new("");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scenario = root.join("tests/cli/everything.toml");
    let arguments = ["run", scenario.to_str().unwrap(), "--out", "a", "--operations"];
    let apart = "may stay apart";
    bench.peerlab(&arguments).assert().success().stderr(contains(apart));
    let told: BTreeSet<&str> = FILES.iter().map(|file| file.name).chain([CHARTS]).collect();
    assert_eq!(told.into_iter().collect::<Vec<_>>(), bench.names("a"));
    for file in FILES.iter().filter(|file| file.name.ends_with(".csv")) {
        let text = bench.read(&format!("a/{}", file.name));
        let header: Vec<&str> = text.lines().next().unwrap().split(',').collect();
        let first = if file.name == "summary.csv" { "metric" } else { "seed" };
        let own = header.iter().skip_while(|name| **name != first).skip(1);
        let own: Vec<&str> = own.copied().collect();
        let told: Vec<&str> = file.columns.iter().map(|(name, _)| *name).collect();
        let metrics = catalogue::files().into_iter().find(|(name, _)| *name == file.name).map_or(Vec::new(), |it| it.1);
        let metrics = metrics.iter().map(|metric| metric.name.as_str());
        // The only column that may be left out.
        let others: Vec<&str> = metrics.chain((file.name == "nodes.csv").then_some("class")).collect();
        assert_eq!(own, [told, others].concat(), "{}", file.name);
    }

    let manifest: serde_json::Value = serde_json::from_str(&bench.read("a/manifest.json")).unwrap();
    assert_eq!(manifest["command"], "run");
    assert_eq!(manifest["scenario"]["file"], "everything.toml");
    assert_eq!(manifest["scenario"]["blake3"].as_str().unwrap().len(), 64);
    assert_eq!(manifest["program"]["version"], env!("CARGO_PKG_VERSION"));
    assert!(!manifest["program"]["commit"].as_str().unwrap().is_empty());
    assert_eq!(manifest["seeds"], serde_json::json!([3]));
    let runs = manifest["runs"].as_array().unwrap();
    let fingerprints: BTreeSet<&str> = runs.iter().map(|run| run["fingerprint"].as_str().unwrap()).collect();
    assert!(fingerprints.len() == runs.len() && fingerprints.iter().all(|it| it.len() == 16), "{manifest}");
    assert!(manifest["warnings"].to_string().contains(apart), "{manifest}");
    // Three events, each as it begins and as it is over.
    assert_eq!(bench.read("a/events.csv").lines().count(), 1 + 6 * runs.len());
}

#[test]
fn figures_are_printed_in_the_format_asked_for() {
    let bench = Bench::new(SCENARIO);
    let output = |format| {
        let output =
            bench.peerlab(&["run", "s.toml", "--format", format]).assert().success().get_output().stdout.clone();
        String::from_utf8(output).unwrap()
    };
    assert_eq!(output("csv"), bench.read("results/s/runs.csv"));
    let rows: serde_json::Value = serde_json::from_str(&output("json")).unwrap();
    assert_eq!((&rows[0]["system"], &rows[0]["metrics"]["lookup_hops_mean"]), (&"server".into(), &1.0.into()));
    assert!(rows[1]["metrics"]["server_wait_mean_ms"].is_null());
}

#[test]
fn check_counts_runs_and_warns() {
    let bench = Bench::new(&format!("{SCENARIO}{SWEEP}"));
    let checked = bench.peerlab(&["check", "s.toml"]).assert().success();
    checked
        .stdout(contains("16 runs: 3 systems, 4 parameter points, 2 repetitions").and(contains("million events")))
        .stderr(contains("warning: a warm-up of 5min flatters `kad`"));
    assert_eq!(bench.names("."), ["s.toml"], "something was written");
}

#[test]
fn list_and_schema_know_every_protocol_and_parameter() {
    let bench = Bench::new(SCENARIO);
    let everything = [
        "client-server",
        "lognormal",
        "kad ",
        "weibull",
        "[[population.classes]]",
        "storage",
        "busiest_machine_bytes_per_s",
    ];
    let listed = bench.peerlab(&["list"]).assert().success().get_output().stdout.clone();
    let listed = String::from_utf8(listed).unwrap();
    for word in everything {
        assert!(listed.contains(word), "no {word} in\n{listed}");
    }
    bench.peerlab(&["list", "protocols"]).assert().success().stdout(contains("stabilize").and(contains("\"20s\"")));
    let schema = bench.peerlab(&["schema"]).assert().success().get_output().stdout.clone();
    let schema: serde_json::Value = serde_json::from_slice(&schema).unwrap();
    assert!(schema["properties"]["systems"]["additionalProperties"]["properties"]["chord"].is_object());
    bench.peerlab(&["completions", "bash"]).assert().success().stdout(contains("_peerlab"));
}

/// The keys of all tables that a schema leads to, except those of laws, which are listed once for all.
fn keys(root: &serde_json::Value, schema: &serde_json::Value, seen: &mut Vec<String>, found: &mut BTreeSet<String>) {
    match schema {
        serde_json::Value::Object(parts) => {
            if let Some(name) = schema["$ref"].as_str().map(|name| name.trim_start_matches("#/$defs/").to_owned())
                && name != "DurationLaw"
                && !seen.contains(&name)
            {
                seen.push(name.clone());
                keys(root, &root["$defs"][&name], seen, found);
            }
            found.extend(schema["properties"].as_object().into_iter().flatten().map(|(key, _)| key.clone()));
            for (name, part) in parts {
                match (name.as_str(), part) {
                    ("properties", serde_json::Value::Object(all)) => {
                        all.values().for_each(|key| keys(root, key, seen, found))
                    }
                    ("anyOf" | "oneOf" | "items" | "additionalProperties", part) => keys(root, part, seen, found),
                    _ => {}
                }
            }
        }
        serde_json::Value::Array(list) => list.iter().for_each(|one| keys(root, one, seen, found)),
        _ => {}
    }
}

#[test]
fn every_key_of_the_schema_is_listed_where_it_belongs() {
    let bench = Bench::new(SCENARIO);
    let told = |arguments: &[&str]| {
        String::from_utf8(bench.peerlab(arguments).assert().success().get_output().stdout.clone()).unwrap()
    };
    let schema: serde_json::Value = serde_json::from_str(&told(&["schema"])).unwrap();
    let mut places: Vec<(&str, &serde_json::Value)> = Vec::new();
    for (section, table) in schema["properties"].as_object().unwrap() {
        match section.as_str() {
            "title" | "seed" => assert!(told(&["list", "scenario"]).contains(section.as_str())),
            "systems" => {
                let systems = table["additionalProperties"]["properties"].as_object().unwrap();
                places.extend(systems.iter().map(|(name, table)| (name.as_str(), table)));
            }
            section => places.push((section, table)),
        }
    }
    places.retain(|(name, _)| *name != "bootstrap"); // listed in the network's
    places.push(("churn", &schema["$defs"]["DurationLaw"]));
    assert!(places.len() > 15, "{}", places.len());
    let all = told(&["list"]);
    for (what, table) in places {
        let listed = told(&["list", what]);
        let words: BTreeSet<&str> = listed.split([' ', ',', '\n', '[', ']', '.']).collect();
        let mut wanted = BTreeSet::new();
        keys(&schema, table, &mut Vec::new(), &mut wanted);
        assert!(!wanted.is_empty(), "{what}");
        for key in wanted {
            assert!(words.contains(key.as_str()), "no `{key}` in `list {what}`:\n{listed}");
            assert!(all.contains(&key), "no `{key}` in `list`");
        }
    }
    let storage = told(&["list", "storage"]).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(storage.contains("One of \"none\", \"eager\", { lazy = … }, { republish = … }, { delay = … }."));
    bench.peerlab(&["list", "storag"]).assert().code(2).stderr(contains("storage"));
}
