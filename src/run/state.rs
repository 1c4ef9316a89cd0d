//! Parts of the state of a run.

use super::event::{Packet, Queued};
use super::failures::Service;
use super::handshakes::Handshakes;

use super::stations::Stations;
use super::transfers::Transfers;
use crate::engine::{Slab, Streams};
use crate::model::{Hosts, NodeId};
use crate::overlay::{Effects, Lists, Protocol};
use crate::scenario::plan::{Plan, System};
use crate::storage;

/// What is fixed in a run.
pub(super) struct Fixed<'p, P: Protocol> {
    pub plan: &'p Plan,
    pub system: &'p System,
    pub config: &'p P::Config,
    pub streams: Streams,
    /// The map of nodes to machines. State of a run is by node, unless it says that it is by machine.
    pub hosts: Hosts,
}

/// Packets that wait for something other than time on the wire.
pub(super) struct InFlight<M> {
    /// Packets in the queue of a busy uplink.
    pub uplinks: Slab<Queued<M>>,
    /// Packets in the queue of a busy downlink.
    pub downlinks: Slab<Packet<M>>,
    /// Packets from one node of a machine to another.
    pub within: Slab<Packet<M>>,
    /// Packets that wait for a handshake; `None`: first messages cost no more than others.
    pub handshakes: Option<Box<Handshakes<M>>>,
    /// Values too large for a packet.
    pub transfers: Transfers<M>,
}

/// Machines that serve requests one after another.
pub(super) struct Servers<M> {
    /// Dedicated servers, with their failures.
    pub services: Vec<Service>,
    /// Requests that wait for service, at servers and at participants.
    pub stations: Stations<M>,
}

/// Participants that are there.
#[derive(Default)]
pub(super) struct Membership {
    /// The joined nodes of participants, in no particular but a deterministic order, to draw a contact from.
    pub joined: Vec<NodeId>,
    /// By machine: the online participants, likewise, to draw a lookup's target from: equal in every system.
    pub online: Vec<NodeId>,
    /// The place of each participant among those online.
    pub online_place: Vec<u32>,
    /// Nodes that are joining.
    pub joining: u32,
}

/// Faults in force.
pub(super) struct Faults {
    /// The partitions in force, by their position in the file: the group of each machine.
    pub cuts: Vec<(u32, Vec<u8>)>,
    /// Machines that crashed in each event of the file and are to come back.
    pub crashed: Vec<Vec<NodeId>>,
}

/// The effect buffers of handlers that called others, for use again. Boxed, so that taking one moves a pointer: copying a
/// value that was just written field by field waits until all those writes have reached the cache.
#[expect(clippy::vec_box, reason = "see above")]
pub(super) struct Buffers<M, T> {
    pub overlay: Vec<Box<Effects<M, T>>>,
    pub storage: Vec<Box<storage::Effects>>,
    pub changes: Vec<Vec<NodeId>>,
    /// The pool of the lists in packets.
    pub lists: Lists,
}

impl<M, T> Buffers<M, T> {
    /// Empty buffers, and a pool for lists of at most `longest` entries.
    pub(super) fn new(longest: usize) -> Self {
        Buffers { overlay: Vec::new(), storage: Vec::new(), changes: Vec::new(), lists: Lists::new(longest) }
    }
}

/// Counts of the loop itself.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counts {
    pub events: u64,
    pub late_timeouts: u64,
    /// Requests of operations' walks that were not answered in time.
    pub operation_timeouts: u32,
    /// The balance of packets: sent = delivered + lost + in flight.
    pub sent: u64,
    pub delivered: u64,
    pub lost: u64,
}
