//! One mistake at a time, made in the text of every shipped scenario.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::{errors, peerlab, root, shipped};

/// A text with a mistake in it, and where: line and column, from 1.
struct Mistake {
    text: String,
    line: usize,
    column: usize,
    /// What the message must contain.
    said: String,
}

/// The lines of a scenario that say something, with their numbers and the section they are in.
fn statements(text: &str) -> Vec<(usize, &str, &str)> {
    let (mut section, mut found) = ("", Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        if line.starts_with('[') {
            section = line.trim_matches(|c| c == '[' || c == ']');
        } else if line.contains(" = ") && !line.starts_with('#') {
            found.push((number, section, line));
        }
    }
    found
}

/// The text with line `number` replaced.
fn with_line(text: &str, number: usize, line: &str) -> String {
    let lines = (1..).zip(text.lines()).map(|(at, old)| if at == number { line } else { old });
    lines.flat_map(|line| [line, "\n"]).collect()
}

/// A scenario of this text beside a copy of the shipped files, run with results asked for: what it said, its exit code,
/// and whether anything was written.
fn run(text: &str) -> (String, Option<i32>) {
    let folder = TempDir::new().expect("there is room for a folder");
    let file = |name: &str| folder.path().join(name);
    for data in ["synthetic_rtt_ms.csv", "synthetic_cube_ms.csv"] {
        fs::copy(root().join("scenarios").join(data), file(data)).expect("the data are copied");
    }
    fs::write(file("wrong.toml"), text).expect("the scenario is written");
    let command = if text.contains("[sweep]") { "sweep" } else { "run" };
    let output = peerlab([Path::new(command), &file("wrong.toml"), Path::new("--out"), &file("results")]);
    let left: Vec<_> =
        fs::read_dir(folder.path()).expect("it can be read").map(|entry| entry.unwrap().path()).collect();
    assert_eq!(left.len(), 3, "something was written: {left:?}");
    assert!(output.stdout.is_empty(), "something was printed");
    (errors(&output), output.status.code())
}

/// Runs a mistake and asserts that it is found in its place.
fn assert_found(name: &str, mistake: &Mistake, code: i32) {
    let (message, status) = run(&mistake.text);
    let Mistake { line, column, said, .. } = mistake;
    let place = format!("wrong.toml:{line}:{column}\n");
    let found = message.contains(&place) && message.contains(said);
    assert!(
        found && status == Some(code),
        "{name}: not {place} and {said} with code {code}, but {status:?}\n{message}"
    );
}

#[test]
fn a_misspelt_key_is_named_with_the_key_that_was_meant() {
    for (path, text) in shipped() {
        for (number, section, line) in statements(&text) {
            if section == "sweep.axes" {
                continue;
            }
            let (keys, value) = line.split_once(" = ").expect("it is a statement");
            let (parents, key) = keys.rsplit_once('.').map_or(("", keys), |(parents, key)| (parents, key));
            let dot = if parents.is_empty() { "" } else { "." };
            // The first letter twice: `warmup` becomes `wwarmup`.
            let misspelt = format!("{parents}{dot}{}{key} = {value}", &key[..1]);
            let column = parents.chars().count() + dot.len() + 1;
            let text = with_line(&text, number, &misspelt);
            let mistake = Mistake { text, line: number, column, said: format!("did you mean `{key}`?") };
            assert_found(&path.display().to_string(), &mistake, 2);
        }
    }
}

#[test]
fn a_value_without_its_unit_is_shown_with_the_units_there_are() {
    for (path, text) in shipped() {
        let mut tried = 0;
        for (number, _, line) in statements(&text) {
            for (start, quoted) in line.match_indices('"').zip(line.split('"').skip(1)).step_by(2) {
                let digits = quoted.trim_end_matches(|c: char| c.is_ascii_alphabetic() || c == '/');
                if digits == quoted || digits.parse::<f64>().is_err() {
                    continue;
                }
                let without = line.replacen(&format!("\"{quoted}\""), &format!("\"{digits}\""), 1);
                let text = with_line(&text, number, &without);
                let said = format!("`{digits}` has no unit: write one of ");
                let mistake = Mistake { text, line: number, column: start.0 + 1, said };
                assert_found(&path.display().to_string(), &mistake, 2);
                tried += 1;
            }
        }
        assert!(tried > 0, "{} has no unit to leave out", path.display());
    }
}

#[test]
fn a_value_out_of_range_is_shown_with_what_it_may_be() {
    // Key, a value that it cannot have, what would be right.
    const RANGES: [(&str, &str, &str); 9] = [
        ("online", "0", "there may be 1 to "),
        ("\"population.online\"", "[0]", "there may be 1 to "),
        ("loss", "1.5", "write a number from 0 to 1"),
        ("jitter", "0.9", "write a number from 0 to 0.4"),
        ("count", "0", "write 1 or more"),
        ("replicas", "0", "write a number from 1 to 20"),
        ("repetitions", "0", "write 1 or more"),
        ("successors", "0", "must be 1 to 200"),
        ("k", "0", "`k`: must be 1 to 255, not 0"),
    ];
    for (path, text) in shipped() {
        let mut tried = 0;
        for (number, _, line) in statements(&text) {
            let (key, _) = line.split_once(" = ").expect("it is a statement");
            let Some((_, value, said)) = RANGES.iter().find(|(known, ..)| *known == key) else { continue };
            let column = key.chars().count() + " = ".len() + usize::from(value.starts_with('[')) + 1;
            let text = with_line(&text, number, &format!("{key} = {value}"));
            let mistake = Mistake { text, line: number, column, said: (*said).to_owned() };
            assert_found(&path.display().to_string(), &mistake, 2);
            tried += 1;
        }
        assert!(tried > 0, "{} has no value with a range", path.display());
    }
}

#[test]
fn a_missing_file_is_code_3_and_shown_where_it_is_named() {
    let mut tried = 0;
    for (path, text) in shipped() {
        for (number, section, line) in statements(&text) {
            if section == "network.latency.matrix" && line.starts_with("file = ") {
                let text = with_line(&text, number, "file = \"nowhere.csv\"");
                let said = "a relative path begins at the folder of the scenario file".to_owned();
                let mistake = Mistake { text, line: number, column: "file = ".len() + 1, said };
                assert_found(&path.display().to_string(), &mistake, 3);
                tried += 1;
            }
        }
        let output = peerlab([Path::new("run"), &path.with_extension("gone")]);
        assert_eq!(output.status.code(), Some(3), "{}", errors(&output));
        assert!(errors(&output).contains("cannot read the scenario"), "{}", errors(&output));
    }
    assert_eq!(tried, 1, "one scenario reads a matrix");
}
