//! Comparison table in the terminal: one column per system, one row per headline metric, the best value of each row
//! marked.

use super::number::{self, bytes, significant, unit_of_bytes, with_interval};
use crate::measure::catalogue::Format::{self, *};
use crate::measure::catalogue::{Better, METRICS, ORACLE, Section, Shown};

const BOLD: &str = "\u{1b}[1m";
const PLAIN: &str = "\u{1b}[0m";

/// Table of systems with their metrics (parallel to [`METRICS`]), at most `width` characters wide: systems that do not
/// fit beside the others follow in a table of their own. Rows that apply to no system are left out.
///
/// The best value of a row has a `*` and is bold by an ANSI sequence, which `anstream` removes if it is not supported.
pub fn comparison(systems: &[(&str, &[Option<f64>])], width: usize) -> String {
    let rows: Vec<Row> = Section::ALL.iter().flat_map(|section| section_rows(*section, systems)).collect();
    let label = INDENT + rows.iter().map(|row| row.label().chars().count()).max().unwrap_or(0);
    let column = |place: usize| {
        let cells = rows.iter().map(|row| row.cell(place).chars().count());
        cells.chain([systems[place].0.chars().count()]).max().unwrap_or(0) + MARGIN
    };
    let mut text = String::new();
    let mut first = 0;
    while first < systems.len() {
        let mut last = first;
        let mut used = label;
        while last < systems.len() && (last == first || used + column(last) <= width) {
            used += column(last);
            last += 1;
        }
        let columns: Vec<_> = (first..last).map(|place| (place, column(place))).collect();
        write_block(&mut text, &rows, label, &columns, systems);
        first = last;
    }
    text.push_str("* best of its row\n");
    for note in [unmet, busiest_is_no_peer, by_oracle, ring_is_broken] {
        for (name, metrics) in systems {
            if let Some(said) = note(&|metric| metrics[METRICS.index_of(metric).expect("it is a metric")]) {
                text.push_str(&format!("{name}: {said}\n"));
            }
        }
    }
    text
}

/// Least share of correct successors for a valid measurement on a ring.
const LEAST_RIGHT: f64 = 0.95;

/// Value of a metric by its name.
type Value<'a> = &'a dyn Fn(&str) -> Option<f64>;

/// Note on a run too short for an expected server failure.
fn unmet(value: Value<'_>) -> Option<String> {
    let expected = value("server_failures_expected")?;
    let none = value("server_failures")? == 0.0;
    none.then(|| format!("no failure in this run (expected {})", significant(expected)))
}

/// Note on a busiest machine that belongs to the bootstrap service.
fn busiest_is_no_peer(value: Value<'_>) -> Option<String> {
    let is_busiest = value("bootstrap_busiest_bytes_per_s")? >= value("busiest_machine_bytes_per_s")?;
    is_busiest.then(|| "the busiest machine is one of the bootstrap service".to_owned())
}

/// Note on a ring that was incorrect at the start of the measurement, or was split.
fn ring_is_broken(value: Value<'_>) -> Option<String> {
    let right = value("successor_correct_at_start_ratio").unwrap_or(1.0);
    let rings = value("rings")?.max(value("rings_at_start").unwrap_or(1.0));
    let begins = right < LEAST_RIGHT;
    let percent = write(right, Percent);
    match (rings > 1.0, begins) {
        (true, _) => Some(format!("its nodes were {} rings at some time", significant(rings))),
        (false, true) => Some(format!("only {percent} % of the successors were right when the measurement began")),
        (false, false) => None,
    }
}

/// Note on bootstrap by the oracle, at no cost.
fn by_oracle(value: Value<'_>) -> Option<String> {
    let peers_only = value("joined_mean").is_some() && value("server_bytes_total").is_none();
    let is_oracle = peers_only && value("bootstrap_asks").is_none();
    is_oracle.then(|| "peers find each other by an oracle, for nothing (bootstrap = \"oracle\")".to_owned())
}

/// Indent of rows under their section's title.
const INDENT: usize = 2;
/// Margin of a cell: two blanks before it, a blank and the mark after it.
const MARGIN: usize = 4;

/// Line of the table.
enum Row {
    Section(String),
    Figures { label: &'static str, cells: Vec<String>, best: Vec<bool> },
}

impl Row {
    fn label(&self) -> &str {
        match self {
            // A section's title may reach over the columns.
            Row::Section(_) => "",
            Row::Figures { label, .. } => label,
        }
    }

