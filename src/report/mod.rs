//! Layer 10: CSV files, charts, tables.
//!
//! Charts are drawn from the CSV files alone, so that `peerlab plot DIR` gives the same pictures without simulating.

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

/// The directory of the charts among results.
pub const CHARTS: &str = "charts";

/// Every file that a directory of results may have beside its charts: what [`staged::Staged::commit`] clears away when new
/// results come.
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
