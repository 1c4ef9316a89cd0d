//! The bootstrap service in a run: its machines, and nodes on their way in.
//!
//! Whom it names and when a node asks is decided in [`crate::overlay::bootstrap`]; here are the packets, the time-outs and the
//! failures. A machine of the service stands where the server with its number would, so that no draw of anybody else moves.
//! Words to and from it need no link: where a system has connections they go over ones of their own, which are not counted.

use std::collections::BTreeMap;

use super::event::{Body, Event, Packet};
use super::failures::first_state;
use super::simulation::Simulation;
use crate::engine::order::{Class, Order};
use crate::engine::random::hash_pair;
use crate::engine::{Duration, Law, Purpose, Source, Time};
use crate::measure::observer::Observer;
use crate::model::{Envelope, Kind, NodeId, Reachability, Traffic};
use crate::overlay::bootstrap::{Message, Seeker, Service, Step, TIMEOUT, Teller};
use crate::overlay::{Notice, Payload, Protocol, View};
use crate::scenario::plan::{BootstrapService, Rejoin};

/// Draws of the members that an answer names.
const NAMED: Purpose = Purpose::new("bootstrap");
/// Which machine a node asks first, and which old contacts it tries before.
const FIRST: Purpose = Purpose::new("bootstrap-first");
/// When the members of a converged start told the service last.
const TOLD: Purpose = Purpose::new("bootstrap-told");
/// Members that an oracle names to a member.
const BY_ORACLE: usize = 5;
const STATE: Purpose = Purpose::new("bootstrap-state");
const FAILURE: Purpose = Purpose::new("bootstrap-fails");

/// The service of a system, and who talks to it.
#[derive(Debug)]
pub(super) struct Bootstrapping {
    pub plan: BootstrapService,
    machines: Vec<Machine>,
    parties: BTreeMap<NodeId, Party>,
}

#[derive(Debug)]
struct Machine {
    service: Service,
    down_since: Option<Time>,
}

/// A node that talks to the service.
#[derive(Debug)]
struct Party {
    doing: Doing,
    /// The machine that it has asked or told and that has yet to answer.
    asked: Option<u32>,
    /// When it began.
    since: Time,
    /// Of what it has asked or told last: answers are drawn by it.
    number: u16,
    /// When it goes on without an answer.
    due: Time,
}

#[derive(Debug)]
enum Doing {
    Seeking(Seeker),
    Telling(Teller),
    /// A member wants to hear of others; so many machines are left to ask.
    Asking(u32),
}

impl Bootstrapping {
    pub(super) fn new(plan: BootstrapService) -> Bootstrapping {
        let machine = |number| Machine { service: Service::new(&plan.terms, number), down_since: None };
        Bootstrapping { plan, machines: (0..plan.terms.machines).map(machine).collect(), parties: BTreeMap::new() }
    }

    fn party(&mut self, node: NodeId, doing: Doing, since: Time, number: u16) {
        self.parties.insert(node, Party { doing, asked: None, since, number, due: Time::NEVER });
    }

    /// Bytes allocated, but for what the tree of those who talk to it takes beside them.
    pub(super) fn heap_bytes(&self) -> usize {
        let lists = self.machines.iter().map(|machine| size_of::<Machine>() + machine.service.heap_bytes());
        lists.sum::<usize>() + self.parties.len() * size_of::<(NodeId, Party)>()
    }

