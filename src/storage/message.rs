//! What the storage of one node says to that of another.

use super::repair::republish::Published;
use crate::model::{Answer, NodeId, RecordId, Until, Version};
use crate::overlay::{List, Lists, Payload, listed};

/// Requests and replies about records. Values up to 16 KiB travel in the packet; a larger one makes its message a
/// transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// Request: keep this version (a put, a hand-over, a repair).
    /// `published`: when its publisher put it last.
    Store { record: RecordId, version: Version, bytes: u32, published: Published },
    /// Reply: it is held, in this version: that of the request, or a newer one.
    Stored { record: RecordId, version: Version },
    /// Request: what do you hold of this record?
    Fetch { record: RecordId },
    /// Reply: this version, with its value.
    Value { record: RecordId, answer: Answer, bytes: u32 },
    /// Request: do you have this? Answered by `Stored` or `Missing`, without the value.
    Probe { record: RecordId },
    /// Request: send a copy of this there. Answered by `Stored` or `Missing` at once.
    Copy { record: RecordId, to: NodeId },
    /// Notice: I hold this no more.
    Dropped { record: RecordId },
    /// Notice: I have read this on my way past you; keep a copy until then, if you like.
    Cache { record: RecordId, version: Version, bytes: u32, until: Until },
    /// Reply: nothing; to a request to keep something: there is no room, or it has expired.
    Missing { record: RecordId },
    /// Request: I hold these. Pairs of record number and version. `moved_up`: another responsible node has gone, and the
    /// receiver takes its place, though it may not know yet.
    Offer { list: List, moved_up: bool },
    /// Request: I want pieces of this resource, and have these of them. The words of a bitmap.
    Meet { resource: u32, list: List },
    /// Reply: I have these, and know these others. The words of a bitmap, then so many `nodes`. `full`: I have no place for
    /// you.
    Met { resource: u32, list: List, nodes: u8, full: bool },
    /// Notice: I have this piece now.
    Has { record: RecordId },
    /// Notice: I want a turn to fetch a piece.
    Ask { resource: u32 },
    /// Request: it is your turn. Answered by the request for a piece, or else by `Pass`.
    Turn { resource: u32 },
    /// Reply: I need none now.
    Pass { resource: u32 },
    /// Reply to an offer: how the receiver stands to each. See [`Standing`].
    Standings { list: List },
}

/// How the receiver of an offer stands to an offered record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Standing {
    /// It holds the same version.
    Same = 0,
    /// It lacks it, and wants it.
    Wanted = 1,
    /// It holds a newer one.
    Newer = 2,
    /// It lacks it, and is not responsible by its own account.
    Declined = 3,
    /// It lacks it or holds an older one, and somebody sends it already.
    Coming = 4,
    /// It holds an older one, and wants this.
    Older = 5,
    /// It lacks it, is responsible, and has no room.
    Full = 6,
}

impl Standing {
    /// A list entry: the record's number and the standing in the three low bits.
    pub const fn entry(self, record: RecordId) -> u32 {
        (record.index() as u32) << 3 | self as u32
    }

    /// The record and standing of a list entry.
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

/// Records in one offer: two list entries each.
pub const OFFERED_AT_ONCE: usize = 16;
/// Bytes of the version of an offered record, beside its key (our choice; no protocol of the presets has such a message).
const VERSION_BYTES: u32 = 12;
/// Bytes of an answer to an offered record, or of the news that one was dropped, beside its key.
const STANDING_BYTES: u32 = 4;
/// Bytes of the number of a piece, and of 32 bits of a bitmap.
const WORD_BYTES: u32 = 4;

impl Payload for Message {
    fn list(&self) -> Option<List> {
        match *self {
            Message::Offer { list, .. }
            | Message::Standings { list }
            | Message::Meet { list, .. }
            | Message::Met { list, .. } => Some(list),
            _ => None,
        }
    }

    fn named(&self, lists: &Lists) -> impl Iterator<Item = NodeId> {
        let (alone, list, first) = match *self {
            Message::Copy { to, .. } => (Some(to), None, 0),
            Message::Met { list, nodes, .. } => (None, Some(list), list.len() - usize::from(nodes)),
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
            Message::Meet { list, .. } => list.len() as u32 * WORD_BYTES,
            Message::Met { list, nodes, .. } => (list.len() as u32 - u32::from(nodes)) * WORD_BYTES,
            Message::Has { .. } => WORD_BYTES,
            Message::Dropped { .. } => STANDING_BYTES,
            Message::Copy { .. } | Message::Ask { .. } | Message::Turn { .. } | Message::Pass { .. } => 0,
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
