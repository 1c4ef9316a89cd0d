//! What copies and coded pieces buy: the share of the resources that cannot be had against the room that they take.

use super::axis::Axis;
use super::data::Runs;
use super::figure::{Entry, Figure, Mark, Panel, Swatch};
use super::style::Style;
use crate::report::columns::ReadError;

/// A dot for each system; `None` if there are fewer than two that differ in the room they take, or everything could always
/// be had.
pub fn figure(runs: &Runs) -> Result<Option<Figure>, ReadError> {
    let (overhead, available) = (runs.means("storage_overhead_ratio")?, runs.means("availability_mean")?);
    let points: Vec<(&String, f64, f64)> = overhead
        .iter()
        .filter_map(|(system, &overhead)| Some((system, overhead, 1.0 - available.get(system)?)))
        .filter(|(_, overhead, _)| *overhead > 0.0)
        .collect();
    let extent = |values: &mut dyn Iterator<Item = f64>| {
        values.fold((f64::INFINITY, 0.0), |(low, high): (f64, f64), value| (low.min(value), high.max(value)))
    };
    let (least, most) = extent(&mut points.iter().map(|(_, overhead, _)| *overhead));
    let (low, high) = extent(&mut points.iter().map(|(_, _, away)| *away).filter(|away| *away > 0.0));
    // Systems that mean to keep the same differ by a little churn.
    if most < 1.1 * least || high == 0.0 {
        return Ok(None);
    }
    let zero = points.iter().any(|(_, _, away)| *away <= 0.0);
    let x = match most > 20.0 * least {
        true => Axis::log("bytes on disks over bytes of the resources", least, most, false),
        false => Axis::linear("bytes on disks over bytes of the resources", 0.0, 1.05 * most),
    };
    let (mut marks, mut legend) = (Vec::new(), Vec::new());
    for &(system, overhead, away) in &points {
        let style = Style { width: 0.0, ..Style::of(runs.place(system)) };
        marks.push(Mark::Dot { at: (overhead, away.max(0.0)), style });
        legend.push(Entry::new(system, format!("{overhead:.2} ×"), Swatch::Dot(style)));
    }
    let y = Axis::log("not to be had (share of the resources)", low, high.max(low * 10.0), zero);
    let panel = Panel { title: String::new(), x, y, marks };
    let subtitle =
        format!("Time means from the end of the warm-up; lower is better, further left is cheaper{}", runs.seeds());
    Ok(Some(Figure::single("Unavailability against storage", subtitle, panel, legend)))
}
