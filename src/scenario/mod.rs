//! Layer 5: the TOML scenario file and its meaning.
//!
//! Two stages. `file` is the text: types only, without access to files. [`plan`] is the meaning: checked, with defaults
//! and presets resolved and files read. In between, `--set` arguments and the values of a sweep's axes are written into
//! the document, so that they are checked like the file, and an error about one points at it.
//!
//! The scenario knows no protocol: it is given a list of [`Registered`]. [`Scenario::load`] yields the axes,
//! [`Scenario::runs`] the plans and the list of runs; every error on the way is a [`Problem`] with its position and a
//! correction.
//!
//! | file | contents |
//! | --- | --- |
//! | `aggregate` | Aggregates of operations: a selection of rows of `operations.csv`, and an aggregate function over it |
//! | `alternatives` | Mutually exclusive keys of a table |
//! | `axes` | Axes of a sweep, and the grid of parameter points that they span |
//! | `bootstrap` | Meaning of the `bootstrap` keys of `[network]` and of systems |
//! | `check` | Reading of a document section by section, so that an error in one does not hide those in others |
//! | `churn` | Meaning of a `churn` table: laws of session and downtime, given directly or by a preset |
//! | `classes` | Meaning of `[[population.classes]]` |
//! | `daily` | Daily variation in scenario files: a wave, or twenty-four numbers |
//! | `document` | Scenario as a tree of TOML values with positions, before any check |
//! | `environment` | Meaning of the environment's sections: time, resources, workload |
//! | `events` | Meaning of `[[events]]` |
//! | `expect` | Meaning of `[[expect]]` |
//! | `file` | The text of a scenario file: its sections as types |
//! | `files` | The files that a scenario names: where they lie, seen from its results, and what is in them |
//! | `gap` | The interval between two operations of a participant: a mean, or a law in full |
//! | `inputs` | Files that a scenario names: each is read once for all parameter points that use it with equal settings |
//! | `load` | Loading of a scenario file, the plans of its parameter points, and the list of its runs |
//! | `names` | Valid names of systems, classes and regions: names that are safe in CSV rows, file names, charts and messages |
//! | `nat` | Meaning of `[network.nat]` |
//! | `network` | Meaning of `[network]` |
//! | `nonsense` | Warnings of scenarios that can be run but cannot work |
//! | `path` | Paths |
//! | `plan` | Plan: the meaning of a scenario at one parameter point, checked, with every default and preset resolved |
//! | `population` | Meaning of `[population]`: number of participants and churn |
//! | `problem` | Errors of a scenario, with position and correction |
//! | `registered` | Registered protocols as the scenario sees them: a name and the functions that read its table |
//! | `repetitions` | Repetitions of a sweep: their number and seeds |
//! | `resolve` | Resolution of a document into a plan, or a list of problems |
//! | `schema` | JSON Schema of the scenario file, for editors: they complete keys, show their documentation and mark errors |
//! | `shapes` | Structural check against the schema: every value has a permitted kind, every whole number is within its bounds, and a choice between tables has exactly one |
//! | `size` | Size of values in scenario files: a size, or a law of sizes |
//! | `source` | Source texts of a scenario: the file, followed by every `--set` argument |
//! | `storage` | Meaning of a `[storage]` table, the common one and a system's own |
//! | `systems` | Meaning of `[storage]` and `[systems.…]`: the architectures under test |
//! | `traversal` | Meaning of `[traversal]` and `[systems.….traversal]` |
//! | `wire` | Meaning of `[network.wire]` and `[systems.….wire]` |
//! | `written` | Output of a document: the resolved scenario, and values as cells of a table |

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
