//! Data of the result files for charts, grouped by system and parameter point.

use std::path::Path;

use indexmap::IndexMap;

use crate::report::columns::{Columns, ReadError};
use crate::scenario::Scenario;

/// Content of `runs.csv` with its systems and points.
pub(super) struct Runs {
    pub columns: Columns,
    /// Systems in the order of their first run.
    pub systems: Vec<String>,
    /// Axes with more than one value.
    pub axes: Vec<String>,
}

/// End of the warm-up in seconds, by the scenario beside the tables in `dir`; `None` if there is none, or it is not
/// common to all runs.
pub(super) fn warmup(dir: &Path) -> Option<f64> {
    Some(Scenario::load(&dir.join("scenario.toml"), &[]).ok()?.warmup()?.as_secs_f64())
}

/// Curve of each system: x, and y if there is a value.
pub(super) type Curves = IndexMap<String, Vec<(f64, Option<f64>)>>;

impl Runs {
    /// Reads `dir/runs.csv`.
    ///
    /// # Errors
    /// As [`Columns::read`].
    pub(super) fn read(dir: &Path) -> Result<Runs, ReadError> {
        let columns = Columns::read(&dir.join("runs.csv"), &[])?;
        let mut systems: Vec<String> = Vec::new();
        for row in 0..columns.len() {
            let system = columns.text(row, "system");
            if !systems.iter().any(|known| known == system) {
                systems.push(system.to_owned());
            }
        }
        let varies = |axis: &&str| distinct(&columns, axis).len() > 1;
        let axes = columns.axes().into_iter().filter(varies).map(str::to_owned).collect();
        Ok(Runs { columns, systems, axes })
    }

    /// Mean of a metric over the seeds, by system; systems to which it does not apply are left out. For results without
    /// a varied axis.
    ///
    /// # Errors
    /// If a cell is not a number.
    pub(super) fn means(&self, metric: &str) -> Result<IndexMap<String, f64>, ReadError> {
        if !self.columns.has(metric) {
            return Ok(IndexMap::new());
        }
        let mut sums: IndexMap<String, (f64, u32)> = IndexMap::new();
        for row in 0..self.columns.len() {
            if let Some(value) = self.columns.number(row, metric)? {
                let sum = sums.entry(self.columns.text(row, "system").to_owned()).or_default();
                *sum = (sum.0 + value, sum.1 + 1);
            }
        }
        Ok(sums.into_iter().map(|(system, (sum, n))| (system, sum / f64::from(n))).collect())
    }

    /// Whether there are gets: then correct gets are shown instead of the oracle's availability.
    pub(super) fn has_gets(&self) -> bool {
        self.columns.has("gets") && !distinct(&self.columns, "gets").is_empty()
    }

    /// Index of a system, which determines its colour.
    pub(super) fn place(&self, system: &str) -> usize {
        self.systems.iter().position(|known| known == system).unwrap_or(self.systems.len())
    }

    /// Number of seeds, in words.
    pub(super) fn seeds(&self) -> String {
        match distinct(&self.columns, "seed").len() {
            0 | 1 => String::new(),
            seeds => format!("; mean over {seeds} seeds"),
        }
    }
}

/// Distinct texts of a column, in the order of their first row, without empty ones.
pub(super) fn distinct(columns: &Columns, name: &str) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for row in 0..columns.len() {
        let value = columns.text(row, name);
        if !value.is_empty() && !values.iter().any(|known| known == value) {
            values.push(value.to_owned());
        }
    }
    values
}

/// Events of the scenario: seconds and words, each once; none without a file of them.
///
/// # Errors
/// If `dir/events.csv` exists and cannot be read.
pub(super) fn events(dir: &Path) -> Result<Vec<(f64, String)>, ReadError> {
    let path = dir.join("events.csv");
    if !path.exists() {
        return Ok(Vec::new());
    }
    let columns = Columns::read(&path, &["time_s", "event"])?;
    let mut events = Vec::new();
    for row in 0..columns.len() {
        let Some(at) = columns.number(row, "time_s")? else { continue };
        let event = (at, columns.text(row, "event").to_owned());
        if !events.contains(&event) {
            events.push(event);
        }
    }
    Ok(events)
}

/// Curves of column `y` against column `x` for each system, mean over the seeds. Systems without any value are left
/// out.
///
/// # Errors
/// If a cell is not a number.
pub(super) fn curves(columns: &Columns, x: &str, y: &str) -> Result<Curves, ReadError> {
    let mut sums: IndexMap<(&str, &str), (f64, f64, u32)> = IndexMap::new();
    for row in 0..columns.len() {
        let Some(at) = columns.number(row, x)? else { continue };
        let key = (columns.text(row, "system"), columns.text(row, x));
        let sum = sums.entry(key).or_insert((at, 0.0, 0));
        if let Some(value) = columns.number(row, y)? {
            (sum.1, sum.2) = (sum.1 + value, sum.2 + 1);
        }
    }
    let mut curves = Curves::new();
    for ((system, _), (at, sum, n)) in sums {
        let mean = (n > 0).then(|| sum / f64::from(n));
        curves.entry(system.to_owned()).or_default().push((at, mean));
    }
    curves.retain(|_, points| points.iter().any(|(_, y)| y.is_some()));
    Ok(curves)
}

/// Smallest and largest y of all curves.
pub(super) fn range<'a>(curves: impl IntoIterator<Item = &'a Vec<(f64, Option<f64>)>>) -> Option<(f64, f64)> {
    let values = curves.into_iter().flatten().filter_map(|(_, y)| *y);
    values.fold(None, |range, y| match range {
        None => Some((y, y)),
        Some((low, high)) => Some((f64::min(low, y), f64::max(high, y))),
    })
}
