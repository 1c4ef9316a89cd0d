//! `manifest.json`: the origin of results, enough to repeat them and to check whether a repetition gives equal ones.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// File name of the manifest. Its presence marks a directory of results as complete.
pub const FILE: &str = "manifest.json";

/// Version of the files' layout. It is raised when a column or key changes its meaning or its place.
const FORMAT: u32 = 1;

/// Origin of results: results of another origin do not replace them by default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Command: `run`, `sweep` or `validate`.
    pub command: String,
    /// Name of the scenario's file.
    pub file: String,
}

/// Content of the manifest. No time, host or path: equal scenario, seed and version give equal bytes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Manifest {
    format: u32,
    program: Program,
    command: String,
    scenario: Scenario,
    /// Seeds, each once, in the order of the runs.
    seeds: Vec<u64>,
    /// Runs in the order of the plan.
    runs: Vec<Run>,
    /// Planned runs without results.
    missing: Vec<Missing>,
    /// Warnings about misleading results, as in `check`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Program {
    name: &'static str,
    version: &'static str,
    /// Commit of the sources, with `-modified` if they differed from it; `unknown` without a Git repository.
    commit: &'static str,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Scenario {
    title: String,
    /// Name of the scenario's file, without a path.
    file: String,
    /// Hash of `scenario.toml`, with the content of measured files in place of their paths.
    blake3: String,
}

/// Run with results.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Run {
    run_id: String,
    seed: u64,
    /// Fingerprint of all observable events, 16 hexadecimal digits.
    fingerprint: String,
}

/// Planned run without results.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Missing {
    run_id: String,
    because: String,
}

impl Origin {
    /// Origin in the manifest in `directory`; `None` if it has none, as in versions before 0.7, or if there is no
    /// manifest.
    pub fn read(directory: &Path) -> Option<Origin> {
        #[derive(Deserialize)]
        struct Said {
            command: String,
            scenario: Named,
        }
        #[derive(Deserialize)]
        struct Named {
            file: String,
        }
        let text = fs::read(directory.join(FILE)).ok()?;
        let said: Said = serde_json::from_slice(&text).ok()?;
        Some(Origin { command: said.command, file: said.scenario.file })
    }
}

impl Manifest {
    /// Manifest of a scenario without runs, with warnings.
    pub fn new(origin: &Origin, title: &str, hash: String, warnings: Vec<String>) -> Manifest {
        let program = Program { name: "peerlab", version: env!("CARGO_PKG_VERSION"), commit: env!("PEERLAB_COMMIT") };
        let scenario = Scenario { title: title.to_owned(), file: origin.file.clone(), blake3: hash };
        Manifest {
            format: FORMAT,
            program,
            command: origin.command.clone(),
            scenario,
            seeds: Vec::new(),
            runs: Vec::new(),
            missing: Vec::new(),
            warnings,
        }
    }

    /// Adds a run with results.
    pub fn add(&mut self, run_id: &str, seed: u64, fingerprint: u64) {
        if !self.seeds.contains(&seed) {
            self.seeds.push(seed);
        }
        self.runs.push(Run { run_id: run_id.to_owned(), seed, fingerprint: format!("{fingerprint:016x}") });
    }

    /// Adds a planned run without results.
    pub fn add_missing(&mut self, run_id: &str, because: impl Into<String>) {
        self.missing.push(Missing { run_id: run_id.to_owned(), because: because.into() });
    }

    /// Text of the file.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain strings and numbers are JSON") + "\n"
    }
}
