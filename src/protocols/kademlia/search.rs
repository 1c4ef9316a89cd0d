//! A lookup under way: what it is for, and what it asks.

use super::{Cx, Message};
use crate::model::{NodeId, OpId};
use crate::overlay::lookup::Lookup;
use crate::overlay::{Relay, Walk};

/// What a lookup is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Purpose {
    Walk(Walk),
    Join,
    /// Of another node: see [`Search::relay`].
    Relay,
    #[default]
    Refresh,
}

/// A lookup under way.
#[derive(Clone, Debug, Default)]
pub(super) struct Search {
    /// Tells its replies from those to an earlier one; outstanding requests carry it.
    pub number: u32,
    /// Whether the lookup is recursive: only the first hop is asked from here.
    pub routed: bool,
    pub(super) purpose: Purpose,
    pub lookup: Lookup,
    /// What is passed on.
    pub relay: Relay,
}

impl Search {
    pub(super) fn op(&self) -> Option<OpId> {
        match self.purpose {
            Purpose::Walk(walk) => Some(walk.op),
            Purpose::Join | Purpose::Refresh | Purpose::Relay => None,
        }
    }

    /// Says who is to cache the record that was found: the nearest node that did not have it (§2.3), as far as is known here:
    /// on a recursive way the first hop, unless it is that which answered.
    pub(super) fn tell_passed(&self, cx: &mut Cx<'_>, holder: NodeId) {
        let passed = if self.routed { self.lookup.nearest_asked() } else { self.lookup.nearest_answered() };
        if let Purpose::Walk(Walk { op, record: Some(_), .. }) = self.purpose {
            cx.passed(op, passed.filter(|passed| passed.node != holder));
        }
    }

    /// What it asks.
    pub(super) fn question(&self) -> Message {
        let target = self.lookup.target();
        match self.purpose {
            Purpose::Walk(Walk { record, .. }) => Message::Find { target, record },
            _ => Message::Find { target, record: None },
        }
    }
}
