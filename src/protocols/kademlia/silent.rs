//! Nodes that do not answer: slow ones, and those whose time is over.

use super::buckets::Failure;
use super::recursive::HOP;
use super::{Cx, Kademlia, Notes, Search};
use crate::engine::Duration;
use crate::model::NodeId;
use crate::overlay::rpc::Pending;
use crate::overlay::{Change, Task, Timeout};

impl Kademlia {
    /// When a request is taken for slow: after the time that was said, or longer where the node's own round trips are.
    pub(super) fn soft_timeout(&self, cx: &Cx<'_>) -> Option<Duration> {
        cx.config.soft_timeout.0.map(|soft| soft.max(self.rpcs.round_trip()))
    }

    /// A request was not answered in time. Whether it is merely slow: it goes on, and its search may ask another meanwhile.
    pub(super) fn is_slow(&mut self, cx: &mut Cx<'_>, pending: Pending<u32>) -> bool {
        if pending.tag & HOP != 0 {
            return self.hop_unanswered(cx, pending);
        }
        let is_adaptive = cx.config.rpc_timeout == Timeout::Adaptive;
        let timeout = self.rpcs.timeout(cx.config.rpc_timeout);
        let search = self.take_search(pending.tag);
        let routed = search.as_ref().is_some_and(|search| search.routed);
        // Whether it expired sooner than a hard time-out would have.
        let is_soft = pending.waited(cx.now) < timeout || is_adaptive;
        if !is_soft || pending.slow || routed {
            self.timed_out(cx, pending, search);
            return false;
        }
        match is_adaptive {
            true => self.rpcs.wait_longer(cx.now, pending, Timeout::Adaptive),
            false => self.rpcs.wait_on(pending, timeout),
        }
        if let Some(mut search) = search {
            search.lookup.on_slow(pending.to);
            self.advance(cx, search);
        }
        true
    }

    /// A request timed out: the contact may lose its place, and its search goes on without it.
    fn timed_out(&mut self, cx: &mut Cx<'_>, pending: Pending<u32>, search: Option<Task<Search>>) {
        // Who failed on a recursive way is not known: the first hop is avoided, but not held for dead.
        if !search.as_ref().is_some_and(|search| search.routed) {
            self.lost(cx, pending.to);
        }
        if let Some(mut search) = search {
            // The requests of a walk whose hops are acknowledged are those hops.
            if !(search.routed && cx.config.acknowledge) {
                cx.timed_out(search.op());
            }
            search.lookup.on_failure(pending.to);
            self.advance(cx, search);
        }
    }

    /// A node did not answer.
    pub(super) fn lost(&mut self, cx: &mut Cx<'_>, node: NodeId) {
        if !self.is_spared(cx, node) {
            self.drop_contact(cx, node);
        }
    }

    /// A contact is gone: the nearest of the last few newcomers takes its place.
    pub(super) fn drop_contact(&mut self, cx: &mut Cx<'_>, node: NodeId) {
        let round_trips = self.notes.take();
        let round_trip = |node| Notes::round_trip(round_trips.as_deref(), node);
        let failure = self.buckets.failed(cx.config, &cx.view, node, round_trip);
        self.notes = round_trips;
        match failure {
            Failure::NoContact => {}
            Failure::Flagged => cx.neighbour(node, Change::Gone),
            Failure::ReplacedBy(replacement) => {
                cx.neighbour(node, Change::Gone);
                cx.neighbour(replacement, Change::Appeared);
                if cx.config.check_replacement {
                    self.ping(cx, replacement);
                }
            }
        }
    }
}
