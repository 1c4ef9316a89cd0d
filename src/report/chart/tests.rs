//! Charts of made-up results: what is there, that nothing overlaps, and that wrong options say what would be right.

use super::axis::{Axis, Scale};
use super::canvas::{Align, Canvas, Shape, Text, text_width};
use super::figure::{Mark, Panel};
use super::*;
use crate::measure::catalogue::{METRICS, SERIES};
use crate::report::csv::{Extra, write};
use crate::report::example;

mod classes;
mod connections;
mod honest;

fn results(runs: &[example::Run]) -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    write(home.path(), &example::rows(runs), Extra::default()).unwrap();
    fs::write(home.path().join("manifest.json"), "{}").unwrap();
    home
}

fn drawn(runs: &[example::Run], options: &Options) -> Vec<(String, Figure)> {
    figures(results(runs).path(), options).unwrap()
}

#[track_caller]
fn figure<'a>(figures: &'a [(String, Figure)], stem: &str) -> &'a Figure {
    &figures.iter().find(|(name, _)| name == stem).unwrap_or_else(|| panic!("there is no chart {stem}")).1
}

/// The ends of the lines in a panel that have points, as values of the axes.
fn lines(panel: &Panel) -> Vec<&[(f64, Option<f64>)]> {
    let marks = panel.marks.iter();
    let points = marks.filter_map(|mark| match mark {
        Mark::Line { points, .. } => Some(points.as_slice()),
        _ => None,
    });
    points.collect()
}

/// The rectangle that a text covers: left, top, right, bottom.
fn extent(text: &Text) -> [f64; 4] {
    let width = text_width(&text.text, text.size, text.bold);
    let before = match text.align {
        Align::Start => 0.0,
        Align::Middle => width / 2.0,
        Align::End => width,
    };
    let (x, y) = text.at;
    let (above, below) = (0.74 * text.size, 0.2 * text.size);
    match text.upwards {
        true => [x - above, y - width + before, x + below, y + before],
        false => [x - before, y - above, x - before + width, y + below],
    }
}

#[track_caller]
fn assert_readable(stem: &str, canvas: &Canvas) {
    let texts: Vec<_> = canvas
        .shapes
        .iter()
        .filter_map(|shape| match shape {
            Shape::Text(text) => Some((extent(text), &text.text)),
            _ => None,
        })
        .collect();
    for (i, ([left, top, right, bottom], text)) in texts.iter().enumerate() {
        let inside = *left >= 0.0 && *top >= 0.0 && *right <= canvas.width && *bottom <= canvas.height;
        assert!(inside, "{stem}: {text:?} leaves the picture");
        for ([l, t, r, b], other) in &texts[..i] {
            let apart = right <= l || r <= left || bottom <= t || b <= top;
            assert!(apart, "{stem}: {text:?} lies on {other:?}");
        }
    }
}

#[test]
fn a_run_leaves_all_its_charts_in_both_formats() {
    let home = results(&example::single());
    let stems = plot(home.path(), None, &Options::default(), Look::default()).unwrap();
    let expected =
        "load_requests load_upload load_records latency_lookup latency_get latency_put success online traffic";
    assert_eq!(stems, expected.split(' ').collect::<Vec<_>>());
    for stem in stems {
        let svg = fs::read_to_string(home.path().join(format!("charts/{stem}.svg"))).unwrap();
        let (size, rest) = svg[5..].split_once(" stroke-linejoin").expect("the size was rewritten");
        let width: u32 = size.split('"').nth(1).unwrap().parse().unwrap();
        assert!((300..=720).contains(&width), "{stem} is {width} wide");
        assert!(rest.contains(&format!("viewBox=\"0 0 {}", width * 10)), "{stem} lost its view box");
        let png = fs::read(home.path().join(format!("charts/{stem}.png"))).unwrap();
        assert_eq!(&png[16..20], (width * 2).to_be_bytes(), "{stem}.png is not twice as wide as the SVG says");
    }
}

