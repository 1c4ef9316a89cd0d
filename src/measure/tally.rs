//! Counting operations: outcomes and causes, and of one kind latency, hops and cost.

use hdrhistogram::Histogram;

use super::metric::ratio;
use super::observer::Ended;
use super::outcome::POINTS;
use crate::engine::{Duration, Time};
use crate::model::{Cause, Operation, Verdict};

/// Latencies are kept in microseconds with three significant digits, up to two minutes, or twice what an operation may take.
const LONGEST_US: u64 = 120_000_000;
/// Stretch is kept in thousandths, up to a million.
const LARGEST_STRETCH: u64 = 1_000_000_000;

/// Operations of one kind, of all participants or of a class, by how they have ended so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Count {
    pub issued: u64,
    pub correct: u64,
    pub incorrect: u64,
    pub failed: [u64; Cause::ALL.len()],
    pub abandoned: u64,
    pub open: u64,
    /// The sum of the latencies of correct ones.
    pub latency_ns: u128,
    /// The sum of the times until failed ones ended.
    pub failed_latency_ns: u128,
}

impl Count {
    pub fn ended(&mut self, at: Time, operation: &Operation, verdict: Verdict) {
        let took = u128::from((at - operation.issued).as_nanos());
        match verdict {
            Verdict::Correct => {
                self.correct += 1;
                self.latency_ns += took;
            }
            Verdict::Incorrect => self.incorrect += 1,
            Verdict::Failed(cause) => {
                self.failed[cause as usize] += 1;
                self.failed_latency_ns += took;
            }
            Verdict::Abandoned => self.abandoned += 1,
            Verdict::Open => self.open += 1,
        }
    }

    /// Failed operations, of whatever cause.
    pub fn all_failed(&self) -> u64 {
        self.failed.iter().sum()
    }

    /// Operations that ended as correct, incorrect or failed.
    pub fn decided(&self) -> u64 {
        self.correct + self.incorrect + self.all_failed()
    }

    /// Asserts that every operation issued has ended in one way.
    pub fn assert_complete(&self, kind: &str) {
        let ended = self.decided() + self.abandoned + self.open;
        assert_eq!(self.issued, ended, "{kind}: issued is not correct + incorrect + failed + abandoned + open");
    }
}

/// The counted operations of one kind: how they have ended so far, how long they took and what they cost.
pub struct Tally {
    pub count: Count,
    latency: Histogram<u64>,
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
            count: Count::default(),
            latency: histogram(LONGEST_US.max(deadline.as_nanos() / 500)),
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
        self.count.ended(at, operation, ended.verdict);
        if ended.verdict == Verdict::Correct {
            self.correct(at, operation, ended);
        }
        if !matches!(ended.verdict, Verdict::Abandoned | Verdict::Open) {
            self.rpcs += u64::from(operation.rpcs);
            self.timeouts += u64::from(operation.timeouts);
        }
    }

    fn correct(&mut self, at: Time, operation: &Operation, ended: &Ended) {
        let latency = (at - operation.issued).as_nanos();
        self.latency.saturating_record((latency + 500) / 1000);
        self.hops[usize::from(ended.hops.expect("a correct operation ended somewhere"))] += 1;
        self.local += u64::from(ended.local);
        self.cached += u64::from(operation.cached);
        self.touched += u64::from(operation.touched);
        if let Some(round_trip) = ended.round_trip.filter(|length| length.as_nanos() > 0) {
            self.stretch.saturating_record((latency * 1000 + round_trip.as_nanos() / 2) / round_trip.as_nanos());
        }
    }

    /// The mean of a sum over the correct operations.
    fn over_correct(&self, sum: f64) -> Option<f64> {
        (self.count.correct > 0).then(|| sum / self.count.correct as f64)
    }

    pub fn latency_mean_ms(&self) -> Option<f64> {
        Some(self.over_correct(self.count.latency_ns as f64)? / 1e6)
    }

    /// A quantile of the latency.
    pub fn latency_ms(&self, p: f64) -> Option<f64> {
        (self.count.correct > 0).then(|| self.latency.value_at_quantile(p) as f64 / 1e3)
    }

    pub fn failed_latency_mean_ms(&self) -> Option<f64> {
        let failed = self.count.all_failed();
        (failed > 0).then(|| self.count.failed_latency_ns as f64 / failed as f64 / 1e6)
    }

    pub fn hops_mean(&self) -> Option<f64> {
        self.over_correct(self.hops.iter().zip(0u64..).map(|(count, hops)| count * hops).sum::<u64>() as f64)
    }

    /// The smallest number of hops that a share of at least `p` of the correct operations did not exceed.
    pub fn hops_quantile(&self, p: f64) -> Option<f64> {
        let mut seen = 0;
        let reached = self.hops.iter().position(|count| {
            seen += count;
            seen as f64 >= p * self.count.correct as f64
        });
        (self.count.correct > 0).then(|| reached.map_or(0.0, |hops| hops as f64))
    }

    pub fn rpcs_mean(&self) -> Option<f64> {
        ratio(self.rpcs, self.count.decided())
    }

    pub fn timeouts_mean(&self) -> Option<f64> {
        ratio(self.timeouts, self.count.decided())
    }

    /// A quantile of the stretch.
    pub fn stretch(&self, p: f64) -> Option<f64> {
        (!self.stretch.is_empty()).then(|| self.stretch.value_at_quantile(p) as f64 / 1e3)
    }

    pub fn local_ratio(&self) -> Option<f64> {
        ratio(self.local, self.count.correct)
    }

    pub fn touched_mean(&self) -> Option<f64> {
        ratio(self.touched, self.count.correct)
    }

    /// The latency quantiles in milliseconds.
    pub fn latency_table(&self) -> Option<[f64; POINTS]> {
        let fastest = self.latency.min() as f64 / 1e3;
        let at = |point: usize| self.latency.value_at_quantile(point as f64 / 100.0) as f64 / 1e3;
        (self.count.correct > 0).then(|| std::array::from_fn(|point| if point == 0 { fastest } else { at(point) }))
    }
}
