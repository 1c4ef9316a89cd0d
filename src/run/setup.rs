//! The state of a run at time zero.

use super::event::Event;
use super::observer::Observer;
use super::operations::Operations;
use super::oracle::{Directory, Records};
use super::sessions::NOWHERE;
use super::simulation::{Counts, Seat, Service, Simulation};
use crate::engine::order::{Class, Order};
use crate::engine::queue::Queue;
use crate::engine::random::Purpose;
use crate::engine::{Duration, Source, Streams, Time};
use crate::network::{Access, Network, Station};
use crate::overlay::{Key, Lists, Metric, NodeId, Placement, Protocol, RecordId, Roster, Server, Version, View};
use crate::population::{self, Churn, Workload};
use crate::scenario::plan::{Plan, Start, System};
use crate::storage::Agent;
use crate::storage::message::OFFERED_AT_ONCE;

const NOISE: Purpose = Purpose::new("noise");
const SERVER_KEY: Purpose = Purpose::new("server-key");
const SERVICE: Purpose = Purpose::new("service");
const START: Purpose = Purpose::new("start");
const PUBLISHER: Purpose = Purpose::new("publisher");

impl<'p, P: Protocol, O: Observer> Simulation<'p, P, O> {
    /// A run with everybody offline.
    pub fn new(plan: &'p Plan, system: &'p System, config: &'p P::Config, seed: u64, observer: O) -> Self {
        const { Event::<P::Message, P::Timer>::FITS };
        let streams = Streams::new(seed);
        let participants = plan.population.participants;
        let specs = P::servers(config);
        let machines = participants + specs.len() as u32;
        let mut keys: Vec<Key> =
            (0..participants).map(|one| Key(population::participant_key(&streams, one, 0))).collect();
        keys.extend((0..specs.len() as u64).map(|one| Key(streams.stream(SERVER_KEY, one).next_u64())));
        let links: Vec<Access> = specs.iter().map(link).collect();
        let nodes = (0..machines).map(|node| P::new(config, &View::new(NodeId(node), &keys))).collect();
        let longest = P::longest_list(config).max(2 * OFFERED_AT_ONCE);
        let count = plan.resources.count;
        Simulation {
            plan,
            system,
            config,
            streams,
            churn: plan
                .population
                .churn
                .as_ref()
                .map(|churn| Churn { session: churn.session, downtime: churn.downtime }),
            workload: Workload {
                gaps: [plan.workload.lookup, plan.workload.get, plan.workload.put],
                target: plan.workload.target,
                records: plan.resources.popularity.over(count.max(1)),
            },
            patience: P::patience(config),
            publications: publications(&streams, plan),
            now: Time::ZERO,
            queue: Queue::new(),
            network: Network::new(&plan.network, &streams, participants, &links),
            record_keys: (0..count).map(|record| Key(population::record_key(&streams, record))).collect(),
            sizes: vec![plan.resources.size; count as usize],
            seats: (0..machines).map(|node| seat(&streams, node)).collect(),
            nodes,
            agents: (0..if count > 0 { machines } else { 0 }).map(|_| Agent::default()).collect(),
            shared: P::shared(config, machines),
            lists: Lists::new(longest),
            services: (0..).zip(specs).map(|(number, spec)| service(&streams, number, spec)).collect(),
            downlinks: Default::default(),
            requests: Default::default(),
            operations: Operations::new(machines as usize),
            directory: Directory::new(plan.population.online as u32),
            joined: Vec::new(),
            online: Vec::new(),
            online_place: vec![NOWHERE; participants as usize],
            joining: 0,
            records: Records::new(count),
            buffers: Default::default(),
            counts: Counts::default(),
            observer,
            keys,
        }
    }

    /// Brings everybody up who is online at time zero, and puts the first events into the queue.
    pub fn begin(&mut self) {
        for server in 0..self.services.len() as u32 {
            self.server_up(NodeId(self.participants() + server));
            self.schedule_failure(server, 0);
        }
        for (position, crash) in (0..).zip(&self.plan.crashes) {
            let order = Order::new(Class::Scenario, position, 0);
            self.queue.push(Time::ZERO + crash.at, order, Event::Crash { position });
        }
        let online = self.begin_sessions();
        match self.plan.population.start {
            Start::Converged => {
                self.begin_converged(&online);
                self.place_records();
            }
            Start::Join { over } => self.begin_joining(&online, over),
        }
    }

