//! Rows of the time series.

use super::catalogue::{Figures, OPERATIONS, SERIES, TRAFFIC};
use super::counters::{Carried, TableCheck};
use super::metrics::Metrics;
use super::outcome::Sample;
use crate::engine::Time;

/// What is counted between two samples.
#[derive(Clone, Debug, Default)]
pub struct Interval {
    pub began: Time,
    /// Correct, incorrect, failed, by kind.
    pub decided: [[u64; 3]; 3],
    /// What had been counted when it began, less what was forgotten since: modulo 2⁶⁴.
    bytes: [u64; TRAFFIC.len()],
    /// Bytes that each machine had moved when it began, less what was forgotten since.
    moved: Vec<u64>,
}

impl Interval {
    pub fn new(machines: usize) -> Interval {
        Interval { moved: vec![0; machines], ..Interval::default() }
    }

    pub fn heap_bytes(&self) -> usize {
        self.moved.capacity() * size_of::<u64>()
    }

    /// The counters will begin at zero again, in the middle of the interval.
    pub fn counted_again(&mut self, bytes: &[u64; TRAFFIC.len()], carried: &[Carried]) {
        self.bytes.iter_mut().zip(bytes).for_each(|(before, now)| *before = before.wrapping_sub(*now));
        self.moved.iter_mut().zip(carried).for_each(|(before, now)| *before = before.wrapping_sub(now.moved()));
    }

    /// Bytes sent since it began.
    fn bytes(&self, bytes: &[u64; TRAFFIC.len()]) -> [u64; TRAFFIC.len()] {
        std::array::from_fn(|kind| bytes[kind].wrapping_sub(self.bytes[kind]))
    }

    /// Bytes that the busiest machine has moved since it began.
    fn busiest(&self, carried: &[Carried]) -> u64 {
        let moved = carried.iter().zip(&self.moved).map(|(now, before)| now.moved().wrapping_sub(*before));
        moved.max().unwrap_or(0)
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
        figures.set_some("availability", self.available_now());
        figures.set_some("resources_lost", (self.resources > 0).then(|| f64::from(self.lost_resources)));
        for (kind, bytes) in TRAFFIC.iter().zip(self.interval.bytes(&self.bytes)) {
            figures.set(&format!("{kind}_bytes_per_s"), bytes as f64 / secs);
        }
        figures.set("busiest_machine_bytes_per_s", self.interval.busiest(&self.carried) as f64 / secs);
        if check.nodes > 0 {
            figures.set("contacts_mean", check.entries as f64 / check.nodes as f64);
        }
        if check.entries > 0 {
            figures.set("table_stale_ratio", check.stale as f64 / check.entries as f64);
            figures.set("table_unreachable_ratio", check.unreachable as f64 / check.entries as f64);
        }
        let share = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        figures.set_some("successor_correct_ratio", share(check.successors_right, check.successors));
        figures.set_some("rings", check.rings.map(f64::from));
        figures.set_some("nearest_known_ratio", share(check.nearest_known, check.nearest));
        self.samples.push(Sample { at, values: figures.into_values() });
        self.interval.restart(at, &self.bytes, &self.carried);
        if self.measuring {
            self.tables.add(check);
        } else {
            self.tables_before = *check;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interval_counts_on_when_the_measurement_begins_within_it() {
        let (mut interval, mut carried, mut bytes) =
            (Interval::new(2), vec![Carried::default(); 2], [0; TRAFFIC.len()]);
        let send = |carried: &mut [Carried], bytes: &mut [u64], machine: usize, sent| {
            carried[machine].send(sent, false);
            bytes[1] += sent;
        };
        send(&mut carried, &mut bytes, 0, 700);
        interval.restart(Time::ZERO, &bytes, &carried);
        send(&mut carried, &mut bytes, 0, 50);
        interval.counted_again(&bytes, &carried);
        (carried, bytes) = (vec![Carried::default(); 2], [0; TRAFFIC.len()]);
        send(&mut carried, &mut bytes, 0, 20);
        send(&mut carried, &mut bytes, 1, 60);
        assert_eq!((interval.bytes(&bytes)[1], interval.busiest(&carried)), (130, 70));
        interval.restart(Time::ZERO, &bytes, &carried);
        assert_eq!((interval.bytes(&bytes), interval.busiest(&carried)), ([0; TRAFFIC.len()], 0));
    }
}
