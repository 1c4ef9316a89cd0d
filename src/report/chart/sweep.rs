//! Charts of a metric against an axis of a sweep: the mean over the seeds with its 95 % interval, one line for each
//! system.

mod places;

use indexmap::IndexMap;

use self::places::{horizontal, vertical};
use super::axis::{Axis, Scale};
use super::data::{Runs, distinct};
use super::figure::{Entry, Figure, Mark, Markers, Panel, Swatch};
use super::style::Style;
use super::{Options, PlotError};
use crate::measure::catalogue::{METRICS, Metric, ORACLE};
use crate::report::columns::ReadError;
use crate::sweep::statistics::Summary;

/// Roles of axes: the one along x, the one that splits a system into several lines, those that make charts of their
/// own.
struct Roles {
    x: String,
    by: Option<String>,
    rest: Vec<String>,
}

/// Line: its name, its style, and a summary for each value of x (`None`: no run has the figure).
struct Series {
    name: String,
    style: Style,
    points: Vec<Option<Summary>>,
}

/// Charts, one for each metric and each combination of the axes that are neither x nor `by`.
pub(super) fn figures(runs: &Runs, options: &Options) -> Result<Vec<(String, Figure)>, PlotError> {
    let roles = roles(runs, options)?;
    let metrics: Vec<&str> = match options.y.is_empty() {
        true => {
            let charted = METRICS.iter().filter(|metric| metric.charted).map(|metric| metric.name.as_str());
            charted.filter(|name| runs.columns.has(name) && (*name != ORACLE || !runs.has_gets())).collect()
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
            let known = METRICS.get(metric).expect("it was looked up");
            if let Some(figure) = figure(runs, options, &roles, &fixed, known, &series)? {
                let stem = fixed.iter().fold(metric.to_owned(), |stem, (axis, value)| format!("{stem};{axis}={value}"));
                figures.push((file_name(&stem), figure));
            }
        }
        if figures.len() == before && !options.y.is_empty() {
            return Err(PlotError::Option(format!(
                "`{metric}` has no value in these results: it applies to none of the runs"
            )));
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
        (None, None) => return Err(PlotError::Option(no_sweep(options))),
    };
    let by = match options.by.as_deref() {
        Some("system") => None,
        Some(axis) => Some(known(axis)?),
        None => runs.axes.iter().find(|axis| **axis != x).cloned(),
    };
    let rest = runs.axes.iter().filter(|axis| **axis != x && Some(*axis) != by.as_ref()).cloned().collect();
    Ok(Roles { x, by, rest })
}

/// Error message for `options` that need a varied axis, for runs without one.
fn no_sweep(Options { y, by, log_x, log_y, .. }: &Options) -> String {
    let said = [(!y.is_empty(), "--y"), (by.is_some(), "--by"), (*log_x, "--log x"), (*log_y, "--log y")];
    let said: Vec<&str> = said.into_iter().filter(|(is_said, _)| *is_said).map(|(_, option)| option).collect();
    let need = if said.len() == 1 { "needs" } else { "need" };
    format!("{} {need} a sweep: in these runs no axis varies", said.join(" and "))
}

/// All combinations of the values of `axes`; one empty combination without axes.
fn combinations(runs: &Runs, axes: &[String]) -> Vec<Vec<(String, String)>> {
    axes.iter().fold(vec![Vec::new()], |combinations, axis| {
        let values = distinct(&runs.columns, axis);
        let with = |combination: &Vec<(String, String)>, value: &String| {
            combination.iter().cloned().chain([(axis.clone(), value.clone())]).collect()
        };
        combinations.iter().flat_map(|one| values.iter().map(move |value| with(one, value))).collect()
    })
}

/// Lines of one chart. A system that an axis does not affect has an empty cell there: it has equal values everywhere.
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
    metric: &Metric,
    series: &[Series],
) -> Result<Option<Figure>, PlotError> {
    let Some(y) = vertical(options, metric, series)? else { return Ok(None) };
    let values = distinct(&runs.columns, &roles.x);
    let places = horizontal(options, &roles.x, &values)?;
    let there: Vec<&Series> = series.iter().filter(|line| line.points.iter().any(Option::is_some)).collect();
    let marks = if places.to_scale { joined(&there, &places.at, &y) } else { apart(&there, &places.at, &y) };
    let swatch = |style| if places.to_scale { Swatch::Line(style) } else { Swatch::Dot(style) };
    let legend = there.iter().map(|line| Entry::new(&line.name, "", swatch(line.style))).collect();
    let fixed: String = fixed.iter().map(|(axis, value)| format!("; {axis} = {value}")).collect();
    let subtitle = format!("{}{fixed}; {}", capital(&metric.about), taken_over(&there, &values));
    let panel = Panel { title: String::new(), x: places.axis, y, marks };
    Ok(Some(Figure::single(heading(metric), subtitle, panel, legend)))
}

