//! Layer 4: the TOML scenario file and what it means.
//!
//! Two stages. `file` is *what was said*: types only, the environment is not touched. [`plan`] is *what it means*:
//! checked, with defaults and presets resolved and files read.

mod alternatives;
mod document;
mod file;
mod gap;
mod path;
pub mod plan;
mod problem;
mod registered;
mod source;
mod stand_in;

pub use plan::{Churn, Crash, Plan, Population, Rejoin, Repair, Resources, Start, Storage, System, Workload};
pub use problem::{Kind, Problem, Problems};
pub use registered::{AnyConfig, Refusal, Registered, parse_config};
