//! What would mislead: lines where nothing is, scales that were not asked for, numbers of runs that were not.

use super::*;

/// A sweep over `axis` with these values, whose metric has these values in the repetitions; nothing else is looked at.
fn swept(values: &[&str], metric: &str, runs: &[&[Option<f64>]]) -> tempfile::TempDir {
    let mut made = Vec::new();
    for (value, cells) in values.iter().zip(runs) {
        let mut point = example::sweep(&[1.0], cells.len() as u64);
        point.iter_mut().for_each(|run| run.axes[0].1 = (*value).to_owned());
        for (run, cell) in point.iter_mut().filter(|run| run.system == example::SYSTEMS[0]).zip(*cells) {
            run.outcome.metrics[METRICS.index_of(metric).unwrap()] = *cell;
        }
        point.retain(|run| run.system == example::SYSTEMS[0]);
        made.extend(point);
    }
    results(&made)
}

fn chart(home: &tempfile::TempDir, metric: &str, log_x: bool, log_y: bool) -> Result<Figure, String> {
    let options = Options { y: vec![metric.to_owned()], log_x, log_y, ..Options::default() };
    figures(home.path(), &options).map(|mut all| all.remove(0).1).map_err(|error| error.to_string())
}

#[test]
fn texts_of_the_user_are_texts_in_a_picture() {
    let home = swept(&["<script>&\"", "b"], "lookup_hops_mean", &[&[Some(1.0)], &[Some(2.0)]]);
    plot(home.path(), None, &Options::default(), Look::default()).unwrap();
    let svg = fs::read_to_string(home.path().join("charts/lookup_hops_mean.svg")).unwrap();
    assert!(svg.contains("&lt;script&gt;&amp;") && !svg.contains("<script"), "{svg}");
}

#[test]
fn who_has_no_load_has_no_curve_of_it() {
    let mut runs = example::single();
    let system = runs[0].system;
    let curves = |runs: &[example::Run]| {
        let all = drawn(runs, &Options::default());
        let legend = &figure(&all, "load_upload").legend;
        legend.iter().map(|entry| entry.text.clone()).collect::<Vec<_>>()
    };
    assert!(curves(&runs).contains(&system.to_owned()));
    let column = crate::measure::catalogue::QUANTILES.index_of("upload_per_online_s").unwrap();
    runs[0].outcome.load.columns[column].as_mut().unwrap().fill(0.0);
    assert!(!curves(&runs).contains(&system.to_owned()));
    assert_eq!(curves(&runs).len(), runs.len(), "the others, and the even load");
}

#[test]
fn values_with_units_lie_in_order_and_to_scale() {
    let home = swept(&["10s", "5min", "1min"], "lookup_hops_mean", &[&[Some(1.0)], &[Some(3.0)], &[Some(2.0)]]);
    let figure = chart(&home, "lookup_hops_mean", false, false).unwrap();
    let panel = &figure.panels[0];
    assert_eq!(panel.x.scale, Scale::Log);
    let ticks: Vec<_> = panel.x.ticks.iter().map(|(at, text)| (*at, text.as_str())).collect();
    assert_eq!(ticks, [(10.0, "10s"), (60.0, "1min"), (300.0, "5min")]);
    assert_eq!(lines(panel)[0], [(10.0, Some(1.0)), (60.0, Some(2.0)), (300.0, Some(3.0))]);
    for values in [["4KiB", "1MB", "2kB"], ["10Mbit/s", "1Gbit/s", "1Mbit/s"]] {
        let home = swept(&values, "lookup_hops_mean", &[&[Some(1.0)], &[Some(3.0)], &[Some(0.5)]]);
        let figure = chart(&home, "lookup_hops_mean", false, false).unwrap();
        assert_eq!(lines(&figure.panels[0])[0].iter().map(|(_, y)| y.unwrap()).collect::<Vec<_>>(), [0.5, 1.0, 3.0]);
    }
}

