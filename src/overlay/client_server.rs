//! The baseline: one dedicated server that holds everything and serves everyone.
//!
//! Every client knows the server's address from the start, as from a configuration file, so a client has joined as soon
//! as it is up, and a walk is one request: the server answers a walk for a record from its store, and names itself as
//! responsible otherwise. Its link, request queue, service and failures are not played here: [`Server`] says what they
//! are, `network/` and `run/` model them. A put does not walk at all, since the server is responsible for every record.
//!
//! Cost: 72 bytes a client, and 48 for each request outstanding; 4 events a request.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Cause, Contact, Context, Envelope, Key, Kind, NodeId, OpId, Patience, Payload, Placement, Problem, Protocol,
    RecordId, Roster, Rpcs, Server, Version, View, Walk,
};
use crate::engine::{Duration, DurationLaw, Limit, Rate};

/// A server and its clients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Rate at which the server sends. Default 1 Gbit/s, a common port of a rented server.
    pub uplink: Rate,
    /// Rate at which the server receives. Default 1 Gbit/s.
    pub downlink: Rate,
    /// What each direction of the server's link may queue; more is dropped. Default 1 MiB, as for every access link.
    pub queue: Limit,
    /// Time to serve one request. Default constant 1 ms: 1,000 requests a second for each worker.
    pub service: DurationLaw,
    /// Requests served at once. Default 1: the single queue of the textbooks (M/M/1, M/D/1).
    pub workers: u32,
    /// Requests that may wait, those in service not counted; more are refused. Default 1,000: one second of work.
    pub waiting: u32,
    /// Mean time between failures, exponential. Default none: the server never fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtbf: Option<Duration>,
    /// Mean time to repair, exponential; given with `mtbf` or not at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mttr: Option<Duration>,
    /// Time after which a client gives a request up; it covers the wait in the server's queue, so it must be longer than a
    /// full queue takes. Default 5 s, as DNS stub resolvers wait for their server (resolv.conf).
    pub rpc_timeout: Duration,
    /// How often a request is sent again when that has passed; what was refused is not. Default 1, as stub resolvers do
    /// (resolv.conf's `attempts` of 2).
    pub retries: u8,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            uplink: Rate(1e9),
            downlink: Rate(1e9),
            queue: Limit(1 << 20),
            service: DurationLaw::Constant(Duration::from_millis(1)),
            workers: 1,
            waiting: 1000,
            mtbf: None,
            mttr: None,
            rpc_timeout: Duration::from_secs(5),
            retries: 1,
        }
    }
}

impl super::Config for Config {
    fn check(&self) -> Result<(), Problem> {
        let problem = |key, message: &str| Err(Problem { key, message: message.into() });
        let zero = Some(Duration::ZERO);
        if let Err(message) = self.service.law() {
            return Err(Problem { key: "service", message });
        }
        match (self.mtbf, self.mttr) {
            (Some(_), None) => {
                problem("mtbf", "says how often the server fails: give `mttr` too, how long it then takes")
            }
            (None, Some(_)) => problem("mttr", "says how long a repair takes: give `mtbf` too, how often it is needed"),
            (mtbf, _) if mtbf == zero => problem("mtbf", "must be longer than zero, as in \"30d\""),
            (_, mttr) if mttr == zero => problem("mttr", "must be longer than zero, as in \"1h\""),
            _ if self.workers == 0 => problem("workers", "must be at least 1: somebody has to serve the requests"),
            _ if self.rpc_timeout == Duration::ZERO => problem("rpc_timeout", "must be longer than zero, as in \"5s\""),
            _ => Ok(()),
        }
    }
}

/// What clients and server say to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// Who is responsible? With a record: what is its newest version?
    Request { record: Option<RecordId> },
    /// The server is.
    Serves,
    /// The record.
    Holds { version: Version, bytes: u32 },
}

impl Payload for Message {
    fn payload_bytes(&self) -> u32 {
        match *self {
            Message::Holds { bytes, .. } => bytes,
            Message::Request { .. } | Message::Serves => 0,
        }
    }
}

/// There are no timers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Timer {}

/// A client, or the server.
#[derive(Clone, Debug)]
pub struct ClientServer {
    server: NodeId,
    rpcs: Rpcs<Walk>,
}

/// What every client knows from the start: the server's address.
#[derive(Clone, Copy, Debug)]
pub struct Address(NodeId);

impl Protocol for ClientServer {
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Shared = Address;

    const PLACEMENT: Placement = Placement::Servers;

