//! Coming back together: rings that a crash or a partition has left apart know nothing of each other. The papers leave it at that;
//! here a node asks the bootstrap service for members, and looks up who follows it by the account of one of them. A nearer
//! successor is taken and notified as always, and stabilising sews the rings together from there.
//!
//! Nodes that nobody before them knows, but who lead into the ring, are no ring of their own, and nobody's account names the first of
//! them. So a member that is named is itself a nearer successor, if it lies before the present one.

use std::cmp::Reverse;

use super::lookup::Goal;
use super::tables::Query;
use super::{Chord, Context};
use crate::model::NodeId;
use crate::overlay::Contact;

/// Rounds of stabilising in which a node looks for others after its first successor has failed.
pub(super) const ROUNDS: u8 = 10;
/// Members that are tried until one answers.
const TRIED: usize = 5;

impl Chord {
    /// A round of stabilising: whether its successors have failed of late, so that it may be on a ring beside others.
    pub(super) fn look_for_lost(&mut self, cx: &mut Context<'_, Self>) {
        if self.lost > 0 {
            self.lost -= 1;
            cx.ask_members();
        }
    }

    /// The bootstrap service has named these. Of those before the successor the nearest that answers takes its place: all are asked,
    /// the farthest first, since after a crash most that are named may be dead.
    pub(super) fn found_members(&mut self, cx: &mut Context<'_, Self>, members: &[NodeId]) {
        if !self.joined || self.leaving {
            return;
        }
        let mut others: Vec<NodeId> = members.iter().copied().filter(|&node| node != cx.me()).collect();
        if !self.lookups.iter().any(|lookup| lookup.goal == Goal::Merge) {
            self.members = others.iter().copied().take(TRIED).collect();
            self.try_member(cx);
        }
        others.sort_by_key(|&node| Reverse(cx.my_key().clockwise(cx.key(node))));
        others.into_iter().for_each(|node| self.ask_nearer(cx, node));
    }

    /// Looks up who follows this node through the next of them.
    pub(super) fn try_member(&mut self, cx: &mut Context<'_, Self>) {
        if let Some(member) = self.members.pop() {
            let query = Query { target: cx.my_key().plus(1), record: None, count: 1 };
            self.look_up(cx, Goal::Merge, query, Some(member));
        }
    }

    /// By the account of another this node follows: it is the successor if it is nearer than that, as soon as it answers. Whoever
    /// has none takes it in any case.
    pub(super) fn found_follower(&mut self, cx: &mut Context<'_, Self>, named: &[Contact]) {
        self.members.clear();
        let Some(node) = named.iter().map(|contact| contact.node).find(|&node| node != cx.me()) else { return };
        if self.tables.successor().is_none() {
            self.new_first_successor(cx, node);
        } else {
            self.ask_nearer(cx, node);
        }
    }
}
