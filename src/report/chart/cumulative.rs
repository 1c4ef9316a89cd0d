//! Cumulative distributions of a quantity over machines or operations, on a logarithmic scale.

use indexmap::IndexMap;

use super::axis::Axis;
use super::data::{Curves, Runs};
use super::figure::{Entry, Mark, Markers, Panel, Swatch};
use super::style::Style;

/// What is shown of each system.
pub struct Distribution<'a> {
    /// Quantiles: from their share to the value.
    pub curves: &'a Curves,
    /// Beside the axes.
    pub labels: [String; 2],
    /// Less than this is nothing, and has a place of its own.
    pub nothing: f64,
    /// In the legend, by system.
    pub notes: IndexMap<String, String>,
}

impl Distribution<'_> {
    /// A line for each system that ends at the last percentile, since nothing is known of the way from there to the largest
    /// value of all: that is a dot. `None` if no value is above nothing.
    pub fn panel(self, runs: &Runs) -> Option<(Panel, Vec<Entry>)> {
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

/// From the smallest percentile that is not nothing to the largest value; nothing gets a place of its own. The smallest values
/// of all, which may be a lone machine's, would only stretch the axis.
fn axis(curves: &Curves, label: &str, nothing: f64) -> Option<Axis> {
    let values = || curves.values().flatten().filter_map(|(p, value)| value.map(|value| (*p, value)));
    let positive = || values().filter(|(_, value)| *value >= nothing);
    let high = positive().map(|(_, value)| value).max_by(f64::total_cmp)?;
    let low = positive().filter(|(p, _)| *p > 0.005).map(|(_, value)| value).min_by(f64::total_cmp).unwrap_or(high);
    Some(Axis::log(label, low, high, values().any(|(_, value)| value < nothing)))
}
