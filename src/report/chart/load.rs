//! Charts of Lorenz curves: the share of a load borne by a share of the machines.

use super::axis::Axis;
use super::data::{self, Runs};
use super::figure::{Entry, Figure, Mark, Markers, Panel, Swatch};
use super::style::Style;
use crate::report::columns::{Columns, ReadError};

/// Loads: the word in their columns, the column of the load itself, their title, the quantity shared.
const LOADS: [(&str, &str, &str, &str); 3] = [
    ("requests", "requests_per_online_s", "Who serves the requests", "requests served for others per second online"),
    ("upload", "upload_per_online_s", "Who uploads for others", "bytes uploaded because of others per second online"),
    ("records", "records", "Who stores the records", "records held while online (time mean)"),
];

/// Charts, one for each load that some system has.
pub(super) fn figures(runs: &Runs, load: &Columns) -> Result<Vec<(String, Figure)>, ReadError> {
    let mut figures = Vec::new();
    for (word, amount, title, what) in LOADS {
        let column = format!("{word}_lorenz_ratio");
        if !load.has(&column) || !load.has(amount) {
            continue;
        }
        let amounts = data::curves(load, "quantile", amount)?;
        let has_load =
            |system: &str| amounts.get(system).is_some_and(|it| it.iter().any(|(_, y)| y.is_some_and(|y| y > 0.0)));
        let mut curves = data::curves(load, "quantile", &column)?;
        curves.retain(|system, _| has_load(system));
        if curves.is_empty() {
            continue;
        }
        let gini = runs.means(&format!("{word}_gini_serving"))?;
        let mut marks = vec![Mark::Guide { from: (0.0, 0.0), to: (1.0, 1.0) }];
        let mut legend = Vec::new();
        for (system, points) in curves {
            let place = runs.place(&system);
            let style = Style::of(place);
            let note = gini.get(&system).map_or(String::new(), |gini| format!("Gini {gini:.3}"));
            legend.push(Entry::new(&system, note, Swatch::Line(style)));
            marks.push(Mark::Line { points, style, markers: Markers::Few { shift: place } });
        }
        legend.push(Entry::new("even load", "Gini 0", Swatch::Guide));
        let panel = Panel {
            title: String::new(),
            x: Axis::percent("machines, least loaded first (% of machines)", 0.0, 1.0),
            y: Axis::percent("borne by them (% of the load)", 0.0, 1.0),
            marks,
        };
        let subtitle = format!(
            "Lorenz curves over the machines, servers included: {what}; Gini coefficients over those that can serve{}",
            runs.seeds()
        );
        let figure = Figure {
            square: true,
            height: 480.0,
            ..Figure::single(format!("{title} (% of all)"), subtitle, panel, legend)
        };
        figures.push((format!("load_{word}"), figure));
    }
    Ok(figures)
}
