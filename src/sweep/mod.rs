//! Layer 9: grid and repetitions, parallel execution, statistics.
//!
//! | file | contents |
//! | --- | --- |
//! | `estimate` | Estimate of the cost of runs, from small trials |
//! | `execute` | Execution of a list of runs on all cores |
//! | `statistics` | Statistics of repetitions: mean, spread, and confidence interval |

pub mod estimate;
pub mod execute;
pub mod statistics;
