//! How long correct operations took: cumulative distributions on a logarithmic scale.

use super::axis::Axis;
use super::data::{Curves, Runs, curves};
use super::figure::{Entry, Figure, Mark, Markers, Panel, Swatch};
use super::style::Style;
use crate::report::columns::{Columns, ReadError};
use crate::run::catalogue::OPERATIONS;

/// One chart for each kind of operation that took any time in some system.
pub fn figures(runs: &Runs, load: &Columns) -> Result<Vec<(String, Figure)>, ReadError> {
    let mut figures = Vec::new();
    for operation in OPERATIONS {
        let column = format!("{operation}_latency_ms");
        if !load.has(&column) {
            continue;
        }
        let curves = curves(load, "quantile", &column)?;
        let median = runs.means(&format!("{operation}_latency_p50_ms"))?;
        let Some(x) = axis(&curves) else { continue };
        let mut marks = Vec::new();
        let mut legend = Vec::new();
        for (system, quantiles) in &curves {
            let place = runs.place(system);
            let style = Style::of(place);
            let note = median.get(system).map_or(String::new(), |median| format!("median {} ms", short(*median)));
            legend.push(Entry::new(system, note, Swatch::Line(style)));
            let points =
                quantiles.iter().filter_map(|(p, latency)| latency.map(|latency| (latency, Some(*p)))).collect();
            marks.push(Mark::Line { points, style, markers: Markers::Few { shift: place } });
        }
        let y = Axis::percent(format!("answered by then (% of correct {operation}s)"), 0.0, 1.0);
        let panel = Panel { title: String::new(), x, y, marks };
        let title = format!("Latency of {operation}s (ms)");
        let subtitle = format!(
            "Cumulative distribution of the time from issue to answer, correct {operation}s only{}",
            runs.seeds()
        );
        figures.push((format!("latency_{operation}"), Figure::single(title, subtitle, panel, legend)));
    }
    Ok(figures)
}

/// From the smallest time that is not zero to the largest; zeros (answered from the own portion) get a place of their own.
fn axis(curves: &Curves) -> Option<Axis> {
    let times = || curves.values().flatten().filter_map(|(_, time)| *time);
    // Less than a microsecond is nothing beside the milliseconds of a network.
    let positive = || times().filter(|time| *time >= 1e-3);
    let low = positive().min_by(f64::total_cmp)?;
    let high = positive().max_by(f64::total_cmp)?;
    Some(Axis::log("time from issue to answer (ms)", low, high, times().any(|time| time < 1e-3)))
}

/// Three significant digits.
fn short(value: f64) -> String {
    crate::report::number::significant(value)
}
