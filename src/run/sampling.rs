//! Rows of the time series.

use super::catalogue::{Figures, OPERATIONS, SERIES, TRAFFIC};
use super::counters::{Carried, TableCheck};
use super::metrics::Metrics;
use super::outcome::Sample;
use crate::engine::Time;

/// What is counted between two samples.
#[derive(Clone, Debug, Default)]
pub(super) struct Interval {
    pub began: Time,
    /// Correct, incorrect, failed, by kind.
    pub decided: [[u64; 3]; 3],
    /// What had been counted when it began, less what was forgotten since: modulo 2⁶⁴.
    bytes: [u64; TRAFFIC.len()],
    /// The same of the bytes that each machine has moved.
    moved: Vec<u64>,
}

impl Interval {
    pub fn new(machines: usize) -> Interval {
        Interval { moved: vec![0; machines], ..Interval::default() }
    }

    /// The counters will begin at zero again, in the middle of the interval.
    pub fn counted_again(&mut self, bytes: &[u64; TRAFFIC.len()], carried: &[Carried]) {
        self.bytes.iter_mut().zip(bytes).for_each(|(before, now)| *before = before.wrapping_sub(*now));
        self.moved.iter_mut().zip(carried).for_each(|(before, now)| *before = before.wrapping_sub(now.moved()));
    }

    /// The next one begins.
    fn restart(&mut self, at: Time, bytes: &[u64; TRAFFIC.len()], carried: &[Carried]) {
        (self.began, self.decided, self.bytes) = (at, Default::default(), *bytes);
        self.moved.iter_mut().zip(carried).for_each(|(before, now)| *before = now.moved());
    }
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
        for ((kind, bytes), before) in TRAFFIC.iter().zip(self.bytes).zip(self.interval.bytes) {
            figures.set(&format!("{kind}_bytes_per_s"), bytes.wrapping_sub(before) as f64 / secs);
        }
        let moved = self.carried.iter().zip(&self.interval.moved);
        let busiest = moved.map(|(carried, before)| carried.moved().wrapping_sub(*before)).max().unwrap_or(0);
        figures.set("busiest_machine_bytes_per_s", busiest as f64 / secs);
        if check.nodes > 0 {
            figures.set("contacts_mean", check.entries as f64 / check.nodes as f64);
        }
        if check.entries > 0 {
            figures.set("table_stale_ratio", check.stale as f64 / check.entries as f64);
            figures.set("table_unreachable_ratio", check.unreachable as f64 / check.entries as f64);
        }
        self.samples.push(Sample { at, values: figures.into_values() });
        self.interval.restart(at, &self.bytes, &self.carried);
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
