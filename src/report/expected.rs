//! Comparison of results with expectations.

use ::csv::Writer;

use super::csv::{RunRow, no_formula};
use super::number::{significant, with_interval};
use crate::measure::catalogue::METRICS;
use crate::measure::outcome::Outcome;
use crate::scenario::{Bound, Expectation, Figure, is_same};
use crate::sweep::statistics::Summary;

/// Expectation at one parameter point, and whether it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Name of the scenario.
    pub scenario: String,
    /// System and values of the axes.
    pub point: String,
    /// Column of `runs.csv`, or an aggregate in words.
    pub metric: String,
    pub bound: Bound,
    /// Mean over the repetitions, and half of its 95 % interval; `None` if a run does not have the figure, or there is
    /// no run.
    pub measured: Option<(f64, Option<f64>)>,
    pub source: String,
    pub note: String,
}

impl Judged {
    pub fn holds(&self) -> bool {
        self.measured.is_some_and(|(mean, _)| self.bound.holds(mean))
    }

    fn verdict(&self) -> &'static str {
        if self.holds() { "holds" } else { "FAILS" }
    }

    fn expected(&self) -> String {
        match self.bound {
            Bound::Near { value, tolerance } => format!("{} ± {}", significant(value), significant(tolerance)),
            Bound::Between { min, max } if max == f64::INFINITY => format!("≥ {}", significant(min)),
            Bound::Between { min, max } if min == f64::NEG_INFINITY => format!("≤ {}", significant(max)),
            Bound::Between { min, max } => format!("{} to {}", significant(min), significant(max)),
        }
    }

    fn found(&self) -> String {
        match self.measured {
            None => "–".to_owned(),
            Some((mean, None)) => significant(mean),
            Some((mean, Some(half))) => with_interval(mean, half, significant).join(" ± "),
        }
    }

    fn cells(&self) -> [String; 7] {
        let Judged { scenario, point, metric, source, .. } = self;
        let texts = [scenario, point, metric].map(String::clone);
        let [scenario, point, metric] = texts;
        [scenario, point, metric, self.expected(), self.found(), self.verdict().to_owned(), source.clone()]
    }
}

/// Judges each expectation of a scenario by its runs, at each parameter point separately.
pub fn judge(scenario: &str, expected: &[Expectation], rows: &[RunRow<'_>]) -> Vec<Judged> {
    let mut judged = Vec::new();
    for expectation in expected {
        let is_there = |row: &&RunRow<'_>| {
            let at = |(path, value): &(String, String)| {
                row.axes.iter().any(|(axis, cell)| axis == path && is_same(cell, value))
            };
            row.system == expectation.system && expectation.at.iter().all(at)
        };
        let mut points: Vec<(String, Vec<Option<f64>>)> = Vec::new();
        for row in rows.iter().filter(is_there) {
            let point = point(row);
            if points.last().is_none_or(|(last, _)| *last != point) {
                points.push((point, Vec::new()));
            }
            points.last_mut().expect("one was put there").1.push(measured(&expectation.figure, row.outcome));
        }
        if points.is_empty() {
            let at = expectation.at.iter().map(|(axis, value)| format!(" {}={value}", short(axis)));
            points.push((expectation.system.clone() + &at.collect::<String>(), Vec::new()));
        }
        judged.extend(points.into_iter().map(|(point, values)| {
            let half = |summary: &Summary| summary.ci95.map(|(_, high)| high - summary.mean);
            Judged {
                scenario: scenario.to_owned(),
                point,
                metric: expectation.figure.to_string(),
                bound: expectation.bound,
                measured: values
                    .into_iter()
                    .collect::<Option<Vec<f64>>>()
                    .and_then(|values| Summary::of(&values))
                    .map(|summary| (summary.mean, half(&summary))),
                source: expectation.source.clone(),
                note: expectation.note.clone(),
            }
        }));
    }
    judged
}

/// Measured value of a run; `None` if it does not have the figure.
fn measured(figure: &Figure, outcome: &Outcome) -> Option<f64> {
    match figure {
        Figure::Metric(name) => outcome.metrics[METRICS.index_of(name).expect("the scenario was checked")],
        Figure::Operations(wanted) => {
            let mut aggregates = outcome.aggregates.iter();
            aggregates.find(|(aggregate, _)| aggregate == wanted).and_then(|(_, value)| *value)
        }
    }
}

/// Last key of a path.
fn short(axis: &str) -> &str {
    axis.rsplit('.').next().unwrap_or(axis)
}

/// System of a run, and the last keys of the axes with their values.
fn point(row: &RunRow<'_>) -> String {
    let cells = row.axes.iter().filter(|(_, cell)| !cell.is_empty());
    cells.fold(row.system.clone(), |text, (axis, cell)| format!("{text} {}={cell}", short(axis)))
}

