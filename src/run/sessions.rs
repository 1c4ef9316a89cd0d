//! Machines come and go; nodes join and leave their overlay.

use super::event::Event;
use super::simulation::Simulation;
use crate::engine::order::{Class, Order};
use crate::engine::{Duration, Source, Time};
use crate::measure::observer::Observer;
use crate::model::NodeId;
use crate::network::{Loss, NatClass};
use crate::overlay::{Protocol, View};
use crate::population::churn::ends_gracefully;
use crate::population::{Identity, SessionId, Spell};
use crate::scenario::plan::{Bootstrap, Rejoin};

/// Pause between two attempts to join.
const JOIN_AGAIN: Duration = Duration::from_secs(10);
/// Of a question for a server's name, headers included, and of its answer.
const NAME_BYTES: u32 = 150;
/// Nodes drawn to join through before all are looked at: with a tenth of them open one in 800 joins looks at all.
const BOOTSTRAP_DRAWS: u32 = 64;
/// No place in a list.
pub(super) const NOWHERE: u32 = u32::MAX;
/// No place among the joined nodes, because it joined as one who asks only.
const CLIENT: u32 = u32::MAX - 1;

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Puts an event of a participant's sessions into the queue: `number` tells those of the same time apart.
    fn schedule_session(&mut self, at: Time, participant: NodeId, number: u32, event: Event<P::Message, P::Timer>) {
        self.queue.push(at, Order::new(Class::Session, participant.0, number), event);
    }

    /// Puts the beginning of a participant's session into the queue, if there is one of this number.
    pub(super) fn schedule_spell(&mut self, node: NodeId, spell: u32) {
        if let Some(next) = self.environment.timeline.spells(node.0).get(spell as usize) {
            let (at, participant) = (next.begins, node.0);
            self.schedule_session(at, node, 2, Event::SessionBegins { participant, spell });
        }
    }

    /// A participant comes online and joins, unless a crash keeps it from it.
    pub(super) fn session_begins(&mut self, node: NodeId, spell: u32) {
        self.follow(node, spell);
        let seat = &self.seats[node.index()];
        if !(seat.online || seat.crashed || seat.departed) {
            self.enter(node);
        }
    }

    /// A machine comes online, and its nodes join.
    pub(super) fn enter(&mut self, machine: NodeId) {
        self.come_online(machine);
        self.fixed.hosts.nodes_of(machine).for_each(|node| self.join(node));
    }

    /// A session of the timeline begins: puts its end, the departure if it is the last, and the next into the queue. All are
    /// there whether a crash keeps the participant away or not.
    pub(super) fn follow(&mut self, node: NodeId, spell: u32) {
        let Spell { begins, ends, departs, .. } = self.environment.timeline.spells(node.0)[spell as usize];
        let participant = node.0;
        if ends < Time::NEVER {
            if let Some(churn) = self.fixed.plan.population.churn_of(self.environment.kinds.class(node.0))
                && ends_gracefully(&self.fixed.streams, self.session(node), churn.graceful)
            {
                let at = begins + (ends - begins).saturating_sub(churn.notice);
                self.schedule_session(at, node, 0, Event::Notice { participant });
            }
            self.schedule_session(ends, node, 1, Event::SessionEnds { participant });
        }
        if departs < Time::NEVER {
            self.schedule_session(departs, node, 3, Event::Departs { participant });
        }
        self.schedule_spell(node, spell + 1);
    }

    /// The session of a participant that is under way, or its next.
    pub(super) fn session(&self, node: NodeId) -> SessionId {
        let number = self.seats[node.index()].session;
        let Identity { participant, incarnation } = self.environment.timeline.identities()[node.index()];
        SessionId { participant, incarnation, number }
    }

    /// The machine is up from now to the end of its session; its operations begin.
    pub(super) fn come_online(&mut self, machine: NodeId) {
        self.fixed.hosts.nodes_of(machine).for_each(|node| self.seats[node.index()].online = true);
        self.membership.online_place[machine.index()] = self.membership.online.len() as u32;
        self.membership.online.push(machine);
        self.observer.session(self.now, machine, true);
        self.disk_online(machine);
        self.begin_demand(machine);
    }

    /// A participant says that it leaves, to the overlay if that has a word for it, and hands its records over. It stays up
    /// until its session ends.
    pub(super) fn notice(&mut self, machine: NodeId) {
        self.fixed.hosts.nodes_of(machine).for_each(|node| self.leave(node));
    }

    fn leave(&mut self, node: NodeId) {
        if !self.seats[node.index()].joined {
            return;
        }
        self.bootstrap.iter_mut().for_each(|bootstrap| bootstrap.forget(node));
        self.with_overlay(node, |overlay, cx| overlay.leave(cx));
        if self.providing().is_none() {
            self.with_node(node, |storage, cx, around| storage.on_leave(cx, around));
        }
    }

    /// A participant goes offline, with its disk, if a crash has not taken it before.
    pub(super) fn session_ends(&mut self, node: NodeId) {
        if self.seats[node.index()].online {
            self.go_offline(node);
        }
    }

    /// A participant goes for good, if it has not gone before, and its disk with it.
    pub(super) fn depart(&mut self, node: NodeId) {
        let seat = &mut self.seats[node.index()];
        if std::mem::replace(&mut seat.departed, true) {
            return;
        }
        if seat.online {
            self.go_offline(node);
        }
        self.disk_gone(node);
    }

    /// The machine is down from now on, with all its nodes.
    pub(super) fn go_offline(&mut self, machine: NodeId) {
        self.fixed.hosts.nodes_of(machine).for_each(|node| self.end_session(node));
        let place = self.membership.online_place[machine.index()];
        self.membership.online.swap_remove(place as usize);
        if let Some(&moved) = self.membership.online.get(place as usize) {
            self.membership.online_place[moved.index()] = place;
        }
        self.observer.session(self.now, machine, false);
        self.clear_station(machine);
        self.hang_up(machine);
        self.drop_links(machine);
        self.disk_offline(machine);
        self.storage.announcements.iter_mut().for_each(|announcements| announcements.suspend(machine));
        if let Some(boxes) = &mut self.boxes
            && self.fixed.plan.population.rejoin == Rejoin::Fresh
        {
            boxes.peerstores.forget(machine);
        }
        self.fixed.hosts.nodes_of(machine).for_each(|node| self.forget_session(node));
    }

    /// A machine that goes stops sending and receiving: nothing is left of its uplink's queue (what waited there is lost when
    /// its turn comes) and of its transfers.
    pub(super) fn hang_up(&mut self, machine: NodeId) {
        self.network.hang_up(self.now, machine.0);
        let hosts = self.fixed.hosts;
        self.break_transfers(machine, Loss::SenderGone, |packet| hosts.of(packet.envelope.from) == machine);
        self.break_transfers(machine, Loss::Offline, |_| true);
    }

    fn end_session(&mut self, node: NodeId) {
        self.abandon_operations(node);
        self.forget_joined(node);
        self.bootstrap.iter_mut().for_each(|bootstrap| bootstrap.forget(node));
        let seat = &mut self.seats[node.index()];
        seat.online = false;
        seat.settled = false;
        seat.place = NOWHERE;
        seat.session += 1;
        self.membership.joining -= u32::from(std::mem::take(&mut seat.joining));
    }

    /// What a node knows of the overlay stays for its next session, or does not.
    fn forget_session(&mut self, node: NodeId) {
        match self.fixed.plan.population.rejoin {
            Rejoin::Keep => self.nodes[node.index()].suspend(),
            Rejoin::Fresh => {
                let view = View::new(node, &self.keys);
                self.nodes[node.index()] = P::new(self.fixed.config, &view);
            }
        }
    }

    /// Finds its way into the system as that says.
    pub(super) fn join(&mut self, node: NodeId) {
        match self.fixed.system.bootstrap {
            Bootstrap::Oracle => self.join_by_oracle(node),
            Bootstrap::Service(_) => self.find_way_in(node),
            Bootstrap::Name => self.look_name_up(node),
        }
    }

    /// A client looks the name of its server up at a resolver that is as far away as the first server and knows all names.
    fn look_name_up(&mut self, node: NodeId) {
        let epoch = self.seats[node.index()].epoch();
        let server = NodeId(self.fixed.hosts.participants());
        let ready = self.now + self.delay(node, server) + self.delay(server, node);
        self.observer.looked_name_up(self.now, self.fixed.hosts.of(node), NAME_BYTES);
        self.schedule(ready, Class::Timer, node, Event::NameKnown { node, epoch });
    }

    /// Joins through a random node that has joined; founds the overlay if there is none and nobody else is joining.
    pub(super) fn join_by_oracle(&mut self, node: NodeId) {
        let contact = self.contact_of_oracle(node);
        if contact.is_none() && !self.may_found(node) && !P::PLACEMENT.is_servers() {
            self.observer.no_bootstrap(self.now, node);
            return self.join_later(node);
        }
        if contact.is_none() {
            self.founds(node);
        }
        self.start_joining(node, contact);
    }

    pub(super) fn start_joining(&mut self, node: NodeId, contact: Option<NodeId>) {
        self.seats[node.index()].joining = true;
        self.membership.joining += 1;
        self.with_overlay(node, |overlay, cx| overlay.start(cx, contact));
    }

    /// Whether a node founds the overlay alone if there is none to join through: nobody else is joining, and others could join
    /// through it.
    fn may_found(&self, node: NodeId) -> bool {
        self.membership.joining == 0 && self.membership.joined.is_empty() && self.has_nothing_before(node)
    }

    /// Whether no NAT or firewall is in front of a node.
    pub(super) fn has_nothing_before(&self, node: NodeId) -> bool {
        self.boxes.as_ref().is_none_or(|boxes| boxes.class(node) == NatClass::Open)
    }

    /// A random node that has joined and can be dialled, if there is one.
    pub(super) fn contact_of_oracle(&mut self, node: NodeId) -> Option<NodeId> {
        let noise = &mut self.seats[node.index()].noise;
        let number = self.membership.joined.len() as u64;
        let mut draw = || (number > 0).then(|| self.membership.joined[noise.below(number) as usize]);
        let Some(boxes) = &self.boxes else { return draw() };
        let is_open = |node: &NodeId| boxes.class(*node) == NatClass::Open;
        let drawn = (0..BOOTSTRAP_DRAWS).map_while(|_| draw()).find(is_open);
        drawn.or_else(|| self.membership.joined.iter().copied().find(is_open))
    }

    fn join_later(&mut self, node: NodeId) {
        let epoch = self.seats[node.index()].epoch();
        self.schedule(self.now + JOIN_AGAIN, Class::Timer, node, Event::JoinAgain { node, epoch });
    }

    pub(super) fn join_failed(&mut self, node: NodeId) {
        let seat = &mut self.seats[node.index()];
        if std::mem::take(&mut seat.joining) {
            self.membership.joining -= 1;
            if self.bootstrap.is_some() { self.seek_on(node) } else { self.join_later(node) }
        }
    }

    /// By its own account the node can ask, but is not part of the overlay.
    pub(super) fn has_joined_as_client(&mut self, node: NodeId) {
        self.membership.joining -= u32::from(std::mem::take(&mut self.seats[node.index()].joining));
        self.bootstrap.iter_mut().for_each(|bootstrap| bootstrap.forget(node));
        self.remember_client(node);
        self.begin_waiting(node);
        self.with_storage(|storage, cx| storage.make_up(cx, node));
        self.with_storage(|storage, cx| storage.publications.publish(cx, node));
    }

    /// By its own account the node is part of the overlay.
    pub(super) fn has_joined(&mut self, node: NodeId) {
        self.membership.joining -= u32::from(std::mem::take(&mut self.seats[node.index()].joining));
        let seat = &self.seats[node.index()];
        if seat.settled && seat.place != CLIENT {
            return;
        }
        self.remember_joined(node);
        self.tell_service(node);
        self.begin_waiting(node);
        self.with_storage(|storage, cx| storage.make_up(cx, node));
        self.drop_unnamed(node);
        if !self.storage.held(node).is_empty() {
            self.with_node(node, |storage, cx, around| storage.on_return(cx, around));
        }
        self.with_storage(|storage, cx| storage.publish(cx, node));
    }

    pub(super) fn remember_client(&mut self, node: NodeId) {
        self.seats[node.index()].settled = true;
        self.seats[node.index()].place = CLIENT;
    }

    pub(super) fn remember_joined(&mut self, node: NodeId) {
        self.seats[node.index()].joined = true;
        self.seats[node.index()].settled = true;
        self.observer.membership(self.now, node, true);
        if !self.is_server(node) {
            self.begin_periodic(node);
            self.seats[node.index()].place = self.membership.joined.len() as u32;
            self.membership.joined.push(node);
            self.oracle.directory.insert(self.keys[node.index()], node);
        }
    }

    pub(super) fn forget_joined(&mut self, node: NodeId) {
        let seat = &mut self.seats[node.index()];
        if !std::mem::take(&mut seat.joined) {
            return;
        }
        let place = std::mem::replace(&mut seat.place, NOWHERE);
        self.observer.membership(self.now, node, false);
        if !self.is_server(node) {
            self.membership.joined.swap_remove(place as usize);
            if let Some(&moved) = self.membership.joined.get(place as usize) {
                self.seats[moved.index()].place = place;
            }
            self.oracle.directory.remove(self.keys[node.index()]);
        }
    }
}
