//! From the counters of a run to its figures.

use super::catalogue::{CONNECTIONS, Figures, LOSSES, OPERATIONS, TIMEOUTS, TRAFFIC};
use super::counters::{Carried, Level, Machine};
use super::metrics::Metrics;
use super::observer::Copied;
use super::outcome::{NodeRow, Quantiles, quantile, sorted, table};
use crate::engine::{Duration, Time};
use crate::model::{NodeId, OperationKind, Role};
use crate::network::Loss;

/// What the metrics need from elsewhere to report.
pub struct Facts {
    pub now: Time,
    /// Of all servers together: their workers, and the time they were up in the measurement, in nanoseconds.
    pub worker_ns: u128,
    pub resources_stored: u32,
    pub resources_lost: u32,
}

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

impl Metrics {
    /// The columns of a measurement that has been closed which do not depend on how its last operations end.
    pub fn report(&self, facts: &Facts) -> Figures {
        let mut figures = Metrics::figures();
        self.report_records(facts, &mut figures);
        self.report_load(&mut figures);
        self.report_fairness(&mut figures);
        self.report_traffic(&mut figures);
        self.report_busiest(&mut figures);
        self.report_sides(facts, &mut figures);
        self.report_state(facts, &mut figures);
        if let Some(connecting) = &self.connecting {
            connecting.report(&self.machines, self.hosts.participants(), self.bytes.iter().sum(), &mut figures);
        }
        figures
    }

    /// Sets the columns of operations, which have all ended.
    pub fn report_operations(&self, figures: &mut Figures) {
        for (kind, tally) in OPERATIONS.iter().zip(&self.tallies) {
            tally.assert_complete(kind);
            tally.report(kind, figures);
        }
        if self.resources == 0 {
            return;
        }
        figures.set_some("distribution_time_s", self.waves.longest().map(|longest| longest.as_secs_f64()));
        let gets = &self.tallies[OperationKind::Get as usize];
        if self.cached.is_some() && gets.correct > 0 {
            figures.set("cache_hit_ratio", gets.cached as f64 / gets.correct as f64);
        }
    }

    /// Participants' seconds online: from time zero on, and in the measurement.
    pub fn online_node_seconds(&self) -> (f64, f64) {
        let measured = self.online.integral();
        ((self.online_before + measured) as f64 / 1e9, measured as f64 / 1e9)
    }

    /// Bytes allocated per machine; the histograms are the same for any number of machines.
    pub fn heap_bytes(&self) -> usize {
        let connecting = self.connecting.as_ref().map_or(0, |connecting| connecting.heap_bytes());
        let counters = self.carried.capacity() * size_of::<Carried>() + self.machines.capacity() * size_of::<Machine>();
        counters + self.interval.heap_bytes() + self.peers.heap_bytes() + connecting
    }

    fn measured_ns(&self, facts: &Facts) -> f64 {
        facts.now.since(self.began).as_nanos() as f64
    }

