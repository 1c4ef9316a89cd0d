//! Common part of `run` and `sweep`: executes a list of runs, writes the results, and reports errors.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use super::arguments::Simulated;
use super::failure::{Code, Failure};
use super::output::{self, Inputs, Results};
use super::progress::{Costs, Watcher};
use super::stop::Stop;
use super::timing::Timing;
use super::trace::Traces;
use super::validate::all_hold;
use super::{memory, print, program_name, verify};
use crate::measure::catalogue::METRICS;
use crate::measure::outcome::Outcome;
use crate::registry::Registry;
use crate::report::csv::{Extra, RunRow};
use crate::report::expected::{self, Judged, judge};
use crate::report::manifest::{Manifest, Origin};
use crate::report::staged::{FileError, Staged};
use crate::run::Wanted;
use crate::scenario::{Axis, Expectation, Problems, Run, Runs, Scenario};
use crate::sweep::estimate::least_memory;
use crate::sweep::execute::{self, Finished};

/// Job: a list of runs of a scenario and the requested output.
pub(super) struct Job<'a> {
    /// Command of the results: `run`, `sweep`, `validate`.
    pub command: &'static str,
    pub registry: &'a Registry,
    pub scenario: &'a Scenario,
    /// Expectations of the runs.
    pub expected: &'a [Expectation],
    pub runs: Vec<Run>,
    /// Warnings about misleading results.
    pub warnings: Problems,
    pub extra: Extra,
    /// Whether everything is executed twice and compared.
    pub verify: bool,
    pub trace: Option<&'a Path>,
    pub arguments: &'a Simulated,
}

/// Description of the scenario in the results.
struct Said {
    /// Resolved scenario, as `scenario.toml`.
    scenario: String,
    hash: String,
    origin: Origin,
}

/// Completed job, with its results written.
pub(super) struct Done {
    runs: Vec<Run>,
    finished: Vec<Finished>,
    /// Directory of the results; `None` if no run gave any.
    pub directory: Option<PathBuf>,
    /// Expectations and measured values.
    pub judged: Vec<Judged>,
    failure: Option<Failure>,
}

impl Done {
    /// Runs with an outcome, in the order of the plan.
    pub(super) fn outcomes(&self) -> impl Iterator<Item = (&Run, &Outcome)> {
        self.runs.iter().zip(&self.finished).filter_map(|(run, finished)| Some((run, finished.outcome()?)))
    }

    /// Rows of the result files.
    pub(super) fn rows(&self, scenario: &Scenario) -> Vec<RunRow<'_>> {
        self.outcomes().map(|(run, outcome)| row(scenario, run, outcome)).collect()
    }

    /// `runs.csv` as it was written.
    pub(super) fn csv(&self, directory: &Path) -> Result<String, Failure> {
        let path = directory.join("runs.csv");
        Ok(fs::read_to_string(&path).map_err(FileError::at(&path))?)
    }

    /// Table of expectations, followed by a blank line; empty if there are none.
    pub(super) fn expected(&self) -> String {
        if self.judged.is_empty() { String::new() } else { expected::table(&self.judged) + "\n" }
    }

    /// Failure of runs, although there may be results.
    pub(super) fn failure(self) -> Result<(), Failure> {
        self.failure.map_or(Ok(()), Err)
    }

    /// Failure of runs, or of an expectation.
    pub(super) fn end(self) -> Result<(), Failure> {
        let held = all_hold(&self.judged);
        self.failure().and(held)
    }
}

/// Reads a scenario, with the seed and `sets` after those of the command line, its expectations, and the list of its
/// runs, of which `threads` are executed at a time; with `once` without repetitions, and axes are refused. Prints
/// warnings.
pub(super) fn load(
    registry: &Registry,
    arguments: &Simulated,
    sets: Vec<String>,
    once: bool,
    threads: usize,
) -> Result<(Scenario, Vec<Expectation>, Runs), Failure> {
    let seed = arguments.seed.map(|seed| format!("seed={seed}"));
    let sets: Vec<String> = arguments.sets.iter().cloned().chain(seed).chain(sets).collect();
    let scenario = Scenario::load(&arguments.scenario, &sets)?;
    if once {
        scenario.refuse_axes()?;
    }
    let mut runs = scenario.runs(registry.registered())?;
    runs.runs.retain(|run| !once || run.seed == run.plan.seed);
    let metrics: Vec<&str> = METRICS.iter().map(|metric| metric.name.as_str()).collect();
    let expected = scenario.expectations(&metrics)?;
    if !arguments.quiet && runs.warnings.worst().is_some() {
        print::error(&format!("{}\n", runs.warnings));
    }
    let least = memory::at_once(runs.runs.iter().map(least_memory), threads);
    let warning = memory::enough(&arguments.scenario, "at least", least, arguments.max_memory)?;
    if let Some(warning) = warning.filter(|_| !arguments.quiet) {
        print::error(&warning);
    }
    Ok((scenario, expected, runs))
}

