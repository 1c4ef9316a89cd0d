//! Output directory: checked before the runs, filled after them.

use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use super::failure::{Code, Failure};
use crate::report::csv::{self, Extra, RunRow};
use crate::report::files::FILES;
use crate::report::manifest::{FILE as MANIFEST, Manifest, Origin};
use crate::report::staged::{FileError, LOCK, Staged, entries, is_leftover};
use crate::report::{CHARTS, chart};
use crate::scenario::Scenario;

const SCENARIO: &str = "scenario.toml";
const TIMING: &str = "timing.json";

/// Default directory: `results/<name of the scenario file>`.
pub(super) fn default_directory(scenario: &Path) -> PathBuf {
    Path::new("results").join(scenario.file_stem().unwrap_or("scenario".as_ref()))
}

/// Origin of a command's results of a scenario. For a scenario in a directory of results, it is the file that these
/// were made from.
pub(super) fn origin(command: &str, scenario: &Path) -> Origin {
    let name = scenario.file_name().unwrap_or_default();
    let made_of = (name == SCENARIO).then(|| Origin::read(scenario.parent()?)).flatten().map(|origin| origin.file);
    let file = made_of.unwrap_or_else(|| name.to_string_lossy().into_owned());
    Origin { command: command.to_owned(), file }
}

/// Input files of results, which are never overwritten.
pub(super) struct Inputs(Vec<PathBuf>);

impl Inputs {
    /// Inputs of a scenario: its file, and those that it names.
    pub(super) fn of(path: &Path, scenario: &Scenario) -> Inputs {
        Inputs([path.to_owned()].into_iter().chain(scenario.data_files()).collect())
    }

    /// Refuses a `path` that is one of them, under any name; `option` is named in the error.
    pub(super) fn refuse(&self, path: &Path, option: &str) -> Result<(), Failure> {
        // What is not there is no input.
        match self.0.iter().find(|input| same_file::is_same_file(input, path).unwrap_or(false)) {
            Some(input) => Err(Failure::new(
                Code::Wrong,
                format!(
                    "{}: this would be written over {}, which is read\n  = help: name another with {option}",
                    path.display(),
                    input.display()
                ),
            )),
            None => Ok(()),
        }
    }
}

/// Starts results of `origin` in the directory `target`, replacing earlier ones of equal origin, or with `force` of
/// any.
///
/// # Errors
/// If it holds something else, or cannot be written to, or an input would be replaced.
pub(super) fn prepare(target: &Path, inputs: &Inputs, origin: &Origin, force: bool) -> Result<Staged, Failure> {
    FILES.iter().try_for_each(|file| inputs.refuse(&target.join(file.name), "--out"))?;
    if target.exists() && !target.is_dir() {
        return Err(refused(Code::File, target, "this is no directory", "name another with --out"));
    }
    // Before looking: it finishes what a killed process began, and from then on nobody else comes.
    let staged = Staged::new(target).map_err(|error| match error.source.kind() {
        ErrorKind::ResourceBusy => {
            refused(Code::File, &error.path, &error.source.to_string(), "wait for it, or name another with --out")
        }
        _ => {
            let message = format!("results cannot be written here: {}", error.source);
            refused(Code::File, &error.path, &message, "name a directory that can be written to with --out")
        }
    })?;
    refuse_something_else(target)?;
    if !force {
        refuse_others(target, origin)?;
    }
    Ok(staged)
}

/// Refuses a `target` with results of another origin.
fn refuse_others(target: &Path, origin: &Origin) -> Result<(), Failure> {
    let message = match Origin::read(target) {
        Some(there) if there == *origin => return Ok(()),
        Some(there) => format!("this directory holds results of `{} {}`", there.command, there.file),
        None if !target.join(MANIFEST).exists() => return Ok(()),
        None => "this directory holds results that do not say of which scenario file they are (peerlab 0.6)".to_owned(),
    };
    Err(refused(Code::Wrong, target, &message, "name another with --out, or replace them with --force"))
}

/// Refuses charts in `out` that would mix with results other than those in `dir`.
pub(super) fn refuse_charts(out: &Path, dir: &Path) -> Result<(), Failure> {
    let (real, dir) = (real(out)?, real(dir)?);
    let above = real.parent().filter(|_| real.ends_with(CHARTS));
    let mut homes = [Some(&*real), above].into_iter().flatten();
    if homes.any(|home| home != dir && home.join(MANIFEST).exists()) {
        let message = "this directory holds results of other runs";
        return Err(refused(Code::Wrong, out, message, "name another with --out, or put them there with --force"));
    }
    Ok(())
}

