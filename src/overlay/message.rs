//! What travels between nodes, and the small identifiers in it.
//!
//! Sizes count: a packet in flight is one queue entry of 64 bytes (16 of order, 24 of addressing, 24 of message).

use std::fmt;
use std::num::NonZeroU32;

use super::lists::{List, Lists};

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

    pub const fn index(self) -> usize {
        (self.0.get() - 1) as usize
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

/// A version of a record: 0 exists from the start, later ones are numbered in the order of (issue time, participant).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(pub u32);

/// A record that a node holds, and in which version. Slices of these are sorted by record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub record: RecordId,
    pub version: Version,
}

/// What a packet is sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Traffic {
    /// An operation's walk through the overlay.
    Lookup,
    /// The overlay's own upkeep: joining, stabilising, refreshing, leaving.
    Maintenance,
    /// Values and what is said about them for an operation: store, fetch, updates of a full table.
    Storage,
    /// Values and what is said about them for nobody in particular: offers, hand-overs, copies made again, and the walks and
    /// stores of operations that no participant asked for.
    Repair,
}

/// How a packet is treated where it arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// Expects a reply; reaches whoever is up when it arrives.
    Request,
    /// Belongs to one session of its receiver and is dropped when that has passed.
    Reply,
    /// Expects nothing; reaches whoever is up when it arrives.
    Notice,
    /// A server's full queue turned the request away; travels like a reply, without a body.
    Refusal,
    /// Carries another packet to a relay, or from there to its receiver; treated as a notice.
    Relayed,
}

/// Who sent a packet, on whose behalf, and how to answer it. 20 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope {
    pub from: NodeId,
    /// The operation on whose behalf it travels, if any.
    pub op: Option<OpId>,
    /// Bytes on the wire, IPv4 and UDP headers included.
    pub bytes: u32,
    /// The requester's number for this RPC (0 in a notice).
    pub rpc: u16,
    /// The requester's session epoch.
    pub epoch: u16,
    pub kind: Kind,
    pub traffic: Traffic,
    /// Sent because of others (replies, forwards, hand-over, repair, updates): counts as upload load.
    pub for_others: bool,
    /// An overlay's message from a node that does not know that strangers can dial it: it asks, and may not want to be asked.
    pub client: bool,
}

/// Whether a node knows that strangers can dial it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reachability {
    /// It has not found out yet.
    #[default]
    Unknown,
    Yes,
    No,
}

/// What a message carries beside its head: see [`super::wire`].
pub trait Payload: Copy + fmt::Debug {
    /// The list it carries, which is freed when the packet is delivered or lost.
    fn list(&self) -> Option<List> {
        None
    }

    /// The nodes it names. Each costs a contact on the wire, and the receiver learns of each where it can be reached. By
    /// default those of the list.
    fn named(&self, lists: &Lists) -> impl Iterator<Item = NodeId> {
        listed(self.list(), lists)
    }

    /// Whether it is about a key, which stands in its head.
    fn has_key(&self) -> bool {
        false
    }

    /// Keys and identifiers that it carries beside those of its head and of the nodes it names.
    fn identifiers(&self) -> u32 {
        0
    }

    /// Bytes carried beside identifiers and contacts: values, and what is said about them.
    fn payload_bytes(&self) -> u32 {
        0
    }
}

/// A message that names one node and says no more.
impl Payload for NodeId {
    fn named(&self, _: &Lists) -> impl Iterator<Item = NodeId> {
        std::iter::once(*self)
    }
}

/// The nodes of a list.
pub fn listed(list: Option<List>, lists: &Lists) -> impl Iterator<Item = NodeId> {
    list.map_or(&[][..], |list| lists.get(list)).iter().copied().map(NodeId)
}

/// Bytes of the largest value that travels in a packet. A larger one would fill any queue in front of the RPCs, and moves
/// as a flow.
pub const LARGEST_IN_PACKET: u32 = 16 * 1024;

/// Why an operation failed. Every failure has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Cause {
    /// No answer by the deadline, or everyone asked timed out.
    Timeout,
    /// The node knew nobody to ask.
    NoContact,
    /// Its node had not joined by the deadline.
    NotJoined,
    /// No copy exists on any disk.
    Lost,
    /// The same, because the last ones expired; or copies exist, but what was said of them has expired.
    Expired,
    /// Copies exist, but none was found online.
    Unreachable,
    /// The record had not been put yet.
    NeverStored,
    /// The server's queue was full; of a put, that queue or a disk that was to store it.
    QueueFull,
    /// The lookup met more dead nodes, or took more hops, than the protocol allows.
    Limit,
}

impl Cause {
    /// All causes, in the order in which they are reported.
    pub const ALL: [Cause; 9] = [
        Cause::Timeout,
        Cause::NoContact,
        Cause::NotJoined,
        Cause::Lost,
        Cause::Expired,
        Cause::Unreachable,
        Cause::NeverStored,
        Cause::QueueFull,
        Cause::Limit,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Cause::Timeout => "timeout",
            Cause::NoContact => "no-contact",
            Cause::NotJoined => "not-joined",
            Cause::Lost => "lost",
            Cause::Expired => "expired",
            Cause::Unreachable => "unreachable",
            Cause::NeverStored => "never-stored",
            Cause::QueueFull => "queue-full",
            Cause::Limit => "limit",
        }
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
    fn what_is_copied_per_packet_stays_small() {
        assert_eq!(size_of::<Envelope>(), 20);
        assert_eq!(size_of::<Option<OpId>>(), 4);
        assert_eq!(size_of::<Option<RecordId>>(), 4);
    }
}
