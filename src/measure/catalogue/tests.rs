use super::*;

/// All columns of all files.
fn all() -> impl Iterator<Item = &'static Metric> {
    files().into_iter().flat_map(|(_, metrics)| metrics)
}

#[test]
fn every_metric_is_found_under_its_name() {
    assert!(METRICS.iter().enumerate().all(|(at, metric)| METRICS.index_of(&metric.name) == Some(at)));
    for metric in all() {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(metric.name.chars().all(plain), "{} is not a plain column name", metric.name);
        assert!(!metric.about.is_empty());
    }
}

#[test]
fn the_columns_of_the_design_are_there() {
    let columns = "lookups get_correct_ratio put_open_ratio lookup_latency_p99_ms get_hops_p50 put_rpcs_mean \
        lookup_timeouts_mean lookup_stretch_p10 get_local_ratio availability_min durability_ratio resources_lost \
        requests_per_online_s_mean upload_per_online_s_mean records_mean records_gini upload_jain \
        requests_max_over_mean requests_p99_over_mean bytes_total bytes_per_online_s_mean \
        maintenance_bytes_per_online_s_mean busiest_machine_bytes_per_s busiest_machine_share_ratio contacts_mean \
        peers_contacted_mean table_stale_ratio nodes_touched_per_put online_mean server_wait_mean_ms \
        server_wait_ratio server_utilisation_ratio packets_lost_offline lookup_failed_not_joined get_failed_never_stored";
    for name in columns.split_whitespace() {
        assert!(METRICS.get(name).is_some(), "{name} is missing");
    }
}

#[test]
fn a_unit_at_the_end_of_a_name_is_the_unit() {
    for metric in all() {
        assert_eq!(metric.name.ends_with("_ms"), metric.unit == "ms", "{}", metric.name);
        assert!(!metric.name.ends_with("_ratio") || metric.unit.is_empty(), "{}", metric.name);
    }
}

#[test]
fn what_is_shown_after_a_sweep_and_charted_is_what_compares_systems() {
    let of = |chosen: fn(&Metric) -> bool| {
        METRICS.iter().filter(|row| chosen(row)).map(|row| row.name.as_str()).collect::<Vec<_>>()
    };
    let after_sweeps = of(|metric| metric.shown.as_ref().is_some_and(|shown| shown.in_sweeps));
    let charted = of(|metric| metric.charted);
    assert!(after_sweeps.iter().all(|name| charted.contains(name)), "{after_sweeps:?} of {charted:?}");
    assert_eq!((after_sweeps.len(), charted.len()), (8, 16));
    for section in Section::ALL {
        let labels = METRICS.iter().filter_map(|row| row.shown.as_ref().filter(|shown| shown.section == section));
        let mut labels: Vec<&str> = labels.map(|shown| shown.label.as_str()).collect();
        let all = labels.len();
        labels.sort_unstable();
        labels.dedup();
        assert!(all > 0 && labels.len() == all, "{section:?}: {labels:?}");
    }
}