const HEADER: [&str; 7] = ["scenario", "system", "metric", "expected", "measured", "verdict", "source"];

/// Table for the terminal; notes on expectations that do not hold follow.
pub fn table(judged: &[Judged]) -> String {
    let lines: Vec<[String; 7]> = judged.iter().map(Judged::cells).collect();
    // The name of the scenario says nothing where there is one.
    let first = usize::from(judged.windows(2).all(|pair| pair[0].scenario == pair[1].scenario));
    let width = |column: usize| {
        let cells = lines.iter().map(|line| line[column].chars().count());
        cells.chain([HEADER[column].len()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..HEADER.len()).map(width).collect();
    let line = |cells: Vec<&str>| {
        let padded = (first..cells.len()).map(|column| format!("{:<1$}  ", cells[column], widths[column]));
        padded.collect::<String>().trim_end().to_owned() + "\n"
    };
    let mut text = line(HEADER.to_vec());
    lines.iter().for_each(|cells| text += &line(cells.iter().map(String::as_str).collect()));
    for failed in judged.iter().filter(|judged| !judged.holds() && !judged.note.is_empty()) {
        text += &format!("{} {} {}: {}\n", failed.scenario, failed.point, failed.metric, failed.note);
    }
    text
}

/// Rows as CSV: `validation.csv`.
pub fn csv(judged: &[Judged]) -> String {
    let mut writer = Writer::from_writer(Vec::new());
    let header = HEADER.into_iter().chain(["note"]);
    let rows = judged.iter().map(|one| {
        let [scenario, point, metric, expected, measured, verdict, source] = one.cells();
        let [scenario, point, source, note] =
            [&scenario, &point, &source, &one.note].map(|text| no_formula(text).into_owned());
        vec![scenario, point, metric, expected, measured, verdict, source, note]
    });
    let wrote =
        std::iter::once(header.map(str::to_owned).collect()).chain(rows).try_for_each(|row| writer.write_record(row));
    wrote.expect("memory takes every row");
    String::from_utf8(writer.into_inner().expect("memory takes every row")).expect("it was text")
}

/// Beginning of every page, in all versions.
pub const PAGE_BEGINS: &str = "# Validation\n\nWhat `peerlab validate` found with version ";

/// Rows as a page: `validation.md`.
pub fn page(judged: &[Judged], version: &str) -> String {
    let failed = judged.iter().filter(|judged| !judged.holds()).count();
    let mut text = format!("{PAGE_BEGINS}{version}: {} figures, of which {failed} do not hold.\n\n", judged.len());
    text += "| scenario | system | metric | expected | measured | verdict | source |\n| --- | --- | --- | --- | --- | --- | --- |\n";
    for one in judged {
        text += &format!("| {} |\n", one.cells().map(|cell| cell.replace('|', "\\|")).join(" | "));
        if !one.note.is_empty() {
            text += &format!("| | | | | | | *{}* |\n", one.note.replace('|', "\\|"));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::example;

    fn expectation(metric: &str, bound: Bound) -> Expectation {
        let (source, note) = ("a paper, Table I".to_owned(), "it is known why".to_owned());
        Expectation {
            system: "ring".into(),
            at: Vec::new(),
            figure: Figure::Metric(metric.into()),
            bound,
            source,
            note,
        }
    }

    #[test]
    fn each_figure_is_held_against_what_was_expected() {
        let runs = example::single();
        let rows = example::rows(&runs);
        let chord = rows.iter().find(|row| row.system == "ring").expect("there is one");
        let hops = chord.outcome.metrics[METRICS.index_of("lookup_hops_mean").unwrap()].expect("it looks up");
        let expected = [
            expectation("lookup_hops_mean", Bound::Near { value: hops + 0.2, tolerance: 0.25 }),
            expectation("lookup_hops_mean", Bound::Between { min: hops + 1.0, max: f64::INFINITY }),
            expectation("server_wait_mean_ms", Bound::Between { min: f64::NEG_INFINITY, max: 1.0 }),
        ];
        let judged = judge("example", &expected, &rows);
        assert_eq!(
            judged.iter().map(Judged::holds).collect::<Vec<_>>(),
            [true, false, false],
            "what is not there fails"
        );
        let table = table(&judged);
        assert!(table.contains("holds    a paper, Table I") && table.matches("FAILS").count() == 2, "{table}");
        assert!(table.contains("example ring lookup_hops_mean: it is known why\n"), "{table}");
        assert_eq!(csv(&judged).lines().count(), 4);
        assert!(page(&judged, "1.2.3").contains("3 figures, of which 2 do not hold"));
    }
}
