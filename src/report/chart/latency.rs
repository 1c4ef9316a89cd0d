//! How long correct operations took: cumulative distributions on a logarithmic scale.

use super::axis::Axis;
use super::data::{Curves, Runs, curves};
use super::figure::{Entry, Figure, Mark, Markers, Panel, Swatch};
use super::style::Style;
use crate::report::columns::{Columns, ReadError};
use crate::report::number::significant;
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
            let note = median.get(system).map_or(String::new(), |median| format!("median {} ms", significant(*median)));
            legend.push(Entry::new(system, note, Swatch::Line(style)));
            let shown = |time: f64| if time < NOTHING { 0.0 } else { time.max(x.low) };
            let mut points: Vec<_> =
                quantiles.iter().filter_map(|(p, time)| time.map(|time| (shown(time), Some(*p)))).collect();
            // Nothing is known of the way from the last percentile to the slowest of all: no line leads there.
            if let Some((slowest, _)) = points.pop_if(|(_, p)| *p == Some(1.0)) {
                marks.push(Mark::Dot { at: (slowest, 1.0), style });
            }
            marks.push(Mark::Line { points, style, markers: Markers::Few { shift: place } });
        }
        let y = Axis::percent(format!("answered by then (% of correct {operation}s)"), 0.0, 1.0);
        let panel = Panel { title: String::new(), x, y, marks };
        let title = format!("Latency of {operation}s (ms)");
        let subtitle = format!(
            "Cumulative distribution of the time from issue to answer, correct {operation}s only; the slowest a dot{}",
            runs.seeds()
        );
        figures.push((format!("latency_{operation}"), Figure::single(title, subtitle, panel, legend)));
    }
    Ok(figures)
}

/// Less than a microsecond is no time beside the milliseconds of a network.
const NOTHING: f64 = 1e-3;

/// From the smallest percentile that is not zero to the largest value; zeros (answered from the own portion) get a place
/// of their own. The smallest values of all, which may be a lone node's neighbour, would only stretch the axis.
fn axis(curves: &Curves) -> Option<Axis> {
    let times = || curves.values().flatten().filter_map(|(p, time)| time.map(|time| (*p, time)));
    let positive = || times().filter(|(_, time)| *time >= NOTHING);
    let high = positive().map(|(_, time)| time).max_by(f64::total_cmp)?;
    let low = positive().filter(|(p, _)| *p > 0.005).map(|(_, time)| time).min_by(f64::total_cmp).unwrap_or(high);
    Some(Axis::log("time from issue to answer (ms)", low, high, times().any(|(_, time)| time < NOTHING)))
}
