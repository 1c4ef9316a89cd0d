//! Rows of the time series.

use super::catalogue::SERIES;
use super::counters::{Carried, TableCheck};
use super::metrics::Metrics;
use super::outcome::Sample;
use crate::engine::Time;
use crate::model::Traffic;

/// What is counted between two samples.
#[derive(Clone, Debug, Default)]
pub struct Interval {
    pub began: Time,
    /// Correct, incorrect, failed, by kind.
    pub decided: [[u64; 3]; 3],
    /// What had been counted when it began, less what was forgotten since: modulo 2⁶⁴.
    bytes: [u64; Traffic::ALL.len()],
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
    pub fn counted_again(&mut self, bytes: &[u64; Traffic::ALL.len()], carried: &[Carried]) {
        self.bytes.iter_mut().zip(bytes).for_each(|(before, now)| *before = before.wrapping_sub(*now));
        self.moved.iter_mut().zip(carried).for_each(|(before, now)| *before = before.wrapping_sub(now.moved()));
    }

    /// Bytes sent since it began.
    fn bytes(&self, bytes: &[u64; Traffic::ALL.len()]) -> [u64; Traffic::ALL.len()] {
        std::array::from_fn(|kind| bytes[kind].wrapping_sub(self.bytes[kind]))
    }

    /// Bytes that the busiest machine has moved since it began.
    fn busiest(&self, carried: &[Carried]) -> u64 {
        let moved = carried.iter().zip(&self.moved).map(|(now, before)| now.moved().wrapping_sub(*before));
        moved.max().unwrap_or(0)
    }

    /// The next one begins.
    fn restart(&mut self, at: Time, bytes: &[u64; Traffic::ALL.len()], carried: &[Carried]) {
        (self.began, self.decided, self.bytes) = (at, Default::default(), *bytes);
        self.moved.iter_mut().zip(carried).for_each(|(before, now)| *before = now.moved());
    }
}

/// What a row of the time series is computed from beside the counters.
#[derive(Clone, Debug)]
pub struct Instant {
    pub tables: TableCheck,
    /// Seconds since the row before.
    pub length_s: f64,
    /// Correct, incorrect, failed, by kind.
    pub decided: [[u64; 3]; 3],
    /// Bytes put on the wire, by kind of traffic.
    pub bytes: [u64; Traffic::ALL.len()],
    /// Bytes that the busiest machine has moved.
    pub busiest: u64,
}

impl Metrics {
    /// Takes a row of the time series: sees all events before `at` and none at it.
    pub fn sample(&mut self, at: Time, check: &TableCheck) {
        let now = Instant {
            tables: *check,
            length_s: at.since(self.interval.began).as_secs_f64(),
            decided: self.interval.decided,
            bytes: self.interval.bytes(&self.bytes),
            busiest: self.interval.busiest(&self.carried),
        };
        self.samples.push(Sample { at, values: SERIES.values(self, &now) });
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
            (Interval::new(2), vec![Carried::default(); 2], [0; Traffic::ALL.len()]);
        let send = |carried: &mut [Carried], bytes: &mut [u64], machine: usize, sent| {
            carried[machine].send(sent, false);
            bytes[1] += sent;
        };
        send(&mut carried, &mut bytes, 0, 700);
        interval.restart(Time::ZERO, &bytes, &carried);
        send(&mut carried, &mut bytes, 0, 50);
        interval.counted_again(&bytes, &carried);
        (carried, bytes) = (vec![Carried::default(); 2], [0; Traffic::ALL.len()]);
        send(&mut carried, &mut bytes, 0, 20);
        send(&mut carried, &mut bytes, 1, 60);
        assert_eq!((interval.bytes(&bytes)[1], interval.busiest(&carried)), (130, 70));
        interval.restart(Time::ZERO, &bytes, &carried);
        assert_eq!((interval.bytes(&bytes), interval.busiest(&carried)), ([0; Traffic::ALL.len()], 0));
    }
}