#[test]
fn the_same_results_give_the_same_bytes() {
    let runs: Vec<_> = example::single();
    let charts = || {
        let home = results(&runs);
        plot(home.path(), None, &Options::default(), Look::default()).unwrap();
        ["traffic.svg", "traffic.png"].map(|name| fs::read(home.path().join("charts").join(name)).unwrap())
    };
    assert_eq!(charts(), charts());
}

#[test]
fn no_text_lies_on_another_or_leaves_the_picture() {
    let mut long = example::single();
    long.iter_mut().for_each(|run| run.system = run.system.to_owned().repeat(3).leak());
    for runs in
        [example::single(), long, example::sweep(&[0.125, 0.25, 0.5, 1.0, 2.0], 3), example::sweep(&[1.0, 1.5], 1)]
    {
        for (stem, figure) in drawn(&runs, &Options::default()) {
            assert_readable(&stem, &figure.lay_out(None));
        }
    }
}

#[test]
fn charts_of_any_size_asked_for_are_that_large_and_readable() {
    for runs in [example::single(), example::sweep(&[0.125, 0.25, 0.5, 1.0, 2.0], 3)] {
        for size in ["480x360", "960x540", "2000x2000"].map(|text| text.parse::<Size>().unwrap()) {
            for (stem, figure) in drawn(&runs, &Options::default()) {
                let canvas = figure.lay_out(Some(size));
                assert_eq!((canvas.width, canvas.height), (size.width.into(), size.height.into()), "{stem}");
                assert_readable(&stem, &canvas);
            }
        }
    }
}

#[test]
fn a_dark_chart_is_the_light_one_in_other_colours() {
    let home = results(&example::single());
    let drawn = |theme| {
        plot(home.path(), None, &Options::default(), Look { size: None, theme }).unwrap();
        fs::read_to_string(home.path().join("charts/load_records.svg")).unwrap()
    };
    let shapes = |svg: &str| svg.split('#').map(|part| part[part.len().min(6)..].to_owned()).collect::<Vec<_>>();
    let (light, dark) = (drawn(Theme::Light), drawn(Theme::Dark));
    assert_eq!(dark, drawn(Theme::Dark));
    assert!(light.contains("fill=\"#FFFFFF\"") && dark.contains("fill=\"#16181C\""), "the paper");
    assert!(!dark.contains("#222222") && !light.contains("#E6E6E6"), "the ink");
    assert!(shapes(&light)[1..] == shapes(&dark)[1..], "the shapes differ");
}

#[test]
fn charts_without_data_are_not_drawn() {
    let mut runs = example::single();
    for run in &mut runs {
        run.outcome.samples.clear();
        run.outcome.load.columns.fill(None);
    }
    let stems: Vec<_> = drawn(&runs, &Options::default()).into_iter().map(|(stem, _)| stem).collect();
    assert_eq!(stems, ["traffic"]);
    runs.iter_mut().for_each(|run| run.outcome.metrics.fill(None));
    assert!(drawn(&runs, &Options::default()).is_empty());
}

#[test]
fn resources_over_time_have_a_panel_for_losses_only_where_there_are_some() {
    let mut runs = example::single();
    let column = |name| SERIES.index_of(name).unwrap();
    let mut fill = |lost: fn(usize) -> f64| {
        for sample in runs.iter_mut().flat_map(|run| run.outcome.samples.iter_mut().enumerate()) {
            sample.1.values[column("availability")] = Some(0.9);
            sample.1.values[column("resources_lost")] = Some(lost(sample.0));
        }
        let figures = drawn(&runs, &Options::default());
        figure(&figures, "availability").panels.clone()
    };
    assert_eq!(fill(|_| 0.0).len(), 1);
    let panels = fill(|sample| sample as f64);
    assert_eq!((panels.len(), lines(&panels[1]).len()), (2, example::SYSTEMS.len()));
    assert_eq!(lines(&panels[1])[0].last().unwrap().1, Some(179.0));
}

