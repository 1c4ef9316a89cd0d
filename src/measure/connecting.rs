//! Figures of connections: how dials ended between whom, what keeping and relaying costs, and how many links machines have.

use hdrhistogram::Histogram;

use super::catalogue::{PAIRS, Pair};
use super::counters::{Level, Machine};
use super::metric::ratio;
use super::metrics::Metrics;
use super::outcome::{PairRow, sorted};
use super::report::gini;
use crate::engine::Time;
use crate::model::{DialOutcome, LinkEvent, NodeId};
use crate::network::NatClass;

/// The longest time to connect that is told apart, in microseconds: ten minutes.
const LONGEST_US: u64 = 600_000_000;

/// The links of one machine.
#[derive(Clone, Copy, Debug, Default)]
struct Linked {
    links: Level,
    forwarded: u64,
    class: NatClass,
}

/// How many dials ended in which way, in the order of [`DialOutcome::ALL`].
pub(super) type Ended = [u64; DialOutcome::ALL.len()];

/// What is counted of connections, from the end of the warm-up. 48 bytes a machine.
#[derive(Clone, Debug)]
pub struct Connecting {
    machines: Vec<Linked>,
    pub most: u32,
    /// By the class of NAT of who dials, and of who is dialled.
    dials: [[Ended; NatClass::ALL.len()]; NatClass::ALL.len()],
    latency: Histogram<u64>,
    latency_sum_ns: u128,
    failed_wait_ns: u128,
    pub punch_attempts: u64,
    punch_dials: u64,
    punched_at_first: u64,
    pub kept_alive: u64,
    pub reservations_refused: u64,
    pub circuits_refused: u64,
}

impl Metrics {
    /// A row for each two classes of which one dialled the other, in the order of [`NatClass::ALL`].
    pub fn pairs(&self) -> Vec<PairRow> {
        let Some(connecting) = &self.connecting else { return Vec::new() };
        let pairs = NatClass::ALL.into_iter().flat_map(|from| NatClass::ALL.map(|reached| Pair { from, reached }));
        let dialled = pairs.filter(|pair| connecting.ended(*pair).iter().any(|count| *count > 0));
        let row = |pair: Pair| {
            let values = PAIRS.values(self, &pair);
            PairRow { from: pair.from.name(), reached: pair.reached.name(), values }
        };
        dialled.map(row).collect()
    }

    /// Metrics that count connections too.
    pub fn with_connections(self) -> Metrics {
        let connecting = Some(Box::new(Connecting::new(self.machines.len())));
        Metrics { connecting, ..self }
    }

    /// What each machine is behind, where there are NATs.
    pub fn behind(&mut self, classes: impl Iterator<Item = NatClass>) {
        if let Some(connecting) = &mut self.connecting {
            connecting.behind(classes);
        }
    }
}

impl Connecting {
    pub fn new(machines: usize) -> Connecting {
        Connecting {
            machines: vec![Linked::default(); machines],
            most: 0,
            dials: Default::default(),
            latency: Histogram::new_with_bounds(1, LONGEST_US, 3).expect("the bounds are in order"),
            latency_sum_ns: 0,
            failed_wait_ns: 0,
            punch_attempts: 0,
            punch_dials: 0,
            punched_at_first: 0,
            kept_alive: 0,
            reservations_refused: 0,
            circuits_refused: 0,
        }
    }

    /// What each machine is behind; unless it is told, all are open.
    pub fn behind(&mut self, classes: impl Iterator<Item = NatClass>) {
        self.machines.iter_mut().zip(classes).for_each(|(machine, class)| machine.class = class);
    }

    /// The warm-up is over: only the links stay.
    pub fn restart(&mut self, at: Time) {
        let machines = std::mem::take(&mut self.machines);
        *self = Connecting::new(0);
        self.machines = machines;
        for machine in &mut self.machines {
            machine.forwarded = 0;
            machine.links.set(at, machine.links.value());
            machine.links.restart(at);
            self.most = self.most.max(machine.links.value() as u32);
        }
    }

    /// The run is over.
    pub fn close(&mut self, at: Time) {
        self.machines.iter_mut().for_each(|machine| machine.links.set(at, machine.links.value()));
    }

    pub fn count(&mut self, at: Time, node: NodeId, event: LinkEvent) {
        let machine = &mut self.machines[node.index()];
        match event {
            LinkEvent::Links(count) => {
                machine.links.set(at, count.into());
                self.most = self.most.max(count);
            }
            LinkEvent::Dialled { peer, outcome, took, attempts } => {
                let (from, reached) = (machine.class, self.machines[peer.index()].class);
                self.dials[from as usize][reached as usize][outcome as usize] += 1;
                if outcome == DialOutcome::Failed {
                    self.failed_wait_ns += u128::from(took.as_nanos());
                } else {
                    self.latency.saturating_record((took.as_nanos() + 500) / 1000);
                    self.latency_sum_ns += u128::from(took.as_nanos());
                }
                self.punched_at_first += u64::from(outcome == DialOutcome::Punched && attempts == 1);
            }
            LinkEvent::PunchProposed { first } => {
                self.punch_attempts += 1;
                self.punch_dials += u64::from(first);
            }
            LinkEvent::KeptAlive { bytes } => self.kept_alive += u64::from(bytes),
            LinkEvent::Forwarded { bytes } => machine.forwarded += u64::from(bytes),
            LinkEvent::ReservationRefused => self.reservations_refused += 1,
            LinkEvent::CircuitRefused => self.circuits_refused += 1,
        }
    }

