//! Propagation: the one-way delay between two machines, without links and queues.
//!
//! Every model gives a delay that is the same both ways and stable over a run, and stores nothing per pair: it is a
//! function of a hash of the pair, or of what was drawn for each of the two machines. A participant's draws are keyed
//! by its own number and a server's by its number among the servers, so that neither depends on how many there are.

use std::sync::Arc;

use super::matrix::Matrix;
use crate::engine::random::hash_pair;
use crate::engine::{Duration, Noise, Purpose, Source, Streams, prefetch, standard_normal};

/// A law of one-way delays between machines.
#[derive(Clone, Debug, PartialEq)]
pub enum Latency {
    /// The same for all pairs.
    Constant(Duration),
    /// Uniform on `[low, high)`, for each pair.
    Uniform { low: Duration, high: Duration },
    /// Lognormal for each pair, with the standard deviation of the logarithm. Like the King data set (Gummadi et al.
    /// 2002): a median of 78 ms one-way and σ = 0.51, that is round trips with a median of 156 and a mean of 178 ms.
    Lognormal { median: Duration, sigma: f64 },
    /// Machines are points drawn uniformly in a square of this width, delay is their distance: 0.5214 × width on average.
    Plane { width: Duration },
    /// Measured delays; each machine stands at a row drawn uniformly, with replacement.
    Matrix(Arc<Matrix>),
}

/// Where a participant is; what it draws depends on the model.
const PLACE: Purpose = Purpose::new("place");
const SERVER_PLACE: Purpose = Purpose::new("server-place");
const PAIR: Purpose = Purpose::new("pair-delay");

/// A [`Latency`] with what it has drawn for every machine.
#[derive(Clone, Debug)]
pub(super) enum Propagation {
    Constant(Duration),
    Uniform {
        salt: u64,
        low: Duration,
        span: u64,
    },
    Lognormal {
        salt: u64,
        median: Duration,
        sigma: f64,
    },
    /// Positions as shares of the width: 8 bytes a machine, and at 150 ms still steps of 9 ns.
    Plane {
        width_nanos: f64,
        positions: Vec<[f32; 2]>,
    },
    Matrix {
        matrix: Arc<Matrix>,
        rows: Vec<u32>,
    },
}

impl Propagation {
    /// Draws what `latency` needs for each participant and server.
    pub(super) fn new(latency: &Latency, streams: &Streams, participants: u32, servers: u32) -> Propagation {
        let salt = streams.salt(PAIR);
        let places = || {
            let participants = (0..participants).map(|number| streams.stream(PLACE, u64::from(number)));
            participants.chain((0..servers).map(|number| streams.stream(SERVER_PLACE, u64::from(number))))
        };
        match latency {
            Latency::Constant(delay) => Propagation::Constant(*delay),
            Latency::Uniform { low, high } => {
                assert!(low <= high, "uniform delays from {low} to {high}");
                Propagation::Uniform { salt, low: *low, span: high.as_nanos() - low.as_nanos() }
            }
            Latency::Lognormal { median, sigma } => {
                assert!(*sigma >= 0.0, "lognormal delays with σ = {sigma}");
                Propagation::Lognormal { salt, median: *median, sigma: *sigma }
            }
            Latency::Plane { width } => {
                let positions = places().map(|mut place| [place.unit() as f32, place.unit() as f32]).collect();
                Propagation::Plane { width_nanos: width.as_nanos() as f64, positions }
            }
            Latency::Matrix(matrix) => {
                let rows = places().map(|mut place| place.below(u64::from(matrix.hosts())) as u32).collect();
                Propagation::Matrix { matrix: Arc::clone(matrix), rows }
            }
        }
    }

    /// The delay between two different machines; `participants` is the number of the first server.
    pub(super) fn between(&self, participants: u32, a: u32, b: u32) -> Duration {
        // Servers count down from the top, so that no participant's pairs depend on how many participants there are.
        let identity = |machine: u32| machine.checked_sub(participants).map_or(machine, |server| u32::MAX - server);
        let hash = |salt| hash_pair(salt, identity(a), identity(b));
        match self {
            Propagation::Constant(delay) => *delay,
            Propagation::Uniform { salt, low, span } => {
                *low + Duration::from_nanos(((u128::from(hash(*salt)) * u128::from(*span)) >> 64) as u64)
            }
            Propagation::Lognormal { salt, median, sigma } => {
                // Drawn anew for every packet of the pair, always the same: 25 ns are cheaper than a table of pairs.
                median.mul_f64(libm::exp(sigma * standard_normal(&mut Noise::new(hash(*salt)))))
            }
            Propagation::Plane { width_nanos, positions } => {
                let ([ax, ay], [bx, by]) = (positions[a as usize], positions[b as usize]);
                let (dx, dy) = (f64::from(ax - bx), f64::from(ay - by));
                Duration::from_nanos(((dx * dx + dy * dy).sqrt() * width_nanos + 0.5) as u64)
            }
            Propagation::Matrix { matrix, rows } => matrix.one_way(rows[a as usize], rows[b as usize]),
        }
    }

