//! Cumulative distributions of a quantity over machines or operations, on a logarithmic scale.

use indexmap::IndexMap;

use super::axis::Axis;
use super::data::{Curves, Runs};
use super::figure::{Entry, Mark, Markers, Panel, Swatch};
use super::style::Style;

/// Distribution of each system, with labels.
pub(super) struct Distribution<'a> {
    /// Quantile curves: values by share.
    pub curves: &'a Curves,
    /// Labels of the axes.
    pub labels: [String; 2],
    /// Threshold below which a value counts as zero, with a separate position.
    pub nothing: f64,
    /// Notes in the legend, by system.
    pub notes: IndexMap<String, String>,
}

impl Distribution<'_> {
    /// Panel with a line for each system that ends at the last percentile, and a dot for the largest value of all,
    /// since the distribution between them is unknown. `None` if no value is above zero.
    pub(super) fn panel(self, runs: &Runs) -> Option<(Panel, Vec<Entry>)> {
        let [label, y] = &self.labels;
        let x = axis(self.curves, label, self.nothing)?;
        let (mut marks, mut legend) = (Vec::new(), Vec::new());
        for (system, quantiles) in self.curves {
            let place = runs.place(system);
            let style = Style::of(place);
            let note = self.notes.get(system).map_or("", String::as_str);
            legend.push(Entry::new(system, note, Swatch::Line(style)));
            let shown = |value: f64| if value < self.nothing { 0.0 } else { value.max(x.low) };
            let mut points: Vec<_> =
                quantiles.iter().filter_map(|(p, value)| value.map(|value| (shown(value), Some(*p)))).collect();
            if let Some((largest, _)) = points.pop_if(|(_, p)| *p == Some(1.0)) {
                marks.push(Mark::Dot { at: (largest, 1.0), style });
            }
            marks.push(Mark::Line { points, style, markers: Markers::Few { shift: place } });
        }
        Some((Panel { title: String::new(), x, y: Axis::percent(y, 0.0, 1.0), marks }, legend))
    }
}

/// Axis from the smallest percentile above zero to the largest value; zero has a separate position. The smallest values
/// of all, which may be a single machine's, would only stretch the axis.
fn axis(curves: &Curves, label: &str, nothing: f64) -> Option<Axis> {
    let values = || curves.values().flatten().filter_map(|(p, value)| value.map(|value| (*p, value)));
    let positive = || values().filter(|(_, value)| *value >= nothing);
    let high = positive().map(|(_, value)| value).max_by(f64::total_cmp)?;
    let low = positive().filter(|(p, _)| *p > 0.005).map(|(_, value)| value).min_by(f64::total_cmp).unwrap_or(high);
    Some(Axis::log(label, low, high, values().any(|(_, value)| value < nothing)))
}
