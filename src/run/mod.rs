//! Layer 7: the simulation loop.
//!
//! One [`simulate`] is one run: it sets up the state at time zero, handles events in the order of virtual time until the end of the
//! measurement, lets the operations under way end, and hands the counters over to `measure`. Handlers of overlays, storage and
//! connectivity leave effects, which are applied here.
//!
//! | file | contents |
//! | --- | --- |
//! | `simulation` | the event loop and the state of a run |
//! | `state` | the parts of the state of a run |
//! | `event` | what waits in the queue: events and packets |
//! | `setup` | the state at time zero |
//! | `environment` | what is settled before a run begins: sessions, demand, attributes of machines |
//! | `sessions` | machines come and go; nodes join and leave their overlay |
//! | `faults` | the events of a scenario: crashes, partitions, regions cut off, outages |
//! | `failures` | failures and repairs of servers |
//! | `effects` | handlers of a node's overlay, and the effects they leave |
//! | `storage` | handlers of storage, and the effects they leave |
//! | `connections` | handlers of connectivity, and the effects they leave |
//! | `packets` | a packet's way: departure, arrival, delivery, loss |
//! | `boxes` | NATs and firewalls on a packet's way |
//! | `handshakes` | what first messages between two machines cost |
//! | `transfers` | values too large for a packet, as flows |
//! | `stations` | requests that wait for service at servers and participants |
//! | `bootstrap` | the bootstrap service |
//! | `operations` | lookups, gets and puts from issue to verdict |
//! | `oracle` | the truth, for judging only: who is responsible, where copies are |
//! | `tables` | samples of routing tables |
//! | `prefetch` | prefetching for the next events |

mod bootstrap;
mod boxes;
mod connections;
mod effects;
pub mod environment;
mod event;
mod failures;
mod faults;
mod handshakes;
mod operations;
mod oracle;
mod packets;
mod prefetch;
mod sessions;
mod setup;
mod simulation;
mod state;
mod stations;
mod storage;
mod tables;
mod transfers;

use std::io::Write;

use crate::engine::{Duration, Streams, Time};
use crate::measure::observer::{Observer, Prints};
use crate::measure::outcome::{NodeRow, Outcome, PairRow, ResourceRow, Timing};
use crate::measure::trace::Trace;
use crate::measure::{ByClass, Metrics, Report};
use crate::model::{NodeId, Role};
use crate::overlay::{Config, Protocol, View};
use crate::population;
use crate::scenario::plan::{Plan, System};

use environment::Kinds;
use simulation::Simulation;

pub use simulation::{Interrupted, PROGRESS_EVERY, Progress};

/// Checkpoints of the fingerprint in one run.
const CHECKPOINTS: u64 = 1000;

/// What is wanted of a run beside its figures.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted {
    /// A row for every machine.
    pub nodes: bool,
    /// A row for every resource.
    pub resources: bool,
    /// A row for every operation.
    pub operations: bool,
}

/// What watches every run.
type Watched = (Metrics, Prints);

/// Runs one system of a plan with one seed.
///
/// The figures depend on nothing but plan, system and seed. `trace` is given a CSV line for every observable event.
/// `progress` is called every so many events, and when a part of the run is over: at time zero when the state is built, at
/// the end of the warm-up before any event at or after it, and at the end of the measurement. So a caller with a clock
/// can tell what each part cost.
pub fn simulate<P: Protocol>(
    plan: &Plan,
    system: &System,
    seed: u64,
    wanted: Wanted,
    trace: Option<&mut dyn Write>,
    progress: &Progress<'_>,
) -> Result<Outcome, Interrupted> {
    let config: &P::Config = system.config.downcast_ref().expect("the registry parsed the protocol's own table");
    let everywhere = matches!(P::PLACEMENT, crate::overlay::Placement::Everyone(_));
    let timeline = environment::timeline(plan, seed);
    let kinds = Kinds::new(plan, &Streams::new(seed), &timeline);
    let participants = timeline.identities().len() as u32;
    let classes = ByClass::new(plan, kinds.classes.clone());
    let length = plan.warmup + plan.measure;
    let hosts = environment::hosts::<P>(system, config, participants);
    let metrics =
        Metrics::new((plan, system), hosts, everywhere, wanted.operations, classes).with_servers(&config.servers());
    let watched = (
        if system.connections.is_some() { metrics.with_connections() } else { metrics },
        Prints::new(hosts.senders(), Duration::from_nanos((length.as_nanos() / CHECKPOINTS).max(1))),
    );
    match trace {
        None => {
            let simulation = Simulation::<P, _>::new(plan, system, config, (timeline, kinds), seed, watched);
            run(simulation, wanted, progress, |watched| watched)
        }
        Some(out) => {
            let observer = (watched, Trace::new(out));
            let simulation = Simulation::<P, _>::new(plan, system, config, (timeline, kinds), seed, observer);
            run(simulation, wanted, progress, |observer| &mut observer.0)
        }
    }
}

