//! What the pages say of figures and of other files is what these say.

use std::fs;
use std::path::Path;

use peerlab::registry::Registry;
use peerlab::scenario::Scenario;
use serde_json::Value;
use tempfile::TempDir;

use super::{errors, is_said, names, peerlab, root, tables};

/// What a number is held against by: files, and others of the folder that was named last.
#[test]
fn every_test_that_is_named_is_there() {
    let mut held = tables("| what | reference | where |");
    assert_eq!(held.len(), 1);
    let (mut folder, rows) = (Path::new(""), held.remove(0).rows);
    assert!(rows.len() >= 32, "{} rows", rows.len());
    for row in &rows {
        for name in names(&row[2]) {
            let path = Path::new(name);
            folder = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(folder);
            let path = root().join(folder).join(path.file_name().unwrap_or_default());
            assert!(path.exists(), "there is no {}", path.display());
        }
    }
}

#[test]
fn what_is_said_of_other_files_is_what_they_say() {
    let read = |name: &str| fs::read_to_string(root().join(name)).expect("it is there");
    let figures = read("docs/validation.md");
    let counted = figures.lines().find(|line| line.contains(" figures, of which ")).expect("they are counted");
    let numbers: Vec<u32> = counted.split([' ', ':']).filter_map(|word| word.parse().ok()).collect();
    let [all, failed] = numbers[..] else { panic!("{counted}") };
    assert!(is_said(&format!("{} of {all} hold", all - failed)), "{counted}");
    let manifest: toml::Table = toml::from_str(&read("Cargo.toml")).expect("it is a manifest");
    let oldest = manifest["package"]["rust-version"].as_str().expect("it is given");
    assert!(is_said(&format!("[Rust](https://rustup.rs) {oldest} or later")), "{oldest}");
    let targets = fs::read_dir(root().join("tests/fuzz/fuzz_targets")).expect("they are there").count();
    assert!(targets == 4 && is_said("four targets for `cargo fuzz`"));
}

/// What stands below the first picture, of a shorter measurement; and how much the first command simulates.
#[test]
fn the_quickstart_shows_what_is_said_of_it() {
    for said in ["simulates three hours of four systems", "One thousand machines under measured churn"] {
        assert!(is_said(said), "{said}");
    }
    let scenario =
        Scenario::load(&root().join("scenarios/quickstart.toml"), &[]).unwrap_or_else(|problems| panic!("{problems}"));
    let runs = scenario.runs(Registry::standard().registered()).unwrap_or_else(|problems| panic!("{problems}")).runs;
    let plan = &runs[0].plan;
    assert_eq!(
        (runs.len(), (plan.warmup + plan.measure).as_secs_f64(), plan.population.online.round()),
        (4, 10_800.0, 1000.0)
    );
    let folder = TempDir::new().expect("there is room for a folder");
    let out = folder.path().join("out").to_string_lossy().into_owned();
    let short = ["--set", "time.warmup=2min", "--set", "time.measure=5min", "--format", "json", "--out", &out];
    let output = peerlab(["run", "scenarios/quickstart.toml"].iter().chain(&short));
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", errors(&output)));
    let figures = |name: &str| -> Vec<f64> {
        let rows = rows.as_array().expect("a row for each system").iter();
        rows.map(|row| row["metrics"][name].as_f64().expect("a number")).collect()
    };
    let (bytes, busiest) = (figures("bytes_total"), figures("busiest_machine_bytes_per_s"));
    assert!(rows[0]["system"] == "server" && bytes[1..].iter().all(|peers| *peers > bytes[0]), "{bytes:?}");
    assert!(busiest[1..].iter().all(|peers| *peers < busiest[0] / 2.0), "{busiest:?}");
}
