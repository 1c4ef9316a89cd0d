//! Connectivity of an overlay that stands at time zero: nodes know whether they can be dialled, and have a rendezvous if they need
//! one.

use super::Connectivity;
use super::context::{Context, Packet};
use super::links::{Link, Path};
use super::node::Node;
use crate::engine::random::Purpose;
use crate::engine::{Source, Streams};
use crate::model::{NodeId, Reachability};
use crate::network::NatClass;

const RENDEZVOUS: Purpose = Purpose::new("rendezvous");
/// Machines that a node asks for a reservation before it does without.
const DRAWS: u32 = 16;

impl<P> Connectivity<P> {
    /// Sets the reachability of a node that is behind a NAT of this class, as it would find out.
    pub fn begin_reachability(&mut self, node: NodeId, class: NatClass) {
        self.nodes[node.index()].autonat.known = match class {
            NatClass::Open | NatClass::FullCone => Reachability::Yes,
            _ => Reachability::No,
        };
    }

    /// Reservation for a node at a random one of the `open` machines that has room for a link and a reservation.
    pub fn begin_reservation(&mut self, streams: &Streams, node: NodeId, open: &[NodeId]) -> Option<NodeId> {
        let (settings, mut stream) = (self.settings, streams.stream(RENDEZVOUS, node.0.into()));
        let draws = if open.is_empty() { 0 } else { DRAWS };
        let mut drawn = (0..draws).map(|_| open[stream.below(open.len() as u64) as usize]);
        let rendezvous = drawn.find(|rendezvous| {
            let other = &mut self.nodes[rendezvous.index()];
            let is_full = settings.limit.is_some_and(|limit| other.links.len() >= limit);
            !is_full && other.relay.reserve(node, settings.relays.as_ref())
        })?;
        self.nodes[node.index()].autonat.rendezvous = Some(rendezvous);
        Some(rendezvous)
    }
}

impl<P: Packet> Node<P> {
    /// Adds the link between a node and its rendezvous, at either end.
    pub fn begin_link(&mut self, cx: &mut Context<'_, P>, peer: NodeId, outbound: bool) {
        let link = Link::new(peer, Path::Dialled, outbound, cx.now).pinned();
        self.links.open(link);
        self.report_links(cx);
        cx.set_timer(link.next(cx.settings));
    }
}
