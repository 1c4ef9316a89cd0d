//! `--verify`: first difference between two executions of equal runs.

use std::fs;
use std::path::Path;

use crate::engine::fingerprint::first_difference;
use crate::measure::catalogue::METRICS;
use crate::measure::outcome::Outcome;
use crate::report::staged::{FileError, entries};

/// Difference between two outcomes of one run, in words; `None` if they are equal.
pub(super) fn outcomes(first: &Outcome, second: &Outcome) -> Option<String> {
    if let Some((agreed, differs)) = first_difference(&first.checkpoints, &second.checkpoints) {
        let (agreed, differs) = (agreed.as_secs_f64(), differs.as_secs_f64());
        return Some(format!("the same up to {agreed} s of virtual time, not at {differs} s"));
    }
    let different = |(one, two): (&Option<f64>, &Option<f64>)| one.map(f64::to_bits) != two.map(f64::to_bits);
    if let Some(metric) = first.metrics.iter().zip(&second.metrics).position(different) {
        return Some(format!("the same events, but another `{}`", METRICS[metric].name));
    }
    (first != second).then(|| "the same events and metrics, but other rows".to_owned())
}

/// Files that differ between two directories of equal structure, by relative path.
pub(super) fn files(first: &Path, second: &Path) -> Result<Vec<String>, FileError> {
    let mut different = Vec::new();
    compare(first, second, "", &mut different)?;
    Ok(different)
}

fn compare(first: &Path, second: &Path, at: &str, different: &mut Vec<String>) -> Result<(), FileError> {
    for one in entries(first)? {
        let name = one.file_name().expect("it has a name");
        let (two, path) = (second.join(name), format!("{at}{}", name.to_string_lossy()));
        if one.is_dir() {
            compare(&one, &two, &format!("{path}/"), different)?;
        } else if fs::read(&one).map_err(FileError::at(&one))? != fs::read(&two).map_err(FileError::at(&two))? {
            different.push(path);
        }
    }
    Ok(())
}