#[test]
fn storage_is_held_against_availability_where_systems_differ_in_it() {
    let mut runs = example::single();
    let index = |name| METRICS.index_of(name).unwrap();
    let mut set = |room: fn(f64) -> f64| {
        for (run, number) in runs.iter_mut().zip([1.0, 2.0, 3.0, 4.0, 5.0]) {
            run.outcome.metrics[index("storage_overhead_ratio")] = Some(room(number));
            run.outcome.metrics[index("get_correct_ratio")] = Some(1.0 - 0.1 / number);
            run.outcome.metrics[index("availability_mean")] = Some(1.0 - 0.2 / number);
        }
        drawn(&runs, &Options::default())
    };
    assert!(set(|_| 3.0).iter().all(|(stem, _)| stem != "storage"));
    let figures = set(|number| number);
    let chart = figure(&figures, "storage");
    let dots = |chart: &Figure| -> Vec<(f64, f64)> {
        let marks = chart.panels[0].marks.iter();
        marks.filter_map(|mark| if let Mark::Dot { at, .. } = mark { Some(*at) } else { None }).collect()
    };
    assert_eq!((dots(chart).len(), dots(chart)[1].1), (example::SYSTEMS.len(), 1.0 - 0.95));
    assert_readable("storage", &chart.lay_out(None));
    runs.iter_mut().for_each(|run| run.outcome.metrics[index("gets")] = None);
    let figures = drawn(&runs, &Options::default());
    assert_eq!(dots(figure(&figures, "storage"))[1].1, 1.0 - 0.9, "nobody gets anything: what the oracle sees");
}

#[test]
fn a_latency_line_ends_at_the_last_percentile_and_the_slowest_is_a_dot() {
    let figures = drawn(&example::single(), &Options::default());
    let panel = &figure(&figures, "latency_lookup").panels[0];
    for line in lines(panel) {
        assert_eq!(line.last().unwrap().1, Some(0.99));
    }
    let slowest = panel.marks.iter().filter(|mark| matches!(mark, Mark::Dot { at: (_, 1.0), .. })).count();
    assert!(slowest > 0 && slowest == lines(panel).len());
}

#[test]
fn the_end_of_the_warm_up_is_marked_where_the_scenario_tells_it() {
    let home = results(&example::single());
    let marks = |scenario: &str| {
        fs::write(home.path().join("scenario.toml"), scenario).unwrap();
        let drawn = figures(home.path(), &Options::default()).unwrap();
        let panels = ["success", "online"].map(|stem| figure(&drawn, stem).panels.clone());
        drawn.iter().for_each(|(stem, figure)| assert_readable(stem, &figure.lay_out(None)));
        let all = panels.iter().flatten().flat_map(|panel| &panel.marks);
        all.filter_map(|mark| if let Mark::Border { x, left, .. } = mark { Some((*x, *left)) } else { None })
            .collect::<Vec<_>>()
    };
    // The samples are those of the third to the fifth hour.
    assert_eq!(marks("time.warmup = '3h'"), [(3.0, false); 3]);
    assert_eq!(marks("[time]\nwarmup = '270min'"), [(4.5, true); 3]);
    let nowhere = ["", "time.warmup = '2h'", "time.warmup = 3", "no TOML", "[sweep.axes]\n'time.warmup' = ['3h']"];
    nowhere.iter().for_each(|scenario| assert_eq!(marks(scenario), [], "{scenario}"));
}

#[test]
fn a_missing_cell_interrupts_its_line_and_a_lone_run_has_no_interval() {
    let figures = drawn(&example::sweep(&[0.5, 1.0, 2.0], 1), &Options::default());
    let panel = &figure(&figures, "lookup_hops_mean").panels[0];
    let last = *lines(panel).last().unwrap();
    assert_eq!(
        last.iter().map(|(x, y)| (*x, y.is_some())).collect::<Vec<_>>(),
        [(0.5, false), (1.0, true), (2.0, true)]
    );
    assert!(!panel.marks.iter().any(|mark| matches!(mark, Mark::Band { .. })));
}

