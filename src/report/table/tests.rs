use super::*;
use crate::report::example;

fn plain(text: &str) -> String {
    text.replace(BOLD, "").replace(PLAIN, "")
}

fn example(width: usize) -> String {
    let runs = example::single();
    let systems: Vec<_> = runs.iter().map(|run| (run.system, run.outcome.metrics.as_slice())).collect();
    comparison(&systems, width)
}

fn line<'a>(table: &'a str, label: &str) -> &'a str {
    table.lines().find(|line| line.trim_start().starts_with(label)).unwrap_or_else(|| panic!("no {label} in\n{table}"))
}

#[test]
fn five_systems_fit_a_hundred_columns() {
    let table = plain(&example(100));
    assert!(table.lines().all(|line| line.chars().count() <= 100), "\n{table}");
    assert_eq!(table.matches("total traffic").count(), 1, "\n{table}");
}

#[test]
fn both_faces_of_the_network_load_are_there_and_the_best_is_marked() {
    let table = plain(&example(100));
    let words = |label| line(&table, label).split_whitespace().collect::<Vec<_>>();
    assert_eq!(words("total traffic")[2..5], ["283", "MB", "*"]);
    assert_eq!(words("busiest machine")[4..7], ["923", "B/s", "*"]);
    assert_eq!(words("server wait"), ["server", "wait,", "mean", "(ms)", "0.210", "–", "–", "–", "–"]);
}

#[test]
fn what_does_not_fit_follows_below() {
    let table = plain(&example(60));
    assert!(table.lines().all(|line| line.chars().count() <= 60), "\n{table}");
    assert!(table.matches("total traffic").count() > 1, "\n{table}");
}

#[test]
fn equal_looking_values_share_the_mark_and_all_equal_have_none() {
    let marks = |values: &[Option<f64>], better| best(values, better, Percent);
    assert_eq!(marks(&[Some(0.99999), Some(1.0), Some(0.5)], Better::Higher), [true, true, false]);
    assert_eq!(marks(&[Some(1.0), Some(1.0), None], Better::Higher), [false, false, false]);
    assert_eq!(marks(&[Some(0.2), None, Some(0.1)], Better::Lower), [false, false, true]);
    assert_eq!(marks(&[Some(0.2), Some(0.1)], Better::Neither), [false, false]);
    // 99.99 and 100.00: the last digit is one of rounding.
    assert_eq!(marks(&[Some(0.99994), Some(0.99996)], Better::Higher), [false, false]);
    assert_eq!(marks(&[Some(0.99994), Some(0.99996), Some(0.9)], Better::Higher), [true, true, false]);
    assert_eq!(best(&[Some(1001.0), Some(1009.0)], Better::Lower, Bytes), [false, false]);
    assert_eq!(best(&[Some(1001.0), Some(1019.0)], Better::Lower, Bytes), [true, false]);
}

#[test]
fn nothing_at_all_is_not_marked() {
    assert_eq!(best(&[Some(0.0), Some(12.0), Some(13.0)], Better::Lower, BytesPerSecond), [false, false, false]);
    assert_eq!(best(&[Some(0.0), Some(0.5)], Better::Higher, Percent), [false, true]);
    assert_eq!(best(&[Some(0.0), Some(12.0)], Better::Lower, Bytes), [false, false]);
}

/// A full table has no hops, and no wait: that is what it is for.
#[test]
fn none_is_best_where_fewer_is_better_unless_it_is_traffic() {
    for format in [Number, Percent, Index] {
        assert_eq!(best(&[Some(3.0), Some(0.0), Some(2.0), None], Better::Lower, format), [false, true, false, false]);
    }
    assert_eq!(best(&[Some(0.0), Some(0.0)], Better::Lower, Number), [false, false]);
}

#[test]
fn whole_numbers_that_stand_there_in_full_are_compared_in_full() {
    assert_eq!(best(&[Some(1234.0), Some(1229.0)], Better::Lower, Number), [false, true]);
    assert_eq!(best(&[Some(9_999.0), Some(9_998.0)], Better::Higher, Number), [true, false]);
    // 1230 and 1229: the one is rounded.
    assert_eq!(best(&[Some(1_231.5), Some(1_229.0)], Better::Lower, Number), [false, false]);
    assert_eq!(best(&[Some(5.0), Some(5.5)], Better::Lower, Number), [true, false]);
    // 7 and 7.00.
    assert_eq!(best(&[Some(7.0), Some(7.004)], Better::Lower, Number), [false, false]);
}

#[test]
fn what_an_oracle_sees_is_an_answer_only_where_nobody_gets_anything() {
    let mut runs = example::single();
    let section_of_oracle = |runs: &[example::Run]| {
        let systems: Vec<_> = runs.iter().map(|run| (run.system, run.outcome.metrics.as_slice())).collect();
        let table = plain(&comparison(&systems, 100));
        let until = table.split("resources online").collect::<Vec<_>>();
        assert_eq!(until.len(), 2, "once in\n{table}");
        if until[0].contains("state") { "state" } else { "answers" }
    };
    assert_eq!(section_of_oracle(&runs), "state");
    for metric in ["gets", "get_correct_ratio", "get_abandoned_ratio"] {
        let index = METRICS.index_of(metric).unwrap();
        runs.iter_mut().for_each(|run| run.outcome.metrics[index] = None);
    }
    assert_eq!(section_of_oracle(&runs), "answers");
}

#[test]
fn nothing_to_show_is_no_table() {
    let empty = vec![None; METRICS.len()];
    let table = plain(&comparison(&[("server", &empty)], 100));
    assert!(!table.contains("answers"), "{table}");
}

#[test]
fn a_run_too_short_to_meet_a_failure_says_so() {
    let with = |failures: f64| {
        let mut metrics = vec![None; METRICS.len()];
        metrics[METRICS.index_of("server_failures").unwrap()] = Some(failures);
        metrics[METRICS.index_of("server_failures_expected").unwrap()] = Some(0.002);
        plain(&comparison(&[("server", &metrics)], 100))
    };
    assert!(with(0.0).ends_with("\nserver: no failure in this run (expected 0.00200)\n"), "{}", with(0.0));
    assert!(!with(1.0).contains("no failure"));
}
