//! The state of a run at time zero.

use super::addresses::Addresses;
use super::event::Event;
use super::observer::Observer;
use super::operations::Operations;
use super::oracle::{Directory, Records};
use super::scheme;
use super::sessions::NOWHERE;
use super::simulation::{Counts, Seat, Service, Simulation};
use super::transfers::{Transfers, in_packet};
use super::transport::Transport;
use crate::engine::queue::Queue;
use crate::engine::random::Purpose;
use crate::engine::{Source, Streams, Time};
use crate::network::{Access, Nats, Network, Station};
use crate::overlay::{Key, Lists, Metric, NodeId, Placement, Protocol, Reachability, RecordId, Roster, Server, Version, View};
use crate::population::{self, Timeline};
use crate::scenario::plan::{Plan, Start, System};
use crate::storage::Agent;
use crate::storage::message::OFFERED_AT_ONCE;

const NOISE: Purpose = Purpose::new("noise");
const SERVER_KEY: Purpose = Purpose::new("server-key");
const SERVICE: Purpose = Purpose::new("service");
const PUBLISHER: Purpose = Purpose::new("publisher");

impl<'p, P: Protocol, O: Observer> Simulation<'p, P, O> {
    /// A run with everybody offline. The timeline is what [`scheme::timeline`] makes of plan and seed.
    pub fn new(
        plan: &'p Plan,
        system: &'p System,
        config: &'p P::Config,
        timeline: Timeline,
        seed: u64,
        observer: O,
    ) -> Self {
        const { Event::<P::Message, P::Timer>::FITS };
        let streams = Streams::new(seed);
        let identities = timeline.identities();
        let participants = identities.len() as u32;
        let specs = P::servers(config);
        let machines = participants + specs.len() as u32;
        let mut keys: Vec<Key> = identities
            .iter()
            .map(|one| Key(population::participant_key(&streams, one.participant, one.incarnation)))
            .collect();
        keys.extend((0..specs.len() as u64).map(|one| Key(streams.stream(SERVER_KEY, one).next_u64())));
        let links: Vec<Access> = specs.iter().map(link).collect();
        let nodes = (0..machines).map(|node| P::new(config, &View::new(NodeId(node), &keys))).collect();
        let longest = P::longest_list(config).max(2 * OFFERED_AT_ONCE);
        let count = plan.resources.count;
        let size = |record| population::record_size(&streams, &plan.resources.size, record);
        let sizes: Vec<u32> = (0..count).map(size).collect();
        let later = plan.workload.requests.iter().filter_map(|request| request.bytes);
        let network = Network::new(&plan.network, &streams, participants, &links);
        let addresses = plan.network.nat.as_ref().map(|nat| {
            let nats = Nats::new(nat, &streams, participants, specs.len() as u32);
            Box::new(Addresses::new(nats, machines))
        });
        // Where everybody is open nobody need ask; clients of a server are not called.
        let finds_out = P::PLACEMENT != Placement::Servers && addresses.as_ref().is_some_and(|it| it.is_anybody_behind());
        Simulation {
            plan,
            system,
            config,
            streams,
            participants,
            timeline,
            workload: scheme::workload(plan),
            patience: P::patience(config),
            publications: publications(&streams, plan),
            now: Time::ZERO,
            queue: Queue::new(),
            transfers: Transfers::new(
                later.chain(sizes.iter().copied()),
                (0..machines).map(|machine| network.paces(machine)),
            ),
            addresses,
            transport: system.connections.map(|plan| Box::new(Transport::new(plan, finds_out, machines))),
            network,
            record_keys: (0..count).map(|record| Key(population::record_key(&streams, record))).collect(),
            sizes_in_packet: sizes.iter().map(|&size| in_packet(P::PLACEMENT, size)).collect(),
            sizes,
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
            cuts: Vec::new(),
            crashed: vec![Vec::new(); plan.events.len()],
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
            self.server_up(NodeId(self.participants + server));
            self.schedule_failure(server, 0);
        }
        self.schedule_scenario_events();
        self.schedule_request(0);
        let online = self.begin_sessions();
        if self.plan.population.start == Start::Converged {
            self.begin_converged(&online);
            self.place_records();
        }
    }

    /// Those who are in a converged overlay at time zero. The others come when their first session begins.
    fn begin_sessions(&mut self) -> Vec<NodeId> {
        let converged = self.plan.population.start == Start::Converged;
        let mut online = Vec::new();
        for identity in 0..self.participants {
            let Some(first) = self.timeline.spells(identity).first() else { continue };
            self.seats[identity as usize].epoch = first.number as u16;
            if converged && first.begins == Time::ZERO {
                online.push(NodeId(identity));
                self.follow(NodeId(identity), 0);
            } else {
                self.schedule_spell(NodeId(identity), 0);
            }
        }
        online
    }

    fn begin_converged(&mut self, online: &[NodeId]) {
        self.begin_reachability(online);
        let wants_dialable = P::wants_dialable(self.config);
        let is_client = |node: &NodeId| wants_dialable && self.reachability(*node) != Reachability::Yes;
        let (clients, members): (Vec<NodeId>, Vec<NodeId>) = online.iter().partition(|node| is_client(node));
        let roster = Roster::new(members.iter().map(|node| (self.keys[node.index()], *node)).collect());
        members.into_iter().for_each(|node| self.remember_joined(node));
        clients.iter().for_each(|node| self.remember_client(*node));
        // In the order of the keys: neighbours look at the same places of the roster.
        for node in roster.iter().map(|(_, node)| node).chain(clients) {
            self.with_overlay(node, |overlay, cx| overlay.start_converged(cx, &roster));
        }
        for &node in online {
            self.come_online(node);
        }
        self.begin_connected(online);
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
                    let server = NodeId(self.participants);
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
        departed: false,
    }
}

fn link(server: &Server) -> Access {
    Access { uplink: server.uplink, downlink: server.downlink, queue: server.link_queue }
}

fn service(streams: &Streams, number: u64, spec: Server) -> Service {
    let station = Station::new(spec.workers, spec.queue);
    Service { spec, station, noise: streams.noise(SERVICE, number), standby: Time::ZERO, down: 0 }
}

/// The metric by which lookups are judged, where there is one.
pub(super) const fn metric(placement: Placement) -> Option<Metric> {
    match placement {
        Placement::Closest(metric) | Placement::Everyone(metric) => Some(metric),
        Placement::Servers => None,
    }
}
