//! The state of a run at time zero.

use super::addresses::Addresses;
use super::bootstrap::Bootstrapping;
use super::event::Event;
use super::failures::Service;
use super::handshakes::Handshakes;
use super::operations::Operations;
use super::oracle::Directory;
use super::pointers::Pointers;
use super::providers::{Announcements, providing};
use super::records::Records;
use super::republishing::Publishers;
use super::scheme::{self, Kinds};
use super::sessions::NOWHERE;
use super::simulation::{Counts, Seat, Simulation};
use super::stations::Stations;
use super::transfers::{Transfers, in_packet};
use super::transport::Transport;
use crate::engine::queue::Queue;
use crate::engine::random::Purpose;
use crate::engine::{Source, Streams, Time};
use crate::measure::observer::Observer;
use crate::model::{Held, Hosts, Key, NodeId, Reachability, RecordId, Version};
use crate::network::{Access, Nats, Network, Processor, Site};
use crate::overlay::{Config, Lists, Placement, Protocol, Roster, Server, Shared, View};
use crate::population::{self, Identity, Timeline};
use crate::scenario::plan::{BootstrapService, Plan, Start, System};
use crate::storage::message::OFFERED_AT_ONCE;
use crate::storage::repair::delay::Delayed;
use crate::storage::sharing::LONGEST_LIST;
use crate::storage::{Agent, Coding, Keepers, Published, Repair};

const NOISE: Purpose = Purpose::new("noise");
const SERVER_KEY: Purpose = Purpose::new("server-key");
const PUBLISHER: Purpose = Purpose::new("publisher");

