//! Made-up results with realistic shapes, for tests and for looking at charts: a server that bears all load, a full
//! table that stores everything everywhere, and peers with uneven shares. Not a simulation.

use super::csv::RunRow;
use crate::engine::{Duration, Time};
use crate::measure::catalogue::{METRICS, QUANTILES, SERIES};
use crate::measure::outcome::{
    NodeRow, OperationRow, Outcome, Quantiles, ResourceRow, Sample, Timing, lorenz, quantile, table,
};

/// Values of a catalogue, set by name.
struct Figures {
    index_of: fn(&str) -> Option<usize>,
    values: Vec<Option<f64>>,
}

impl Figures {
    fn of_run() -> Figures {
        Figures { index_of: |name| METRICS.index_of(name), values: vec![None; METRICS.len()] }
    }

    fn of_sample() -> Figures {
        Figures { index_of: |name| SERIES.index_of(name), values: vec![None; SERIES.len()] }
    }

    fn set(&mut self, name: &str, value: impl Into<Option<f64>>) {
        self.values[(self.index_of)(name).unwrap_or_else(|| panic!("{name} is no metric"))] = value.into();
    }
}

pub(super) const SYSTEMS: [&str; 5] = ["server", "full-table", "ring", "kad20", "kad8"];

/// Run that owns its outcome.
pub(super) struct Run {
    pub axes: Vec<(String, String)>,
    pub system: &'static str,
    pub seed: u64,
    pub outcome: Outcome,
}

/// All systems at all churn rates with all seeds. The last system's first cell of `lookup_hops_mean` is missing.
pub(super) fn sweep(points: &[f64], seeds: u64) -> Vec<Run> {
    let mut runs = Vec::new();
    for point in points {
        for (kind, system) in SYSTEMS.into_iter().enumerate() {
            for seed in 42..42 + seeds {
                let axes = vec![("population.churn.time_scale".to_owned(), point.to_string())];
                let mut outcome = outcome(kind, *point, seed);
                if kind == 4 && point == &points[0] && points.len() > 1 {
                    outcome.metrics[METRICS.index_of("lookup_hops_mean").unwrap()] = None;
                }
                runs.push(Run { axes, system, seed, outcome });
            }
        }
    }
    runs
}

/// All systems once, without an axis.
pub(super) fn single() -> Vec<Run> {
    let mut runs = sweep(&[1.0], 1);
    runs.iter_mut().for_each(|run| run.axes.clear());
    runs
}

pub(super) fn rows(runs: &[Run]) -> Vec<RunRow<'_>> {
    let name = |run: &Run| {
        let axes: String = run.axes.iter().map(|(axis, value)| format!(";{axis}={value}")).collect();
        format!("{}{axes};seed={}", run.system, run.seed)
    };
    let row = |run| RunRow {
        run_id: name(run),
        axes: run.axes.clone(),
        system: run.system.to_owned(),
        seed: run.seed,
        outcome: &run.outcome,
    };
    runs.iter().map(row).collect()
}

/// Generator of numbers in \[0, 1) (Knuth's MMIX constants), so that the shapes are reproducible.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn exponential(&mut self) -> f64 {
        -libm::log(1.0 - self.roll())
    }
}

const MACHINES: usize = 1000;

fn outcome(kind: usize, scale: f64, seed: u64) -> Outcome {
    let mut dice = Dice(seed.wrapping_mul(7919) + kind as u64 * 104_729 + (scale * 1000.0) as u64);
    let mut load = Quantiles::default();
    let mut figures = Figures::of_run();
    for (name, level) in [("requests_per_online_s", 0.4), ("upload_per_online_s", 40.0), ("records", 3.0)] {
        let values = machines(kind, level, &mut dice);
        set_load(&mut figures, name, &values);
        let sorted = sorted(&values);
        let name_of_lorenz = format!("{}_lorenz_ratio", name.split("_per_").next().unwrap());
        load.columns[QUANTILES.index_of(name).unwrap()] = table(&sorted);
        load.columns[QUANTILES.index_of(&name_of_lorenz).unwrap()] = lorenz(&sorted);
    }
    for operation in ["lookup", "get", "put"] {
        set_operation(&mut figures, &mut load, operation, kind, scale, &mut dice);
    }
    set_traffic(&mut figures, kind, scale, &mut dice);
    Outcome {
        metrics: figures.values,
        samples: samples(kind, scale, &mut dice),
        events: Vec::new(),
        load,
        classes: Vec::new(),
        pairs: Vec::new(),
        nodes: vec![node(0, "participant"), node(1, "server")],
        resources: vec![resource()],
        operations: vec![operation()],
        aggregates: Vec::new(),
        fingerprint: seed,
        checkpoints: vec![(Time::from_nanos(5), seed)],
        timing: Timing::default(),
    }
}