    /// Dials between two classes of NAT, by how they ended.
    pub fn ended(&self, pair: Pair) -> Ended {
        self.dials[pair.from as usize][pair.reached as usize]
    }

    /// All dials, by how they ended.
    pub fn dials(&self) -> Ended {
        let mut dials = Ended::default();
        self.dials.as_flattened().iter().for_each(|pair| dials.iter_mut().zip(pair).for_each(|(sum, one)| *sum += one));
        dials
    }

    /// Dials that failed, and dials that opened a link.
    fn failed_and_opened(&self) -> (u64, u64) {
        let dials = self.dials();
        let failed = dials[DialOutcome::Failed as usize];
        (failed, dials.iter().sum::<u64>() - failed)
    }

    pub fn latency_mean_ms(&self) -> Option<f64> {
        let (_, opened) = self.failed_and_opened();
        (opened > 0).then(|| self.latency_sum_ns as f64 / opened as f64 / 1e6)
    }

    /// A quantile of the time to connect.
    pub fn latency_ms(&self, p: f64) -> Option<f64> {
        let (_, opened) = self.failed_and_opened();
        (opened > 0).then(|| self.latency.value_at_quantile(p) as f64 / 1e3)
    }

    pub fn failed_wait_mean_ms(&self) -> Option<f64> {
        let (failed, _) = self.failed_and_opened();
        (failed > 0).then(|| self.failed_wait_ns as f64 / failed as f64 / 1e6)
    }

    /// Time that dials took which failed, in all.
    pub fn failed_wait_ms(&self) -> f64 {
        self.failed_wait_ns as f64 / 1e6
    }

    pub fn punch_success_ratio(&self) -> Option<f64> {
        ratio(self.dials()[DialOutcome::Punched as usize].min(self.punch_dials), self.punch_dials)
    }

    pub fn punch_first_ratio(&self) -> Option<f64> {
        ratio(self.punched_at_first, self.dials()[DialOutcome::Punched as usize])
    }

    /// Bytes that all relays forwarded.
    pub fn forwarded(&self) -> u64 {
        self.machines.iter().map(|machine| machine.forwarded).sum()
    }

    /// The machines that were online, with their counters.
    fn online<'a>(&'a self, machines: &'a [Machine]) -> impl Iterator<Item = (&'a Machine, &'a Linked)> {
        machines.iter().zip(&self.machines).filter(|(machine, _)| machine.online().as_nanos() > 0)
    }

    /// The Gini coefficient of what participants forwarded per second online; `None`: nothing.
    pub fn relay_load_gini(&self, machines: &[Machine], participants: u32) -> Option<f64> {
        let load = self.online(&machines[..participants as usize]);
        let load = load.map(|(machine, it)| it.forwarded as f64 / machine.online().as_secs_f64());
        (self.forwarded() > 0).then(|| gini(&sorted(load)))
    }

    /// Connections × nanoseconds of all machines.
    pub fn links_integral(&self) -> u128 {
        self.machines.iter().map(|machine| machine.links.integral()).sum()
    }

    /// The Gini coefficient of the time means of connections; `None`: there were none.
    pub fn links_gini(&self, machines: &[Machine]) -> Option<f64> {
        let means = self.online(machines).map(|(machine, it)| it.mean(machine));
        (self.links_integral() > 0).then(|| gini(&sorted(means)))
    }

    /// How many connections a machine had while it was online, on average; it was for some time.
    pub fn mean(&self, number: u32, machine: &Machine) -> f64 {
        self.machines[number as usize].mean(machine)
    }

    pub fn heap_bytes(&self) -> usize {
        self.machines.capacity() * size_of::<Linked>()
    }
}

impl Linked {
    fn mean(&self, machine: &Machine) -> f64 {
        self.links.integral() as f64 / machine.online().as_nanos() as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Duration;

    #[test]
    fn how_dials_end_adds_up_to_one_and_what_the_warm_up_saw_is_forgotten() {
        let mut connecting = Connecting::new(2);
        let dialled = |outcome, millis| {
            let took = Duration::from_millis(millis);
            LinkEvent::Dialled { peer: NodeId(1), outcome, took, attempts: 1 }
        };
        connecting.count(Time::ZERO, NodeId(0), dialled(DialOutcome::Failed, 1));
        connecting.count(Time::ZERO, NodeId(0), LinkEvent::Links(7));
        connecting.count(Time::ZERO, NodeId(0), LinkEvent::Links(2));
        let second = Time::ZERO + Duration::from_secs(1);
        connecting.restart(second);
        for (outcome, millis) in [(DialOutcome::Direct, 100), (DialOutcome::Direct, 300), (DialOutcome::Failed, 5000)] {
            connecting.count(second, NodeId(0), dialled(outcome, millis));
        }
        connecting.close(second + Duration::from_secs(3));
        let mut machines = [Machine::default(); 2];
        for machine in &mut machines {
            machine.up_since = Some(second);
            machine.close_online(second + Duration::from_secs(3));
        }
        assert_eq!(connecting.dials(), [2, 0, 0, 0, 0, 1]);
        assert_eq!((connecting.latency_mean_ms(), connecting.failed_wait_mean_ms()), (Some(200.0), Some(5000.0)));
        assert_eq!((connecting.links_integral(), connecting.most), (6_000_000_000, 2));
        assert_eq!((connecting.links_gini(&machines), connecting.punch_success_ratio()), (Some(0.5), None));
    }
}
