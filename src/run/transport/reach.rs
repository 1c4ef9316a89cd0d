//! Whether a node can be dialled, and by whom word is passed on to one that cannot.

use super::links::Way;
use super::signal::Signal;
use crate::engine::{Duration, Source, Time};
use crate::measure::observer::{LinkEvent, Observer};
use crate::model::{NodeId, Reachability};
use crate::network::nat::Mapping;
use crate::overlay::{Notice, Protocol};
use crate::run::simulation::Simulation;

/// A node that nobody reached so often after it had asked for it cannot be dialled, as AutoNAT concludes.
const FAILURES: u8 = 3;
/// Until a node asks somebody else after it was turned away.
const AGAIN: Duration = Duration::from_secs(30);

/// What a node knows of its own reachability.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    pub known: Reachability,
    /// When the open question counts as answered in the negative, or when to ask again; `NEVER` if there is none.
    pub deadline: Time,
    /// Whom it was put to.
    asked: Option<NodeId>,
    failures: u8,
    /// Whom it keeps a link to: that passes word on, or just keeps the mapping alive.
    pub attends: Option<NodeId>,
    /// Who has no place for it.
    full: Option<NodeId>,
}

impl Default for Reach {
    fn default() -> Reach {
        let (known, deadline) = (Reachability::Unknown, Time::NEVER);
        Reach { known, deadline, asked: None, failures: 0, attends: None, full: None }
    }
}

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// A node asks what it does not know yet, or for what it lacks, if it has somebody to ask.
    pub(super) fn seek(&mut self, node: NodeId) {
        let reach = self.end(node).reach;
        if !self.transport().finds_out || self.is_server(node) || reach.deadline < Time::NEVER {
            return;
        }
        let signal = match reach.known {
            Reachability::Unknown => Signal::Probe,
            _ if reach.attends.is_none() && self.must_attend(node) => Signal::Reserve,
            _ => return,
        };
        let Some(asked) = self.somebody_dialled(node, reach.full) else { return };
        let deadline = self.now + self.connections().dial_timeout;
        let reach = &mut self.end(node).reach;
        (reach.asked, reach.deadline) = (Some(asked), deadline);
        self.wake_at(node, deadline);
        self.say(node, asked, signal);
    }

    /// Whether a node needs a link that stays: it cannot be dialled, or only as long as its mapping lives. (It was told under
    /// which address it is seen.)
    pub(super) fn must_attend(&self, node: NodeId) -> bool {
        let mapped = self.addresses.as_ref().is_some_and(|it| it.class(node).mapping() != Mapping::None);
        mapped || self.reachability(node) == Reachability::No
    }

    /// A random one of those that a node has dialled and that do not say they cannot be.
    fn somebody_dialled(&mut self, node: NodeId, but: Option<NodeId>) -> Option<NodeId> {
        let addresses = self.addresses.as_deref()?;
        let end = &self.transport.as_ref()?.ends[node.index()];
        let asks = |peer: NodeId| Some(peer) != but && addresses.rendezvous(node, peer).is_none();
        let dialled = end.links.peers(|link| link.mine && link.way == Way::Dialled && asks(link.peer));
        let noise = &mut self.seats[node.index()].noise;
        (!dialled.is_empty()).then(|| dialled[noise.below(dialled.len() as u64) as usize])
    }

    /// Nobody answered a question, or it is time to ask again.
    pub(super) fn question_due(&mut self, node: NodeId) {
        let reach = &mut self.end(node).reach;
        reach.deadline = Time::NEVER;
        let nobody_came = reach.asked.take().is_some() && reach.known == Reachability::Unknown;
        if nobody_came {
            reach.failures += 1;
            if reach.failures == FAILURES {
                self.found_out(node, Reachability::No);
            }
        }
        self.seek(node);
    }

    /// A node founds an overlay: it is one that others can join through, and is told so by who sets it up.
    pub fn founds(&mut self, node: NodeId) {
        if let Some(transport) = &mut self.transport {
            transport.ends[node.index()].reach.known = Reachability::Yes;
        }
    }

    fn found_out(&mut self, node: NodeId, known: Reachability) {
        self.end(node).reach.known = known;
        self.with_overlay(node, |overlay, cx| overlay.on_notice(cx, Notice::Reachability));
    }

    /// Somebody wants to know whether it can be dialled: another one is to try.
    pub(super) fn asked_to_probe(&mut self, node: NodeId, from: NodeId) {
        let end = &self.transport().ends[node.index()];
        let others = end.links.peers(|link| link.peer != from);
        if others.is_empty() {
            return self.say(node, from, Signal::NoHelp);
        }
        let third = others[self.seats[node.index()].noise.below(others.len() as u64) as usize];
        self.say(node, third, Signal::DialBack { node: from });
    }

    pub(super) fn no_help(&mut self, node: NodeId, from: NodeId) {
        self.ask_again_later(node, from);
    }

    /// The question stays open for a while.
    fn ask_again_later(&mut self, node: NodeId, from: NodeId) -> bool {
        let again = self.now + AGAIN;
        let reach = &mut self.end(node).reach;
        let was_asked = reach.asked == Some(from);
        if was_asked {
            (reach.asked, reach.deadline) = (None, again);
            self.wake_at(node, again);
        }
        was_asked
    }

    /// A stranger's packet has come in: unless it was invited, everybody's would.
    pub(super) fn knocked(&mut self, node: NodeId, from: NodeId) {
        let now = self.now;
        let invited = self.addresses.as_ref().is_none_or(|addresses| addresses.has_invited(now, node, from));
        let reach = &mut self.end(node).reach;
        if !invited && reach.known != Reachability::Yes {
            (reach.asked, reach.deadline) = (None, Time::NEVER);
            if reach.attends.is_some()
                && let Some(addresses) = &mut self.addresses
            {
                addresses.set_rendezvous(node, None);
            }
            self.found_out(node, Reachability::Yes);
            self.seek(node);
        }
    }

    /// Somebody asks for a place.
    pub(super) fn asked_to_attend(&mut self, node: NodeId, from: NodeId) {
        let limits = self.connections().relays;
        let end = self.end(node);
        if end.relay.reserve(from, limits.as_ref()) {
            end.links.pin(from);
            self.say(node, from, Signal::Reserved);
        } else {
            self.observer.link_event(self.now, node, LinkEvent::ReservationRefused);
            self.say(node, from, Signal::Refused);
        }
    }

    /// A place was given.
    pub(super) fn attended(&mut self, node: NodeId, by: NodeId) {
        let reach = &mut self.end(node).reach;
        if reach.asked != Some(by) {
            return;
        }
        (reach.asked, reach.deadline, reach.full) = (None, Time::NEVER, None);
        reach.attends = Some(by);
        let undialable = reach.known == Reachability::No;
        self.end(node).links.pin(by);
        if let Some(addresses) = self.addresses.as_mut().filter(|_| undialable) {
            addresses.set_rendezvous(node, Some(by));
        }
    }

    /// A place was refused.
    pub(super) fn refused(&mut self, node: NodeId, by: NodeId) {
        if self.ask_again_later(node, by) {
            self.end(node).reach.full = Some(by);
        }
    }

    /// The link to a rendezvous is closed: the node looks for another.
    pub(super) fn left_by(&mut self, node: NodeId, peer: NodeId) {
        if self.end(node).reach.attends != Some(peer) {
            return;
        }
        self.end(node).reach.attends = None;
        if let Some(addresses) = &mut self.addresses {
            addresses.set_rendezvous(node, None);
        }
        self.seek(node);
    }
}
