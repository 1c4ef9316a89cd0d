//! Layer 11: commands, progress, exit codes. The only layer that reads the wall clock or prints.
//!
//! Results go to files and stdout; errors, warnings and progress to stderr.
//!
//! | file | contents |
//! | --- | --- |
//! | `aligned` | Aligned lists in the terminal: names, values, and wrapped text beside both |
//! | `arguments` | The arguments of the command line |
//! | `check` | `peerlab check`: validity and estimated cost of scenarios |
//! | `clock` | Measurement of time and memory: the only place that reads the wall clock |
//! | `failure` | Errors of commands, with exit codes |
//! | `json` | `--format json`: all metrics of all runs |
//! | `keys` | Keys of a scenario file as `peerlab list` shows them, from the schema |
//! | `list` | `peerlab list`: keys of scenario files, protocols, presets and metrics |
//! | `memory` | Check of the memory of runs against that of the machine, or of its container |
//! | `output` | Output directory: checked before the runs, filled after them |
//! | `plot` | `peerlab plot`: redraws charts without simulating |
//! | `print` | Printing |
//! | `progress` | Progress of runs: the progress bar, and the cost of each run |
//! | `run` | `peerlab run`: every system of a scenario once |
//! | `simulate` | Common part of `run` and `sweep`: executes a list of runs, writes the results, and reports errors |
//! | `stop` | Signals: the first ends the runs, and finished ones are kept; the second ends the process |
//! | `sweep` | `peerlab sweep`: all parameter points of a scenario, with repetitions, on all cores |
//! | `timing` | `timing.json`: cost of the runs |
//! | `trace` | Trace files: one for each run, opened before the runs start |
//! | `validate` | `peerlab validate`: compares the results of a folder of scenarios with their expectations |
//! | `verify` | `--verify`: first difference between two executions of equal runs |

mod aligned;
mod arguments;
mod check;
#[expect(clippy::disallowed_types, reason = "what a run costs is wall-clock time")]
mod clock;
mod failure;
mod json;
pub mod keys;
mod list;
mod memory;
mod output;
mod plot;
mod print;
mod progress;
mod run;
mod simulate;
mod stop;
mod sweep;
mod timing;
mod trace;
mod validate;
mod verify;

use std::process::ExitCode;

use clap::builder::PossibleValuesParser;
use clap::{CommandFactory, FromArgMatches};

use crate::registry::Registry;
use crate::scenario::schema;

use arguments::{Arguments, Command};
use failure::Failure;

/// Entry point of the program with the protocols of `registry`: parses the command line, executes the command, returns
/// the exit code.
///
/// A crate with protocols of its own calls this from its `main` and has every command (`examples/custom_protocol.rs`).
///
/// Exit codes: 0 success; 1 a run failed or `--verify` found a difference (the other runs are kept); 2 the command
/// line, the scenario or other inputs are wrong (nothing was simulated or written); 3 a file could not be read or
/// written; 130, 143 or 129 stopped by SIGINT, SIGTERM or SIGHUP (finished runs are kept).
pub fn main(registry: Registry) -> ExitCode {
    let command = command(&registry);
    let arguments = match command.clone().try_get_matches().and_then(|said| Arguments::from_arg_matches(&said)) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version come this way too, to stdout. There is nobody left to tell if printing fails.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    match dispatch(&registry, command, arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            print::error(&failure.text);
            ExitCode::from(failure.code as u8)
        }
    }
}

/// Command-line parser, which lists the protocols of `registry`.
fn command(registry: &Registry) -> clap::Command {
    let listed = PossibleValuesParser::new(list::names(registry));
    Arguments::command().mut_subcommand("list", |list| list.mut_arg("what", |what| what.value_parser(listed)))
}

fn dispatch(registry: &Registry, mut line: clap::Command, command: Command) -> Result<(), Failure> {
    match command {
        Command::Run(arguments) => run::run(registry, &arguments),
        Command::Sweep(arguments) => sweep::sweep(registry, &arguments),
        Command::Validate(arguments) => validate::validate(registry, &arguments),
        Command::Check(arguments) => check::check(registry, &arguments),
        Command::List(arguments) => list::list(registry, arguments.what.as_deref()),
        Command::Plot(arguments) => plot::plot(arguments),
        Command::Schema => print::output(&format!("{:#}\n", schema(registry.registered()))),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut line, program_name(), &mut script);
            print::output(&String::from_utf8_lossy(&script))
        }
    }
}

/// Name under which the program was called: a crate with protocols of its own has another name.
fn program_name() -> String {
    let called = std::env::args_os().next().map(std::path::PathBuf::from);
    let stem = called.as_deref().and_then(std::path::Path::file_stem).and_then(|stem| stem.to_str());
    stem.unwrap_or("peerlab").to_owned()
}