impl<'p, P: Protocol, O: Observer> Simulation<'p, P, O> {
    /// A run with everybody offline. Timeline and kinds are what `scheme` makes of plan and seed.
    #[expect(clippy::too_many_lines, reason = "most of it is a line for each field")]
    pub fn new(
        plan: &'p Plan,
        system: &'p System,
        config: &'p P::Config,
        (timeline, kinds): (Timeline, Kinds),
        seed: u64,
        observer: O,
    ) -> Self {
        const { Event::<P::Message, P::Timer>::FITS };
        let streams = Streams::new(seed);
        let identities = timeline.identities();
        let participants = identities.len() as u32;
        let specs = config.servers();
        let hosts = scheme::hosts::<P>(system, config, participants);
        assert!(hosts.nodes() <= P::MOST_NODES, "{} nodes, and room for {}", hosts.nodes(), P::MOST_NODES);
        let machines = hosts.all_machines();
        let bootstrap = scheme::bootstrap(system).map(|service| Box::new(Bootstrapping::new(*service)));
        let keys = keys(&streams, identities, hosts);
        let nodes = (0..hosts.nodes()).map(|node| P::new(config, &View::new(NodeId(node), &keys))).collect();
        let longest = config.longest_list().max(2 * OFFERED_AT_ONCE);
        let (count, coding) = (plan.resources.count, system.storage.coding);
        let providing = providing(system);
        let Kept { keys: record_keys, sizes, pointers } = kept(&streams, plan, system);
        let fixed = if pointers.is_some() || providing.is_some() { count * coding.pieces() } else { 0 };
        let pointing = if fixed > 0 { record_keys.len() as u32 - fixed } else { 0 };
        let later =
            plan.workload.requests.list.iter().filter_map(|request| request.bytes.map(|size| coding.piece_size(size)));
        let longest = if providing.is_some() { longest.max(LONGEST_LIST) } else { longest };
        let named = bootstrap.as_ref().map_or(0, |bootstrap| bootstrap.plan.terms.answers as usize);
        let longest = longest.max(named);
        let regions = plan.network.regions();
        let region = |server: &Server| regions.zip(server.region.as_ref()).and_then(|(all, name)| all.number(name));
        let servers = specs.iter().map(|server| Site { link: link(server), region: region(server) });
        let service = bootstrap.iter().flat_map(|bootstrap| {
            let BootstrapService { terms, access, .. } = bootstrap.plan;
            std::iter::repeat_n(Site { link: access, region: None }, terms.machines as usize)
        });
        let sites: Vec<Site> = servers.chain(service).collect();
        let dedicated = sites.len() as u32;
        let mut network = Network::new(&plan.network, &streams, &scheme::machines(plan, &timeline, &kinds, sites));
        let addresses = plan.network.nat.as_ref().map(|nat| {
            let regions = (0..participants).map(|identity| network.region(identity));
            let shares = scheme::behind(plan, nat, &kinds, regions);
            let nats = Nats::new(nat, &streams, &shares, dedicated);
            Box::new(Addresses::new(nats, machines, system.wire.contact))
        });
        // Where everybody is open nobody need ask; clients of a server are not called.
        let finds_out = !P::PLACEMENT.is_servers() && addresses.as_ref().is_some_and(|it| it.is_anybody_behind());
        let mut shared = P::Shared::new(config, hosts.nodes());
        shared.survey(&|a, b| network.delay(Time::ZERO, hosts.of(a).0, hosts.of(b).0));
        let stations = stations(&streams, plan, &kinds, &specs, hosts);
        let publishers: Vec<NodeId> = publishers(&streams, plan).collect();
        if let Some(uplink) = providing.and_then(|providing| providing.uplink) {
            publishers.iter().for_each(|node| network.set_uplink(node.0, uplink));
        }
        Simulation {
            plan,
            system,
            config,
            streams,
            participants,
            hosts,
            timeline,
            kinds,
            workload: scheme::workload(plan),
            patience: config.patience(),
            publishers: Publishers::default(),
            publications: publications(&streams, plan, coding, fixed),
            announcements: providing.map(|_| Announcements::new(machines, publishers)).unwrap_or_default(),
            now: Time::ZERO,
            queue: Queue::new(),
            transfers: Transfers::new(
                later.chain(sizes.iter().copied()),
                (0..machines).map(|machine| network.paces(machine)),
                &system.wire,
            ),
            addresses,
            transport: system.connections.map(|plan| Box::new(Transport::new(plan, finds_out, machines))),
            network,
            record_keys,
            sizes_in_packet: sizes.iter().map(|&size| in_packet(P::PLACEMENT, size)).collect(),
            sizes,
            seats: (0..hosts.senders()).map(|node| seat(&streams, node)).collect(),
            nodes,
            agents: (0..if count > 0 { hosts.nodes() } else { 0 }).map(|_| Agent::default()).collect(),
            shared,
            lists: Lists::new(longest),
            stations,
            bootstrap,
            services: specs.into_iter().map(|spec| Service { spec, standby: Time::ZERO, down: 0 }).collect(),
            uplinks: Default::default(),
            handshakes: system.wire.handshake.map(|terms| Box::new(Handshakes::new(terms, machines))),
            downlinks: Default::default(),
            within: Default::default(),
            operations: Operations::new(hosts.nodes() as usize, plan.workload.deadline),
            wholes: Default::default(),
            ways: Default::default(),
            directory: Directory::new(plan.population.online as u32 * hosts.each()),
            joined: Vec::new(),
            online: Vec::new(),
            online_place: vec![NOWHERE; participants as usize],
            joining: 0,
            cuts: Vec::new(),
            crashed: vec![Vec::new(); plan.events.len()],
            records: Records::new(count, coding, pointing),
            witnesses: Default::default(),
            checks: Default::default(),
            mending: Delayed::new(pointers.as_ref().map_or(0, Pointers::places), count),
            pointers,
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
        }
        self.schedule_scenario_events();
        self.schedule_request(0);
        let online = self.begin_sessions();
        self.place_values();
        if self.plan.population.start == Start::Converged {
            self.begin_converged(&online);
            match self.providing() {
                Some(providing) => self.place_announcements(providing),
                None => self.place_records(),
            }
        }
        self.begin_bootstrap();
        self.begin_republishing();
        // What they hold is on their disks by now.
        self.begin_failures();
    }

