//! The events of the scenario file: crashes, partitions, regions cut off, outages. (Crowds and changes of demand are
//! part of the timeline and of the workload from the start.)

use super::event::{Event, Packet};
use super::simulation::Simulation;
use crate::engine::order::{Class, Order};
use crate::engine::random::Purpose;
use crate::engine::{Source, Stream, Time};
use crate::measure::observer::Observer;
use crate::model::{NodeId, ResourceId};
use crate::network::Loss;
use crate::overlay::Protocol;
use crate::scenario::plan::{Group, What};

const CRASH: Purpose = Purpose::new("crash");
const PARTITION: Purpose = Purpose::new("partition");

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    pub(super) fn schedule_scenario_events(&mut self) {
        for (position, event) in (0..).zip(&self.fixed.plan.events) {
            let at = Time::ZERO + event.at;
            self.queue.push(at, Order::new(Class::Scenario, position, 0), Event::Scenario { position, begins: true });
            if let Some(lasts) = event.lasts {
                let order = Order::new(Class::Scenario, position, 1);
                self.queue.push(at + lasts, order, Event::Scenario { position, begins: false });
            }
        }
    }

    /// An event of the file begins or is over.
    pub(super) fn scenario_event(&mut self, position: u32, begins: bool) {
        let event = &self.fixed.plan.events[position as usize];
        match (&event.what, begins) {
            (What::Crash { share, group }, true) => self.crash(position, *share, *group, event.lasts.is_none()),
            (What::Crash { .. }, false) => self.crashed_return(position),
            (What::Partition { shares }, true) => self.cut(position, shares),
            (What::CutOff { group }, true) => self.cut_off(position, *group),
            (What::Partition { .. } | What::CutOff { .. }, false) => {
                self.faults.cuts.retain(|(cut, _)| *cut != position)
            }
            (What::ServerOutage, begins) => {
                for server in 0..self.servers.services.len() as u32 {
                    if begins { self.take_down(server) } else { self.bring_up(server) }
                }
            }
            (What::Rush { resource }, true) => self.rush(ResourceId(*resource)),
            (What::Rush { .. }, false) => {}
            (What::FlashCrowd { .. } | What::Demand { .. }, _) => {}
        }
    }

    /// A share of the online participants of a group goes, without notice. Who goes depends neither on the system nor on the
    /// other events of the file: those with the smallest draws among them.
    fn crash(&mut self, position: u32, share: f64, group: Group, for_good: bool) {
        let draws = self.fixed.plan.draws_of(position as usize);
        let draw = |node: &NodeId| (self.draw_for(node.0, CRASH, draws).next_u64(), *node);
        let mut drawn: Vec<_> =
            self.membership.online.iter().filter(|node| self.is_in(**node, group)).map(draw).collect();
        drawn.sort_unstable();
        drawn.truncate((share * drawn.len() as f64 + 0.5) as usize);
        for &(_, node) in &drawn {
            if for_good {
                self.depart(node);
            } else {
                self.seats[node.index()].crashed = true;
                self.go_offline(node);
            }
        }
        if !for_good {
            self.faults.crashed[position as usize] = drawn.into_iter().map(|(_, node)| node).collect();
        }
    }

    /// Return of machines that crashed for a while, unless their sessions would have ended by now.
    fn crashed_return(&mut self, position: u32) {
        for node in std::mem::take(&mut self.faults.crashed[position as usize]) {
            let seat = &mut self.seats[node.index()];
            seat.crashed = false;
            if !seat.departed && self.environment.timeline.at(node.0, self.now).is_some() {
                self.enter(node);
            }
        }
    }

    /// Divides the participants into groups with these shares, by a draw of each; servers and the bootstrap service go to the
    /// first.
    fn cut(&mut self, position: u32, shares: &[f64]) {
        let draws = self.fixed.plan.draws_of(position as usize);
        let group = |node: u32| self.draw_for(node, PARTITION, draws).among(shares) as u8;
        let servers =
            std::iter::repeat_n(0, (self.fixed.hosts.all_machines() - self.fixed.hosts.participants()) as usize);
        let groups = (0..self.fixed.hosts.participants()).map(group).chain(servers).collect();
        self.divide(position, groups);
    }

    /// Stream of what an event draws for a participant; `draws` names those of the event.
    fn draw_for(&self, participant: u32, purpose: Purpose, draws: u64) -> Stream {
        self.fixed.streams.part(purpose, self.environment.timeline.identities()[participant as usize].entity(), draws)
    }

    /// Puts a group of machines on one side and all others on the other.
    fn cut_off(&mut self, position: u32, group: Group) {
        let groups =
            (0..self.fixed.hosts.all_machines()).map(|node| u8::from(self.is_in(NodeId(node), group))).collect();
        self.divide(position, groups);
    }

    fn is_in(&self, node: NodeId, group: Group) -> bool {
        match group {
            Group::Everybody => true,
            Group::Class(class) => self.environment.kinds.class(node.0) == Some(class),
            Group::Region(region) => self.network.region(node.0) == Some(region),
        }
    }

    /// From now on nothing passes between machines of different groups: neither what leaves, nor what arrives or comes out of
    /// its receiver's downlink queue, nor what moves as a transfer.
    fn divide(&mut self, position: u32, groups: Vec<u8>) {
        let hosts = self.fixed.hosts;
        let group = |node: NodeId| groups[hosts.of(node).index()];
        for machine in (0..groups.len() as u32).map(NodeId) {
            let crosses = |packet: &Packet<P::Message>| group(packet.envelope.from) != group(packet.to);
            self.break_transfers(machine, Loss::Partition, crosses);
        }
        self.faults.cuts.push((position, groups));
    }

    /// Whether a partition is between the machines of two nodes.
    #[inline(always)]
    pub(super) fn is_cut(&self, a: NodeId, b: NodeId) -> bool {
        !self.faults.cuts.is_empty() && self.is_divided(a, b)
    }

    #[cold]
    fn is_divided(&self, a: NodeId, b: NodeId) -> bool {
        let (a, b) = (self.fixed.hosts.of(a).index(), self.fixed.hosts.of(b).index());
        self.faults.cuts.iter().any(|(_, groups)| groups[a] != groups[b])
    }
}
