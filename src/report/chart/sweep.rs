//! A metric against an axis of a sweep: the mean over the seeds with its 95 % interval, one line for each system.

use indexmap::IndexMap;

use super::axis::{Axis, Scale};
use super::data::{Runs, distinct};
use super::figure::{Entry, Figure, Mark, Markers, Panel, Swatch};
use super::style::Style;
use super::{Options, PlotError};
use crate::report::columns::ReadError;
use crate::report::table::ORACLE;
use crate::run::catalogue::{METRICS, Metric};
use crate::sweep::statistics::Summary;

/// What is drawn without `--y`, as far as it applies.
const HEADLINES: [&str; 16] = [
    "lookup_correct_ratio",
    "get_correct_ratio",
    "get_abandoned_ratio",
    "put_correct_ratio",
    "lookup_latency_p50_ms",
    "get_latency_p50_ms",
    "lookup_hops_mean",
    "lookup_rpcs_mean",
    "bytes_per_online_s_mean",
    "maintenance_bytes_per_online_s_mean",
    "busiest_machine_bytes_per_s",
    "requests_gini_serving",
    ORACLE,
    "contacts_mean",
    "table_stale_ratio",
    "server_wait_mean_ms",
];

/// What stands where: the axis along x, the one that splits a system into several lines, those that make charts of their
/// own.
struct Roles {
    x: String,
    by: Option<String>,
    rest: Vec<String>,
}

/// A line: its name, its look, and a summary for each value of x (`None`: no run has the figure).
struct Series {
    name: String,
    style: Style,
    points: Vec<Option<Summary>>,
}

/// One chart for each metric and each combination of the axes that are neither x nor `by`.
pub fn figures(runs: &Runs, options: &Options) -> Result<Vec<(String, Figure)>, PlotError> {
    let roles = roles(runs, options)?;
    let metrics: Vec<&str> = match options.y.is_empty() {
        true => {
            let headlines = HEADLINES.into_iter().filter(|name| *name != ORACLE || !runs.has_gets());
            headlines.filter(|name| runs.columns.has(name)).collect()
        }
        false => options.y.iter().map(String::as_str).collect(),
    };
    if let Some(unknown) = metrics.iter().find(|name| !runs.columns.has(name) || METRICS.get(name).is_none()) {
        let near = METRICS.iter().max_by(|a, b| {
            let likeness = |name: &str| strsim::jaro_winkler(name, unknown);
            likeness(&a.name).total_cmp(&likeness(&b.name))
        });
        let near = near.map_or(String::new(), |metric| format!(": did you mean `{}`?", metric.name));
        return Err(PlotError::Option(format!("there is no metric `{unknown}`{near}")));
    }
    let mut figures = Vec::new();
    for metric in metrics {
        let before = figures.len();
        for fixed in combinations(runs, &roles.rest) {
            let series = series(runs, &roles, &fixed, metric)?;
            if let Some(figure) = figure(runs, options, &roles, &fixed, metric, &series) {
                let stem = fixed.iter().fold(metric.to_owned(), |stem, (axis, value)| format!("{stem};{axis}={value}"));
                figures.push((file_name(&stem), figure));
            }
        }
        if figures.len() == before && !options.y.is_empty() {
            return Err(PlotError::Option(format!("`{metric}` has no value in these results: it applies to none of the runs")));
        }
    }
    Ok(figures)
}

fn roles(runs: &Runs, options: &Options) -> Result<Roles, PlotError> {
    let axes = runs.columns.axes();
    let known = |axis: &str| match axes.contains(&axis) {
        true => Ok(axis.to_owned()),
        false if axes.is_empty() => {
            Err(PlotError::Option(format!("there is no axis `{axis}`: these runs are no sweep")))
        }
        false => Err(PlotError::Option(format!("there is no axis `{axis}`: the axes are {}", axes.join(", ")))),
    };
    let x = match (&options.x, runs.axes.first()) {
        (Some(axis), _) => known(axis)?,
        (None, Some(axis)) => axis.clone(),
        (None, None) => return Err(PlotError::Option("--y needs a sweep: in these runs no axis varies".to_owned())),
    };
    let by = match options.by.as_deref() {
        Some("system") => None,
        Some(axis) => Some(known(axis)?),
        None => runs.axes.iter().find(|axis| **axis != x).cloned(),
    };
    let rest = runs.axes.iter().filter(|axis| **axis != x && Some(*axis) != by.as_ref()).cloned().collect();
    Ok(Roles { x, by, rest })
}

