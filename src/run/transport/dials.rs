//! Attempts to connect: which ways are tried in which order, and what waits for them. Pure values.

use crate::engine::Time;
use crate::model::{DialOutcome, NodeId};
use crate::scenario::plan::Connections;

/// Attempts to punch before another way is tried, as libp2p's DCUtR makes them.
pub const ATTEMPTS: Attempt = 3;
/// Packets that wait for one dial at most.
pub const WAITING: usize = 64;

/// The number of an attempt to punch, from 1.
pub type Attempt = u8;

/// A way to connect, in the order in which they are tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Straight to the peer.
    Direct,
    /// The peer, told by its rendezvous, dials back.
    Reversal,
    /// Both send at the same time, arranged through the rendezvous.
    Punching,
    /// The rendezvous forwards.
    Relay,
}

impl Step {
    const ALL: [Step; 4] = [Step::Direct, Step::Reversal, Step::Punching, Step::Relay];

    /// What to try after `tried` for a peer that says to be dialable, or that it is not (`undialable`), by a node that can
    /// itself be dialled, or cannot.
    pub fn after(tried: Option<Step>, plan: &Connections, undialable: bool, dialable: bool) -> Option<Step> {
        let helps = |step: &Step| match step {
            Step::Direct => !undialable,
            Step::Reversal => undialable && dialable && plan.reversal,
            Step::Punching => undialable && plan.punching,
            Step::Relay => undialable && plan.relays.is_some(),
        };
        let next = Step::ALL.into_iter().find(|step| Some(*step) > tried && helps(step));
        // Who says that it cannot be dialled can perhaps, if it has sent something lately.
        next.or((tried.is_none()).then_some(Step::Direct))
    }
}

/// How the link opened that a dial was for, as the dialling end sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opened {
    /// The peer accepted.
    Accepted,
    /// The peer dialled; `called`: because it was told to.
    Dialled { called: bool },
    /// The peer's punch came through.
    Punched,
    /// The relay connects the two.
    Relayed,
}

/// One attempt to connect to a peer.
#[derive(Clone, Debug)]
pub struct Dial<P> {
    pub peer: NodeId,
    pub began: Time,
    pub step: Step,
    /// When the step is over, or the attempt to punch.
    pub deadline: Time,
    /// The peer says that it cannot be dialled.
    pub undialable: bool,
    /// Attempts to punch so far.
    pub attempts: Attempt,
    /// When the last of them was proposed.
    pub proposed: Time,
    /// The peer has agreed to the last of them.
    pub arranged: bool,
    /// When to punch; `NEVER` if there is nothing to punch for.
    pub punch_at: Time,
    /// What is to be sent, in order.
    pub waiting: Vec<P>,
}

impl<P> Dial<P> {
    pub fn new(peer: NodeId, now: Time, undialable: bool) -> Dial<P> {
        let (step, never) = (Step::Direct, Time::NEVER);
        let (deadline, punch_at, proposed) = (never, never, now);
        let (attempts, arranged, waiting) = (0, false, Vec::new());
        Dial { peer, began: now, step, deadline, undialable, attempts, proposed, arranged, punch_at, waiting }
    }

    /// When there is something to do about it.
    pub fn next(&self) -> Time {
        self.deadline.min(self.punch_at)
    }

    /// What it ends as.
    pub fn outcome(&self, opened: Opened) -> DialOutcome {
        match (opened, self.step) {
            (Opened::Relayed, _) => DialOutcome::Relayed,
            (Opened::Dialled { called: true }, _) => DialOutcome::Reversed,
            (Opened::Punched | Opened::Accepted, Step::Punching | Step::Relay) => DialOutcome::Punched,
            (Opened::Accepted | Opened::Dialled { .. } | Opened::Punched, _) if self.undialable => DialOutcome::Organic,
            (Opened::Accepted | Opened::Dialled { .. } | Opened::Punched, _) => DialOutcome::Direct,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Duration;
    use crate::scenario::plan::Relays;

    fn all_ways() -> Connections {
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

    fn order(plan: &Connections, undialable: bool, dialable: bool) -> Vec<Step> {
        let mut steps = Vec::new();
        while let Some(step) = Step::after(steps.last().copied(), plan, undialable, dialable) {
            steps.push(step);
        }
        steps
    }

    #[test]
    fn the_cheaper_ways_are_tried_first_and_only_those_that_can_help() {
        let plan = all_ways();
        assert_eq!(order(&plan, false, true), [Step::Direct]);
        assert_eq!(order(&plan, true, true), [Step::Reversal, Step::Punching, Step::Relay]);
        assert_eq!(order(&plan, true, false), [Step::Punching, Step::Relay]);
        let none = Connections { reversal: false, punching: false, relays: None, ..plan };
        assert_eq!(order(&none, true, true), [Step::Direct]);
    }

    #[test]
    fn a_link_to_the_undialable_that_opens_without_its_rendezvous_is_organic() {
        let dial = |undialable, step| Dial::<()> { step, ..Dial::new(NodeId(1), Time::ZERO, undialable) };
        assert_eq!(dial(false, Step::Direct).outcome(Opened::Accepted), DialOutcome::Direct);
        assert_eq!(dial(true, Step::Direct).outcome(Opened::Accepted), DialOutcome::Organic);
        assert_eq!(dial(true, Step::Punching).outcome(Opened::Dialled { called: false }), DialOutcome::Organic);
        assert_eq!(dial(true, Step::Punching).outcome(Opened::Accepted), DialOutcome::Punched);
        assert_eq!(dial(true, Step::Reversal).outcome(Opened::Dialled { called: true }), DialOutcome::Reversed);
        assert_eq!(dial(true, Step::Relay).outcome(Opened::Relayed), DialOutcome::Relayed);
    }
}
