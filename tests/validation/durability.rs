//! What can be had, and what is lost for good, against closed forms and the birth-death chains of repair (docs/model/figures.md).
//!
//! Standard errors are over seeds, because resources on the same machines are not independent.

use peerlab::measure::catalogue::{METRICS, SERIES};
use peerlab::measure::outcome::Outcome;
use peerlab::run::Wanted;

use crate::lab::{self, FIGURES, Ran};
use crate::silent;

const RESOURCES_TOO: Wanted = Wanted { resources: true, ..FIGURES };

/// Mean of the seeds' values and its standard error.
fn batches(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, (squares / (n - 1.0) / n).sqrt())
}

fn figure(outcome: &Outcome, name: &str) -> f64 {
    outcome.metrics[METRICS.index_of(name).expect("there is such a column")].expect("it applies")
}

fn power(base: f64, exponent: u32) -> f64 {
    (0..exponent).map(|_| base).product()
}

/// P(at least m of n independent machines are up).
fn tail(m: u32, n: u32, p: f64) -> f64 {
    let choose = |k: u32| (0..k).map(|i| f64::from(n - i) / f64::from(i + 1)).product::<f64>();
    (m..=n).map(|k| choose(k) * power(p, k) * power(1.0 - p, n - k)).sum()
}

/// The availability of resources whose copies are on participants drawn irrespective of who is online, each of them up with
/// probability `p`: mean over seeds, and its standard error.
fn availability(storage: &str, p: f64, graceful: f64) -> (f64, f64) {
    let down = 1000.0 * (1.0 - p);
    let up = 1000.0 * p;
    let text = format!(
        "seed = 11
        time = {{ warmup = '0s', measure = '6000s', sample = '6000s' }}
        resources.count = 2_000
        storage = {{ placement = 'random-participants', repair = 'none', {storage} }}
        systems.a.silent = {{}}
        sweep.repetitions = 8
        [population]
        participants = 1_000
        churn = {{ session.exponential.mean = '{up}s', downtime.exponential.mean = '{down}s', graceful = {graceful} }}"
    );
    let values: Vec<f64> =
        silent::all(&text, FIGURES).iter().map(|(_, outcome)| figure(outcome, "availability_mean")).collect();
    batches(&values)
}

#[track_caller]
fn assert_availability(storage: &str, p: f64, expected: f64) {
    for graceful in [0.0, 0.5] {
        let (mean, error) = availability(storage, p, graceful);
        println!("{storage}, p = {p}, {graceful} with notice: {mean:.5} ± {error:.5}, expected {expected:.5}");
        let near = (mean - expected).abs() <= (4.0 * error).max(1e-5);
        assert!(near, "{storage}, p = {p}, {graceful} with notice: {mean} ± {error}, not {expected}");
    }
}

#[test]
fn copies_on_random_participants_are_there_with_the_long_run_share() {
    for p in [0.5, 0.9] {
        for r in 1..=4 {
            assert_availability(&format!("replicas = {r}"), p, 1.0 - power(1.0 - p, r));
        }
    }
}

#[test]
fn any_m_of_n_pieces_are_there_with_the_binomial_tail() {
    for (m, n) in [(5, 5), (5, 10), (10, 20), (10, 14)] {
        for p in [0.5, 0.65, 0.9, 0.95] {
            let storage = format!("replicas = 1, pieces = {m}, parity = {}", n - m);
            assert_availability(&storage, p, tail(m, n, p));
        }
    }
}

#[test]
fn five_chunks_are_there_as_often_as_the_reference_says() {
    let five = "pieces = 5, replicas";
    for (storage, p, published) in [
        (format!("{five} = 1"), 0.5, 0.031),
        (format!("{five} = 1"), 0.9, 0.590),
        (format!("{five} = 1"), 0.99, 0.951),
        (format!("{five} = 2"), 0.9, 0.951),
    ] {
        let (mean, error) = availability(&storage, p, 0.5);
        println!("{storage}, p = {p}: {mean:.4} ± {error:.4}, published {published}");
        assert!((mean - published).abs() <= 4.0 * error + 0.000_5, "{storage}, p = {p}: {mean} ± {error}");
    }
    let (coded, error) = availability("pieces = 5, parity = 5, replicas = 1", 0.9, 0.5);
    assert!((coded - 0.999_85).abs() <= 4.0 * error + 0.000_005, "any 5 of 10: {coded} ± {error}");
}

