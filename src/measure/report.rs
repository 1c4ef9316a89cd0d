//! From the counters of a run to its figures.

use super::catalogue::{CLASSES, METRICS, QUANTILES};
use super::counters::{Carried, Machine};
use super::metric::over;
use super::metrics::Metrics;
use super::outcome::{ClassRow, NodeRow, POINTS, Quantiles, lorenz, quantile, sorted, table};
use crate::engine::{Duration, Time};
use crate::model::{NodeId, OperationKind, Role};

/// Machines whose loads are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    All,
    /// Participants of this class.
    Class(usize),
    /// Machines that others could ask something in the measurement.
    Serving,
    /// All, and the machines of the bootstrap service.
    Carrying,
}

/// The loads of a machine that are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    Requests,
    Upload,
    Records,
}

impl Load {
    /// All loads, in the order of the columns.
    pub const ALL: [Load; 3] = [Load::Requests, Load::Upload, Load::Records];

    /// The word that begins the columns of its spread.
    pub const fn name(self) -> &'static str {
        match self {
            Load::Requests => "requests",
            Load::Upload => "upload",
            Load::Records => "records",
        }
    }

    /// The column of the load itself.
    pub const fn quantity(self) -> &'static str {
        match self {
            Load::Requests => "requests_per_online_s",
            Load::Upload => "upload_per_online_s",
            Load::Records => "records",
        }
    }

    /// The unit of the load.
    pub const fn unit(self) -> &'static str {
        match self {
            Load::Requests => "1/s",
            Load::Upload => "B/s",
            Load::Records => "records",
        }
    }

    /// What the load is.
    pub const fn about(self) -> &'static str {
        match self {
            Load::Requests => "requests processed for the operations of others, per second online",
            Load::Upload => "bytes sent on behalf of others, per second online",
            Load::Records => "time mean of the records held while online",
        }
    }

    /// What machines do that bear it.
    pub const fn borne(self) -> &'static str {
        match self {
            Load::Requests => "requests served",
            Load::Upload => "bytes uploaded",
            Load::Records => "records held",
        }
    }
}

/// The spread of a load over machines.
#[derive(Clone, Debug)]
pub struct Spread {
    pub mean: f64,
    /// `None` of these: no machine bears anything.
    pub gini: Option<f64>,
    pub jain: Option<f64>,
    pub max_over_mean: Option<f64>,
    pub p99_over_mean: Option<f64>,
    pub quantiles: [f64; POINTS],
    pub lorenz: [f64; POINTS],
}

impl Spread {
    /// The spread of values in any order; `None` of no values.
    fn of(values: Vec<f64>) -> Option<Box<Spread>> {
        let values = sorted(values);
        let (n, sum) = (values.len() as f64, values.iter().sum::<f64>());
        let borne = |figure: f64| (sum != 0.0).then_some(figure);
        let over_mean = |p| borne(quantile(&values, p)? * n / sum);
        Some(Box::new(Spread {
            mean: sum / n,
            gini: borne(gini(&values)),
            jain: borne(jain(&values)),
            max_over_mean: over_mean(1.0),
            p99_over_mean: over_mean(0.99),
            quantiles: table(&values)?,
            lorenz: lorenz(&values)?,
        }))
    }
}

/// What metrics are computed from beside the counters, when the measurement has ended.
#[derive(Clone, Debug)]
pub struct Facts {
    /// The end of the measurement.
    pub now: Time,
    /// Of all servers together: their workers × the time they were up in the measurement, in nanoseconds.
    pub worker_ns: u128,
    pub resources_stored: u32,
    pub resources_lost: u32,
    /// Seconds online in the measurement, of the machines that take part, and of those of the bootstrap service too.
    pub online_s: f64,
    pub all_online_s: f64,
    /// Rates of the machines of the distributions; `None`: there are none.
    pub busiest_bytes_per_s: Option<f64>,
    pub machine_bytes_per_s: Option<f64>,
    pub service_bytes_per_s: Option<f64>,
    /// The spread of each load over all machines, and over those that can serve; `None`: of too few, or without resources.
    pub over_all: [Option<Box<Spread>>; Load::ALL.len()],
    pub serving: [Option<Box<Spread>>; Load::ALL.len()],
}

