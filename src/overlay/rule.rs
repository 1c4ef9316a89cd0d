//! The nodes that keep a record, by a protocol's rule.

use super::context::Context;
use super::protocol::Protocol;
use crate::engine::{Noise, Time};
use crate::model::{Key, Metric, NodeId, OpId, RecordId, Version};

/// The nodes that keep a record, and what a protocol does for it beside routing.
pub enum Rule<P: Protocol> {
    /// The r joined nodes nearest to its key.
    Closest(Metric),
    /// Every machine; lookups name the nearest by this metric. The protocol spreads new versions itself.
    Everyone(Metric, Spreading<P>),
    /// The dedicated servers, by their own rule ([`Protocol::nearest`]), whatever the number of copies asked for. A put
    /// goes to one of them, which passes it on to the others that hold the record.
    Servers(Choose<P>),
}

/// The server that a client sends a request for a key to, as it knows without asking; instead of one that did not answer it.
pub type Choose<P> = fn(&<P as Protocol>::Shared, NodeId, Key, Option<NodeId>, &mut Noise) -> NodeId;

impl<P: Protocol> Rule<P> {
    /// The kind of the rule.
    pub const fn placement(&self) -> Placement {
        match self {
            Rule::Closest(metric) => Placement::Closest(*metric),
            Rule::Everyone(metric, _) => Placement::Everyone(*metric),
            Rule::Servers(_) => Placement::Servers,
        }
    }
}

/// How a protocol spreads new versions of records to every machine.
pub trait Spreads: Protocol {
    /// Spreads a new version of a record. The node stores it itself at once (`Effect::Stored`), so does everyone whom it
    /// reaches, and the writer ends it with `Effect::Spread`.
    fn spread(&mut self, cx: &mut Context<'_, Self>, op: OpId, record: RecordId, version: Version);

    /// The version of a record in this node's own table.
    fn version_of(&self, shared: &Self::Shared, me: NodeId, record: RecordId) -> Option<Version>;

    /// A value too large for a packet moves for the request that was sent to `to` under this number: it does not time
    /// out until [`Spreads::release`]. False if it is not outstanding at `by` any more.
    fn hold(&mut self, rpc: u16, to: NodeId, by: Time) -> bool;

    /// The value has moved, or its way broke off: from `from` on the request has the usual time for its reply.
    fn release(&mut self, cx: &mut Context<'_, Self>, rpc: u16, from: Time);
}

/// The functions of [`Spreads`], as [`Rule::Everyone`] holds them.
pub struct Spreading<P: Protocol> {
    pub spread: fn(&mut P, &mut Context<'_, P>, OpId, RecordId, Version),
    pub version_of: fn(&P, &P::Shared, NodeId, RecordId) -> Option<Version>,
    pub hold: fn(&mut P, u16, NodeId, Time) -> bool,
    pub release: fn(&mut P, &mut Context<'_, P>, u16, Time),
}

impl<P: Spreads> Spreading<P> {
    /// The functions of a protocol.
    pub const fn of() -> Spreading<P> {
        Spreading { spread: P::spread, version_of: P::version_of, hold: P::hold, release: P::release }
    }
}

/// The kind of nodes that keep a record.
#[derive(Clone, Copy, Debug)]
pub enum Placement {
    /// The r joined nodes nearest to its key.
    Closest(Metric),
    /// Every machine; lookups name the nearest by this metric.
    Everyone(Metric),
    /// The dedicated servers.
    Servers,
}

impl Placement {
    /// The metric of nodes that are ranked by their keys; `None` of servers.
    pub const fn metric(self) -> Option<Metric> {
        match self {
            Placement::Closest(metric) | Placement::Everyone(metric) => Some(metric),
            Placement::Servers => None,
        }
    }

    /// Whether dedicated servers keep records.
    pub const fn is_servers(self) -> bool {
        matches!(self, Placement::Servers)
    }
}