fn run<P: Protocol, O: Observer>(
    mut simulation: Simulation<'_, P, O>,
    wanted: Wanted,
    progress: &Progress<'_>,
    watched: impl Fn(&mut O) -> &mut Watched,
) -> Result<Outcome, Interrupted> {
    let plan = simulation.fixed.plan;
    let (warm, end) = (Time::ZERO + plan.warmup, Time::ZERO + plan.warmup + plan.measure);
    if let Some(boxes) = &simulation.boxes {
        let classes = (0..simulation.seats.len() as u32).map(|machine| boxes.class(NodeId(machine)));
        watched(&mut simulation.observer).0.behind(classes);
    }
    simulation.begin();
    let part_over = |at, events| if progress(at, events) { Ok(()) } else { Err(Interrupted) };
    part_over(Time::ZERO, 0)?;
    let mut sample = Time::ZERO + plan.sample;
    let (mut measuring, mut events_before) = (false, 0);
    loop {
        let until = sample.min(end).min(if measuring { Time::NEVER } else { warm });
        simulation.run_until(until, progress)?;
        simulation.account_transfers();
        if sample == until {
            let check = simulation.check_tables();
            watched(&mut simulation.observer).0.sample(until, &check);
            sample += plan.sample;
        }
        if !measuring && until == warm {
            measuring = true;
            simulation.observer.measurement_begins(until);
            simulation.oracle.records.measure(until);
            events_before = simulation.counts.events;
            part_over(until, events_before)?;
        }
        if until == end {
            break;
        }
    }
    part_over(end, simulation.counts.events)?;
    simulation.observer.measurement_ends(end);
    let measured = simulation.measured(wanted, events_before, &watched);
    simulation.decide_operations(progress)?;
    simulation.close_operations();
    simulation.assert_balance();
    Ok(simulation.outcome(measured, watched))
}

