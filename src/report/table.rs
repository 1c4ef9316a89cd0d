//! The comparison in the terminal: one column per system, one row per headline figure, the best of each row marked.

use super::number::{self, bytes, significant, unit_of_bytes, with_interval};
use crate::measure::catalogue::{Better, METRICS};

/// How a row's figures are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// A share of one, in per cent.
    Percent,
    /// Three significant digits.
    Number,
    /// An index between 0 and 1.
    Index,
    Bytes,
    BytesPerSecond,
}

use Format::*;

/// A row: its label, the metric, and how it is written.
type Line = (&'static str, &'static str, Format);

/// The sections with their rows. Both faces of the network load are there: what all
/// machines send together, and what the busiest one moves.
const SECTIONS: [(&str, &[Line]); 5] = [
    (
        "answers",
        &[
            ("lookups correct (%)", "lookup_correct_ratio", Percent),
            ("gets correct (%)", "get_correct_ratio", Percent),
            ("  abandoned, of issued (%)", "get_abandoned_ratio", Percent),
            ("puts correct (%)", "put_correct_ratio", Percent),
            ("resources online (%)", ORACLE, Percent),
        ],
    ),
    (
        "effort",
        &[
            ("lookup latency, median (ms)", "lookup_latency_p50_ms", Number),
            ("lookup latency, p99 (ms)", "lookup_latency_p99_ms", Number),
            ("get latency, median (ms)", "get_latency_p50_ms", Number),
            ("get latency, p99 (ms)", "get_latency_p99_ms", Number),
            ("lookup hops, mean", "lookup_hops_mean", Number),
            ("lookup requests, mean", "lookup_rpcs_mean", Number),
        ],
    ),
    (
        "network",
        &[
            ("total traffic", "bytes_total", Bytes),
            ("per machine online", "bytes_per_online_s_mean", BytesPerSecond),
            ("  maintenance", "maintenance_bytes_per_online_s_mean", BytesPerSecond),
            ("busiest machine", "busiest_machine_bytes_per_s", BytesPerSecond),
            ("busiest machine's share (%)", "busiest_machine_share_ratio", Percent),
            ("machines left out: bytes (%)", "left_out_bytes_ratio", Percent),
            ("moved by participants", "peers_bytes_total", Bytes),
            ("moved by servers", "server_bytes_total", Bytes),
            ("  peak (95 % of minutes)", "server_peak_bytes_per_s", BytesPerSecond),
            ("  workers needed", "server_workers_needed", Number),
            ("moved by the bootstrap service", "bootstrap_bytes_total", Bytes),
        ],
    ),
    (
        "fairness of who can serve (Gini: 0 even, 1 one bears all)",
        &[
            ("requests served", "requests_gini_serving", Index),
            ("bytes uploaded", "upload_gini_serving", Index),
            ("records held", "records_gini_serving", Index),
        ],
    ),
    (
        STATE,
        &[
            ("resources online (%)", ORACLE, Percent),
            ("contacts per node", "contacts_mean", Number),
            ("stale contacts (%)", "table_stale_ratio", Percent),
            ("successors right (%)", "successor_correct_ratio", Percent),
            ("rings, at most", "rings", Number),
            ("nearest nodes known (%)", "nearest_known_ratio", Percent),
            ("packets to who is offline (%)", "packets_to_offline_ratio", Percent),
            ("server wait, mean (ms)", "server_wait_mean_ms", Number),
            ("server: requests that wait (%)", "server_wait_ratio", Percent),
            ("server busy (%)", "server_utilisation_ratio", Percent),
            ("peer wait, mean (ms)", "peer_wait_mean_ms", Number),
            ("peer: requests that wait (%)", "peer_wait_ratio", Percent),
        ],
    ),
];

/// What an oracle sees of the resources. Users see gets: it is an answer only where nobody gets anything.
pub(super) const ORACLE: &str = "availability_mean";