/// Every combination of the values of `axes`; one empty combination without axes.
fn combinations(runs: &Runs, axes: &[String]) -> Vec<Vec<(String, String)>> {
    axes.iter().fold(vec![Vec::new()], |combinations, axis| {
        let values = distinct(&runs.columns, axis);
        let with = |combination: &Vec<(String, String)>, value: &String| {
            combination.iter().cloned().chain([(axis.clone(), value.clone())]).collect()
        };
        combinations.iter().flat_map(|one| values.iter().map(move |value| with(one, value))).collect()
    })
}

/// The lines of one chart. A system that an axis does not concern has an empty cell there: it is the same everywhere.
fn series(runs: &Runs, roles: &Roles, fixed: &[(String, String)], metric: &str) -> Result<Vec<Series>, ReadError> {
    let columns = &runs.columns;
    let applies = |row: usize, axis: &str, value: &str| {
        let cell = columns.text(row, axis);
        cell.is_empty() || cell == value
    };
    let values = distinct(columns, &roles.x);
    let mut cells: IndexMap<(&str, &str), Vec<Vec<f64>>> = IndexMap::new();
    for row in 0..columns.len() {
        if !fixed.iter().all(|(axis, value)| applies(row, axis, value)) {
            continue;
        }
        let by = roles.by.as_deref().map_or("", |axis| columns.text(row, axis));
        let line = cells.entry((columns.text(row, "system"), by)).or_insert_with(|| vec![Vec::new(); values.len()]);
        let Some(number) = columns.number(row, metric)? else { continue };
        for (cell, _) in line.iter_mut().zip(&values).filter(|(_, value)| applies(row, &roles.x, value)) {
            cell.push(number);
        }
    }
    let short = |axis: &str| axis.rsplit('.').next().unwrap_or(axis).to_owned();
    let line = |index: usize, system: &str, by: &str, cells: &[Vec<f64>]| Series {
        name: match &roles.by {
            Some(axis) if !by.is_empty() => format!("{system}, {} {by}", short(axis)),
            _ => system.to_owned(),
        },
        style: Style::of(if roles.by.is_some() { index } else { runs.place(system) }),
        points: cells.iter().map(|cell| Summary::of(cell)).collect(),
    };
    Ok(cells.iter().enumerate().map(|(index, ((system, by), cells))| line(index, system, by, cells)).collect())
}

fn figure(
    runs: &Runs,
    options: &Options,
    roles: &Roles,
    fixed: &[(String, String)],
    metric: &str,
    series: &[Series],
) -> Option<Figure> {
    let y = vertical(options, metric, series)?;
    let (x, places) = horizontal(options, &roles.x, &distinct(&runs.columns, &roles.x));
    let there = || series.iter().filter(|line| line.points.iter().any(Option::is_some));
    let bands = there().flat_map(|line| bands(line, &places, &y));
    let lines = there().map(|line| Mark::Line {
        points: places.iter().zip(&line.points).map(|(x, point)| (*x, point.map(|point| point.mean))).collect(),
        style: line.style,
        markers: Markers::All,
    });
    let marks = bands.chain(lines).collect();
    let legend = there().map(|line| Entry::new(&line.name, "", Swatch::Line(line.style))).collect();
    let metric = METRICS.get(metric)?;
    let runs_per_point = there().flat_map(|line| &line.points).flatten().map(|point| point.n).max()?;
    let over = match runs_per_point {
        1 => "one run per point".to_owned(),
        n => format!("average of {n} runs per point with its 95\u{a0}% interval"),
    };
    let fixed: String = fixed.iter().map(|(axis, value)| format!("; {axis} = {value}")).collect();
    let subtitle = format!("{}{fixed}; {over}", capital(&metric.about));
    let panel = Panel { title: String::new(), x, y, marks };
    Some(Figure::single(heading(metric), subtitle, panel, legend))
}

