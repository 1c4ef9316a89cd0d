//! Circuits through relays: packets within packets.

use super::context::{Context, Effect, Enclosed, Packet};
use super::node::Node;
use super::signal::{RendezvousMessage, Signal};
use crate::model::{Envelope, Kind, LinkEvent, NodeId};
use crate::network::Loss;

impl<P: Packet> Node<P> {
    /// Sends a packet to its receiver's relay, within another.
    pub(super) fn send_through(&mut self, cx: &mut Context<'_, P>, relay: NodeId, packet: P) {
        let envelope = *packet.envelope();
        if envelope.bytes > cx.largest {
            return cx.effects.push(Effect::Drop { packet, loss: Loss::Relay });
        }
        let bytes = envelope.bytes + cx.wire.identifier;
        let bare = packet.with_envelope(Envelope { bytes: 0, ..envelope });
        let slot = cx.enclosed.park(Enclosed { packet: bare, named: Vec::new(), bytes });
        cx.effects.push(Effect::Enclose { slot });
        self.send_enclosed(cx, relay, slot, Envelope { bytes, ..envelope });
    }

    fn send_enclosed(&mut self, cx: &mut Context<'_, P>, to: NodeId, slot: u32, envelope: Envelope) {
        let envelope = Envelope { op: None, rpc: 0, kind: Kind::Relayed, ..envelope };
        self.send(cx, P::from_signal(to, envelope, Signal::Relayed { slot }));
    }

    /// Handles a packet within another: at its receiver it is delivered, at a relay it is forwarded.
    pub(super) fn on_relayed(&mut self, cx: &mut Context<'_, P>, slot: u32) {
        let enclosed = cx.enclosed.get(slot).expect("it is under way");
        let (to, envelope, bytes) = (enclosed.packet.to(), *enclosed.packet.envelope(), enclosed.bytes);
        if to == cx.me {
            return cx.effects.push(Effect::Deliver { slot });
        }
        let limits = cx.settings.relays.expect("there are relays");
        if !self.relay.connects(cx.now, envelope.from, to) {
            let message = RendezvousMessage::Gone;
            self.say(cx, envelope.from, Signal::Passed { from: to, message });
        } else if self.relay.forwards(cx.now, bytes, &limits) {
            cx.observe(LinkEvent::Forwarded { bytes });
            let (from, epoch) = (cx.me, cx.epoch);
            return self.send_enclosed(cx, to, slot, Envelope { from, epoch, bytes, for_others: true, ..envelope });
        }
        cx.effects.push(Effect::Lose { slot, loss: Loss::Relay });
    }
}
