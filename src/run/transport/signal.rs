//! What machines say to each other to connect, beside what their overlays and stores say.

use super::dials::Attempt;
use crate::model::NodeId;
use crate::overlay::Wire;

/// A word of the transport. Each is a packet of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Opens a link. `called`: in answer to [`Word::CallBack`].
    Dial {
        called: bool,
    },
    /// The link is open.
    Accept,
    /// The link is closed.
    Close,
    /// Something came over a link that the sender of this does not have.
    Reset,
    /// Are you there?
    KeepAlive,
    /// Yes.
    Alive,
    /// Makes a hole, and opens a link if it finds one.
    Punch,
    /// Be my rendezvous: keep our link, and pass on to me what others want me told.
    Reserve,
    Reserved,
    /// Of a place at a relay, or of a circuit through it.
    Refused,
    /// To a rendezvous: tell `to`.
    Pass {
        to: NodeId,
        word: Word,
    },
    /// From a rendezvous: `from` says.
    Passed {
        from: NodeId,
        word: Word,
    },
    /// Have somebody else try to reach me.
    Probe,
    /// Nobody else is there whom I could ask.
    NoHelp,
    /// To a third: try to reach this one.
    DialBack {
        node: NodeId,
    },
    /// From a stranger: whom this reaches can be dialled.
    Knock,
    /// Through a relay: the packet in this slot.
    Relayed {
        slot: u32,
    },
}

/// What two nodes say to each other through a rendezvous.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// I can be dialled: dial me.
    CallBack,
    /// Let us both punch; this is where I was seen (the rendezvous adds that).
    Connect { attempt: Attempt },
    /// And this is where I was.
    Connected { attempt: Attempt },
    /// Now.
    Sync,
    /// Let us connect through you (to the relay), through it (to the other).
    Circuit,
    /// We are.
    Joined,
    /// The rendezvous has no link to the one whom the word was for.
    Gone,
}

impl Signal {
    /// The node that it names.
    pub fn named(self) -> Option<NodeId> {
        match self {
            Signal::Pass { to: node, .. } | Signal::Passed { from: node, .. } | Signal::DialBack { node } => Some(node),
            _ => None,
        }
    }

    /// Bytes on the wire: a bare message, and a contact if it names a node. What a relay passes on has its own size.
    pub fn bytes(self, wire: &Wire) -> u32 {
        wire.bare() + if self.named().is_some() { wire.contact } else { 0 }
    }

    /// Whether it needs a link; the others open, try or end one.
    pub fn needs_link(self) -> bool {
        match self {
            Signal::Pass { .. }
            | Signal::Passed { .. }
            | Signal::Probe
            | Signal::NoHelp
            | Signal::DialBack { .. }
            | Signal::Reserve
            | Signal::Reserved
            | Signal::Refused
            | Signal::Relayed { .. } => true,
            Signal::Dial { .. }
            | Signal::Accept
            | Signal::Close
            | Signal::Reset
            | Signal::KeepAlive
            | Signal::Alive
            | Signal::Punch
            | Signal::Knock => false,
        }
    }

    /// Whether it is sent because of others: upload load.
    pub fn is_for_others(self) -> bool {
        matches!(
            self,
            Signal::Accept
                | Signal::Alive
                | Signal::Reserved
                | Signal::Refused
                | Signal::Passed { .. }
                | Signal::NoHelp
                | Signal::DialBack { .. }
                | Signal::Knock
        )
    }
}