/// Loads of machines.
fn machines(kind: usize, level: f64, dice: &mut Dice) -> Vec<f64> {
    let mut values: Vec<f64> = (0..MACHINES)
        .map(|_| match kind {
            0 => 0.0,
            1 => level * (4.0 + 0.2 * dice.roll()),
            2 => level * dice.exponential(),
            _ => level * (0.3 + dice.exponential() * dice.exponential()),
        })
        .collect();
    if kind == 0 {
        values.push(level * MACHINES as f64);
    }
    values
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

fn set_load(figures: &mut Figures, name: &str, values: &[f64]) {
    let sorted = sorted(values);
    let n = sorted.len() as f64;
    let sum: f64 = sorted.iter().sum();
    let weighted: f64 = sorted.iter().enumerate().map(|(i, value)| (i + 1) as f64 * value).sum();
    let squares: f64 = sorted.iter().map(|value| value * value).sum();
    let load = name.split("_per_").next().unwrap();
    figures.set(&format!("{name}_mean"), sum / n);
    figures.set(&format!("{load}_gini"), 2.0 * weighted / (n * sum) - (n + 1.0) / n);
    figures.set(&format!("{load}_jain"), sum * sum / (n * squares));
    // One server is not compared with itself.
    if sorted[0] > 0.0 {
        figures.set(&format!("{load}_gini_serving"), 2.0 * weighted / (n * sum) - (n + 1.0) / n);
    }
    figures.set(&format!("{load}_max_over_mean"), sorted[sorted.len() - 1] * n / sum);
    figures.set(&format!("{load}_p99_over_mean"), quantile(&sorted, 0.99).unwrap() * n / sum);
}

fn set_operation(
    figures: &mut Figures,
    load: &mut Quantiles,
    operation: &str,
    kind: usize,
    scale: f64,
    dice: &mut Dice,
) {
    let wrong = [0.002, 0.004, 0.03, 0.01, 0.02][kind] / scale.max(0.05) * (0.8 + 0.4 * dice.roll());
    figures.set(&format!("{operation}s"), 60_000.0);
    figures.set(&format!("{operation}_correct_ratio"), (1.0 - wrong).max(0.0));
    figures.set(&format!("{operation}_failed_ratio"), (wrong * 0.7).min(0.7));
    figures.set(&format!("{operation}_incorrect_ratio"), (wrong * 0.3).min(0.3));
    figures.set(&format!("{operation}_abandoned_ratio"), 0.004);
    if operation == "put" && kind == 0 {
        return;
    }
    let median = [110.0, 0.0, 620.0, 410.0, 480.0][kind] * if operation == "put" { 1.6 } else { 1.0 };
    let mut times: Vec<f64> = (0..2000)
        .map(|_| median * libm::pow(dice.roll() + dice.roll(), 1.5) + if dice.roll() < 0.02 { 1500.0 } else { 0.0 })
        .collect();
    if kind == 1 {
        times.iter_mut().for_each(|time| *time = if *time > 0.0 { *time } else { 0.0 });
    }
    times.sort_unstable_by(f64::total_cmp);
    load.columns[QUANTILES.index_of(&format!("{operation}_latency_ms")).unwrap()] = table(&times);
    for (statistic, p) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99)] {
        figures.set(&format!("{operation}_latency_{statistic}_ms"), quantile(&times, p));
    }
    figures
        .set(&format!("{operation}_hops_mean"), [1.0, 0.0, 5.2, 2.1, 2.6][kind] + 0.2 / scale.max(0.1) * dice.roll());
    figures.set(&format!("{operation}_rpcs_mean"), [1.0, 0.0, 6.1, 22.4, 12.2][kind]);
}