    /// The server is the last machine: servers come after the participants.
    fn shared(_config: &Config, machines: u32) -> Address {
        Address(NodeId(machines.checked_sub(1).expect("there is a server at least")))
    }

    fn servers(config: &Config) -> Vec<Server> {
        vec![Server {
            uplink: config.uplink.0,
            downlink: config.downlink.0,
            link_queue: config.queue.0,
            service: config.service.law().expect("the configuration was checked"),
            workers: config.workers,
            queue: config.waiting,
            failures: config.mtbf.zip(config.mttr),
        }]
    }

    fn longest_list(_config: &Config) -> usize {
        0
    }

    fn longest_period(_config: &Config) -> Duration {
        Duration::ZERO
    }

    /// Takes the server for itself until `start` tells it the address.
    fn patience(config: &Config) -> Patience {
        Patience { timeout: config.rpc_timeout, retries: config.retries }
    }

    fn new(_config: &Config, view: &View<'_>) -> Self {
        ClientServer { server: view.me, rpcs: Rpcs::default() }
    }

    fn start(&mut self, cx: &mut Context<'_, Self>, _contact: Option<NodeId>) {
        self.server = cx.shared.0;
        cx.joined();
    }

    fn start_converged(&mut self, cx: &mut Context<'_, Self>, _roster: &Roster) {
        self.server = cx.shared.0;
    }

    fn on_message(&mut self, cx: &mut Context<'_, Self>, from: &Envelope, message: Message) {
        if from.kind == Kind::Request {
            let Message::Request { record } = message else { unreachable!("{message:?} is an answer") };
            let held = record.and_then(|record| Some((cx.size(record), cx.holds(record)?)));
            let answer = held.map_or(Message::Serves, |(bytes, version)| Message::Holds { version, bytes });
            return cx.reply(from, answer);
        }
        let Some(pending) = self.rpcs.close(from) else { return };
        let server = Contact { node: from.from, hops: 1 };
        match message {
            Message::Holds { version, .. } => cx.found_record(pending.tag.op, server, version),
            Message::Serves => cx.found(&pending.tag, &[server]),
            Message::Request { .. } => unreachable!("a request is no answer"),
        }
    }

    fn on_timer(&mut self, _cx: &mut Context<'_, Self>, timer: Timer) {
        match timer {}
    }

    fn on_timeout(&mut self, cx: &mut Context<'_, Self>) -> u32 {
        let mut timed_out = 0;
        while let Some(pending) = self.rpcs.expired(cx.now) {
            timed_out += 1;
            cx.timed_out(Some(pending.tag.op));
            if pending.retries < cx.config.retries {
                self.request(cx, pending.tag, pending.retries + 1);
            } else {
                cx.give_up(pending.tag.op, Cause::Timeout);
            }
        }
        self.rpcs.rearm_in(cx);
        timed_out
    }

    fn on_refusal(&mut self, cx: &mut Context<'_, Self>, rpc: u16) {
        if let Some(pending) = self.rpcs.close_from_anyone(rpc) {
            cx.give_up(pending.tag.op, Cause::QueueFull);
        }
    }

    fn walk(&mut self, cx: &mut Context<'_, Self>, walk: Walk) {
        self.request(cx, walk, 0);
    }

    fn cancel(&mut self, op: OpId) {
        self.rpcs.retain(|pending| pending.tag.op != op);
    }

    fn leave(&mut self, _cx: &mut Context<'_, Self>) {}

    fn suspend(&mut self) {
        self.rpcs.clear();
    }

    fn nearest(&self, _shared: &Self::Shared, _view: &View<'_>, _key: Key, count: usize, out: &mut Vec<NodeId>) {
        out.extend(Some(self.server).filter(|_| count > 0));
    }

    fn contacts(&self, _shared: &Self::Shared, view: &View<'_>, out: &mut Vec<NodeId>) {
        out.extend(Some(self.server).filter(|&server| server != view.me));
    }

    fn heap_bytes(&self) -> usize {
        self.rpc_bytes()
    }

    fn rpc_bytes(&self) -> usize {
        self.rpcs.heap_bytes()
    }
}

impl ClientServer {
    fn request(&mut self, cx: &mut Context<'_, Self>, walk: Walk, retries: u8) {
        let (timeout, message) = (cx.config.rpc_timeout, Message::Request { record: walk.record });
        self.rpcs.call_again(cx, self.server, Some(walk.op), message, timeout, walk, retries);
    }
}

#[cfg(test)]
mod tests;
