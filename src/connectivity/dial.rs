//! Dials: the order in which methods of connecting are tried, and what waits for one. Pure values.

use super::settings::Connections;
use crate::engine::Time;
use crate::model::{DialOutcome, NodeId};

/// Attempts to punch before the next method is tried, as in libp2p's DCUtR.
pub(super) const ATTEMPTS: Attempt = 3;
/// Maximum of packets that wait for one dial.
pub(super) const WAITING: usize = 64;

/// Number of an attempt to punch, from 1.
pub(super) type Attempt = u8;

/// Method of connecting, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Method {
    /// Dial to the peer.
    Direct,
    /// Connection reversal: the rendezvous asks the peer to dial back.
    Reversal,
    /// Hole punching: both ends send at the same time, coordinated through the rendezvous.
    Punching,
    /// Circuit through the rendezvous.
    Relay,
}

impl Method {
    /// Methods in their order.
    const ALL: [Method; 4] = [Method::Direct, Method::Reversal, Method::Punching, Method::Relay];

    /// Method after `tried`, `None` at first, for a peer that announces a rendezvous (`undialable`) or does not, of a node that is
    /// itself `dialable` or not.
    pub(super) fn after(
        tried: Option<Method>,
        settings: &Connections,
        undialable: bool,
        dialable: bool,
    ) -> Option<Method> {
        let helps = |method: &Method| match method {
            Method::Direct => !undialable,
            Method::Reversal => undialable && dialable && settings.reversal,
            Method::Punching => undialable && settings.punching,
            Method::Relay => undialable && settings.relays.is_some(),
        };
        let next = Method::ALL.into_iter().find(|method| Some(*method) > tried && helps(method));
        // A peer that announces a rendezvous may have a mapping open nevertheless.
        next.or((tried.is_none()).then_some(Method::Direct))
    }
}

/// Event that opened the link for which a dial was made, as the dialling end sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opened {
    /// Acceptance by the peer.
    Accepted,
    /// Dial by the peer; `called` if it was asked to.
    Dialled { called: bool },
    /// Punch of the peer.
    Punched,
    /// Circuit through the relay.
    Relayed,
}

/// Dial of one peer, with the packets that wait for it.
#[derive(Clone, Debug)]
pub(super) struct Dial<P> {
    /// Peer that is dialled.
    pub peer: NodeId,
    /// Time of its beginning.
    pub began: Time,
    /// Method that is tried.
    pub method: Method,
    /// End of the method, or of the attempt to punch.
    pub deadline: Time,
    /// Peer announces a rendezvous: it cannot be dialled.
    pub undialable: bool,
    /// Attempts to punch so far.
    pub attempts: Attempt,
    /// Time of the last proposal to punch.
    pub proposed: Time,
    /// Last proposal has been answered.
    pub arranged: bool,
    /// Time to punch; `NEVER` if none is arranged.
    pub punch_at: Time,
    /// Packets to be sent, in order.
    pub waiting: Vec<P>,
}

impl<P> Dial<P> {
    /// Dial that begins at `now` with the first method.
    pub(super) fn new(peer: NodeId, now: Time, undialable: bool) -> Dial<P> {
        let (method, never) = (Method::Direct, Time::NEVER);
        let (deadline, punch_at, proposed) = (never, never, now);
        let (attempts, arranged, waiting) = (0, false, Vec::new());
        Dial { peer, began: now, method, deadline, undialable, attempts, proposed, arranged, punch_at, waiting }
    }

    /// Time of the next action.
    pub(super) fn next(&self) -> Time {
        self.deadline.min(self.punch_at)
    }

    /// Outcome, if the link was `opened` in this way.
    pub(super) fn outcome(&self, opened: Opened) -> DialOutcome {
        match (opened, self.method) {
            (Opened::Relayed, _) => DialOutcome::Relayed,
            (Opened::Dialled { called: true }, _) => DialOutcome::Reversed,
            (Opened::Punched | Opened::Accepted, Method::Punching | Method::Relay) => DialOutcome::Punched,
            (Opened::Accepted | Opened::Dialled { .. } | Opened::Punched, _) if self.undialable => DialOutcome::Organic,
            (Opened::Accepted | Opened::Dialled { .. } | Opened::Punched, _) => DialOutcome::Direct,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connectivity::Relays;
    use crate::engine::Duration;

    fn all_methods() -> Connections {
        let relays = Relays { reservations: 1, connections: 1, rate: 1e6, lifetime: Duration::from_secs(1) };
        Connections {
            dial_timeout: Duration::from_secs(5),
            keep_alive: None,
            idle_close: None,
            limit: None,
            reversal: true,
            punching: true,
            relays: Some(relays),
        }
    }

    fn order(settings: &Connections, undialable: bool, dialable: bool) -> Vec<Method> {
        let mut methods = Vec::new();
        while let Some(method) = Method::after(methods.last().copied(), settings, undialable, dialable) {
            methods.push(method);
        }
        methods
    }

    #[test]
    fn the_cheaper_methods_are_tried_first_and_only_those_that_can_help() {
        let settings = all_methods();
        assert_eq!(order(&settings, false, true), [Method::Direct]);
        assert_eq!(order(&settings, true, true), [Method::Reversal, Method::Punching, Method::Relay]);
        assert_eq!(order(&settings, true, false), [Method::Punching, Method::Relay]);
        let none = Connections { reversal: false, punching: false, relays: None, ..settings };
        assert_eq!(order(&none, true, true), [Method::Direct]);
    }

    #[test]
    fn a_link_to_the_undialable_that_opens_without_its_rendezvous_is_organic() {
        let dial = |undialable, method| Dial::<()> { method, ..Dial::new(NodeId(1), Time::ZERO, undialable) };
        assert_eq!(dial(false, Method::Direct).outcome(Opened::Accepted), DialOutcome::Direct);
        assert_eq!(dial(true, Method::Direct).outcome(Opened::Accepted), DialOutcome::Organic);
        assert_eq!(dial(true, Method::Punching).outcome(Opened::Dialled { called: false }), DialOutcome::Organic);
        assert_eq!(dial(true, Method::Punching).outcome(Opened::Accepted), DialOutcome::Punched);
        assert_eq!(dial(true, Method::Reversal).outcome(Opened::Dialled { called: true }), DialOutcome::Reversed);
        assert_eq!(dial(true, Method::Relay).outcome(Opened::Relayed), DialOutcome::Relayed);
    }
}
