//! The arguments of the command line. The help texts are the documentation that most users read.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::engine;
use crate::report::chart::{Size, Theme};

const EXAMPLES: &str = "\
Examples:
  peerlab run scenarios/quickstart.toml             compare all systems of a scenario, once
  peerlab run my.toml --set population.online=5000  with one value changed
  peerlab sweep scenarios/churn-sweep.toml          vary parameters, repeat, on all cores
  peerlab check my.toml                             check the file and estimate the cost
  peerlab list protocols                            all protocols, with every parameter
  peerlab list storage                              the keys of a section, with defaults and sources

Exit codes: 0 success; 1 a run failed, --verify found a difference or an expectation does not hold (results are kept); 2 the command line or an \
input is wrong (nothing was simulated or written); 3 a file could not be read or written; 130, 143 or 129 stopped by \
SIGINT, SIGTERM or SIGHUP (finished runs are kept).";

/// Simulates several architectures, peer-to-peer and client-server, in one environment, and compares load, availability
/// and cost. All output is deterministic: it depends only on scenario, seed and version.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, max_term_width = 100, subcommand_required = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    Run(Run),
    Sweep(Sweep),
    Validate(Validate),
    Check(Check),
    List(List),
    Plot(Plot),
    /// Print the JSON Schema of the scenario file, for editors
    ///
    /// Save it beside your scenarios and begin each with `#:schema ./scenario.schema.json`: editors with a TOML
    /// language server (taplo, tombi) then complete keys, show their documentation and mark errors.
    Schema,
    /// Print a completion script for a shell
    Completions {
        shell: Shell,
    },
}

/// Arguments that `run` and `sweep` share.
#[derive(Args, Debug)]
pub(super) struct Simulated {
    /// The scenario, a TOML file
    pub scenario: PathBuf,
    /// Change a value of the scenario, given by a dotted path (an element of a list by its number from 0, as in
    /// events.0.crash.share=0.5); an axis over this path is then fixed
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub sets: Vec<String>,
    /// Output directory; earlier results of the same command for a scenario file of this name are replaced [default:
    /// results/<name of the scenario>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace results of another scenario or of another command as well
    #[arg(long)]
    pub force: bool,
    /// Seed, overriding the scenario's; in a sweep, that of the first repetitions, from which the others are derived
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub seed: Option<u64>,
    /// Number of parallel runs [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: Option<u32>,
    /// Memory limit of all parallel runs, instead of the machine's memory; if they need more, nothing is simulated
    #[arg(long, value_name = "SIZE")]
    pub max_memory: Option<engine::Size>,
    /// Output format on stdout
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Print nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// Output format of finished runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Comparison table
    #[default]
    Table,
    /// All metrics of all runs
    Json,
    /// Content of runs.csv
    Csv,
}

/// Run every system of a scenario once and compare them
///
/// A run is one system with one seed; for repetitions use `sweep`. A scenario with axes is refused unless each is fixed
/// by --set. Writes CSV files, charts, the resolved scenario and a manifest to the output directory.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  peerlab run scenarios/quickstart.toml
  peerlab run my.toml --seed 7 --out results/seed-7
  peerlab run my.toml --set network.access.uplink=1Mbit/s --set systems.kad.kademlia.k=8
  peerlab run my.toml --verify                 run twice and compare every byte
  peerlab run my.toml --trace trace.csv        a line for every packet, session, dial and operation")]
pub(super) struct Run {
    #[command(flatten)]
    pub simulated: Simulated,
    /// Run everything twice and compare; exit code 1 if anything differs, with the virtual time of the first difference
    #[arg(long)]
    pub verify: bool,
    /// Write a CSV line for every observable event; with several systems, one file for each: trace.csv becomes
    /// trace-<system>.csv
    #[arg(long, value_name = "FILE")]
    pub trace: Option<PathBuf>,
    /// Write operations.csv, a row for every operation
    #[arg(long)]
    pub operations: bool,
}

/// Run all parameter points of a scenario, with repetitions, on all cores
///
/// The first repetition has the scenario's seed, each other one a seed that is hashed from that and its number; `run
/// --seed` repeats any of them. Results are in the order of the plan and do not depend on the number of threads. A
/// failed run is reported by its run_id; the others are kept.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  peerlab sweep scenarios/churn-sweep.toml
  peerlab sweep my.toml --repetitions 3 --set time.measure=30min     a quick look first
  peerlab sweep my.toml --set population.churn.time_scale=1          an axis fixed")]
