//! Charts, drawn from the CSV files alone.
//!
//! Stages of a chart: `data` groups the files' rows, one builder each (`load`, `latency`, `time`, `traffic`, `pairs`,
//! `sweep`, …) makes the content (`figure`), `layout` turns that into shapes, `canvas` writes them as SVG and PNG.

mod axis;
mod canvas;
mod classes;
mod connections;
mod cumulative;
mod data;
mod figure;
mod latency;
mod layout;
mod load;
mod pairs;
mod scaling;
mod size;
mod storage;
mod style;
mod sweep;
mod time;
mod traffic;

use std::fs;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use self::data::Runs;
use self::figure::Figure;
pub use self::size::Size;
pub use self::style::Theme;
use super::columns::{Columns, ReadError};
use super::files::Described;
use super::staged::{FileError, Lock, Staged};
use super::{CHARTS, manifest};
use crate::measure::catalogue::METRICS;
use crate::model::DialOutcome;

/// Options of charts: axes and metrics. Default: every chart of the runs, or the headline metrics of a sweep.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Axis along x; default: the first that varies.
    pub x: Option<String>,
    /// Metrics; default: the headline ones.
    pub y: Vec<String>,
    /// Axis that splits each system into several lines (`system`: none); default: the second that varies.
    pub by: Option<String>,
    /// Whether x is logarithmic even if the values do not need it, with a separate position for zero; refused for
    /// negative values.
    pub log_x: bool,
    pub log_y: bool,
}

/// The charts of single runs: names and what they show. Those of sweeps are named by the metric.
pub const CHARTS_OF_RUNS: [Described; 15] = [
    ("load_requests", "Lorenz curves over machines: requests served for others"),
    ("load_upload", "Lorenz curves over machines: bytes sent because of others"),
    ("load_records", "Lorenz curves over machines: records held"),
    ("latency_lookup", "distribution of the latency of correct lookups"),
    ("latency_get", "distribution of the latency of correct gets"),
    ("latency_put", "distribution of the latency of correct puts"),
    ("success", "correct operations over time"),
    ("online", "participants online and joined over time"),
    ("availability", "resources that are available over time, as the oracle sees it"),
    ("traffic", "bytes sent, by kind; busiest and mean machine"),
    ("storage", "incorrect and failed gets against storage; without gets, resources that are not available"),
    ("repair", "resources lost for good against repair traffic"),
    ("connections", "connections per machine; only with connections"),
    ("pairs", "how the classes of NAT connect; only with connections"),
    ("classes", "correct operations and upload by class of participants; only with classes"),
];

/// Look of charts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    /// Size of every chart; default: depends on the chart.
    pub size: Option<Size>,
    pub theme: Theme,
}