    /// Who is online at time zero and for how long still. The others come when their downtime is over.
    fn begin_sessions(&mut self) -> Vec<(NodeId, Option<Duration>)> {
        let mut online = Vec::new();
        for participant in 0..self.participants() {
            let state = self.churn.as_ref().map(|churn| churn.start(&self.streams, participant, 0));
            match state {
                None => online.push((NodeId(participant), None)),
                Some((true, left)) => online.push((NodeId(participant), Some(left))),
                Some((false, left)) => {
                    self.seats[participant as usize].epoch = 1; // session 0 is one that is under way at time zero
                    let order = Order::new(Class::Session, participant, 2);
                    self.queue.push(Time::ZERO + left, order, Event::SessionBegins { participant });
                }
            }
        }
        online
    }

    fn begin_converged(&mut self, online: &[(NodeId, Option<Duration>)]) {
        let roster = Roster::new(online.iter().map(|(node, _)| (self.keys[node.index()], *node)).collect());
        for &(node, _) in online {
            self.remember_joined(node);
        }
        // In the order of the keys: neighbours look at the same places of the roster.
        for (_, node) in roster.iter() {
            self.with_overlay(node, |overlay, cx| overlay.start_converged(cx, &roster));
        }
        for &(node, left) in online {
            self.come_online(node, left);
        }
    }

    /// Version 0 of every record exists on its responsible nodes.
    fn place_records(&mut self) {
        let (mut nearest, mut servers) = (Vec::new(), Vec::new());
        for record in (0..self.records.count()).map(RecordId::new) {
            self.records.mark_stored(record);
            match P::PLACEMENT {
                Placement::Closest(metric) => {
                    let key = self.record_keys[record.index()];
                    self.directory.nearest(metric, key, self.replicas() as usize, &mut nearest);
                    for &(_, node) in &nearest {
                        self.place(record, node);
                    }
                }
                Placement::Servers => {
                    let server = NodeId(self.participants());
                    let (view, key) = (View::new(server, &self.keys), self.record_keys[record.index()]);
                    let overlay = &self.nodes[server.index()];
                    overlay.nearest(&self.shared, &view, key, self.services.len(), &mut servers);
                    servers.drain(..).for_each(|node| self.place(record, node));
                }
                Placement::Everyone(_) => {}
            }
        }
        self.tell_available();
    }

    fn place(&mut self, record: RecordId, node: NodeId) {
        self.agents[node.index()].store.keep(record, Version(0));
        self.records.copy_made(record, true);
        let held = self.held(node).len() as u32;
        self.observer.records(self.now, node, held);
    }

    /// Those online at time zero begin at an instant drawn from `0 .. over`; the time that each has left counts from
    /// there.
    fn begin_joining(&mut self, online: &[(NodeId, Option<Duration>)], over: Duration) {
        for &(node, _) in online {
            let at = Time::ZERO + over.mul_f64(self.streams.stream(START, node.0.into()).unit());
            let (participant, order) = (node.0, Order::new(Class::Session, node.0, 2));
            self.queue.push(at, order, Event::SessionBegins { participant });
        }
    }
}

/// Who publishes which record, by publisher.
fn publications(streams: &Streams, plan: &Plan) -> Vec<(NodeId, RecordId)> {
    if plan.population.start == Start::Converged {
        return Vec::new();
    }
    let participants = u64::from(plan.population.participants);
    let publisher = |record: u32| streams.stream(PUBLISHER, record.into()).below(participants) as u32;
    let mut list: Vec<_> =
        (0..plan.resources.count).map(|record| (NodeId(publisher(record)), RecordId::new(record))).collect();
    list.sort_unstable();
    list
}

fn seat(streams: &Streams, node: u32) -> Seat {
    Seat {
        noise: streams.noise(NOISE, node.into()),
        created: 0,
        place: NOWHERE,
        epoch: 0,
        online: false,
        joined: false,
        settled: false,
        joining: false,
        crashed: false,
    }
}

fn link(server: &Server) -> Access {
    Access { uplink: server.uplink, downlink: server.downlink, queue: server.link_queue }
}

fn service(streams: &Streams, number: u64, spec: Server) -> Service {
    let station = Station::new(spec.workers, spec.queue);
    Service { spec, station, noise: streams.noise(SERVICE, number), standby: Time::ZERO }
}

/// The metric by which lookups are judged, where there is one.
pub(super) const fn metric(placement: Placement) -> Option<Metric> {
    match placement {
        Placement::Closest(metric) | Placement::Everyone(metric) => Some(metric),
        Placement::Servers => None,
    }
}