pub(super) struct Sweep {
    #[command(flatten)]
    pub simulated: Simulated,
    /// Runs of each system at each point, overriding the scenario's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub repetitions: Option<u32>,
    /// Write nodes.csv, a row for every machine of every run
    #[arg(long)]
    pub nodes: bool,
    /// Write resources.csv, a row for every resource of every run
    #[arg(long)]
    pub resources: bool,
}

/// Run a folder of scenarios and compare the results with their expectations: published figures, closed forms, bounds
///
/// Expectations are the [[expect]] tables of a scenario; `run` and `sweep` check them too. Prints a row for each figure
/// and writes validation.csv and validation.md. Exit code 1 if an expectation does not hold.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  peerlab validate
  peerlab validate --full                      including the long scenarios
  peerlab validate my-scenarios --set population.online=2000")]
pub(super) struct Validate {
    /// Folder of scenarios; long ones are in its subfolder `full`
    #[arg(default_value = "scenarios/validation")]
    pub dir: PathBuf,
    /// Run the long scenarios as well
    #[arg(long)]
    pub full: bool,
    /// Change a value of every scenario, given by a dotted path
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub sets: Vec<String>,
    /// Output directory
    #[arg(long, value_name = "DIR", default_value = "results/validation")]
    pub out: PathBuf,
    /// Replace results of another scenario or of another command as well
    #[arg(long)]
    pub force: bool,
    /// Number of parallel runs [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: Option<u32>,
    /// Memory limit of all parallel runs, instead of the machine's memory; if they need more, no scenario is simulated
    #[arg(long, value_name = "SIZE")]
    pub max_memory: Option<engine::Size>,
    /// Print nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// Check scenarios without simulating: errors with line and column, number of runs, estimated cost
#[derive(Args, Debug)]
pub(super) struct Check {
    /// Scenarios, TOML files
    #[arg(required = true)]
    pub scenarios: Vec<PathBuf>,
    /// Change a value of every scenario before the check, given by a dotted path
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub sets: Vec<String>,
    /// Number of parallel runs that `run` or `sweep` would use [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: Option<u32>,
    /// Memory limit of all parallel runs, instead of the machine's memory; if they need more, the scenario is refused
    #[arg(long, value_name = "SIZE")]
    pub max_memory: Option<engine::Size>,
}

/// List the keys, protocols, presets and metrics, with defaults and sources
#[derive(Args, Debug)]
pub(super) struct List {
    /// Topic, section or protocol; everything if left out
    pub what: Option<String>,
}

/// Redraw the charts of results from their CSV files
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  peerlab plot results/quickstart
  peerlab plot results/churn-sweep --y lookup_hops_mean --y bytes_total --log x
  peerlab plot results/quickstart --size 960x540 --theme dark --out slides
  peerlab plot results/grid --x population.online --by systems.kad.kademlia.k --y lookup_rpcs_mean")]
pub(super) struct Plot {
    /// Directory written by `run` or `sweep`
    pub dir: PathBuf,
    /// Output directory; a chart replaces the file of its name, other files are kept [default: DIR/charts]
    #[arg(long, value_name = "DIR", id = "OUT")]
    pub out: Option<PathBuf>,
    /// Write the charts into the results of another command as well
    #[arg(long)]
    pub force: bool,
    /// Axis along x [default: the first that varies]
    #[arg(long, value_name = "AXIS")]
    pub x: Option<String>,
    /// Metric to draw, may be repeated [default: the headline metrics]
    #[arg(long, value_name = "METRIC")]
    pub y: Vec<String>,
    /// Axis that splits each system into several lines, or `system` for none [default: the second that varies]
    #[arg(long, value_name = "AXIS")]
    pub by: Option<String>,
    /// Logarithmic scale, even if the values do not need it; zero is drawn separately beside it
    #[arg(long, value_enum, value_name = "x|y")]
    pub log: Vec<Scale>,
    /// Size of each chart in pixels; a PNG has twice as many each way [default: depends on the chart]
    #[arg(long, value_name = "WIDTHxHEIGHT")]
    pub size: Option<Size>,
    /// Colour theme of the charts
    #[arg(long, value_enum, default_value_t)]
    pub theme: Theme,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Scale {
    X,
    Y,
}
