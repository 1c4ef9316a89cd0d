//! What happened when: the share of correct operations, and how many were there.

use super::axis::Axis;
use super::data::{Curves, Runs, curves, range};
use super::figure::{Entry, Figure, Mark, Markers, Panel, Place, Swatch};
use super::style::{SHADE, Style};
use crate::report::columns::{Columns, ReadError};
use crate::run::catalogue::OPERATIONS;

/// The share of correct operations over time, a panel for each kind.
///
/// `events` are seconds and words.
pub fn success(runs: &Runs, series: &Columns, events: &[(f64, String)]) -> Result<Option<Figure>, ReadError> {
    let mut panels = Vec::new();
    let mut drawn = vec![false; runs.systems.len()];
    for operation in OPERATIONS {
        let column = format!("{operation}_correct_ratio");
        if !series.has(&column) {
            continue;
        }
        let (curves, unit) = in_hours(curves(series, "time_s", &column)?);
        let (Some((low, _)), Some((from, to))) = (range(curves.values()), span(&curves)) else { continue };
        curves.keys().for_each(|system| drawn[runs.place(system)] = true);
        let mut marks = self::events(events, unit);
        marks.extend(lines(runs, &curves));
        let y = Axis::percent("correct (%)", low.min(0.99), 1.0);
        let x = Axis::exact(unit.label, from, to);
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

/// Participants online, which all systems share, and nodes joined, by system, over time.
pub fn online(runs: &Runs, series: &Columns, events: &[(f64, String)]) -> Result<Option<Figure>, ReadError> {
    if !series.has("online") || !series.has("joined") {
        return Ok(None);
    }
    let (online, unit) = in_hours(curves(series, "time_s", "online")?);
    let (joined, _) = in_hours(curves(series, "time_s", "joined")?);
    let ranges = (range(online.values().chain(joined.values())), span(&online));
    let (Some((low, high)), Some((from, to))) = ranges else { return Ok(None) };
    let shared = Style { colour: SHADE, dash: &[], marker: None, width: 5.0 };
    let mut marks = self::events(events, unit);
    marks.extend(online.values().take(1).map(|points| line(points.clone(), shared, 0)));
    marks.extend(lines(runs, &joined));
    let mut legend = vec![Entry::new("online", "participants", Swatch::Line(shared))];
    legend.extend(joined.keys().map(|system| Entry { note: "joined".to_owned(), ..entry(system, runs.place(system)) }));
    // From zero only if that does not press the lines together.
    let low = if low < 0.5 * high { 0.0 } else { low };
    let x = Axis::exact(unit.label, from, to);
    let panel = Panel { title: String::new(), x, y: Axis::linear("machines", low, high), marks };
    let subtitle = format!(
        "Participants online, the same in every system, and nodes that are part of the overlay by their own account{}",
        runs.seeds()
    );
    Ok(Some(Figure::single("Online and joined over time (machines)", subtitle, panel, legend)))
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

/// A unit of time along the axis.
#[derive(Clone, Copy)]
struct Unit {
    seconds: f64,
    label: &'static str,
}

fn events(events: &[(f64, String)], unit: Unit) -> Vec<Mark> {
    events.iter().map(|(at, label)| Mark::Event { x: at / unit.seconds, label: label.clone() }).collect()
}

/// Seconds in the unit that suits their span.
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

/// The first and last x of all curves.
fn span(curves: &Curves) -> Option<(f64, f64)> {
    let times = || curves.values().flatten().map(|(at, _)| *at);
    Some((times().min_by(f64::total_cmp)?, times().max_by(f64::total_cmp)?))
}
