//! Charts of the benefit of storage and repair: the share of gets that are not correct, or of lost resources, against
//! the cost. Without gets, the share of the resources that the oracle does not find on online machines.

use super::axis::Axis;
use super::data::Runs;
use super::figure::{Entry, Figure, Mark, Panel, Swatch};
use super::style::Style;
use crate::measure::catalogue::ORACLE;
use crate::report::columns::ReadError;
use crate::report::number::bytes;

/// Factor up to which costs count as equal: equal policies differ a little by churn.
const SAME: f64 = 1.1;

/// Chart of the benefit of copies and coded pieces; `None` with fewer than two systems that differ in disk usage, or if
/// everything was always available.
pub(super) fn figure(runs: &Runs) -> Result<Option<Figure>, ReadError> {
    let (kept, lacks, title) = match runs.has_gets() {
        true => (
            "get_correct_ratio",
            "not correct (share of the gets decided)",
            "Gets that are not correct against storage",
        ),
        false => (ORACLE, "not on machines online (share of the resources)", "Unavailability against storage"),
    };
    let mut points = points(runs, "storage_overhead_ratio", kept)?;
    points.retain(|point| point.1 > 0.0);
    let Some((least, most)) = extent(points.iter().map(|point| point.1)) else { return Ok(None) };
    if most < SAME * least {
        return Ok(None);
    }
    let label = "bytes on disks over bytes of the resources";
    let x = match most > 20.0 * least {
        true => Axis::log(label, least, most, false),
        false => Axis::linear(label, 0.0, 1.05 * most),
    };
    let cost = |overhead: f64| format!("{overhead:.2} ×");
    Ok(panel(runs, &points, x, lacks, cost).map(|(panel, legend)| {
        let subtitle = format!("From the end of the warm-up; lower is better, further left is cheaper{}", runs.seeds());
        Figure::single(title, subtitle, panel, legend)
    }))
}

/// Chart of the benefit of repair; `None` if repair traffic is equal everywhere, or nothing was lost.
pub(super) fn repair(runs: &Runs) -> Result<Option<Figure>, ReadError> {
    let points = points(runs, "repair_bytes_per_online_s_mean", "durability_ratio")?;
    let most = points.iter().map(|point| point.1).fold(0.0, f64::max);
    let Some((least, _)) = extent(points.iter().map(|point| point.1)) else { return Ok(None) };
    let none = points.iter().any(|point| point.1 <= 0.0);
    if !none && most < SAME * least {
        return Ok(None);
    }
    let x = Axis::log("bytes of repair per machine and second (B/s)", least, most, none);
    let cost = |rate: f64| format!("{}/s", bytes(rate));
    Ok(panel(runs, &points, x, "lost for good (share of the resources)", cost).map(|(panel, legend)| {
        let subtitle = format!("At the end of the run; lower is better, further left is cheaper{}", runs.seeds());
        Figure::single("Losses against repair", subtitle, panel, legend)
    }))
}

/// System, its cost, and its share of failures.
type Point<'a> = (&'a String, f64, f64);

fn points<'a>(runs: &'a Runs, cost: &str, kept: &str) -> Result<Vec<Point<'a>>, ReadError> {
    let (costs, kept) = (runs.means(cost)?, runs.means(kept)?);
    let point = |system: &'a String| Some((system, *costs.get(system)?, (1.0 - kept.get(system)?).max(0.0)));
    Ok(runs.systems.iter().filter_map(point).collect())
}

/// Smallest and largest value above zero.
fn extent(values: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let above = values.filter(|value| *value > 0.0);
    above.fold(None, |extent, value| {
        let (low, high) = extent.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

/// Panel with a dot for each system; `None` if no system has failures.
fn panel(
    runs: &Runs,
    points: &[Point<'_>],
    x: Axis,
    lacks: &str,
    cost: impl Fn(f64) -> String,
) -> Option<(Panel, Vec<Entry>)> {
    let (low, high) = extent(points.iter().map(|point| point.2))?;
    let zero = points.iter().any(|point| point.2 <= 0.0);
    let (mut marks, mut legend) = (Vec::new(), Vec::new());
    for &(system, pays, lacks) in points {
        let style = Style { width: 0.0, ..Style::of(runs.place(system)) };
        marks.push(Mark::Dot { at: (pays, lacks), style });
        legend.push(Entry::new(system, cost(pays), Swatch::Dot(style)));
    }
    let y = Axis::log(lacks, low, high.max(low * 10.0), zero);
    Some((Panel { title: String::new(), x, y, marks }, legend))
}