/// The areas between the ends of the intervals, interrupted where there is none.
fn bands(line: &Series, places: &[f64], y: &Axis) -> Vec<Mark> {
    let ends: Vec<_> =
        places.iter().zip(&line.points).map(|(x, point)| (*x, point.and_then(|point| point.ci95))).collect();
    let piece = |piece: &[(f64, Option<(f64, f64)>)]| Mark::Band {
        points: piece
            .iter()
            .filter_map(|(x, ends)| ends.map(|(low, high)| (*x, low.max(y.low), high.min(y.high))))
            .collect(),
        colour: line.style.colour,
    };
    ends.split(|(_, ends)| ends.is_none()).filter(|points| points.len() > 1).map(piece).collect()
}

fn vertical(options: &Options, metric: &str, series: &[Series]) -> Option<Axis> {
    let points = || series.iter().flat_map(|line| &line.points).flatten();
    let low = points().map(|point| point.mean).min_by(f64::total_cmp)?;
    let high = points().map(|point| point.mean).max_by(f64::total_cmp)?;
    let widest =
        points().filter_map(|point| point.ci95).fold((low, high), |(low, high), ci| (low.min(ci.0), high.max(ci.1)));
    let known = METRICS.get(metric)?;
    let label = if known.unit.is_empty() { known.name.clone() } else { format!("{} ({})", known.name, known.unit) };
    if is_share(known) {
        return Some(Axis::percent(format!("{} (%)", known.name), widest.0.max(0.0), widest.1.min(1.0)));
    }
    if low > 0.0 && (options.log_y || !known.unit.is_empty() && high / low >= 30.0) {
        let bottom = if widest.0 > low / 3.0 { widest.0 } else { low };
        return Some(Axis::log(label, bottom, widest.1, false));
    }
    // From zero unless that would press the lines together; below zero only where the values are.
    let bottom = if widest.0 < 0.5 * high && low >= 0.0 { 0.0 } else { widest.0 };
    Some(Axis::linear(label, bottom, widest.1))
}

/// The axis along x and the place of each value on it: by number, or side by side where a value is not one. Of the linear
/// and the logarithmic scale the one that spaces the values more evenly.
fn horizontal(options: &Options, name: &str, values: &[String]) -> (Axis, Vec<f64>) {
    let numbers: Option<Vec<f64>> =
        values.iter().map(|value| value.parse().ok().filter(|x: &f64| x.is_finite())).collect();
    let Some(numbers) = numbers else {
        let ticks: Vec<_> = values.iter().enumerate().map(|(i, value)| (i as f64, value.clone())).collect();
        return (Axis::at(name, &ticks, Scale::Linear), ticks.iter().map(|(at, _)| *at).collect());
    };
    let mut ticks: Vec<_> = numbers.iter().copied().zip(values.iter().cloned()).collect();
    ticks.sort_by(|a, b| a.0.total_cmp(&b.0));
    let linear: Vec<f64> = ticks.iter().map(|(value, _)| *value).collect();
    let logarithms: Vec<f64> = linear.iter().map(|value| libm::log(*value)).collect();
    let log = linear[0] > 0.0 && (options.log_x || unevenness(&logarithms) < unevenness(&linear));
    (Axis::at(name, &ticks, if log { Scale::Log } else { Scale::Linear }), numbers)
}

/// The largest gap between neighbours of ascending values over the smallest; 1 for fewer than two gaps.
fn unevenness(values: &[f64]) -> f64 {
    let gaps = || values.windows(2).map(|pair| pair[1] - pair[0]);
    let (Some(most), Some(least)) = (gaps().max_by(f64::total_cmp), gaps().min_by(f64::total_cmp)) else { return 1.0 };
    most / least
}

/// A column's name as a title, with its unit: `Lookup latency p50 (ms)`.
fn heading(metric: &Metric) -> String {
    let name = metric.name.trim_end_matches("_ms").trim_end_matches("_ratio").replace('_', " ");
    let unit = if is_share(metric) { "%" } else { metric.unit };
    if unit.is_empty() { capital(&name) } else { format!("{} ({unit})", capital(&name)) }
}

/// Whether the figure is a share of one, which is written in per cent.
fn is_share(metric: &Metric) -> bool {
    metric.name.ends_with("_ratio") || metric.name.starts_with("availability")
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// A name that every file system takes.
fn file_name(stem: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "._-=;".contains(c) { c } else { '_' };
    stem.chars().map(plain).collect()
}