/// What stands at the end of the measurement: everything but how the operations end that are under way then.
struct Measured {
    report: Report,
    nodes: Vec<NodeRow>,
    resources: Vec<ResourceRow>,
    pairs: Vec<PairRow>,
    timing: Timing,
}

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// The measurement is closed. `events_before`: those of the warm-up.
    fn measured(&mut self, wanted: Wanted, events_before: u64, watched: &impl Fn(&mut O) -> &mut Watched) -> Measured {
        let workers: Vec<u32> = self.servers.services.iter().map(|service| service.spec.workers).collect();
        let mut timing = Timing {
            measured_events: self.counts.events - events_before,
            bytes_by_part: self.bytes_by_part(),
            ..Timing::default()
        };
        let resources = if wanted.resources { self.resource_rows() } else { Vec::new() };
        let (metrics, prints) = watched(&mut self.observer);
        let resources_of_all = (self.oracle.records.ever_stored(), self.oracle.records.stock().lost);
        (timing.online_node_seconds, timing.measured_online_node_seconds) = metrics.online_node_seconds();
        timing.bytes_by_part.push(("metrics", (metrics.heap_bytes() + prints.heap_bytes()) as u64));
        let (nodes, shared, keys, seats) = (&self.nodes, &self.shared, &self.keys, &self.seats);
        let hosts = self.fixed.hosts;
        let contacts = |machine: NodeId| {
            let mut list = Vec::new();
            if hosts.role(machine) == Role::Bootstrap {
                return None;
            }
            let joined = hosts.nodes_of(machine).filter(|node| seats[node.index()].joined);
            let tables = joined.map(|node| nodes[node.index()].contacts(shared, &View::new(node, keys), &mut list));
            (tables.count() > 0).then_some(list.len() as u64)
        };
        Measured {
            report: Report::new(metrics, self.now, &workers, resources_of_all),
            pairs: metrics.pairs(),
            nodes: if wanted.nodes { metrics.node_rows(contacts) } else { Vec::new() },
            resources,
            timing,
        }
    }

    /// All operations have ended.
    fn outcome(mut self, measured: Measured, watched: impl Fn(&mut O) -> &mut Watched) -> Outcome {
        let Measured { mut report, nodes, resources, pairs, mut timing } = measured;
        (timing.events, timing.late_timeouts) = (self.counts.events, self.counts.late_timeouts);
        let (metrics, prints) = watched(&mut self.observer);
        prints.checkpoints.finish(self.now, &prints.fingerprint);
        report.add_operations(metrics);
        Outcome {
            metrics: report.metrics,
            events: environment::marks(self.fixed.plan),
            load: report.load,
            classes: report.classes,
            pairs,
            nodes,
            resources,
            operations: metrics.operations.take(),
            aggregates: metrics.operations.aggregates(),
            samples: std::mem::take(&mut metrics.samples),
            fingerprint: prints.fingerprint.value(),
            checkpoints: prints.checkpoints.passed().to_vec(),
            timing,
        }
    }

    fn resource_rows(&mut self) -> Vec<ResourceRow> {
        let (streams, law) = (self.fixed.streams, &self.fixed.plan.resources.size);
        self.oracle
            .records
            .rows(self.now, self.fixed.plan.measure, |resource| population::resource_size(&streams, law, resource))
    }

    /// Memory by part at the end of the run.
    fn bytes_by_part(&self) -> Vec<(&'static str, u64)> {
        let of = |bytes: usize| bytes as u64;
        let (tables, rpc) =
            self.nodes.iter().map(P::heap_bytes).fold((0, 0), |sum, one| (sum.0 + one.tables, sum.1 + one.rpc));
        let records = self.storage.nodes.iter().map(|storage| storage.store.heap_bytes()).sum::<usize>();
        let nodes = self.storage.nodes.iter().map(|storage| size_of_val(storage) + storage.heap_bytes()).sum::<usize>();
        let policies = self.storage.heap_bytes();
        let network = self.network.heap_bytes()
            + self.in_flight.transfers.heap_bytes()
            + self.servers.stations.heap_bytes()
            + self.bootstrap.as_ref().map_or(0, |bootstrap| bootstrap.heap_bytes())
            + self.in_flight.handshakes.as_ref().map_or(0, |handshakes| handshakes.heap_bytes());
        vec![
            ("tables", of(size_of_val(&self.nodes[..]) + tables)),
            ("rpc", of(rpc)),
            ("storage", of(nodes + records + policies)),
            ("seats", of(size_of_val(&self.seats[..]) + size_of_val(&self.keys[..]))),
            ("operations", of(self.operations.heap_bytes() + self.storage.paths.heap_bytes())),
            ("sessions", of(self.environment.timeline.heap_bytes())),
            ("queue", of(self.queue.heap_bytes())),
            ("lists", of(self.buffers.lists.heap_bytes())),
            ("network", of(network)),
            ("nat", of(self.boxes.as_ref().map_or(0, |boxes| boxes.heap_bytes()))),
            ("links", of(self.connectivity.as_ref().map_or(0, |connectivity| connectivity.heap_bytes()))),
        ]
    }
}
