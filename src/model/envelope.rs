//! The envelope of a packet: who sent it, on whose behalf, and how to answer it.
//!
//! Sizes count: a packet in flight is one queue entry of 64 bytes (16 of order, 24 of addressing, 24 of message).

use super::ids::{NodeId, OpId};

/// Bytes of the largest value that travels in a packet. A larger one would fill any queue in front of the RPCs, and moves
/// as a flow.
pub const LARGEST_IN_PACKET: u32 = 16 * 1024;

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

impl Traffic {
    /// All kinds, in the order of the columns.
    pub const ALL: [Traffic; 4] = [Traffic::Lookup, Traffic::Maintenance, Traffic::Storage, Traffic::Repair];

    /// The name in result columns and in traces.
    pub const fn name(self) -> &'static str {
        match self {
            Traffic::Lookup => "lookup",
            Traffic::Maintenance => "maintenance",
            Traffic::Storage => "storage",
            Traffic::Repair => "repair",
        }
    }
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

/// Envelope of a packet: sender, operation, and what a reply needs. 20 bytes.
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
    /// Not found out yet.
    #[default]
    Unknown,
    Yes,
    No,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_copied_per_packet_stays_small() {
        assert_eq!(size_of::<Envelope>(), 20);
    }
}