/// The availability series of one silent system, by the time in seconds, mean over seeds.
fn series(text: &str) -> Vec<(f64, f64)> {
    let column = SERIES.index_of("availability").expect("there is such a column");
    let outcomes = silent::all(text, FIGURES);
    let samples = outcomes[0].1.samples.iter().enumerate();
    let mean = |row: usize| {
        let values = outcomes.iter().map(|(_, outcome)| outcome.samples[row].values[column].expect("it applies"));
        values.sum::<f64>() / outcomes.len() as f64
    };
    samples.map(|(row, sample)| (sample.at.as_nanos() as f64 / 1e9, mean(row))).collect()
}

#[test]
fn copies_on_responsible_nodes_begin_online_and_decay_to_the_long_run_share() {
    let text = "seed = 3
        time = { warmup = '0s', measure = '2000s', sample = '100s' }
        resources.count = 4_000
        storage = { replicas = 1, repair = 'none' }
        systems.a.silent = {}
        sweep.repetitions = 8
        [population]
        participants = 8_000
        churn = { session.exponential.mean = '1000s', downtime.exponential.mean = '1500s', graceful = 0.5 }";
    let decay = |t: f64| 0.4 + 0.6 * libm::exp(-t * (1.0 / 1000.0 + 1.0 / 1500.0));
    for (at, available) in series(text) {
        // 32,000 resources on 25,600 machines, more on some than on others: a standard error of 0.004.
        assert!((available - decay(at)).abs() < 0.016, "{available} after {at} s, not {}", decay(at));
    }
}

#[test]
fn under_kad_churn_what_was_online_is_there_as_often_as_published() {
    let text = "seed = 4
        time = { warmup = '0s', measure = '24h', sample = '30min' }
        resources.count = 4_000
        storage = { replicas = 1, repair = 'none' }
        systems.a.silent = {}
        sweep.repetitions = 6
        [population]
        online = 3_000
        churn = { preset = 'kad', graceful = 0 }";
    let series = series(text);
    for (hours, published) in [(1.0, 0.86), (2.5, 0.735), (12.0, 0.44), (24.0, 0.33)] {
        let (_, available) = series.iter().find(|(at, _)| *at == hours * 3600.0).expect("there is a sample");
        assert!((available - published).abs() < 0.02, "{available} after {hours} h, not {published}");
    }
}

/// How long resources last, in mean lifetimes of a machine: the mean over seeds and its standard error.
fn time_to_loss(storage: &str, participants: u32, lifetimes: u32, graceful: f64) -> (f64, f64) {
    let end = lifetimes * 1000;
    let text = format!(
        "seed = 5
        time = {{ warmup = '0s', measure = '{end}s', sample = '{end}s' }}
        resources.count = 1_000
        storage = {{ placement = 'random-participants', {storage} }}
        systems.a.silent = {{}}
        sweep.repetitions = 10
        [population]
        participants = {participants}
        churn = {{ session.exponential.mean = '1000s', downtime.constant = '1s', graceful = {graceful} }}
        departures.probability = 1"
    );
    let mean = |outcome: &Outcome| {
        let lost = outcome.resources.iter().map(|row| row.lost_at.expect("the run is long enough for all").as_nanos());
        lost.map(|at| at as f64 / 1e12).sum::<f64>() / outcome.resources.len() as f64
    };
    let values: Vec<f64> = silent::all(&text, RESOURCES_TOO).iter().map(|(_, outcome)| mean(outcome)).collect();
    batches(&values)
}

#[track_caller]
fn assert_time_to_loss(storage: &str, participants: u32, lifetimes: u32, expected: f64) {
    for graceful in [0.0, 0.5] {
        let (mean, error) = time_to_loss(storage, participants, lifetimes, graceful);
        println!("{storage}, {graceful} with notice: {mean:.3} ± {error:.3} lifetimes, expected {expected:.3}");
        let near = (mean - expected).abs() <= (0.05 * expected).min(4.0 * error);
        assert!(near, "{storage}, {graceful} with notice: {mean} ± {error}, not {expected}");
    }
}

#[test]
fn without_repair_copies_last_as_long_as_the_harmonic_numbers() {
    let mut harmonic = 0.0;
    for r in 1..=4 {
        harmonic += 1.0 / f64::from(r);
        assert_time_to_loss(&format!("repair = 'none', replicas = {r}"), 1_000, 20, harmonic);
    }
}

#[test]
fn repair_one_at_a_time_lasts_as_long_as_the_birth_death_chain() {
    let repair = "repair.delay = { after.exponential.mean = '100s', concurrency = 1 }";
    assert_time_to_loss(&format!("{repair}, replicas = 2"), 300, 120, 6.5);
    assert_time_to_loss(&format!("{repair}, replicas = 3"), 100, 450, 25.17);
}