/// Error of drawing.
#[derive(Debug, thiserror::Error)]
pub enum PlotError {
    /// Results missing or incomplete.
    #[error("{}: {because}\n  = help: name a directory that `run` or `sweep` wrote", path.display())]
    NoResults { path: PathBuf, because: &'static str },
    /// Results unreadable, or not in the format of `peerlab`.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Write error of a chart.
    #[error(transparent)]
    File(#[from] FileError),
    /// Option with an unknown name.
    #[error("{0}")]
    Option(String),
}

/// Draws the charts of the results in `dir` into the directory `out`, which is created if needed, by default
/// `dir/charts`. Each chart replaces the file of its name as a whole; other files are kept. Returns the names of the
/// charts, without extension.
///
/// # Errors
/// See [`PlotError`]; nothing is changed then.
pub fn plot(dir: &Path, out: Option<&Path>, options: &Options, look: Look) -> Result<Vec<String>, PlotError> {
    let no_results = |because| Err(PlotError::NoResults { path: dir.to_owned(), because });
    if !dir.is_dir() {
        return no_results("there is no such directory");
    }
    // While they are read, nobody puts others in their place.
    let mut lock = Lock::to_read(dir)?;
    match (dir.join(manifest::FILE).exists(), dir.join("runs.csv").exists()) {
        (true, true) => {}
        (false, true) => return no_results("these results are incomplete, without a manifest.json"),
        (_, false) => return no_results("there are no results in this directory"),
    }
    let figures = figures(dir, options)?;
    if figures.is_empty() {
        return Err(PlotError::Option("nothing in these results can be drawn".to_owned()));
    }
    if let Some(out) = out {
        drop(lock.take());
        fs::create_dir_all(out).map_err(FileError::at(out))?;
    }
    let lock = lock.map_or_else(|| Lock::take(out.unwrap_or(dir)), Ok)?;
    let staged = Staged::under(&lock)?;
    let into = if out.is_some() { staged.path() } else { staged.path().join(CHARTS) };
    fs::create_dir_all(&into).map_err(FileError::at(&into))?;
    save(&figures, &into, look)?;
    staged.commit_under(&lock, &[])?;
    Ok(figures.into_iter().map(|(stem, _)| stem).collect())
}

/// Draws the charts of the results in `dir` into the directory `into`, which is created if needed. For staged results;
/// [`plot`] is for results in place.
///
/// # Errors
/// See [`PlotError`].
pub fn draw(dir: &Path, into: &Path) -> Result<Vec<String>, PlotError> {
    let figures = figures(dir, &Options::default())?;
    fs::create_dir_all(into).map_err(FileError::at(into))?;
    save(&figures, into, Look::default())?;
    Ok(figures.into_iter().map(|(stem, _)| stem).collect())
}

/// Draws the cost of events and nodes against the number of nodes, as `scaling.svg` and `scaling.png` in the directory
/// `into`. `table` is the output of `scripts/scaling`: `run_id, population.online, system, seed, events_per_s,
/// ns_per_event, bytes_per_node` and more; `subtitle` says where it was measured.
///
/// # Errors
/// See [`PlotError`].
pub fn scaling(table: &Path, subtitle: &str, into: &Path) -> Result<(), PlotError> {
    let nothing = || PlotError::Option(format!("{}: there is nothing above zero to draw", table.display()));
    let figure = scaling::figure(table, subtitle)?.ok_or_else(nothing)?;
    Ok(save(&[("scaling".to_owned(), figure)], into, Look::default())?)
}

fn save(figures: &[(String, Figure)], into: &Path, look: Look) -> Result<(), FileError> {
    figures.par_iter().try_for_each(|(stem, figure)| figure.lay_out(look.size).save(into, stem, look.theme))
}

/// Whether a file in `charts` may be a chart of peerlab, by its name: such files are removed by new results.
pub fn is_chart(name: &str) -> bool {
    let stem = name.strip_suffix(".svg").or_else(|| name.strip_suffix(".png"));
    let metric = |stem: &str| METRICS.get(stem.split(';').next().unwrap_or(stem)).is_some();
    stem.is_some_and(|stem| CHARTS_OF_RUNS.iter().any(|(name, _)| *name == stem) || metric(stem))
}

/// Charts of the results in `dir`. A sweep has lines over its axis; charts of single runs would need one for each
/// point, so only results without a varied axis have them.
fn figures(dir: &Path, options: &Options) -> Result<Vec<(String, Figure)>, PlotError> {
    let runs = Runs::read(dir)?;
    if !runs.axes.is_empty() || *options != Options::default() {
        return sweep::figures(&runs, options);
    }
    let load = Columns::read(&dir.join("load.csv"), &["quantile"])?;
    let series = Columns::read(&dir.join("timeseries.csv"), &["time_s"])?;
    let mut figures = load::figures(&runs, &load)?;
    figures.extend(latency::figures(&runs, &load)?);
    let (events, warmup) = (data::events(dir)?, data::warmup(dir));
    let happened = time::Happened { events: &events, warmup };
    let over_time = [
        ("success", time::success(&runs, &series, happened)?),
        ("online", time::online(&runs, &series, happened)?),
        ("availability", time::availability(&runs, &series, happened)?),
    ];
    let totals = [
        ("traffic", traffic::figure(&runs)?),
        ("storage", storage::figure(&runs)?),
        ("repair", storage::repair(&runs)?),
        ("connections", connections::figure(&runs, &load)?),
        (
            "pairs",
            with(
                dir,
                "pairs.csv",
                &[&["from", "reached"], &DialOutcome::ALL.map(DialOutcome::name)[..]].concat(),
                |pairs| pairs::figure(&runs, pairs),
            )?,
        ),
        ("classes", with(dir, "classes.csv", &["class"], |classes| classes::figure(&runs, classes))?),
    ];
    let named = over_time.into_iter().chain(totals);
    figures.extend(named.filter_map(|(stem, figure)| Some((stem.to_owned(), figure?))));
    Ok(figures)
}

/// Chart of a file that only some results have, with the columns `needed`.
fn with(
    dir: &Path,
    file: &str,
    needed: &[&str],
    chart: impl FnOnce(&Columns) -> Result<Option<Figure>, ReadError>,
) -> Result<Option<Figure>, ReadError> {
    let path = dir.join(file);
    if path.exists() { chart(&Columns::read(&path, needed)?) } else { Ok(None) }
}

#[cfg(test)]
mod tests;
