use super::*;
use crate::measure::by_class::CLASSES;

#[test]
fn every_figure_is_found_under_its_name() {
    for catalogue in [&METRICS, &SERIES, &QUANTILES, &CLASSES] {
        for (i, metric) in catalogue.iter().enumerate() {
            assert_eq!(catalogue.index_of(&metric.name), Some(i));
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            assert!(metric.name.chars().all(plain), "{} is not a plain column name", metric.name);
            assert!(!metric.about.is_empty());
        }
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
    for catalogue in [&METRICS, &SERIES, &QUANTILES, &CLASSES] {
        for metric in catalogue.iter() {
            assert_eq!(metric.name.ends_with("_ms"), metric.unit == "ms", "{}", metric.name);
            assert!(!metric.name.ends_with("_ratio") || metric.unit.is_empty(), "{}", metric.name);
        }
    }
}

#[test]
fn what_is_not_set_stays_empty() {
    let mut figures = Figures::new(&METRICS);
    figures.set("lookup_hops_mean", 3.5);
    figures.set_some("get_hops_mean", None);
    let values = figures.into_values();
    assert_eq!(values[METRICS.index_of("lookup_hops_mean").unwrap()], Some(3.5));
    assert_eq!(values.iter().flatten().count(), 1);
}

#[test]
#[should_panic(expected = "lookup_hop_mean is not in the catalogue")]
fn a_misspelt_figure_is_our_bug() {
    Figures::new(&METRICS).set("lookup_hop_mean", 3.5);
}
