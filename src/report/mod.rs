//! Layer 8: CSV files, charts, tables.
//!
//! Charts are drawn from the CSV files alone, so that `peerlab plot DIR` gives the same pictures without simulating.

pub mod chart;
pub mod columns;
pub mod csv;
pub mod manifest;
pub mod number;
pub mod staged;
pub mod table;

#[cfg(test)]
mod example;
