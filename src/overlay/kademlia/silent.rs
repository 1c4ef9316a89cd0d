//! Nodes that do not answer: slow ones, and those whose time is over.

use super::buckets::Failure;
use super::{Cx, Kademlia, Search};
use crate::overlay::rpc::Pending;
use crate::overlay::{Change, NodeId, Task};

impl Kademlia {
    /// A request was not answered in time. Whether it is merely slow: it goes on, and its search may ask another meanwhile.
    pub(super) fn is_slow(&mut self, cx: &mut Cx<'_>, pending: Pending<u32>) -> bool {
        let timeout = self.rpcs.timeout(cx.config.rpc_timeout);
        let search = self.take_search(pending.tag);
        let routed = search.as_ref().is_some_and(|search| search.routed);
        let is_soft = cx.config.soft_timeout.0.is_some_and(|soft| soft < timeout);
        if !is_soft || pending.slow || routed {
            self.timed_out(cx, pending, search);
            return false;
        }
        self.rpcs.wait_on(pending, timeout);
        if let Some(mut search) = search {
            search.lookup.on_slow(pending.to);
            self.advance(cx, search);
        }
        true
    }

    /// A request timed out: the contact may lose its place, and its search goes on without it.
    fn timed_out(&mut self, cx: &mut Cx<'_>, pending: Pending<u32>, search: Option<Task<Search>>) {
        self.rpcs.timed_out(&pending);
        // Who failed on a recursive way is not known: the first hop is avoided, but not held for dead.
        if !search.as_ref().is_some_and(|search| search.routed) {
            self.lost(cx, pending.to);
        }
        if let Some(mut search) = search {
            cx.timed_out(search.op());
            search.lookup.on_failure(pending.to);
            self.advance(cx, search);
        }
    }

    /// A node did not answer: the nearest of the last few newcomers takes its place.
    fn lost(&mut self, cx: &mut Cx<'_>, node: NodeId) {
        let round_trip = |node| self.nearby.as_ref().map_or(u32::MAX, |nearby| nearby.round_trip(node));
        match self.buckets.failed(cx.config, &cx.view, node, round_trip) {
            Failure::NoContact => {}
            Failure::Flagged => cx.neighbour(node, Change::Gone),
            Failure::ReplacedBy(replacement) => {
                cx.neighbour(node, Change::Gone);
                cx.neighbour(replacement, Change::Appeared);
            }
        }
    }
}
