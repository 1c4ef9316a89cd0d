//! Axes of a sweep's chart: positions of the varied values, and of the metric's.

use super::Series;
use crate::engine::{Duration, Rate, Size};
use crate::measure::catalogue::Metric;
use crate::report::chart::axis::{Axis, Scale};
use crate::report::chart::{Options, PlotError};

/// Axis along x and the position of each value on it.
pub(super) struct Places {
    pub axis: Axis,
    /// Positions in the order of the values.
    pub at: Vec<f64>,
    /// Whether the values are quantities, with others between them: only those are joined by lines.
    pub to_scale: bool,
}

/// Axis of quantities, with or without a unit, or of categories if a value is not a quantity. Of the linear and the
/// logarithmic scale, the one with the more even spacing of values.
///
/// # Errors
/// If an impossible logarithmic scale is requested.
pub(super) fn horizontal(options: &Options, name: &str, values: &[String]) -> Result<Places, PlotError> {
    let refused = |why: &str| Err(PlotError::Option(format!("--log x: `{name}` {why}")));
    let Some(at) = quantities(values) else {
        if options.log_x {
            return refused("has values that are no quantities");
        }
        let names = Axis::names(name, values.iter().map(String::as_str));
        let at = names.ticks.iter().map(|(at, _)| *at).collect();
        return Ok(Places { axis: Axis { scale: Scale::Linear, ..names }, at, to_scale: false });
    };
    let mut ticks: Vec<_> = at.iter().copied().zip(values.iter().cloned()).collect();
    ticks.sort_by(|a, b| a.0.total_cmp(&b.0));
    let linear: Vec<f64> = ticks.iter().map(|(value, _)| *value).collect();
    let logarithms: Vec<f64> = linear.iter().map(|value| libm::log(*value)).collect();
    let scale = match (linear[0], options.log_x) {
        (low, true) if low < 0.0 => return refused("has values below zero"),
        (low, true) if low == 0.0 && linear.iter().all(|value| *value == 0.0) => {
            return refused("has no value above zero");
        }
        (0.0, true) => Scale::LogAndZero,
        (_, true) => Scale::Log,
        (low, false) if low > 0.0 && unevenness(&logarithms) < unevenness(&linear) => Scale::Log,
        (_, false) => Scale::Linear,
    };
    Ok(Places { axis: Axis::at(name, &ticks, scale), at, to_scale: true })
}

/// Values as numbers: all without a unit, or all durations, sizes or rates.
fn quantities(values: &[String]) -> Option<Vec<f64>> {
    let all = |read: &dyn Fn(&str) -> Option<f64>| -> Option<Vec<f64>> {
        values.iter().map(|value| read(value).filter(|number| number.is_finite())).collect()
    };
    all(&|value| value.parse().ok())
        .or_else(|| all(&|value| Some(value.parse::<Duration>().ok()?.as_secs_f64())))
        .or_else(|| all(&|value| Some(value.parse::<Size>().ok()?.0 as f64)))
        .or_else(|| all(&|value| Some(value.parse::<Rate>().ok()?.0)))
}

/// Largest gap between neighbours of ascending values over the smallest; 1 for fewer than two gaps.
fn unevenness(values: &[f64]) -> f64 {
    let gaps = || values.windows(2).map(|pair| pair[1] - pair[0]);
    let (Some(most), Some(least)) = (gaps().max_by(f64::total_cmp), gaps().min_by(f64::total_cmp)) else { return 1.0 };
    most / least
}

/// Axis of a metric; `None` if no run has it.
///
/// # Errors
/// If an impossible logarithmic scale is requested.
pub(super) fn vertical(options: &Options, metric: &Metric, series: &[Series]) -> Result<Option<Axis>, PlotError> {
    let points = || series.iter().flat_map(|line| &line.points).flatten();
    let means = || points().map(|point| point.mean);
    let (Some(low), Some(high)) = (means().min_by(f64::total_cmp), means().max_by(f64::total_cmp)) else {
        return Ok(None);
    };
    let widest =
        points().filter_map(|point| point.ci95).fold((low, high), |(low, high), ci| (low.min(ci.0), high.max(ci.1)));
    let label = if metric.unit.is_empty() { metric.name.clone() } else { format!("{} ({})", metric.name, metric.unit) };
    let (share, most) = (metric.is_share(), if metric.is_bounded() { 1.0 } else { f64::INFINITY });
    let label = if share { format!("{} (%)", metric.name) } else { label };
    let wide = !share && !metric.unit.is_empty() && low > 0.0 && high / low >= 30.0;
    // What nobody named, and is nothing everywhere, has no place to be seen better.
    let asked = options.log_y && !(options.y.is_empty() && low == 0.0 && high == 0.0);
    if asked || wide {
        let least = means().filter(|mean| *mean > 0.0).min_by(f64::total_cmp);
        let Some(least) = least.filter(|_| low >= 0.0) else {
            let why = if low < 0.0 { "has values below zero" } else { "has no value above zero" };
            let message = format!("--log y: `{}` {why}: name what to draw with --y", metric.name);
            return Err(PlotError::Option(message));
        };
        let bottom = if widest.0 > least / 3.0 { widest.0 } else { least };
        let top = widest.1.min(most);
        let log = if share { Axis::log_percent } else { Axis::log };
        return Ok(Some(log(label, bottom.min(top), top, low == 0.0)));
    }
    if share {
        return Ok(Some(Axis::percent(label, widest.0.max(0.0), widest.1.min(1.0))));
    }
    // From zero unless that would press the lines together; below zero only where the values are.
    let bottom = if widest.0 < 0.5 * high && low >= 0.0 { 0.0 } else { widest.0 };
    Ok(Some(Axis::linear(label, bottom, widest.1.min(most)).until(most)))
}
