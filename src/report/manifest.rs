//! `manifest.json`: what the results are of, enough to repeat them and to see whether a repetition gives the same.

use std::fs;
use std::path::Path;

use serde::{Deserialize, Serialize};

/// The manifest's name. Its presence says that a directory of results is complete.
pub const FILE: &str = "manifest.json";

/// The version of the files' layout. It rises when a column or key changes its meaning or its place.
const FORMAT: u32 = 1;

/// Whose results they are: others are not put in their place unasked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The command: `run`, `sweep` or `validate`.
    pub command: String,
    /// The name of the scenario's file.
    pub file: String,
}

/// What stands in the manifest. No time, host or path: the same scenario, seed and version give the same bytes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Manifest {
    format: u32,
    program: Program,
    command: String,
    scenario: Scenario,
    /// Each once, in the order of the runs.
    seeds: Vec<u64>,
    /// In the order of the plan.
    runs: Vec<Run>,
    /// Planned runs that are not among the results.
    missing: Vec<Missing>,
    /// What may mislead, as `check` says it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Program {
    name: &'static str,
    version: &'static str,
    /// Of the sources, `-modified` if they differed from it; `unknown` if they were no Git repository.
    commit: &'static str,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Scenario {
    title: String,
    /// Its file's name, without a path.
    file: String,
    /// Of `scenario.toml`, the content of measured files included in place of their paths.
    blake3: String,
}

/// A run that is among the results.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Run {
    run_id: String,
    seed: u64,
    /// Over everything observable, 16 hexadecimal digits.
    fingerprint: String,
}

/// A planned run without a result.
#[derive(Clone, Debug, PartialEq, Serialize)]
struct Missing {
    run_id: String,
    because: String,
}

impl Origin {
    /// What the manifest in `directory` says; `None` if it does not, as in versions before 0.7, or there is none.
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
    /// The manifest of a scenario without runs, with what may mislead in it.
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

    /// Adds a run that is among the results.
    pub fn add(&mut self, run_id: &str, seed: u64, fingerprint: u64) {
        if !self.seeds.contains(&seed) {
            self.seeds.push(seed);
        }
        self.runs.push(Run { run_id: run_id.to_owned(), seed, fingerprint: format!("{fingerprint:016x}") });
    }

    /// Adds a planned run that is not.
    pub fn add_missing(&mut self, run_id: &str, because: impl Into<String>) {
        self.missing.push(Missing { run_id: run_id.to_owned(), because: because.into() });
    }

    /// The file's text.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("plain strings and numbers are JSON") + "\n"
    }
}
