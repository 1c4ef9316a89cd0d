//! Handshakes: what the first message between two machines costs, and who has talked to whom of late.
//!
//! The first message waits for the handshake's round trips and carries its bytes; the other side's leave with its first message
//! back. Further messages meanwhile wait for it too. A machine that goes forgets what it agreed on.

use super::simulation::Simulation;
use crate::connectivity::Named;
use crate::engine::order::Class;
use crate::engine::{Slab, Time};
use crate::measure::observer::Observer;
use crate::model::NodeId;
use crate::network::Loss;
use crate::overlay::Protocol;
use crate::overlay::wire::Handshake;

use super::event::{Body, Event, Packet, Queued};

/// Two machines that have talked: kept by the one with the lower number.
#[derive(Clone, Copy, Debug)]
struct Pair {
    /// The one with the higher number.
    other: NodeId,
    /// Sessions of both when they last shook hands.
    epochs: [u16; 2],
    /// Messages leave from then on.
    ready: Time,
    last: Time,
    /// Machine that is yet to send its part of the handshake, if any.
    owes: Option<NodeId>,
}

/// What a message pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Toll {
    pub bytes: u32,
    /// When it may leave; in the past if at once.
    pub ready: Time,
    /// A handshake begins with it: who decides for how long it takes calls [`Handshakes::takes_until`].
    pub begins: bool,
}

/// All pairs of machines that have talked of late, and the messages that wait.
#[derive(Debug)]
pub(super) struct Handshakes<M> {
    pub terms: Handshake,
    /// By machine, then by the other's number.
    pairs: Vec<Vec<Pair>>,
    pub waiting: Slab<Queued<M>>,
}

impl<M> Handshakes<M> {
    pub(super) fn new(terms: Handshake, machines: u32) -> Handshakes<M> {
        Handshakes { terms, pairs: vec![Vec::new(); machines as usize], waiting: Slab::default() }
    }

    /// A message is about to leave `from` for `to`, in these sessions of theirs.
    pub(super) fn toll(&mut self, now: Time, [from, to]: [NodeId; 2], [own, theirs]: [u16; 2]) -> Toll {
        let idle = self.terms.idle;
        let (one, other, epochs) = if from < to { (from, to, [own, theirs]) } else { (to, from, [theirs, own]) };
        let pairs = &mut self.pairs[one.index()];
        let at = match pairs.binary_search_by_key(&other, |pair| pair.other) {
            Ok(at) => at,
            Err(_) => {
                if pairs.len() == pairs.capacity() {
                    pairs.retain(|pair| now.since(pair.last) <= idle);
                }
                let at = pairs.partition_point(|pair| pair.other < other);
                // It has never talked: its sessions are none.
                let last = Time::ZERO;
                pairs.insert(
                    at,
                    Pair { other, epochs: [epochs[0].wrapping_sub(1), epochs[1]], ready: now, last, owes: None },
                );
                at
            }
        };
        let pair = &mut pairs[at];
        let begins = pair.epochs != epochs || now.since(pair.last) > idle;
        pair.last = pair.last.max(now);
        if begins {
            (pair.epochs, pair.ready, pair.owes) = (epochs, now, Some(to));
            return Toll { bytes: self.terms.bytes, ready: now, begins };
        }
        let owes = pair.owes == Some(from);
        pair.owes = pair.owes.filter(|_| !owes);
        Toll { bytes: if owes { self.terms.answer } else { 0 }, ready: pair.ready, begins }
    }

    /// The handshake that has just begun between these two takes until `ready`.
    pub(super) fn takes_until(&mut self, [from, to]: [NodeId; 2], ready: Time) {
        let (one, other) = (from.min(to), from.max(to));
        let at = self.pairs[one.index()].binary_search_by_key(&other, |pair| pair.other).expect("it has just begun");
        let pair = &mut self.pairs[one.index()][at];
        (pair.ready, pair.last) = (ready, ready);
    }