impl Facts {
    /// The length of the measurement.
    pub fn measured(&self, metrics: &Metrics) -> Duration {
        self.now.since(metrics.began)
    }

    /// The length of the measurement in nanoseconds.
    pub fn measured_ns(&self, metrics: &Metrics) -> f64 {
        self.measured(metrics).as_nanos() as f64
    }
}

/// What metrics of a class of participants are computed from beside the counters.
#[derive(Clone, Debug)]
pub struct ClassFacts {
    pub class: usize,
    pub participants: u32,
    pub online_s: f64,
    pub sent: u64,
    /// The mean of each load over machines.
    pub loads: [Option<f64>; Load::ALL.len()],
}

/// The figures of a measurement that has ended; those of operations follow when all operations have.
pub struct Report {
    facts: Facts,
    class_facts: Vec<ClassFacts>,
    pub metrics: Vec<Option<f64>>,
    pub load: Quantiles,
    pub classes: Vec<ClassRow>,
}

impl Report {
    /// The figures of a measurement that ends `now`, with the workers of each server, and of the resources those that were
    /// stored once and those that are lost.
    pub fn new(metrics: &Metrics, now: Time, workers: &[u32], (stored, lost): (u32, u32)) -> Report {
        let facts = metrics.facts(now, workers, (stored, lost));
        let class_facts: Vec<ClassFacts> =
            (0..metrics.classes.names.len()).map(|class| metrics.class_facts(class)).collect();
        let row = |(name, facts): (&String, &ClassFacts)| ClassRow {
            class: name.clone(),
            values: CLASSES.values(metrics, facts),
        };
        Report {
            metrics: METRICS.values(metrics, &facts),
            load: Quantiles { columns: QUANTILES.values(metrics, &facts) },
            classes: metrics.classes.names.iter().zip(&class_facts).map(row).collect(),
            facts,
            class_facts,
        }
    }

    /// Adds the figures of operations, which have all ended.
    pub fn add_operations(&mut self, metrics: &Metrics) {
        OperationKind::ALL.iter().for_each(|kind| metrics.tally(*kind).count.assert_complete(kind.name()));
        METRICS.add_operations(&mut self.metrics, metrics, &self.facts);
        QUANTILES.add_operations(&mut self.load.columns, metrics, &self.facts);
        for (row, facts) in self.classes.iter_mut().zip(&self.class_facts) {
            CLASSES.add_operations(&mut row.values, metrics, facts);
        }
    }
}

impl Metrics {
    fn facts(&self, now: Time, workers: &[u32], (resources_stored, resources_lost): (u32, u32)) -> Facts {
        let machines = self.hosts.machines() as usize;
        let online_s = |machines: &[Machine]| machines.iter().map(|machine| machine.online().as_secs_f64()).sum();
        let rates = self.per_second(Group::All, Carried::moved);
        let mean = rates.iter().sum::<f64>() / rates.len() as f64;
        let spread = |group, least: usize| {
            Load::ALL.map(|load| {
                let values = self.load(group, load);
                let told = values.len() >= least && (load != Load::Records || self.resources > 0);
                told.then(|| Spread::of(values)).flatten()
            })
        };
        Facts {
            now,
            worker_ns: self.worker_ns(workers),
            resources_stored,
            resources_lost,
            online_s: online_s(&self.machines[..machines]),
            all_online_s: online_s(&self.machines),
            busiest_bytes_per_s: self.per_second(Group::Carrying, Carried::moved).into_iter().max_by(f64::total_cmp),
            machine_bytes_per_s: Some(mean).filter(|_| !rates.is_empty()),
            service_bytes_per_s: self.service_bytes_per_s(),
            over_all: spread(Group::All, 1),
            // Evenness of one machine would say nothing.
            serving: spread(Group::Serving, 2),
        }
    }

