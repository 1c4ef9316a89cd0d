//! Reachability: whether a node can be dialled (AutoNAT), and the reservation at a rendezvous of one that cannot.

use super::context::{Context, Effect, Packet, Task};
use super::links::Path;
use super::node::Node;
use super::signal::Signal;
use crate::engine::{Duration, Source, Time};
use crate::model::{LinkEvent, NodeId, Reachability};

/// Unanswered probes after which a node concludes that it cannot be dialled, as AutoNAT does.
const FAILURES: u8 = 3;
/// Pause after a refusal.
const PAUSE: Duration = Duration::from_secs(30);

/// Knowledge of a node of its own reachability, and its reservation.
#[derive(Clone, Copy, Debug)]
pub(super) struct Autonat {
    /// Reachability as far as it is known.
    pub known: Reachability,
    /// Time at which the open question counts as answered in the negative, or is to be asked again; `NEVER` without one.
    pub deadline: Time,
    /// Peer that was asked.
    asked: Option<NodeId>,
    failures: u8,
    /// Rendezvous, to which a link is kept: it forwards messages, or just keeps the mapping alive.
    pub rendezvous: Option<NodeId>,
    /// Peer that refused a reservation.
    full: Option<NodeId>,
}

impl Default for Autonat {
    fn default() -> Autonat {
        let (known, deadline) = (Reachability::Unknown, Time::NEVER);
        Autonat { known, deadline, asked: None, failures: 0, rendezvous: None, full: None }
    }
}

impl<P> Node<P> {
    /// Reachability as far as the node has found out.
    pub fn reachability(&self) -> Reachability {
        self.autonat.known
    }

    /// Marks the founder of an overlay, through which others join, as dialable.
    pub fn found(&mut self) {
        self.autonat.known = Reachability::Yes;
    }
}

impl<P: Packet> Node<P> {
    /// Reachability as far as the node knows. Where nodes do not find out, it is known from the start.
    pub(super) fn known_reachability(&self, cx: &Context<'_, P>) -> Reachability {
        match cx.finds_out {
            true => self.autonat.known,
            false if cx.is_open() => Reachability::Yes,
            false => Reachability::No,
        }
    }

    /// Whether the node needs a rendezvous: it cannot be dialled, or only while its mapping lives.
    pub fn needs_rendezvous(&self, cx: &Context<'_, P>) -> bool {
        cx.is_mapped() || self.known_reachability(cx) == Reachability::No
    }

    /// Sends a probe or asks for a reservation, if the node needs one and has dialled a peer that it can ask.
    pub(super) fn seek(&mut self, cx: &mut Context<'_, P>) {
        if !cx.finds_out || cx.is_server || self.autonat.deadline < Time::NEVER {
            return;
        }
        let signal = match self.autonat.known {
            Reachability::Unknown => Signal::Probe,
            _ if self.autonat.rendezvous.is_none() && self.needs_rendezvous(cx) => Signal::Reserve,
            _ => return,
        };
        let Some(asked) = self.draw_dialled(cx) else { return };
        let deadline = cx.now + cx.settings.dial_timeout;
        (self.autonat.asked, self.autonat.deadline) = (Some(asked), deadline);
        cx.set_timer(deadline);
        self.say(cx, asked, signal);
    }

    /// Random peer that the node has dialled, that announces no rendezvous and has not just refused.
    fn draw_dialled(&self, cx: &mut Context<'_, P>) -> Option<NodeId> {
        cx.peerstores?;
        let asks = |peer: NodeId| Some(peer) != self.autonat.full && cx.announced_by(peer).is_none();
        let dialled = self.links.peers(|link| link.outbound && link.path == Path::Dialled && asks(link.peer));
        draw(cx, &dialled)
    }

    /// Handles the deadline of a question: nobody answered it, or it is to be asked again.
    pub(super) fn question_due(&mut self, cx: &mut Context<'_, P>) {
        let autonat = &mut self.autonat;
        autonat.deadline = Time::NEVER;
        if autonat.asked.take().is_some() && autonat.known == Reachability::Unknown {
            autonat.failures += 1;
            if autonat.failures == FAILURES {
                self.conclude(cx, Reachability::No);
            }
        }
        cx.then(Task::Seek);
    }

    fn conclude(&mut self, cx: &mut Context<'_, P>, known: Reachability) {
        self.autonat.known = known;
        cx.effects.push(Effect::FoundOut);
    }

    /// Handles a probe: asks a random third node to dial the sender.
    pub(super) fn on_probe(&mut self, cx: &mut Context<'_, P>, from: NodeId) {
        let others = self.links.peers(|link| link.peer != from);
        match draw(cx, &others) {
            Some(third) => self.say(cx, third, Signal::DialBack { node: from }),
            None => self.say(cx, from, Signal::NoHelp),
        }
    }

    pub(super) fn on_no_help(&mut self, cx: &mut Context<'_, P>, from: NodeId) {
        self.pause(cx, from);
    }

    /// Postpones the question that was put to a peer. False if it was put to another.
    fn pause(&mut self, cx: &mut Context<'_, P>, asked: NodeId) -> bool {
        let was_asked = self.autonat.asked == Some(asked);
        if was_asked {
            let again = cx.now + PAUSE;
            (self.autonat.asked, self.autonat.deadline) = (None, again);
            cx.set_timer(again);
        }
        was_asked
    }

    /// Handles a dial-back: if it comes from a stranger, the node can be dialled.
    pub(super) fn on_knock(&mut self, cx: &mut Context<'_, P>, from: NodeId) {
        if cx.has_invited(from) || self.autonat.known == Reachability::Yes {
            return;
        }
        (self.autonat.asked, self.autonat.deadline) = (None, Time::NEVER);
        if self.autonat.rendezvous.is_some() {
            cx.announce(None);
        }
        self.conclude(cx, Reachability::Yes);
        cx.then(Task::Seek);
    }

    /// Handles a request for a reservation.
    pub(super) fn on_reserve(&mut self, cx: &mut Context<'_, P>, from: NodeId) {
        if self.relay.reserve(from, cx.settings.relays.as_ref()) {
            self.links.pin(from);
            self.say(cx, from, Signal::Reserved);
        } else {
            cx.observe(LinkEvent::ReservationRefused);
            self.say(cx, from, Signal::Refused);
        }
    }

    /// Handles the grant of a reservation.
    pub(super) fn on_reserved(&mut self, cx: &mut Context<'_, P>, by: NodeId) {
        let autonat = &mut self.autonat;
        if autonat.asked != Some(by) {
            return;
        }
        (autonat.asked, autonat.deadline, autonat.full) = (None, Time::NEVER, None);
        autonat.rendezvous = Some(by);
        self.links.pin(by);
        if self.autonat.known == Reachability::No {
            cx.announce(Some(by));
        }
    }

    /// Handles the refusal of a reservation.
    pub(super) fn on_refused(&mut self, cx: &mut Context<'_, P>, by: NodeId) {
        if self.pause(cx, by) {
            self.autonat.full = Some(by);
        }
    }

    /// Looks for another rendezvous if the link to this one is closed.
    pub(super) fn on_rendezvous_closed(&mut self, cx: &mut Context<'_, P>, peer: NodeId) {
        if self.autonat.rendezvous == Some(peer) {
            self.autonat.rendezvous = None;
            cx.announce(None);
            cx.then(Task::Seek);
        }
    }
}

/// Random one of some peers.
fn draw<P>(cx: &mut Context<'_, P>, peers: &[NodeId]) -> Option<NodeId> {
    (!peers.is_empty()).then(|| peers[cx.noise.below(peers.len() as u64) as usize])
}
