//! The contract between a protocol and the simulator: the state machine of one node.
//!
//! A protocol is one file: a `Config` (its TOML table), a `Message`, a `Timer`, and handlers that read like its paper.
//! Handlers return nothing and cannot fail; what they want done they write into the [`Context`]. A handler touches
//! the state of its own node only, and everything it knows of others came in a message.

use super::config::Config;
use super::context::{Context, View};
use super::lists::Lists;
use super::message::Payload;
use super::roster::Roster;
use super::rule::{Placement, Rule};
use crate::engine::{Duration, order};
use crate::model::{Envelope, Key, NodeId, OpId, RecordId};

/// The state machine of one node.
///
/// # Life of a node
///
/// `new`, then `start` or `start_converged` when its session begins, then messages, timers and operations in the order
/// of virtual time, then, if it leaves gracefully, `leave`, and at the end of the session `suspend`. With
/// `rejoin = "fresh"` the next session begins with `new` again, with `"keep"` with what `suspend` left.
///
/// # Determinism
///
/// A handler may depend only on its arguments and its own state; random choices come from `cx.noise`.
pub trait Protocol: Sized + Send + 'static {
    /// The protocol's TOML table.
    type Config: Config;
    /// What nodes say to each other: `Copy`, at most 24 bytes with its tag; lists go into [`super::Lists`].
    type Message: Payload + Send + 'static;
    /// What a timer is for: at most 16 bytes.
    type Timer: Copy + std::fmt::Debug + Send + 'static;
    /// A representation shared by all nodes of a run; `()` for most.
    type Shared: Shared<Self>;

    /// The nodes that keep a record, by the protocol's rule.
    const RULE: Rule<Self>;

    /// The kind of the rule. Follows from [`Protocol::RULE`].
    const PLACEMENT: Placement = Self::RULE.placement();

    /// Nodes that a run may have at most. By default as many as can be told apart in the order of events: 2²⁸.
    const MOST_NODES: u32 = order::SOURCES;

    /// The successor list of a node of a ring, the next node first, empty if it is alone: for observers. `None`, the default,
    /// for protocols without a ring.
    const SUCCESSORS: Option<fn(&Self) -> &[NodeId]> = None;

    /// Prefetching, for protocols with tables that do not stay in the cache. None by default.
    const PREFETCH: Prefetch<Self> = Prefetch::NONE;

    /// A node that knows nothing yet.
    fn new(config: &Self::Config, view: &View<'_>) -> Self;

    /// The session begins: join through `contact`, a node that has joined; found the overlay alone if there is none.
    /// Ends in `cx.joined()`, `cx.joined_as_client()` or `cx.join_failed()`, after which `start` is called again with another contact.
    fn start(&mut self, cx: &mut Context<'_, Self>, contact: Option<NodeId>);

    /// The session begins at time zero with tables as the protocol would have built them from `roster`, which holds this
    /// node too, unless it asks only. O(log N). Periodic timers start at random phases. `cx.joined()` is implied.
    fn start_converged(&mut self, cx: &mut Context<'_, Self>, roster: &Roster);

    /// A message arrived. Replies belong to this session; requests and notices may come from anyone. `from.from` is
    /// online as far as a message can tell: tables learn from it.
    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: &Envelope, message: Self::Message);

    /// A timer set in this session fired.
    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Self::Timer);

    /// The time-out timer fired: see [`super::Rpcs::expired`]. May be early, and is then a no-op. Gives the number of
    /// requests that did time out (zero: a late time-out, which is not counted as an event). The default suits protocols
    /// that make no requests.
    fn on_timeout(&mut self, _cx: &mut Context<'_, Self>) -> u32 {
        0
    }

    /// News of the node's surroundings. Ignored by default: a refused request times out.
    fn on_notice(&mut self, _cx: &mut Context<'_, Self>, _notice: Notice<'_>) {}

    /// Walks towards a key on behalf of an operation; the node has joined. Ends in `cx.found`, `cx.found_record` or
    /// `cx.give_up`, at once or later.
    ///
    /// With `walk.record`, every node asked looks in its own store first (`cx.holds`) and answers from it; the first
    /// holder met ends the walk. The initiator's own store was looked at already.
    fn walk(&mut self, cx: &mut Context<'_, Self>, walk: Walk);

    /// The operation ended elsewhere (its deadline passed): its walk, if there is one, is dropped. The default suits
    /// protocols whose walks end at once.
    fn cancel(&mut self, _op: OpId) {}

    /// The node leaves with notice: tell those who should know, and end with `cx.left()`; do nothing, as by default, if the
    /// protocol has no word for it. It stays up for the rest of its notice: it answers, but should keep itself in no table.
    fn leave(&mut self, _cx: &mut Context<'_, Self>) {}

    /// The session ended: forget what belongs to it (outstanding requests, walks). What is left is what a returning node
    /// remembers with `rejoin = "keep"`. The default suits protocols that have nothing to forget.
    fn suspend(&mut self) {}

    /// The up to `count` nodes nearest to `key` that this node knows, itself included, nearest first, by the metric of
    /// its placement. What storage takes for the responsible nodes. Appends to `out`. The default sorts all contacts; where
    /// servers keep all records it names nobody.
    fn nearest(&self, shared: &Self::Shared, view: &View<'_>, key: Key, count: usize, out: &mut Vec<NodeId>) {
        let Some(metric) = Self::PLACEMENT.metric() else { return };
        let from = out.len();
        self.contacts(shared, view, out);
        out.push(view.me);
        out[from..].sort_unstable_by_key(|node| metric.distance(key, view.key(*node)));
        out.truncate(from + count);
    }

    /// Every node in the routing tables, each once, without the node itself. Appends to `out`. For observers.
    fn contacts(&self, shared: &Self::Shared, view: &View<'_>, out: &mut Vec<NodeId>);

    /// Bytes allocated beside `size_of::<Self>()`.
    fn heap_bytes(&self) -> HeapBytes;
}

/// Bytes that a node has allocated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HeapBytes {
    /// Bytes of routing tables.
    pub tables: usize,
    /// Bytes of requests and lookups under way.
    pub rpc: usize,
}

/// News of a node's surroundings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice<'a> {
    /// A server's full queue refused the request with this number.
    Refused { rpc: u16 },
    /// The node has found out whether strangers can dial it (`cx.reachable`).
    Reachability,
    /// The bootstrap service has named these members, as [`Context::ask_members`] wanted.
    Members(&'a [NodeId]),
}

/// A representation shared by all nodes of a run. `()` for protocols whose nodes share nothing.
pub trait Shared<P: Protocol>: Send + 'static {
    /// The representation for nodes `0 .. nodes`.
    fn new(config: &P::Config, nodes: u32) -> Self;

    /// Told once, before anybody starts, how far all machines are apart: for what clients are told of servers (by a name
    /// service, by anycast), not for tables, which learn from messages. Ignored by default.
    fn survey(&mut self, _delay: &dyn Fn(NodeId, NodeId) -> Duration) {}

    /// The nodes that a message from `from` names: what they cost on the wire and whose addresses the receiver learns
    /// follow from it. By default those that the message itself names ([`Payload::named`]); more only where a message stands
    /// for entries of the shared representation. Read when the message is made, and when it leaves.
    fn named(&self, _from: NodeId, message: &P::Message, lists: &Lists) -> impl Iterator<Item = NodeId> {
        message.named(lists)
    }
}

impl<P: Protocol> Shared<P> for () {
    fn new(_config: &P::Config, _nodes: u32) {}
}

/// Prefetching of what handlers will read: called a few events before them.
pub trait Prefetches: Protocol {
    /// First prefetch: what all handlers read beside the value itself.
    fn prefetch(&self);

    /// Second prefetch, when the first is there, an event or two before the handler: what only the handler of this message
    /// reads, and what is reached through the first alone.
    fn prefetch_for(&self, _view: &View<'_>, _from: &Envelope, _message: &Self::Message) {}
}

/// The functions of [`Prefetches`], as [`Protocol::PREFETCH`] holds them.
pub struct Prefetch<P: Protocol> {
    pub first: fn(&P),
    pub second: fn(&P, &View<'_>, &Envelope, &P::Message),
}

impl<P: Protocol> Prefetch<P> {
    /// Nothing is prefetched.
    pub const NONE: Prefetch<P> = Prefetch { first: |_| {}, second: |_, _, _, _| {} };
}

impl<P: Prefetches> Prefetch<P> {
    /// The functions of a protocol.
    pub const fn of() -> Prefetch<P> {
        Prefetch { first: P::prefetch, second: P::prefetch_for }
    }
}

/// A walk towards a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Walk {
    pub op: OpId,
    pub target: Key,
    /// Wanted is this record, and any holder may answer; otherwise the nodes responsible for the target.
    pub record: Option<RecordId>,
    /// How many responsible nodes to name (1 for a lookup, the number of copies for get and put).
    pub count: u8,
}

/// A node and its depth in the referral tree: the initiator has 0, its own contacts 1, a node has 1 + the depth of the
/// node whose reply first named it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact {
    pub node: NodeId,
    pub hops: u8,
}
