//! Dialer: carries a dial from one method of connecting to the next.

use super::context::{Context, Effect, Packet};
use super::dial::{ATTEMPTS, Dial, Method};
use super::node::Node;
use super::signal::{RendezvousMessage, Signal};
use crate::engine::Time;
use crate::model::{DialOutcome, LinkEvent, NodeId, Reachability};
use crate::network::Loss;

impl<P: Packet> Node<P> {
    /// Begins to dial a peer, for a packet if there is one.
    pub fn begin_dial(&mut self, cx: &mut Context<'_, P>, peer: NodeId, packet: Option<P>) {
        let undialable = cx.rendezvous_of(peer).is_some();
        let mut dial = Dial::new(peer, cx.now, undialable);
        dial.waiting.extend(packet);
        self.dials.push(dial);
        let first = Method::after(None, cx.settings, undialable, self.is_dialable(cx));
        self.try_method(cx, peer, first.expect("there is always a first method"));
    }

    fn is_dialable(&self, cx: &Context<'_, P>) -> bool {
        self.known_reachability(cx) == Reachability::Yes
    }

    /// Tries a method of connecting.
    fn try_method(&mut self, cx: &mut Context<'_, P>, peer: NodeId, method: Method) {
        let deadline = cx.now + cx.settings.dial_timeout;
        let Some(dial) = self.dial(peer) else { return };
        (dial.method, dial.deadline, dial.punch_at) = (method, deadline, Time::NEVER);
        cx.set_timer(deadline);
        match method {
            Method::Direct => self.say(cx, peer, Signal::Dial { called: false }),
            Method::Reversal => self.tell_through_rendezvous(cx, peer, RendezvousMessage::CallBack),
            Method::Punching => self.propose_punch(cx, peer),
            Method::Relay => self.tell_through_rendezvous(cx, peer, RendezvousMessage::Circuit),
        }
    }

    /// Sends a message to a peer through its rendezvous. If it has none any more, the method has failed.
    pub(super) fn tell_through_rendezvous(&mut self, cx: &mut Context<'_, P>, to: NodeId, message: RendezvousMessage) {
        match cx.rendezvous_of(to) {
            Some(rendezvous) => self.say(cx, rendezvous, Signal::Pass { to, message }),
            None => self.method_failed(cx, to),
        }
    }

    /// Acts on a dial whose time has come: punches, proposes to punch again, or tries the next method.
    pub(super) fn dial_due(&mut self, cx: &mut Context<'_, P>, peer: NodeId) {
        let Some(dial) = self.dial(peer) else { return };
        if dial.punch_at <= cx.now {
            dial.punch_at = Time::NEVER;
            self.say(cx, peer, Signal::Punch);
        } else if dial.method == Method::Punching && dial.arranged && dial.attempts < ATTEMPTS {
            self.propose_punch(cx, peer);
        } else {
            self.method_failed(cx, peer);
        }
    }

    /// Tries the next method after one has failed, or gives up and loses the packets that wait.
    pub(super) fn method_failed(&mut self, cx: &mut Context<'_, P>, peer: NodeId) {
        // The peer may have announced a rendezvous since the dial began.
        let (undialable, dialable) = (cx.rendezvous_of(peer).is_some(), self.is_dialable(cx));
        let Some(dial) = self.dial(peer) else { return };
        dial.undialable |= undialable;
        if let Some(next) = Method::after(Some(dial.method), cx.settings, undialable, dialable) {
            return self.try_method(cx, peer, next);
        }
        let at = self.dials.iter().position(|dial| dial.peer == peer).expect("it was there");
        let dial = self.dials.remove(at);
        let (outcome, took) = (DialOutcome::Failed, cx.now - dial.began);
        cx.observe(LinkEvent::Dialled { peer, outcome, took, attempts: 0 });
        cx.effects.extend(dial.waiting.into_iter().map(|packet| Effect::Drop { packet, loss: Loss::Dial }));
    }
}
