//! What is written of runs: the same bytes of equal outcomes, finite numbers, shares in [0, 1].

use std::fs;
use std::path::Path;

use peerlab::measure::outcome::Outcome;
use peerlab::report::csv::{Extra, RunRow, write};
use peerlab::scenario::Run;

use super::promises::{SHARES, is_share};

/// Writes two executions of the same runs and reads the files back.
///
/// # Errors
/// A file that differs, or a cell that cannot be.
pub(crate) fn hold(first: &[(Run, Outcome)], second: &[(Run, Outcome)]) -> Result<(), String> {
    let homes = [tempfile::tempdir(), tempfile::tempdir()];
    let [one, two] = homes.map(|home| home.expect("there is room"));
    let extra = Extra { nodes: true, resources: true, operations: true };
    for (home, all) in [(&one, first), (&two, second)] {
        let rows: Vec<RunRow<'_>> = all.iter().map(row).collect();
        write(home.path(), &rows, extra).map_err(|error| error.to_string())?;
    }
    for entry in fs::read_dir(one.path()).map_err(|error| error.to_string())? {
        let path = entry.map_err(|error| error.to_string())?.path();
        let name = path.file_name().expect("it is a file").to_string_lossy().into_owned();
        if fs::read(&path).ok() != fs::read(two.path().join(&name)).ok() {
            return Err(format!("{name} differs"));
        }
        let rows = sound(&path).map_err(|why| format!("{name}: {why}"))?;
        if name == "runs.csv" && rows != first.len() {
            return Err(format!("{rows} rows of {} runs", first.len()));
        }
    }
    Ok(())
}

fn row((run, outcome): &(Run, Outcome)) -> RunRow<'_> {
    let cells = run.cells.iter().map(|cell| cell.clone().unwrap_or_default());
    let axes = cells.enumerate().map(|(at, cell)| (format!("axis {at}"), cell)).collect();
    RunRow { run_id: run.id.clone(), axes, system: run.system().name.clone(), seed: run.seed, outcome }
}

/// Looks at every cell, and counts the rows.
fn sound(path: &Path) -> Result<usize, String> {
    let mut reader = csv::Reader::from_path(path).map_err(|error| error.to_string())?;
    let header = reader.headers().map_err(|error| error.to_string())?.clone();
    let metric = header.iter().position(|name| name == "metric");
    let mut rows = 0;
    for record in reader.records() {
        let record = record.map_err(|error| error.to_string())?;
        rows += 1;
        for (column, cell) in header.iter().zip(&record) {
            let Ok(value) = cell.parse::<f64>() else { continue };
            // In summary.csv a column stands for all metrics; intervals may reach beyond what can be.
            let name = match metric {
                Some(metric) if ["mean", "min", "p25", "median", "p75", "max"].contains(&column) => &record[metric],
                _ => column,
            };
            if !value.is_finite() || is_share(name) && !SHARES.contains(&value) {
                return Err(format!("{name} is {cell}"));
            }
        }
    }
    Ok(rows)
}
