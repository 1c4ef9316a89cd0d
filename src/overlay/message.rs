//! The payload of a message: what it carries beside its envelope.

use std::fmt;

use super::lists::{List, Lists};
use crate::model::NodeId;

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