fn set_traffic(figures: &mut Figures, kind: usize, scale: f64, dice: &mut Dice) {
    let lookup = [4.1, 0.0, 16.0, 61.0, 33.0][kind] * (0.95 + 0.1 * dice.roll());
    let maintenance = [0.0, 260.0, 55.0, 18.0, 12.0][kind] / (0.4 + 0.6 * scale);
    let storage = [9.0, 95.0, 21.0, 27.0, 26.0][kind];
    let sum = lookup + maintenance + storage;
    figures.set("lookup_bytes_per_online_s_mean", lookup);
    figures.set("maintenance_bytes_per_online_s_mean", maintenance);
    figures.set("storage_bytes_per_online_s_mean", storage);
    figures.set("bytes_per_online_s_mean", sum);
    figures.set("bytes_total", sum * MACHINES as f64 * 21_600.0);
    figures.set("machine_bytes_per_s_mean", 2.0 * sum);
    figures.set("busiest_machine_bytes_per_s", 2.0 * sum * [520.0, 1.3, 6.1, 9.2, 8.4][kind]);
    figures.set("busiest_machine_share_ratio", [0.5, 0.0013, 0.0061, 0.0092, 0.0084][kind]);
    figures.set("contacts_mean", [1.0, 999.0, 24.0, 118.0, 52.0][kind]);
    figures.set("availability_mean", 1.0 - [0.01, 0.0, 0.02, 0.015, 0.018][kind] / scale.max(0.05));
    if kind == 0 {
        figures.set("server_wait_mean_ms", 0.21);
        figures.set("server_wait_ratio", 0.41);
        figures.set("server_utilisation_ratio", 0.41);
    } else {
        figures.set("table_stale_ratio", [0.0, 0.02, 0.05, 0.11, 0.09][kind] / (0.5 + 0.5 * scale));
    }
}

fn samples(kind: usize, scale: f64, dice: &mut Dice) -> Vec<Sample> {
    // Who is there does not depend on the system.
    let mut crowd = Dice(7);
    (1..=180)
        .map(|minute| {
            let mut figures = Figures::of_sample();
            let hour = minute as f64 / 60.0;
            let online = (1000.0 + 25.0 * libm::sin(hour * 2.1) + 8.0 * crowd.roll()).round();
            figures.set("online", online);
            figures.set("joined", online * [1.0, 0.995, 0.985, 0.99, 0.988][kind]);
            let crash = if (60..75).contains(&minute) { (75 - minute) as f64 / 50.0 } else { 0.0 };
            for operation in ["lookup", "get"] {
                let share = 1.0
                    - [0.002, 0.004, 0.03, 0.01, 0.02][kind] * (1.0 + dice.roll()) / scale
                    - crash * [0.0, 0.1, 0.6, 0.3, 0.4][kind];
                figures.set(&format!("{operation}_correct"), 1000.0 * share.max(0.0));
                // The server is down for a while: nothing is decided, the cell is empty.
                if !(kind == 0 && (100..115).contains(&minute)) {
                    figures.set(&format!("{operation}_correct_ratio"), share.clamp(0.0, 1.0));
                }
            }
            Sample { at: Time::ZERO + Duration::from_secs(7_200 + 60 * minute), values: figures.values }
        })
        .collect()
}

fn node(machine: u32, role: &'static str) -> NodeRow {
    NodeRow {
        machine,
        role,
        class: None,
        online_s: 3600.0,
        requests_per_online_s: Some(0.5),
        upload_per_online_s: Some(12.25),
        records_mean: None,
        bytes_sent: 100,
        bytes_received: 200,
        contacts: Some(12),
        peers_contacted: Some(7),
    }
}

fn resource() -> ResourceRow {
    let lost_at = Some(Time::from_nanos(1_500_000_000));
    ResourceRow {
        resource: 0,
        rank: 1,
        size: 4096,
        pieces: 8,
        needed: 5,
        lost_at,
        expired: false,
        availability_mean: 0.25,
    }
}

fn operation() -> OperationRow {
    OperationRow {
        participant: 3,
        session: 0,
        number: 1,
        kind: "get",
        issued: Time::from_nanos(1_500_000_000),
        outcome: "failed",
        cause: "timeout",
        latency_ms: None,
        hops: None,
        rpcs: 4,
        timeouts: 4,
    }
}
