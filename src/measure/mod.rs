//! Layer 6: what is measured of a run: observers, counters, and the figures that follow from them.
//!
//! An [`Observer`](observer::Observer) is told of everything observable. [`Metrics`] counts it, and makes the figures of the
//! [`catalogue`] of the counts; [`trace`] writes it down. Nothing here reaches a node.

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
