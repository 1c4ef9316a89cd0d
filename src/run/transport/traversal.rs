//! Signals where they arrive, and the steps of a dial: straight, called back, punched, relayed.

use super::dials::{ATTEMPTS, Attempt, Opened, Step};
use super::links::{Link, Way};
use super::signal::{Signal, Word};
use crate::engine::{Duration, Time};
use crate::measure::observer::{LinkEvent, Observer};
use crate::model::{DialOutcome, NodeId, Reachability};
use crate::network::Loss;
use crate::overlay::Protocol;
use crate::run::simulation::Simulation;

/// A punch has two measured round trips to bring an answer, and so long at least.
const PUNCH: Duration = Duration::from_secs(1);

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// A signal has come.
    pub fn on_signal(&mut self, node: NodeId, from: NodeId, signal: Signal) {
        let link = |way, mine| Link::new(from, way, mine, self.now);
        match signal {
            Signal::Dial { called } => {
                let link = link(Way::Dialled, false);
                self.say(node, from, Signal::Accept);
                self.link_opened(node, link, Opened::Dialled { called });
            }
            Signal::Accept => {
                // Who has given up meanwhile has a link all the same, and nobody else keeps it alive.
                let punches = self.end(node).dial(from).is_some_and(|dial| dial.step == Step::Punching);
                let link = Link::new(from, if punches { Way::Punched } else { Way::Dialled }, true, self.now);
                self.link_opened(node, link, Opened::Accepted);
            }
            Signal::Punch => {
                let mine = self.end(node).dial(from).is_some();
                self.say(node, from, Signal::Accept);
                self.link_opened(node, Link::new(from, Way::Punched, mine, self.now), Opened::Punched);
            }
            Signal::Close | Signal::Reset => self.close_link(node, from, false),
            Signal::KeepAlive if self.end(node).links.get(from).is_some() => self.say(node, from, Signal::Alive),
            Signal::KeepAlive => self.say(node, from, Signal::Reset),
            Signal::Alive => {}
            Signal::Reserve => self.asked_to_attend(node, from),
            Signal::Reserved => self.attended(node, from),
            Signal::Refused => self.refused(node, from),
            Signal::Pass { to, word } => self.pass_on(node, from, to, word),
            Signal::Passed { from: other, word } => self.told(node, from, other, word),
            Signal::Probe => self.asked_to_probe(node, from),
            Signal::NoHelp => self.no_help(node, from),
            Signal::DialBack { node: other } => self.say(node, other, Signal::Knock),
            Signal::Knock => self.knocked(node, from),
            Signal::Relayed { slot } => self.relayed(node, slot),
        }
    }

    /// Who passes word on to `peer`, as far as `node` knows, if that is a third.
    pub(super) fn rendezvous_of(&self, node: NodeId, peer: NodeId) -> Option<NodeId> {
        let known = self.addresses.as_ref()?.rendezvous(node, peer);
        known.filter(|rendezvous| ![node, peer].contains(rendezvous))
    }

    pub(super) fn can_be_dialled(&self, node: NodeId) -> bool {
        self.reachability(node) == Reachability::Yes
    }

    /// Tries the next way to connect.
    pub(super) fn take_step(&mut self, node: NodeId, peer: NodeId, step: Step) {
        let deadline = self.now + self.connections().dial_timeout;
        let Some(dial) = self.end(node).dial(peer) else { return };
        (dial.step, dial.deadline, dial.punch_at) = (step, deadline, Time::NEVER);
        self.wake_at(node, deadline);
        let word = match step {
            Step::Direct => return self.say(node, peer, Signal::Dial { called: false }),
            Step::Reversal => Word::CallBack,
            Step::Punching => return self.propose(node, peer),
            Step::Relay => Word::Circuit,
        };
        self.pass_to(node, peer, word);
    }

    /// Has the rendezvous of `peer` tell it something; the next way is tried at once if it has none any more.
    fn pass_to(&mut self, node: NodeId, peer: NodeId, word: Word) {
        match self.rendezvous_of(node, peer) {
            Some(rendezvous) => self.say(node, rendezvous, Signal::Pass { to: peer, word }),
            None => self.step_failed(node, peer),
        }
    }

    /// Another attempt to punch.
    fn propose(&mut self, node: NodeId, peer: NodeId) {
        let (now, deadline) = (self.now, self.now + self.connections().dial_timeout);
        let Some(dial) = self.end(node).dial(peer) else { return };
        dial.attempts += 1;
        (dial.proposed, dial.deadline, dial.arranged) = (now, deadline, false);
        let attempt = dial.attempts;
        self.wake_at(node, deadline);
        self.observer.link_event(now, node, LinkEvent::PunchProposed { first: attempt == 1 });
        self.pass_to(node, peer, Word::Connect { attempt });
    }

    /// A dial's time has come: to punch, to try again, or to try another way.
    pub(super) fn dial_due(&mut self, node: NodeId, peer: NodeId) {
        let now = self.now;
        let Some(dial) = self.end(node).dial(peer) else { return };
        if dial.punch_at <= now {
            dial.punch_at = Time::NEVER;
            self.say(node, peer, Signal::Punch);
        } else if dial.step == Step::Punching && dial.arranged && dial.attempts < ATTEMPTS {
            self.propose(node, peer);
        } else {
            self.step_failed(node, peer);
        }
    }

    /// One way did not lead to the peer: tries the next, or gives up. What waits is lost then.
    pub(super) fn step_failed(&mut self, node: NodeId, peer: NodeId) {
        let (plan, now, dialable) = (self.connections(), self.now, self.can_be_dialled(node));
        // It may have been told meanwhile that the peer cannot be dialled, and by whom it can be reached.
        let undialable = self.rendezvous_of(node, peer).is_some();
        let Some(dial) = self.end(node).dial(peer) else { return };
        dial.undialable |= undialable;
        let step = dial.step;
        if let Some(next) = Step::after(Some(step), &plan, undialable, dialable) {
            return self.take_step(node, peer, next);
        }
        let dials = &mut self.end(node).dials;
        let at = dials.iter().position(|dial| dial.peer == peer).expect("it was there");
        let dial = dials.remove(at);
        let (outcome, took) = (DialOutcome::Failed, now - dial.began);
        self.observer.link_event(now, node, LinkEvent::Dialled { peer, outcome, took, attempts: 0 });
        dial.waiting.into_iter().for_each(|packet| self.lose_unsent(packet, Loss::Dial));
    }

    /// A rendezvous passes on what one node wants another told, and connects the two if that is what it is asked for.
    fn pass_on(&mut self, node: NodeId, from: NodeId, to: NodeId, word: Word) {
        if self.end(node).links.get(to).is_none() {
            return self.say(node, from, Signal::Passed { from: to, word: Word::Gone });
        }
        if word == Word::Circuit {
            let (now, limits) = (self.now, self.connections().relays);
            let connects = limits.is_some_and(|limits| self.end(node).relay.connect(now, from, to, &limits));
            if !connects {
                self.observer.link_event(now, node, LinkEvent::CircuitRefused);
                return self.say(node, from, Signal::Passed { from: to, word: Word::Gone });
            }
        }
        self.say(node, to, Signal::Passed { from, word });
    }

    /// `other` says something through the rendezvous `by`.
    fn told(&mut self, node: NodeId, by: NodeId, other: NodeId, word: Word) {
        let through = |mine| Link::new(other, Way::Relayed(by), mine, self.now);
        match word {
            Word::CallBack => self.say(node, other, Signal::Dial { called: true }),
            Word::Connect { attempt } => {
                self.say(node, by, Signal::Pass { to: other, word: Word::Connected { attempt } });
            }
            Word::Connected { attempt } => self.arrange_punch(node, by, other, attempt),
            Word::Sync => self.say(node, other, Signal::Punch),
            Word::Circuit => {
                let link = through(false);
                self.say(node, by, Signal::Pass { to: other, word: Word::Joined });
                self.link_opened(node, link, Opened::Relayed);
            }
            Word::Joined => {
                let link = through(true);
                if self.end(node).dial(other).is_some() {
                    self.link_opened(node, link, Opened::Relayed);
                }
            }
            Word::Gone => {
                let is_relayed = self.end(node).links.get(other).is_some_and(|link| link.way == Way::Relayed(by));
                if is_relayed {
                    self.close_link(node, other, false);
                } else if self.end(node).dial(other).is_some_and(|dial| dial.step != Step::Direct) {
                    self.step_failed(node, other);
                }
            }
        }
    }

    /// The peer has said where it was seen: it punches when it hears of it, which takes half a round trip through the
    /// rendezvous, and so long this end waits.
    fn arrange_punch(&mut self, node: NodeId, by: NodeId, peer: NodeId, attempt: Attempt) {
        let now = self.now;
        let is_this = |dial: &&mut super::Dial<_>| dial.step == Step::Punching && dial.attempts == attempt;
        let Some(dial) = self.end(node).dial(peer).filter(is_this) else { return };
        let round_trip = now - dial.proposed;
        dial.arranged = true;
        dial.punch_at = now + Duration::from_nanos(round_trip.as_nanos() / 2);
        dial.deadline = dial.punch_at + (round_trip + round_trip).max(PUNCH);
        let at = dial.punch_at;
        self.say(node, by, Signal::Pass { to: peer, word: Word::Sync });
        self.wake_at(node, at);
    }
}
