//! The state of a run at time zero.

use super::bootstrap::Bootstrapping;
use super::boxes::Boxes;
use super::environment::{self, Environment, Kinds};
use super::event::Event;
use super::failures::Service;
use super::handshakes::Handshakes;
use super::operations::Operations;
use super::oracle::{Directory, Oracle, Records};
use super::sessions::NOWHERE;
use super::simulation::{Seat, Simulation};
use super::state::{Buffers, Counts, Faults, Fixed, InFlight, Membership, Servers};
use super::stations::Stations;
use super::transfers::Transfers;
use crate::connectivity::Connectivity;
use crate::engine::queue::Queue;
use crate::engine::random::Purpose;
use crate::engine::{Source, Streams, Time};
use crate::measure::observer::Observer;
use crate::model::{Hosts, Key, NodeId, Reachability};
use crate::network::{Access, Nats, Network, Processor, Site};
use crate::overlay::{Config, Protocol, Roster, Server, Shared, View};
use crate::population::{self, Identity, Timeline};
use crate::scenario::plan::{BootstrapService, Plan, Start, System};
use crate::storage::message::OFFERED_AT_ONCE;
use crate::storage::swarm::LONGEST_LIST;

const NOISE: Purpose = Purpose::new("noise");
const SERVER_KEY: Purpose = Purpose::new("server-key");

impl<'p, P: Protocol, O: Observer> Simulation<'p, P, O> {
    /// A run with everybody offline. Timeline and kinds are what `environment` makes of plan and seed.
    #[expect(clippy::too_many_lines, reason = "most of it is a line for each field")]
    pub(super) fn new(
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
        let hosts = environment::hosts::<P>(system, config, participants);
        assert!(hosts.nodes() <= P::MOST_NODES, "{} nodes, and room for {}", hosts.nodes(), P::MOST_NODES);
        let machines = hosts.all_machines();
        let bootstrap = environment::bootstrap(system).map(|service| Box::new(Bootstrapping::new(*service)));
        let keys = keys(&streams, identities, hosts);
        let nodes = (0..hosts.nodes()).map(|node| P::new(config, &View::new(NodeId(node), &keys))).collect();
        let longest = config.longest_list().max(2 * OFFERED_AT_ONCE);
        let storage = super::storage::storage::<P>(&streams, (plan, system, config), hosts);
        let space = storage.resources.space();
        let piece_size = |size| space.coding().piece_size(size);
        let later = plan.workload.requests.list.iter().filter_map(|request| request.bytes.map(piece_size));
        let longest = if storage.announcements.is_some() { longest.max(LONGEST_LIST) } else { longest };
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
        let mut network = Network::new(&plan.network, &streams, &environment::machines(plan, &timeline, &kinds, sites));
        let boxes = plan.network.nat.as_ref().map(|nat| {
            let regions = (0..participants).map(|identity| network.region(identity));
            let shares = environment::behind(plan, nat, &kinds, regions);
            let nats = Nats::new(nat, &streams, &shares, dedicated);
            Box::new(Boxes::new(nats, machines, system.wire.contact))
        });
        // Where everybody is open nobody need ask; clients of a server are not called.
        let finds_out = !P::PLACEMENT.is_servers() && boxes.as_ref().is_some_and(|it| it.nats.is_anybody_behind());
        let mut shared = P::Shared::new(config, hosts.nodes());
        shared.survey(&|a, b| network.delay(Time::ZERO, hosts.of(a).0, hosts.of(b).0));
        let stations = stations(&streams, plan, &kinds, &specs, hosts);
        if let Some(announcements) = &storage.announcements
            && let Some(uplink) = announcements.providing.uplink
        {
            announcements.published().iter().for_each(|(_, node)| network.set_uplink(node.0, uplink));
        }
        Simulation {
            environment: Environment { timeline, kinds, workload: environment::workload(plan) },
            now: Time::ZERO,
            queue: Queue::new(),
            in_flight: InFlight {
                uplinks: Default::default(),
                downlinks: Default::default(),
                within: Default::default(),
                handshakes: system.wire.handshake.map(|terms| Box::new(Handshakes::new(terms, machines))),
                transfers: Transfers::new(
                    later.chain(storage.resources.sizes().iter().copied()),
                    (0..machines).map(|machine| network.paces(machine)),
                    &system.wire,
                ),
            },
            boxes,
            connectivity: system.connections.map(|settings| Box::new(Connectivity::new(settings, finds_out, machines))),
            network,
            seats: (0..hosts.senders()).map(|node| seat(&streams, node)).collect(),
            nodes,
            storage,
            shared,
            servers: Servers {
                services: specs.into_iter().map(|spec| Service { spec, standby: Time::ZERO, down: 0 }).collect(),
                stations,
            },
            bootstrap,
            operations: Operations::new(hosts.nodes() as usize, plan.workload.deadline),
            oracle: Oracle {
                directory: Directory::new(plan.population.online as u32 * hosts.each()),
                records: Records::new(space),
                witnesses: Default::default(),
            },
            membership: Membership { online_place: vec![NOWHERE; participants as usize], ..Membership::default() },
            faults: Faults { cuts: Vec::new(), crashed: vec![Vec::new(); plan.events.len()] },
            buffers: Buffers::new(longest),
            counts: Counts::default(),
            observer,
            keys,
            fixed: Fixed { plan, system, config, streams, hosts },
        }
    }

    /// Brings everybody up who is online at time zero, and puts the first events into the queue.
    pub(super) fn begin(&mut self) {
        for server in 0..self.servers.services.len() as u32 {
            self.server_up(NodeId(self.fixed.hosts.participants() + server));
        }
        self.schedule_scenario_events();
        self.schedule_request(0);
        let online = self.begin_sessions();
        self.place_values();
        if self.fixed.plan.population.start == Start::Converged {
            self.begin_converged(&online);
            match self.storage.announcements {
                Some(_) => self.place_announcements(),
                None => self.place_records(),
            }
        }
        self.begin_bootstrap();
        self.with_storage(|storage, cx| storage.publishers.iter().for_each(|publishers| publishers.begin(cx)));
        // What they hold is on their disks by now.
        self.begin_failures();
    }

    /// Members of a converged overlay at time zero. Other participants come when their first session begins.
    fn begin_sessions(&mut self) -> Vec<NodeId> {
        let converged = self.fixed.plan.population.start == Start::Converged;
        let mut online = Vec::new();
        for identity in 0..self.fixed.hosts.participants() {
            let Some(first) = self.environment.timeline.spells(identity).first() else { continue };
            for node in self.fixed.hosts.nodes_of(NodeId(identity)) {
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
        let (network, now, hosts) = (self.network.clone(), self.now, self.fixed.hosts);
        let round_trip = |a: NodeId, b: NodeId| {
            let way = network.delay(now, hosts.of(a).0, hosts.of(b).0);
            way + way
        };
        self.begin_reachability(online);
        let wants_dialable = self.fixed.config.wants_dialable();
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