    /// The node has nothing more to do with the service, for now.
    pub(super) fn forget(&mut self, node: NodeId) {
        self.parties.remove(&node);
    }
}

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    fn bootstrapping(&mut self) -> &mut Bootstrapping {
        self.bootstrap.as_deref_mut().expect("there is a bootstrap service")
    }

    /// Whether others could join through a node: nothing is in front of it, or it has found out that it can be dialled.
    fn is_open(&self, node: NodeId) -> bool {
        self.has_nothing_before(node) || self.reachability(node) == Reachability::Yes
    }

    /// The machines come up, or are down already; the members tell them in turn, and the last ones have done so.
    pub(super) fn begin_bootstrap(&mut self) {
        let Some(bootstrap) = &self.bootstrap else { return };
        let BootstrapService { terms, failures, .. } = bootstrap.plan;
        let (salt, period) = (self.fixed.streams.salt(TOLD), terms.period());
        let phase =
            |node: NodeId| ((u128::from(hash_pair(salt, node.0, 0)) * u128::from(period.as_nanos())) >> 64) as u64;
        let mut told: Vec<(Time, NodeId)> =
            self.membership.joined.iter().map(|&node| (Time::from_nanos(phase(node)), node)).collect();
        told.sort_unstable();
        for &(at, node) in &told {
            let epoch = self.seats[node.index()].epoch();
            self.schedule(at, Class::Timer, node, Event::TellAgain { node, epoch });
        }
        told.retain(|&(_, node)| self.is_open(node));
        let newest = told.len().saturating_sub(terms.list as usize);
        for number in 0..terms.machines {
            let service = &mut self.bootstrapping().machines[number as usize].service;
            told[newest..]
                .iter()
                .for_each(|&(at, node)| service.remember(node, at + terms.life.saturating_sub(period)));
            self.machine_up(number);
            let Some((between, repair)) = failures else { continue };
            match first_state(&mut self.fixed.streams.part(STATE, number.into(), 0), between, repair, None) {
                None => self.schedule_machine(number, 0, self.now, between),
                Some(left) => {
                    self.machine_down(number);
                    let order = Order::new(Class::Server, number, 0);
                    self.queue.push(self.now + left, order, Event::BootstrapTurns { machine: number, number: 0 });
                }
            }
        }
    }

    /// Puts the next failure or repair of a machine into the queue.
    fn schedule_machine(&mut self, machine: u32, number: u32, from: Time, mean: Duration) {
        let mut stream = self.fixed.streams.part(FAILURE, machine.into(), number.into());
        let at = from + Law::Exponential { mean: mean.as_secs_f64() }.sample_duration(&mut stream);
        self.queue.push(at, Order::new(Class::Server, machine, number), Event::BootstrapTurns { machine, number });
    }

    /// A machine of the service fails, or is repaired.
    pub(super) fn bootstrap_turns(&mut self, machine: u32, number: u32) {
        let bootstrap = self.bootstrapping();
        let (between, repair) = bootstrap.plan.failures.expect("it fails");
        let mean = if bootstrap.machines[machine as usize].down_since.is_some() {
            self.machine_up(machine);
            between
        } else {
            self.machine_down(machine);
            repair
        };
        self.schedule_machine(machine, number + 1, self.now, mean);
    }

    fn machine_up(&mut self, number: u32) {
        let (now, node) = (self.now, self.fixed.hosts.bootstrap(number));
        self.seats[node.index()].online = true;
        self.observer.session(now, self.fixed.hosts.of(node), true);
        let machine = &mut self.bootstrapping().machines[number as usize];
        if let Some(since) = machine.down_since.take() {
            machine.service.was_down(now.since(since));
        }
    }

    fn machine_down(&mut self, number: u32) {
        let (now, node) = (self.now, self.fixed.hosts.bootstrap(number));
        let seat = &mut self.seats[node.index()];
        seat.online = false;
        seat.session += 1;
        self.network.hang_up(now, self.fixed.hosts.of(node).0);
        self.observer.session(now, self.fixed.hosts.of(node), false);
        self.bootstrapping().machines[number as usize].down_since = Some(now);
    }

    /// A node wants to become a member. What it knows from its last session it tries first, if it has kept that.
    pub(super) fn find_way_in(&mut self, node: NodeId) {
        let terms = self.bootstrapping().plan.terms;
        let epoch = self.seats[node.index()].epoch();
        let mut draw = self.fixed.streams.part(FIRST, node.0.into(), epoch.into());
        let first = draw.below(terms.machines.into()) as u32;
        let mut old = Vec::new();
        if self.fixed.plan.population.rejoin == Rejoin::Keep {
            let mut contacts = Vec::new();
            self.nodes[node.index()].contacts(&self.shared, &View::new(node, &self.keys), &mut contacts);
            contacts.retain(|contact| *contact != node);
            let tries = contacts.len().min(terms.answers as usize);
            old.extend((0..tries).map(|_| contacts.swap_remove(draw.below(contacts.len() as u64) as usize)));
        }
        let (seeker, now) = (Seeker::new(terms.machines, first, old), self.now);
        self.bootstrapping().party(node, Doing::Seeking(seeker), now, 0);
        self.go_on(node);
    }

    /// A node has become a member: it tells the service, if others could join through it.
    pub(super) fn tell_service(&mut self, node: NodeId) {
        let is_open = self.is_open(node);
        let now = self.now;
        let Some(bootstrap) = &mut self.bootstrap else { return };
        bootstrap.forget(node);
        if is_open {
            bootstrap.party(node, Doing::Telling(Teller::new(bootstrap.plan.terms.machines)), now, 0);
            return self.go_on(node);
        }
        self.tell_later(node);
    }

    fn tell_later(&mut self, node: NodeId) {
        let (epoch, period) = (self.seats[node.index()].epoch(), self.bootstrapping().plan.terms.period());
        self.schedule(self.now + period, Class::Timer, node, Event::TellAgain { node, epoch });
    }

    /// Goes on after a node that was to let another one in did not.
    pub(super) fn seek_on(&mut self, node: NodeId) {
        self.go_on_at(node, self.now);
    }

    fn go_on_at(&mut self, node: NodeId, due: Time) {
        let epoch = self.seats[node.index()].epoch();
        if let Some(party) = self.bootstrapping().parties.get_mut(&node) {
            party.due = due;
            self.schedule(due, Class::Timer, node, Event::Bootstrap { node, epoch });
        }
    }

    /// The time has come for a node to go on. Gives whether it did: an answer may have come before.
    pub(super) fn bootstrap_due(&mut self, node: NodeId) -> bool {
        let now = self.now;
        let due = |party: &&mut Party| party.due == now;
        let Some(party) = self.bootstrapping().parties.get_mut(&node).filter(due) else { return false };
        party.asked = None;
        self.go_on(node);
        true
    }

    /// A node does what comes next.
    fn go_on(&mut self, node: NodeId) {
        let now = self.now;
        let Some(party) = self.bootstrapping().parties.get_mut(&node) else { return };
        party.due = Time::NEVER;
        let sought = now.since(party.since);
        match &mut party.doing {
            Doing::Seeking(seeker) => match seeker.step() {
                Step::Ask(machine) => {
                    let open = self.is_open(node);
                    self.say_to_service(node, machine, Message::Ask { open, sought });
                }
                Step::Join(member) => self.start_joining(node, Some(member)),
                Step::Found => {
                    self.founds(node);
                    self.start_joining(node, None);
                }
                Step::Pause(pause) => {
                    self.observer.no_bootstrap(self.now, node);
                    self.go_on_at(node, self.now + pause);
                }
            },
            Doing::Telling(teller) => match teller.step() {
                Some(Ok(machine)) => self.say_to_service(node, machine, Message::Tell),
                Some(Err(pause)) => self.go_on_at(node, self.now + pause),
                None => {
                    self.bootstrapping().forget(node);
                    self.tell_later(node);
                }
            },
            Doing::Asking(left) => match left.checked_sub(1) {
                Some(fewer) => {
                    *left = fewer;
                    let machine = (fewer + node.0) % self.bootstrapping().plan.terms.machines;
                    self.say_to_service(node, machine, Message::Ask { open: false, sought: Duration::ZERO });
                }
                None => self.bootstrapping().forget(node),
            },
        }
    }

    fn say_to_service(&mut self, node: NodeId, machine: u32, message: Message) {
        let party = self.bootstrapping().parties.get_mut(&node).expect("it talks to the service");
        party.asked = Some(machine);
        party.number = party.number.wrapping_add(1);
        let (rpc, epoch) = (party.number, self.seats[node.index()].epoch());
        self.observer.asks_service(self.now);
        self.go_on_at(node, self.now + TIMEOUT.max(self.storage.patience.timeout));
        self.say_bootstrap(node, self.fixed.hosts.bootstrap(machine), message, (rpc, epoch));
    }

    /// A word to or from the service leaves.
    fn say_bootstrap(&mut self, from: NodeId, to: NodeId, message: Message, (rpc, epoch): (u16, u16)) {
        let kind = message.kind();
        let bytes = self.fixed.system.wire.bytes(kind, &message, message.named(&self.buffers.lists));
        let (traffic, for_others) = (Traffic::Maintenance, kind == Kind::Reply);
        let envelope = Envelope { from, op: None, bytes, rpc, epoch, kind, traffic, for_others, client: false };
        self.put_on_wire(Packet { to, envelope, body: Body::Bootstrap(message) });
    }

    /// A word to or from the service arrives.
    pub(super) fn on_bootstrap(&mut self, to: NodeId, from: &Envelope, message: Message) {
        let (now, node) = (self.now, from.from);
        let answer = match message {
            Message::Ask { open, sought } => {
                let part = u64::from(from.epoch) << 16 | u64::from(from.rpc);
                let mut draw = self.fixed.streams.part(NAMED, node.0.into(), part);
                let mut named = Vec::new();
                let found = self.service(to).answer(now, node, (open, sought), &mut draw, &mut named);
                Message::Members { list: self.buffers.lists.put(named.into_iter().map(|member| member.0)), found }
            }
            Message::Tell => {
                self.service(to).told(now, node);
                Message::Heard
            }
            Message::Members { list, found } => {
                let members: Vec<NodeId> = self.buffers.lists.get(list).iter().copied().map(NodeId).collect();
                return self.members_named(to, from, members, found);
            }
            Message::Heard => {
                return self.heard_from_service(to, from, |doing, machine| {
                    if let Doing::Telling(teller) = doing {
                        teller.heard(machine);
                    }
                });
            }
        };
        self.say_bootstrap(to, node, answer, (from.rpc, from.epoch));
    }

    /// A machine has named members: to one who seeks a way in, or to a member.
    fn members_named(&mut self, node: NodeId, from: &Envelope, members: Vec<NodeId>, found: bool) {
        let asks = |party: &Party| matches!(party.doing, Doing::Asking(_)) && party.number == from.rpc;
        if self.bootstrapping().parties.get(&node).is_some_and(asks) {
            self.bootstrapping().forget(node);
            return self.with_overlay(node, |overlay, cx| overlay.on_notice(cx, Notice::Members(&members)));
        }
        self.heard_from_service(node, from, |doing, _| {
            if let Doing::Seeking(seeker) = doing {
                seeker.answered(members, found);
            }
        });
    }

    /// A member wants to hear of others. Who talks to the service already does not ask.
    pub(super) fn ask_members(&mut self, node: NodeId) {
        if self.bootstrap.is_none() {
            let members: Vec<NodeId> = (0..BY_ORACLE).filter_map(|_| self.contact_of_oracle(node)).collect();
            return self.with_overlay(node, |overlay, cx| overlay.on_notice(cx, Notice::Members(&members)));
        }
        let (now, turn) = (self.now, (self.now.as_nanos() / 1_000_000) as u16);
        let bootstrap = self.bootstrapping();
        if !bootstrap.parties.contains_key(&node) {
            let machines = bootstrap.plan.terms.machines;
            // Another number each time, since a member asks again and again.
            bootstrap.party(node, Doing::Asking(machines), now, turn);
            self.go_on(node);
        }
    }

    fn service(&mut self, machine: NodeId) -> &mut Service {
        let number = self.fixed.hosts.bootstrap_number(machine).expect("it is one of the service");
        &mut self.bootstrapping().machines[number as usize].service
    }

    /// A machine has answered what a node asked or told it last.
    fn heard_from_service(&mut self, node: NodeId, from: &Envelope, take: impl FnOnce(&mut Doing, u32)) {
        let machine = self.fixed.hosts.bootstrap_number(from.from).expect("it is one of the service");
        let Some(party) = self.bootstrapping().parties.get_mut(&node) else { return };
        if party.asked == Some(machine) && party.number == from.rpc {
            party.asked = None;
            take(&mut party.doing, machine);
            self.go_on(node);
        }
    }

    /// The time has come for a member to tell the service again that it is one.
    pub(super) fn tell_again(&mut self, node: NodeId) {
        if self.seats[node.index()].joined {
            self.tell_service(node);
        }
    }
}
