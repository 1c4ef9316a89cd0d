//! A lookup under way: what it is for, and what it asks.

use super::Message;
use crate::overlay::lookup::Lookup;
use crate::overlay::{NodeId, OpId, Walk};

/// What a lookup is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    Walk(Walk),
    Join,
    Refresh,
}

/// A lookup under way.
#[derive(Clone, Debug)]
pub(super) struct Search {
    /// Tells its replies from those to an earlier one; outstanding requests carry it.
    pub number: u32,
    /// It goes on its way recursively: only the first hop is asked from here.
    pub routed: bool,
    pub purpose: Purpose,
    pub lookup: Lookup,
}

impl Search {
    pub fn op(&self) -> Option<OpId> {
        match self.purpose {
            Purpose::Walk(walk) => Some(walk.op),
            Purpose::Join | Purpose::Refresh => None,
        }
    }

    /// What it asks.
    pub fn question(&self, me: NodeId) -> Message {
        let target = self.lookup.target();
        match self.purpose {
            Purpose::Walk(Walk { record, count, .. }) if self.routed => {
                Message::Route { target, record, count, hops: 1, requester: me }
            }
            Purpose::Walk(Walk { record, .. }) => Message::Find { target, record },
            Purpose::Join | Purpose::Refresh => Message::Find { target, record: None },
        }
    }
}
