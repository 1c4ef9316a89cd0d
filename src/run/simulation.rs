//! The simulation loop: what joins the layers below.
//!
//! One value per run, generic over the protocol and the observers, so that nothing is boxed and nothing is dispatched at run time
//! per event. What an event touches first lies in [`Seat`], 32 bytes a node; the rest of a node's state is in parallel vectors.

use super::bootstrap::Bootstrapping;
use super::boxes::Boxes;
use super::environment::Environment;
use super::event::{Event, Packet};
use super::operations::Operations;
use super::oracle::Oracle;
use super::state::{Buffers, Counts, Faults, Fixed, InFlight, Membership, Servers};
use crate::connectivity::Connectivity;
use crate::engine::order::{Class, Order};
use crate::engine::queue::Queue;
use crate::engine::{Duration, Noise, Time};
use crate::measure::observer::Observer;
use crate::model::{Key, NodeId};
use crate::network::Network;
use crate::overlay::Protocol;
use crate::storage::Storage;

/// What is looked at for every event of a node.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
pub(super) struct Seat {
    /// For packet noise and the protocol's own choices.
    pub noise: Noise,
    /// Numbers the events that the node creates.
    pub created: u32,
    /// Index among the joined nodes, if the node has joined.
    pub place: u32,
    /// How many sessions it has ended; of a server, how often it has failed.
    pub session: u32,
    pub online: bool,
    pub joined: bool,
    /// Whether the node has joined in this session, and so can issue operations, even if it is leaving.
    pub settled: bool,
    /// `start` was called and neither `joined` nor `join_failed` has come back.
    pub joining: bool,
    /// A crash keeps it offline for a while.
    pub crashed: bool,
    /// Whether the node has departed for good.
    pub departed: bool,
}

impl Seat {
    /// The number of its session as packets and timers carry it: from 65,536 sessions before, none is under way any more.
    pub(super) fn epoch(&self) -> u16 {
        self.session as u16
    }
}

/// One run under way.
pub(super) struct Simulation<'p, P: Protocol, O> {
    pub fixed: Fixed<'p, P>,
    pub environment: Environment,
    pub now: Time,
    pub queue: Queue<Event<P::Message, P::Timer>>,
    pub network: Network,
    /// NATs and firewalls, where they are simulated. Boxed, so that runs without them do not carry it.
    pub boxes: Option<Box<Boxes<P::Message>>>,
    /// Connections, where the system has them. Boxed, likewise.
    pub connectivity: Option<Box<Connectivity<Packet<P::Message>>>>,
    pub in_flight: InFlight<P::Message>,
    pub keys: Vec<Key>,
    pub seats: Vec<Seat>,
    pub nodes: Vec<P>,
    pub storage: Storage,
    pub shared: P::Shared,
    pub servers: Servers<P::Message>,
    /// `None`: nodes find each other by an oracle, or there is an address to go to.
    pub bootstrap: Option<Box<Bootstrapping>>,
    pub operations: Operations,
    pub oracle: Oracle,
    pub membership: Membership,
    pub faults: Faults,
    pub buffers: Buffers<P::Message, P::Timer>,
    pub counts: Counts,
    pub observer: O,
}

/// What stops a run early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interrupted;

/// Called every so many events with the virtual time and the events so far; gives false to stop the run.
pub type Progress<'a> = dyn Fn(Time, u64) -> bool + Sync + 'a;

