//! Looking ahead in the queue, so that the state of a node is in the cache when its event comes.

use super::event::{Body, Event, Packet};
use super::observer::Observer;
use super::simulation::Simulation;
use crate::engine::prefetch;
use crate::overlay::{NodeId, Protocol, View};

/// Events before its own at which a node's state is asked for …
const FAR: usize = 10;
/// … what that points to, which takes the state to be there …
const NEAR: usize = 6;
/// … and what the handler of its message will read, which takes that to be there.
const NEXT: usize = 2;

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Called before every event. Changes nothing.
    #[inline]
    pub fn look_ahead(&self) {
        if let Some(Event::Arrival(Packet { to, envelope, body: Body::Overlay(message) })) = self.queue.upcoming(NEXT) {
            self.nodes[to.index()].prefetch_for(&View::new(*to, &self.keys), envelope, message);
        }
        if let Some(node) = self.upcoming(NEAR) {
            self.nodes[node.index()].prefetch();
        }
        match self.queue.upcoming(FAR) {
            Some(Event::Arrival(packet)) => {
                self.ask_for_node(packet.to);
                self.ask_for_sender(packet.envelope.from);
            }
            other => other.and_then(Event::node).into_iter().for_each(|node| self.ask_for_node(node)),
        }
        if self.addresses.is_some() || self.transport.is_some() {
            self.look_at_boxes_and_links();
        }
    }

    /// The same for what only runs with NATs or connections have.
    #[cold]
    fn look_at_boxes_and_links(&self) {
        let [near, far] = [NEAR, FAR].map(|ahead| self.queue.upcoming(ahead));
        if let (Some(&Event::Addressed { slot, from, to }), Some(addresses)) = (near, &self.addresses) {
            self.nodes[to.index()].prefetch();
            addresses.prefetch_further(slot, from, to);
        }
        if let (Some(&Event::Addressed { slot, from, to }), Some(addresses)) = (far, &self.addresses) {
            self.ask_for_node(to);
            self.ask_for_sender(from);
            addresses.prefetch(slot, to);
        }
        let Some(transport) = &self.transport else { return };
        let whose = |event: Option<&Event<P::Message, P::Timer>>| match *event? {
            Event::Addressed { to, .. } => Some(to),
            Event::Links { node, .. } => Some(node),
            ref other => other.node(),
        };
        whose(near).into_iter().for_each(|node| transport.prefetch_further(node));
        whose(far).into_iter().for_each(|node| transport.prefetch(node));
    }

    /// Whom a node will probably answer.
    fn ask_for_sender(&self, node: NodeId) {
        prefetch(&self.keys[node.index()]);
        self.network.prefetch_place(node.0);
    }

    fn upcoming(&self, ahead: usize) -> Option<NodeId> {
        self.queue.upcoming(ahead)?.node()
    }

    fn ask_for_node(&self, node: NodeId) {
        prefetch(&self.seats[node.index()]);
        prefetch(&self.nodes[node.index()]);
        self.agents.get(node.index()).into_iter().for_each(prefetch);
        prefetch(&self.keys[node.index()]);
        self.network.prefetch(node.0);
        self.observer.prefetch(node);
    }
}