/// Name of the scenario's file.
fn scenario_name(arguments: &Simulated) -> String {
    arguments.scenario.file_stem().unwrap_or_default().to_string_lossy().into_owned()
}

/// Output directory.
fn target(arguments: &Simulated) -> PathBuf {
    arguments.out.clone().unwrap_or_else(|| output::default_directory(&arguments.scenario))
}

/// Starts the results of a scenario in their place.
///
/// # Errors
/// If they cannot, or must not, be written there.
pub(super) fn prepare(command: &str, arguments: &Simulated, scenario: &Scenario) -> Result<Staged, Failure> {
    let inputs = Inputs::of(&arguments.scenario, scenario);
    let origin = output::origin(command, &arguments.scenario);
    output::prepare(&target(arguments), &inputs, &origin, arguments.force)
}

/// Executes a job and writes its results.
///
/// # Errors
/// If nothing could be started or written. Errors of single runs are kept in [`Done`].
pub(super) fn simulate(job: Job<'_>) -> Result<Done, Failure> {
    let target = target(job.arguments);
    let staged = prepare(job.command, job.arguments, job.scenario)?;
    let origin = output::origin(job.command, &job.arguments.scenario);
    let inputs = Inputs::of(&job.arguments.scenario, job.scenario);
    let traces = match job.trace {
        Some(path) => Traces::create(path, job.runs.iter().map(|run| run.system().name.as_str()), &inputs, &target)?,
        None => Traces::default(),
    };
    // Before the runs: the files that it names may be gone after them.
    let said = Said { scenario: job.scenario.resolved_in(&target), hash: job.scenario.hash(), origin };
    let stop = Stop::on_signals()?;
    let (mut finished, costs) = execute(&job, "", stop.flag(), &traces);
    let again = job.verify.then(|| execute(&job, "again ", stop.flag(), &Traces::default()).0);
    if let Some(again) = &again {
        drop_different(&mut finished, again);
    }
    let results = results(&job, &said, &finished);
    let mut failure = failure(&job, &finished, again.as_deref().unwrap_or_default(), stop);
    let mut directory = None;
    if !results.rows.is_empty() {
        results.write(&staged.path())?;
        if let (Some(again), None) = (&again, &failure) {
            failure = rewritten(&job, &said, again, &staged)?;
        }
        output::commit(staged, &target, &timing(&job, &finished, &costs).to_json())?;
        directory = Some(target);
    }
    let failure = failure.or(traces.close().err());
    let mut done = Done { runs: job.runs, finished, directory, judged: Vec::new(), failure };
    done.judged = judge(&scenario_name(job.arguments), job.expected, &done.rows(job.scenario));
    Ok(done)
}

/// Executes all runs once.
fn execute(job: &Job<'_>, what: &'static str, stop: &AtomicBool, traces: &Traces) -> (Vec<Finished>, Costs) {
    let watcher = Watcher::new(&job.runs, what, job.arguments.quiet, traces);
    let wanted = Wanted { nodes: job.extra.nodes, resources: job.extra.resources, operations: job.extra.operations };
    let finished = execute::execute(job.registry, &job.runs, wanted, stop, &watcher);
    (finished, watcher.finish())
}

/// Marks a run as failed if its second execution gave another result.
fn drop_different(finished: &mut [Finished], again: &[Finished]) {
    for (first, second) in finished.iter_mut().zip(again) {
        let difference = match (&*first, second) {
            (Finished::Done(one), Finished::Done(two)) => verify::outcomes(one, two),
            (Finished::Done(_), Finished::Failed(why)) => Some(format!("the second one {why}")),
            _ => None,
        };
        if let Some(difference) = difference {
            *first = Finished::Failed(format!("two executions differ: {difference}"));
        }
    }
}

