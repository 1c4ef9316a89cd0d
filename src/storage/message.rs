//! Messages between the storage of nodes.

use super::repair::republish::Published;
use crate::model::{Answer, NodeId, RecordId, ResourceId, Until, Version};
use crate::overlay::{List, Lists, Payload, listed};

/// Storage message: requests, replies and notices about records. Values up to 16 KiB are part of the packet; a larger
/// one makes its message a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// Store request (put, hand-over, repair). `published`: time of the publisher's last put.
    Store { record: RecordId, version: Version, bytes: u32, published: Published },
    /// Reply: stored, in this version: that of the request, or a newer one.
    Stored { record: RecordId, version: Version },
    /// Fetch request for a record.
    Fetch { record: RecordId },
    /// Reply with a version and its value.
    Value { record: RecordId, answer: Answer, bytes: u32 },
    /// Probe of a record, answered by `Stored` or `Missing`, without the value.
    Probe { record: RecordId },
    /// Request to send a copy to `to`. Answered by `Stored` or `Missing` at once.
    Copy { record: RecordId, to: NodeId },
    /// Notice: the sender has dropped its copy.
    Dropped { record: RecordId },
    /// Notice: copy for the receiver's path cache, valid until a given time.
    Cache { record: RecordId, version: Version, bytes: u32, until: Until },
    /// Reply: not held; to a store request: no room, or expired.
    Missing { record: RecordId },
    /// Offer of records held by the sender: pairs of record number and version. `moved_up`: another responsible node
    /// has gone, and the receiver takes its place, though it may not know yet.
    Offer { list: List, moved_up: bool },
    /// Handshake request for a resource, with the sender's pieces as words of a bitmap.
    Handshake { resource: ResourceId, list: List },
    /// Handshake reply: words of the sender's bitmap, then `nodes` other peers. `full`: no further connection is
    /// accepted.
    HandshakeReply { resource: ResourceId, list: List, nodes: u8, full: bool },
    /// Notice: the sender has a new piece (BEP 3: have).
    Have { record: RecordId },
    /// Notice: interested in a piece (BEP 3); the receiver is to unchoke the sender when an upload is free.
    Interested { resource: ResourceId },
    /// Request: unchoked, for one piece. Answered by the request for a piece, or else by `Choke`.
    Unchoke { resource: ResourceId },
    /// Reply: no piece is needed now.
    Choke { resource: ResourceId },
    /// Reply to an offer: a [`Standing`] for each record.
    Standings { list: List },
}

/// Standing: reply of the receiver of an offer about one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Standing {
    /// Held, in the offered version.
    Same = 0,
    /// Lacked and wanted.
    Wanted = 1,
    /// Held, in a newer version.
    Newer = 2,
    /// Lacked, but the receiver does not consider itself responsible.
    Declined = 3,
    /// Lacked or held in an older version, but already in transfer from another node.
    Coming = 4,
    /// Held in an older version, and the offered one is wanted.
    Older = 5,
    /// Lacked, the receiver is responsible, but the disk is full.
    Full = 6,
}

impl Standing {
    /// List entry: the record's number, and the standing in the three low bits.
    pub const fn entry(self, record: RecordId) -> u32 {
        record.number() << 3 | self as u32
    }

    /// Record and standing of a list entry.
    pub const fn read(entry: u32) -> (RecordId, Standing) {
        let standing = match entry & 7 {
            0 => Standing::Same,
            1 => Standing::Wanted,
            2 => Standing::Newer,
            3 => Standing::Declined,
            4 => Standing::Coming,
            5 => Standing::Older,
            _ => Standing::Full,
        };
        (RecordId::new(entry >> 3), standing)
    }
}

/// Most records of one offer: two list entries each.
pub const OFFERED_AT_ONCE: usize = 16;
/// Bytes of the version of an offered record, besides its key (an assumption; no protocol of the presets has such a
/// message).
const VERSION_BYTES: u32 = 12;
/// Bytes of the reply about an offered record, or of the notice that one was dropped, besides its key.
const STANDING_BYTES: u32 = 4;
/// Bytes of a piece number, and of 32 bits of a bitmap.
const WORD_BYTES: u32 = 4;

impl Payload for Message {
    fn list(&self) -> Option<List> {
        match *self {
            Message::Offer { list, .. }
            | Message::Standings { list }
            | Message::Handshake { list, .. }
            | Message::HandshakeReply { list, .. } => Some(list),
            _ => None,
        }
    }

    fn named(&self, lists: &Lists) -> impl Iterator<Item = NodeId> {
        let (alone, list, first) = match *self {
            Message::Copy { to, .. } => (Some(to), None, 0),
            Message::HandshakeReply { list, nodes, .. } => (None, Some(list), list.len() - usize::from(nodes)),
            _ => (None, None, 0),
        };
        alone.into_iter().chain(listed(list, lists).skip(first))
    }

    fn has_key(&self) -> bool {
        !matches!(self, Message::Offer { .. } | Message::Standings { .. } | Message::Dropped { .. })
    }

    fn identifiers(&self) -> u32 {
        match *self {
            Message::Offer { list, .. } => list.len() as u32 / 2,
            Message::Standings { list } => list.len() as u32,
            Message::Dropped { .. } => 1,
            _ => 0,
        }
    }

    fn payload_bytes(&self) -> u32 {
        match *self {
            Message::Store { bytes, .. } | Message::Value { bytes, .. } | Message::Cache { bytes, .. } => bytes,
            Message::Offer { list, .. } => list.len() as u32 / 2 * VERSION_BYTES,
            Message::Standings { list } => list.len() as u32 * STANDING_BYTES,
            Message::Handshake { list, .. } => list.len() as u32 * WORD_BYTES,
            Message::HandshakeReply { list, nodes, .. } => (list.len() as u32 - u32::from(nodes)) * WORD_BYTES,
            Message::Have { .. } => WORD_BYTES,
            Message::Dropped { .. } => STANDING_BYTES,
            Message::Copy { .. } | Message::Interested { .. } | Message::Unchoke { .. } | Message::Choke { .. } => 0,
            Message::Stored { .. } | Message::Fetch { .. } | Message::Probe { .. } | Message::Missing { .. } => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_standing_reads_back() {
        let all = [Standing::Same, Standing::Wanted, Standing::Newer, Standing::Declined, Standing::Coming];
        for standing in all.into_iter().chain([Standing::Older, Standing::Full]) {
            assert_eq!(Standing::read(standing.entry(RecordId::new(7))), (RecordId::new(7), standing));
        }
    }

    #[test]
    fn a_storage_message_fits_beside_an_overlays() {
        assert!(size_of::<Message>() <= 20);
    }
}