/// Lines with their intervals, along x.
fn joined(series: &[&Series], places: &[f64], y: &Axis) -> Vec<Mark> {
    let mut order: Vec<usize> = (0..places.len()).collect();
    order.sort_by(|a, b| places[*a].total_cmp(&places[*b]));
    let bands = series.iter().flat_map(|line| bands(line, &order, places, y));
    let lines = series.iter().map(|line| Mark::Line {
        points: order.iter().map(|&i| (places[i], line.points[i].map(|point| point.mean))).collect(),
        style: line.style,
        markers: Markers::All,
    });
    bands.chain(lines).collect()
}

/// Dots with their intervals side by side at each place: there is nothing between places.
fn apart(series: &[&Series], places: &[f64], y: &Axis) -> Vec<Mark> {
    let step = (0.6 / series.len() as f64).min(0.12);
    let mut marks = Vec::new();
    for (number, line) in series.iter().enumerate() {
        let aside = (number as f64 - (series.len() - 1) as f64 / 2.0) * step;
        for (place, point) in places.iter().zip(&line.points) {
            let Some(point) = point else { continue };
            let x = place + aside;
            let interval = point.ci95.map(|(low, high)| (low.max(y.low), high.min(y.high)));
            marks.extend(interval.map(|(low, high)| Mark::Guide { from: (x, low), to: (x, high) }));
            marks.push(Mark::Dot { at: (x, point.mean), style: line.style });
        }
    }
    // Dots over all intervals.
    marks.sort_by_key(|mark| matches!(mark, Mark::Dot { .. }));
    marks
}

/// Most points named at which fewer repetitions have the figure.
const MOST_NAMED: usize = 8;

/// Number of runs behind the points, in words.
fn taken_over(series: &[&Series], values: &[String]) -> String {
    let points = || {
        series.iter().flat_map(|line| {
            line.points.iter().zip(values).filter_map(|(point, value)| Some((&line.name, value, point.as_ref()?.n)))
        })
    };
    let most = points().map(|(.., n)| n).max().unwrap_or(0);
    let mut fewer: Vec<String> =
        points().filter(|(.., n)| *n < most).map(|(line, value, n)| format!("{n} for {line} at {value}")).collect();
    match (most, fewer.len()) {
        (0 | 1, _) => "one run per point".to_owned(),
        (_, 0) => format!("average of {most} runs per point with its 95\u{a0}% interval"),
        (_, number) => {
            fewer.truncate(MOST_NAMED);
            let more = if number > MOST_NAMED { format!(" and {} more", number - MOST_NAMED) } else { String::new() };
            let fewer = fewer.join(", ");
            format!("average of {most} runs per point with its 95\u{a0}% interval; fewer: {fewer}{more}")
        }
    }
}

/// Areas between the ends of the intervals, interrupted where there is none.
fn bands(line: &Series, order: &[usize], places: &[f64], y: &Axis) -> Vec<Mark> {
    let ends: Vec<_> =
        order.iter().map(|&i| (places[i], line.points[i].as_ref().and_then(|point| point.ci95))).collect();
    // Below the decades there is a place for zero.
    let lowest = if y.scale == Scale::LogAndZero { 0.0 } else { y.low };
    let piece = |piece: &[(f64, Option<(f64, f64)>)]| Mark::Band {
        points: piece
            .iter()
            .filter_map(|(x, ends)| ends.map(|(low, high)| (*x, low.max(lowest), high.min(y.high))))
            .collect(),
        colour: line.style.colour,
    };
    ends.split(|(_, ends)| ends.is_none()).filter(|points| points.len() > 1).map(piece).collect()
}

/// Title of a column, with its unit: `Lookup latency p50 (ms)`.
fn heading(metric: &Metric) -> String {
    let name = metric.name.trim_end_matches("_ms").trim_end_matches("_ratio").replace('_', " ");
    let unit = if metric.is_share() { "%" } else { metric.unit };
    if unit.is_empty() { capital(&name) } else { format!("{} ({unit})", capital(&name)) }
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
}

/// File name that is valid on every file system.
fn file_name(stem: &str) -> String {
    let plain = |c: char| if c.is_alphanumeric() || "._-=;".contains(c) { c } else { '_' };
    stem.chars().map(plain).collect()
}
