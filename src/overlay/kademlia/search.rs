//! A lookup under way, and what it is for.

use crate::overlay::lookup::Lookup;
use crate::overlay::message::{OpId, RecordId};
use crate::overlay::protocol::Walk;

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

    pub fn record(&self) -> Option<RecordId> {
        match self.purpose {
            Purpose::Walk(walk) => walk.record,
            Purpose::Join | Purpose::Refresh => None,
        }
    }
}