    /// Those who are in a converged overlay at time zero. The others come when their first session begins.
    fn begin_sessions(&mut self) -> Vec<NodeId> {
        let converged = self.plan.population.start == Start::Converged;
        let mut online = Vec::new();
        for identity in 0..self.participants {
            let Some(first) = self.timeline.spells(identity).first() else { continue };
            for node in self.hosts.nodes_of(NodeId(identity)) {
                self.seats[node.index()].session = first.number;
            }
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
        // A copy, since what the handlers send changes the network's links.
        let (network, now, hosts) = (self.network.clone(), self.now, self.hosts);
        let round_trip = |a: NodeId, b: NodeId| {
            let way = network.delay(now, hosts.of(a).0, hosts.of(b).0);
            way + way
        };
        self.begin_reachability(online);
        let wants_dialable = self.config.wants_dialable();
        let is_client = |node: &NodeId| wants_dialable && self.reachability(*node) != Reachability::Yes;
        let nodes = online.iter().flat_map(|machine| hosts.nodes_of(*machine));
        let (clients, members): (Vec<NodeId>, Vec<NodeId>) = nodes.partition(is_client);
        let roster = Roster::new(members.iter().map(|node| (self.keys[node.index()], *node)).collect());
        let roster = roster.with_round_trips(&round_trip);
        members.into_iter().for_each(|node| self.remember_joined(node));
        clients.iter().for_each(|node| self.remember_client(*node));
        // In the order of the keys: neighbours look at the same places of the roster.
        for node in roster.iter().map(|(_, node)| node).chain(clients) {
            self.with_overlay(node, |overlay, cx| overlay.start_converged(cx, &roster));
        }
        for &machine in online {
            self.come_online(machine);
        }
        self.begin_connected(online);
        self.begin_acquainted(online);
    }

    /// Version 0 of every record exists on its responsible nodes.
    fn place_records(&mut self) {
        let (mut nearest, mut servers) = (Vec::new(), Vec::new());
        let fixed = self.fixed();
        for record in (fixed..self.record_keys.len() as u32).map(RecordId::new) {
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
            // What found no room anywhere was never stored.
            if self.records.is_stored(record) || matches!(P::PLACEMENT, Placement::Everyone(_)) {
                self.note_stored(record);
            }
        }
        if self.pointers.is_some() || self.system.storage.repair.threshold(1).is_some() {
            for place in 0..self.joined.len() {
                self.with_agent(self.joined[place], |agent, desk, around| agent.on_placed(desk, around));
            }
        }
        self.tell_stock();
    }

    /// A copy is on a machine's disk at time zero.
    pub fn place(&mut self, record: RecordId, node: NodeId) {
        let disk = self.disk(node);
        let store = &mut self.agents[node.index()].store;
        if !store.has_room(record, disk, &self.sizes) {
            return self.observer.refused(self.now, self.hosts.of(node));
        }
        store.keep(record, Version(0));
        if let Repair::Republish(_) = self.system.storage.repair {
            self.with_agent(node, |agent, desk, _| agent.note_put(desk, record, Published::at(desk.now)));
        }
        let copy = Held { record, version: Version(0) };
        self.records.copy_made(self.now, copy, self.seats[node.index()].online);
        self.tell_records(node);
    }
}

/// The places of all nodes in the identifier space.
fn keys(streams: &Streams, identities: &[Identity], hosts: Hosts) -> Vec<Key> {
    let mut keys = vec![Key(0); hosts.nodes() as usize];
    for machine in (0..hosts.machines()).map(NodeId) {
        match identities.get(machine.index()) {
            Some(one) => {
                let drawn = population::participant_keys(streams, one.participant, one.incarnation);
                hosts.nodes_of(machine).zip(drawn).for_each(|(node, key)| keys[node.index()] = Key(key));
            }
            None => {
                let server = u64::from(machine.0) - identities.len() as u64;
                keys[machine.index()] = Key(streams.stream(SERVER_KEY, server).next_u64());
            }
        }
    }
    keys
}

/// The pieces of all resources, in the order of the records.
fn pieces(count: u32, coding: Coding) -> impl Iterator<Item = (u32, u32)> {
    (0..count).flat_map(move |resource| (0..coding.pieces()).map(move |piece| (resource, piece)))
}

/// Where records are in the identifier space and how large they are; and the pointers, if there are some.
struct Kept {
    keys: Vec<Key>,
    sizes: Vec<u32>,
    pointers: Option<Pointers>,
}

fn kept(streams: &Streams, plan: &Plan, system: &System) -> Kept {
    let (storage, contact) = (&system.storage, system.wire.contact);
    let (count, coding) = (plan.resources.count, storage.coding);
    let key = |(resource, piece)| Key(population::record_key(streams, resource, piece));
    let mut keys: Vec<Key> = pieces(count, coding).map(key).collect();
    let size = |resource| coding.piece_size(population::resource_size(streams, &plan.resources.size, resource));
    let of_one = |resource| std::iter::repeat_n(size(resource), coding.pieces() as usize);
    let mut sizes: Vec<u32> = (0..count).flat_map(of_one).collect();
    let pointers = match storage.keepers {
        Keepers::Responsible | Keepers::Providers(_) => None,
        Keepers::RandomParticipants => {
            Some(Pointers::draw(streams, plan.population.participants, count, coding, storage.replicas))
        }
    };
    if let Some(pointers) = &pointers {
        keys.extend_from_within(..);
        sizes.resize(keys.len(), pointers.size(contact));
    }
    if matches!(storage.keepers, Keepers::Providers(_)) {
        keys.extend((0..count).map(|resource| key((resource, 0))));
        sizes.resize(keys.len(), contact);
    }
    Kept { keys, sizes, pointers }
}

/// Who publishes which record, by publisher: one participant all pieces of a resource, or the pointers to them, which are
/// the records from `fixed` on.
fn publications(streams: &Streams, plan: &Plan, coding: Coding, fixed: u32) -> Vec<(NodeId, RecordId)> {
    if plan.population.start == Start::Converged {
        return Vec::new();
    }
    let publishers: Vec<NodeId> = publishers(streams, plan).collect();
    let mut list: Vec<_> = pieces(plan.resources.count, coding)
        .map(|(resource, piece)| {
            (publishers[resource as usize], RecordId::new(fixed + coding.record(resource, piece).index() as u32))
        })
        .collect();
    list.sort_unstable();
    list
}

/// Who publishes each resource.
pub(super) fn publishers(streams: &Streams, plan: &Plan) -> impl Iterator<Item = NodeId> {
    let participants = u64::from(plan.population.participants);
    let publisher = move |resource: u32| NodeId(streams.stream(PUBLISHER, resource.into()).below(participants) as u32);
    (0..plan.resources.count).map(publisher)
}

fn seat(streams: &Streams, node: u32) -> Seat {
    Seat {
        noise: streams.noise(NOISE, node.into()),
        created: 0,
        place: NOWHERE,
        session: 0,
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

/// The stations of participants with a processor and of servers.
fn stations<M>(streams: &Streams, plan: &Plan, kinds: &Kinds, specs: &[Server], hosts: Hosts) -> Stations<M> {
    let of_server = |spec: &Server| {
        let Server { service, workers, queue, .. } = spec;
        Processor { service: service.clone(), workers: *workers, waiting: *queue }
    };
    let first_server = hosts.participants();
    let of_participants = (0..first_server).map(|one| plan.population.processor_of(kinds.class(one)).cloned());
    let of_participants = plan.population.has_processors().then_some(of_participants);
    Stations::new(streams, of_participants, specs.iter().map(of_server), (first_server, hosts.nodes()))
}