    pub(super) fn heap_bytes(&self) -> usize {
        self.pairs.capacity() * size_of::<Vec<Pair>>()
            + self.pairs.iter().map(|pairs| pairs.capacity() * size_of::<Pair>()).sum::<usize>()
    }
}

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// A packet leaves once its sender and receiver have shaken hands.
    #[inline(never)]
    pub(super) fn launch_after_handshake(&mut self, machines: (NodeId, NodeId), mut packet: Packet<P::Message>) {
        let is_transfer = packet.envelope.bytes > self.in_flight.transfers.above;
        let ready = self.shake_hands(&mut packet);
        if is_transfer {
            return self.begin_transfer(packet);
        }
        if ready > self.now {
            let named = self.boxes.as_mut().map_or_else(Named::new, |boxes| boxes.take_named());
            return self.wait_for_handshake(ready, Queued { packet, named });
        }
        self.set_off(machines, packet.to, &packet.envelope, packet.body);
    }

    /// Two machines have shaken hands: a packet that waited for it leaves, if the sender's session still lasts.
    #[inline(never)]
    pub(super) fn leave_after_handshake(&mut self, slot: u32, epoch: u16) {
        let handshakes = self.in_flight.handshakes.as_mut().expect("there are handshakes");
        let Queued { packet, named } = handshakes.waiting.take(slot);
        if !self.is_current(packet.envelope.from, epoch) {
            return self.lose_unsent(packet, Loss::SenderGone);
        }
        if let Some(boxes) = &mut self.boxes {
            boxes.give_named(named);
        }
        let machines = self.fixed.hosts.of_both(packet.envelope.from, packet.to);
        self.set_off(machines, packet.to, &packet.envelope, packet.body);
    }

    /// Charges a packet for the handshake that it begins or answers. Gives when it may leave.
    #[inline(never)]
    fn shake_hands(&mut self, packet: &mut Packet<P::Message>) -> Time {
        let now = self.now;
        let ends = [packet.envelope.from, packet.to];
        let epochs = ends.map(|node| self.seats[node.index()].epoch());
        let machines = ends.map(|node| self.fixed.hosts.of(node));
        let handshakes = self.in_flight.handshakes.as_mut().expect("there are handshakes");
        let mut toll = handshakes.toll(now, machines, epochs);
        if toll.begins {
            // Words to the bootstrap service need no link, and so no dial came before.
            let dialled = u32::from(self.connectivity.is_some() && !matches!(packet.body, Body::Bootstrap(_)));
            let rounds = handshakes.terms.round_trips.saturating_sub(dialled);
            let [a, b] = machines.map(|machine| machine.0);
            let trip = self.network.delay(now, a, b) + self.network.delay(now, b, a);
            toll.ready = now + trip.mul_f64(f64::from(rounds));
            handshakes.takes_until(machines, toll.ready);
        }
        packet.envelope.bytes += toll.bytes;
        if toll.bytes > 0 {
            self.observer.handshake(now, toll.begins, toll.bytes);
        }
        toll.ready
    }

    fn wait_for_handshake(&mut self, ready: Time, queued: Queued<P::Message>) {
        let from = queued.packet.envelope.from;
        let epoch = self.seats[from.index()].epoch();
        let slot = self.in_flight.handshakes.as_mut().expect("there are handshakes").waiting.park(queued);
        self.schedule(ready, Class::Arrival, from, Event::Shaken { slot, epoch });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Duration;

    const TERMS: Handshake = Handshake { bytes: 100, answer: 300, round_trips: 2, idle: Duration::from_secs(60) };

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn the_first_message_pays_and_then_the_first_one_back_until_both_were_idle() {
        let mut handshakes = Handshakes::<()>::new(TERMS, 3);
        let [a, b] = [NodeId(0), NodeId(2)];
        let mut toll = |seconds, ends| {
            let Toll { bytes, begins, .. } = handshakes.toll(at(seconds), ends, [0, 0]);
            (bytes, begins)
        };
        assert_eq!(toll(0, [b, a]), (100, true));
        assert_eq!(toll(1, [b, a]), (0, false));
        assert_eq!(toll(2, [a, b]), (300, false));
        assert_eq!(toll(62, [a, b]), (0, false), "idle for a minute and no longer");
        assert_eq!(toll(123, [a, b]), (100, true));
        assert_eq!(toll(123, [b, a]), (300, false));
    }

    #[test]
    fn a_new_session_shakes_hands_again_and_messages_wait_for_it() {
        let mut handshakes = Handshakes::<()>::new(TERMS, 2);
        let ends = [NodeId(0), NodeId(1)];
        assert!(handshakes.toll(at(0), ends, [0, 0]).begins);
        handshakes.takes_until(ends, at(1));
        assert_eq!(handshakes.toll(at(0), ends, [0, 0]), Toll { bytes: 0, ready: at(1), begins: false });
        assert!(handshakes.toll(at(2), ends, [0, 1]).begins);
        assert!(handshakes.toll(at(3), ends, [1, 1]).begins);
    }
}
