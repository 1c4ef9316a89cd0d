use super::*;
use crate::measure::outcome::{ClassRow, PairRow};
use crate::report::columns::Columns;
use crate::report::example;

fn lines(dir: &Path, file: &str) -> Vec<String> {
    std::fs::read_to_string(dir.join(file)).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn every_file_begins_with_what_names_its_runs() {
    let home = tempfile::tempdir().unwrap();
    let runs = example::sweep(&[0.5, 2.0], 2);
    write(home.path(), &example::rows(&runs), Extra { nodes: true, resources: true, operations: true }).unwrap();
    for file in ["runs.csv", "timeseries.csv", "load.csv", "nodes.csv", "resources.csv", "operations.csv"] {
        let lines = lines(home.path(), file);
        assert!(lines[0].starts_with("run_id,population.churn.time_scale,system,seed,"), "{file}: {}", lines[0]);
        let first = "server;population.churn.time_scale=0.5;seed=42,0.5,server,42,";
        assert!(lines[1].starts_with(first), "{file}: {}", lines[1]);
    }
    let header = &lines(home.path(), "load.csv")[0];
    assert!(header.contains(",seed,quantile,requests_per_online_s,requests_lorenz_ratio,upload_per_online_s,"));
}

#[test]
fn classes_have_a_file_and_a_column_of_machines_where_there_are_some() {
    let home = tempfile::tempdir().unwrap();
    let mut runs = example::single();
    let extra = Extra { nodes: true, resources: false, operations: false };
    write(home.path(), &example::rows(&runs), extra).unwrap();
    assert!(!home.path().join("classes.csv").exists());
    for run in &mut runs {
        run.outcome.classes = vec![ClassRow { class: "weak".into(), values: vec![Some(7.0); CLASSES.len()] }];
        run.outcome.nodes[0].class = Some(0);
    }
    write(home.path(), &example::rows(&runs), extra).unwrap();
    let (classes, nodes) = (lines(home.path(), "classes.csv"), lines(home.path(), "nodes.csv"));
    assert!(classes[0].starts_with("run_id,system,seed,class,participants,online_mean,lookups,"), "{}", classes[0]);
    assert!(classes.len() == 1 + runs.len() && classes[1].contains(",weak,7,7,"), "{classes:?}");
    let last = |line: &String| line.rsplit(',').next().map(str::to_owned);
    assert_eq!(nodes[..3].iter().filter_map(last).collect::<Vec<_>>(), ["class", "weak", ""]);
}

#[test]
fn pairs_of_nat_classes_and_connections_are_written_where_there_are_some() {
    let home = tempfile::tempdir().unwrap();
    let mut runs = example::single();
    write(home.path(), &example::rows(&runs), Extra::default()).unwrap();
    assert!(!home.path().join("pairs.csv").exists());
    let before = lines(home.path(), "load.csv");
    let pair = PairRow {
        from: "open",
        reached: "symmetric",
        values: [6, 0, 3, 2, 0, 0, 1].map(|count| Some(f64::from(count))).to_vec(),
    };
    runs[2].outcome.pairs = vec![pair];
    runs[2].outcome.load.columns[QUANTILES.index_of(CONNECTIONS).unwrap()] = Some([2.5; POINTS]);
    write(home.path(), &example::rows(&runs), Extra::default()).unwrap();
    let expected = [
        "run_id,system,seed,from,reached,dials,direct,reversed,punched,organic,relayed,failed",
        "ring;seed=42,ring,42,open,symmetric,6,0,3,2,0,0,1",
    ];
    assert_eq!(lines(home.path(), "pairs.csv"), expected);
    for (line, (before, after)) in before.iter().zip(lines(home.path(), "load.csv")).enumerate() {
        let of_ring = if before.contains(",ring,") { "2.5" } else { "" };
        assert_eq!(after, format!("{before},{}", if line == 0 { CONNECTIONS } else { of_ring }));
    }
}

#[test]
fn numbers_read_back_to_the_last_bit_and_what_does_not_apply_is_empty() {
    let home = tempfile::tempdir().unwrap();
    let runs = example::sweep(&[1.0], 1);
    write(home.path(), &example::rows(&runs), Extra::default()).unwrap();
    let columns = Columns::read(&home.path().join("runs.csv"), &[]).unwrap();
    assert_eq!(columns.len(), runs.len());
    for (row, run) in runs.iter().enumerate() {
        for (metric, value) in METRICS.iter().zip(&run.outcome.metrics) {
            assert_eq!(columns.number(row, &metric.name).unwrap(), *value, "{}", metric.name);
        }
    }
    assert!(runs.iter().any(|run| run.outcome.metrics.contains(&None)), "nothing was empty");
    assert!(!home.path().join("operations.csv").exists());
}

#[test]
fn the_summary_has_a_row_for_every_point_system_and_metric() {
    let home = tempfile::tempdir().unwrap();
    let runs = example::sweep(&[0.5, 2.0], 3);
    write(home.path(), &example::rows(&runs), Extra::default()).unwrap();
    let lines = lines(home.path(), "summary.csv");
    let header = "population.churn.time_scale,system,metric,n,mean,sd,ci95_low,ci95_high,min,p25,median,p75,max";
    assert_eq!(lines[0], header);
    assert_eq!(lines.len(), 1 + 2 * example::SYSTEMS.len() * METRICS.len());
    let row = lines.iter().find(|line| line.starts_with("2,ring,lookup_hops_mean,")).unwrap();
    let values: Vec<f64> = runs
        .iter()
        .filter(|run| run.axes[0].1 == "2" && run.system == "ring")
        .map(|run| run.outcome.metrics[METRICS.index_of("lookup_hops_mean").unwrap()].unwrap())
        .collect();
    let summary = Summary::of(&values).unwrap();
    assert!(row.starts_with(&format!("2,ring,lookup_hops_mean,3,{},{},", summary.mean, summary.sd.unwrap())), "{row}");
    assert!(lines.contains(&"2,ring,server_wait_mean_ms,0,,,,,,,,,".to_owned()));
}

#[test]
fn no_text_is_a_formula_and_negative_numbers_stay_numbers() {
    let mut runs = example::sweep(&[0.5], 1);
    runs.iter_mut().for_each(|run| run.axes[0].1 = "=HYPERLINK(\"x\")".to_owned());
    let home = tempfile::tempdir().unwrap();
    write(home.path(), &example::rows(&runs), Extra::default()).unwrap();
    for file in ["runs.csv", "summary.csv", "timeseries.csv"] {
        let text = std::fs::read_to_string(home.path().join(file)).unwrap();
        assert!(text.contains("\"'=HYPERLINK(") && !text.contains("\"=HYPERLINK("), "{file}");
    }
    let texts = ["+1min", "-x", "@a", "\ta", "\ra"];
    assert!(texts.iter().all(|text| no_formula(text) == format!("'{text}")));
    assert!(["-0.5", "+3", "-1e3", "a=b", "kad"].iter().all(|text| no_formula(text) == *text));
}
