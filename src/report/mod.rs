//! Layer 10: CSV files, charts, tables.
//!
//! Charts are drawn from the CSV files alone, so that `peerlab plot DIR` gives equal pictures without simulating.

pub mod chart;
pub mod columns;
pub mod csv;
pub mod expected;
pub mod manifest;
pub mod number;
pub mod points;
pub mod staged;
pub mod table;

#[cfg(test)]
mod example;

/// Directory of the charts among results.
pub const CHARTS: &str = "charts";

/// All files that a directory of results may have besides its charts: [`staged::Staged::commit`] removes them when new
/// results replace them.
pub const FILES: [&str; 13] = [
    "runs.csv",
    "summary.csv",
    "timeseries.csv",
    "load.csv",
    "events.csv",
    "classes.csv",
    "pairs.csv",
    "nodes.csv",
    "operations.csv",
    "resources.csv",
    "scenario.toml",
    "timing.json",
    "manifest.json",
];
