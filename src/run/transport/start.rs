//! Connections where the overlay stands at time zero: everybody has found out whether it can be dialled, and those who need one
//! have a rendezvous.

use super::links::{Link, Way};
use crate::engine::random::Purpose;
use crate::engine::{Source, Time};
use crate::measure::observer::Observer;
use crate::model::{NodeId, Reachability};
use crate::network::NatClass;
use crate::overlay::Protocol;
use crate::run::simulation::Simulation;

const RENDEZVOUS: Purpose = Purpose::new("rendezvous");
/// Machines that one asks for a place before it does without.
const DRAWS: u32 = 16;

impl<P: Protocol, O: Observer> Simulation<'_, P, O> {
    fn finds_out(&self) -> bool {
        self.transport.as_ref().is_some_and(|transport| transport.finds_out)
    }

    /// Those who are in a converged overlay at time zero have found out whether they can be dialled.
    pub fn begin_reachability(&mut self, online: &[NodeId]) {
        if self.finds_out() {
            for &node in online {
                self.end(node).reach.known = self.truth(node);
            }
        }
    }

    /// Called when `online` are up with their tables, before anything happens.
    pub fn begin_connected(&mut self, online: &[NodeId]) {
        if !self.finds_out() {
            return;
        }
        let class = |node: NodeId| self.addresses.as_ref().map_or(NatClass::Open, |addresses| addresses.class(node));
        let open: Vec<NodeId> = online.iter().copied().filter(|node| class(*node) == NatClass::Open).collect();
        for &node in online {
            if self.must_attend(node) {
                self.begin_attended(node, &open);
            }
        }
    }

    /// What a node would find out.
    fn truth(&self, node: NodeId) -> Reachability {
        let class = self.addresses.as_ref().map_or(NatClass::Open, |addresses| addresses.class(node));
        match class {
            NatClass::Open | NatClass::FullCone => Reachability::Yes,
            _ => Reachability::No,
        }
    }

    /// Gives a node a random rendezvous that has place for it.
    fn begin_attended(&mut self, node: NodeId, open: &[NodeId]) {
        let (plan, mut stream) = (self.connections(), self.streams.stream(RENDEZVOUS, node.0.into()));
        for _ in 0..if open.is_empty() { 0 } else { DRAWS } {
            let rendezvous = open[stream.below(open.len() as u64) as usize];
            let end = self.end(rendezvous);
            let is_full = plan.limit.is_some_and(|limit| end.links.len() >= limit);
            if is_full || !end.relay.reserve(node, plan.relays.as_ref()) {
                continue;
            }
            for (one, other, mine) in [(node, rendezvous, true), (rendezvous, node, false)] {
                let link = Link::new(other, Way::Dialled, mine, Time::ZERO).pinned();
                self.end(one).links.open(link);
                self.links_changed(one);
                self.wake_at(one, link.next(&plan));
            }
            self.end(node).reach.attends = Some(rendezvous);
            let undialable = self.reachability(node) == Reachability::No;
            if let Some(addresses) = &mut self.addresses {
                addresses.set_rendezvous(node, undialable.then_some(rendezvous));
                addresses.introduce(Time::ZERO, node, rendezvous);
            }
            return;
        }
    }
}
