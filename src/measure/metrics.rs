//! The metrics observer: counters and integer histograms, nothing kept per event. 104 bytes a machine.

use super::by_class::ByClass;
use super::catalogue::TIMEOUTS;
use super::connecting::Connecting;
use super::counters::{Carried, Level, Machine, Served, TableCheck};
use super::minutes::Minutes;
use super::observer::{Copied, Ended, Observer};
use super::operation_rows::OperationRows;
use super::outcome::Sample;
use super::peers::Peers;
use super::sampling::Interval;
use super::tally::Tally;
use super::wave::Waves;
use crate::engine::{Duration, Time, prefetch_at};
use crate::model::{
    Coding, Envelope, Hosts, Kind, LinkEvent, NodeId, Operation, OperationKind, RecordSpace, Role, Stock, Traffic,
    Verdict,
};
use crate::network::Loss;
use crate::scenario::plan::{Plan, System};

/// All counters of one run.
pub struct Metrics {
    pub hosts: Hosts,
    /// Records that everybody holds without a store of its own (full table).
    pub everywhere: Option<u32>,
    pub resources: u32,
    pub coding: Coding,
    pub measuring: bool,
    pub began: Time,
    pub carried: Vec<Carried>,
    pub machines: Vec<Machine>,
    pub tallies: [Tally; 3],
    pub waves: Waves,
    pub bytes: [u64; Traffic::ALL.len()],
    /// Copies made by repair, by what they are of: those that were needed, and those made in vain.
    pub repairs: [[u64; 2]; Copied::ALL.len()],
    pub packets_sent: u64,
    pub lost: [u64; Loss::ALL.len()],
    /// Handshakes begun and their bytes; `None` where first messages cost no more than others.
    pub handshakes: Option<[u64; 2]>,
    pub online: Level,
    /// Integral of `online` over the warm-up.
    pub online_before: u128,
    pub joined: Level,
    pub available: Level,
    /// Copies of pieces on machines that are online, and on any disk.
    pub copies_online: Level,
    pub copies: Level,
    pub lost_resources: u32,
    /// Bytes in all caches; `None` where nothing is cached.
    pub cached: Option<Level>,
    pub tables: TableCheck,
    /// What the last sample of the warm-up saw.
    pub tables_before: TableCheck,
    /// At servers, and at participants.
    pub served: [Served; 2],
    /// Workers of all servers that serve.
    pub busy: Level,
    /// Requests that were not answered in time, by [`TIMEOUTS`].
    pub timeouts: [u64; TIMEOUTS.len()],
    pub no_bootstrap: u64,
    /// Words to the bootstrap service in the measurement.
    pub service_asked: u64,
    pub peers: Peers,
    pub samples: Vec<Sample>,
    pub operations: OperationRows,
    /// Where the system has connections.
    pub connecting: Option<Box<Connecting>>,
    /// Where there are servers.
    pub minutes: Option<Box<Minutes>>,
    pub classes: ByClass,
    pub interval: Interval,
}

impl Metrics {
    pub fn new(
        (plan, system): (&Plan, &System),
        hosts: Hosts,
        everywhere: bool,
        operations: bool,
        classes: ByClass,
    ) -> Metrics {
        let (resources, coding, deadline) = (plan.resources.count, system.storage.coding, plan.workload.deadline);
        let machines = hosts.all_machines() as usize;
        Metrics {
            hosts,
            everywhere: everywhere.then_some(resources),
            resources,
            coding,
            measuring: false,
            began: Time::ZERO,
            carried: vec![Carried::default(); machines],
            machines: vec![Machine::default(); machines],
            tallies: std::array::from_fn(|_| Tally::new(deadline)),
            waves: Waves::new(resources),
            bytes: [0; Traffic::ALL.len()],
            repairs: Default::default(),
            packets_sent: 0,
            lost: [0; Loss::ALL.len()],
            handshakes: system.wire.handshake.map(|_| [0; 2]),
            online: Level::default(),
            online_before: 0,
            joined: Level::default(),
            available: Level::default(),
            copies_online: Level::default(),
            copies: Level::default(),
            lost_resources: 0,
            cached: system.storage.caching.map(|_| Level::default()),
            tables: TableCheck::default(),
            tables_before: TableCheck::default(),
            served: Default::default(),
            busy: Level::default(),
            timeouts: [0; TIMEOUTS.len()],
            no_bootstrap: 0,
            service_asked: 0,
            peers: Peers::new(machines as u32),
            samples: Vec::new(),
            operations: OperationRows::new(operations, &system.aggregates),
            connecting: None,
            minutes: None,
            classes,
            interval: Interval::new(machines),
        }
    }

