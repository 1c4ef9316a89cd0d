//! Rows of the time series.

use super::catalogue::{Figures, OPERATIONS, SERIES, TRAFFIC};
use super::counters::TableCheck;
use super::metrics::Metrics;
use super::outcome::Sample;
use crate::engine::Time;

/// What is counted between two samples.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Interval {
    pub began: Time,
    /// Correct, incorrect, failed, by kind.
    pub decided: [[u64; 3]; 3],
    pub bytes: [u64; TRAFFIC.len()],
}

impl Metrics {
    /// Takes a row of the time series: sees all events before `at` and none at it.
    pub fn sample(&mut self, at: Time, check: &TableCheck) {
        let mut figures = Figures::new(&SERIES);
        let secs = at.since(self.interval.began).as_secs_f64();
        figures.set("online", self.online.value() as f64);
        figures.set("joined", self.joined.value() as f64);
        for (kind, decided) in OPERATIONS.iter().zip(self.interval.decided) {
            let [correct, incorrect, failed] = decided;
            let total = correct + incorrect + failed;
            for (name, count) in ["correct", "incorrect", "failed"].iter().zip(decided) {
                figures.set(&format!("{kind}_{name}"), count as f64);
            }
            let ratio = (total > 0).then(|| correct as f64 / total as f64);
            figures.set_some(&format!("{kind}_correct_ratio"), ratio);
        }
        let available = self.available_now();
        figures.set_some("availability", available);
        figures.set_some("resources_lost", (self.resources > 0).then(|| f64::from(self.lost_resources)));
        for (kind, bytes) in TRAFFIC.iter().zip(self.interval.bytes) {
            figures.set(&format!("{kind}_bytes_per_s"), bytes as f64 / secs);
        }
        let busiest = self.machines.iter().map(|machine| machine.moved).max().unwrap_or(0);
        figures.set("busiest_machine_bytes_per_s", busiest as f64 / secs);
        if check.nodes > 0 {
            figures.set("contacts_mean", check.entries as f64 / check.nodes as f64);
        }
        if check.entries > 0 {
            figures.set("table_stale_ratio", check.stale as f64 / check.entries as f64);
            figures.set("table_unreachable_ratio", check.unreachable as f64 / check.entries as f64);
        }
        self.samples.push(Sample { at, values: figures.into_values() });
        self.machines.iter_mut().for_each(|machine| machine.moved = 0);
        self.interval = Interval { began: at, ..Interval::default() };
        if self.measuring {
            self.tables.nodes += check.nodes;
            self.tables.entries += check.entries;
            self.tables.stale += check.stale;
            self.tables.unreachable += check.unreachable;
            if let Some(available) = available {
                self.available_min = Some(self.available_min.unwrap_or(1.0).min(available));
            }
        }
    }
}
