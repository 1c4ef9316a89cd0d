//! Servers that fail and are repaired, and what becomes of their disks.

use super::event::Event;
use super::observer::Observer;
use super::simulation::Simulation;
use crate::engine::order::{Class, Order};
use crate::engine::{Duration, Law, Purpose, Source, Time};
use crate::overlay::{NodeId, Protocol};

const SERVER: Purpose = Purpose::new("server");
/// Whether a server is up at time zero.
const STATE: Purpose = Purpose::new("server-state");
/// Whether a failure takes the disk along.
const DISK: Purpose = Purpose::new("server-disk");

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Every server is in the state of one that has run for long: down with the share of time that it is down, for as long as
    /// that then lasts yet. Both laws are exponential, so what is left of them is they themselves. (A standby is fit at time
    /// zero.)
    pub fn begin_failures(&mut self) {
        for server in 0..self.services.len() as u32 {
            let spec = &self.services[server as usize].spec;
            let Some((between, repair)) = spec.failures else { continue };
            // Down until repaired, or until the standby takes over: the mean of the lesser of the two.
            let takes_over = spec.failover.map_or(f64::INFINITY, Duration::as_secs_f64);
            let share_over = -libm::expm1(-takes_over / repair.as_secs_f64());
            let down = repair.as_secs_f64() * share_over;
            let mut state = self.streams.part(STATE, server.into(), 0);
            if state.unit() * (between.as_secs_f64() + down) >= down {
                self.schedule_failure(server, 0);
                continue;
            }
            let left = -repair.as_secs_f64() * libm::log1p(-state.unit() * share_over);
            self.take_down(server);
            self.schedule_repair(server, 0, self.now + Duration::from_secs_f64(left));
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

    /// A server fails, and perhaps its disk is lost.
    pub fn server_fails(&mut self, server: u32, number: u32) {
        self.take_down(server);
        if self.streams.part(DISK, server.into(), number.into()).unit() < self.services[server as usize].spec.data_loss
        {
            self.disk_gone(NodeId(self.participants + server));
        }
        let (_, repair) = self.services[server as usize].spec.failures.expect("it failed");
        let repair = self.server_draw(server, number, repair, 1);
        let at = self.services[server as usize].answers_again(self.now, repair);
        self.schedule_repair(server, number, at);
    }

    fn schedule_repair(&mut self, server: u32, number: u32, at: Time) {
        let order = Order::new(Class::Server, server, number << 1 | 1);
        self.queue.push(at, order, Event::ServerRepaired { server, number });
    }

    pub fn server_repaired(&mut self, server: u32, number: u32) {
        self.bring_up(server);
        self.schedule_failure(server, number + 1);
    }

    /// A server goes down, by a failure of its own or an outage, if it is not down already.
    pub fn take_down(&mut self, server: u32) {
        let node = NodeId(self.participants + server);
        let service = &mut self.services[server as usize];
        service.down += 1;
        if service.down > 1 {
            return;
        }
        let seat = &mut self.seats[node.index()];
        seat.online = false;
        // What is in service and what waits goes with the old epoch.
        seat.epoch = seat.epoch.checked_add(1).expect("fewer than 65,536 failures of one server");
        self.clear_station(node);
        self.hang_up(node);
        self.drop_links(node);
        self.nodes[node.index()].suspend();
        self.observer.session(self.now, node, false);
        self.disk_offline(node);
    }

    /// One cause less for a server to be down: without any it is up, and catches up on what others hold too.
    pub fn bring_up(&mut self, server: u32) {
        let service = &mut self.services[server as usize];
        service.down -= 1;
        if service.down > 0 {
            return;
        }
        let node = NodeId(self.participants + server);
        self.server_up(node);
        self.with_agent(node, |agent, desk, around| agent.on_return(desk, around));
    }

    /// A server is up, with what its disk holds.
    pub fn server_up(&mut self, node: NodeId) {
        self.seats[node.index()].online = true;
        self.observer.session(self.now, node, true);
        self.disk_online(node);
        self.with_overlay(node, |overlay, cx| overlay.start(cx, None));
    }
}