/// Refuses a trace in the file `path` that would mix with the results in `target`.
pub(super) fn refuse_trace(path: &Path, target: &Path) -> Result<(), Failure> {
    if real(path)?.starts_with(real(target)?) {
        let message = "a trace cannot stand among the results";
        return Err(refused(Code::Wrong, path, message, "name a file outside of their directory with --trace"));
    }
    Ok(())
}

/// Path with all links resolved, whether or not it exists.
fn real(path: &Path) -> Result<PathBuf, FileError> {
    let mut real = PathBuf::new();
    for step in std::path::absolute(path).map_err(FileError::at(path))?.components() {
        match step {
            Component::ParentDir => drop(real.pop()),
            step => real.push(step),
        }
        real = real.canonicalize().unwrap_or(real);
    }
    Ok(real)
}

fn refused(code: Code, path: &Path, message: &str, help: &str) -> Failure {
    Failure::new(code, format!("{}: {message}\n  = help: {help}", path.display()))
}

/// Refuses a `target` with anything that is not a result: files without a manifest, or something else in the place of
/// one.
fn refuse_something_else(target: &Path) -> Result<(), Failure> {
    let is_foreign = |path: &PathBuf| !path.ends_with(LOCK) && !is_leftover(path);
    if !target.join(MANIFEST).exists() && entries(target)?.iter().any(is_foreign) {
        let message = "this directory holds something other than results of peerlab";
        return Err(refused(Code::Wrong, target, message, "name another with --out, or remove it"));
    }
    let help = "move it away, or name another directory with --out";
    let is = |path: &Path, what: fn(&fs::Metadata) -> bool| fs::symlink_metadata(path).is_ok_and(|it| what(&it));
    let charts = target.join(CHARTS);
    if is(&charts, fs::Metadata::is_file) {
        return Err(refused(Code::Wrong, &charts, "a file stands where the charts go", help));
    }
    let mut files: Vec<PathBuf> = FILES.iter().map(|file| target.join(file.name)).collect();
    if is(&charts, fs::Metadata::is_dir) {
        files.extend(earlier_charts(target));
    }
    match files.iter().find(|path| is(path, fs::Metadata::is_dir)) {
        Some(path) => Err(refused(Code::Wrong, path, "a directory stands where a file of the results goes", help)),
        None => Ok(()),
    }
}

/// Files among the results in `target` that have the name of a chart.
fn earlier_charts(target: &Path) -> impl Iterator<Item = PathBuf> {
    let is_one = |path: &PathBuf| path.file_name().and_then(|name| name.to_str()).is_some_and(chart::is_chart);
    // There may be none yet.
    entries(&target.join(CHARTS)).unwrap_or_default().into_iter().filter(is_one)
}

/// All deterministic output of a list of runs, that is, all but `timing.json`.
pub(super) struct Results<'a> {
    pub rows: Vec<RunRow<'a>>,
    pub extra: Extra,
    /// Resolved scenario.
    pub scenario: String,
    pub manifest: Manifest,
}

impl Results<'_> {
    /// Writes the files and draws the charts into an existing directory.
    pub(super) fn write(&self, dir: &Path) -> Result<(), Failure> {
        csv::write(dir, &self.rows, self.extra)?;
        write(&dir.join(SCENARIO), &self.scenario)?;
        write(&dir.join(MANIFEST), &self.manifest.to_json())?;
        chart::draw(dir, &dir.join(CHARTS))?;
        Ok(())
    }
}

/// Adds `timing.json` and moves all files to their place in `target`, replacing earlier results and their charts.
pub(super) fn commit(staged: Staged, target: &Path, timing: &str) -> Result<(), Failure> {
    write(&staged.path().join(TIMING), timing)?;
    let old = earlier_charts(target).filter_map(|path| Some(format!("{CHARTS}/{}", path.file_name()?.to_str()?)));
    let stale: Vec<String> = FILES.iter().map(|file| file.name.to_owned()).chain(old).collect();
    Ok(staged.commit(&stale)?)
}

fn write(path: &Path, text: &str) -> Result<(), FileError> {
    fs::write(path, text).map_err(FileError::at(path))
}
