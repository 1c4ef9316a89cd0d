//! The shipped scenarios are right, and every mistake in a scenario is found where it stands.

mod mistakes;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use peerlab::registry::Registry;
use peerlab::scenario::Scenario;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The shipped scenarios with their texts, by name.
fn shipped() -> Vec<(PathBuf, String)> {
    let scenarios = scenarios_in("scenarios");
    assert!(scenarios.len() >= 7, "scenarios are missing: {scenarios:?}");
    scenarios
}

/// Those of `scenarios/bench/`.
fn benchmarks() -> Vec<(PathBuf, String)> {
    let scenarios = scenarios_in("scenarios/bench");
    assert_eq!(scenarios.len(), 10, "{scenarios:?}");
    scenarios
}

/// The scenarios of a folder with their texts, by name.
fn scenarios_in(folder: &str) -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(root().join(folder)).expect("there are scenarios");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    let read = |path: PathBuf| (fs::read_to_string(&path).expect("it can be read"), path);
    paths.into_iter().map(read).map(|(text, path)| (path, text)).collect()
}

fn peerlab<S: AsRef<std::ffi::OsStr>>(arguments: impl IntoIterator<Item = S>) -> Output {
    let mut command = Command::cargo_bin("peerlab").expect("the program is built");
    command.current_dir(root()).args(arguments).output().expect("it starts")
}

/// What the program said on stderr.
fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn every_shipped_scenario_is_right_and_nothing_in_it_misleads() {
    for (path, text) in shipped().into_iter().chain(benchmarks()) {
        let output = peerlab([Path::new("check"), &path]);
        let said = errors(&output);
        // Rings that a partition takes apart are what these two show, and what their headers explain.
        let divides = ["partition = {", "cut-off = {"].iter().any(|event| text.contains(event));
        let mut warnings = said.lines().filter(|line| line.starts_with("warning: ")).peekable();
        assert_eq!(warnings.peek().is_some(), divides, "{}", path.display());
        let expected = warnings.all(|line| line.ends_with("may stay apart when this is healed"));
        assert!(expected && !said.contains("error"), "{}: {said}", path.display());
        assert_eq!(output.status.code(), Some(0), "{}", path.display());
    }
}

#[test]
fn every_scenario_of_the_validation_pack_is_right() {
    for folder in ["scenarios/validation", "scenarios/validation/full"] {
        for (path, text) in scenarios_in(folder) {
            let output = peerlab([Path::new("check"), &path]);
            let said = errors(&output);
            let crash = text.contains("crash = {") && text.contains("merge = false");
            assert!(said.is_empty() || crash, "{}: {said}", path.display());
            assert_eq!(output.status.code(), Some(0), "{}", path.display());
            let sourced = text.matches("[[expect]]").count() == text.matches("\nsource = ").count();
            assert!(sourced, "{}: a figure is from nowhere", path.display());
        }
    }
}

#[test]
fn every_benchmark_takes_the_sizes_and_variants_that_it_names() {
    for (path, text) in benchmarks() {
        let name = path.file_name().expect("it has a name").to_string_lossy();
        let commands = text.replace(" \\\n#     ", " ");
        let mut tried = 0;
        for command in commands.lines().filter_map(|line| line.strip_prefix("#   peerlab run ")) {
            let (file, sets) = command.split_once(".toml").expect("it runs a file");
            assert_eq!(format!("{file}.toml"), format!("scenarios/bench/{name}"));
            let sets = sets.split_whitespace().filter(|word| *word != "--set").map(str::to_owned).collect::<Vec<_>>();
            let scenario = Scenario::load(&path, &sets).unwrap_or_else(|problems| panic!("{problems}"));
            let planned = scenario.runs(Registry::standard().registered());
            let runs = planned.unwrap_or_else(|problems| panic!("{command}: {problems}")).runs;
            assert_eq!(runs.len(), 1, "{command}: one system, one seed");
            tried += 1;
        }
        assert!(tried >= 2, "{name} does not say how to change its size");
    }
}

#[test]
fn every_shipped_scenario_says_what_it_asks_what_to_expect_and_how_long_it_takes() {
    let benchmarks = benchmarks().into_iter().map(|scenario| (scenario, "../", "# Size: "));
    let shipped = shipped().into_iter().map(|scenario| (scenario, "./", "# Question: "));
    for ((path, text), folder, also) in shipped.chain(benchmarks) {
        let head: Vec<&str> = text.lines().take_while(|line| line.is_empty() || line.starts_with('#')).collect();
        assert_eq!(head[0], format!("#:schema {folder}scenario.schema.json"), "{}", path.display());
        for word in ["# Question: ", "# Expect: ", "# Takes: ", "#   peerlab ", also] {
            let said = head.iter().any(|line| line.starts_with(word));
            assert!(said, "{} does not begin with a line `{word}…`", path.display());
        }
    }
}

#[test]
fn the_shipped_schema_is_that_of_this_version() {
    let path = root().join("scenarios/scenario.schema.json");
    let shipped = fs::read_to_string(&path).expect("the schema is there");
    let current = String::from_utf8(peerlab(["schema"]).stdout).expect("JSON is text");
    assert!(shipped == current, "write it again: cargo run -- schema > scenarios/scenario.schema.json");
}
