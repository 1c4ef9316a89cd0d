//! Context of a handler, and the effects that it leaves.

use super::peerstores::{Named, Peerstores};
use super::settings::Connections;
use super::signal::Signal;
use crate::engine::{Noise, Slab, Time};
use crate::model::{Envelope, LinkEvent, NodeId};
use crate::network::nat::Mapping;
use crate::network::{Loss, NatClass, Nats};
use crate::overlay::Wire;

/// Packet as connectivity sees it: its two ends, its envelope, and the signal that it carries if it is one of connectivity's own.
pub trait Packet: Copy {
    /// Packet that carries a signal.
    fn from_signal(to: NodeId, envelope: Envelope, signal: Signal) -> Self;
    /// Receiver.
    fn to(&self) -> NodeId;
    /// Envelope, with the sender.
    fn envelope(&self) -> &Envelope;
    /// Same packet in another envelope.
    fn with_envelope(self, envelope: Envelope) -> Self;
    /// Signal that it carries; `None` for packets of overlays, stores and the bootstrap service.
    fn signal(&self) -> Option<Signal>;
}

/// Packet within others on its way through a relay.
#[derive(Debug)]
pub struct Enclosed<P> {
    /// Packet itself, with 0 bytes: those on the wire belong to the packets that carry it.
    pub packet: P,
    /// Addresses of the nodes that it names, as its sender knew them.
    pub named: Named,
    /// Bytes of each of the two packets that carry it.
    pub bytes: u32,
}

/// Request of a handler, applied by the caller in order after the handler has returned.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect<P> {
    /// Put a packet on the wire.
    Send(P),
    /// Lose a packet that never left.
    Drop { packet: P, loss: Loss },
    /// Count the enclosed packet in this slot as sent, and note the addresses of the nodes that it names.
    Enclose { slot: u32 },
    /// Lose the enclosed packet in this slot.
    Lose { slot: u32, loss: Loss },
    /// Deliver the enclosed packet in this slot to this node.
    Deliver { slot: u32 },
    /// Call `on_timer` at that time, unless the timer is set to an earlier one.
    Timer { at: Time },
    /// Tell the observer.
    Observe(LinkEvent),
    /// Announce this rendezvous, or none, in all packets from now on.
    Announce { rendezvous: Option<NodeId> },
    /// Tell the overlay that the node has found out whether it can be dialled.
    FoundOut,
    /// Call `go_on`: the rest of the handler, which draws random numbers or reads what the effects before this may change.
    Then(Task),
}

/// Rest of a handler that runs after the effects before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Task {
    /// Find out whether the node can be dialled, or find a rendezvous.
    Seek,
    /// Act on all that is due.
    Due,
    /// Set the timer to the next action.
    SetTimer,
}

/// State around a node that its handlers read, and the effects that they write.
pub struct Context<'a, P> {
    /// Virtual time.
    pub now: Time,
    /// Node whose handler is called.
    pub me: NodeId,
    /// Session of the node.
    pub epoch: u16,
    /// Settings of the system.
    pub settings: &'a Connections,
    /// Bytes of the parts of a message.
    pub wire: &'a Wire,
    /// Bytes beyond which a packet is a flow, which no relay forwards.
    pub largest: u32,
    /// Whether nodes have to find out whether they can be dialled.
    pub finds_out: bool,
    /// Dedicated servers do not probe.
    pub is_server: bool,
    /// NATs and firewalls; `None`: there are none.
    pub nats: Option<&'a Nats>,
    /// Addresses that machines know; `None`: every machine is found under its own.
    pub peerstores: Option<&'a Peerstores>,
    /// Random numbers of the node.
    pub noise: &'a mut Noise,
    /// Packets on their way through relays.
    pub enclosed: &'a mut Slab<Enclosed<P>>,
    /// Buffer for the peers of links on which something is due.
    pub due: &'a mut Vec<NodeId>,
    /// Effects so far.
    pub effects: &'a mut Vec<Effect<P>>,
}

impl<P: Packet> Context<'_, P> {
    pub(super) fn set_timer(&mut self, at: Time) {
        self.effects.push(Effect::Timer { at });
    }

    pub(super) fn observe(&mut self, event: LinkEvent) {
        self.effects.push(Effect::Observe(event));
    }

    pub(super) fn announce(&mut self, rendezvous: Option<NodeId>) {
        self.effects.push(Effect::Announce { rendezvous });
    }

    pub(super) fn then(&mut self, task: Task) {
        self.effects.push(Effect::Then(task));
    }

    /// Class of the NAT or firewall in front of this node.
    fn class(&self) -> NatClass {
        self.nats.map_or(NatClass::Open, |nats| nats.class(self.me.0))
    }

    /// Whether this node has no NAT and no firewall.
    pub(super) fn is_open(&self) -> bool {
        self.class() == NatClass::Open
    }

    /// Whether this node is behind a NAT, which it knows because peers tell under which address they see it.
    pub(super) fn is_mapped(&self) -> bool {
        self.class().mapping() != Mapping::None
    }

    /// Whether this node has sent something to a stranger lately, so that a packet from there proves nothing.
    pub(super) fn has_invited(&self, stranger: NodeId) -> bool {
        self.nats.is_none_or(|nats| nats.has_invited(self.now, self.me.0, nats.unmapped(stranger.0).address))
    }

    /// Rendezvous that a peer announces, as far as this node knows, unless it is one of the two.
    pub(super) fn rendezvous_of(&self, peer: NodeId) -> Option<NodeId> {
        self.announced_by(peer).filter(|rendezvous| ![self.me, peer].contains(rendezvous))
    }

    /// Rendezvous that a peer announces, as far as this node knows.
    pub(super) fn announced_by(&self, peer: NodeId) -> Option<NodeId> {
        self.peerstores?.rendezvous(self.me, peer)
    }
}
