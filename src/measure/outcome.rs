//! What one run leaves in memory. `report/` writes it to files; nothing else is known of a run afterwards.

use super::catalogue::QUANTILES;
use super::observer::Ended;
use crate::engine::Time;
use crate::model::{Operation, Verdict};
use crate::scenario::Aggregate;

pub use crate::engine::quantile::quantile;

/// One run's figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Parallel to [`super::catalogue::METRICS`]; `None`: does not apply, an empty cell.
    pub metrics: Vec<Option<f64>>,
    /// In the order of time.
    pub samples: Vec<Sample>,
    /// The events of the scenario file, in the order of time.
    pub events: Vec<Mark>,
    pub load: Quantiles,
    /// By class of participants, in the order of the scenario; none without classes.
    pub classes: Vec<ClassRow>,
    /// By the classes of NAT of both ends; only where machines dial each other.
    pub pairs: Vec<PairRow>,
    /// By machine.
    pub nodes: Vec<NodeRow>,
    /// By number; only if asked for.
    pub resources: Vec<ResourceRow>,
    /// By participant, session, number; only if asked for.
    pub operations: Vec<OperationRow>,
    /// What the scenario expects something of; `None`: no operation was chosen.
    pub aggregates: Vec<(Aggregate, Option<f64>)>,
    /// Over everything observable.
    pub fingerprint: u64,
    /// The fingerprint at several instants, so that a mismatch says when.
    pub checkpoints: Vec<(Time, u64)>,
    pub timing: Timing,
}

/// What was seen at one instant, and counted since the one before.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    pub at: Time,
    /// Parallel to [`super::catalogue::SERIES`].
    pub values: Vec<Option<f64>>,
}

/// An event of the scenario file, as charts over time show it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    pub at: Time,
    /// A few words.
    pub label: String,
}

/// Points of a quantile table: 0.00, 0.01 … 1.00.
pub const POINTS: usize = 101;

/// 101-point tables, parallel to [`QUANTILES`]; `None`: there was nothing to take quantiles of.
#[derive(Clone, Debug, PartialEq)]
pub struct Quantiles {
    pub columns: Vec<Option<[f64; POINTS]>>,
}

impl Default for Quantiles {
    fn default() -> Self {
        Quantiles { columns: vec![None; QUANTILES.len()] }
    }
}

/// The values in ascending order.
pub fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// The 101 quantiles of ascending values.
pub fn table(sorted: &[f64]) -> Option<[f64; POINTS]> {
    (!sorted.is_empty()).then(|| std::array::from_fn(|i| quantile(sorted, i as f64 / 100.0).expect("there are values")))
}

/// The Lorenz curve of ascending, non-negative values at 0.00, 0.01 … 1.00: the share of the sum that the smallest p·n
/// values make up, linear between them (M. O. Lorenz, Publ. of the American Statistical Association 9, 1905). The
/// straight line if all are zero. `None` without values.
pub fn lorenz(sorted: &[f64]) -> Option<[f64; POINTS]> {
    if sorted.is_empty() {
        return None;
    }
    let sums: Vec<f64> = std::iter::once(0.0)
        .chain(sorted.iter().scan(0.0, |sum, value| {
            *sum += value;
            Some(*sum)
        }))
        .collect();
    let total = sums[sorted.len()];
    Some(std::array::from_fn(|i| match total > 0.0 {
        true => quantile(&sums, i as f64 / 100.0).expect("there are sums") / total,
        false => i as f64 / 100.0,
    }))
}

/// The figures of a class of participants, from the end of the warm-up.
#[derive(Clone, Debug, PartialEq)]
pub struct ClassRow {
    pub class: String,
    /// Parallel to [`super::catalogue::CLASSES`].
    pub values: Vec<Option<f64>>,
}

/// How dials from machines behind one class of NAT to machines behind another ended, from the end of the warm-up.
#[derive(Clone, Debug, PartialEq)]
pub struct PairRow {
    /// The class of who dialled.
    pub from: &'static str,
    /// The class of whom it dialled.
    pub reached: &'static str,
    /// Parallel to [`super::catalogue::PAIRS`].
    pub values: Vec<Option<f64>>,
}

