//! Caching along the way: what it takes off the busiest machine, how old its answers are, and what it must not touch.

use super::lab::{FIGURES, OPERATIONS_TOO, Ran, all, only};

/// Two hundred participants who stay and read twenty records of Zipf's popularity, and now and then put one.
fn zipf(protocol: &str, storage: &str, more: &str) -> String {
    format!(
        r#"
        seed = 3
        population.participants = 200
        network.latency.plane.width = "100ms"
        resources = {{ count = 20, size = "4KiB", popularity.zipf.exponent = 1.2 }}
        workload.get.every = "10s"
        time = {{ warmup = "10min", measure = "30min" }}
        [storage]
        {storage}
        [systems.s.{protocol}]
        {more}
        "#
    )
}

fn run(protocol: &str, storage: &str, more: &str) -> Ran {
    only(&zipf(protocol, storage, more), FIGURES)
}

#[test]
fn caching_takes_load_off_the_busiest_machine() {
    for (protocol, more) in [("chord", ""), ("kademlia", "k = 4"), ("chord", "routing = 'recursive'")] {
        for size in ["4KiB", "40KiB"] {
            let [off, on] = ["", "cache = '1MiB'"].map(|storage| {
                let ran = only(&zipf(protocol, storage, more).replace("4KiB", size), FIGURES);
                ran.assert_all_correct("get");
                ran
            });
            let [before, after] = ["requests_max_over_mean", "upload_max_over_mean"].map(|load| [&off, &on].map(|ran| ran.figure(load))).map(|[off, on]| (off, on)).into();
            println!("{protocol} {more}, {size}: requests {before:?}, upload {after:?}, hits {:.2}, {:.0} B", on.figure("cache_hit_ratio"), on.figure("cached_bytes_mean"));
            assert!(before.1 < 0.8 * before.0, "{protocol} {more}, {size}: {before:?}");
            assert!(on.figure("get_hops_mean") <= off.figure("get_hops_mean"));
            assert!(off.maybe("cache_hit_ratio").is_none() && off.maybe("cached_bytes_mean").is_none());
        }
    }
}
