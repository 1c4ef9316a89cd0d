//! Layer 9: grid and repetitions, parallel execution, statistics.

pub mod estimate;
pub mod execute;
pub mod statistics;