#[test]
fn a_system_that_an_axis_does_not_concern_is_the_same_everywhere() {
    let mut runs = example::sweep(&[8.0, 16.0, 32.0], 2);
    let server = |run: &&mut example::Run| run.system == "server";
    runs.iter_mut().filter(server).for_each(|run| run.axes[0].1.clear());
    let figures = drawn(&runs, &Options::default());
    let line = lines(&figure(&figures, "lookup_correct_ratio").panels[0])[0];
    assert_eq!(line.len(), 3);
    assert!(line.iter().all(|(_, y)| y.is_some() && *y == line[0].1), "{line:?}");
}

#[test]
fn a_second_axis_splits_the_lines_and_a_third_the_charts() {
    let mut runs = Vec::new();
    for alpha in ["1", "2", "3", "5"] {
        for loss in ["0", "0.1"] {
            for mut run in example::sweep(&[8.0, 20.0], 1) {
                run.axes.push(("systems.kad8.kademlia.alpha".to_owned(), alpha.to_owned()));
                run.axes.push(("network.loss".to_owned(), loss.to_owned()));
                runs.push(run);
            }
        }
    }
    let options = Options { y: vec!["lookup_rpcs_mean".to_owned()], ..Options::default() };
    let figures = drawn(&runs, &options);
    let stems: Vec<_> = figures.iter().map(|(stem, _)| stem.as_str()).collect();
    assert_eq!(stems, ["lookup_rpcs_mean;network.loss=0", "lookup_rpcs_mean;network.loss=0.1"]);
    let legend: Vec<_> = figures[0].1.legend.iter().map(|entry| entry.text.as_str()).collect();
    assert_eq!(legend.len(), 4 * example::SYSTEMS.len());
    assert!(legend.contains(&"kad8, alpha 3"), "{legend:?}");
    figures.iter().for_each(|(stem, figure)| assert_readable(stem, &figure.lay_out(None)));
}

#[test]
fn wrong_options_say_what_would_be_right() {
    let (sweep, single) = (results(&example::sweep(&[0.5, 2.0], 1)), results(&example::single()));
    let error = |home: &tempfile::TempDir, options: Options| {
        plot(home.path(), None, &options, Look::default()).unwrap_err().to_string()
    };
    let x = |axis: &str| Options { x: Some(axis.to_owned()), ..Options::default() };
    let y = |metric: &str| Options { y: vec![metric.to_owned()], ..Options::default() };
    assert_eq!(error(&sweep, x("loss")), "there is no axis `loss`: the axes are population.churn.time_scale");
    assert_eq!(
        error(&sweep, y("lookup_hop_mean")),
        "there is no metric `lookup_hop_mean`: did you mean `lookup_hops_mean`?"
    );
    assert!(error(&single, x("loss")).contains("these runs are no sweep"));
    assert_eq!(error(&single, y("lookup_hops_mean")), "--y needs a sweep: in these runs no axis varies");
    let both = Options { log_y: true, by: Some("system".to_owned()), ..Options::default() };
    assert_eq!(error(&single, both), "--by and --log y need a sweep: in these runs no axis varies");
    let message = error(&sweep, y("cache_hit_ratio"));
    assert!(message.contains("`cache_hit_ratio` has no value in these results"), "{message}");
    assert!(!sweep.path().join("charts").exists(), "something was written");
}

