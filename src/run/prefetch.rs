//! Looking ahead in the queue, so that the state of a node is in the cache when its event comes.

use super::event::{Body, Event, Packet};
use super::simulation::Simulation;
use crate::connectivity::Node;
use crate::engine::{prefetch, prefetch_at};
use crate::measure::observer::Observer;
use crate::model::NodeId;
use crate::overlay::{Payload, Protocol, View};

/// How many events come before the one whose node's state is asked for …
const FAR: usize = 9;
/// … what that points to, which takes the state to be there …
const NEAR: usize = 5;
/// … and what only that names, or only the handler of its message will read.
const NEXT: usize = 1;

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Called when an event has been taken from the queue, before it is handled. Changes nothing.
    #[inline(always)]
    pub(super) fn look_ahead(&self) {
        if let Some(Event::Arrival(packet)) = self.queue.upcoming(NEXT) {
            self.ask_for_message(packet);
        }
        if let Some([node, _]) = self.queue.upcoming_touches(NEAR) {
            self.nodes.get(node as usize).into_iter().for_each(P::PREFETCH.first);
        }
        if let Some([node, other]) = self.queue.upcoming_touches(FAR) {
            self.ask_for_node(NodeId(node));
            self.ask_for_sender(NodeId(other));
        }
        if self.boxes.is_some() || self.connectivity.is_some() {
            self.look_at_boxes_and_links();
        }
    }

    /// Prefetch of what only runs with NATs or connections have.
    #[cold]
    fn look_at_boxes_and_links(&self) {
        let [next, near, far] = [NEXT, NEAR, FAR].map(|ahead| self.queue.upcoming(ahead));
        if let Some(boxes) = &self.boxes {
            if let Some(&Event::Addressed { slot, to, .. }) = far {
                boxes.prefetch(slot, to);
            }
            if let Some(&Event::Addressed { slot, from, to }) = near {
                boxes.prefetch_further(slot, from, to);
            }
            if let Some(&Event::Addressed { slot, .. }) = next {
                boxes.packet(slot).into_iter().for_each(|packet| self.ask_for_message(packet));
            }
        }
        let Some(connectivity) = &self.connectivity else { return };
        if let Some([node, _]) = self.queue.upcoming_touches(FAR) {
            connectivity.nodes.get(node as usize).into_iter().for_each(Node::prefetch);
        }
        match near {
            Some(&Event::Addressed { from, to, .. }) => connectivity.node(to).prefetch_link(from),
            Some(&Event::Arrival(Packet { to, envelope, .. })) => connectivity.node(to).prefetch_link(envelope.from),
            Some(&Event::Links { node, .. }) => connectivity.node(node).prefetch_alarms(),
            _ => {}
        }
        if let Some(&Event::Links { node, .. }) = next
            && let Some(peer) = connectivity.node(node).first_alarm()
        {
            connectivity.node(node).prefetch_link(peer);
            self.ask_for_sender(peer);
            self.boxes.iter().for_each(|boxes| boxes.peerstores.prefetch_entry(node, peer));
        }
    }

    /// What a packet brings along, and what the handler of its message will read and others would not.
    fn ask_for_message(&self, packet: &Packet<P::Message>) {
        let &Packet { to, ref envelope, ref body } = packet;
        if let Body::Overlay(message) = body {
            message.list().into_iter().for_each(|list| self.buffers.lists.prefetch(list));
            // No panics here: for a protocol that asks for nothing, nothing is looked at.
            let node = self.nodes.get(to.index()).into_iter();
            node.for_each(|node| (P::PREFETCH.second)(node, &View::new(to, &self.keys), envelope, message));
        }
    }

    /// Prefetches the sender of a packet, which will probably be answered.
    #[inline(always)]
    fn ask_for_sender(&self, node: NodeId) {
        prefetch_at(&self.keys, node.index());
        self.network.prefetch_place(self.fixed.hosts.of(node).0);
    }

    #[inline(always)]
    fn ask_for_node(&self, node: NodeId) {
        prefetch_at(&self.nodes, node.index());
        self.storage.nodes.get(node.index()).into_iter().for_each(prefetch);
        prefetch_at(&self.keys, node.index());
        prefetch_at(&self.seats, node.index());
        let machine = self.fixed.hosts.of(node);
        self.network.prefetch(machine.0);
        self.observer.prefetch(machine);
    }
}
