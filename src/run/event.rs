//! What waits in the queue of a run.

use crate::connectivity::{Named, Signal};
use crate::engine::{Pending, Time};
use crate::model::{Envelope, Kind, NodeId, OperationKind, RecordId};
use crate::network::FlowId;
use crate::overlay::{List, Payload, bootstrap};
use crate::storage;
use crate::storage::repair::Periodic;

/// A packet under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packet<M> {
    pub to: NodeId,
    pub envelope: Envelope,
    pub body: Body<M>,
}

impl<M: Payload> Packet<M> {
    /// The list that it brings along. A refusal has the body of what is refused, whose lists went with that.
    #[inline(always)]
    pub(super) fn list(&self) -> Option<List> {
        match &self.body {
            _ if self.envelope.kind == Kind::Refusal => None,
            Body::Overlay(message) => message.list(),
            Body::Storage(message) => message.list(),
            Body::Signal(_) => None,
            Body::Bootstrap(message) => message.list(),
        }
    }
}

/// What a packet carries: a word between two overlays, between two stores, between two machines that connect, or to or from the
/// bootstrap service.
#[derive(Clone, Copy, Debug)]
pub(super) enum Body<M> {
    Overlay(M),
    Storage(storage::Message),
    Signal(Signal),
    Bootstrap(bootstrap::Message),
}

/// What happens at some instant. At most 48 bytes, so that a queue entry has 64.
#[derive(Clone, Copy, Debug)]
pub(super) enum Event<M, T> {
    /// A packet reaches its receiver's access link.
    Arrival(Packet<M>),
    /// The last bit of a packet leaves its sender's busy uplink: its slot among those that wait there, and the sender's
    /// session.
    Leaves {
        slot: u32,
        epoch: u16,
    },
    /// A packet's sender and receiver have shaken hands: its slot among those that wait for it, and the sender's session.
    Shaken {
        slot: u32,
        epoch: u16,
    },
    /// A packet reaches another node of its sender's machine: its slot among those that do.
    Within {
        slot: u32,
        to: NodeId,
    },
    /// A packet has come through its receiver's busy downlink: its slot among the parked ones.
    Through {
        slot: u32,
        to: NodeId,
    },
    /// A packet reaches the NAT or firewall in front of its receiver: its slot among those between two boxes.
    Addressed {
        slot: u32,
        from: NodeId,
        to: NodeId,
    },
    /// The last byte of a flow may have left.
    Flow {
        flow: FlowId,
    },
    /// A worker of a machine is done with a request.
    Served {
        machine: NodeId,
        epoch: u16,
        slot: u32,
    },
    /// A timer of an overlay.
    Timer {
        node: NodeId,
        epoch: u16,
        timer: T,
    },
    /// The earliest deadline of an overlay's requests.
    OverlayTimeout {
        node: NodeId,
        epoch: u16,
    },
    /// The earliest deadline of a store's requests.
    StorageTimeout {
        node: NodeId,
        epoch: u16,
    },
    /// Something may be due of a node's links.
    Links {
        node: NodeId,
        epoch: u16,
    },
    /// A node tries again to join.
    JoinAgain {
        node: NodeId,
        epoch: u16,
    },
    /// A node goes on with what it does with the bootstrap service.
    Bootstrap {
        node: NodeId,
        epoch: u16,
    },
    /// A member tells the bootstrap service again that it is one.
    TellAgain {
        node: NodeId,
        epoch: u16,
    },
    /// A machine of the bootstrap service fails or is repaired, for the `number`-th time.
    BootstrapTurns {
        machine: u32,
        number: u32,
    },
    /// A client knows the address of its server.
    NameKnown {
        node: NodeId,
        epoch: u16,
    },
    /// A participant puts its records into a system that did not start converged.
    Publish {
        node: NodeId,
        epoch: u16,
    },
    /// The publisher of a record is to put it again.
    Republish {
        record: RecordId,
    },
    /// A node does what it does once a period.
    Periodic {
        node: NodeId,
        epoch: u16,
        work: Periodic,
    },
    /// The last bit has left of a record that a leaving node hands over.
    HandOver {
        node: NodeId,
        epoch: u16,
        record: RecordId,
    },
    /// Copies on a disk may have expired.
    Expires {
        node: NodeId,
    },
    /// A participant comes online.
    SessionBegins {
        participant: u32,
        /// Number of the session in the timeline.
        spell: u32,
    },
    /// A participant will leave soon and says so.
    Notice {
        participant: u32,
    },
    /// A participant goes offline.
    SessionEnds {
        participant: u32,
    },
    /// A participant goes for good, with its disk.
    Departs {
        participant: u32,
    },
    /// The delay of a repair is over.
    DelayedRepair {
        place: u32,
    },
    /// A participant asks for something.
    Operation {
        participant: u32,
        epoch: u16,
        kind: OperationKind,
        number: u32,
    },
    /// A row of the scenario's file of requests is due.
    Requested {
        number: u32,
    },
    /// An event of the scenario file, by its position, begins or is over.
    Scenario {
        position: u32,
        begins: bool,
    },
    /// A server goes down or comes back for the `number`-th time.
    ServerFails {
        server: u32,
        number: u32,
    },
    ServerRepaired {
        server: u32,
        number: u32,
    },
}

impl<M, T> Event<M, T> {
    /// Checked when a protocol's run is compiled: with its order an event fills a cache line at most.
    pub(super) const FITS: () =
        assert!(size_of::<Event<M, T>>() <= 48, "Protocol::Message or Protocol::Timer is too large");
}

/// Node whose state an event touches: a packet's receiver, otherwise the node that created the event.
impl<M: Copy, T: Copy> Pending for Event<M, T> {
    #[inline]
    fn touches(&self, source: u32) -> u32 {
        match *self {
            Event::Arrival(Packet { to, .. })
            | Event::Within { to, .. }
            | Event::Through { to, .. }
            | Event::Addressed { to, .. } => to.0,
            _ => source,
        }
    }
}

/// The last instant at which something happens.
pub(super) const LAST: Time = Time::from_nanos(Time::NEVER.as_nanos() - 1);

/// A packet that waits at its sender, in the uplink's queue or for a handshake, with the addresses of the nodes that it names.
#[derive(Debug)]
pub(super) struct Queued<M> {
    pub packet: Packet<M>,
    pub named: Named,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_leaves_room_for_its_order_in_a_cache_line() {
        #[derive(Clone, Copy)]
        #[allow(dead_code)]
        enum Largest {
            Message { key: u64, a: u32, b: u32, c: u16, d: u16, e: u8 },
            Other,
        }
        assert_eq!(size_of::<Largest>(), 24, "what `Protocol::Message` promises");
        assert!(size_of::<Event<Largest, u128>>() <= 48, "{}", size_of::<Event<Largest, u128>>());
    }
}
