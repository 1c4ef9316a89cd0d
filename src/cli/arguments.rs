//! The command line: what was said. The help texts are the documentation that most users read.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use crate::engine;
use crate::report::chart::{Size, Theme};

const EXAMPLES: &str = "\
Examples:
  peerlab run scenarios/quickstart.toml             compare all systems of a scenario, once
  peerlab run my.toml --set population.online=5000  the same with one value changed
  peerlab sweep scenarios/churn-sweep.toml          vary parameters, repeat, on all cores
  peerlab check my.toml                             is the file right, and what would it cost?
  peerlab list protocols                            what there is, with every parameter
  peerlab list storage                              the keys of a section, with defaults and sources

Exit codes: 0 done; 1 a run failed, --verify differed or an expectation does not hold (results are kept); 2 the command line or an input is \
wrong (nothing was simulated or written); 3 a file could not be read or written; 130, 143 or 129 stopped by \
SIGINT, SIGTERM or SIGHUP (what was finished is kept).";

/// Puts one environment under several architectures, peer-to-peer and client-server, and compares who carries the load,
/// what stays available and what it costs. Everything that is written is the same for the same scenario, seed and version.
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES, max_term_width = 100, subcommand_required = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Run(Run),
    Sweep(Sweep),
    Validate(Validate),
    Check(Check),
    List(List),
    Plot(Plot),
    /// Print the JSON Schema of the scenario file, for editors
    ///
    /// Save it beside your scenarios and begin each with `#:schema ./scenario.schema.json`: editors with a TOML
    /// language server (taplo, tombi) then complete keys, show their documentation and mark mistakes.
    Schema,
    /// Print a completion script for a shell
    Completions {
        shell: Shell,
    },
}

/// What `run` and `sweep` have in common.
#[derive(Args, Debug)]
pub struct Simulated {
    /// The scenario, a TOML file
    pub scenario: PathBuf,
    /// Change a value of the scenario: a dotted path and what to put there (an element of a list by its number from 0, as in
    /// events.0.crash.share=0.5); a value that an axis varies is fixed so
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub sets: Vec<String>,
    /// Where the results go; earlier ones of a scenario file of this name, wherever it lies, by the same command are replaced there
    /// [default: results/<name of the scenario>]
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Replace results of a scenario file of another name, or of another command, too
    #[arg(long)]
    pub force: bool,
    /// The seed, in place of the scenario's; of a sweep's first repetitions, from which the others follow
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub seed: Option<u64>,
    /// Runs at once [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: Option<u32>,
    /// The memory that the runs under way at once may need, in place of what the machine has: with more, nothing is simulated
    #[arg(long, value_name = "SIZE")]
    pub max_memory: Option<engine::Size>,
    /// What to print on stdout
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
    /// Print nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// What is printed when the runs are done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The comparison, for people
    #[default]
    Table,
    /// Every figure of every run
    Json,
    /// The same as runs.csv
    Csv,
}

/// Run every system of a scenario once, and compare them
///
/// A run is one system with one seed; repetitions are `sweep`'s. A scenario with axes is refused unless each is fixed by
/// --set. Leaves CSV files, charts, the resolved scenario and a manifest in the output directory.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  peerlab run scenarios/quickstart.toml
  peerlab run my.toml --seed 7 --out results/seed-7
  peerlab run my.toml --set network.access.uplink=1Mbit/s --set systems.kad.kademlia.k=8
  peerlab run my.toml --verify                 twice, and every byte compared
  peerlab run my.toml --trace trace.csv        a line for every packet, session, dial and operation")]
