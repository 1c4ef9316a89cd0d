//! Machines come and go; nodes join and leave their overlay.

use super::event::Event;
use super::observer::Observer;
use super::simulation::Simulation;
use crate::engine::order::{Class, Order};
use crate::engine::random::Purpose;
use crate::engine::{Duration, Law, Source, Time};
use crate::overlay::{Held, NodeId, Placement, Protocol, View};
use crate::population::SessionId;
use crate::population::churn::ends_gracefully;
use crate::scenario::plan::{Rejoin, Start};

/// Between two attempts to join (DESIGN §3).
const JOIN_AGAIN: Duration = Duration::from_secs(10);
const CRASH: Purpose = Purpose::new("crash");
const SERVER: Purpose = Purpose::new("server");
/// No place in a list.
pub(super) const NOWHERE: u32 = u32::MAX;

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Puts an event of a participant's sessions into the queue: `number` tells those of the same time apart.
    fn schedule_session(&mut self, at: Time, participant: NodeId, number: u32, event: Event<P::Message, P::Timer>) {
        self.queue.push(at, Order::new(Class::Session, participant.0, number), event);
    }

    /// A participant comes online and joins.
    pub fn session_begins(&mut self, node: NodeId) {
        if self.seats[node.index()].crashed {
            return;
        }
        let lasts = self.session_length(node);
        self.come_online(node, lasts);
        self.join(node);
    }

    /// The session of a participant that is under way, or its next.
    pub fn session(&self, node: NodeId) -> SessionId {
        let number = self.seats[node.index()].epoch.into();
        SessionId { participant: node.0, incarnation: 0, number }
    }

    fn session_length(&self, node: NodeId) -> Option<Duration> {
        let (churn, session) = (self.churn.as_ref()?, self.session(node));
        Some(match session.number {
            // Under way at time zero (or when those that begin by joining begin): what is left of it.
            0 => churn.start(&self.streams, node.0, 0).1,
            _ => churn.session(&self.streams, session),
        })
    }

    /// The machine is up from now for `lasts`; its operations begin.
    pub fn come_online(&mut self, node: NodeId, lasts: Option<Duration>) {
        let seat = &mut self.seats[node.index()];
        let epoch = seat.epoch;
        seat.online = true;
        self.online_place[node.index()] = self.online.len() as u32;
        self.online.push(node);
        self.observer.session(self.now, node, true);
        self.disk_online(node);
        if let Some(lasts) = lasts {
            self.end_session_after(node, epoch, lasts);
        }
        self.begin_demand(node);
    }

    fn end_session_after(&mut self, node: NodeId, epoch: u16, lasts: Duration) {
        let participant = node.0;
        let end = self.now + lasts;
        if let Some(churn) = &self.plan.population.churn
            && ends_gracefully(&self.streams, self.session(node), churn.graceful)
        {
            let at = self.now + lasts.saturating_sub(churn.notice);
            self.schedule_session(at, node, 0, Event::Notice { participant, epoch });
        }
        self.schedule_session(end, node, 1, Event::SessionEnds { participant, epoch });
    }

    /// A participant says that it leaves, to the overlay if that has a word for it, and hands its records over. It stays up
    /// until its session ends.
    pub fn notice(&mut self, node: NodeId, epoch: u16) {
        if !self.is_current(node, epoch) || !self.seats[node.index()].joined {
            return;
        }
        self.with_overlay(node, |overlay, cx| overlay.leave(cx));
        if !self.held(node).is_empty() {
            self.with_agent(node, |agent, desk, around| agent.on_leave(desk, around));
        }
    }

    /// A participant goes offline, with its disk, and comes back after its downtime.
    pub fn session_ends(&mut self, node: NodeId, epoch: u16) {
        if !self.is_current(node, epoch) {
            return;
        }
        let downtime = self.churn.as_ref().map(|churn| churn.downtime(&self.streams, self.session(node)));
        self.go_offline(node);
        if let Some(downtime) = downtime {
            let participant = node.0;
            self.schedule_session(self.now + downtime, node, 2, Event::SessionBegins { participant });
        }
    }

    fn go_offline(&mut self, node: NodeId) {
        self.abandon_operations(node);
        self.forget_joined(node);
        let seat = &mut self.seats[node.index()];
        seat.online = false;
        seat.settled = false;
        seat.epoch = seat.epoch.checked_add(1).expect("fewer than 65,536 sessions of one participant");
        self.joining -= u32::from(std::mem::take(&mut seat.joining));
        let place = self.online_place[node.index()];
        self.online.swap_remove(place as usize);
        if let Some(&moved) = self.online.get(place as usize) {
            self.online_place[moved.index()] = place;
        }
        self.observer.session(self.now, node, false);
        self.disk_offline(node);
        match self.plan.population.rejoin {
            Rejoin::Keep => self.nodes[node.index()].suspend(),
            Rejoin::Fresh => {
                let view = View::new(node, &self.keys);
                self.nodes[node.index()] = P::new(self.config, &view);
            }
        }
    }

    /// What the node's store holds, in the order of the records.
    pub fn held(&self, node: NodeId) -> &[Held] {
        self.agents.get(node.index()).map_or(&[], |agent| agent.store.held())
    }

    fn disk_online(&mut self, node: NodeId) {
        if let Some(agent) = self.agents.get(node.index()) {
            agent.store.held().iter().for_each(|held| self.records.came_online(held.record));
            self.tell_available();
        }
    }

    fn disk_offline(&mut self, node: NodeId) {
        if let Some(agent) = self.agents.get_mut(node.index()) {
            agent.suspend();
            agent.store.held().iter().for_each(|held| self.records.went_offline(held.record));
            self.tell_available();
        }
    }

    /// Joins through a random node that has joined; founds the overlay if there is none and nobody else is joining.
    pub fn join(&mut self, node: NodeId) {
        let seat = &mut self.seats[node.index()];
        let contact = match self.joined.len() as u64 {
            0 => None,
            joined => Some(self.joined[seat.noise.below(joined) as usize]),
        };
        if contact.is_none() && self.joining > 0 && P::PLACEMENT != Placement::Servers {
            self.observer.no_bootstrap(self.now, node);
            return self.join_later(node);
        }
        seat.joining = true;
        self.joining += 1;
        self.with_overlay(node, |overlay, cx| overlay.start(cx, contact));
    }

    fn join_later(&mut self, node: NodeId) {
        let epoch = self.seats[node.index()].epoch;
        self.schedule(self.now + JOIN_AGAIN, Class::Timer, node, Event::JoinAgain { node, epoch });
    }

    pub fn join_failed(&mut self, node: NodeId) {
        let seat = &mut self.seats[node.index()];
        if std::mem::take(&mut seat.joining) {
            self.joining -= 1;
            self.join_later(node);
        }
    }

    /// By its own account the node is part of the overlay.
    pub fn has_joined(&mut self, node: NodeId) {
        self.joining -= u32::from(std::mem::take(&mut self.seats[node.index()].joining));
        if self.seats[node.index()].settled {
            return;
        }
        self.remember_joined(node);
        self.begin_waiting(node);
        if !self.held(node).is_empty() {
            self.with_agent(node, |agent, desk, around| agent.on_return(desk, around));
        }
        if self.plan.population.start != Start::Converged {
            self.publish(node);
        }
    }

    pub fn remember_joined(&mut self, node: NodeId) {
        self.seats[node.index()].joined = true;
        self.seats[node.index()].settled = true;
        self.observer.membership(self.now, node, true);
        if !self.is_server(node) {
            self.seats[node.index()].place = self.joined.len() as u32;
            self.joined.push(node);
            self.directory.insert(self.keys[node.index()], node);
        }
    }

    pub fn forget_joined(&mut self, node: NodeId) {
        let seat = &mut self.seats[node.index()];
        if !std::mem::take(&mut seat.joined) {
            return;
        }
        let place = std::mem::replace(&mut seat.place, NOWHERE);
        self.observer.membership(self.now, node, false);
        if !self.is_server(node) {
            self.joined.swap_remove(place as usize);
            if let Some(&moved) = self.joined.get(place as usize) {
                self.seats[moved.index()].place = place;
            }
            self.directory.remove(self.keys[node.index()]);
        }
    }

    /// A share of the online participants goes, without notice and without return. Who goes does not depend on the
    /// system: those with the smallest draws among the online.
    pub fn crash(&mut self, position: u32) {
        let share = self.plan.crashes[position as usize].share;
        let draw = |node: &NodeId| (self.streams.part(CRASH, node.0.into(), position.into()).next_u64(), *node);
        let mut drawn: Vec<_> = self.online.iter().map(draw).collect();
        drawn.sort_unstable();
        drawn.truncate((share * drawn.len() as f64 + 0.5) as usize);
        for (_, node) in drawn {
            self.seats[node.index()].crashed = true;
            self.go_offline(node);
        }
    }

    /// The time until a server fails for the `number`-th time, or until it is repaired.
    fn server_draw(&self, server: u32, number: u32, mean: Duration, which: u64) -> Duration {
        let mut stream = self.streams.part(SERVER, server.into(), u64::from(number) << 1 | which);
        Law::Exponential { mean: mean.as_secs_f64() }.sample_duration(&mut stream)
    }

    pub fn schedule_failure(&mut self, server: u32, number: u32) {
        if let Some((between, _)) = self.services[server as usize].spec.failures {
            let at = self.now + self.server_draw(server, number, between, 0);
            self.queue.push(at, Order::new(Class::Server, server, number << 1), Event::ServerFails { server, number });
        }
    }

    pub fn server_fails(&mut self, server: u32, number: u32) {
        let node = NodeId(self.participants() + server);
        let service = &mut self.services[server as usize];
        let (_, repair) = service.spec.failures.expect("only what has failures fails");
        service.station.clear();
        let seat = &mut self.seats[node.index()];
        seat.online = false;
        // What is in service and what waits goes with the old epoch.
        seat.epoch = seat.epoch.checked_add(1).expect("fewer than 65,536 failures of one server");
        self.lose_requests_at(node);
        self.nodes[node.index()].suspend();
        self.observer.session(self.now, node, false);
        self.disk_offline(node);
        let repair = self.server_draw(server, number, repair, 1);
        let at = self.services[server as usize].answers_again(self.now, repair);
        let order = Order::new(Class::Server, server, number << 1 | 1);
        self.queue.push(at, order, Event::ServerRepaired { server, number });
    }

    /// A server answers again, repaired or replaced by its standby, and catches up on what others hold too.
    pub fn server_repaired(&mut self, server: u32, number: u32) {
        let node = NodeId(self.participants() + server);
        self.server_up(node);
        if !self.held(node).is_empty() {
            self.with_agent(node, |agent, desk, around| agent.on_return(desk, around));
        }
        self.schedule_failure(server, number + 1);
    }

    /// A server is up, with what its disk holds.
    pub fn server_up(&mut self, node: NodeId) {
        self.seats[node.index()].online = true;
        self.observer.session(self.now, node, true);
        self.disk_online(node);
        self.with_overlay(node, |overlay, cx| overlay.start(cx, None));
    }
}
