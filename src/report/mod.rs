//! Layer 10: CSV files, charts, tables.
//!
//! Charts are drawn from the CSV files alone, so that `peerlab plot DIR` gives equal pictures without simulating.

pub mod chart;
pub mod columns;
pub mod csv;
pub mod expected;
pub mod files;
pub mod manifest;
pub mod number;
pub mod points;
pub mod staged;
pub mod table;

#[cfg(test)]
mod example;

/// Directory of the charts among results.
pub const CHARTS: &str = "charts";
