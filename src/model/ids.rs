//! Identifiers of nodes, records and operations: small, since each packet carries some.

use std::fmt;
use std::num::NonZeroU32;

/// A node for ever: an index that is never reused. It belongs to one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

impl NodeId {
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl From<u32> for NodeId {
    fn from(index: u32) -> NodeId {
        NodeId(index)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "n{}", self.0)
    }
}

/// A record of the scenario, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId(NonZeroU32);

impl RecordId {
    /// The record with this number (from 0).
    pub const fn new(index: u32) -> RecordId {
        RecordId(NonZeroU32::new(index + 1).expect("the number is below u32::MAX"))
    }

    /// Number of the record: a [`RecordSpace`](super::RecordSpace) tells the kind from it, and packets carry it.
    pub const fn number(self) -> u32 {
        self.0.get() - 1
    }

    /// Index in tables of all records.
    pub const fn index(self) -> usize {
        self.number() as usize
    }
}

/// A resource of the scenario, by its number (from 0). Each of its pieces is a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId(pub u32);

impl ResourceId {
    /// Index in tables of all resources.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// An operation under way: a slot and the slot's generation, so that a late message is not taken for its successor's; and
/// whether a participant asked for it, so that all that is sent on its behalf says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpId(NonZeroU32);

impl OpId {
    /// Operations under way at once: 2²³ − 1.
    pub const SLOTS: u32 = (1 << 23) - 1;
    const UNASKED: u32 = 1 << 23;

    pub const fn new(slot: u32, generation: u8) -> OpId {
        assert!(slot < OpId::SLOTS, "more than 2^23 - 1 operations under way at once");
        OpId(NonZeroU32::new((slot + 1) | (generation as u32) << 24).expect("the low bits are not zero"))
    }

    pub const fn slot(self) -> usize {
        ((self.0.get() & OpId::SLOTS) - 1) as usize
    }

    /// Identity of an operation that no participant asked for: a put of what belongs elsewhere or is put again, an audit.
    /// All that is sent for it is repair.
    pub const fn unasked(self) -> OpId {
        OpId(NonZeroU32::new(self.0.get() | OpId::UNASKED).expect("the low bits are not zero"))
    }

    /// Whether no participant asked for it.
    pub const fn is_unasked(self) -> bool {
        self.0.get() & OpId::UNASKED != 0
    }

    pub const fn generation(self) -> u8 {
        (self.0.get() >> 24) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_give_back_what_went_in() {
        assert_eq!(RecordId::new(0).index(), 0);
        let last = OpId::SLOTS - 1;
        for op in [OpId::new(77, 255), OpId::new(last, 255)] {
            assert_eq!((op.slot(), op.generation(), op.is_unasked()), (op.unasked().slot(), 255, false));
            assert!(op.unasked().is_unasked() && op.unasked().generation() == 255);
        }
        assert_eq!((OpId::new(77, 3).slot(), OpId::new(last, 0).slot()), (77, last as usize));
    }

    #[test]
    fn identifiers_need_no_room_for_being_absent() {
        assert_eq!(size_of::<Option<OpId>>(), 4);
        assert_eq!(size_of::<Option<RecordId>>(), 4);
    }
}
