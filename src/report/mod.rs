//! Layer 10: CSV files, charts, tables.
//!
//! Charts are drawn from the CSV files alone, so that `peerlab plot DIR` gives equal pictures without simulating.
//!
//! | file | contents |
//! | --- | --- |
//! | `chart` | Charts, drawn from the CSV files alone |
//! | `columns` | Result files read back, as the only input of charts |
//! | `csv` | Output of the result files of `FILES`, from the outcomes of runs |
//! | `expected` | Comparison of results with expectations |
//! | `files` | The list of the files of results, with the columns that no catalogue of figures has |
//! | `manifest` | `manifest.json`: the origin of results, enough to repeat them and to check whether a repetition gives equal ones |
//! | `number` | Number formats for people: three significant digits, and prefixes for bytes |
//! | `points` | Terminal tables of a sweep: for each headline metric, a row per parameter point and a column per system |
//! | `staged` | Atomic output of results: they are written to a stage and moved to their place at the end, all or none |
//! | `table` | Comparison table in the terminal: one column per system, one row per headline metric, the best value of each row marked |

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
