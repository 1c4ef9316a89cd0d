//! Propagation delay: the one-way delay between two machines, without links and queues.
//!
//! Every model gives a delay that is symmetric and constant over a run, and stores nothing per pair: it is a function
//! of a hash of the pair, or of draws for each of the two machines. A participant's draws are keyed by its own number,
//! a server's by its number among the servers, so that neither depends on how many there are.

use std::sync::Arc;

use super::coordinates::Coordinates;
use super::inflation::{Inflated, Inflation};
use super::machines::Machines;
use super::matrix::Matrix;
use super::regions::Regions;
use crate::engine::random::hash_pair;
use crate::engine::{Duration, Noise, Purpose, Source, Streams, prefetch_at, standard_normal};

/// Model of one-way delays between machines.
#[derive(Clone, Debug, PartialEq)]
pub enum Latency {
    /// Constant delay of all pairs.
    Constant(Duration),
    /// Uniform delay on `[low, high)` for each pair.
    Uniform { low: Duration, high: Duration },
    /// Lognormal delay for each pair, by the median and the standard deviation of the logarithm. Like the King data set
    /// (Gummadi et al. 2002): a median of 78 ms one-way and σ = 0.51, that is, round-trip times with a median of 156
    /// and a mean of 178 ms.
    Lognormal { median: Duration, sigma: f64 },
    /// Plane: machines at uniformly random points of a square of this width; the delay is the distance, 0.5214 × width
    /// on average.
    Plane { width: Duration },
    /// Measured delays; each machine is assigned a row drawn uniformly, with replacement, or that of its number.
    Matrix(Arc<Matrix>),
    /// Regions: lognormal delay for each pair around the median of the machines' regions.
    Regions(Arc<Regions>),
    /// Network coordinates of measured hosts; each machine is assigned a host drawn uniformly, with replacement.
    Coordinates(Arc<Coordinates>),
}

impl Latency {
    /// Regions of the model, if it has any.
    pub fn regions(&self) -> Option<&Regions> {
        match self {
            Latency::Regions(regions) => Some(regions),
            _ => None,
        }
    }
}

/// Stream of a machine's position; the number of draws depends on the model.
const PLACE: Purpose = Purpose::new("place");
const SERVER_PLACE: Purpose = Purpose::new("server-place");
const PAIR: Purpose = Purpose::new("pair-delay");

/// [`Latency`] with its draws for every machine. The variant is tested a few times for every packet: the discriminant
/// has a byte of its own, not a niche in another field.
#[derive(Clone, Debug)]
#[repr(u8)]
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
    /// Positions as shares of the width: 8 bytes per machine; at 150 ms still steps of 9 ns.
    Plane {
        width_nanos: f64,
        positions: Vec<[f32; 2]>,
    },
    Matrix {
        matrix: Arc<Matrix>,
        rows: Vec<u32>,
    },
    /// Region of each machine: one byte.
    Regions {
        salt: u64,
        regions: Arc<Regions>,
        of: Vec<u8>,
    },
    Coordinates {
        coordinates: Arc<Coordinates>,
        rows: Vec<u32>,
    },
    /// Another model with some pairs inflated. Boxed, so that the other variants do not pay for it.
    Inflated(Box<Inflated>),
}

/// Identity of a machine in hashes and streams. Servers count down from the top, so that no draw of a participant
/// depends on the number of participants, and none of a server either.
pub(super) fn identity(participants: u32, machine: u32) -> u32 {
    machine.checked_sub(participants).map_or(machine, |server| u32::MAX - server)
}

fn lognormal(median: Duration, sigma: f64, hash: u64) -> Duration {
    // Drawn anew for every packet of the pair, always the same: 25 ns are cheaper than a table of pairs.
    median.mul_f64(libm::exp(sigma * standard_normal(&mut Noise::new(hash))))
}

#[inline(always)]
fn on_plane(width_nanos: f64, positions: &[[f32; 2]], a: u32, b: u32) -> Duration {
    let ([ax, ay], [bx, by]) = (positions[a as usize], positions[b as usize]);
    let (dx, dy) = (f64::from(ax - bx), f64::from(ay - by));
    // Over i64, to which there is an instruction.
    Duration::from_nanos(((dx * dx + dy * dy).sqrt() * width_nanos + 0.5) as i64 as u64)
}

