//! Output of the result files of [`FILES`](super::files::FILES), from the outcomes of runs.
//!
//! Columns keep their order. Floats are printed with the fewest digits that read back to the same number; a value that
//! does not apply is an empty cell.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::path::Path;

use ::csv::Writer;
use indexmap::IndexMap;

use super::files::{CLASS, Described, EVENT, LOAD, NODE, OPERATION, PAIR, RESOURCE, SERIES as SAMPLE, SUMMARY};
use super::staged::FileError;
use crate::engine::Time;
use crate::measure::catalogue::{CLASSES, CONNECTIONS, METRICS, PAIRS, QUANTILES, Row, SERIES};
use crate::measure::outcome::{NodeRow, OperationRow, Outcome, POINTS, ResourceRow};
use crate::sweep::statistics::Summary;

/// Outcome of a run and its identification.
#[derive(Clone, Debug)]
pub struct RunRow<'a> {
    /// Identifier `<system>[;axis=value…];seed=<n>`.
    pub run_id: String,
    /// Axes of the sweep by their full path, in file order, equal in all rows; the value is empty if the axis does not
    /// affect the system.
    pub axes: Vec<(String, String)>,
    pub system: String,
    pub seed: u64,
    pub outcome: &'a Outcome,
}

/// Files that are only written on demand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extra {
    /// `nodes.csv`, one row per machine.
    pub nodes: bool,
    /// `resources.csv`, one row per resource.
    pub resources: bool,
    /// `operations.csv`, one row per operation.
    pub operations: bool,
}