/// The section of what is no answer to a user.
const STATE: &str = "state";

const BOLD: &str = "\u{1b}[1m";
const PLAIN: &str = "\u{1b}[0m";

/// The table for systems with their metrics (parallel to [`METRICS`]), at most `width` characters wide: systems that do not
/// fit beside the others follow in a table of their own. Rows that apply to no system are left out.
///
/// The best value of a row has a `*` and is bold by an ANSI sequence, which `anstream` takes out where it is not understood.
pub fn comparison(systems: &[(&str, &[Option<f64>])], width: usize) -> String {
    let rows: Vec<Row> = SECTIONS.iter().flat_map(|(section, rows)| section_rows(section, rows, systems)).collect();
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

/// Of the successors of a ring's nodes, what is to be right when a measurement begins.
const LEAST_RIGHT: f64 = 0.95;

/// A metric's value by its name.
type Value<'a> = &'a dyn Fn(&str) -> Option<f64>;

/// A run was too short to meet a failure that its server may have.
fn unmet(value: Value<'_>) -> Option<String> {
    let expected = value("server_failures_expected")?;
    let none = value("server_failures")? == 0.0;
    none.then(|| format!("no failure in this run (expected {})", significant(expected)))
}

/// The busiest machine is one that the peers found each other by.
fn busiest_is_no_peer(value: Value<'_>) -> Option<String> {
    let is_busiest = value("bootstrap_busiest_bytes_per_s")? >= value("busiest_machine_bytes_per_s")?;
    is_busiest.then(|| "the busiest machine is one of the bootstrap service".to_owned())
}

/// Tables were not right when the measurement began, or a ring came apart.
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

/// Peers found each other for nothing.
fn by_oracle(value: Value<'_>) -> Option<String> {
    let peers_only = value("joined_mean").is_some() && value("server_bytes_total").is_none();
    let is_oracle = peers_only && value("bootstrap_asks").is_none();
    is_oracle.then(|| "peers find each other by an oracle, for nothing (bootstrap = \"oracle\")".to_owned())
}

/// Rows stand under their section's title.
const INDENT: usize = 2;
/// Two blanks before a cell, a blank and the mark after it.
const MARGIN: usize = 4;

/// A line of the table.
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

/// The rows of a section that apply to some system, under its title.
fn section_rows(title: &str, rows: &[Line], systems: &[(&str, &[Option<f64>])]) -> Vec<Row> {
    let mut lines = vec![Row::Section(title.to_owned())];
    let index = |metric| METRICS.index_of(metric).expect("the table's rows are metrics");
    let values = |metric| systems.iter().map(|(_, metrics)| metrics[index(metric)]).collect::<Vec<_>>();
    let gets = values("gets").iter().any(Option::is_some);
    for (label, metric, format) in rows.iter().filter(|row| row.1 != ORACLE || gets == (title == STATE)) {
        let values = values(metric);
        if values.iter().any(Option::is_some) {
            let cells: Vec<_> =
                values.iter().map(|value| value.map_or("–".to_owned(), |value| write(value, *format))).collect();
            let best = best(&values, METRICS[index(metric)].better, *format);
            lines.push(Row::Figures { label, cells, best });
        }
    }
    if lines.len() > 1 { lines } else { Vec::new() }
}

/// Which values are the best: nobody's where only one system has a value or none differs by more than rounding; everybody's
/// who is as good but for rounding, for a mark on one of two equal numbers would say more than the table shows. No bytes at all
/// are no merit: a server's upkeep, say, is nothing by definition.
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

/// What one step of the last digit is worth in a value as it is written.
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

/// A mean with half of its interval, both in one unit.
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

/// Writes one table with the columns at the given places, of the given widths.
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

/// Ends a line without blanks at its end.
fn end_line(text: &mut String) {
    text.truncate(text.trim_end_matches(' ').len());
    text.push('\n');
}

#[cfg(test)]
mod tests;
