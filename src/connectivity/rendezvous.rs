//! Rendezvous messages: at the rendezvous that forwards them, and at the peer that they are for.

use super::context::{Context, Packet};
use super::dial::{Method, Opened};
use super::links::{Link, Path};
use super::node::Node;
use super::signal::{RendezvousMessage, Signal};
use crate::model::{LinkEvent, NodeId};

impl<P: Packet> Node<P> {
    /// Forwards a message as a rendezvous, and opens the circuit that it asks for.
    pub(super) fn on_pass(&mut self, cx: &mut Context<'_, P>, from: NodeId, to: NodeId, message: RendezvousMessage) {
        let gone = Signal::Passed { from: to, message: RendezvousMessage::Gone };
        if !self.has_link(to) {
            return self.say(cx, from, gone);
        }
        if message == RendezvousMessage::Circuit {
            let connects = cx.settings.relays.is_some_and(|limits| self.relay.connect(cx.now, from, to, &limits));
            if !connects {
                cx.observe(LinkEvent::CircuitRefused);
                return self.say(cx, from, gone);
            }
        }
        self.say(cx, to, Signal::Passed { from, message });
    }

    /// Handles a message of `peer` that came through the rendezvous `by`.
    pub(super) fn on_passed(&mut self, cx: &mut Context<'_, P>, by: NodeId, peer: NodeId, message: RendezvousMessage) {
        let answer = |message| Signal::Pass { to: peer, message };
        match message {
            RendezvousMessage::CallBack => self.say(cx, peer, Signal::Dial { called: true }),
            RendezvousMessage::Connect { attempt } => {
                self.say(cx, by, answer(RendezvousMessage::Connected { attempt }));
            }
            RendezvousMessage::Connected { attempt } => self.on_connected(cx, by, peer, attempt),
            RendezvousMessage::Sync => self.say(cx, peer, Signal::Punch),
            RendezvousMessage::Circuit => {
                self.say(cx, by, answer(RendezvousMessage::Joined));
                self.open_link(cx, Link::new(peer, Path::Relayed(by), false, cx.now), Opened::Relayed);
            }
            RendezvousMessage::Joined => {
                if self.dial(peer).is_some() {
                    self.open_link(cx, Link::new(peer, Path::Relayed(by), true, cx.now), Opened::Relayed);
                }
            }
            RendezvousMessage::Gone => {
                if self.links.get(peer).is_some_and(|link| link.path == Path::Relayed(by)) {
                    self.close_link(cx, peer, false);
                } else if self.dial(peer).is_some_and(|dial| dial.method != Method::Direct) {
                    self.method_failed(cx, peer);
                }
            }
        }
    }
}
