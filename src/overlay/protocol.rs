//! The contract between a protocol and the simulator: the state machine of one node.
//!
//! A protocol is one file or folder: a `Config` (its TOML table), a `Message`, a `Timer`, and handlers that read like
//! the paper. A handler reads and writes the state of its own node only; all its knowledge of other nodes came in
//! messages. Handlers return nothing and cannot fail. Their effects (messages, timers, results) go into the
//! [`Context`].

use super::config::Config;
use super::context::{Context, View};
use super::lists::Lists;
use super::message::Payload;
use super::roster::Roster;
use super::rule::{Placement, Rule};
use crate::engine::{Duration, order};
use crate::model::{Envelope, Key, NodeId, OpId, RecordId};

/// State machine of one node.
///
/// Start with the methods without a default: [`new`](Protocol::new), [`start`](Protocol::start),
/// [`start_converged`](Protocol::start_converged), [`on_message`](Protocol::on_message),
/// [`on_timer`](Protocol::on_timer), [`walk`](Protocol::walk), [`contacts`](Protocol::contacts) and
/// [`heap_bytes`](Protocol::heap_bytes). The others have defaults for protocols that do not need them.
///
/// # Life of a node
///
/// `new` creates the node. A session begins with `start` or `start_converged`; then come messages, timers and
/// operations in the order of virtual time. A node that leaves gracefully gets `leave` before the end of its session;
/// every session ends with `suspend`. With `rejoin = "fresh"` the next session begins with `new`; with
/// `rejoin = "keep"` the node starts again with the state that `suspend` left.
///
/// # Determinism
///
/// A handler depends only on its arguments and its own state. Random choices come from `cx.noise`.
pub trait Protocol: Sized + Send + 'static {
    /// TOML table of the protocol.
    type Config: Config;
    /// Messages between nodes: `Copy`, at most 24 bytes with the tag; lists go into [`super::Lists`].
    type Message: Payload + Send + 'static;
    /// Purpose of a timer: at most 16 bytes.
    type Timer: Copy + std::fmt::Debug + Send + 'static;
    /// State shared by all nodes of a run, a compact representation of what each node knows; `()` for most protocols.
    type Shared: Shared<Self>;

    /// Rule that assigns records to nodes: the closest by a metric, every machine, or dedicated servers.
    const RULE: Rule<Self>;

    /// Kind of the rule. Follows from [`Protocol::RULE`].
    const PLACEMENT: Placement = Self::RULE.placement();

    /// Maximum number of nodes in a run. Default 2²⁸: as many as the order of events can tell apart.
    const MOST_NODES: u32 = order::SOURCES;

    /// Successor list of a node on a ring, next node first, empty if the node is alone. For observers only. Default
    /// `None`: the protocol has no ring.
    const SUCCESSORS: Option<fn(&Self) -> &[NodeId]> = None;

    /// Prefetch functions, for protocols whose tables do not stay in the processor's cache. Default: none.
    const PREFETCH: Prefetch<Self> = Prefetch::NONE;

    /// A node with empty tables.
    fn new(config: &Self::Config, view: &View<'_>) -> Self;

    /// Start of a session: join through `contact`, a node that has joined, or found the overlay if there is none.
    ///
    /// The join ends in `cx.joined()`, `cx.joined_as_client()` or `cx.join_failed()`. After a failure `start` is called
    /// again with another contact.
    fn start(&mut self, cx: &mut Context<'_, Self>, contact: Option<NodeId>);

    /// Start of a session at time zero with tables as the protocol would have built them from `roster`, the true
    /// membership.
    ///
    /// The roster holds this node too, unless the node is a client. `cx.joined()` is implied. Periodic timers start at
    /// random phases. O(log N).
    fn start_converged(&mut self, cx: &mut Context<'_, Self>, roster: &Roster);

    /// A message arrived.
    ///
    /// A reply belongs to this session. Requests and notices may come from any node. As far as a message can tell, the
    /// sender `from.from` is online: routing tables learn from it.
    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: &Envelope, message: Self::Message);

    /// A timer that was set in this session fired.
    fn on_timer(&mut self, cx: &mut Context<'_, Self>, timer: Self::Timer);

    /// The timeout timer fired: see [`super::Rpcs::expired`]. Returns the number of requests that timed out.
    ///
    /// The timer may fire early; the call is then a no-op and returns 0, and is not counted as an event. The default
    /// suits protocols without requests.
    fn on_timeout(&mut self, _cx: &mut Context<'_, Self>) -> u32 {
        0
    }

    /// News from the simulator about the node's surroundings. Default: ignored, so a refused request times out.
    fn on_notice(&mut self, _cx: &mut Context<'_, Self>, _notice: Notice<'_>) {}

    /// Start of a lookup: find the nodes responsible for `walk.target`, or a holder of `walk.record`. The node has
    /// joined.
    ///
    /// The lookup ends in `cx.found`, `cx.found_record` or `cx.give_up`, at once or later.
    ///
    /// With `walk.record`, every node on the path first searches its own store (`cx.holds`) and answers from it; the
    /// first holder ends the lookup. The initiator's own store has already been searched.
    fn walk(&mut self, cx: &mut Context<'_, Self>, walk: Walk);

    /// End of an operation by its deadline: drop its lookup, if there is one. The default suits protocols whose lookups
    /// end at once.
    fn cancel(&mut self, _op: OpId) {}

    /// Graceful departure: tell the nodes that should know, and end with `cx.left()`. Default: nothing, for protocols
    /// without such a message.
    ///
    /// The node stays up for the rest of its notice period and answers requests, but should no longer appear in routing
    /// tables.
    fn leave(&mut self, _cx: &mut Context<'_, Self>) {}

    /// End of a session: drop what belongs to it (outstanding requests, lookups). The rest is what a node with
    /// `rejoin = "keep"` remembers when it returns. The default suits protocols without such state.
    fn suspend(&mut self) {}

    /// The up to `count` known nodes closest to `key`, this node included, closest first, by the metric of the
    /// placement. Storage takes them for the responsible nodes. Appends to `out`.
    ///
    /// The default sorts all contacts. Where servers keep all records it returns no node.
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
