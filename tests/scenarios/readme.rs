//! What the README says is so.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use peerlab::run::by_class::CLASSES;
use peerlab::run::catalogue::connections::PAIRS;
use peerlab::run::catalogue::{METRICS, QUANTILES, SERIES};
use tempfile::TempDir;

use super::{errors, peerlab, root};

fn readme() -> String {
    fs::read_to_string(root().join("README.md")).expect("there is a README")
}

/// The fenced blocks of this language.
fn blocks(language: &str) -> Vec<String> {
    let text = readme();
    let fence = format!("```{language}\n");
    let after = text.split(&fence).skip(1);
    after.map(|rest| rest.split("\n```").next().expect("there is a first part").to_owned()).collect()
}

/// `a{b,c}d` is `abd` and `acd`.
fn expanded(pattern: &str) -> Vec<String> {
    let Some((before, rest)) = pattern.split_once('{') else { return vec![pattern.to_owned()] };
    let (choices, after) = rest.split_once('}').expect("a brace is closed");
    choices.split(',').flat_map(|choice| expanded(&format!("{before}{choice}{after}"))).collect()
}

/// The columns that the table of this file has in its first cells.
fn columns(file: &str) -> BTreeSet<String> {
    let text = readme();
    let head = format!("| column of `{file}` ");
    let table =
        text.lines().skip_while(|line| !line.starts_with(&head)).skip(2).take_while(|line| line.starts_with('|'));
    let cells = table.map(|row| row.split('|').nth(1).expect("a row has a first cell"));
    cells.flat_map(|cell| cell.split('`').skip(1).step_by(2).flat_map(expanded)).collect()
}

#[test]
fn every_column_is_in_the_tables_and_nothing_else() {
    for (file, own, catalogue) in [
        ("runs.csv", &[][..], &METRICS),
        ("timeseries.csv", &["time_s"], &SERIES),
        ("load.csv", &["quantile"], &QUANTILES),
        ("classes.csv", &["class"], &CLASSES),
        ("pairs.csv", &["from", "reached"], &PAIRS),
    ] {
        let written: BTreeSet<String> = own
            .iter()
            .map(|name: &&str| name.to_string())
            .chain(catalogue.iter().map(|metric| metric.name.clone()))
            .collect();
        let told = columns(file);
        let (missing, wrong): (Vec<_>, Vec<_>) =
            (written.difference(&told).collect(), told.difference(&written).collect());
        assert!(missing.is_empty() && wrong.is_empty(), "{file}: without {missing:?}, and with {wrong:?}");
    }
}

#[test]
fn every_scenario_in_it_is_right() {
    let scenarios = blocks("toml");
    assert_eq!(scenarios.len(), 11);
    let folder = TempDir::new().expect("there is room for a folder");
    for text in scenarios {
        let path = folder.path().join("my.toml");
        fs::write(&path, &text).expect("the scenario is written");
        let output = peerlab([Path::new("check"), &path]);
        assert_eq!((output.status.code(), errors(&output)), (Some(0), String::new()), "{text}");
    }
}

#[test]
fn every_command_in_it_is_one() {
    let mut tried = 0;
    for line in blocks("sh").iter().flat_map(|block| block.lines()) {
        let command = line.split('#').next().expect("there is a first part").trim();
        let Some((_, arguments)) = command.split_once("peerlab ").or_else(|| command.split_once(" --release -- "))
        else {
            assert!(
                ["cargo test", "cargo run --release --example"].iter().any(|known| command.starts_with(known)),
                "{line}"
            );
            continue;
        };
        let arguments: Vec<&str> = arguments.split_whitespace().collect();
        // An argument that the program does not know is refused before the help is shown.
        let output = peerlab(arguments.iter().chain(&["--help"]));
        assert_eq!(output.status.code(), Some(0), "{line}: {}", errors(&output));
        for file in arguments.iter().filter(|argument| argument.starts_with("scenarios/")) {
            assert!(root().join(file).exists(), "{line}: there is no {file}");
        }
        tried += 1;
    }
    assert!(tried > 10, "the commands were not found");
}

#[test]
fn every_file_it_points_to_is_there() {
    let text = readme();
    for target in text.split("](").skip(1).map(|rest| rest.split(')').next().expect("there is a first part")) {
        assert!(target.starts_with("https://") || root().join(target).exists(), "there is no {target}");
    }
    let table =
        text.split("## Scenarios").nth(1).and_then(|rest| rest.split("\n## ").next()).expect("there is a table");
    for name in table.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |").map(|(name, _)| name)) {
        let path = format!("scenarios/{name}.toml");
        assert!(root().join(&path).exists(), "there is no {path}");
    }
}
