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
        }
        if let Some(node) = self.upcoming(FAR) {
            self.ask_for_node(node);
            // Whom it will probably answer.
            if let Some(Event::Arrival(packet)) = self.queue.upcoming(FAR) {
                let sender = packet.envelope.from;
                prefetch(&self.keys[sender.index()]);
                self.network.prefetch_place(sender.0);
            }
        }
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
