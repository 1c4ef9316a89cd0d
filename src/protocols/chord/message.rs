//! What Chord nodes say to each other.

use crate::model::{Answer, Key, NodeId, RecordId};
use crate::overlay::{List, Lists, Payload, listed};

/// A message. `hops` is a depth in the referral tree: in a question that of the node asked, in an answer that of the
/// nodes named or of the holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// Iterative: who is responsible for `target`, or which node that you know precedes it most closely? Those in
    /// `excluded` did not answer the initiator, or knew nobody; `dead`: the last of them is one that you named, and did not answer.
    FindSuccessor { target: Key, record: Option<RecordId>, count: u8, hops: u8, excluded: Option<List>, dead: bool },
    /// Recursive: the same, passed on until someone can answer `requester`, who numbered it `rpc` in its session `epoch`.
    Route { target: Key, record: Option<RecordId>, count: u8, hops: u8, requester: NodeId, rpc: u16, epoch: u16 },
    /// The acknowledgement of it, to the node that sent it.
    Received,
    /// The nodes responsible, nearest to the target first.
    Responsible { nodes: List, hops: u8 },
    /// The closest preceding node that was not excluded, if any is known.
    Next { node: Option<NodeId> },
    /// The record itself, from a node met on the way or at its end.
    Holds { answer: Answer, bytes: u32, hops: u8 },
    /// Stabilise: who is your predecessor, and what is your successor list?
    GetNeighbours,
    /// The answer to it.
    Neighbours { predecessor: Option<NodeId>, successors: List },
    /// The sender thinks that it might be the receiver's predecessor; these come before it, the nearest first.
    Notify { predecessors: List },
    /// The sender, whose predecessor the receiver was, has this node before it now.
    NewSuccessor { node: NodeId },
    /// The receiver is not the sender's predecessor: this node is.
    Nearer { node: NodeId },
    /// Are you there?
    Ping,
    /// Yes.
    Pong,
    /// The sender, a successor of the receiver, leaves; these come after it.
    SuccessorLeaves { successors: List },
    /// The sender, the receiver's predecessor, leaves; this one came before it.
    PredecessorLeaves { predecessor: Option<NodeId> },
}

impl Message {
    /// The node it names beside its list.
    fn alone(&self) -> Option<NodeId> {
        match *self {
            Message::Route { requester, .. } => Some(requester),
            Message::NewSuccessor { node } | Message::Nearer { node } => Some(node),
            Message::Next { node } => node,
            Message::Neighbours { predecessor, .. } | Message::PredecessorLeaves { predecessor } => predecessor,
            _ => None,
        }
    }
}

impl Payload for Message {
    fn list(&self) -> Option<List> {
        match *self {
            Message::FindSuccessor { excluded, .. } => excluded,
            Message::Responsible { nodes, .. } => Some(nodes),
            Message::Neighbours { successors, .. } | Message::SuccessorLeaves { successors } => Some(successors),
            Message::Notify { predecessors } => Some(predecessors),
            _ => None,
        }
    }

    fn named(&self, lists: &Lists) -> impl Iterator<Item = NodeId> {
        self.alone().into_iter().chain(listed(self.list(), lists))
    }

    fn has_key(&self) -> bool {
        matches!(self, Message::FindSuccessor { .. } | Message::Route { .. })
    }

    fn payload_bytes(&self) -> u32 {
        match *self {
            Message::Holds { bytes, .. } => bytes,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Kind, Version};
    use crate::overlay::Wire;

    #[test]
    fn a_message_fits_the_event() {
        assert!(size_of::<Message>() <= 24, "{}", size_of::<Message>());
    }

    #[test]
    fn identities_and_values_are_paid_for_on_the_wire() {
        let mut lists = Lists::new(4);
        let successors = lists.put([1, 2, 3]);
        let neighbours = Message::Neighbours { predecessor: Some(NodeId(9)), successors };
        let bytes = |message: &Message| Wire::P2PSIM.bytes(Kind::Reply, message, message.named(&lists));
        assert_eq!(bytes(&neighbours), 28 + 20 + 4 * 4);
        assert_eq!(bytes(&Message::Ping), 28 + 20);
        let holds = Message::Holds { answer: Version(1).into(), bytes: 4096, hops: 2 };
        assert_eq!(bytes(&holds), 28 + 20 + 4096);
    }
}
