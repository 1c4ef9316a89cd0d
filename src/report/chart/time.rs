//! Charts over time: the share of correct operations, participants online, availability and losses.

use super::axis::Axis;
use super::data::{Curves, Runs, curves, range};
use super::figure::{Entry, Figure, Mark, Markers, Panel, Place, Swatch};
use super::style::{Colour, Style};
use crate::model::OperationKind;
use crate::report::columns::{Columns, ReadError};

/// Annotations of a time axis, in seconds.
#[derive(Clone, Copy)]
pub(super) struct Happened<'a> {
    /// Events of the scenario, in words.
    pub events: &'a [(f64, String)],
    /// End of the warm-up, if known.
    pub warmup: Option<f64>,
}

/// Chart of the share of correct operations over time, a panel for each kind.
pub(super) fn success(runs: &Runs, series: &Columns, happened: Happened<'_>) -> Result<Option<Figure>, ReadError> {
    let mut panels = Vec::new();
    let mut drawn = vec![false; runs.systems.len()];
    for operation in OperationKind::ALL.map(OperationKind::name) {
        let column = format!("{operation}_correct_ratio");
        if !series.has(&column) {
            continue;
        }
        let (curves, unit) = in_hours(curves(series, "time_s", &column)?);
        let (Some((low, _)), Some((from, to))) = (range(curves.values()), span(&curves)) else { continue };
        curves.keys().for_each(|system| drawn[runs.place(system)] = true);
        let y = Axis::percent("correct (%)", low.min(0.99), 1.0);
        let x = Axis::exact(unit.label, from, to);
        let mut marks = happened.marks(&unit, &x, &y);
        marks.extend(lines(runs, &curves));
        panels.push(Panel { title: format!("{operation}s"), x, y, marks });
    }
    let Some(last) = panels.len().checked_sub(1) else { return Ok(None) };
    panels[..last].iter_mut().for_each(|panel| panel.x.label.clear());
    let height = 150.0 + 150.0 * panels.len() as f64;
    let subtitle =
        format!("Share of the operations decided in each sampling interval that were correct{}", runs.seeds());
    let legend =
        runs.systems.iter().enumerate().filter(|(i, _)| drawn[*i]).map(|(i, system)| entry(system, i)).collect();
    Ok(Some(Figure {
        title: "Correct operations over time (%)".to_owned(),
        subtitle,
        panels,
        columns: 1,
        legend,
        place: Place::Top,
        square: false,
        height,
    }))
}

/// Chart of participants online, which all systems share, and nodes joined, by system, over time.
pub(super) fn online(runs: &Runs, series: &Columns, happened: Happened<'_>) -> Result<Option<Figure>, ReadError> {
    if !series.has("online") || !series.has("joined") {
        return Ok(None);
    }
    let (online, unit) = in_hours(curves(series, "time_s", "online")?);
    let (joined, _) = in_hours(curves(series, "time_s", "joined")?);
    let ranges = (range(online.values().chain(joined.values())), span(&online));
    let (Some((low, high)), Some((from, to))) = ranges else { return Ok(None) };
    let shared = Style { colour: Colour::Shade, dash: &[], marker: None, width: 5.0 };
    // From zero only if that does not press the lines together.
    let low = if low < 0.5 * high { 0.0 } else { low };
    let (x, y) = (Axis::exact(unit.label, from, to), Axis::linear("machines", low, high));
    let mut marks = happened.marks(&unit, &x, &y);
    marks.extend(online.values().take(1).map(|points| line(points.clone(), shared, 0)));
    marks.extend(lines(runs, &joined));
    let mut legend = vec![Entry::new("online", "participants", Swatch::Line(shared))];
    legend.extend(joined.keys().map(|system| Entry { note: "joined".to_owned(), ..entry(system, runs.place(system)) }));
    let panel = Panel { title: String::new(), x, y, marks };
    let subtitle = format!(
        "Participants online, the same in every system, and nodes that are part of the overlay by their own account{}",
        runs.seeds()
    );
    Ok(Some(Figure::single("Online and joined over time (machines)", subtitle, panel, legend)))
}