#[test]
fn repair_in_parallel_lasts_as_long_as_the_birth_death_chain() {
    let repair = "repair.delay.after.exponential.mean = '100s'";
    assert_time_to_loss(&format!("{repair}, replicas = 3"), 100, 850, 46.83);
}

/// Gets and puts of resources in pieces in both overlays.
fn in_pieces(population: &str, time: &str, storage: &str) -> Vec<Ran> {
    let text = format!(
        "seed = 6
        time = {time}
        population = {population}
        resources = {{ count = 200, size = '40KiB' }}
        workload = {{ get.every = '30s', put.every = '5min' }}
        storage = {{ {storage} }}
        systems.ring.chord = {{}}
        systems.kad.kademlia = {{}}"
    );
    lab::all_with(&text, RESOURCES_TOO)
}

#[test]
fn pieces_are_found_written_and_read_by_every_placement_where_all_are_there() {
    let random = "placement = 'random-participants', repair = 'none'";
    for storage in ["pieces = 3, parity = 2, replicas = 2", &format!("{random}, pieces = 3, replicas = 2"), random] {
        let time = "{ warmup = '1min', measure = '10min' }";
        for ran in in_pieces("{ participants = 100 }", time, storage) {
            ran.assert_all_correct("get");
            ran.assert_all_correct("put");
            assert_eq!(ran.figure("availability_mean"), 1.0, "{}: {storage}", ran.id);
            assert_eq!(ran.figure("durability_ratio"), 1.0, "{}: {storage}", ran.id);
        }
    }
}

#[test]
fn a_put_of_a_resource_touches_every_holder_of_every_piece() {
    let storage = "pieces = 3, parity = 2, replicas = 2";
    for ran in in_pieces("{ participants = 100 }", "{ warmup = '1min', measure = '10min' }", storage) {
        ran.assert_near("nodes_touched_per_put", 10.0, 0.0);
        ran.assert_near("storage_overhead_ratio", 10.0 / 3.0, 0.02);
        ran.assert_near("replicas_alive_mean", 2.0, 0.01);
        assert!(ran.outcome.resources.iter().all(|row| (row.pieces, row.needed, row.lost_at) == (5, 3, None)));
    }
}

#[test]
fn temporary_churn_alone_loses_nothing_under_any_policy() {
    let random = "placement = 'random-participants', replicas = 2";
    for storage in [
        "repair = 'none', replicas = 2",
        "repair = 'eager', replicas = 2, pieces = 2, parity = 1",
        &format!("{random}, repair = 'none', pieces = 2"),
        &format!("{random}, repair.delay.after.constant = '10min'"),
    ] {
        let churn = "{ online = 100, churn.preset = 'kad' }";
        for ran in in_pieces(churn, "{ warmup = '30min', measure = '2h' }", storage) {
            assert_eq!(ran.figure("durability_ratio"), 1.0, "{}: {storage}", ran.id);
            assert_eq!(ran.figure("resources_lost"), 0.0, "{}: {storage}", ran.id);
            let never_away = ran.figure("availability_mean") == 1.0;
            // Where the overlay keeps the copies, puts bring those that are away back.
            assert!(!never_away || !storage.contains("random"), "{}: {storage}: nothing was ever away", ran.id);
            // With one machine in five online: two pieces of two copies each are there with (1 − 0.79²)² = 0.15.
            assert!(ran.figure("get_correct_ratio") > 0.1, "{}: {storage}: no gets", ran.id);
        }
    }
}

#[test]
fn a_crash_for_good_loses_resources_and_the_series_says_when() {
    let text = "seed = 7
        time = { warmup = '0s', measure = '10min', sample = '1min' }
        population.participants = 1_000
        resources.count = 2_000
        storage = { placement = 'random-participants', repair = 'none', pieces = 5, replicas = 1 }
        events = [{ crash = { at = '5min', share = 0.1 } }]
        systems.a.silent = {}";
    let (_, outcome) = &silent::all(text, RESOURCES_TOO)[0];
    let column = SERIES.index_of("resources_lost").expect("there is such a column");
    let lost: Vec<f64> = outcome.samples.iter().map(|sample| sample.values[column].expect("it applies")).collect();
    // A tenth of the machines: five pieces on five machines are all spared with probability 0.9⁵ = 0.59.
    let expected = 2_000.0 * (1.0 - power(0.9, 5));
    assert!(lost[..5].iter().all(|lost| *lost == 0.0), "{lost:?}");
    assert!((lost[9] - expected).abs() < 120.0, "{lost:?}, expected {expected}");
    let rows = outcome.resources.iter().filter(|row| row.lost_at.is_some());
    assert_eq!(rows.count() as f64, lost[9]);
    assert_eq!(figure(outcome, "resources_lost"), lost[9]);
}
