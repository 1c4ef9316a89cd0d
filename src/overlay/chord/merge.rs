//! Coming back together: rings that a crash or a partition has left apart know nothing of each other. The papers leave it at that;
//! here a node asks the bootstrap service for members, and looks up who follows it by the account of one of them. A nearer
//! successor is taken and notified as always, and stabilising sews the rings together from there.
//!
//! Nodes that nobody before them knows, but who lead into the ring, are no ring of their own, and nobody's account names the first of
//! them. So a member that is named is itself a nearer successor, if it lies before the present one.

use super::lookup::Goal;
use super::tables::Query;
use super::{Chord, Context};
use crate::overlay::{Contact, NodeId};

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

    /// The bootstrap service has named these. The nearest that lies before the successor is that as soon as it answers.
    pub(super) fn found_members(&mut self, cx: &mut Context<'_, Self>, members: &[NodeId]) {
        let between = members.iter().copied().filter(|&node| self.would_be_successor(cx, node));
        if let Some(nearest) = between.min_by_key(|&node| cx.my_key().clockwise(cx.key(node))) {
            self.refused(cx, nearest);
        }
        let is_looking = self.lookups.iter().any(|lookup| lookup.goal == Goal::Merge);
        if self.joined && !self.leaving && !is_looking {
            self.members.clear();
            self.members.extend(members.iter().filter(|&&node| node != cx.me()).take(TRIED));
            self.try_member(cx);
        }
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
            self.refused(cx, node);
        }
    }
}