#[test]
fn between_values_that_are_no_quantities_there_is_no_line() {
    let home = swept(&["kad", "p2psim"], "lookup_hops_mean", &[&[Some(1.0), Some(2.0)], &[Some(3.0), Some(3.5)]]);
    let figure = chart(&home, "lookup_hops_mean", false, false).unwrap();
    let marks = &figure.panels[0].marks;
    assert!(marks.iter().all(|mark| matches!(mark, Mark::Dot { .. } | Mark::Guide { .. })), "{marks:?}");
    assert_eq!(marks.iter().filter(|mark| matches!(mark, Mark::Dot { .. })).count(), 2);
    let message = chart(&home, "lookup_hops_mean", true, false).unwrap_err();
    assert!(message.contains("--log x: `population.churn.time_scale` has values that are no quantities"), "{message}");
}

#[test]
fn a_logarithmic_scale_is_honoured_with_a_place_for_zero_or_refused() {
    let metric = "lookup_failed_ratio";
    let home = swept(&["0", "0.001", "0.1"], metric, &[&[Some(0.0)], &[Some(0.002)], &[Some(0.4)]]);
    let figure = chart(&home, metric, true, true).unwrap();
    let panel = &figure.panels[0];
    assert_eq!((panel.x.scale, panel.y.scale), (Scale::LogAndZero, Scale::LogAndZero));
    assert!(panel.y.high <= 1.0 && panel.y.low > 0.0 && panel.x.low > 0.0, "{panel:?}");
    assert_eq!((panel.y.ticks[0].1.as_str(), panel.y.ticks.last().unwrap().1.as_str()), ("0", "50"));
    assert!(panel.y.position(0.0) < panel.y.position(0.002) && panel.x.position(0.0) < panel.x.position(0.001));
    assert_readable(metric, &figure.lay_out(None));
    let zeros = swept(&["0.1", "0.2"], metric, &[&[Some(0.0)], &[Some(0.0)]]);
    assert!(chart(&zeros, metric, false, true).unwrap_err().contains("`lookup_failed_ratio` has no value above zero"));
    let below = swept(&["-1", "1"], metric, &[&[Some(0.1)], &[Some(0.1)]]);
    assert!(
        chart(&below, metric, true, false)
            .unwrap_err()
            .contains("--log x: `population.churn.time_scale` has values below")
    );
}

#[test]
fn how_many_runs_have_the_figure_is_said_where_it_differs() {
    let all = [Some(1.0), Some(2.0), Some(3.0)];
    let home = swept(&["0", "0.3"], "lookup_hops_mean", &[&all, &[Some(1.0), None, Some(3.0)]]);
    let subtitle = chart(&home, "lookup_hops_mean", false, false).unwrap().subtitle;
    let fewer =
        format!("average of 3 runs per point with its 95\u{a0}% interval; fewer: 2 for {} at 0.3", example::SYSTEMS[0]);
    assert!(subtitle.ends_with(&fewer), "{subtitle}");
    let home = swept(&["0", "0.3"], "lookup_hops_mean", &[&all, &all]);
    assert!(chart(&home, "lookup_hops_mean", false, false).unwrap().subtitle.ends_with("95\u{a0}% interval"));
}

#[test]
fn the_axis_of_what_is_at_most_one_ends_there() {
    for metric in ["requests_gini_serving", "lookup_correct_ratio"] {
        let home = swept(&["1", "2"], metric, &[&[Some(0.8), Some(1.0)], &[Some(0.9), Some(0.99)]]);
        let y = chart(&home, metric, false, false).unwrap().panels[0].y.clone();
        assert!(y.high <= 1.0 && y.ticks.iter().all(|(at, _)| *at <= 1.0 + 1e-9), "{metric}: {y:?}");
    }
    let zeros = Axis::percent("", 0.0, 0.0);
    assert!((zeros.low, zeros.high) == (0.0, 0.01) && zeros.ticks.iter().all(|(at, _)| *at >= 0.0), "{zeros:?}");
}
