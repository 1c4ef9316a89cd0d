//! Figures of connections: how dials ended between whom, what keeping and relaying costs, and how many links machines have.

use hdrhistogram::Histogram;

use super::catalogue::Figures;
use super::counters::{Level, Machine};
use super::metrics::Metrics;
use super::observer::LinkEvent;
use super::outcome::{PairRow, sorted};
use super::results::gini;
use crate::engine::Time;
use crate::model::{DialOutcome, NodeId};
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

/// How many dials ended in which way, in the order of [`DialOutcome::NAMES`].
type Ended = [u64; DialOutcome::NAMES.len()];

/// What is counted of connections, from the end of the warm-up. 48 bytes a machine.
#[derive(Clone, Debug)]
pub struct Connecting {
    machines: Vec<Linked>,
    most: u32,
    /// By the class of NAT of who dials, and of who is dialled.
    dials: [[Ended; NatClass::ALL.len()]; NatClass::ALL.len()],
    latency: Histogram<u64>,
    latency_sum_ns: u128,
    failed_wait_ns: u128,
    punch_attempts: u64,
    punch_dials: u64,
    punched_at_first: u64,
    kept_alive: u64,
    reservations_refused: u64,
    circuits_refused: u64,
}

impl Metrics {
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

    /// Sets the columns. `machines` are the counters of all machines, the first `participants` of them the participants';
    /// `total`: the bytes put on the wire.
    pub fn report(&self, machines: &[Machine], participants: u32, total: u64, figures: &mut Figures) {
        self.report_dials(figures);
        let seconds = |machines: &[Machine]| machines.iter().map(|it| it.online().as_secs_f64()).sum::<f64>();
        let (all, peers) = (seconds(machines), seconds(&machines[..participants as usize]));
        let forwarded: u64 = self.machines.iter().map(|machine| machine.forwarded).sum();
        figures.set_some("relay_share_bytes_ratio", (total > 0).then(|| forwarded as f64 / total as f64));
        let online = || machines.iter().zip(&self.machines).filter(|(machine, _)| machine.online().as_nanos() > 0);
        if forwarded > 0 {
            let load = online().take(participants as usize);
            let load = load.map(|(machine, it)| it.forwarded as f64 / machine.online().as_secs_f64());
            figures.set("relay_load_gini", gini(&sorted(load)));
        }
        figures.set("relay_reservations_refused", self.reservations_refused as f64);
        figures.set("relay_circuits_refused", self.circuits_refused as f64);
        figures.set("connections_per_node_max", f64::from(self.most));
        if all > 0.0 {
            figures.set("keepalive_bytes_per_online_s_mean", self.kept_alive as f64 / all);
            let links: u128 = self.machines.iter().map(|machine| machine.links.integral()).sum();
            figures.set("connections_per_node_mean", links as f64 / 1e9 / all);
            let means = online().map(|(machine, it)| it.mean(machine));
            figures.set_some("connections_gini", (links > 0).then(|| gini(&sorted(means))));
        }
        if peers > 0.0 {
            figures.set("dial_failed_wait_per_online_s_ms", self.failed_wait_ns as f64 / 1e6 / peers);
        }
    }

    fn report_dials(&self, figures: &mut Figures) {
        let mut dials = Ended::default();
        self.dials.as_flattened().iter().for_each(|pair| dials.iter_mut().zip(pair).for_each(|(sum, one)| *sum += one));
        let (ended, [.., failed]) = (dials.iter().sum::<u64>(), dials);
        figures.set("dials", ended as f64);
        figures.set("punch_attempts", self.punch_attempts as f64);
        let ratio = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        for (name, count) in DialOutcome::NAMES.iter().zip(dials) {
            figures.set_some(&format!("dial_{name}_ratio"), ratio(count, ended));
        }
        let punched = dials[DialOutcome::Punched as usize];
        figures.set_some("punch_success_ratio", ratio(punched.min(self.punch_dials), self.punch_dials));
        figures.set_some("punch_first_ratio", ratio(self.punched_at_first, punched));
        if failed > 0 {
            figures.set("dial_failed_wait_mean_ms", self.failed_wait_ns as f64 / failed as f64 / 1e6);
        }
        if ended > failed {
            figures.set("dial_latency_mean_ms", self.latency_sum_ns as f64 / (ended - failed) as f64 / 1e6);
            for (name, p) in [("dial_latency_p50_ms", 0.5), ("dial_latency_p90_ms", 0.9)] {
                figures.set(name, self.latency.value_at_quantile(p) as f64 / 1e3);
            }
        }
    }

    /// A row for each two classes of which one dialled the other, in the order of [`NatClass::ALL`].
    pub fn pairs(&self) -> Vec<PairRow> {
        let pairs = NatClass::ALL.into_iter().flat_map(|from| NatClass::ALL.map(|reached| (from, reached)));
        let row = |(from, reached): (NatClass, NatClass)| {
            let ended = self.dials[from as usize][reached as usize];
            PairRow { from: from.name(), reached: reached.name(), dials: ended.iter().sum(), ended }
        };
        pairs.map(row).filter(|row| row.dials > 0).collect()
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
    use crate::measure::metrics::Metrics;

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
        let mut figures = Metrics::figures();
        connecting.report(&machines, 2, 10, &mut figures);
        let values = figures.into_values();
        let figure = |name| values[crate::measure::catalogue::METRICS.index_of(name).unwrap()];
        assert_eq!(figure("dials"), Some(3.0));
        assert_eq!(figure("dial_direct_ratio").unwrap() + figure("dial_failed_ratio").unwrap(), 1.0);
        assert_eq!((figure("dial_latency_mean_ms"), figure("dial_failed_wait_mean_ms")), (Some(200.0), Some(5000.0)));
        assert_eq!((figure("connections_per_node_mean"), figure("connections_per_node_max")), (Some(1.0), Some(2.0)));
        assert_eq!((figure("connections_gini"), figure("punch_success_ratio")), (Some(0.5), None));
    }
}
