//! Layer 6: what is measured of a run: observers, counters, and the figures that follow from them.
//!
//! An [`Observer`](observer::Observer) is told of everything observable. [`Metrics`] counts it, and makes the figures of the
//! [`catalogue`] of the counts; [`trace`] writes it down. Nothing here reaches a node.
//!
//! | file | contents |
//! | --- | --- |
//! | `by_class` | Counts by class of participants beside the counters of the machines |
//! | `catalogue` | The catalogue of metrics: every column of `runs.csv`, `timeseries.csv`, `load.csv`, `classes.csv` and `pairs.csv` |
//! | `connecting` | Figures of connections: how dials ended between whom, what keeping and relaying costs, and how many links machines have |
//! | `counters` | The counters of one machine, and quantities that keep their value between events |
//! | `metric` | Metrics: the name, unit and meaning of a column, how it is shown, and the function that computes it from the counters |
//! | `metrics` | The metrics observer: counters and integer histograms, nothing kept per event. 104 bytes a machine |
//! | `minutes` | What servers carry in each minute of the measurement, from which follows what a server costs: bandwidth is billed by the 95th percentile of short intervals, and machines are bought for the peak |
//! | `observer` | Those who watch a run: metrics, trace, fingerprint, checkers |
//! | `operation_rows` | What is kept of single operations: their rows, if all are wanted, and what aggregates need of them |
//! | `outcome` | What one run leaves in memory |
//! | `peers` | To how many different machines a machine sends packets |
//! | `report` | From the counters of a run to its figures |
//! | `sampling` | Rows of the time series |
//! | `tally` | Counting operations: outcomes and causes, and of one kind latency, hops and cost |
//! | `trace` | The trace: a CSV line for every observable event, for looking closely, for comparing systems, and for an audit: the bytes, requests, uploads, records and losses of every machine follow from it alone |
//! | `wave` | How long a resource takes to reach everybody who asks for it |

mod by_class;
pub mod catalogue;
mod connecting;
mod counters;
mod metric;
mod metrics;
mod minutes;
pub mod observer;
mod operation_rows;
pub mod outcome;
mod peers;
pub mod report;
mod sampling;
mod tally;
pub mod trace;
mod wave;

pub use by_class::ByClass;
pub use counters::TableCheck;
pub use metrics::Metrics;
pub use report::Report;
