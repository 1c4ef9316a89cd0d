//! The command line as a user meets it: what it prints, writes and answers to the shell.

mod errors;
mod example;
mod expected;
mod killed;
mod published;
mod results;
mod same;
mod theirs;

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use tempfile::TempDir;

/// Two systems, twenty minutes, thirty nodes: milliseconds.
const SCENARIO: &str = r#"
title = "small"
seed = 5

[time]
warmup = "5min"
measure = "10min"

[population]
online = 30
churn.session.exponential = { mean = "10min" }
churn.downtime.exponential = { mean = "10min" }

[resources]
count = 20
size = "1KiB"

[workload]
lookup = { every = "20s" }
get = { every = "20s" }
put = { every = "2min" }

[systems.server.client-server]
[systems.ring.chord]
[systems.kad.kademlia]
"#;

const SWEEP: &str = r#"
[sweep]
repetitions = 2
[sweep.axes]
"population.online" = [20, 30]
"systems.kad.kademlia.k" = [4, 8]
"#;

/// A directory of its own with `s.toml` in it.
struct Bench(TempDir);

impl Bench {
    fn new(scenario: &str) -> Bench {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("s.toml"), scenario).unwrap();
        Bench(home)
    }

    fn peerlab(&self, arguments: &[&str]) -> Command {
        let mut command = Command::cargo_bin("peerlab").unwrap();
        command.current_dir(&self.0).args(arguments);
        command
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// The names of what is there, hidden ones included.
    fn names(&self, directory: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(directory)).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }
}

/// Every file below a directory but `timing.json`, by its path, with its bytes.
fn bytes(directory: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    let mut left = vec![directory.to_owned()];
    while let Some(next) = left.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                left.push(path);
            } else if !path.ends_with("timing.json") {
                files.push((path.strip_prefix(directory).unwrap().to_owned(), fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

/// Asserts that two directories hold the same files with the same bytes, `timing.json` apart.
#[track_caller]
fn assert_same(a: &Path, b: &Path) {
    let (a, b) = (bytes(a), bytes(b));
    let names = |files: &[(PathBuf, Vec<u8>)]| files.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&a), names(&b));
    let different: Vec<_> = a.iter().zip(&b).filter(|(a, b)| a != b).map(|(a, _)| &a.0).collect();
    assert!(different.is_empty(), "these differ: {different:?}");
}
