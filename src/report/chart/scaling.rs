//! Chart of the cost of an event and of a node against the number of nodes, from the table that `scripts/scaling` makes
//! of many runs' `timing.json`. A line for each system; both scales are logarithmic.

use std::path::Path;

use super::axis::Axis;
use super::data::{Curves, curves, range};
use super::figure::{Entry, Figure, Mark, Markers, Panel, Place, Swatch};
use super::style::Style;
use crate::report::columns::{Columns, ReadError};

/// Column of the number of nodes.
const NODES: &str = "population.online";

/// Other columns, with the titles and labels of their panels.
const PANELS: [(&str, &str, &str); 3] = [
    ("events_per_s", "Speed", "events per CPU second"),
    ("ns_per_event", "Time of an event", "CPU time per event (ns)"),
    ("bytes_per_node", "Memory of a node", "bytes per node"),
];

/// Chart; `None` for a table without rows, or without a positive number in one of its columns.
///
/// # Errors
/// If the table cannot be read, or a cell is not a number.
pub(super) fn figure(table: &Path, subtitle: &str) -> Result<Option<Figure>, ReadError> {
    let columns = Columns::read(table, &[NODES, PANELS[0].0, PANELS[1].0, PANELS[2].0])?;
    let (mut panels, mut legend) = (Vec::new(), Vec::new());
    for (column, title, label) in PANELS {
        let lines = positive(curves(&columns, NODES, column)?);
        let Some(panel) = panel(&lines, title, label) else { return Ok(None) };
        legend =
            lines.keys().enumerate().map(|(i, system)| Entry::new(system, "", Swatch::Line(Style::of(i)))).collect();
        panels.push(panel);
    }
    Ok(Some(Figure {
        title: "Cost against size".to_owned(),
        subtitle: subtitle.to_owned(),
        columns: panels.len(),
        panels,
        legend,
        place: Place::Top,
        square: false,
        height: 330.0,
    }))
}

/// Positive values only, as for a logarithmic scale.
fn positive(mut lines: Curves) -> Curves {
    lines.values_mut().for_each(|line| line.retain(|(x, y)| *x > 0.0 && y.is_none_or(|y| y > 0.0)));
    lines
}

fn panel(lines: &Curves, title: &str, label: &str) -> Option<Panel> {
    let (low, high) = range(lines.values())?;
    let nodes = || lines.values().flatten().map(|(x, _)| *x);
    let (fewest, most) = (nodes().min_by(f64::total_cmp)?, nodes().max_by(f64::total_cmp)?);
    let line = |(i, points): (usize, &Vec<(f64, Option<f64>)>)| {
        let mut points = points.clone();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        Mark::Line { points, style: Style::of(i), markers: Markers::All }
    };
    Some(Panel {
        title: title.to_owned(),
        x: Axis::log("nodes", fewest, most, false),
        y: Axis::log(label, low, high, false),
        marks: lines.values().enumerate().map(line).collect(),
    })
}
