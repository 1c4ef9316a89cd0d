//! Requests that are served one after another: at dedicated servers, and at participants that have a processor.
//!
//! A request is handled when a worker is done with it. Replies and notices are handled at once, and so is what a machine asks
//! of itself.

use std::ops::Range;

use super::event::{Event, Packet};
use super::simulation::Simulation;
use crate::engine::order::Class;
use crate::engine::random::Purpose;
use crate::engine::{Duration, Law, Noise, Slab, Streams};
use crate::measure::observer::Observer;
use crate::model::{Envelope, Kind, NodeId};
use crate::network::{Loss, Processor, Station, station};
use crate::overlay::Protocol;

const SERVICE: Purpose = Purpose::new("service");
const PROCESSOR: Purpose = Purpose::new("processor");

/// The request queues of a run.
pub(super) struct Stations<M> {
    /// Nodes whose requests are served at their machine's station: those of servers, or all.
    nodes: Range<u32>,
    /// By machine, from the first of these nodes on; `None`: its requests are handled at once.
    desks: Vec<Option<Desk>>,
    /// Requests in service and in the queues.
    parked: Slab<Packet<M>>,
}

/// The workers of a machine with the queue before them.
struct Desk {
    service: Law,
    station: Station<u32>,
    /// For service times.
    noise: Noise,
}

impl Desk {
    fn new(processor: Processor, noise: Noise) -> Desk {
        let Processor { service, workers, waiting } = processor;
        Desk { service, station: Station::new(workers, waiting), noise }
    }
}

impl<M> Stations<M> {
    /// Stations of so many `participants`, if some have a processor, and of the servers behind them, which all have one.
    /// `nodes`: of all machines.
    pub(super) fn new(
        streams: &Streams,
        participants: Option<impl Iterator<Item = Option<Processor>>>,
        servers: impl ExactSizeIterator<Item = Processor>,
        (first_server, nodes): (u32, u32),
    ) -> Stations<M> {
        let range = if participants.is_some() { 0..nodes } else { first_server..first_server + servers.len() as u32 };
        let of_participants = participants.into_iter().flatten();
        let peers = (0..).zip(of_participants).map(|(number, processor)| {
            processor.map(|processor| Desk::new(processor, streams.noise(PROCESSOR, number)))
        });
        let servers =
            (0..).zip(servers).map(|(number, processor)| Some(Desk::new(processor, streams.noise(SERVICE, number))));
        Stations { nodes: range, desks: peers.chain(servers).collect(), parked: Slab::default() }
    }

    /// Whether requests for a node may have to wait.
    #[inline(always)]
    pub(super) fn serve(&self, node: NodeId) -> bool {
        self.nodes.contains(&node.0)
    }

    /// Requests in service and in the queues.
    pub(super) fn len(&self) -> usize {
        self.parked.len()
    }

    /// Bytes allocated.
    pub(super) fn heap_bytes(&self) -> usize {
        self.desks.capacity() * size_of::<Option<Desk>>() + self.parked.heap_bytes()
    }

    /// The station of a machine, if it has one.
    fn cx(&mut self, machine: NodeId) -> Option<&mut Desk> {
        let place = machine.0.checked_sub(self.nodes.start)?;
        self.desks.get_mut(place as usize)?.as_mut()
    }
}

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// A request reaches a machine that may have a station: it is served, waits, or finds no room.
    #[inline(never)]
    pub(super) fn offer(&mut self, packet: Packet<P::Message>) {
        let (machine, sender) = self.fixed.hosts.of_both(packet.to, packet.envelope.from);
        let Some(cx) = self.servers.stations.cx(machine).filter(|_| machine != sender) else {
            return self.hand_over(&packet);
        };
        let takes = cx.service.sample_duration(&mut cx.noise);
        let slot = self.servers.stations.parked.park(packet);
        let cx = self.servers.stations.cx(machine).expect("it was just there");
        match cx.station.offer(self.now, slot, takes) {
            station::Offer::Started { done } => {
                self.observer.service_begins(self.now, machine, Duration::ZERO);
                let epoch = self.seats[machine.index()].epoch();
                self.schedule(done, Class::Timer, machine, Event::Served { machine, epoch, slot });
            }
            station::Offer::Waiting => {}
            station::Offer::Refused => {
                let packet = self.servers.stations.parked.take(slot);
                self.turn_away(packet);
            }
        }
    }

    /// A machine's worker is done with a request.
    pub(super) fn served(&mut self, machine: NodeId, epoch: u16, slot: u32) {
        if !self.is_current(machine, epoch) {
            return; // it went meanwhile, and its requests were lost then
        }
        let cx = self.servers.stations.cx(machine).expect("it has served");
        let started = cx.station.finish(self.now);
        self.observer.service_ends(self.now, machine, 1);
        if let Some(next) = started {
            self.observer.service_begins(self.now, machine, next.waited);
            self.schedule(next.done, Class::Timer, machine, Event::Served { machine, epoch, slot: next.job });
        }
        let packet = self.servers.stations.parked.take(slot);
        self.hand_over(&packet);
    }

    /// The queue is full: a server tells the requester, a participant drops the request.
    fn turn_away(&mut self, packet: Packet<P::Message>) {
        let Packet { to, envelope, body } = packet;
        if !self.is_server(to) {
            return self.lose(packet, Loss::PeerQueue);
        }
        self.lose(packet, Loss::ServerQueue);
        let wire = &self.fixed.system.wire;
        let bytes = wire.packet + wire.reply;
        let envelope = Envelope { from: to, bytes, kind: Kind::Refusal, for_others: true, ..envelope };
        // A refusal has no body of its own; the request's tells whether overlay or storage is to hear of it. Its lists
        // went with the request.
        self.transmit(packet.envelope.from, &envelope, body);
    }

    /// A machine went: the requests that wait there and those in service are lost.
    pub(super) fn clear_station(&mut self, machine: NodeId) {
        let Some(cx) = self.servers.stations.cx(machine) else { return };
        let cut_off = cx.station.clear();
        if cut_off == 0 {
            return;
        }
        self.observer.service_ends(self.now, machine, cut_off);
        for slot in 0..self.servers.stations.parked.capacity() {
            if self.servers.stations.parked.get(slot).is_some_and(|packet| self.fixed.hosts.of(packet.to) == machine) {
                let packet = self.servers.stations.parked.take(slot);
                self.lose(packet, Loss::Offline);
            }
        }
    }
}
