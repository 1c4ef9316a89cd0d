//! Looking ahead in the queue, so that the state of a node is in the cache when its event comes.

use super::event::{Body, Event, Packet};
use super::observer::Observer;
use super::simulation::Simulation;
use crate::engine::{prefetch, prefetch_at};
use crate::overlay::{NodeId, Payload, Protocol, View};

/// How many events come before the one whose node's state is asked for …
const FAR: usize = 9;
/// … what that points to, which takes the state to be there …
const NEAR: usize = 5;
/// … and what only that names, or only the handler of its message will read.
const NEXT: usize = 1;

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Called when an event has been taken from the queue, before it is handled. Changes nothing.
    #[inline(always)]
    pub fn look_ahead(&self) {
        if let Some(Event::Arrival(packet)) = self.queue.upcoming(NEXT) {
            self.ask_for_list(packet);
            self.ask_for_message(packet);
        }
        if let Some([node, _]) = self.queue.upcoming_touches(NEAR) {
            self.nodes.get(node as usize).into_iter().for_each(P::prefetch);
        }
        if let Some([node, other]) = self.queue.upcoming_touches(FAR) {
            self.ask_for_node(NodeId(node));
            self.ask_for_sender(NodeId(other));
        }
        if self.addresses.is_some() || self.transport.is_some() {
            self.look_at_boxes_and_links();
        }
    }

    /// The same for what only runs with NATs or connections have.
    #[cold]
    fn look_at_boxes_and_links(&self) {
        let [next, near, far] = [NEXT, NEAR, FAR].map(|ahead| self.queue.upcoming(ahead));
        let touched = self.queue.upcoming_touches(FAR).map(|[node, _]| NodeId(node));
        if let Some(addresses) = &self.addresses {
            if let Some(&Event::Addressed { slot, to, is_signal, .. }) = far {
                addresses.prefetch(slot, to);
                if is_signal { self.ask_for_counters(to) } else { self.ask_for_node(to) }
            }
            if let Some(&Event::Addressed { slot, from, to, is_signal }) = near {
                addresses.prefetch_further(slot, from, to);
                self.ask_for_sender(from);
                if !is_signal {
                    self.nodes[to.index()].prefetch();
                    addresses.packet(slot).into_iter().for_each(|packet| self.ask_for_list(packet));
                }
            }
            if let Some(&Event::Addressed { slot, is_signal: false, .. }) = next {
                addresses.packet(slot).into_iter().for_each(|packet| self.ask_for_message(packet));
            }
        }
        let Some(transport) = &self.transport else { return };
        match far {
            Some(&Event::Addressed { to: node, .. } | &Event::Links { node, .. }) => transport.prefetch(node),
            _ => touched.into_iter().for_each(|node| transport.prefetch(node)),
        }
        match near {
            Some(&Event::Addressed { from, to, .. }) => transport.prefetch_link(to, from),
            Some(&Event::Arrival(Packet { to, envelope, .. })) => transport.prefetch_link(to, envelope.from),
            Some(&Event::Links { node, .. }) => transport.prefetch_alarms(node),
            _ => {}
        }
        if let Some(&Event::Links { node, .. }) = next
            && let Some(peer) = transport.first_alarm(node)
        {
            transport.prefetch_link(node, peer);
            self.ask_for_sender(peer);
            self.addresses.iter().for_each(|addresses| addresses.prefetch_book(node, peer));
        }
    }

    /// What a packet brings along.
    #[inline(always)]
    fn ask_for_list(&self, packet: &Packet<P::Message>) {
        if let Body::Overlay(message) = &packet.body {
            message.list().into_iter().for_each(|list| self.lists.prefetch(list));
        }
    }

    /// What the handler of a message will read, and others would not.
    fn ask_for_message(&self, packet: &Packet<P::Message>) {
        let &Packet { to, ref envelope, ref body } = packet;
        if let Body::Overlay(message) = body {
            // No panics here: for a protocol that asks for nothing, nothing is looked at.
            let node = self.nodes.get(to.index()).into_iter();
            node.for_each(|node| node.prefetch_for(&View::new(to, &self.keys), envelope, message));
        }
    }

    /// Whom a node will probably answer.
    #[inline(always)]
    fn ask_for_sender(&self, node: NodeId) {
        prefetch_at(&self.keys, node.index());
        self.network.prefetch_place(node.0);
    }

    #[inline(always)]
    fn ask_for_node(&self, node: NodeId) {
        prefetch_at(&self.nodes, node.index());
        self.agents.get(node.index()).into_iter().for_each(prefetch);
        prefetch_at(&self.keys, node.index());
        self.ask_for_counters(node);
    }

    /// What is touched of a node whatever comes for it.
    #[inline(always)]
    fn ask_for_counters(&self, node: NodeId) {
        prefetch_at(&self.seats, node.index());
        self.network.prefetch(node.0);
        self.observer.prefetch(node);
    }
}