pub struct Run {
    #[command(flatten)]
    pub simulated: Simulated,
    /// Run everything twice and compare; exit code 1 if anything differs, with the virtual time at which it does
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

/// Run a scenario's whole grid of parameters, with repetitions, on all cores
///
/// The first repetition has the scenario's seed, each other one a seed that is hashed from that and its number; `run --seed`
/// repeats any of them. The results are in the order of the plan and the same for any number of threads. A run that fails
/// is reported by its run_id; the others are kept.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  peerlab sweep scenarios/churn-sweep.toml
  peerlab sweep my.toml --repetitions 3 --set time.measure=30min     a quick look first
  peerlab sweep my.toml --set population.churn.time_scale=1          an axis fixed")]
pub struct Sweep {
    #[command(flatten)]
    pub simulated: Simulated,
    /// Runs of each system at each point, in place of the scenario's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub repetitions: Option<u32>,
    /// Write nodes.csv, a row for every machine of every run
    #[arg(long)]
    pub nodes: bool,
    /// Write resources.csv, a row for every resource of every run
    #[arg(long)]
    pub resources: bool,
}

/// Run a folder of scenarios and hold them against what they expect: published figures, closed forms, bounds
///
/// A scenario says what it expects in [[expect]] tables; `run` and `sweep` look at them too. Prints a row for each figure,
/// and writes validation.csv and validation.md. Exit code 1 if one does not hold.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  peerlab validate
  peerlab validate --full                      what takes longer, too
  peerlab validate my-scenarios --set population.online=2000")]
pub struct Validate {
    /// The folder; what takes longer is in its folder `full`
    #[arg(default_value = "scenarios/validation")]
    pub dir: PathBuf,
    /// Run what takes longer, too
    #[arg(long)]
    pub full: bool,
    /// Change a value of every scenario: a dotted path and what to put there
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub sets: Vec<String>,
    /// Where the results go
    #[arg(long, value_name = "DIR", default_value = "results/validation")]
    pub out: PathBuf,
    /// Replace results of a scenario file of another name, or of another command, too
    #[arg(long)]
    pub force: bool,
    /// Runs at once [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: Option<u32>,
    /// The memory that the runs under way at once may need, in place of what the machine has: with more, no scenario is simulated
    #[arg(long, value_name = "SIZE")]
    pub max_memory: Option<engine::Size>,
    /// Print nothing but errors
    #[arg(long, short)]
    pub quiet: bool,
}

/// Check scenarios without simulating: mistakes with line and column, number of runs, rough cost
#[derive(Args, Debug)]
pub struct Check {
    /// Scenarios, TOML files
    #[arg(required = true)]
    pub scenarios: Vec<PathBuf>,
    /// Change a value of every scenario first
    #[arg(long = "set", value_name = "PATH=VALUE")]
    pub sets: Vec<String>,
    /// Runs at once, as `run` and `sweep` will have them [default: one per core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub threads: Option<u32>,
    /// The memory that the runs under way at once may need, in place of what the machine has: with more, the scenario is refused
    #[arg(long, value_name = "SIZE")]
    pub max_memory: Option<engine::Size>,
}

/// List what a scenario may name, and what the results hold, with parameters, defaults and sources
#[derive(Args, Debug)]
pub struct List {
    /// What to list; everything if nothing is said
    pub what: Option<String>,
}

/// Draw the charts of results again, from their CSV files alone
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  peerlab plot results/quickstart
  peerlab plot results/churn-sweep --y lookup_hops_mean --y bytes_total --log x
  peerlab plot results/quickstart --size 960x540 --theme dark --out slides
  peerlab plot results/grid --x population.online --by systems.kad.kademlia.k --y lookup_rpcs_mean")]
pub struct Plot {
    /// A directory that `run` or `sweep` wrote
    pub dir: PathBuf,
    /// Where the charts go; each replaces the file of its name, whatever else is there stays [default: DIR/charts]
    #[arg(long, value_name = "DIR", id = "OUT")]
    pub out: Option<PathBuf>,
    /// Put the charts among the results of another command, too
    #[arg(long)]
    pub force: bool,
    /// The axis along x [default: the first that varies]
    #[arg(long, value_name = "AXIS")]
    pub x: Option<String>,
    /// The metric to draw, may be given several times [default: the headline metrics]
    #[arg(long, value_name = "METRIC")]
    pub y: Vec<String>,
    /// The axis that splits each system into several lines, or `system` for none [default: the second that varies]
    #[arg(long, value_name = "AXIS")]
    pub by: Option<String>,
    /// Which scales are logarithmic even if the values would not need it; zero has a place of its own beside them
    #[arg(long, value_enum, value_name = "x|y")]
    pub log: Vec<Scale>,
    /// How large each chart is, in pixels; a PNG has twice as many each way [default: what suits each]
    #[arg(long, value_name = "WIDTHxHEIGHT")]
    pub size: Option<Size>,
    /// What the charts are drawn on
    #[arg(long, value_enum, default_value_t)]
    pub theme: Theme,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Scale {
    X,
    Y,
}
