//! The chart of classes of participants.

use super::*;
use crate::measure::catalogue::CLASSES;
use crate::measure::outcome::ClassRow;

/// A class of which these columns are known.
fn class(name: &str, said: &[(&str, f64)]) -> ClassRow {
    let mut values = vec![None; CLASSES.len()];
    said.iter().for_each(|(column, value)| values[CLASSES.index_of(column).unwrap()] = Some(*value));
    ClassRow { class: name.to_owned(), values }
}

#[test]
fn classes_have_a_dot_each_in_the_row_of_every_system() {
    let mut runs = example::single();
    for (run, number) in runs.iter_mut().zip(1..) {
        let of =
            |share: f64| [("get_correct_ratio", share), ("upload_per_online_s_mean", f64::from(number - 1) * share)];
        run.outcome.classes = vec![class("strong", &of(0.99)), class("weak", &of(0.7))];
    }
    let figures = drawn(&runs, &Options::default());
    let chart = figure(&figures, "classes");
    let titles: Vec<_> = chart.panels.iter().map(|panel| panel.title.as_str()).collect();
    assert_eq!(titles, ["Correct gets", "Load"]);
    for panel in &chart.panels {
        let dots = panel.marks.iter().filter(|mark| matches!(mark, Mark::Dot { .. }));
        assert_eq!(dots.count(), 2 * example::SYSTEMS.len());
    }
    // The first system is the top row, and bears nothing.
    let top = (example::SYSTEMS.len() - 1) as f64;
    assert!(chart.panels[0].marks.iter().any(|mark| matches!(mark, Mark::Dot { at, .. } if *at == (0.7, top - 0.2))));
    assert_eq!(chart.panels[1].x.scale, Scale::LogAndZero);
    for size in [None, Some("480x360".parse().unwrap())] {
        assert_readable("classes", &chart.lay_out(size));
    }
    runs.iter_mut().for_each(|run| run.outcome.classes.truncate(1));
    assert!(drawn(&runs, &Options::default()).iter().all(|(stem, _)| stem != "classes"));
}
