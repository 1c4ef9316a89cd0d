//! Relay service of one node (circuit relay v2): reservations, circuits and a rate limit. A pure value.

use super::settings::Relays;
use crate::engine::{Duration, Time};
use crate::model::NodeId;

/// Burst that a relay forwards at once, as time at its rate.
const BURST: Duration = Duration::from_secs(1);

/// Pair of nodes that are connected through a relay.
#[derive(Clone, Copy, Debug)]
struct Circuit {
    ends: [NodeId; 2],
    until: Time,
}

/// Reservations of a rendezvous, and the circuits through it.
#[derive(Clone, Debug, Default)]
pub(super) struct Relay {
    reserved: Vec<NodeId>,
    circuits: Vec<Circuit>,
    /// Time at which all that was forwarded has left at the rate of the limit.
    busy_until: Time,
}

impl Relay {
    /// Makes a reservation; false if there is none left. Without limits (no relays) their number is not bounded.
    pub(super) fn reserve(&mut self, node: NodeId, limits: Option<&Relays>) -> bool {
        if self.reserved.contains(&node) {
            return true;
        }
        let has_place = limits.is_none_or(|limits| self.reserved.len() < limits.reservations as usize);
        if has_place {
            self.reserved.push(node);
        }
        has_place
    }

    /// Whether a node has a reservation.
    pub(super) fn has_reserved(&self, node: NodeId) -> bool {
        self.reserved.contains(&node)
    }

    /// Opens a circuit from `a` to `b`, which must have a reservation; false if that would be too many.
    pub(super) fn connect(&mut self, now: Time, a: NodeId, b: NodeId, limits: &Relays) -> bool {
        self.circuits.retain(|circuit| circuit.until > now && circuit.ends != [a, b] && circuit.ends != [b, a]);
        let has_room = self.has_reserved(b) && self.circuits.len() < limits.connections as usize;
        if has_room {
            self.circuits.push(Circuit { ends: [a, b], until: now + limits.lifetime });
        }
        assert!(self.circuits.len() <= limits.connections as usize, "a relay has more circuits than it may");
        assert!(self.reserved.len() <= limits.reservations as usize, "a relay has more reservations than it may");
        has_room
    }

    /// Whether there is a circuit between two nodes.
    pub(super) fn connects(&self, now: Time, a: NodeId, b: NodeId) -> bool {
        let is_theirs = |circuit: &Circuit| circuit.ends == [a, b] || circuit.ends == [b, a];
        self.circuits.iter().any(|circuit| circuit.until > now && is_theirs(circuit))
    }

    /// Forwards a packet of so many bytes; false if it exceeds the rate.
    pub(super) fn forwards(&mut self, now: Time, bytes: u32, limits: &Relays) -> bool {
        let takes = Duration::from_secs_f64(f64::from(bytes) * 8.0 / limits.rate);
        let done = self.busy_until.max(now) + takes;
        let fits = done <= now + BURST;
        if fits {
            self.busy_until = done;
        }
        fits
    }

    /// Ends the reservation and the circuits of a node whose link is closed.
    pub(super) fn forget(&mut self, node: NodeId) {
        self.reserved.retain(|other| *other != node);
        self.circuits.retain(|circuit| !circuit.ends.contains(&node));
    }

    /// Bytes allocated.
    pub(super) fn heap_bytes(&self) -> usize {
        self.reserved.capacity() * size_of::<NodeId>() + self.circuits.capacity() * size_of::<Circuit>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Relays =
        Relays { reservations: 2, connections: 2, rate: 8_000.0, lifetime: Duration::from_secs(120) };

    fn at(seconds: u64) -> Time {
        Time::ZERO + Duration::from_secs(seconds)
    }

    #[test]
    fn reservations_are_limited_and_one_that_is_given_up_is_free_again() {
        let mut relay = Relay::default();
        let reserved = [1, 2, 3, 1].map(|node| relay.reserve(NodeId(node), Some(&LIMITS)));
        assert_eq!(reserved, [true, true, false, true]);
        relay.forget(NodeId(1));
        assert!(relay.reserve(NodeId(3), Some(&LIMITS)) && !relay.has_reserved(NodeId(1)));
        assert!((4..999).all(|node| relay.reserve(NodeId(node), None)), "only relays have a limit");
    }

    #[test]
    fn circuits_are_limited_and_end_at_their_time_or_with_a_link() {
        let mut relay = Relay::default();
        assert!(!relay.connect(at(0), NodeId(8), NodeId(1), &LIMITS), "it has no reservation");
        (1..3).for_each(|node| assert!(relay.reserve(NodeId(node), Some(&LIMITS))));
        assert!(
            relay.connect(at(0), NodeId(8), NodeId(1), &LIMITS) && relay.connect(at(1), NodeId(9), NodeId(1), &LIMITS)
        );
        assert!(!relay.connect(at(2), NodeId(8), NodeId(2), &LIMITS), "two pairs are connected already");
        assert!(relay.connects(at(119), NodeId(1), NodeId(8)) && !relay.connects(at(120), NodeId(1), NodeId(8)));
        assert!(relay.connect(at(120), NodeId(8), NodeId(2), &LIMITS));
        relay.forget(NodeId(9));
        assert!(!relay.connects(at(120), NodeId(9), NodeId(1)));
    }

    #[test]
    fn it_forwards_no_more_than_its_rate_and_a_second_of_it_at_once() {
        let mut relay = Relay::default();
        assert!(relay.forwards(at(0), 1000, &LIMITS) && !relay.forwards(at(0), 1, &LIMITS));
        assert!(relay.forwards(at(1), 600, &LIMITS) && !relay.forwards(at(1), 600, &LIMITS));
        assert!(relay.forwards(at(60), 1000, &LIMITS), "what was not used is not saved up");
        assert!(!relay.forwards(at(60), 1, &LIMITS));
    }
}