impl Propagation {
    /// Draws the position of each participant and server.
    pub(super) fn new(latency: &Latency, streams: &Streams, participants: u32, servers: u32) -> Propagation {
        let salt = streams.salt(PAIR);
        let places = || {
            let participants = (0..participants).map(|number| streams.stream(PLACE, u64::from(number)));
            participants.chain((0..servers).map(|number| streams.stream(SERVER_PLACE, u64::from(number))))
        };
        let rows = |hosts: u32| places().map(|mut place| place.below(hosts.into()) as u32).collect();
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
                let drawn: Vec<u32> = rows(matrix.hosts());
                let rows = (0..).zip(drawn).map(|(machine, row)| matrix.row_of(machine).unwrap_or(row)).collect();
                Propagation::Matrix { matrix: Arc::clone(matrix), rows }
            }
            Latency::Regions(regions) => {
                let of = (0..participants).map(|number| regions.of_participant(streams, number));
                let of = of.chain(std::iter::repeat_n(regions.servers, servers as usize)).collect();
                Propagation::Regions { salt, regions: Arc::clone(regions), of }
            }
            Latency::Coordinates(coordinates) => {
                Propagation::Coordinates { coordinates: Arc::clone(coordinates), rows: rows(coordinates.hosts()) }
            }
        }
    }

    /// Assigns machines to the regions that they have instead of the plan's, if there are regions.
    pub(super) fn settle(&mut self, machines: &Machines) {
        let Propagation::Regions { of, .. } = self else { return };
        of[..machines.regions.len()].copy_from_slice(&machines.regions);
        let servers = &mut of[machines.participants as usize..];
        for (place, site) in servers.iter_mut().zip(&machines.servers) {
            *place = site.region.unwrap_or(*place);
        }
    }

    /// Delay model with some pairs inflated.
    pub(super) fn inflated(self, inflation: Inflation, streams: &Streams) -> Propagation {
        Propagation::Inflated(Box::new(Inflated::new(self, inflation, streams)))
    }

    /// Region of a machine by its number, if there are regions.
    pub(super) fn region(&self, machine: u32) -> Option<u8> {
        match self {
            Propagation::Regions { of, .. } => Some(of[machine as usize]),
            Propagation::Inflated(inflated) => inflated.direct.region(machine),
            _ => None,
        }
    }

    /// One-way delay between two different machines; `participants` is the number of the first server.
    #[inline(always)]
    pub(super) fn between(&self, participants: u32, a: u32, b: u32) -> Duration {
        match self {
            Propagation::Plane { width_nanos, positions } => on_plane(*width_nanos, positions, a, b),
            other => other.elsewhere(participants, a, b),
        }
    }

    #[inline(never)]
    fn elsewhere(&self, participants: u32, a: u32, b: u32) -> Duration {
        let hash = |salt| hash_pair(salt, identity(participants, a), identity(participants, b));
        match self {
            Propagation::Constant(delay) => *delay,
            Propagation::Uniform { salt, low, span } => {
                *low + Duration::from_nanos(((u128::from(hash(*salt)) * u128::from(*span)) >> 64) as u64)
            }
            Propagation::Lognormal { salt, median, sigma } => lognormal(*median, *sigma, hash(*salt)),
            Propagation::Plane { .. } => unreachable!("it is asked first"),
            Propagation::Matrix { matrix, rows } => matrix.one_way(rows[a as usize], rows[b as usize]),
            Propagation::Regions { salt, regions, of } => {
                let (median, sigma) = regions.law(of[a as usize], of[b as usize]);
                lognormal(median, sigma, hash(*salt))
            }
            Propagation::Coordinates { coordinates, rows } => coordinates.one_way(rows[a as usize], rows[b as usize]),
            Propagation::Inflated(inflated) => inflated.between(participants, a, b),
        }
    }

    #[inline(always)]
    pub(super) fn prefetch(&self, machine: u32) {
        // Asked for every event: of regions a byte a machine is near anyway, and a call of itself would not be inlined.
        if let Propagation::Plane { positions, .. } = self {
            prefetch_at(positions, machine as usize);
        } else if let Propagation::Matrix { rows, .. } | Propagation::Coordinates { rows, .. } = self {
            prefetch_at(rows, machine as usize);
        }
    }

    pub(super) fn heap_bytes(&self) -> usize {
        match self {
            Propagation::Plane { positions, .. } => positions.capacity() * size_of::<[f32; 2]>(),
            Propagation::Matrix { matrix, rows } => rows.capacity() * size_of::<u32>() + matrix.heap_bytes(),
            Propagation::Regions { of, .. } => of.capacity(),
            Propagation::Coordinates { coordinates, rows } => {
                rows.capacity() * size_of::<u32>() + coordinates.heap_bytes()
            }
            Propagation::Inflated(inflated) => size_of::<Inflated>() + inflated.direct.heap_bytes(),
            Propagation::Constant(_) | Propagation::Uniform { .. } | Propagation::Lognormal { .. } => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{Format, Holds, Layout, Unit};

    const MACHINES: u32 = 700;
    const SERVERS: u32 = 2;

    fn all_models() -> Vec<Latency> {
        let matrix = Matrix::parse("test", "0 10 20\n10 0 30\n20 30 0\n", Format::new(Holds::OneWay, Unit::Ms));
        let layout = Layout { dimensions: 2, height: true, holds: Holds::OneWay, unit: Unit::Ms, names: None };
        let coordinates = Coordinates::parse("test", "0 10 1\n10 0 2\n20 30 0\n", layout);
        vec![
            Latency::Constant(Duration::from_millis(50)),
            Latency::Uniform { low: Duration::from_millis(10), high: Duration::from_millis(90) },
            Latency::Lognormal { median: Duration::from_millis(78), sigma: 0.51 },
            Latency::Plane { width: Duration::from_millis(150) },
            Latency::Matrix(Arc::new(matrix.unwrap())),
            Latency::Regions(Arc::new(Regions::world())),
            Latency::Coordinates(Arc::new(coordinates.unwrap())),
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
    fn delays_between_regions_have_the_medians_and_the_spread_of_the_table() {
        let world = Regions::world();
        let machines = 2_000;
        let propagation = Propagation::new(&Latency::Regions(Arc::new(world.clone())), &Streams::new(1), machines, 0);
        let mut delays = vec![Vec::new(); 100];
        for (a, b) in (0..machines).flat_map(|a| (0..a).map(move |b| (a, b))) {
            let [one, other] = [a, b].map(|machine| propagation.region(machine).unwrap());
            let pair = usize::from(one.min(other)) * 10 + usize::from(one.max(other));
            delays[pair].push(propagation.between(machines, a, b).as_secs_f64());
        }
        for (one, other) in (0..10u8).flat_map(|one| (one..10).map(move |other| (one, other))) {
            let delays = &mut delays[usize::from(one) * 10 + usize::from(other)];
            delays.sort_by(f64::total_cmp);
            let (median, sigma) = world.law(one, other);
            // Some 20,000 pairs within a region: a standard error of 0.5 %.
            assert_near(delays[delays.len() / 2], median.as_secs_f64(), 0.025);
            let logarithms: Vec<f64> = delays.iter().map(|delay| libm::log(delay / median.as_secs_f64())).collect();
            let squares: Vec<f64> = logarithms.iter().map(|logarithm| logarithm * logarithm).collect();
            assert_near(mean(&squares).sqrt(), sigma, 0.03);
        }
    }

    #[test]
    fn machines_stand_on_rows_of_coordinates_drawn_evenly() {
        // Two hosts 10 ms apart: half the pairs are at the same host, 5 ms apart.
        let layout = Layout { dimensions: 2, height: false, holds: Holds::OneWay, unit: Unit::Ms, names: None };
        let coordinates = Coordinates::parse("test", "0 0\n6 8\n", layout).unwrap();
        let delays = delays(&Latency::Coordinates(Arc::new(coordinates)));
        assert!(delays.iter().all(|delay| [5.0, 10.0].contains(delay)));
        assert_near(mean(&delays), 7.5, 0.01);
    }

    #[test]
    fn servers_stand_in_the_region_they_are_given() {
        let regions = Regions { servers: 9, ..Regions::world() };
        let plain = Propagation::new(&Latency::Regions(Arc::new(regions)), &Streams::new(1), 20, SERVERS);
        let regions =
            |propagation: &Propagation| (0..20 + SERVERS).map(|at| propagation.region(at)).collect::<Vec<_>>();
        let before = regions(&plain);
        assert_eq!(before[20..], [Some(9), Some(9)]);
        let inflated = plain.inflated(Inflation { share: 0.5, factor: 2.0 }, &Streams::new(1));
        assert_eq!(regions(&inflated), before);
        let plane = Propagation::new(&all_models()[3], &Streams::new(1), 20, 0);
        assert_eq!(plane.region(0), None);
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
            assert!((0..20).all(|participant| few.region(participant) == many.region(participant)), "{latency:?}");
            for (participant, server) in (0..20).flat_map(|a| (0..SERVERS).map(move |b| (a, b))) {
                assert_eq!(few.between(20, participant, 20 + server), many.between(80, participant, 80 + server));
            }
        }
    }
}