    /// What the machine has carried that a node is on.
    #[inline(always)]
    fn carried(&mut self, node: NodeId) -> &mut Carried {
        let machine = self.hosts.of(node);
        &mut self.carried[machine.index()]
    }

    /// A node has sent something to another.
    #[inline(always)]
    fn contacted(&mut self, from: NodeId, to: NodeId) {
        let from = self.hosts.of(from);
        if self.peers.watches(from) {
            self.peers.contacted(from, self.hosts.of(to));
        }
    }

    pub fn available_now(&self) -> Option<f64> {
        (self.resources > 0).then(|| self.available.value() as f64 / f64::from(self.resources))
    }

    /// The resource of a get that counts.
    fn fetched_by(&self, operation: &Operation) -> Option<u32> {
        let counts = operation.counted && operation.kind == OperationKind::Get;
        operation
            .record
            .filter(|_| counts)
            .map(|record| RecordSpace::new(self.resources, self.coding).resource(record).0)
    }

    /// All quantities that are integrated over time.
    fn levels(&mut self) -> impl Iterator<Item = &mut Level> {
        let of_records = [&mut self.available, &mut self.copies_online, &mut self.copies];
        [&mut self.online, &mut self.joined, &mut self.busy].into_iter().chain(of_records).chain(&mut self.cached)
    }

    /// The counted operations of one kind.
    pub fn tally(&self, kind: OperationKind) -> &Tally {
        &self.tallies[kind as usize]
    }
}

impl Observer for Metrics {
    fn measurement_begins(&mut self, at: Time) {
        self.measuring = true;
        self.began = at;
        self.interval.counted_again(&self.bytes, &self.carried);
        self.carried.fill(Carried::default());
        for machine in &mut self.machines {
            *machine = Machine {
                came: machine.came,
                up_since: machine.up_since.map(|_| at),
                records: machine.records,
                records_since: at,
                joined: machine.joined,
                member: machine.joined > 0,
                ..Machine::default()
            };
        }
        for level in self.levels() {
            level.set(at, level.value());
        }
        self.online_before = self.online.integral();
        for level in self.levels() {
            level.restart(at);
        }
        (self.bytes, self.packets_sent, self.lost) = ([0; Traffic::ALL.len()], 0, [0; Loss::ALL.len()]);
        self.repairs = Default::default();
        self.served = Default::default();
        self.peers.clear();
        if let Some(connecting) = &mut self.connecting {
            connecting.restart(at);
        }
        self.classes.measurement_begins();
    }

    /// Closes what is open. What is counted after that concerns operations only.
    fn measurement_ends(&mut self, now: Time) {
        for machine in &mut self.machines {
            machine.close_records(now);
            machine.close_online(now);
        }
        for level in self.levels() {
            level.set(now, level.value());
        }
        if let Some(connecting) = &mut self.connecting {
            connecting.close(now);
        }
    }

    fn prefetch(&self, node: NodeId) {
        prefetch_at(&self.carried, node.index());
    }

    #[inline(always)]
    fn packet_sent(&mut self, at: Time, to: NodeId, envelope: &Envelope) {
        let bytes = u64::from(envelope.bytes);
        self.carried(envelope.from).send(bytes, envelope.for_others);
        self.bytes[envelope.traffic as usize] += bytes;
        self.packets_sent += 1;
        self.contacted(envelope.from, to);
        self.carried_by_server(at, envelope.from, bytes, false);
    }

    fn transfer_begins(&mut self, _: Time, to: NodeId, envelope: &Envelope) {
        self.packets_sent += 1;
        self.contacted(envelope.from, to);
    }

    fn transfer_moved(&mut self, at: Time, to: NodeId, envelope: &Envelope, bytes: u64) {
        self.carried(envelope.from).send(bytes, envelope.for_others);
        self.carried(to).received += bytes;
        [envelope.from, to].into_iter().for_each(|node| self.carried_by_server(at, node, bytes, false));
        self.bytes[envelope.traffic as usize] += bytes;
    }

    #[inline(always)]
    fn packet_delivered(&mut self, at: Time, to: NodeId, envelope: &Envelope) {
        let asked = envelope.op.is_some_and(|op| !op.is_unasked());
        let works = (envelope.kind == Kind::Request) & asked;
        let receiver = self.carried(to);
        receiver.received += u64::from(envelope.bytes);
        receiver.requests += u64::from(works);
        self.carried_by_server(at, to, envelope.bytes.into(), works);
    }

    fn handshake(&mut self, _: Time, begins: bool, bytes: u32) {
        if let Some([number, sum]) = self.handshakes.as_mut().filter(|_| self.measuring) {
            *number += u64::from(begins);
            *sum += u64::from(bytes);
        }
    }