/// Chart of availability by the oracle over time, and below it, if any were lost, the number of lost resources.
pub(super) fn availability(runs: &Runs, series: &Columns, happened: Happened<'_>) -> Result<Option<Figure>, ReadError> {
    if !series.has("availability") || !series.has("resources_lost") {
        return Ok(None);
    }
    let (available, unit) = in_hours(curves(series, "time_s", "availability")?);
    let (lost, _) = in_hours(curves(series, "time_s", "resources_lost")?);
    let (Some((low, _)), Some((from, to))) = (range(available.values()), span(&available)) else { return Ok(None) };
    let panel = |title: &str, y: Axis, curves: &Curves| {
        let x = Axis::exact(unit.label, from, to);
        let marks = happened.marks(&unit, &x, &y).into_iter().chain(lines(runs, curves)).collect();
        Panel { title: title.to_owned(), x, y, marks }
    };
    let mut panels =
        vec![panel("on machines that are online", Axis::percent("resources (%)", low.min(0.99), 1.0), &available)];
    if let Some((_, most)) = range(lost.values()).filter(|(_, most)| *most > 0.0) {
        panels[0].x.label.clear();
        panels.push(panel("lost for good", Axis::linear("resources", 0.0, most), &lost));
    }
    let legend = available.keys().map(|system| entry(system, runs.place(system))).collect();
    let losses = if panels.len() > 1 { ", and those of which too few are left on any disk" } else { "" };
    Ok(Some(Figure {
        title: "Resources over time".to_owned(),
        subtitle: format!(
            "Those of which enough pieces, as new as was acknowledged, are on machines that are online{losses}{}",
            runs.seeds()
        ),
        height: 150.0 + 190.0 * panels.len() as f64,
        panels,
        columns: 1,
        legend,
        place: Place::Top,
        square: false,
    }))
}

fn entry(system: &str, place: usize) -> Entry {
    Entry::new(system, "", Swatch::Line(Style::of(place)))
}

fn lines(runs: &Runs, curves: &Curves) -> Vec<Mark> {
    curves
        .iter()
        .map(|(system, points)| line(points.clone(), Style::of(runs.place(system)), runs.place(system)))
        .collect()
}

fn line(points: Vec<(f64, Option<f64>)>, style: Style, shift: usize) -> Mark {
    Mark::Line { points, style, markers: Markers::Few { shift } }
}

/// Unit of the time axis.
struct Unit {
    seconds: f64,
    label: &'static str,
}

impl Happened<'_> {
    fn marks(&self, unit: &Unit, x: &Axis, y: &Axis) -> Vec<Mark> {
        let event = |(at, label): &(f64, String)| Mark::Event { x: at / unit.seconds, label: label.clone() };
        self.events.iter().map(event).chain(self.border(unit, x, y)).collect()
    }

    /// Mark at the end of the warm-up, if it is within the chart.
    fn border(&self, unit: &Unit, x: &Axis, y: &Axis) -> Option<Mark> {
        let at = self.warmup? / unit.seconds;
        let (low, high, left) = (y.low, y.high, at > (x.low + x.high) / 2.0);
        (x.low < at && at < x.high).then_some(Mark::Border { x: at, low, high, text: "end of the warm-up", left })
    }
}

/// Curves in the unit of time that suits their span.
fn in_hours(mut curves: Curves) -> (Curves, Unit) {
    let length = span(&curves).map_or(0.0, |(from, to)| to - from);
    let (seconds, label) = match length {
        s if s > 4.0 * 86_400.0 => (86_400.0, "time since the start (days)"),
        s if s > 2.0 * 3_600.0 => (3_600.0, "time since the start (h)"),
        s if s > 2.0 * 60.0 => (60.0, "time since the start (min)"),
        _ => (1.0, "time since the start (s)"),
    };
    curves.values_mut().flatten().for_each(|(at, _)| *at /= seconds);
    (curves, Unit { seconds, label })
}

/// First and last x of all curves.
fn span(curves: &Curves) -> Option<(f64, f64)> {
    let times = || curves.values().flatten().map(|(at, _)| *at);
    Some((times().min_by(f64::total_cmp)?, times().max_by(f64::total_cmp)?))
}
