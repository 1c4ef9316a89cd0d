//! Route of a packet: over the link to its receiver, through a relay, or after a dial; and packets that come without a link.

use super::context::{Context, Effect, Packet};
use super::dial::{Opened, WAITING};
use super::links::{Link, Path};
use super::node::Node;
use super::signal::Signal;
use crate::engine::Time;
use crate::model::{Envelope, NodeId};
use crate::network::Loss;

/// Route of a packet from its sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Route {
    /// Straight onto the wire.
    Wire,
    /// Within another packet to this relay.
    Through(NodeId),
    /// After a dial.
    Dial,
}

impl<P: Packet> Node<P> {
    /// Chooses the route of a packet that leaves now, and notes that its link is used.
    #[inline]
    pub fn route(&mut self, now: Time, packet: &P) -> Route {
        let (to, signal) = (packet.to(), packet.signal());
        let link = self.links.send(now, to, is_message(packet));
        match (signal, link.map(|link| link.path)) {
            (Some(signal), _) if signal.is_probe() => Route::Wire,
            (_, Some(Path::Relayed(relay))) => Route::Through(relay),
            (_, Some(Path::Dialled | Path::Punched)) => Route::Wire,
            _ if packet.envelope().from == to => Route::Wire,
            (Some(signal), None) if !signal.needs_link() => Route::Wire,
            (_, None) => Route::Dial,
        }
    }

    /// Sends a packet.
    pub(super) fn send(&mut self, cx: &mut Context<'_, P>, packet: P) {
        let route = self.route(cx.now, &packet);
        self.send_by(cx, route, packet);
    }

    /// Sends a packet by its route.
    pub fn send_by(&mut self, cx: &mut Context<'_, P>, route: Route, packet: P) {
        match route {
            Route::Wire => cx.effects.push(Effect::Send(packet)),
            Route::Through(relay) => self.send_through(cx, relay, packet),
            Route::Dial => self.wait_for_link(cx, packet),
        }
    }

    fn wait_for_link(&mut self, cx: &mut Context<'_, P>, packet: P) {
        let to = packet.to();
        match self.dial(to) {
            Some(dial) if dial.waiting.len() < WAITING => dial.waiting.push(packet),
            Some(_) => cx.effects.push(Effect::Drop { packet, loss: Loss::Dial }),
            None => self.begin_dial(cx, to, Some(packet)),
        }
    }

    /// Notes that a packet has arrived, if the network may simply hand it over: it came over a link, needs none because it is the
    /// rest of a transfer (of 0 bytes) or comes from the node itself.
    #[inline]
    pub fn hears(&mut self, now: Time, packet: &P) -> bool {
        let Envelope { from, bytes, .. } = *packet.envelope();
        from == packet.to() || self.links.hear(now, from, is_message(packet)) || bytes == 0
    }

    /// Handles a packet that came without a link. Gives whether it is taken: it needs none, or its sender is being dialled and has
    /// thereby accepted, though the signal that says so may come later. Otherwise its sender is told.
    pub fn on_stray(&mut self, cx: &mut Context<'_, P>, packet: &P) -> bool {
        let from = packet.envelope().from;
        if packet.signal().is_some_and(|signal| !signal.needs_link()) {
            return true;
        }
        let is_dialled = self.dial(from).is_some();
        if is_dialled {
            self.open_link(cx, Link::new(from, Path::Dialled, true, cx.now), Opened::Accepted);
        } else {
            self.say(cx, from, Signal::Reset);
        }
        is_dialled
    }
}

/// Whether a packet is more than a keep-alive.
fn is_message<P: Packet>(packet: &P) -> bool {
    !packet.signal().is_some_and(Signal::keeps_alive)
}