    fn cell(&self, place: usize) -> &str {
        match self {
            Row::Section(_) => "",
            Row::Figures { cells, .. } => &cells[place],
        }
    }
}

/// Rows of a section that apply to some system, under its title. The oracle's availability counts as an answer only without
/// gets, and as internal state otherwise.
fn section_rows(section: Section, systems: &[(&str, &[Option<f64>])]) -> Vec<Row> {
    let mut lines = vec![Row::Section(section.title().to_owned())];
    let values = |at: usize| systems.iter().map(|(_, metrics)| metrics[at]).collect::<Vec<_>>();
    let gets = METRICS.index_of("gets").is_some_and(|at| values(at).iter().any(Option::is_some));
    for (at, metric) in METRICS.iter().enumerate() {
        let Some(Shown { section: own, label, format, .. }) = &metric.shown else { continue };
        let own = if gets && metric.name == ORACLE { Section::State } else { *own };
        let values = values(at);
        if own == section && values.iter().any(Option::is_some) {
            let cells: Vec<_> =
                values.iter().map(|value| value.map_or("–".to_owned(), |value| write(value, *format))).collect();
            lines.push(Row::Figures { label, cells, best: best(&values, metric.better, *format) });
        }
    }
    if lines.len() > 1 { lines } else { Vec::new() }
}

/// Best values of a row: none if only one system has a value, or if none differs by more than rounding; all those equal
/// to the best within rounding, since a mark on one of two equal numbers would claim more than the table shows. Zero
/// bytes are no merit: a server's maintenance, for example, is zero by definition.
fn best(values: &[Option<f64>], better: Better, format: Format) -> Vec<bool> {
    let there = || values.iter().flatten().copied();
    let is_merit = |least: &f64| *least > 0.0 || !matches!(format, Bytes | BytesPerSecond);
    let winner = match better {
        Better::Lower => there().min_by(f64::total_cmp).filter(is_merit),
        Better::Higher => there().max_by(f64::total_cmp),
        Better::Neither => None,
    };
    let Some(winner) = winner else { return vec![false; values.len()] };
    let near = |value: f64| (value - winner).abs() <= last_digit(winner, format).max(last_digit(value, format));
    let contested = there().any(|value| !near(value));
    values.iter().map(|value| contested && value.is_some_and(near)).collect()
}

/// Value of one step of the last digit as written.
fn last_digit(value: f64, format: Format) -> f64 {
    match format {
        Percent => 1e-4,
        Index => 1e-3,
        Number => number::last_digit(value),
        Bytes | BytesPerSecond => {
            let (factor, _) = unit_of_bytes(value);
            number::last_digit(value / factor) * factor
        }
    }
}

pub(super) fn write(value: f64, format: Format) -> String {
    match format {
        Percent => format!("{:.2}", value * 100.0),
        Index => format!("{value:.3}"),
        Number => significant(value),
        Bytes => bytes(value),
        BytesPerSecond => format!("{}/s", bytes(value)),
    }
}

/// Mean with half of its interval, both in one unit.
pub(super) fn write_interval(mean: f64, half: f64, format: Format) -> String {
    let (factor, unit) = match format {
        Percent => (0.01, String::new()),
        Index | Number => (1.0, String::new()),
        Bytes | BytesPerSecond => {
            let (factor, unit) = unit_of_bytes(mean.max(half));
            (factor, format!(" {unit}{}", if format == Bytes { "" } else { "/s" }))
        }
    };
    let alone = |scaled: f64| match format {
        Bytes | BytesPerSecond => significant(scaled),
        format => write(scaled * factor, format),
    };
    format!("{}{unit}", with_interval(mean / factor, half / factor, alone).join(" ±"))
}

/// Writes one table with the given columns, of the given widths.
fn write_block(
    text: &mut String,
    rows: &[Row],
    label: usize,
    columns: &[(usize, usize)],
    systems: &[(&str, &[Option<f64>])],
) {
    text.push_str(&" ".repeat(label));
    for (place, width) in columns {
        text.push_str(&format!("{BOLD}{:>1$}{PLAIN}  ", systems[*place].0, width - 2));
    }
    end_line(text);
    for row in rows {
        match row {
            Row::Section(title) => text.push_str(&format!("{BOLD}{title}{PLAIN}")),
            Row::Figures { label: name, cells, best } => {
                text.push_str(&format!("  {name:0$}", label - INDENT));
                for (place, width) in columns {
                    let (cell, width) = (&cells[*place], width - 2);
                    match best[*place] {
                        true => text.push_str(&format!("{BOLD}{cell:>width$} *{PLAIN}")),
                        false => text.push_str(&format!("{cell:>width$}  ")),
                    }
                }
            }
        }
        end_line(text);
    }
    text.push('\n');
}

/// Ends a line without trailing blanks.
fn end_line(text: &mut String) {
    text.truncate(text.trim_end_matches(' ').len());
    text.push('\n');
}

#[cfg(test)]
mod tests;
