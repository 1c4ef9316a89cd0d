//! Cached copies: what a node keeps of a record only because somebody has read it past that node. They answer gets, and are
//! nobody's replicas. What keeps them is storage (`storage/node/cache.rs`); an overlay gives them and says who was passed.

use std::num::NonZeroU32;

use super::ids::{NodeId, RecordId};
use super::record::Version;
use crate::engine::Time;

/// Until when a cached copy may be given, to the second: in a message there is no room for more. Rounded down, so that no
/// copy is given for longer than it was to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Until(NonZeroU32);

/// A second.
const NANOS: u64 = 1_000_000_000;

impl Until {
    pub const fn at(time: Time) -> Until {
        let seconds = time.as_nanos() / NANOS;
        Until(NonZeroU32::new(seconds as u32 + 1).expect("no run takes 136 years"))
    }

    pub const fn is_over(self, now: Time) -> bool {
        now.as_nanos() >= (self.0.get() as u64 - 1) * NANOS
    }
}

/// A cached copy. Slices of these are sorted by record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cached {
    pub record: RecordId,
    pub version: Version,
    pub until: Until,
}

/// What a node has of a record that it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    pub version: Version,
    /// Of a cached copy: copies of it last no longer.
    pub until: Option<Until>,
}

/// From a holder.
impl From<Version> for Answer {
    fn from(version: Version) -> Answer {
        Answer { version, until: None }
    }
}

impl From<Cached> for Answer {
    fn from(Cached { version, until, .. }: Cached) -> Answer {
        Answer { version, until: Some(until) }
    }
}

/// A node that a walk for a record has asked in vain: it may keep a cached copy, once the record is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Passed {
    pub node: NodeId,
    /// How many nodes nearer to the record's key the walk has heard of; 0 where a protocol does not count them.
    pub nearer: u8,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_rounded_down_to_the_second() {
        let at = |milliseconds: u64| Time::from_nanos(milliseconds * 1_000_000);
        let until = Until::at(at(2_900));
        assert!(!until.is_over(at(1_999)) && until.is_over(at(2_000)));
        assert!(Until::at(at(0)).is_over(at(0)) && size_of::<Option<Until>>() == 4);
    }
}
