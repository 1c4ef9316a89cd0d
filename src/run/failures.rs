//! Servers that fail and are repaired, and what becomes of their disks.

use super::event::Event;
use super::simulation::Simulation;
use crate::engine::order::{Class, Order};
use crate::engine::{Duration, Law, Purpose, Source, Time};
use crate::measure::observer::Observer;
use crate::model::NodeId;
use crate::overlay::{Protocol, Server};

const SERVER: Purpose = Purpose::new("server");
/// Whether a server is up at time zero.
const STATE: Purpose = Purpose::new("server-state");
/// Whether a failure takes the disk along.
const DISK: Purpose = Purpose::new("server-disk");

/// A dedicated server beside its node.
pub(super) struct Service {
    pub spec: Server,
    /// When the standby is or was fit to take over, if there is one.
    pub standby: Time,
    /// How many failures and outages keep it down now.
    pub down: u32,
}

impl Service {
    /// When the address answers again after the machine behind it failed at `now` and takes `repair` to mend. The standby
    /// takes over after the fail-over time, or as soon as it is mended itself, and the failed machine is the next
    /// standby; if the failed one is back before that, it carries on.
    pub(super) fn answers_again(&mut self, now: Time, repair: Duration) -> Time {
        let repaired = now + repair;
        let Some(failover) = self.spec.failover else { return repaired };
        let taken_over = (now + failover).max(self.standby);
        if taken_over < repaired {
            self.standby = repaired;
        }
        taken_over.min(repaired)
    }
}

/// The state of a machine that has run for long: `None` if it is up, and otherwise how long it is down yet: until it is
/// repaired, or until a standby takes over. Both laws are exponential.
pub(super) fn first_state(
    draw: &mut impl Source,
    between: Duration,
    repair: Duration,
    takes_over: Option<Duration>,
) -> Option<Duration> {
    let (between, repair) = (between.as_secs_f64(), repair.as_secs_f64());
    // The mean of the lesser of the two.
    let takes_over = takes_over.map_or(f64::INFINITY, Duration::as_secs_f64);
    let share_over = -libm::expm1(-takes_over / repair);
    let down = repair * share_over;
    let is_up = draw.unit() * (between + down) >= down;
    (!is_up).then(|| Duration::from_secs_f64(-repair * libm::log1p(-draw.unit() * share_over)))
}

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Every server is in the state of one that has run for long: down with the share of time that it is down, for as long as
    /// that then lasts yet. Both laws are exponential, so what is left of them is they themselves. (A standby is fit at time
    /// zero.)
    pub(super) fn begin_failures(&mut self) {
        for server in 0..self.servers.services.len() as u32 {
            let spec = &self.servers.services[server as usize].spec;
            let Some((between, repair)) = spec.failures else { continue };
            match first_state(&mut self.fixed.streams.part(STATE, server.into(), 0), between, repair, spec.failover) {
                None => self.schedule_failure(server, 0),
                Some(left) => {
                    self.take_down(server);
                    self.schedule_repair(server, 0, self.now + left);
                }
            }
        }
    }

    /// The time until a server fails for the `number`-th time, or until it is repaired.
    fn server_draw(&self, server: u32, number: u32, mean: Duration, which: u64) -> Duration {
        let mut stream = self.fixed.streams.part(SERVER, server.into(), u64::from(number) << 1 | which);
        Law::Exponential { mean: mean.as_secs_f64() }.sample_duration(&mut stream)
    }

    pub(super) fn schedule_failure(&mut self, server: u32, number: u32) {
        if let Some((between, _)) = self.servers.services[server as usize].spec.failures {
            let at = self.now + self.server_draw(server, number, between, 0);
            self.queue.push(at, Order::new(Class::Server, server, number << 1), Event::ServerFails { server, number });
        }
    }

    /// A server fails, and perhaps its disk is lost.
    pub(super) fn server_fails(&mut self, server: u32, number: u32) {
        self.take_down(server);
        if self.fixed.streams.part(DISK, server.into(), number.into()).unit()
            < self.servers.services[server as usize].spec.data_loss
        {
            self.disk_gone(NodeId(self.fixed.hosts.participants() + server));
        }
        let (_, repair) = self.servers.services[server as usize].spec.failures.expect("it failed");
        let repair = self.server_draw(server, number, repair, 1);
        let at = self.servers.services[server as usize].answers_again(self.now, repair);
        self.schedule_repair(server, number, at);
    }

    fn schedule_repair(&mut self, server: u32, number: u32, at: Time) {
        let order = Order::new(Class::Server, server, number << 1 | 1);
        self.queue.push(at, order, Event::ServerRepaired { server, number });
    }

    pub(super) fn server_repaired(&mut self, server: u32, number: u32) {
        self.bring_up(server);
        self.schedule_failure(server, number + 1);
    }

    /// A server goes down, by a failure of its own or an outage, if it is not down already.
    pub(super) fn take_down(&mut self, server: u32) {
        let node = NodeId(self.fixed.hosts.participants() + server);
        let service = &mut self.servers.services[server as usize];
        service.down += 1;
        if service.down > 1 {
            return;
        }
        let seat = &mut self.seats[node.index()];
        seat.online = false;
        // What is in service and what waits goes with the old epoch.
        seat.session += 1;
        self.clear_station(node);
        self.hang_up(node);
        self.drop_links(node);
        self.nodes[node.index()].suspend();
        self.observer.session(self.now, node, false);
        self.disk_offline(node);
    }

    /// One cause less for a server to be down: without any it is up, and catches up on what others hold too.
    pub(super) fn bring_up(&mut self, server: u32) {
        let service = &mut self.servers.services[server as usize];
        service.down -= 1;
        if service.down > 0 {
            return;
        }
        let node = NodeId(self.fixed.hosts.participants() + server);
        self.server_up(node);
        self.with_node(node, |storage, cx, around| storage.on_return(cx, around));
    }

    /// A server is up, with what its disk holds.
    pub(super) fn server_up(&mut self, node: NodeId) {
        self.seats[node.index()].online = true;
        self.observer.session(self.now, node, true);
        self.disk_online(node);
        self.with_overlay(node, |overlay, cx| overlay.start(cx, None));
    }
}