/// Events between two calls of [`Progress`].
pub const PROGRESS_EVERY: u64 = 1 << 9;

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    pub(super) fn is_server(&self, node: NodeId) -> bool {
        self.fixed.hosts.is_server(node)
    }

    /// Propagation delay between the machines of two nodes.
    pub(super) fn delay(&self, a: NodeId, b: NodeId) -> Duration {
        self.network.delay(self.now, self.fixed.hosts.of(a).0, self.fixed.hosts.of(b).0)
    }

    /// Puts an event of `class` created by `node` into the queue.
    #[inline(always)]
    pub(super) fn schedule(&mut self, at: Time, class: Class, node: NodeId, event: Event<P::Message, P::Timer>) {
        let order = self.next_order(class, node);
        self.queue.push(at, order, event);
    }

    /// The place among events of the same time of the next one that `node` creates.
    #[inline(always)]
    pub(super) fn next_order(&mut self, class: Class, node: NodeId) -> Order {
        let seat = &mut self.seats[node.index()];
        seat.created = seat.created.wrapping_add(1);
        Order::new(class, node.0, seat.created)
    }

    /// Runs all events before `until`.
    pub(super) fn run_until(&mut self, until: Time, progress: &Progress<'_>) -> Result<(), Interrupted> {
        loop {
            // At equal times a deadline comes last.
            let due = self.operations.next_deadline();
            let before = if due < until { Time::from_nanos(due.as_nanos() + 1) } else { until };
            let Some((at, _, event)) = self.queue.pop_before(before) else {
                if due >= until {
                    self.now = until;
                    return Ok(());
                }
                if let Some(op) = self.operations.take_deadline() {
                    self.now = due;
                    self.deadline_passed(op);
                }
                continue;
            };
            self.look_ahead();
            self.now = at;
            self.counts.events += 1;
            if self.counts.events.is_multiple_of(PROGRESS_EVERY) && !progress(at, self.counts.events) {
                return Err(Interrupted);
            }
            self.handle(&event);
        }
    }

    fn handle(&mut self, event: &Event<P::Message, P::Timer>) {
        match *event {
            Event::Arrival(ref packet) => self.arrive(packet),
            Event::Through { slot, .. } => self.come_through(slot),
            Event::Timer { node, epoch, timer } => {
                if self.is_current(node, epoch) {
                    self.with_overlay(node, |overlay, cx| overlay.on_timer(cx, timer));
                }
            }
            Event::OverlayTimeout { node, epoch } => {
                if self.is_current(node, epoch) {
                    self.overlay_timeout(node);
                } else {
                    self.count_timeout(0);
                }
            }
            ref other => self.handle_other(other),
        }
    }

    /// What happens once in a while.
    #[inline(never)]
    fn handle_other(&mut self, event: &Event<P::Message, P::Timer>) {
        match *event {
            Event::Arrival(_) | Event::Through { .. } | Event::Timer { .. } | Event::OverlayTimeout { .. } => {
                unreachable!("done where most is")
            }
            Event::Leaves { slot, epoch } => self.leave_uplink(slot, epoch),
            Event::Shaken { slot, epoch } => self.leave_after_handshake(slot, epoch),
            Event::Within { slot, .. } => self.arrive_within(slot),
            Event::Addressed { slot, from, to } => self.reach_box(slot, from, to),
            Event::Flow { flow } => self.wake_transfer(flow),
            Event::Served { machine, epoch, slot } => self.served(machine, epoch, slot),
            Event::StorageTimeout { node, epoch } => {
                let mut timed_out = 0;
                if self.is_current(node, epoch) {
                    self.with_node(node, |storage, cx, around| timed_out = storage.on_timeout(cx, around));
                    self.observer.timed_out(self.now, [0, 0, timed_out]);
                }
                self.count_timeout(timed_out);
            }
            Event::BootstrapTurns { machine, number } => self.bootstrap_turns(machine, number),
            Event::Republish { record } => self.with_storage(|storage, cx| {
                storage.publishers.iter_mut().for_each(|publishers| publishers.due(cx, record));
            }),
            Event::Bootstrap { node, epoch } => {
                let went_on = self.is_current(node, epoch) && self.bootstrap_due(node);
                self.count_timeout(went_on.into());
            }
            Event::Links { node, epoch } if self.is_current(node, epoch) => self.links_due(node),
            Event::JoinAgain { node, epoch } if self.is_current(node, epoch) => self.join(node),
            Event::NameKnown { node, epoch } if self.is_current(node, epoch) => self.join_by_oracle(node),
            Event::TellAgain { node, epoch } if self.is_current(node, epoch) => self.tell_again(node),
            Event::Publish { node, epoch } if self.is_current(node, epoch) => {
                self.with_storage(|storage, cx| storage.publish(cx, node));
            }
            Event::Periodic { node, epoch, work } if self.is_current(node, epoch) => self.periodic_due(node, work),
            Event::HandOver { node, epoch, record } if self.is_current(node, epoch) => {
                self.with_node(node, |storage, cx, around| storage.handed_over(cx, record, around));
            }
            // Of a session that has passed.
            Event::Links { .. }
            | Event::JoinAgain { .. }
            | Event::NameKnown { .. }
            | Event::TellAgain { .. }
            | Event::Publish { .. }
            | Event::Periodic { .. }
            | Event::HandOver { .. } => {}
            Event::Expires { node } => self.copies_expire(node),
            Event::SessionBegins { participant, spell } => self.session_begins(NodeId(participant), spell),
            Event::Notice { participant } => self.notice(NodeId(participant)),
            Event::SessionEnds { participant } => self.session_ends(NodeId(participant)),
            Event::DelayedRepair { place } => self.with_storage(|storage, cx| storage.delay_over(cx, place)),
            Event::Departs { participant } => self.depart(NodeId(participant)),
            Event::Operation { participant, epoch, kind, number } => {
                self.operation_due(NodeId(participant), epoch, kind, number);
            }
            Event::Requested { number } => self.requested(number),
            Event::Scenario { position, begins } => self.scenario_event(position, begins),
            Event::ServerFails { server, number } => self.server_fails(server, number),
            Event::ServerRepaired { server, number } => self.server_repaired(server, number),
        }
    }

    /// The earliest deadline of a node's requests has passed. Those that are an operation's say so by an effect.
    fn overlay_timeout(&mut self, node: NodeId) {
        let mut timed_out = 0;
        let before = self.counts.operation_timeouts;
        self.with_overlay(node, |overlay, cx| timed_out = overlay.on_timeout(cx));
        self.count_timeout(timed_out);
        if timed_out == 0 {
            return;
        }
        let of_operations = self.counts.operation_timeouts.wrapping_sub(before);
        self.observer.timed_out(self.now, [of_operations, timed_out.saturating_sub(of_operations), 0]);
    }

    /// A time-out timer that found nothing to do is not counted as an event.
    fn count_timeout(&mut self, timed_out: u32) {
        if timed_out == 0 {
            self.counts.events -= 1;
            self.counts.late_timeouts += 1;
        }
    }

    /// Whether the session in which an event was created still lasts.
    pub(super) fn is_current(&self, node: NodeId, epoch: u16) -> bool {
        let seat = &self.seats[node.index()];
        seat.online && seat.epoch() == epoch
    }

    /// Asserts that no packet and no transfer appeared or vanished: sent = delivered + lost + in flight. Empties the queue.
    pub(super) fn assert_balance(&mut self) {
        let between_boxes = self.boxes.as_ref().map_or(0, |boxes| boxes.len());
        let through_relays = self.connectivity.as_ref().map_or(0, |connectivity| connectivity.enclosed.len());
        let parked = self.in_flight.downlinks.len() + self.servers.stations.len();
        let mut in_flight = (parked + self.in_flight.transfers.len() + between_boxes + through_relays) as u64;
        while let Some((_, _, event)) = self.queue.pop() {
            in_flight += u64::from(matches!(event, Event::Arrival(_)));
        }
        let Counts { sent, delivered, lost, .. } = self.counts;
        assert_eq!(sent, delivered + lost + in_flight, "{delivered} delivered, {lost} lost, {in_flight} in flight");
    }
}