    fn report_records(&self, facts: &Facts, figures: &mut Figures) {
        if self.resources == 0 {
            return;
        }
        let resources = f64::from(self.resources);
        let mean = self.available.integral() as f64 / self.measured_ns(facts) / resources;
        figures.set("availability_mean", mean);
        figures.set_some("availability_min", self.available.least().map(|least| least as f64 / resources));
        let per_resource = |copies: &Level| copies.integral() as f64 / self.measured_ns(facts) / resources;
        figures.set("replicas_alive_mean", per_resource(&self.copies_online) / f64::from(self.coding.pieces()));
        figures.set("storage_overhead_ratio", per_resource(&self.copies) / f64::from(self.coding.needed));
        if let Some(cached) = &self.cached {
            let (bytes, online) = (cached.integral() as f64, self.online.integral() as f64);
            figures.set_some("cached_bytes_mean", (online > 0.0).then(|| bytes / online));
        }
        let (mut all, mut all_in_vain) = (0, 0);
        for (name, [needed, in_vain]) in Copied::NAMES.iter().zip(self.repairs) {
            figures.set(&format!("{name}_repairs"), (needed + in_vain) as f64);
            figures.set(&format!("{name}_repairs_in_vain"), in_vain as f64);
            (all, all_in_vain) = (all + needed + in_vain, all_in_vain + in_vain);
        }
        figures.set("repairs", all as f64);
        figures.set_some("repair_useless_ratio", (all > 0).then(|| all_in_vain as f64 / all as f64));
        if facts.resources_stored > 0 {
            let lost = f64::from(facts.resources_lost);
            figures.set("durability_ratio", 1.0 - lost / f64::from(facts.resources_stored));
            figures.set("resources_lost", lost);
        }
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

    /// The loads of a group's machines: requests and upload per second online, records.
    pub fn loads(&self, group: Group) -> [(&'static str, &'static str, Vec<f64>); 3] {
        let records = self.loaded(group).filter_map(|(_, machine)| machine.records_mean()).collect();
        [
            ("requests", "requests_per_online_s", self.per_second(group, |carried| carried.requests)),
            ("upload", "upload_per_online_s", self.per_second(group, |carried| carried.upload)),
            ("records", "records", records),
        ]
    }

    /// Evenness over the machines that can serve: of one it would say nothing.
    fn report_fairness(&self, figures: &mut Figures) {
        for (load, _, values) in self.loads(Group::Serving) {
            let values = sorted(values);
            if values.len() > 1 && values.iter().sum::<f64>() > 0.0 {
                figures.set(&format!("{load}_gini_serving"), gini(&values));
                figures.set(&format!("{load}_jain_serving"), jain(&values));
            }
        }
    }

    fn report_load(&self, figures: &mut Figures) {
        for (load, quantity, values) in self.loads(Group::All) {
            if values.is_empty() || (load == "records" && self.resources == 0) {
                continue;
            }
            let values = sorted(values);
            let (n, sum) = (values.len() as f64, values.iter().sum::<f64>());
            figures.set(&format!("{quantity}_mean"), sum / n);
            if sum == 0.0 {
                continue;
            }
            figures.set(&format!("{load}_gini"), gini(&values));
            figures.set(&format!("{load}_jain"), jain(&values));
            let over_mean = |p| quantile(&values, p).map(|value| value * n / sum);
            figures.set_some(&format!("{load}_max_over_mean"), over_mean(1.0));
            figures.set_some(&format!("{load}_p99_over_mean"), over_mean(0.99));
        }
    }

    fn report_traffic(&self, figures: &mut Figures) {
        let taking_part = &self.machines[..self.hosts.machines() as usize];
        let online_s: f64 = taking_part.iter().map(|machine| machine.online().as_secs_f64()).sum();
        let total: u64 = self.bytes.iter().sum();
        figures.set("bytes_total", total as f64);
        if online_s > 0.0 {
            figures.set("bytes_per_online_s_mean", total as f64 / online_s);
            for (kind, bytes) in TRAFFIC.iter().zip(self.bytes) {
                figures.set(&format!("{kind}_bytes_per_online_s_mean"), bytes as f64 / online_s);
            }
        }
        figures.set("packets_sent", self.packets_sent as f64);
        if let Some([number, bytes]) = self.handshakes {
            figures.set("handshakes", number as f64);
            figures.set("handshake_bytes_total", bytes as f64);
        }
        for (cause, count) in LOSSES.iter().zip(self.lost) {
            figures.set(&format!("packets_lost_{cause}"), count as f64);
        }
    }

    /// The busiest machine: its share among all, its rate among those of the distributions.
    fn report_busiest(&self, figures: &mut Figures) {
        let moved: u64 = self.carried.iter().map(Carried::moved).sum();
        let most = self.carried.iter().map(Carried::moved).max().unwrap_or(0);
        // What was on its way when the measurement began is received, and was put on the wire before.
        let wire = self.bytes.iter().sum::<u64>().max(most);
        let ratio = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        figures.set_some("busiest_machine_share_ratio", ratio(most, 2 * wire));
        let rates = sorted(self.per_second(Group::Carrying, Carried::moved));
        figures.set_some("busiest_machine_bytes_per_s", rates.last().copied());
        let rates = self.per_second(Group::All, Carried::moved);
        let mean = rates.iter().sum::<f64>() / rates.len() as f64;
        figures.set_some("machine_bytes_per_s_mean", Some(mean).filter(|_| !rates.is_empty()));
        self.report_service(figures);
        let short = |machine: &Machine| machine.online() > Duration::ZERO && !self.is_loaded(machine);
        let left_out = self.machines.iter().zip(&self.carried).filter(|(machine, _)| short(machine));
        let (number, left_out) = left_out.fold((0, 0), |(number, sum), (_, one)| (number + 1, sum + one.moved()));
        figures.set("machines_left_out", f64::from(number));
        figures.set_some("left_out_bytes_ratio", ratio(left_out, moved).filter(|_| number > 0));
    }

    /// What the bootstrap service carries.
    fn report_service(&self, figures: &mut Figures) {
        let first = self.hosts.machines() as usize;
        if self.carried.len() == first {
            return;
        }
        figures.set("bootstrap_asks", self.service_asked as f64);
        let moved = self.carried[first..].iter().map(Carried::moved);
        figures.set("bootstrap_bytes_total", moved.sum::<u64>() as f64);
        let rates = self.loaded(Group::Carrying).filter(|(number, _)| *number as usize >= first);
        let rate = |(number, machine): (u32, &Machine)| {
            self.carried[number as usize].moved() as f64 / machine.online().as_secs_f64()
        };
        figures.set_some("bootstrap_busiest_bytes_per_s", rates.map(rate).reduce(f64::max));
    }

    fn report_state(&self, facts: &Facts, figures: &mut Figures) {
        let ratio = |part: f64, whole: f64| (whole > 0.0).then(|| part / whole);
        figures.set_some("contacts_mean", ratio(self.tables.entries as f64, self.tables.nodes as f64));
        figures.set_some("table_stale_ratio", ratio(self.tables.stale as f64, self.tables.entries as f64));
        figures.set_some("table_unreachable_ratio", ratio(self.tables.unreachable as f64, self.tables.entries as f64));
        self.report_structure(figures);
        let counts: Vec<u32> = (self.peers.watched())
            .filter(|node| {
                self.hosts.role(*node) == Role::Participant && self.machines[node.index()].online().as_nanos() > 0
            })
            .filter_map(|node| self.peers.count(node))
            .collect();
        let sum: u64 = counts.iter().map(|&count| u64::from(count)).sum();
        figures.set_some("peers_contacted_mean", ratio(sum as f64, counts.len() as f64));
        let participants = self.machines[..self.hosts.participants() as usize].iter().filter(|machine| machine.came);
        figures.set("participants", participants.count() as f64);
        figures.set_some("online_mean", ratio(self.online.integral() as f64, self.measured_ns(facts)));
        figures.set_some("joined_mean", ratio(self.joined.integral() as f64, self.measured_ns(facts)));
        figures.set("no_bootstrap", self.no_bootstrap as f64);
        for (role, served) in ["server", "peer"].iter().zip(&self.served) {
            let requests = served.requests as f64;
            figures.set_some(&format!("{role}_wait_mean_ms"), ratio(served.waited_ns as f64 / 1e6, requests));
            figures.set_some(&format!("{role}_wait_ratio"), ratio(served.waited as f64, requests));
        }
        let busy = self.busy.integral() as f64;
        figures.set_some("server_utilisation_ratio", ratio(busy, facts.worker_ns as f64));
    }

    /// Whether tables are what the protocol says they are.
    fn report_structure(&self, figures: &mut Figures) {
        let ratio = |part: u64, whole: u64| (whole > 0).then(|| part as f64 / whole as f64);
        let (tables, before) = (&self.tables, &self.tables_before);
        figures.set_some("successor_correct_ratio", ratio(tables.successors_right, tables.successors));
        figures.set_some("rings", tables.rings.map(f64::from));
        figures.set_some("nearest_known_ratio", ratio(tables.nearest_known, tables.nearest));
        figures.set_some("successor_correct_at_start_ratio", ratio(before.successors_right, before.successors));
        figures.set_some("rings_at_start", before.rings.map(f64::from));
        let offline = self.lost[Loss::Offline as usize];
        // Some were sent before the measurement.
        figures.set_some("packets_to_offline_ratio", ratio(offline, self.packets_sent.max(offline)));
        for (kind, count) in TIMEOUTS.iter().zip(self.timeouts) {
            figures.set(&format!("{kind}_timeouts"), count as f64);
        }
    }

    /// When the counters were closed.
    pub fn closed_at(&self) -> Time {
        self.machines.first().map_or(Time::ZERO, Machine::closed_at)
    }

    /// The quantile tables of machines.
    pub fn quantiles(&self) -> Quantiles {
        let mut quantiles = Quantiles::default();
        for (load, quantity, values) in self.loads(Group::All) {
            if load != "records" || self.resources > 0 {
                quantiles.set_load(quantity, &values);
            }
        }
        if let Some(connecting) = &self.connecting {
            let means = self.loaded(Group::All).map(|(number, machine)| connecting.mean(number, machine));
            quantiles.set(CONNECTIONS, table(&sorted(means)));
        }
        quantiles
    }

    /// Sets the quantiles of operations, which have all ended.
    pub fn operation_quantiles(&self, quantiles: &mut Quantiles) {
        for (kind, tally) in OPERATIONS.iter().zip(&self.tallies) {
            quantiles.set(&format!("{kind}_latency_ms"), tally.latency_table());
        }
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