    /// The largest rate of a machine of the bootstrap service.
    fn service_bytes_per_s(&self) -> Option<f64> {
        let of_service = self.loaded(Group::Carrying).filter(|(number, _)| *number >= self.hosts.machines());
        let rate = |(number, machine): (u32, &Machine)| {
            self.carried[number as usize].moved() as f64 / machine.online().as_secs_f64()
        };
        of_service.map(rate).reduce(f64::max)
    }

    fn class_facts(&self, class: usize) -> ClassFacts {
        let all = self.machines.iter().zip(&self.carried).zip(self.classes.of_each());
        let (mut participants, mut online_s, mut sent) = (0, 0.0, 0);
        for ((machine, carried), _) in all.filter(|(_, of)| usize::from(**of) == class) {
            participants += u32::from(machine.came);
            online_s += machine.online().as_secs_f64();
            sent += carried.sent;
        }
        let loads = Load::ALL.map(|load| {
            let values = self.load(Group::Class(class), load);
            over(values.iter().sum(), values.len() as f64)
        });
        ClassFacts { class, participants, online_s, sent, loads }
    }

    /// Participants' seconds online: from time zero on, and in the measurement.
    pub fn online_node_seconds(&self) -> (f64, f64) {
        let measured = self.online.integral();
        ((self.online_before + measured) as f64 / 1e9, measured as f64 / 1e9)
    }

    /// Bytes allocated per machine; the histograms are as large for any number of machines.
    pub fn heap_bytes(&self) -> usize {
        let connecting = self.connecting.as_ref().map_or(0, |connecting| connecting.heap_bytes());
        let counters = self.carried.capacity() * size_of::<Carried>() + self.machines.capacity() * size_of::<Machine>();
        counters + self.interval.heap_bytes() + self.peers.heap_bytes() + connecting
    }

    /// Bytes put on the wire by all machines.
    pub fn bytes_total(&self) -> u64 {
        self.bytes.iter().sum()
    }

    /// Whether a machine is among those of the distributions: online for at least a tenth of the measurement.
    fn is_loaded(&self, machine: &Machine) -> bool {
        let least = self.closed_at().since(self.began).as_nanos() / 10;
        machine.online().as_nanos() >= least.max(1)
    }

    /// The machines of the distributions: all, those of a class, or those that can serve.
    fn loaded(&self, group: Group) -> impl Iterator<Item = (u32, &Machine)> {
        let loaded = (0u32..).zip(&self.machines).filter(|(_, machine)| self.is_loaded(machine));
        loaded.filter(move |(number, machine)| match group {
            Group::Carrying => true,
            Group::All => *number < self.hosts.machines(),
            Group::Class(class) => self.classes.class(NodeId(*number)) == Some(class),
            Group::Serving => self.can_serve(*number, machine),
        })
    }

    /// Machines that were online for too short to be among those of the distributions, and the bytes that they moved.
    pub fn left_out(&self) -> (u32, u64) {
        let short = |machine: &Machine| machine.online() > Duration::ZERO && !self.is_loaded(machine);
        let left_out = self.machines.iter().zip(&self.carried).filter(|(machine, _)| short(machine));
        left_out.fold((0, 0), |(number, sum), (_, one)| (number + 1, sum + one.moved()))
    }

    /// Whether a machine could be asked anything: a dedicated server, or where there is none a member of the overlay.
    fn can_serve(&self, number: u32, machine: &Machine) -> bool {
        match self.hosts.machines() > self.hosts.participants() {
            true => self.hosts.is_server(NodeId(number)),
            false => machine.member,
        }
    }

    /// A count of a group's machines, per second online.
    fn per_second(&self, group: Group, count: fn(&Carried) -> u64) -> Vec<f64> {
        let carried = |number: u32| count(&self.carried[number as usize]) as f64;
        self.loaded(group).map(|(number, machine)| carried(number) / machine.online().as_secs_f64()).collect()
    }

