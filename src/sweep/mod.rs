//! Layer 7: grid and repetitions, parallel execution, statistics.

pub mod statistics;