/// Writes the result files of `rows` into the existing directory `dir`.
///
/// # Errors
/// If a file cannot be written.
///
/// # Panics
/// If rows differ in their axes, or an outcome is not parallel to the catalogue.
pub fn write(dir: &Path, rows: &[RunRow<'_>], extra: Extra) -> Result<(), FileError> {
    check(rows);
    write_runs(dir, rows)?;
    write_summary(dir, rows)?;
    write_series(dir, rows)?;
    write_load(dir, rows)?;
    if rows.iter().any(|row| !row.outcome.events.is_empty()) {
        write_events(dir, rows)?;
    }
    if rows.iter().any(|row| !row.outcome.classes.is_empty()) {
        write_classes(dir, rows)?;
    }
    if rows.iter().any(|row| !row.outcome.pairs.is_empty()) {
        write_pairs(dir, rows)?;
    }
    if extra.nodes {
        write_nodes(dir, rows)?;
    }
    if extra.resources && rows.iter().any(|row| !row.outcome.resources.is_empty()) {
        write_resources(dir, rows)?;
    }
    if extra.operations {
        write_operations(dir, rows)?;
    }
    Ok(())
}

fn check(rows: &[RunRow<'_>]) {
    for row in rows {
        let parallel = row.axes.iter().map(|(axis, _)| axis).eq(rows[0].axes.iter().map(|(axis, _)| axis));
        assert!(parallel, "{} has other axes than {}", row.run_id, rows[0].run_id);
        assert_eq!(row.outcome.metrics.len(), METRICS.len(), "{} has other metrics than the catalogue", row.run_id);
    }
}

fn write_runs(dir: &Path, rows: &[RunRow<'_>]) -> Result<(), FileError> {
    per_run(dir, "runs.csv", rows, &names(&METRICS), |sheet, row| {
        sheet.name(row)?;
        row.outcome.metrics.iter().try_for_each(|value| sheet.some(*value))?;
        sheet.end()
    })
}

fn write_series(dir: &Path, rows: &[RunRow<'_>]) -> Result<(), FileError> {
    let columns: Vec<_> = own(&SAMPLE).chain(names(&SERIES)).collect();
    per_run(dir, "timeseries.csv", rows, &columns, |sheet, row| {
        row.outcome.samples.iter().try_for_each(|sample| {
            sheet.name(row)?;
            sheet.cell(sample.at.as_secs_f64())?;
            sample.values.iter().try_for_each(|value| sheet.some(*value))?;
            sheet.end()
        })
    })
}

/// Writes `load.csv`, with a column for connections if some system has them.
fn write_load(dir: &Path, rows: &[RunRow<'_>]) -> Result<(), FileError> {
    let connections = QUANTILES.index_of(CONNECTIONS);
    let connected = rows.iter().any(|row| connections.is_some_and(|at| row.outcome.load.columns[at].is_some()));
    let written = |column: &usize| connected || Some(*column) != connections;
    let shown: Vec<usize> = (0..QUANTILES.len()).filter(written).collect();
    let columns = shown.iter().map(|&column| names(&QUANTILES)[column]);
    let columns: Vec<_> = own(&LOAD).chain(columns).collect();
    per_run(dir, "load.csv", rows, &columns, |sheet, row| {
        (0..POINTS).try_for_each(|i| {
            sheet.name(row)?;
            sheet.cell(i as f64 / 100.0)?;
            let mut values = shown.iter().map(|&column| row.outcome.load.columns[column].map(|values| values[i]));
            values.try_for_each(|value| sheet.some(value))?;
            sheet.end()
        })
    })
}

/// Writes `events.csv`, only if the scenario has events.
fn write_events(dir: &Path, rows: &[RunRow<'_>]) -> Result<(), FileError> {
    per_run(dir, "events.csv", rows, &own(&EVENT).collect::<Vec<_>>(), |sheet, row| {
        row.outcome.events.iter().try_for_each(|mark| {
            sheet.name(row)?;
            sheet.cell(mark.at.as_secs_f64())?;
            sheet.text(&mark.label)?;
            sheet.end()
        })
    })
}

/// Writes `classes.csv`, only if the scenario has classes of participants.
fn write_classes(dir: &Path, rows: &[RunRow<'_>]) -> Result<(), FileError> {
    let columns: Vec<_> = own(&CLASS).chain(names(&CLASSES)).collect();
    per_run(dir, "classes.csv", rows, &columns, |sheet, row| {
        row.outcome.classes.iter().try_for_each(|class| {
            sheet.name(row)?;
            sheet.text(&class.class)?;
            class.values.iter().try_for_each(|value| sheet.some(*value))?;
            sheet.end()
        })
    })
}

/// Writes `pairs.csv`, only if machines dial each other.
fn write_pairs(dir: &Path, rows: &[RunRow<'_>]) -> Result<(), FileError> {
    let columns: Vec<_> = own(&PAIR).chain(names(&PAIRS)).collect();
    per_run(dir, "pairs.csv", rows, &columns, |sheet, row| {
        row.outcome.pairs.iter().try_for_each(|pair| {
            sheet.name(row)?;
            sheet.cell(pair.from)?;
            sheet.cell(pair.reached)?;
            pair.values.iter().try_for_each(|value| sheet.some(*value))?;
            sheet.end()
        })
    })
}

/// Writes `nodes.csv`, with a column for the class if the scenario has classes.
fn write_nodes(dir: &Path, rows: &[RunRow<'_>]) -> Result<(), FileError> {
    let classes = rows.iter().any(|row| !row.outcome.classes.is_empty());
    let columns: Vec<_> = own(&NODE).chain(classes.then_some("class")).collect();
    per_run(dir, "nodes.csv", rows, &columns, |sheet, row| {
        row.outcome.nodes.iter().try_for_each(|node| {
            sheet.name(row)?;
            sheet.node(node)?;
            if classes {
                sheet.some(node.class.map(|class| &row.outcome.classes[class].class))?;
            }
            sheet.end()
        })
    })
}

fn write_resources(dir: &Path, rows: &[RunRow<'_>]) -> Result<(), FileError> {
    per_run(dir, "resources.csv", rows, &own(&RESOURCE).collect::<Vec<_>>(), |sheet, row| {
        row.outcome.resources.iter().try_for_each(|resource| {
            sheet.name(row)?;
            sheet.resource(resource)
        })
    })
}

fn write_operations(dir: &Path, rows: &[RunRow<'_>]) -> Result<(), FileError> {
    per_run(dir, "operations.csv", rows, &own(&OPERATION).collect::<Vec<_>>(), |sheet, row| {
        row.outcome.operations.iter().try_for_each(|operation| {
            sheet.name(row)?;
            sheet.operation(operation)
        })
    })
}

/// Writes `summary.csv`: one row per parameter point × system × metric, over the seeds. Points and systems in the order
/// of their first run; a metric that applies to no run has n = 0 and empty cells, so that every point has equal rows.
fn write_summary(dir: &Path, rows: &[RunRow<'_>]) -> Result<(), FileError> {
    let mut groups: IndexMap<_, Vec<&Outcome>> = IndexMap::new();
    for row in rows {
        groups.entry((&row.axes, &row.system)).or_default().push(row.outcome);
    }
    let axes = rows.first().map_or(&[][..], |row| &row.axes).iter().map(|(axis, _)| axis.as_str());
    let header: Vec<_> = axes.chain(["system", "metric"]).chain(own(&SUMMARY)).collect();
    sheet(dir, "summary.csv", &header, |sheet| {
        for ((axes, system), outcomes) in &groups {
            for (i, metric) in METRICS.iter().enumerate() {
                axes.iter().try_for_each(|(_, value)| sheet.text(value))?;
                sheet.text(system)?;
                sheet.cell(&metric.name)?;
                let values: Vec<f64> = outcomes.iter().filter_map(|outcome| outcome.metrics[i]).collect();
                sheet.summary(Summary::of(&values))?;
            }
        }
        Ok(())
    })
}

/// The names of a file's own columns.
fn own(columns: &[Described]) -> impl Iterator<Item = &str> {
    columns.iter().map(|(name, _)| *name)
}

fn names<F, V>(rows: &'static [Row<F, V>]) -> Vec<&'static str> {
    rows.iter().map(|metric| metric.name.as_str()).collect()
}

/// Writes a file whose rows start with the identification of their run.
fn per_run<'a>(
    dir: &Path,
    file: &str,
    rows: &[RunRow<'a>],
    columns: &[&str],
    mut fill: impl FnMut(&mut Sheet, &RunRow<'a>) -> io::Result<()>,
) -> Result<(), FileError> {
    let axes = rows.first().map_or(&[][..], |row| &row.axes).iter().map(|(axis, _)| axis.as_str());
    let header: Vec<_> =
        std::iter::once("run_id").chain(axes).chain(["system", "seed"]).chain(columns.iter().copied()).collect();
    sheet(dir, file, &header, |sheet| rows.iter().try_for_each(|row| fill(sheet, row)))
}

fn sheet(
    dir: &Path,
    file: &str,
    header: &[&str],
    fill: impl FnOnce(&mut Sheet) -> io::Result<()>,
) -> Result<(), FileError> {
    let path = dir.join(file);
    let write = || {
        let mut sheet = Sheet(Writer::from_writer(File::create(&path)?));
        sheet.0.write_record(header)?;
        fill(&mut sheet)?;
        sheet.0.flush()
    };
    write().map_err(FileError::at(&path))
}

/// Text that no spreadsheet takes for a formula: preceded by an apostrophe if it starts like one and is not a number.
pub(super) fn no_formula(text: &str) -> Cow<'_, str> {
    match text.starts_with(['=', '+', '-', '@', '\t', '\r']) && text.parse::<f64>().is_err() {
        true => Cow::Owned(format!("'{text}")),
        false => Cow::Borrowed(text),
    }
}

/// CSV file being written, cell by cell.
struct Sheet(Writer<File>);

impl Sheet {
    fn cell(&mut self, value: impl std::fmt::Display) -> io::Result<()> {
        Ok(self.0.write_field(value.to_string())?)
    }

    /// Writes a text from the user.
    fn text(&mut self, text: &str) -> io::Result<()> {
        self.cell(no_formula(text))
    }

    fn some(&mut self, value: Option<impl std::fmt::Display>) -> io::Result<()> {
        match value {
            Some(value) => self.cell(value),
            None => self.cell(""),
        }
    }

    fn end(&mut self) -> io::Result<()> {
        Ok(self.0.write_record(None::<&[u8]>)?)
    }

    fn name(&mut self, row: &RunRow<'_>) -> io::Result<()> {
        self.text(&row.run_id)?;
        row.axes.iter().try_for_each(|(_, value)| self.text(value))?;
        self.text(&row.system)?;
        self.cell(row.seed)
    }

    fn summary(&mut self, summary: Option<Summary>) -> io::Result<()> {
        self.cell(summary.map_or(0, |summary| summary.n))?;
        self.some(summary.map(|s| s.mean))?;
        self.some(summary.and_then(|s| s.sd))?;
        self.some(summary.and_then(|s| s.ci95).map(|(low, _)| low))?;
        self.some(summary.and_then(|s| s.ci95).map(|(_, high)| high))?;
        self.some(summary.map(|s| s.min))?;
        self.some(summary.map(|s| s.p25))?;
        self.some(summary.map(|s| s.median))?;
        self.some(summary.map(|s| s.p75))?;
        self.some(summary.map(|s| s.max))?;
        self.end()
    }

    fn node(&mut self, node: &NodeRow) -> io::Result<()> {
        self.cell(node.machine)?;
        self.cell(node.role)?;
        self.cell(node.online_s)?;
        self.some(node.requests_per_online_s)?;
        self.some(node.upload_per_online_s)?;
        self.some(node.records_mean)?;
        self.cell(node.bytes_sent)?;
        self.cell(node.bytes_received)?;
        self.some(node.contacts)?;
        self.some(node.peers_contacted)
    }

    fn resource(&mut self, resource: &ResourceRow) -> io::Result<()> {
        self.cell(resource.resource)?;
        self.cell(resource.rank)?;
        self.cell(resource.size)?;
        self.cell(resource.pieces)?;
        self.cell(resource.needed)?;
        self.some(resource.lost_at.map(Time::as_secs_f64))?;
        let by = if resource.expired { "expiry" } else { "departure" };
        self.some(resource.lost_at.map(|_| by))?;
        self.cell(resource.availability_mean)?;
        self.end()
    }

    fn operation(&mut self, operation: &OperationRow) -> io::Result<()> {
        self.cell(operation.participant)?;
        self.cell(operation.session)?;
        self.cell(operation.number)?;
        self.cell(operation.kind)?;
        self.cell(operation.issued.as_secs_f64())?;
        self.cell(operation.outcome)?;
        self.cell(operation.cause)?;
        self.some(operation.latency_ms)?;
        self.some(operation.hops)?;
        self.cell(operation.rpcs)?;
        self.cell(operation.timeouts)?;
        self.end()
    }
}

#[cfg(test)]
mod tests;
