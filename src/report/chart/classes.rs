//! Chart of the success and load of classes of participants in each system.

use indexmap::IndexMap;

use super::axis::Axis;
use super::data::{Runs, distinct};
use super::figure::{Entry, Figure, Mark, Panel, Place, Swatch};
use super::layout::rows;
use super::style::Style;
use crate::model::OperationKind;
use crate::report::columns::{Columns, ReadError};

/// Distance of the first and the last class from the middle of their row, in units of the distance between rows.
const SPREAD: f64 = 0.2;

/// Values by system and class.
type Values = IndexMap<(String, String), f64>;

/// Chart; `None` with fewer than two classes, or without values.
///
/// # Errors
/// If a cell is not a number.
pub(super) fn figure(runs: &Runs, classes: &Columns) -> Result<Option<Figure>, ReadError> {
    let names = distinct(classes, "class");
    if names.len() < 2 {
        return Ok(None);
    }
    let mut panels = Vec::new();
    for operation in OperationKind::ALL.map(OperationKind::name) {
        let correct = means(classes, &format!("{operation}_correct_ratio"))?;
        if let Some((low, high)) = extent(correct.values().copied()) {
            let x = Axis::percent("of those decided (%)", low, high);
            panels.push(panel(runs, &names, &correct, (format!("Correct {operation}s"), x)));
        }
    }
    let upload = means(classes, "upload_per_online_s_mean")?;
    if let Some((low, high)) = extent(upload.values().copied()).filter(|(_, high)| *high > 0.0) {
        let least = upload.values().copied().filter(|value| *value > 0.0).fold(high, f64::min);
        let x = Axis::log("upload for others, mean (B/s)", least, high, low <= 0.0);
        panels.push(panel(runs, &names, &upload, ("Load".to_owned(), x)));
    }
    if panels.is_empty() {
        return Ok(None);
    }
    let columns = panels.len().min(2);
    // The names of the systems stand at the left only.
    let right = panels.iter_mut().enumerate().filter(|(at, _)| at % columns > 0);
    right.flat_map(|(_, panel)| &mut panel.y.ticks).for_each(|(_, name)| name.clear());
    let height = 90.0 + panels.len().div_ceil(columns) as f64 * (80.0 + 34.0 * runs.systems.len() as f64);
    let legend =
        names.iter().enumerate().map(|(class, name)| Entry::new(name, "", Swatch::Dot(style(class)))).collect();
    Ok(Some(Figure {
        title: "Classes of participants".to_owned(),
        subtitle: format!("What they asked for and what they bear, from the end of the warm-up{}", runs.seeds()),
        panels,
        columns,
        legend,
        place: Place::Top,
        square: false,
        height,
    }))
}

/// Means over the seeds; none where the metric does not apply.
fn means(classes: &Columns, column: &str) -> Result<Values, ReadError> {
    let mut sums: IndexMap<(String, String), (f64, f64)> = IndexMap::new();
    for row in 0..if classes.has(column) { classes.len() } else { 0 } {
        if let Some(value) = classes.number(row, column)? {
            let of = (classes.text(row, "system").to_owned(), classes.text(row, "class").to_owned());
            let sum = sums.entry(of).or_default();
            *sum = (sum.0 + value, sum.1 + 1.0);
        }
    }
    Ok(sums.into_iter().map(|(of, (sum, n))| (of, sum / n)).collect())
}

/// Smallest and largest value.
fn extent(values: impl Iterator<Item = f64> + Clone) -> Option<(f64, f64)> {
    values.clone().reduce(f64::min).zip(values.reduce(f64::max))
}

/// Panel with a row for each system and a dot for each class, vertically offset, since values may coincide.
fn panel(runs: &Runs, names: &[String], values: &Values, (title, x): (String, Axis)) -> Panel {
    let aside = |class: usize| SPREAD * (1.0 - 2.0 * class as f64 / (names.len() - 1) as f64);
    let dots = |(row, system): (usize, &String)| {
        let value = |class: &String| values.get(&(system.clone(), class.clone())).copied();
        let there = names.iter().enumerate().filter_map(|(class, name)| Some((class, value(name)?)));
        let dot = |(class, value)| Mark::Dot { at: (value, row as f64 + aside(class)), style: style(class) };
        there.map(dot).collect::<Vec<_>>()
    };
    Panel { title, x, y: rows(&runs.systems), marks: runs.systems.iter().rev().enumerate().flat_map(dots).collect() }
}

/// Style of a class.
fn style(class: usize) -> Style {
    Style { width: 0.0, ..Style::of(class) }
}