    /// A load of a group's machines: requests or upload per second online, or records.
    fn load(&self, group: Group, load: Load) -> Vec<f64> {
        match load {
            Load::Requests => self.per_second(group, |carried| carried.requests),
            Load::Upload => self.per_second(group, |carried| carried.upload),
            Load::Records => self.loaded(group).filter_map(|(_, machine)| machine.records_mean()).collect(),
        }
    }

    /// Different machines that a participant sent a packet to, mean over those for which this is counted.
    pub fn peers_contacted_mean(&self) -> Option<f64> {
        let was_there = |node: &NodeId| {
            self.hosts.role(*node) == Role::Participant && self.machines[node.index()].online().as_nanos() > 0
        };
        let counts: Vec<u32> =
            self.peers.watched().filter(was_there).filter_map(|node| self.peers.count(node)).collect();
        over(counts.iter().map(|&count| u64::from(count)).sum::<u64>() as f64, counts.len() as f64)
    }

    /// The quantiles over machines of the connections that they had.
    pub fn connection_quantiles(&self) -> Option<[f64; POINTS]> {
        let connecting = self.connecting.as_ref()?;
        table(&sorted(self.loaded(Group::All).map(|(number, machine)| connecting.mean(number, machine))))
    }

    /// When the counters were closed.
    fn closed_at(&self) -> Time {
        self.machines.first().map_or(Time::ZERO, Machine::closed_at)
    }

    /// Seconds of the measurement, once it is closed.
    pub fn measured_s(&self) -> f64 {
        self.closed_at().since(self.began).as_secs_f64()
    }

    /// One row per machine that has been online. `contacts` is the number of routing entries that it holds now.
    pub fn node_rows(&self, contacts: impl Fn(NodeId) -> Option<u64>) -> Vec<NodeRow> {
        let row = |((machine, counted), carried): ((u32, &Machine), &Carried)| {
            let online_s = counted.online().as_secs_f64();
            let per_second = |count: u64| (online_s > 0.0).then(|| count as f64 / online_s);
            NodeRow {
                machine,
                class: self.classes.class(NodeId(machine)),
                role: self.hosts.role(NodeId(machine)).name(),
                online_s,
                requests_per_online_s: per_second(carried.requests),
                upload_per_online_s: per_second(carried.upload),
                records_mean: counted.records_mean(),
                bytes_sent: carried.sent,
                bytes_received: carried.received,
                contacts: contacts(NodeId(machine)),
                peers_contacted: self.peers.count(NodeId(machine)),
            }
        };
        let all = (0u32..).zip(&self.machines).zip(&self.carried);
        all.filter(|((_, counted), _)| counted.came).map(row).collect()
    }
}

/// The Gini coefficient of ascending values: Σ(2i − n − 1)·xᵢ / (n·Σx), i from 1 (Sen, On Economic Inequality, 1973).
pub fn gini(sorted: &[f64]) -> f64 {
    let (n, sum) = (sorted.len() as f64, sorted.iter().sum::<f64>());
    let weighted: f64 = sorted.iter().zip(1u32..).map(|(value, i)| (2.0 * f64::from(i) - n - 1.0) * value).sum();
    weighted / (n * sum)
}

/// Jain's fairness index: (Σx)² / (n·Σx²) (Jain, Chiu and Hawe, DEC-TR-301, 1984).
fn jain(values: &[f64]) -> f64 {
    let (sum, squares) = (values.iter().sum::<f64>(), values.iter().map(|value| value * value).sum::<f64>());
    sum * sum / (values.len() as f64 * squares)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gini_is_zero_for_even_loads_and_nearly_one_for_a_single_bearer() {
        assert!(gini(&[2.0; 10]).abs() < 1e-12);
        let mut one = vec![0.0; 99];
        one.push(5.0);
        assert!((gini(&one) - 0.99).abs() < 1e-12);
        assert!((gini(&[1.0, 2.0, 3.0, 4.0]) - 0.25).abs() < 1e-12);
    }
}
