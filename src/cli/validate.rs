//! `peerlab validate`: compares the results of a folder of scenarios with their expectations.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::arguments::{Format, Simulated, Validate as Arguments};
use super::failure::{Code, Failure};
use super::print;
use super::simulate::{Job, load, prepare, simulate};
use super::sweep::pool;
use crate::registry::Registry;
use crate::report::csv::Extra;
use crate::report::expected::{self, Judged};
use crate::report::staged::{FileError, Lock, Staged, entries};
use crate::scenario::{Expectation, Runs, Scenario};

/// Subfolder of long scenarios.
const FULL: &str = "full";

/// File name of the table of results.
const TABLE: &str = "validation.csv";
const PAGE: &str = "validation.md";

/// Command in the origin of the scenarios' results.
const COMMAND: &str = "validate";

pub(super) fn validate(registry: &Registry, arguments: &Arguments) -> Result<(), Failure> {
    let mut scenarios = scenarios(&arguments.dir)?;
    if arguments.full {
        scenarios.extend(self::scenarios(&arguments.dir.join(FULL))?);
    }
    if scenarios.is_empty() {
        let message = format!("{}: there is no scenario in this folder", arguments.dir.display());
        return Err(Failure::new(Code::Wrong, message));
    }
    // All are read before the first is run, so that a mistake in the last costs no time.
    let jobs: Vec<Simulated> = scenarios.into_iter().map(|scenario| simulated(arguments, scenario)).collect();
    let pool = pool(arguments.threads)?;
    let load = |job| load(registry, job, Vec::new(), false, pool.current_num_threads());
    let loaded = jobs.iter().map(load).collect::<Result<Vec<_>, _>>()?;
    // So are all the places that results go to.
    refuse_others(&arguments.out)?;
    for (job, (scenario, expected, _)) in jobs.iter().zip(&loaded) {
        if !expected.is_empty() {
            drop(prepare(COMMAND, job, scenario)?);
        }
    }
    let (mut judged, mut failure) = (Vec::new(), None);
    for (job, loaded) in jobs.iter().zip(loaded) {
        // Whatever happens to one, what the others have found is written.
        if let Err(error) = pool.install(|| one(registry, job, loaded, &mut judged)) {
            let goes_on = error.code == Code::Run;
            print::error(&error.text);
            failure = Some(error.code);
            if !goes_on {
                break;
            }
        }
    }
    if judged.is_empty() && failure.is_none() {
        let message = format!("{}: no scenario in this folder expects anything", arguments.dir.display());
        return Err(Failure::new(Code::Wrong, message));
    }
    write(&arguments.out, &judged)?;
    if !arguments.quiet {
        print::output(&expected::table(&judged))?;
    }
    match failure {
        Some(code) => Err(Failure::new(code, "a scenario could not be run to its end")),
        None => all_hold(&judged),
    }
}

/// Refuses an `out` with files of our names but other content.
fn refuse_others(out: &Path) -> Result<(), Failure> {
    for (name, begins) in [(TABLE, expected::csv(&[])), (PAGE, expected::PAGE_BEGINS.to_owned())] {
        let path = out.join(name);
        let is_other = match fs::read(&path) {
            Ok(text) => !text.starts_with(begins.as_bytes()),
            Err(error) => error.kind() != ErrorKind::NotFound && error.kind() != ErrorKind::NotADirectory,
        };
        if is_other {
            let message = "this is not what an earlier `peerlab validate` wrote, and would be written over";
            let help = "move it away, or name another directory with --out";
            return Err(Failure::new(Code::Wrong, format!("{}: {message}\n  = help: {help}", path.display())));
        }
    }
    Ok(())
}

/// Writes the table and the page of results.
fn write(out: &Path, judged: &[Judged]) -> Result<(), FileError> {
    fs::create_dir_all(out).map_err(FileError::at(out))?;
    let lock = Lock::take(out)?;
    let staged = Staged::under(&lock)?;
    for (name, text) in [(TABLE, expected::csv(judged)), (PAGE, expected::page(judged, env!("CARGO_PKG_VERSION")))] {
        let path = staged.path().join(name);
        fs::write(&path, text).map_err(FileError::at(&path))?;
    }
    staged.commit_under(&lock, &[])
}

/// Runs one scenario and compares it with its expectations.
fn one(
    registry: &Registry,
    arguments: &Simulated,
    (scenario, expected, Runs { runs, warnings }): (Scenario, Vec<Expectation>, Runs),
    judged: &mut Vec<Judged>,
) -> Result<(), Failure> {
    if expected.is_empty() {
        let path = arguments.scenario.display();
        print::error(&format!("note: {path} expects nothing: it was not run\n"));
        return Ok(());
    }
    let extra = Extra::default();
    let (scenario, expected) = (&scenario, &expected[..]);
    let job = Job {
        command: COMMAND,
        registry,
        scenario,
        expected,
        runs,
        warnings,
        extra,
        verify: false,
        trace: None,
        arguments,
    };
    let mut done = simulate(job)?;
    judged.append(&mut done.judged);
    done.failure()
}

/// Fails if an expectation does not hold.
pub(super) fn all_hold(judged: &[Judged]) -> Result<(), Failure> {
    match judged.iter().filter(|judged| !judged.holds()).count() {
        0 => Ok(()),
        failed => {
            let rows: Vec<Judged> = judged.iter().filter(|judged| !judged.holds()).cloned().collect();
            let message =
                format!("{failed} of {} figures are not what was expected\n{}", judged.len(), expected::table(&rows));
            Err(Failure::new(Code::Run, message.trim_end()))
        }
    }
}

fn simulated(arguments: &Arguments, scenario: PathBuf) -> Simulated {
    // Two of one name may be in the folder and in the one below.
    let below = scenario.strip_prefix(&arguments.dir).unwrap_or(&scenario).with_extension("");
    let out = arguments.out.join(below);
    let (sets, quiet, force) = (arguments.sets.clone(), arguments.quiet, arguments.force);
    // All scenarios share the threads.
    let (seed, threads, max_memory) = (None, None, arguments.max_memory);
    Simulated { scenario, sets, out: Some(out), force, seed, threads, max_memory, format: Format::Table, quiet }
}

/// Scenarios of a folder, by name.
fn scenarios(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let is_one = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "toml");
    Ok(entries(folder)?.into_iter().filter(is_one).collect())
}
