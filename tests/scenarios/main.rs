//! What a stranger meets: the shipped scenarios and the README are right, and every mistake in a scenario is found where
//! it stands.

mod mistakes;
mod readme;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The shipped scenarios with their texts, by name.
fn shipped() -> Vec<(PathBuf, String)> {
    let entries = fs::read_dir(root().join("scenarios")).expect("there are scenarios");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    assert!(paths.len() >= 7, "scenarios are missing: {paths:?}");
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
    for (path, _) in shipped() {
        let output = peerlab([Path::new("check"), &path]);
        assert_eq!((output.status.code(), errors(&output)), (Some(0), String::new()), "{}", path.display());
    }
}

#[test]
fn every_shipped_scenario_says_what_it_asks_what_to_expect_and_how_long_it_takes() {
    for (path, text) in shipped() {
        let head: Vec<&str> = text.lines().take_while(|line| line.is_empty() || line.starts_with('#')).collect();
        assert_eq!(head[0], "#:schema ./scenario.schema.json", "{}", path.display());
        for word in ["# Question: ", "# Expect: ", "# Takes: ", "#   peerlab "] {
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
