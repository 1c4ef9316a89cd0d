//! The directory of results: found to be usable before the hour of work, filled after it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::failure::{Code, Failure};
use crate::report::csv::{self, Extra, RunRow};
use crate::report::manifest::{FILE as MANIFEST, Manifest};
use crate::report::staged::{FileError, PARTIAL, Staged};
use crate::report::{ENTRIES, chart};

const SCENARIO: &str = "scenario.toml";
const TIMING: &str = "timing.json";
const CHARTS: &str = "charts";

/// `results/<name of the scenario file>`.
pub fn default_directory(scenario: &Path) -> PathBuf {
    Path::new("results").join(scenario.file_stem().unwrap_or("scenario".as_ref()))
}

/// Begins the directory `target`, in place of an earlier result that may be there.
///
/// # Errors
/// If it holds something else, or cannot be written to.
pub fn prepare(target: &Path) -> Result<Staged, Failure> {
    if holds_something_else(target)? {
        let message = format!(
            "{}: this directory holds something other than results of peerlab\n  = help: name another with --out, or \
             remove it",
            target.display()
        );
        return Err(Failure::new(Code::Wrong, message));
    }
    Ok(Staged::new(target)?)
}

fn holds_something_else(target: &Path) -> Result<bool, FileError> {
    let entries = match fs::read_dir(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        entries => entries.and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(FileError::at(target))?,
    };
    // What a killed process left is hidden and no result.
    let mut names = entries.iter().map(fs::DirEntry::file_name);
    let foreign = names.any(|name| !name.to_string_lossy().starts_with(PARTIAL));
    Ok(foreign && !target.join(MANIFEST).exists())
}

/// Everything that is written of a list of runs but `timing.json`: the same bytes every time.
pub struct Results<'a> {
    pub rows: Vec<RunRow<'a>>,
    pub extra: Extra,
    /// The resolved scenario.
    pub scenario: String,
    pub manifest: Manifest,
}

impl Results<'_> {
    /// Writes the files and draws the charts into an existing directory.
    pub fn write(&self, dir: &Path) -> Result<(), Failure> {
        csv::write(dir, &self.rows, self.extra)?;
        write(&dir.join(SCENARIO), &self.scenario)?;
        write(&dir.join(MANIFEST), &self.manifest.to_json())?;
        chart::draw(dir, &dir.join(CHARTS))?;
        Ok(())
    }
}

/// Adds `timing.json` and moves everything to its place.
pub fn commit(staged: Staged, timing: &str) -> Result<(), Failure> {
    write(&staged.path().join(TIMING), timing)?;
    Ok(staged.commit(&ENTRIES)?)
}

fn write(path: &Path, text: &str) -> Result<(), FileError> {
    fs::write(path, text).map_err(FileError::at(path))
}
