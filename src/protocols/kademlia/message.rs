//! What Kademlia's nodes say to each other.

use crate::model::{Answer, Key, NodeId, RecordId};
use crate::overlay::{List, Lists, Payload, listed};

/// A request or a reply (§2.3); there is nothing else. `hops` is a depth in the referral tree, as in Chord's messages: in a
/// question that of the node asked, in an answer that of the nodes named or of the holder.
#[derive(Clone, Copy, Debug)]
pub enum Message {
    /// FIND_NODE, and with a record FIND_VALUE.
    Find {
        target: Key,
        record: Option<RecordId>,
    },
    /// The reply of a node that does not hold the record: the k nodes nearest to the target that it knows, and whether it is one
    /// of these itself.
    Nodes {
        nearest: List,
        sibling: bool,
    },
    /// The reply of a node that has the record: which version, and the value's bytes.
    Value {
        answer: Answer,
        bytes: u32,
    },
    /// Recursive: the same question, passed on until someone can answer `requester`, who numbered it `rpc` in its session `epoch`.
    Route {
        target: Key,
        record: Option<RecordId>,
        count: u8,
        hops: u8,
        requester: NodeId,
        rpc: u16,
        epoch: u16,
    },
    /// PING, and its answer.
    Ping,
    Pong,
    /// The sender leaves.
    Farewell,
    /// The acknowledgement of `Route`, to the node that sent it.
    Received,
    /// The answer to it: the nodes responsible, the one that answers first.
    Responsible {
        nodes: List,
        hops: u8,
    },
    /// The answer of a holder to it.
    Holds {
        answer: Answer,
        bytes: u32,
        hops: u8,
    },
}

impl Payload for Message {
    fn list(&self) -> Option<List> {
        match self {
            Message::Nodes { nearest: list, .. } | Message::Responsible { nodes: list, .. } => Some(*list),
            _ => None,
        }
    }

    fn named(&self, lists: &Lists) -> impl Iterator<Item = NodeId> {
        let requester = if let Message::Route { requester, .. } = *self { Some(requester) } else { None };
        requester.into_iter().chain(listed(self.list(), lists))
    }

    fn has_key(&self) -> bool {
        matches!(self, Message::Find { .. } | Message::Route { .. })
    }

    fn payload_bytes(&self) -> u32 {
        match self {
            Message::Value { bytes, .. } | Message::Holds { bytes, .. } => *bytes,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Kind;
    use crate::overlay::Wire;

    #[test]
    fn whoever_passes_a_question_on_names_the_requester_and_pays_for_it() {
        let mut lists = Lists::new(2);
        let requester = NodeId(7);
        let route = Message::Route { target: Key(1), record: None, count: 1, hops: 1, requester, rpc: 2, epoch: 3 };
        let nodes = Message::Responsible { nodes: lists.put([3, 4]), hops: 2 };
        for (message, named) in [(route, vec![requester]), (nodes, vec![NodeId(3), NodeId(4)])] {
            assert_eq!(message.named(&lists).collect::<Vec<_>>(), named);
            let bytes = Wire::P2PSIM.bytes(Kind::Request, &message, message.named(&lists));
            assert_eq!(bytes, 28 + 20 + 4 * named.len() as u32);
        }
    }
}