    fn packet_lost(&mut self, at: Time, to: NodeId, _: &Envelope, loss: Loss) {
        self.lost[loss as usize] += 1;
        if loss == Loss::ServerQueue {
            // It takes workers, and there were none.
            self.carried_by_server(at, to, 0, true);
        }
    }

    fn session(&mut self, at: Time, machine: NodeId, up: bool) {
        let role = self.hosts.role(machine);
        let counted = &mut self.machines[machine.index()];
        counted.close_records(at);
        if up {
            counted.came = true;
            counted.up_since = Some(at);
            counted.records = self.everywhere.filter(|_| role == Role::Participant).unwrap_or(counted.records);
        } else {
            counted.close_online(at);
        }
        if role == Role::Server && !up {
            self.server_went_down();
        }
        if role == Role::Participant {
            let online = if up { self.online.value() + 1 } else { self.online.value() - 1 };
            self.online.set(at, online);
        }
    }

    fn membership(&mut self, at: Time, node: NodeId, joined: bool) {
        let machine = self.hosts.of(node);
        self.machines[machine.index()].membership(joined);
        // A machine has joined when its first node has, through which it asks.
        if node.0 < self.hosts.participants() {
            let count = if joined { self.joined.value() + 1 } else { self.joined.value() - 1 };
            self.joined.set(at, count);
        }
    }

    fn no_bootstrap(&mut self, _: Time, _: NodeId) {
        self.no_bootstrap += 1;
    }

    fn timed_out(&mut self, _: Time, counts: [u32; 3]) {
        if self.measuring {
            self.timeouts.iter_mut().zip(counts).for_each(|(sum, count)| *sum += u64::from(count));
        }
    }

    fn asks_service(&mut self, _: Time) {
        self.service_asked += u64::from(self.measuring);
    }

    fn looked_name_up(&mut self, _: Time, machine: NodeId, bytes: u32) {
        let carried = self.carried(machine);
        carried.send(bytes.into(), false);
        carried.received += u64::from(bytes);
        self.bytes[Traffic::Maintenance as usize] += 2 * u64::from(bytes);
    }

    fn records(&mut self, at: Time, machine: NodeId, held: u32) {
        let machine = &mut self.machines[machine.index()];
        machine.close_records(at);
        machine.records = held;
    }

    fn refused(&mut self, _: Time, machine: NodeId) {
        self.classes.refused(machine);
    }

    fn stock(&mut self, at: Time, stock: &Stock) {
        self.available.set(at, stock.available.into());
        self.copies_online.set(at, stock.copies_online);
        self.copies.set(at, stock.copies);
        self.lost_resources = stock.lost;
    }

    fn cached(&mut self, at: Time, bytes: u64) {
        self.cached.iter_mut().for_each(|level| level.set(at, bytes));
    }

    fn repaired(&mut self, _: Time, copied: Copied, in_vain: bool) {
        self.repairs[copied as usize][usize::from(in_vain)] += 1;
    }

    fn service_begins(&mut self, at: Time, machine: NodeId, waited: Duration) {
        let is_server = self.hosts.is_server(machine);
        if is_server {
            self.busy.set(at, self.busy.value() + 1);
        }
        self.served[usize::from(!is_server)].count(waited);
    }

    fn service_ends(&mut self, at: Time, machine: NodeId, requests: u32) {
        if self.hosts.is_server(machine) {
            self.busy.set(at, self.busy.value() - u64::from(requests));
        }
    }

    fn link_event(&mut self, at: Time, node: NodeId, event: LinkEvent) {
        if let Some(connecting) = &mut self.connecting {
            connecting.count(at, node, event);
        }
    }

    fn operation_issued(&mut self, at: Time, operation: &Operation) {
        if operation.counted {
            self.tallies[operation.kind as usize].count.issued += 1;
            self.classes.issued(operation);
        }
        if let Some(resource) = self.fetched_by(operation) {
            self.waves.asked(resource, at);
        }
    }

    fn operation_ended(&mut self, at: Time, operation: &Operation, ended: &Ended) {
        if operation.errand.is_some() {
            return;
        }
        let decided = match ended.verdict {
            Verdict::Correct => Some(0),
            Verdict::Incorrect => Some(1),
            Verdict::Failed(_) => Some(2),
            Verdict::Abandoned | Verdict::Open => None,
        };
        if let Some(how) = decided {
            self.interval.decided[operation.kind as usize][how] += 1;
        }
        if operation.counted {
            self.tallies[operation.kind as usize].ended(at, operation, ended);
            if let Some(resource) = self.fetched_by(operation) {
                self.waves.ended(resource, at, ended.verdict, ended.verdict == Verdict::Correct && !ended.local);
            }
            self.classes.ended(at, operation, ended);
            self.operations.ended(at, operation, ended);
        }
    }
}
