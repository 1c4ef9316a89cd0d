//! What Kademlia's nodes say to each other.

use crate::overlay::{Key, List, Payload, RecordId, Version};

/// A request or a reply (§2.3); there is nothing else.
#[derive(Clone, Copy, Debug)]
pub enum Message {
    /// FIND_NODE, and with a record FIND_VALUE.
    Find { target: Key, record: Option<RecordId> },
    /// The reply of a node that does not hold the record: the k nodes nearest to the target that it knows.
    Nodes { nearest: List },
    /// The reply of a node that holds the record: its version, and the value's bytes.
    Value { version: Version, bytes: u32 },
}

impl Payload for Message {
    fn list(&self) -> Option<List> {
        match self {
            Message::Nodes { nearest } => Some(*nearest),
            Message::Find { .. } | Message::Value { .. } => None,
        }
    }

    fn payload_bytes(&self) -> u32 {
        match self {
            Message::Value { bytes, .. } => *bytes,
            Message::Find { .. } | Message::Nodes { .. } => 0,
        }
    }
}
