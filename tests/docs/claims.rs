//! The blocks of the pages work: scenarios are right, commands are known, and keys are those of the schema.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use peerlab::registry::Registry;
use serde_json::Value;
use tempfile::TempDir;

use super::{errors, names, peerlab, root, tables, written};

#[test]
fn every_scenario_in_them_is_right() {
    let scenarios: Vec<&str> = written().flat_map(|page| page.blocks("toml")).collect();
    assert!(scenarios.len() >= 13, "{} scenarios were found", scenarios.len());
    let folder = TempDir::new().expect("there is room for a folder");
    for text in scenarios {
        let path = folder.path().join("my.toml");
        fs::write(&path, text).expect("the scenario is written");
        let output = peerlab([Path::new("check"), &path]);
        assert_eq!((output.status.code(), errors(&output)), (Some(0), String::new()), "{text}");
    }
}

/// What stands behind `peerlab` in a command, whichever way it is started.
fn arguments(command: &str) -> Option<Vec<&str>> {
    let starts = ["cargo run --release -- ", "cargo run -- ", "peerlab "];
    let said = starts.iter().find_map(|start| command.strip_prefix(start))?;
    let words = said.split_whitespace();
    Some(words.take_while(|word| *word != ">").collect())
}

/// Commands of other programs: the words that they begin with, and the folder and ending of the file that the next word names.
const OTHERS: [(&str, &str, &str); 14] = [
    ("cargo run --release --example", "examples", ".rs"),
    ("cargo test --test", "tests", ""),
    ("cargo test", "", ""),
    ("cargo fmt", "", ""),
    ("cargo clippy", "", ""),
    ("cargo doc", "", ""),
    ("cargo install --path .", "", ""),
    ("cargo bench --bench", "benches", ".rs"),
    ("bash", "", ""),
    ("scripts/bench", "", ""),
    ("scripts/scaling", "", ""),
    ("scripts/swarm", "", ""),
    ("scripts/churn-trace", "", ""),
    ("git clone", "", ""),
];

fn is_known(command: &str) -> bool {
    let Some((known, folder, ending)) = OTHERS.iter().find(|(known, _, _)| command.starts_with(known)) else {
        return command.starts_with("cd ");
    };
    let next = command[known.len()..].split_whitespace().next().unwrap_or_default();
    let is_there = |path: String| root().join(path).exists();
    match (*known, *folder) {
        ("bash", _) => is_there(next.to_owned()),
        (script, "") if script.starts_with("scripts/") => is_there(script.to_owned()),
        (_, "") => true,
        (_, folder) => is_there(format!("{folder}/{next}{ending}")) || is_there(format!("{folder}/{next}.rs")),
    }
}

#[test]
fn every_command_in_them_is_one() {
    let mut tried = 0;
    for line in written().flat_map(|page| page.blocks("sh")).flat_map(str::lines) {
        let command = line.split(" #").next().expect("there is a first part").trim();
        let command = command.trim_start_matches(|c: char| c.is_ascii_uppercase() || c == '_');
        let command = command.strip_prefix('=').and_then(|rest| rest.split_once(' ')).map_or(command, |(_, it)| it);
        if command.is_empty() {
            continue;
        }
        let Some(arguments) = arguments(command) else {
            assert!(is_known(command), "{line}");
            continue;
        };
        // An argument that the program does not know is refused before the help is shown.
        let output = peerlab(arguments.iter().chain(&["--help"]));
        assert_eq!(output.status.code(), Some(0), "{line}: {}", errors(&output));
        for file in arguments.iter().filter(|argument| argument.starts_with("scenarios/")) {
            assert!(root().join(file).exists(), "{line}: there is no {file}");
        }
        tried += 1;
    }
    assert!(tried >= 32, "{tried} commands were found");
}

/// Every key of the schema, wherever.
fn keys(schema: &Value, all: &mut BTreeSet<String>) {
    match schema {
        Value::Object(parts) => {
            let properties = parts.get("properties").and_then(Value::as_object);
            all.extend(properties.into_iter().flatten().map(|(key, _)| key.clone()));
            parts.values().for_each(|part| keys(part, all));
        }
        Value::Array(parts) => parts.iter().for_each(|part| keys(part, all)),
        _ => {}
    }
}

#[test]
fn every_key_in_their_sentences_and_tables_is_one() {
    let mut known = BTreeSet::new();
    keys(&peerlab::scenario::schema(Registry::standard().registered()), &mut known);
    let mut tried = 0;
    for page in written() {
        let text = page.prose();
        for said in names(&text).filter(|said| said.contains(" = ") && !said.contains('\u{2026}')) {
            let said = said.replace('\n', " ");
            let value: Value =
                toml::from_str(&said).unwrap_or_else(|error| panic!("{}: {said}: {error}", page.path.display()));
            let mut open = vec![&value];
            while let Some(value) = open.pop() {
                for (key, inner) in value.as_object().into_iter().flatten() {
                    assert!(known.contains(key) || key.contains('.'), "{}: no `{key}`: {said}", page.path.display());
                    open.push(inner);
                }
            }
            tried += 1;
        }
    }
    let listed = ["| key ", "| event ", "| repair "].iter().flat_map(|head| tables(head)).flat_map(|table| table.rows);
    for row in listed {
        for said in names(&row[0]).chain(names(&row[1]).filter(|_| row[0].contains('`'))) {
            let key = said.trim_matches('"').split([' ', '.']).next().unwrap_or_default();
            let is_value = said.starts_with('"');
            assert!(is_value || known.contains(key), "no `{key}` in {row:?}");
            tried += 1;
        }
    }
    assert!(tried > 85, "{tried} keys were found");
}
