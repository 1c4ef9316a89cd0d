//! Signals: the messages by which machines connect, beside those of their overlays and stores.

use super::dial::Attempt;
use crate::model::NodeId;
use crate::overlay::Wire;

/// Message of a node's connectivity. Each is a packet of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// Opening of a link. `called`: asked for by [`RendezvousMessage::CallBack`].
    Dial { called: bool },
    /// Acceptance: the link is open.
    Accept,
    /// Closing of a link.
    Close,
    /// Answer to a packet over a link that its receiver does not have.
    Reset,
    /// Question whether the other end is there.
    KeepAlive,
    /// Answer to a keep-alive.
    Alive,
    /// Hole punch, which opens a link if it arrives.
    Punch,
    /// Request for a reservation: keep this link, and forward what others want to tell the sender.
    Reserve,
    /// Reservation made.
    Reserved,
    /// Reservation refused.
    Refused,
    /// Request to a rendezvous: tell `to`.
    Pass { to: NodeId, message: RendezvousMessage },
    /// Message that a rendezvous forwards for `from`.
    Passed { from: NodeId, message: RendezvousMessage },
    /// Request of AutoNAT: let a third node dial the sender.
    Probe,
    /// Answer to a probe: no third node is known.
    NoHelp,
    /// Request to a third node: dial this one back.
    DialBack { node: NodeId },
    /// Dial-back from a stranger: proof that its receiver can be dialled.
    Knock,
    /// Packet within this one, on its way through a relay, by its slot.
    Relayed { slot: u32 },
}

/// Message between two nodes that a rendezvous forwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RendezvousMessage {
    /// Connection reversal: dial the sender.
    CallBack,
    /// DCUtR's CONNECT: proposal to punch, with the sender's observed address (added by the rendezvous).
    Connect { attempt: Attempt },
    /// DCUtR's CONNECT in return.
    Connected { attempt: Attempt },
    /// DCUtR's SYNC: punch now.
    Sync,
    /// Opening of a circuit through the rendezvous.
    Circuit,
    /// Acceptance of a circuit.
    Joined,
    /// Answer of the rendezvous: no link to the receiver, or no circuit left.
    Gone,
}

impl Signal {
    /// Node named in the signal.
    pub fn named(self) -> Option<NodeId> {
        match self {
            Signal::Pass { to: node, .. } | Signal::Passed { from: node, .. } | Signal::DialBack { node } => Some(node),
            _ => None,
        }
    }

    /// Bytes on the wire: a bare message, and a contact if it names a node. Packets through relays have their own size.
    pub fn bytes(self, wire: &Wire) -> u32 {
        wire.bare() + if self.named().is_some() { wire.contact } else { 0 }
    }

    /// Whether a link is needed to send it; the others open, probe or end one.
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

    /// Whether it is sent with or without a link, and never through a relay: it finds out whether there is a path.
    pub fn is_probe(self) -> bool {
        matches!(self, Signal::Dial { .. } | Signal::Accept | Signal::Reset | Signal::Punch | Signal::Knock)
    }

    /// Whether it is a keep-alive or the answer to one, which do not count as use of a link.
    pub fn keeps_alive(self) -> bool {
        matches!(self, Signal::KeepAlive | Signal::Alive)
    }

    /// Whether it is sent on behalf of others: upload load.
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
