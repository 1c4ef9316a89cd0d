//! Counting the operations of one kind: outcomes, causes, latency, hops, cost.

use hdrhistogram::Histogram;

use super::catalogue::Figures;
use super::observer::Ended;
use super::outcome::POINTS;
use crate::engine::{Duration, Time};
use crate::model::{Cause, Operation, Verdict};

/// Latencies are kept in microseconds with three significant digits, up to two minutes, or twice what an operation may take.
const LONGEST_US: u64 = 120_000_000;
/// Stretch is kept in thousandths, up to a million.
const LARGEST_STRETCH: u64 = 1_000_000_000;

/// How the counted operations of one kind have ended so far.
pub struct Tally {
    pub issued: u64,
    pub correct: u64,
    pub incorrect: u64,
    pub failed: [u64; Cause::ALL.len()],
    abandoned: u64,
    open: u64,
    latency: Histogram<u64>,
    latency_sum_ns: u128,
    failed_latency_sum_ns: u128,
    hops: [u64; 256],
    stretch: Histogram<u64>,
    rpcs: u64,
    timeouts: u64,
    local: u64,
    /// Correct ones that were answered by a cached copy.
    pub cached: u64,
    touched: u64,
}

impl Tally {
    /// Of operations that fail after `deadline`.
    pub fn new(deadline: Duration) -> Tally {
        let histogram = |largest| Histogram::new_with_bounds(1, largest, 3).expect("the bounds are in order");
        Tally {
            issued: 0,
            correct: 0,
            incorrect: 0,
            failed: [0; Cause::ALL.len()],
            abandoned: 0,
            open: 0,
            latency: histogram(LONGEST_US.max(deadline.as_nanos() / 500)),
            latency_sum_ns: 0,
            failed_latency_sum_ns: 0,
            hops: [0; 256],
            stretch: histogram(LARGEST_STRETCH),
            rpcs: 0,
            timeouts: 0,
            local: 0,
            cached: 0,
            touched: 0,
        }
    }

    pub fn ended(&mut self, at: Time, operation: &Operation, ended: &Ended) {
        match ended.verdict {
            Verdict::Correct => self.correct(at, operation, ended),
            Verdict::Incorrect => self.incorrect += 1,
            Verdict::Failed(cause) => {
                self.failed[cause as usize] += 1;
                self.failed_latency_sum_ns += u128::from((at - operation.issued).as_nanos());
            }
            Verdict::Abandoned => self.abandoned += 1,
            Verdict::Open => self.open += 1,
        }
        if !matches!(ended.verdict, Verdict::Abandoned | Verdict::Open) {
            self.rpcs += u64::from(operation.rpcs);
            self.timeouts += u64::from(operation.timeouts);
        }
    }

    fn correct(&mut self, at: Time, operation: &Operation, ended: &Ended) {
        let latency = (at - operation.issued).as_nanos();
        self.correct += 1;
        self.latency.saturating_record((latency + 500) / 1000);
        self.latency_sum_ns += u128::from(latency);
        self.hops[usize::from(ended.hops.expect("a correct operation ended somewhere"))] += 1;
        self.local += u64::from(ended.local);
        self.cached += u64::from(operation.cached);
        self.touched += u64::from(operation.touched);
        if let Some(round_trip) = ended.round_trip.filter(|length| length.as_nanos() > 0) {
            self.stretch.saturating_record((latency * 1000 + round_trip.as_nanos() / 2) / round_trip.as_nanos());
        }
    }

    /// Operations that ended as correct, incorrect or failed.
    pub fn decided(&self) -> u64 {
        self.correct + self.incorrect + self.failed.iter().sum::<u64>()
    }

    /// Asserts that every operation issued has ended in one way.
    pub fn assert_complete(&self, kind: &str) {
        let ended = self.decided() + self.abandoned + self.open;
        assert_eq!(self.issued, ended, "{kind}: issued is not correct + incorrect + failed + abandoned + open");
    }

    /// Sets the columns of this kind.
    pub fn report(&self, kind: &str, figures: &mut Figures) {
        if self.issued == 0 {
            return;
        }
        let mut set = |name: &str, value: Option<f64>| figures.set_some(&format!("{kind}_{name}"), value);
        let ratio = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        let failed = self.failed.iter().sum();
        set("correct_ratio", ratio(self.correct, self.decided()));
        set("incorrect_ratio", ratio(self.incorrect, self.decided()));
        set("failed_ratio", ratio(failed, self.decided()));
        set("abandoned_ratio", ratio(self.abandoned, self.issued));
        set("open_ratio", ratio(self.open, self.issued));
        for (cause, count) in Cause::ALL.iter().zip(self.failed) {
            set(&format!("failed_{}", cause.name().replace('-', "_")), Some(count as f64));
        }
        if failed > 0 {
            set("latency_failed_mean_ms", Some(self.failed_latency_sum_ns as f64 / failed as f64 / 1e6));
        }
        set("rpcs_mean", ratio(self.rpcs, self.decided()));
        set("timeouts_mean", ratio(self.timeouts, self.decided()));
        if self.correct > 0 {
            let correct = self.correct as f64;
            set("latency_mean_ms", Some(self.latency_sum_ns as f64 / correct / 1e6));
            for (name, p) in [("latency_p50_ms", 0.5), ("latency_p90_ms", 0.9), ("latency_p99_ms", 0.99)] {
                set(name, Some(self.latency.value_at_quantile(p) as f64 / 1e3));
            }
            let hops = self.hops.iter().zip(0u64..).map(|(count, hops)| count * hops).sum::<u64>();
            set("hops_mean", Some(hops as f64 / correct));
            set("hops_p50", Some(self.hops_quantile(0.5)));
            set("hops_p99", Some(self.hops_quantile(0.99)));
        }
        if !self.stretch.is_empty() {
            for (name, p) in [("stretch_p10", 0.1), ("stretch_p50", 0.5), ("stretch_p90", 0.9)] {
                set(name, Some(self.stretch.value_at_quantile(p) as f64 / 1e3));
            }
        }
        if kind == "get" {
            set("local_ratio", ratio(self.local, self.correct));
        }
        if kind == "put" {
            figures.set_some("nodes_touched_per_put", ratio(self.touched, self.correct));
        }
        figures.set(&format!("{kind}s"), self.issued as f64);
    }

    /// The smallest number of hops that a share of at least `p` of the correct operations did not exceed.
    fn hops_quantile(&self, p: f64) -> f64 {
        let mut seen = 0;
        let reached = self.hops.iter().position(|count| {
            seen += count;
            seen as f64 >= p * self.correct as f64
        });
        reached.map_or(0.0, |hops| hops as f64)
    }

    /// The latency quantiles in milliseconds.
    pub fn latency_table(&self) -> Option<[f64; POINTS]> {
        let at = |point: usize| self.latency.value_at_quantile(point as f64 / 100.0) as f64 / 1e3;
        (self.correct > 0).then(|| std::array::from_fn(|point| if point == 0 { self.fastest_ms() } else { at(point) }))
    }

    fn fastest_ms(&self) -> f64 {
        self.latency.min() as f64 / 1e3
    }
}
