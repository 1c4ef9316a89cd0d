//! Terminal tables of a sweep: for each headline metric, a row per parameter point and a column per system.

use indexmap::IndexMap;

use super::csv::RunRow;
use super::table::{write, write_interval};
use crate::measure::catalogue::{Format, METRICS, ORACLE, Shown};
use crate::scenario::plain;
use crate::sweep::statistics::Summary;

/// Outcomes of one system at one point.
type Cells<'a> = IndexMap<&'a str, Vec<&'a RunRow<'a>>>;

/// Tables for the runs of a sweep: means over the repetitions and, with several, half of the 95 % interval of the mean;
/// if not all runs have the metric, the number that do. Metrics that apply to no run are left out; a system has a row
/// of its own if an axis does not affect it.
pub fn points(rows: &[RunRow<'_>]) -> String {
    let mut points: IndexMap<&[(String, String)], Cells<'_>> = IndexMap::new();
    let mut systems: Vec<&str> = Vec::new();
    for row in rows {
        points.entry(&row.axes[..]).or_default().entry(&row.system).or_default().push(row);
        if !systems.contains(&row.system.as_str()) {
            systems.push(&row.system);
        }
    }
    let axes: Vec<&str> = rows.first().map_or(&[][..], |row| &row.axes).iter().map(|(axis, _)| short(axis)).collect();
    let header: Vec<String> = axes.iter().chain(&systems).map(|name| (*name).to_owned()).collect();
    let mut text = String::new();
    let gets = METRICS.index_of("gets").expect("it is a metric");
    let gets = rows.iter().any(|row| row.outcome.metrics[gets].is_some());
    for (index, metric) in METRICS.iter().enumerate().filter(|(_, metric)| !gets || metric.name != ORACLE) {
        let Some(Shown { label, format, in_sweeps: true, .. }) = &metric.shown else { continue };
        let line = |(point, cells): (&&[(String, String)], &Cells<'_>)| {
            let values = point.iter().map(|(_, value)| if value.is_empty() { "–".to_owned() } else { plain(value) });
            values.chain(systems.iter().map(|system| cell(cells.get(system), index, *format))).collect::<Vec<_>>()
        };
        let lines: Vec<Vec<String>> = points.iter().map(line).collect();
        if lines.iter().any(|line| line[axes.len()..].iter().any(|cell| !cell.is_empty())) {
            text += &format!("{label}\n{}\n", aligned(&header, &lines));
        }
    }
    text
}

/// Last key of a path: the varied key, without its tables.
fn short(axis: &str) -> &str {
    axis.rsplit('.').next().unwrap_or(axis)
}

/// Mean over the repetitions and its interval; empty if none has the metric.
fn cell(runs: Option<&Vec<&RunRow<'_>>>, metric: usize, format: Format) -> String {
    let values: Vec<f64> = runs.into_iter().flatten().filter_map(|run| run.outcome.metrics[metric]).collect();
    let Some(summary) = Summary::of(&values) else { return String::new() };
    let mean = match summary.ci95 {
        Some((_, high)) => write_interval(summary.mean, high - summary.mean, format),
        None => write(summary.mean, format),
    };
    let all = runs.map_or(0, Vec::len);
    if summary.n < all { format!("{mean} ({} of {all})", summary.n) } else { mean }
}

/// Columns under their headers, right-aligned, two blanks apart.
fn aligned(header: &[String], lines: &[Vec<String>]) -> String {
    let rows = || std::iter::once(header).chain(lines.iter().map(Vec::as_slice));
    let width = |column: usize| rows().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |row: &[String]| {
        let cells = row.iter().zip(&widths).map(|(cell, &width)| format!("  {cell:>width$}"));
        cells.collect::<String>().trim_end().to_owned() + "\n"
    };
    rows().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example;

    #[test]
    fn every_point_has_a_row_and_every_system_a_column() {
        let runs = example::sweep(&[0.5, 2.0], 3);
        let text = points(&example::rows(&runs));
        let lines: Vec<&str> = text.lines().skip_while(|line| *line != "busiest machine").take(4).collect();
        assert_eq!(
            lines[1].split_whitespace().collect::<Vec<_>>()[..3],
            ["time_scale", "server", "full-table"],
            "{text}"
        );
        assert!(lines[2].trim_start().starts_with("0.5  ") && lines[3].trim_start().starts_with("2  "), "{text}");
        assert_eq!(lines[3].matches('±').count(), example::SYSTEMS.len(), "{text}");
    }

    #[test]
    fn value_and_interval_have_one_unit_and_n_stands_where_it_differs() {
        let mut runs = example::sweep(&[0.5], 3);
        let set =
            |run: &mut example::Run, metric, value| run.outcome.metrics[METRICS.index_of(metric).unwrap()] = value;
        for (run, bytes) in runs.iter_mut().zip([1_900.0, 2_000.0, 2_100.0]) {
            set(run, "busiest_machine_bytes_per_s", Some(bytes));
            set(run, "lookup_latency_p50_ms", Some(500.0));
        }
        set(&mut runs[1], "lookup_hops_mean", None);
        let text = points(&example::rows(&runs));
        let row = |label: &str| {
            let mut lines = text.lines().skip_while(|line| *line != label).skip(2);
            lines.next().unwrap_or_else(|| panic!("no {label} in\n{text}")).to_owned()
        };
        assert!(row("busiest machine").contains("2.00 ±0.25 kB/s"), "{text}");
        assert!(row("lookup latency, median (ms)").contains(" 500 ±0 "), "{text}");
        assert!(row("lookup hops, mean").contains("(2 of 3)"), "{text}");
        assert!(!row("busiest machine").contains(" of 3"), "{text}");
    }

    #[test]
    fn one_repetition_has_no_interval_and_what_does_not_apply_is_left_out() {
        let mut runs = example::sweep(&[0.5], 1);
        let mut without = |metric| {
            let index = METRICS.index_of(metric).unwrap();
            runs.iter_mut().for_each(|run| run.outcome.metrics[index] = None);
            points(&example::rows(&runs))
        };
        let text = without("get_correct_ratio");
        assert!(text.contains("gets abandoned") && !text.contains("resources online"), "{text}");
        assert!(!text.contains('±') && !text.contains("gets correct") && text.contains("lookups correct"), "{text}");
        assert!(without("gets").contains("resources online"), "nobody gets anything");
    }
}
