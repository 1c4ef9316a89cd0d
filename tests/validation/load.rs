//! How evenly records lie, and what a full table costs.

use super::lab::{FIGURES, Ran, all, every_system, only};

/// `runs` placements of `records` records on `machines` machines of a ring, each with `replicas` copies.
fn placements(machines: u32, records: u32, replicas: u32, runs: u32) -> Vec<Ran> {
    all(&format!(
        r#"
        seed = 500
        [time]
        warmup = "0s"
        measure = "1s"
        [population]
        participants = {machines}
        [resources]
        count = {records}
        [storage]
        replicas = {replicas}
        [systems.ring.chord]
        [sweep]
        repetitions = {runs}
        "#
    ))
}

fn mean(runs: &[Ran], name: &str) -> f64 {
    runs.iter().map(|ran| ran.figure(name)).sum::<f64>() / runs.len() as f64
}

/// Arcs between random points are exponential: with m keys a node on average, keys are geometric, and their Gini
/// coefficient is (1 + m) / (1 + 2m), their coefficient of variation √(1 + 1/m).
#[test]
fn keys_per_node_are_as_uneven_as_arcs_between_random_points() {
    for (m, runs) in [(1, 8), (10, 8), (100, 8)] {
        let runs = placements(2000, 2000 * m, 1, runs);
        let (gini, jain, m) = (mean(&runs, "records_gini"), mean(&runs, "records_jain"), f64::from(m));
        assert!((mean(&runs, "records_mean") - m).abs() < 1e-9);
        let expected = (1.0 + m) / (1.0 + 2.0 * m);
        // Jain's index is 1 / (1 + c²), with c the coefficient of variation.
        let (variation, expected_variation) = ((1.0 / jain - 1.0).sqrt(), (1.0 + 1.0 / m).sqrt());
        println!("m = {m}: Gini {gini:.4}, expected {expected:.4}; variation {variation:.4}, {expected_variation:.4}");
        assert!((gini - expected).abs() < 0.01, "m = {m}: Gini {gini}, not {expected}");
        assert!((variation - expected_variation).abs() < 0.04, "m = {m}: {variation}, not {expected_variation}");
    }
}

/// Copies on r successors add up r neighbouring arcs: a Gamma law of shape r, with a Gini coefficient of .375 and .313.
#[test]
fn copies_even_the_records_out() {
    for (replicas, expected) in [(2, 0.375), (3, 0.3125)] {
        let gini = mean(&placements(2000, 200_000, replicas, 8), "records_gini");
        println!("r = {replicas}: {gini:.4}, expected {expected}");
        assert!((gini - expected).abs() < 0.01, "r = {replicas}: {gini}, not {expected}");
    }
}

/// The longest of N exponential arcs is H_N times the mean, and one in a hundred exceeds ln 100 of it. One placement's
/// maximum deviates by 1.28 (Gumbel), the mean of a hundred by 0.13.
#[test]
fn the_largest_share_is_the_harmonic_number() {
    let runs = placements(500, 25_000, 1, 100);
    let harmonic: f64 = (1..=500).map(|i| 1.0 / f64::from(i)).sum();
    let (maximum, p99) = (mean(&runs, "records_max_over_mean"), mean(&runs, "records_p99_over_mean"));
    println!(
        "maximum {maximum:.3}, expected {harmonic:.3}; 99th percentile {p99:.3}, expected {:.3}",
        libm::log(100.0)
    );
    assert!((maximum - harmonic).abs() < 0.35, "{maximum}, not {harmonic}");
    assert!((p99 - libm::log(100.0)).abs() < 0.2, "{p99}");
}

/// Lookups and gets cost nothing; a put goes once to every other machine, down the tree or directly.
#[test]
fn a_full_table_asks_nobody_and_tells_everyone() {
    for spread in ["tree", "direct"] {
        let ran = only(
            &format!(
                r#"
                [time]
                warmup = "0s"
                measure = "10min"
                [population]
                participants = 300
                [resources]
                count = 100
                size = "1KiB"
                [workload]
                lookup = {{ every = "10s" }}
                get = {{ every = "10s" }}
                put = {{ every = "10min" }}
                [systems.table.full-table]
                spread = "{spread}"
                "#
            ),
            FIGURES,
        );
        for name in ["lookup_hops_mean", "get_hops_mean", "lookup_rpcs_mean", "get_rpcs_mean", "lookup_latency_mean_ms"]
        {
            assert_eq!(ran.figure(name), 0.0, "{spread}: {name}");
        }
        assert_eq!(ran.figure("lookup_bytes_per_online_s_mean"), 0.0, "{spread}");
        assert_eq!((ran.figure("get_local_ratio"), ran.figure("get_correct_ratio")), (1.0, 1.0), "{spread}");
        // The writer and all others: each is told once.
        assert_eq!(ran.figure("nodes_touched_per_put"), 300.0, "{spread}");
        assert_eq!(ran.figure("put_rpcs_mean"), 299.0, "{spread}");
        assert_eq!((ran.figure("records_mean"), ran.figure("records_jain")), (100.0, 1.0), "{spread}");
    }
}

/// A DHT stores a put on its r nodes, a server on itself.
#[test]
fn a_put_touches_as_many_nodes_as_there_are_copies() {
    let runs = all(&format!(
        r#"
        [time]
        warmup = "0s"
        measure = "10min"
        [population]
        participants = 100
        [resources]
        count = 100
        [workload]
        put = {{ every = "1min" }}
        {}
        "#,
        every_system()
    ));
    for ran in runs {
        let copies = match ran.system.as_str() {
            "client-server" => 1.0,
            "full-table" => 100.0,
            _ => 3.0,
        };
        ran.assert_near("nodes_touched_per_put", copies, 1e-9);
        ran.assert_near("put_correct_ratio", 1.0, 0.0);
    }
}