/// One machine's figures, from the end of the warm-up.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeRow {
    pub machine: u32,
    /// `participant` or `server`.
    pub role: &'static str,
    /// Index of the class in [`Outcome::classes`]; `None` without classes, and of a server.
    pub class: Option<usize>,
    /// Seconds online.
    pub online_s: f64,
    /// `None` of a rate or mean: never online.
    pub requests_per_online_s: Option<f64>,
    pub upload_per_online_s: Option<f64>,
    /// Time mean of the records held while online.
    pub records_mean: Option<f64>,
    pub bytes_sent: u64,
    pub bytes_received: u64,
    /// Routing entries held at the end, by all its nodes; `None`: none of them has joined then.
    pub contacts: Option<u64>,
    /// Different nodes that it sent a packet to; `None`: it is not among the machines for which this is counted.
    pub peers_contacted: Option<u32>,
}

/// What became of one resource.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceRow {
    /// Number of the resource.
    pub resource: u32,
    /// Rank by popularity at the start of the run, from 1.
    pub rank: u32,
    /// Bytes, as drawn at the start.
    pub size: u32,
    /// Pieces that there are of it, and those that give it back.
    pub pieces: u32,
    pub needed: u32,
    /// When fewer pieces than needed were left on any disk; `None`: it was not lost.
    pub lost_at: Option<Time>,
    /// Whether the loss is one of copies that expired, not of copies that went with their machines.
    pub expired: bool,
    /// Share of the measurement in which it could be had.
    pub availability_mean: f64,
}

/// One operation, issued in the measurement.
#[derive(Clone, Debug, PartialEq)]
pub struct OperationRow {
    /// Number of the machine: of the first incarnation the participant's.
    pub participant: u32,
    /// The machine's sessions count from 0.
    pub session: u32,
    /// Number of the operation in its session, from 0.
    pub number: u32,
    /// `lookup`, `get` or `put`.
    pub kind: &'static str,
    pub issued: Time,
    /// `correct`, `incorrect`, `failed`, `abandoned` or `open`.
    pub outcome: &'static str,
    /// Of a failure; empty otherwise.
    pub cause: &'static str,
    /// From issue to answer; `None` without one.
    pub latency_ms: Option<f64>,
    /// Of correct operations.
    pub hops: Option<u32>,
    pub rpcs: u32,
    pub timeouts: u32,
}

impl OperationRow {
    /// The row of an operation that ended so.
    pub fn of(at: Time, operation: &Operation, ended: &Ended) -> OperationRow {
        let answered = !matches!(ended.verdict, Verdict::Abandoned | Verdict::Open);
        OperationRow {
            participant: operation.node.0,
            session: operation.session,
            number: operation.number,
            kind: operation.kind.name(),
            issued: operation.issued,
            outcome: ended.verdict.name(),
            cause: if let Verdict::Failed(cause) = ended.verdict { cause.name() } else { "" },
            latency_ms: answered.then(|| (at - operation.issued).as_millis_f64()),
            hops: ended.hops.map(u32::from),
            rpcs: operation.rpcs,
            timeouts: operation.timeouts,
        }
    }
}

/// What a run cost the simulator, as far as it is the same on every machine.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Timing {
    /// Events processed, late time-outs apart.
    pub events: u64,
    /// Events of the measurement.
    pub measured_events: u64,
    /// Time-out timers that found nothing to do.
    pub late_timeouts: u64,
    /// Node-seconds simulated online, warm-up included.
    pub online_node_seconds: f64,
    /// Node-seconds online in the measurement.
    pub measured_online_node_seconds: f64,
    /// Memory by part, at the end of the run.
    pub bytes_by_part: Vec<(&'static str, u64)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_r_and_numpy() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        assert_eq!(quantile(&sorted, 0.0), Some(1.0));
        assert_eq!(quantile(&sorted, 0.25), Some(1.75));
        assert_eq!(quantile(&sorted, 0.5), Some(3.0));
        assert_eq!(quantile(&sorted, 0.75), Some(5.0));
        assert_eq!(quantile(&sorted, 1.0), Some(8.0));
        assert_eq!(quantile(&[5.0], 0.3), Some(5.0));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn a_lorenz_curve_keeps_the_share_of_one_server() {
        let mut values = vec![1.0; 1000];
        values.push(1000.0);
        let curve = lorenz(&values).unwrap();
        assert!((curve[50] - 0.25025).abs() < 1e-12, "half the machines, a quarter of the load: {}", curve[50]);
        assert!((curve[99] - 0.495_495).abs() < 1e-6, "{}", curve[99]);
        assert_eq!((curve[0], curve[100]), (0.0, 1.0));
    }

    #[test]
    fn an_even_load_has_the_straight_line_and_so_has_none_at_all() {
        for load in [3.0, 0.0] {
            let curve = lorenz(&[load; 7]).unwrap();
            assert!(curve.iter().enumerate().all(|(i, share)| (share - i as f64 / 100.0).abs() < 1e-12));
        }
    }
}
