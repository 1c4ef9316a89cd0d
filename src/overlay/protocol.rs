//! The contract between a protocol and the simulator: the state machine of one node.
//!
//! A protocol is one file: a `Config` (its TOML table), a `Message`, a `Timer`, and handlers that read like its paper.
//! Handlers return nothing and cannot fail; what they want done they write into the [`Context`]. A handler touches
//! the state of its own node only, and everything it knows of others came in a message.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use super::backoff::Backoff;
use super::context::{Context, View};
use super::lists::Lists;
use super::message::Payload;
use super::roster::Roster;
use crate::engine::{Duration, Law, Noise, Time, order};
use crate::model::{Envelope, Key, Metric, NodeId, OpId, RecordId, Version};

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
    type Shared: Send + 'static;

    /// Who keeps a record, by the protocol's rule.
    const PLACEMENT: Placement;

    /// Whether overlays that a partition or a crash has taken apart become one again, by what the protocol itself does (and not only
    /// where somebody who joins later happens to bring both together). A scenario with either warns of one that does not. True by
    /// default.
    fn remerges(_config: &Self::Config) -> bool {
        true
    }

    /// What does not work for nodes behind NATs and firewalls that let in only answers to what they have sent, as long as
    /// they have no connections: `check` warns of it, and names the key. By default nothing beyond what every overlay loses
    /// there, which is that strangers cannot ask them.
    fn filtered(_config: &Self::Config) -> Option<Problem> {
        None
    }

    /// Nodes that it has room for in a run. By default as many as can be told apart in the order of events: 2²⁸.
    const MOST_NODES: u32 = order::SOURCES;

    /// The representation shared by all nodes of a run, `0 .. nodes`.
    fn shared(config: &Self::Config, nodes: u32) -> Self::Shared;

    /// Told once, before anybody starts, how far all machines are apart: for what clients are told of servers (by a name
    /// service, by anycast), not for tables, which learn from messages. Nothing by default.
    fn survey(_shared: &mut Self::Shared, _delay: &dyn Fn(NodeId, NodeId) -> Duration) {}

    /// The dedicated servers that the protocol brings; none for peers. They are the machines after the participants.
    fn servers(_config: &Self::Config) -> Vec<Server> {
        Vec::new()
    }

    /// Virtual nodes: with how many nodes, each with a key and a state of its own, every participant takes part. 1 by
    /// default; more only where there are no dedicated servers. A protocol whose table has a key for it calls that
    /// `virtual_nodes`, so that an error can point at it.
    fn nodes_per_machine(_config: &Self::Config) -> u32 {
        1
    }

    /// Entries of the longest list in a message of this protocol (at most 255); none by default.
    fn longest_list(_config: &Self::Config) -> usize {
        0
    }

    /// The longest period of the protocol's maintenance: `check` compares the warm-up with it. Zero, the default, if it is
    /// nothing to wait for.
    fn longest_period(_config: &Self::Config) -> Duration {
        Duration::ZERO
    }

    /// How long a request waits for its reply, and how often it is sent again. Storage, which stands beside the overlay,
    /// is as patient as the overlay itself, at its most patient. By default 1.5 s and never (OverSim).
    fn patience(_config: &Self::Config) -> Patience {
        Patience { timeout: Duration::from_millis(1500), retries: 0, backoff: None }
    }

    /// The nodes that a message from `from` names: what they cost on the wire and whose addresses the receiver learns
    /// follow from it. By default those that the message itself names ([`Payload::named`]); more only where a message stands
    /// for entries of the shared representation. Read when the message is made, and when it leaves.
    fn named(
        _shared: &Self::Shared,
        _from: NodeId,
        message: &Self::Message,
        lists: &Lists,
    ) -> impl Iterator<Item = NodeId> {
        message.named(lists)
    }

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

    /// The node has found out whether strangers can dial it (`cx.reachable`).
    fn on_reachability(&mut self, _cx: &mut Context<'_, Self>) {}

    /// Whether only nodes that strangers can dial are part of the overlay, the others joined as clients. Not by default.
    fn wants_dialable(_config: &Self::Config) -> bool {
        false
    }

    /// A server's full queue refused the request with this number. The default lets it time out.
    fn on_refusal(&mut self, _cx: &mut Context<'_, Self>, _rpc: u16) {}

    /// A value too large for a packet moves for the request that was sent to `to` under this number: it does not time
    /// out until [`Protocol::release`]. False, the default, if it is not outstanding at `by` any more. Only a protocol
    /// that spreads records itself sends such values.
    fn hold(&mut self, _rpc: u16, _to: NodeId, _by: Time) -> bool {
        false
    }

    /// The value has moved, or its way broke off: from `from` on the request has the usual time for its reply.
    fn release(&mut self, _cx: &mut Context<'_, Self>, _rpc: u16, _from: Time) {}

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
    /// its placement. What storage takes for the responsible nodes. Appends to `out`. The default sorts all contacts.
    fn nearest(&self, shared: &Self::Shared, view: &View<'_>, key: Key, count: usize, out: &mut Vec<NodeId>) {
        let (Placement::Closest(metric) | Placement::Everyone(metric)) = Self::PLACEMENT else {
            unreachable!("only a protocol without servers ranks its nodes by their keys");
        };
        let from = out.len();
        self.contacts(shared, view, out);
        out.push(view.me);
        out[from..].sort_unstable_by_key(|node| metric.distance(key, view.key(*node)));
        out.truncate(from + count);
    }

    /// Every node in the routing tables, each once, without the node itself. Appends to `out`. For observers.
    fn contacts(&self, shared: &Self::Shared, view: &View<'_>, out: &mut Vec<NodeId>);

    /// [`Placement::Servers`] only: the server that a client sends a request for `key` to, as it knows without asking;
    /// `instead_of` one that did not answer it.
    fn server(
        _shared: &Self::Shared,
        _client: NodeId,
        _key: Key,
        _instead_of: Option<NodeId>,
        _noise: &mut Noise,
    ) -> NodeId {
        unreachable!("only a protocol with servers sends requests to them");
    }

    /// [`Placement::Everyone`] only: spreads a new version of a record. The node stores it itself at once
    /// (`Effect::Stored`), so does everyone whom it reaches, and the writer ends it with `Effect::Spread`.
    fn spread(&mut self, _cx: &mut Context<'_, Self>, _op: OpId, _record: RecordId, _version: Version) {
        unreachable!("only a protocol that places records on everyone spreads them itself");
    }

    /// [`Placement::Everyone`] only: the version of `record` in this node's own table.
    fn version_of(&self, _shared: &Self::Shared, _me: NodeId, _record: RecordId) -> Option<Version> {
        None
    }

    /// The bootstrap service has named these, as [`Context::ask_members`] wanted.
    fn on_members(&mut self, _cx: &mut Context<'_, Self>, _members: &[NodeId]) {}

    /// The nodes that it takes to follow it on the ring, the next first; empty if it is alone. `None`, the default, for
    /// protocols without a ring.
    fn successors(&self) -> Option<&[NodeId]> {
        None
    }

    /// How many of the nodes nearest to its own key a node is to know; 0, the default, if none in particular.
    fn neighbourhood(_config: &Self::Config) -> usize {
        0
    }

    /// [`prefetch`](crate::engine::prefetch())es what all handlers will read beside the value itself: called a few events
    /// before them.
    fn prefetch(&self) {}

    /// Second prefetch: what only the handler of this message will read, and what is reached through the first alone:
    /// called when that is there, an event or two before the handler.
    fn prefetch_for(&self, _view: &View<'_>, _from: &Envelope, _message: &Self::Message) {}

    /// Bytes allocated for tables and for RPC bookkeeping, beside `size_of::<Self>()`.
    fn heap_bytes(&self) -> usize;

    /// Those of them that are not tables: RPC bookkeeping and walks under way. Default 0, for protocols that do not tell
    /// them apart.
    fn rpc_bytes(&self) -> usize {
        0
    }
}

/// A protocol's TOML table, with a documented default for every key.
pub trait Config: DeserializeOwned + JsonSchema + Default + Clone + std::fmt::Debug + Send + Sync + 'static {
    /// What is wrong with the values, beyond their types. Names the key, so that the error can point at it.
    fn check(&self) -> Result<(), Problem>;

    /// What can be run and hardly works, for a warning. By default nothing.
    fn doubt(&self) -> Option<Problem> {
        None
    }

    /// Told before a run how many copies of a record storage is to keep. By default nothing depends on it.
    fn for_copies(&mut self, _replicas: u32) {}

    /// Settings that a table may name as its `preset`; keys beside it override. None by default.
    fn presets() -> &'static [Preset] {
        &[]
    }

    /// The most copies of a record whose holders a node can tell by its own lists, and the key that bounds them; `None`, the
    /// default: any number.
    fn most_copies(&self) -> Option<(&'static str, u32)> {
        None
    }
}

/// Settings under one name: those of a paper, or of what is deployed.
#[derive(Clone, Copy, Debug)]
pub struct Preset {
    pub name: &'static str,
    /// What it sets, as TOML.
    pub keys: &'static str,
    /// Where it is from, and what it cannot set.
    pub source: &'static str,
}

/// How long to wait for a reply.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Patience {
    pub timeout: Duration,
    /// How often a request is sent again when its time-out has passed.
    pub retries: u8,
    /// The pause before that; what a server refused is then sent again too. `None`: at once, and what was refused is not.
    pub backoff: Option<Backoff>,
}

/// A value that cannot be: which key (dotted, below the protocol's table), and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub key: &'static str,
    pub message: String,
}

impl Problem {
    /// `Ok` if `right` holds, else what is wrong with the value of `key`.
    ///
    /// # Errors
    ///
    /// The problem, if `right` does not hold.
    pub fn unless(right: bool, key: &'static str, message: &str) -> Result<(), Problem> {
        if right { Ok(()) } else { Err(Problem { key, message: message.into() }) }
    }
}

/// Who keeps a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placement {
    /// The r joined nodes nearest to its key.
    Closest(Metric),
    /// Every machine; lookups name the nearest by this metric.
    Everyone(Metric),
    /// The dedicated servers, by their own rule ([`Protocol::nearest`]), whatever the number of copies asked for. A put
    /// goes to one of them ([`Protocol::server`]), which passes it on to the others that hold the record.
    Servers,
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

/// A dedicated server: its link, its service and its failures.
#[derive(Clone, Debug, PartialEq)]
pub struct Server {
    /// Bits per second; infinite for no queueing.
    pub uplink: f64,
    pub downlink: f64,
    /// Bytes each direction of the link may queue; `u64::MAX` without limit.
    pub link_queue: u64,
    /// Time to serve one request, in seconds.
    pub service: Law,
    /// Requests served at once.
    pub workers: u32,
    /// Requests waiting at most, those in service not counted; `u32::MAX` without limit.
    pub queue: u32,
    /// Mean time between failures and to repair, both exponential; `None`: never fails.
    pub failures: Option<(Duration, Duration)>,
    /// The probability that a failure takes the disk along, with all that is on it; 0 where it is mirrored and backed up.
    pub data_loss: f64,
    /// The time until a standby takes a failed server's place, under its address and with its disk; `None`: there is none.
    pub failover: Option<Duration>,
    /// The name of the region that it stands in, as the protocol's table has it in a list `regions`; `None`: where the
    /// network puts servers.
    pub region: Option<String>,
}