    pub(super) fn prefetch(&self, machine: u32) {
        match self {
            Propagation::Plane { positions, .. } => prefetch(&positions[machine as usize]),
            Propagation::Matrix { rows, .. } => prefetch(&rows[machine as usize]),
            _ => {}
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Propagation::Plane { positions, .. } => positions.capacity() * size_of::<[f32; 2]>(),
            Propagation::Matrix { matrix, rows } => rows.capacity() * size_of::<u32>() + matrix.heap_bytes(),
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Holds, Unit};

    const MACHINES: u32 = 700;
    const SERVERS: u32 = 2;

    fn all_models() -> Vec<Latency> {
        let matrix = Matrix::parse("test", "0 10 20\n10 0 30\n20 30 0\n", Holds::OneWay, Unit::Ms);
        vec![
            Latency::Constant(Duration::from_millis(50)),
            Latency::Uniform { low: Duration::from_millis(10), high: Duration::from_millis(90) },
            Latency::Lognormal { median: Duration::from_millis(78), sigma: 0.51 },
            Latency::Plane { width: Duration::from_millis(150) },
            Latency::Matrix(Arc::new(matrix.unwrap())),
        ]
    }

    /// One-way delays of all pairs in ms, sorted.
    fn delays(latency: &Latency) -> Vec<f64> {
        let propagation = Propagation::new(latency, &Streams::new(1), MACHINES, 0);
        let pairs = (0..MACHINES).flat_map(|a| (0..a).map(move |b| (a, b)));
        let mut delays: Vec<_> = pairs.map(|(a, b)| propagation.between(MACHINES, a, b).as_millis_f64()).collect();
        delays.sort_by(f64::total_cmp);
        delays
    }

    fn mean(values: &[f64]) -> f64 {
        values.iter().sum::<f64>() / values.len() as f64
    }

    fn assert_near(found: f64, expected: f64, share: f64) {
        assert!((found / expected - 1.0).abs() < share, "{found} instead of {expected} ± {}", share * expected);
    }

    #[test]
    fn constant_delays_are_constant() {
        assert!(delays(&all_models()[0]).iter().all(|&delay| delay == 50.0));
    }

    #[test]
    fn uniform_delays_fill_their_range_evenly() {
        let delays = delays(&all_models()[1]);
        assert!(delays[0] >= 10.0 && delays[0] < 10.01 && delays[delays.len() - 1] < 90.0);
        assert_near(mean(&delays), 50.0, 0.003);
        assert_near(delays[delays.len() / 4], 30.0, 0.01);
    }

    #[test]
    fn lognormal_round_trips_have_the_median_and_mean_of_king() {
        let delays = delays(&all_models()[2]);
        assert_near(2.0 * delays[delays.len() / 2], 156.0, 0.005);
        assert_near(2.0 * mean(&delays), 178.0, 0.005);
    }

    #[test]
    fn machines_on_a_plane_are_half_a_width_apart_on_average() {
        // Each machine in one pair only, so that the pairs are independent: a standard error of 0.15 %.
        let machines = 200_000;
        let propagation = Propagation::new(&all_models()[3], &Streams::new(1), machines, 0);
        let pairs = (0..machines).step_by(2).map(|a| propagation.between(machines, a, a + 1).as_millis_f64());
        let delays: Vec<f64> = pairs.collect();
        assert_near(mean(&delays), 0.5214 * 150.0, 0.005);
        assert!(delays.iter().all(|&delay| delay <= 150.0 * 2f64.sqrt()));
    }

    #[test]
    fn delays_are_the_same_both_ways_and_in_every_run_with_the_seed() {
        for latency in all_models() {
            let make = || Propagation::new(&latency, &Streams::new(5), 50, SERVERS);
            let (first, again) = (make(), make());
            for (a, b) in (0..52).flat_map(|a| (0..a).map(move |b| (a, b))) {
                assert_eq!(first.between(50, a, b), first.between(50, b, a), "{latency:?}");
                assert_eq!(first.between(50, a, b), again.between(50, a, b), "{latency:?}");
            }
        }
    }

    #[test]
    fn more_participants_change_no_delay_between_those_and_the_servers_there_were() {
        for latency in all_models() {
            let few = Propagation::new(&latency, &Streams::new(5), 20, SERVERS);
            let many = Propagation::new(&latency, &Streams::new(5), 80, SERVERS);
            for (a, b) in (0..20).flat_map(|a| (0..a).map(move |b| (a, b))) {
                assert_eq!(few.between(20, a, b), many.between(80, a, b), "{latency:?}");
            }
            for (participant, server) in (0..20).flat_map(|a| (0..SERVERS).map(move |b| (a, b))) {
                assert_eq!(few.between(20, participant, 20 + server), many.between(80, participant, 80 + server));
            }
        }
    }
}
