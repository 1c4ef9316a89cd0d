//! Looking ahead in the queue, so that the state of a node is in the cache when its event comes.

use super::event::Event;
use super::observer::Observer;
use super::simulation::Simulation;
use crate::engine::prefetch;
use crate::overlay::{NodeId, Protocol};

/// Events before its own at which a node's state is asked for …
const FAR: usize = 10;
/// … and what that points to, which takes the state to be there.
const NEAR: usize = 5;

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    /// Called before every event. Changes nothing.
    #[inline]
    pub fn look_ahead(&self) {
        if let Some(node) = self.upcoming(NEAR) {
            self.nodes[node.index()].prefetch();
            self.transport.as_ref().into_iter().for_each(|transport| transport.prefetch_further(node));
            if let Some(&Event::Addressed { slot, from, to }) = self.queue.upcoming(NEAR) {
                self.addresses.as_ref().into_iter().for_each(|addresses| addresses.prefetch_further(slot, from, to));
            }
        }
        if let Some(node) = self.upcoming(FAR) {
            self.ask_for_node(node);
            self.transport.as_ref().into_iter().for_each(|transport| transport.prefetch(node));
            match self.queue.upcoming(FAR) {
                Some(Event::Arrival(packet)) => self.ask_for_sender(packet.envelope.from),
                Some(&Event::Addressed { slot, from, to }) => {
                    self.ask_for_sender(from);
                    self.addresses.as_ref().into_iter().for_each(|addresses| addresses.prefetch(slot, to));
                }
                _ => {}
            }
        }
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