/// Writes the second execution's results too, and compares.
fn rewritten(job: &Job<'_>, said: &Said, again: &[Finished], staged: &Staged) -> Result<Option<Failure>, Failure> {
    let (first, second) = (staged.path(), staged.again());
    fs::create_dir(&second).map_err(FileError::at(&second))?;
    let different = results(job, said, again).write(&second).and_then(|()| Ok(verify::files(&first, &second)?));
    fs::remove_dir_all(&second).map_err(FileError::at(&second))?;
    let different = different?;
    let message = format!("the outcomes are the same, but not what was written of them: {}", different.join(", "));
    Ok((!different.is_empty()).then(|| Failure::new(Code::Run, message)))
}

fn results<'a>(job: &'a Job<'_>, said: &Said, finished: &'a [Finished]) -> Results<'a> {
    let warnings = job.warnings.iter().map(|warning| warning.message.clone()).collect();
    let mut manifest = Manifest::new(&said.origin, &job.runs[0].plan.title, said.hash.clone(), warnings);
    let mut rows = Vec::new();
    for (run, finished) in job.runs.iter().zip(finished) {
        match finished {
            Finished::Done(outcome) => {
                manifest.add(&run.id, run.seed, outcome.fingerprint);
                rows.push(row(job.scenario, run, outcome));
            }
            Finished::Failed(why) => manifest.add_missing(&run.id, why),
            Finished::Interrupted => manifest.add_missing(&run.id, "interrupted"),
        }
    }
    Results { rows, extra: job.extra, scenario: said.scenario.clone(), manifest }
}

fn row<'a>(scenario: &Scenario, run: &Run, outcome: &'a Outcome) -> RunRow<'a> {
    let axes = scenario.axes().iter().map(|axis| axis.path());
    let cells = run.cells.iter().map(|cell| cell.clone().unwrap_or_default());
    let (run_id, system) = (run.id.clone(), run.system().name.clone());
    RunRow { run_id, axes: axes.zip(cells).collect(), system, seed: run.seed, outcome }
}

fn timing<'a>(job: &'a Job<'_>, finished: &[Finished], costs: &Costs) -> Timing<'a> {
    let mut timing = Timing::new(costs, rayon::current_num_threads());
    for ((run, finished), cost) in job.runs.iter().zip(finished).zip(&costs.runs) {
        if let (Some(outcome), Some(cost)) = (finished.outcome(), cost) {
            timing.add(run, outcome, cost);
        }
    }
    timing
}

/// Error message about runs without an outcome; `again` is the second execution, if any.
fn failure(job: &Job<'_>, finished: &[Finished], again: &[Finished], stop: &Stop) -> Option<Failure> {
    let complaint = |(run, finished): (&Run, &Finished)| match finished {
        Finished::Failed(why) => {
            let replay = replay(job, run);
            Some(format!("error: run `{}`: {why}\n  = help: this is a bug; to see it again: {replay}\n", run.id))
        }
        _ => None,
    };
    let complaints: String = job.runs.iter().zip(finished).filter_map(complaint).collect();
    if !complaints.is_empty() {
        return Some(Failure { code: Code::Run, text: complaints });
    }
    let done = finished.iter().filter(|finished| finished.outcome().is_some()).count();
    let stopped = finished.iter().chain(again).any(|finished| *finished == Finished::Interrupted);
    let message = format!("interrupted: {done} of {} runs were finished and kept", finished.len());
    stopped.then(|| Failure::new(stop.code(), message))
}

/// Command that repeats one run, with the other systems at its point, in a directory of its own.
fn replay(job: &Job<'_>, run: &Run) -> String {
    // An axis that varies another system only has to have some value, too.
    let value = |axis: &Axis, cell: &Option<String>| cell.clone().unwrap_or_else(|| axis.values()[0].clone());
    let axes = job.scenario.axes().iter().zip(&run.cells);
    let fixed = axes.map(|(axis, cell)| format!("{}={}", axis.path(), value(axis, cell)));
    let sets = job.arguments.sets.iter().cloned().chain(fixed);
    let sets: String = sets.map(|set| format!(" --set {}", quoted(&set))).collect();
    let target = target(job.arguments);
    let out = target.with_file_name(format!("{}-again", target.file_name().unwrap_or_default().to_string_lossy()));
    let [scenario, out] = [&job.arguments.scenario, &out].map(|path| quoted(&path.to_string_lossy()));
    format!("{} run {scenario} --seed {}{sets} --out {out}", program_name(), run.seed)
}

/// Text quoted as one word for a shell.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_./=,:+".contains(c);
    if text.chars().all(is_plain) { text.to_owned() } else { format!("'{}'", text.replace('\'', r"'\''")) }
}