#[test]
fn only_files_that_are_drawn_again_are_replaced() {
    let home = results(&example::sweep(&[0.5, 2.0], 1));
    let charts = home.path().join("charts");
    fs::create_dir(&charts).unwrap();
    let mine = ["diagram.png", "gets.svg", "notes.txt", "contacts_mean.svg"];
    mine.iter().for_each(|name| fs::write(charts.join(name), "mine").unwrap());
    let options = Options { y: vec!["contacts_mean".to_owned()], ..Options::default() };
    let names = |dir: &Path| {
        let mut names: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    };
    plot(home.path(), None, &options, Look::default()).unwrap();
    assert_eq!(names(&charts), ["contacts_mean.png", "contacts_mean.svg", "diagram.png", "gets.svg", "notes.txt"]);
    assert!(mine[..3].iter().all(|name| fs::read_to_string(charts.join(name)).unwrap() == "mine"));
    assert_ne!(fs::read_to_string(charts.join("contacts_mean.svg")).unwrap(), "mine");
    let out = home.path().join("a/b");
    plot(home.path(), Some(&out), &options, Look::default()).unwrap();
    assert_eq!(names(&out), ["contacts_mean.png", "contacts_mean.svg"]);
}

#[test]
fn every_chart_is_known_by_its_name() {
    let runs = [example::single(), example::sweep(&[0.5, 2.0], 1)];
    let stems: Vec<String> =
        runs.iter().flat_map(|runs| drawn(runs, &Options::default())).map(|(stem, _)| stem).collect();
    assert!(stems.len() > 15, "{stems:?}");
    assert!(stems.iter().all(|stem| is_chart(&format!("{stem}.svg")) && is_chart(&format!("{stem}.png"))), "{stems:?}");
    assert!(is_chart("lookup_rpcs_mean;network.loss=0.1.svg"));
    assert!(!["notes.txt", "mine.png", "gets.csv", "traffic"].into_iter().any(is_chart));
}

#[test]
fn x_has_the_scale_that_spaces_its_values_evenly() {
    let scale = |points: &[f64]| drawn(&example::sweep(points, 1), &Options::default())[0].1.panels[0].x.scale;
    assert_eq!(scale(&[0.125, 0.25, 0.5, 1.0, 2.0]), Scale::Log);
    assert_eq!(scale(&[100.0, 200.0, 500.0, 1000.0]), Scale::Log);
    assert_eq!(scale(&[1.0, 2.0, 3.0, 4.0]), Scale::Linear);
    assert_eq!(scale(&[1.0, 10.0]), Scale::Linear);
}

#[test]
fn scaling_has_a_line_for_each_system_in_the_order_of_size() {
    let home = tempfile::tempdir().unwrap();
    let table = home.path().join("scaling.csv");
    let rows =
        [("chord", 1_000_000, 1.5e6), ("chord", 100, 4.2e6), ("kademlia", 100, 3.1e6), ("kademlia", 1_000_000, 9e5)];
    let row = |(system, nodes, rate): (&str, u32, f64)| {
        format!("{system};{nodes},{nodes},{system},1,{rate},{},{}\n", 1e9 / rate, 1_234)
    };
    let header = "run_id,population.online,system,seed,events_per_s,ns_per_event,bytes_per_node\n".to_owned();
    fs::write(&table, header.clone() + &rows.map(row).concat()).unwrap();
    let drawn = super::scaling::figure(&table, "One core of a machine").unwrap().expect("there is something to draw");
    assert_eq!(drawn.panels.len(), 3);
    for panel in &drawn.panels {
        assert_eq!((panel.x.scale, panel.y.scale), (Scale::Log, Scale::Log));
        let sizes: Vec<Vec<f64>> = lines(panel).iter().map(|line| line.iter().map(|(x, _)| *x).collect()).collect();
        assert_eq!(sizes, [[100.0, 1e6], [100.0, 1e6]], "{}", panel.title);
    }
    assert_readable("scaling", &drawn.lay_out(None));
    scaling(&table, "One core of a machine", home.path()).unwrap();
    assert!(home.path().join("scaling.svg").exists() && home.path().join("scaling.png").exists());
    fs::write(&table, header).unwrap();
    let message = scaling(&table, "", home.path()).unwrap_err().to_string();
    assert!(message.ends_with("scaling.csv: there is nothing above zero to draw"), "{message}");
}
