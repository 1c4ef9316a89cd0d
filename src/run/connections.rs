//! Calls of the handlers of [`connectivity`], and the application of their effects.

#[cfg(test)]
mod tests;

use super::event::{Body, Event, Packet};
use super::simulation::Simulation;
use crate::connectivity::{self, Context, Effect, Node, Route, Signal};
use crate::engine::order::Class;
use crate::measure::observer::Observer;
use crate::model::{Envelope, LinkEvent, NodeId, Reachability};
use crate::network::{Loss, NatClass, Wire};
use crate::overlay::{Notice, Protocol};

impl<M: Copy> connectivity::Packet for Packet<M> {
    fn from_signal(to: NodeId, envelope: Envelope, signal: Signal) -> Self {
        Packet { to, envelope, body: Body::Signal(signal) }
    }

    fn to(&self) -> NodeId {
        self.to
    }

    fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    fn with_envelope(self, envelope: Envelope) -> Self {
        Packet { envelope, ..self }
    }

    fn signal(&self) -> Option<Signal> {
        if let Body::Signal(signal) = self.body { Some(signal) } else { None }
    }
}

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Calls a handler of a node's connectivity and applies its effects.
    fn with_connections<T>(
        &mut self,
        node: NodeId,
        handler: impl FnOnce(&mut Node<Packet<P::Message>>, &mut Context<'_, Packet<P::Message>>) -> T,
    ) -> T {
        let is_server = self.is_server(node);
        let connectivity = self.connectivity.as_deref_mut().expect("the system has connections");
        let mut effects = connectivity.buffers.pop().unwrap_or_default();
        let seat = &mut self.seats[node.index()];
        let boxes = self.boxes.as_deref();
        let mut cx = Context {
            now: self.now,
            me: node,
            epoch: seat.epoch(),
            settings: &connectivity.settings,
            wire: &self.fixed.system.wire,
            largest: self.in_flight.transfers.above,
            finds_out: connectivity.finds_out,
            is_server,
            nats: boxes.map(|boxes| &boxes.nats),
            peerstores: boxes.map(|boxes| &boxes.peerstores),
            noise: &mut seat.noise,
            enclosed: &mut connectivity.enclosed,
            due: &mut connectivity.due,
            effects: &mut effects,
        };
        let result = handler(&mut connectivity.nodes[node.index()], &mut cx);
        for effect in effects.drain(..) {
            self.apply_connectivity(node, effect);
        }
        if let Some(connectivity) = &mut self.connectivity {
            connectivity.buffers.push(effects);
        }
        result
    }

    fn apply_connectivity(&mut self, node: NodeId, effect: Effect<Packet<P::Message>>) {
        match effect {
            Effect::Send(packet) => self.put_on_wire(packet),
            Effect::Drop { packet, loss } => self.lose_unsent(packet, loss),
            Effect::Enclose { slot } => self.enclose(slot),
            Effect::Lose { slot, loss } => self.lose_enclosed(slot, loss),
            Effect::Deliver { slot } => self.deliver_enclosed(node, slot),
            Effect::Timer { at } => {
                if self.connections_of(node).is_some_and(|own| own.sets_timer(at)) {
                    let epoch = self.seats[node.index()].epoch();
                    self.schedule(at, Class::Timer, node, Event::Links { node, epoch });
                }
            }
            Effect::Observe(event) => self.observer.link_event(self.now, node, event),
            Effect::Announce { rendezvous } => {
                self.boxes.iter_mut().for_each(|boxes| boxes.peerstores.announce(node, rendezvous));
            }
            Effect::FoundOut => self.with_overlay(node, |overlay, cx| overlay.on_notice(cx, Notice::Reachability)),
            Effect::Then(task) => self.with_connections(node, |own, cx| own.go_on(cx, task)),
        }
    }

    fn connections_of(&mut self, node: NodeId) -> Option<&mut Node<Packet<P::Message>>> {
        Some(&mut self.connectivity.as_mut()?.nodes[node.index()])
    }

    /// Sends a packet over its sender's link to its receiver, or lets it wait for one.
    #[cold]
    pub(super) fn send_over_link(&mut self, packet: Packet<P::Message>) {
        let (from, now) = (packet.envelope.from, self.now);
        match self.connections_of(from).map(|own| own.route(now, &packet)) {
            None | Some(Route::Wire) => self.put_on_wire(packet),
            Some(route) => self.with_connections(from, |own, cx| own.send_by(cx, route, packet)),
        }
    }

    /// Whether a receiver takes a packet that has arrived: there is a link, or none is needed.
    pub(super) fn admits(&mut self, packet: &Packet<P::Message>) -> bool {
        let (node, now) = (packet.to, self.now);
        self.connections_of(node).is_none_or(|own| own.hears(now, packet))
            || matches!(packet.body, Body::Bootstrap(_))
            || self.with_connections(node, |own, cx| own.on_stray(cx, packet))
    }

    /// Hands a signal to its receiver.
    pub(super) fn on_signal(&mut self, node: NodeId, from: NodeId, signal: Signal) {
        self.with_connections(node, |own, cx| own.on_signal(cx, from, signal));
    }

    /// Fires the timer of a node's connections.
    pub(super) fn links_due(&mut self, node: NodeId) {
        self.with_connections(node, |own, cx| own.on_timer(cx));
    }

    /// Whether packets from one node to another need not wait for a dial.
    pub(super) fn has_link(&self, from: NodeId, to: NodeId) -> bool {
        self.connectivity.as_ref().is_none_or(|connectivity| connectivity.node(from).has_link(to))
    }

    /// Transport of a packet, for the boxes: dialled links are streams. (Punched ones are not, but no node whose box tells the two
    /// apart has one.)
    pub(super) fn wire(&self, packet: &Packet<P::Message>) -> Wire {
        match packet.body {
            Body::Signal(Signal::Punch) => Wire::Datagram,
            _ => self.wire_of_links(),
        }
    }

    /// Transport of packets over links.
    pub(super) fn wire_of_links(&self) -> Wire {
        if self.connectivity.is_some() { Wire::Stream } else { Wire::Datagram }
    }

    /// Reachability of a node as far as it knows. Without NATs all nodes can be dialled; without connections no node has means to
    /// find out, and it is taken to be known.
    pub(super) fn reachability(&self, node: NodeId) -> Reachability {
        match (&self.connectivity, &self.boxes) {
            (_, None) => Reachability::Yes,
            (Some(connectivity), _) if connectivity.finds_out => connectivity.node(node).reachability(),
            (_, Some(boxes)) if boxes.class(node) == NatClass::Open => Reachability::Yes,
            (_, Some(_)) => Reachability::No,
        }
    }

    /// Marks the founder of an overlay as dialable.
    pub(super) fn founds(&mut self, node: NodeId) {
        self.connections_of(node).into_iter().for_each(Node::found);
    }

    /// Removes all links of a machine that goes offline. Their other ends will find out.
    pub(super) fn drop_links(&mut self, node: NodeId) {
        let Some(waiting) = self.connections_of(node).map(Node::go_offline) else { return };
        self.boxes.iter_mut().for_each(|boxes| boxes.peerstores.announce(node, None));
        for packet in waiting {
            self.free_list(&packet);
            self.lose_within(&packet, Loss::Offline);
        }
        self.observer.link_event(self.now, node, LinkEvent::Links(0));
    }

    /// Loses the packet within a packet that is lost.
    pub(super) fn lose_within(&mut self, packet: &Packet<P::Message>, loss: Loss) {
        if let Body::Signal(Signal::Relayed { slot }) = packet.body {
            self.lose_enclosed(slot, loss);
        }
    }

    fn lose_enclosed(&mut self, slot: u32, loss: Loss) {
        let connectivity = self.connectivity.as_mut().expect("it came through a relay");
        let enclosed = connectivity.enclosed.take(slot);
        self.lose(enclosed.packet, loss);
    }

    /// Counts a packet that leaves within another, and notes the addresses of the nodes that it names.
    fn enclose(&mut self, slot: u32) {
        let Some(connectivity) = &self.connectivity else { return };
        let packet = connectivity.enclosed.get(slot).expect("it is under way").packet;
        self.name_nodes(&packet);
        let named = self.boxes.as_ref().map_or_else(Vec::new, |boxes| boxes.named().clone());
        let enclosed = self.connectivity.as_mut().and_then(|connectivity| connectivity.enclosed.get_mut(slot));
        enclosed.expect("it is under way").named = named;
        self.counts.sent += 1;
        self.observer.packet_sent(self.now, packet.to, &packet.envelope);
    }

    fn deliver_enclosed(&mut self, node: NodeId, slot: u32) {
        let connectivity = self.connectivity.as_mut().expect("it came through a relay");
        let enclosed = connectivity.enclosed.take(slot);
        self.boxes.iter_mut().for_each(|boxes| boxes.peerstores.learn(self.now, node, &enclosed.named));
        self.deliver(&enclosed.packet);
    }

    /// Whether nodes have to find out whether they can be dialled.
    fn finds_out(&self) -> bool {
        self.connectivity.as_ref().is_some_and(|connectivity| connectivity.finds_out)
    }

    fn nat_class(&self, node: NodeId) -> NatClass {
        self.boxes.as_ref().map_or(NatClass::Open, |boxes| boxes.class(node))
    }

    /// Lets the nodes of a converged overlay know at time zero whether they can be dialled.
    pub(super) fn begin_reachability(&mut self, online: &[NodeId]) {
        if self.finds_out() {
            for &node in online {
                let class = self.nat_class(node);
                self.connectivity.iter_mut().for_each(|connectivity| connectivity.begin_reachability(node, class));
            }
        }
    }

    /// Gives a rendezvous to the nodes of a converged overlay that need one. Called when `online` are up with their tables, before
    /// anything happens.
    pub(super) fn begin_connected(&mut self, online: &[NodeId]) {
        if !self.finds_out() {
            return;
        }
        let open: Vec<NodeId> = online.iter().copied().filter(|node| self.nat_class(*node) == NatClass::Open).collect();
        for &node in online {
            let needs = self.with_connections(node, |own, cx| own.needs_rendezvous(cx));
            let connectivity = self.connectivity.as_mut().filter(|_| needs);
            let drawn = connectivity.and_then(|it| it.begin_reservation(&self.fixed.streams, node, &open));
            let Some(rendezvous) = drawn else { continue };
            self.with_connections(node, |own, cx| own.begin_link(cx, rendezvous, true));
            self.with_connections(rendezvous, |own, cx| own.begin_link(cx, node, false));
            let undialable = self.reachability(node) == Reachability::No;
            if let Some(boxes) = &mut self.boxes {
                boxes.peerstores.announce(node, undialable.then_some(rendezvous));
                boxes.introduce(self.now, node, rendezvous);
            }
        }
    }
}
