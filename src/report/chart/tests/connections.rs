//! Charts of who connects with whom in which way, and of how many connections there are.

use super::*;
use crate::measure::catalogue::{CONNECTIONS, QUANTILES};
use crate::measure::outcome::PairRow;
use crate::network::NatClass;
use crate::report::chart::axis::Axis;
use crate::report::chart::style::Colour;

/// How dials between machines of two classes ended.
fn paired(from: &'static str, reached: &'static str, ended: [u64; 6]) -> PairRow {
    let counts = std::iter::once(ended.iter().sum()).chain(ended);
    PairRow { from, reached, values: counts.map(|count: u64| Some(count as f64)).collect() }
}

/// Four systems with connections: to symmetric NATs machines are called back or fail, from there half goes through relays.
fn connected() -> Vec<example::Run> {
    let mut runs = example::single();
    let column = QUANTILES.index_of(CONNECTIONS).unwrap();
    for (number, run) in runs.iter_mut().enumerate().skip(1) {
        run.outcome.load.columns[column] =
            Some(std::array::from_fn(|i| if i < 10 { 0.0 } else { (number * i * i) as f64 / 20.0 }));
        run.outcome.metrics[METRICS.index_of("connections_per_node_mean").unwrap()] = Some(80.0);
        run.outcome.pairs = vec![
            paired("open", "open", [9, 0, 0, 0, 0, 0]),
            paired("open", "symmetric", [0, 3, 0, 0, 0, 1]),
            paired("symmetric", "open", [7, 0, 0, 0, 7, 0]),
        ];
    }
    runs
}

/// What a cell says: its colours, its letter and its note.
fn cell(panel: &Panel, column: f64, row: f64) -> (Vec<(Colour, f64)>, String) {
    let found = panel.marks.iter().find_map(|mark| match mark {
        Mark::Cell { at, parts, letter, note } if *at == (column, row) => {
            Some((parts.clone(), format!("{letter}{note}")))
        }
        _ => None,
    });
    found.unwrap_or_else(|| panic!("there is no cell at {column}, {row}"))
}

#[test]
fn every_ordered_pair_of_classes_has_a_cell_with_the_ways_in_which_dials_ended() {
    let figures = drawn(&connected(), &Options::default());
    let matrix = figure(&figures, "pairs");
    // The server has no connections.
    let titles: Vec<_> = matrix.panels.iter().map(|panel| panel.title.as_str()).collect();
    assert_eq!(titles, example::SYSTEMS[1..]);
    for panel in &matrix.panels {
        let names = |axis: &Axis| axis.ticks.iter().map(|(_, name)| name.clone()).collect::<Vec<_>>();
        assert_eq!(
            (names(&panel.x).join(" "), names(&panel.y).join(" ")),
            ("open symmetric".into(), "symmetric open".into())
        );
        assert_eq!(cell(panel, 0.0, 1.0), (vec![(Colour::Green, 1.0)], "D".to_owned()));
        assert_eq!(cell(panel, 0.0, 0.0), (vec![(Colour::Sky, 0.75), (Colour::Vermillion, 0.25)], "V75".to_owned()));
        assert_eq!(cell(panel, 1.0, 1.0), (vec![(Colour::Green, 0.5), (Colour::Orange, 0.5)], "D50".to_owned()));
        assert_eq!(cell(panel, 1.0, 0.0), (Vec::new(), String::new()));
    }
    let legend: Vec<_> = matrix.legend.iter().map(|entry| entry.text.as_str()).collect();
    assert_eq!(legend, ["direct", "reversed", "relayed", "failed"]);
    for size in [None, Some("480x360".parse().unwrap()), Some("960x540".parse().unwrap())] {
        assert_readable("pairs", &matrix.lay_out(size));
    }
}

#[test]
fn dials_of_all_seeds_count_together_and_the_one_system_needs_no_title() {
    let mut runs = connected();
    runs.truncate(3);
    runs.iter_mut().for_each(|run| run.system = "kad");
    runs[2].outcome.pairs[1] = paired("open", "symmetric", [0, 0, 12, 0, 0, 0]);
    runs.iter_mut().zip(1..).for_each(|(run, seed)| run.seed = seed);
    let figures = drawn(&runs, &Options::default());
    let matrix = figure(&figures, "pairs");
    assert_eq!((matrix.panels.len(), matrix.panels[0].title.as_str()), (1, ""));
    let parts = vec![(Colour::Sky, 0.1875), (Colour::Blue, 0.75), (Colour::Vermillion, 0.0625)];
    assert_eq!(cell(&matrix.panels[0], 0.0, 0.0), (parts, "P75".to_owned()));
    assert_readable("pairs", &matrix.lay_out(Some("480x360".parse().unwrap())));
}

#[test]
fn a_small_picture_grows_until_all_classes_can_be_read() {
    let mut runs = connected();
    for run in runs.iter_mut().skip(1) {
        let pairs = NatClass::ALL.into_iter().flat_map(|from| NatClass::ALL.map(|reached| (from, reached)));
        run.outcome.pairs = pairs.map(|(from, to)| paired(from.name(), to.name(), [0, 0, 50, 1, 0, 0])).collect();
    }
    let figures = drawn(&runs, &Options::default());
    let canvas = figure(&figures, "pairs").lay_out(Some("480x360".parse().unwrap()));
    assert!(canvas.width == 480.0 && canvas.height > 360.0, "{} x {}", canvas.width, canvas.height);
    let written = |wanted: &str| {
        canvas.shapes.iter().filter(|shape| matches!(shape, Shape::Text(text) if text.text == wanted)).count()
    };
    assert_eq!((written("symmetric"), written("P")), (2 * 4, 4 * 49 + 1));
    assert_readable("pairs", &canvas);
}

#[test]
fn where_all_are_of_one_class_there_is_no_matrix() {
    let mut runs = connected();
    runs.iter_mut().for_each(|run| run.outcome.pairs.truncate(1));
    assert!(drawn(&runs, &Options::default()).iter().all(|(stem, _)| stem != "pairs"));
}

#[test]
fn connections_have_a_line_for_each_system_that_has_some() {
    let figures = drawn(&connected(), &Options::default());
    let chart = figure(&figures, "connections");
    let panel = &chart.panels[0];
    assert_eq!((panel.x.scale, lines(panel).len()), (Scale::LogAndZero, 4));
    // The tenth of the machines that has none stands at zero, and the largest of all is a dot.
    assert_eq!(lines(panel)[0][..2], [(0.0, Some(0.0)), (0.0, Some(0.01))]);
    assert_eq!(lines(panel)[0].last(), Some(&(9801.0 / 20.0, Some(0.99))));
    assert!(panel.marks.iter().any(|mark| matches!(mark, Mark::Dot { at: (500.0, 1.0), .. })));
    assert_eq!((chart.legend[0].text.as_str(), chart.legend[0].note.as_str()), ("full-table", "mean 80"));
    for size in [None, Some("480x360".parse().unwrap())] {
        assert_readable("connections", &chart.lay_out(size));
    }
}
