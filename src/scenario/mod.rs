//! Layer 5: the TOML scenario file and its meaning.
//!
//! Two stages. `file` is the text: types only, without access to files. [`plan`] is the meaning: checked, with defaults
//! and presets resolved and files read. In between, `--set` arguments and the values of a sweep's axes are written into
//! the document, so that they are checked like the file, and an error about one points at it.
//!
//! The scenario knows no protocol: it is given a list of [`Registered`]. [`Scenario::load`] yields the axes,
//! [`Scenario::runs`] the plans and the list of runs; every error on the way is a [`Problem`] with its position and a
//! correction.

mod aggregate;
mod alternatives;
mod axes;
mod bootstrap;
mod check;
mod churn;
mod classes;
mod daily;
mod document;
mod environment;
mod events;
mod expect;
mod file;
mod files;
mod gap;
mod inputs;
mod load;
mod names;
mod nat;
mod network;
mod nonsense;
mod path;
pub mod plan;
mod population;
mod problem;
mod registered;
mod repetitions;
mod resolve;
mod schema;
mod shapes;
mod size;
mod source;
mod storage;
mod systems;
mod traversal;
mod wire;
mod written;

pub use aggregate::{Aggregate, Column, Ending, Function};
pub use axes::{Axis, Point};
pub use expect::{Bound, Expectation, Figure, is_same};
pub use load::{Run, Runs, Scenario};
pub use plan::{
    Churn, Class, Event, Group, Plan, Popularity, Population, Rejoin, Repair, Resources, Sessions, Start, Storage,
    System, Target, What, Workload,
};
pub use problem::{Kind, Problem, Problems, plain, shown};
pub use registered::{AnyConfig, Refusal, Registered, parse_config};
pub use schema::schema;

#[cfg(test)]
mod tests;
