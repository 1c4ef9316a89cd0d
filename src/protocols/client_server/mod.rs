//! The baseline: one dedicated server, or a few alike, that hold everything and serve everyone.
//!
//! Every client knows the servers' addresses from the start, as from a configuration file, so a client has joined as soon
//! as it is up, and a walk is one request: the server answers a walk for a record from its store, and names itself as
//! responsible otherwise. Which server that is, [`Balance`] says; a put does not walk at all, since every client knows it.
//! Links, request queues, service and failures are not played here: [`Server`] says what they are, `network/` and `run/`
//! model them, each server with its own.
//!
//! Cost: 72 bytes a client, and 56 for each request outstanding; 4 events a request.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

mod servers;

pub use servers::{Balance, Servers};

use crate::engine::{Duration, DurationLaw, Limit, Noise, Rate};
use crate::model::{Cause, Envelope, Key, Kind, NodeId, OpId, RecordId, Version};
use crate::overlay::{
    Backoff, Contact, Context, HeapBytes, Notice, Patience, Payload, Problem, Protocol, Roster, Rpcs, Rule, Server,
    Shared, View, Walk,
};

/// Client-server: one or more dedicated servers and their clients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Number of identical servers, 1 to 255. Default 1, the baseline.
    pub servers: u8,
    /// Regions of the servers: one for each server, or one for all. Default: the region of servers in `[network]`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regions: Vec<String>,
    /// Load balancing among the servers. Default consistent-hashing: a cluster that shards its records.
    pub balance: Balance,
    /// Uplink rate of a server. Default 1 Gbit/s, a common port of a rented server.
    pub uplink: Rate,
    /// Downlink rate of a server. Default 1 Gbit/s.
    pub downlink: Rate,
    /// Queue capacity of each direction of a server's link in bytes; packets beyond it are dropped. Default 1 MiB, as
    /// for every access link.
    pub queue: Limit,
    /// Service time of one request. Default constant 1 ms: 1,000 requests a second for each worker.
    pub service: DurationLaw,
    /// Number of workers, that is, of requests served at once. Default 1: the single-server queue (M/M/1, M/D/1).
    pub workers: u32,
    /// Capacity of the queue, requests in service not counted; further ones are refused. Default 1,000: one second of
    /// work.
    pub waiting: u32,
    /// Mean time between failures of each server, exponential and independent: it is down for mttr ÷ (mtbf + mttr) of
    /// the time, at the start too. Default none: servers never fail. For 97 popular web sites, measured availability
    /// was .993 on average, and 70 % of failures took less than 15 min (Kalyanakrishnan, Iyer and Patel, Computer
    /// Networks 1999): "29.5h" and an mttr of "12.5min" give this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mtbf: Option<Duration>,
    /// Mean time to repair, exponential; required with `mtbf`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mttr: Option<Duration>,
    /// Effect of a failure on the disk. Default none: the disk is mirrored and backed up.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk: Option<Disk>,
    /// Failover time: time until a standby replaces a failed server; the repaired machine is then the standby. It has
    /// the same address and disk (a virtual address, a mirrored disk) and does not fail while on standby. Default none:
    /// no standby.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failover: Option<Duration>,
    /// Timeout of a request at the client. It includes the wait in the server's queue, so it must exceed the time to
    /// serve a full queue. Default 5 s, as in DNS stub resolvers (resolv.conf).
    pub rpc_timeout: Duration,
    /// Retries of a request after a timeout; a refused request is retried only with `backoff`. Default 1, as in stub
    /// resolvers (resolv.conf's `attempts` of 2).
    pub retries: u8,
    /// Backoff before a retry, after a refusal too. Default none: retries are sent at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backoff: Option<Backoff>,
}

/// Queue length from which on a queue is taken to be unlimited.
const NO_LIMIT: u32 = 1_000_000;

/// Disk of a server.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Disk {
    /// Probability, 0 to 1, that a failure of the server erases its disk. Lost records are available again after a new
    /// put.
    pub data_loss: f64,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            servers: 1,
            regions: Vec::new(),
            balance: Balance::ConsistentHashing,
            uplink: Rate(1e9),
            downlink: Rate(1e9),
            queue: Limit(1 << 20),
            service: DurationLaw::Constant(Duration::from_millis(1)),
            workers: 1,
            waiting: 1000,
            mtbf: None,
            mttr: None,
            disk: None,
            failover: None,
            rpc_timeout: Duration::from_secs(5),
            retries: 1,
            backoff: None,
        }
    }
}

impl crate::overlay::Config for Config {
    /// A time-out that is over before those served have their turn.
    fn doubt(&self) -> Option<Problem> {
        let served = self.service.law().ok()?.mean();
        let full = served * (1.0 + f64::from(self.waiting) / f64::from(self.workers.max(1)));
        let (timeout, [served, full]) = (self.rpc_timeout, [served, full].map(Duration::from_secs_f64));
        let message = match (timeout < served, timeout < full) {
            (true, _) => format!("clients wait {timeout}, and to serve one request takes {served}"),
            (_, true) if self.waiting < NO_LIMIT => {
                format!("clients wait {timeout}, and a full queue of {} requests takes {full}", self.waiting)
            }
            _ => return None,
        };
        Some(Problem { key: "rpc_timeout", message })
    }

    fn check(&self) -> Result<(), Problem> {
        let problem = |key, message: &str| Err(Problem { key, message: message.into() });
        let zero = Some(Duration::ZERO);
        if let Err(message) = self.service.law() {
            return Err(Problem { key: "service", message });
        }
        if let Some(backoff) = self.backoff {
            backoff.check()?;
        }
        match (self.mtbf, self.mttr) {
            (Some(_), None) => {
                problem("mtbf", "says how often the server fails: give `mttr` too, how long it then takes")
            }
            (None, Some(_)) => problem("mttr", "says how long a repair takes: give `mtbf` too, how often it is needed"),
            (mtbf, _) if mtbf == zero => problem("mtbf", "must be longer than zero, as in \"30d\""),
            (_, mttr) if mttr == zero => problem("mttr", "must be longer than zero, as in \"1h\""),
            (None, None) if self.failover.is_some() => {
                problem("failover", "says how soon a standby takes over: give `mtbf` and `mttr` too, how servers fail")
            }
            _ if self.disk.is_some_and(|disk| !(0.0..=1.0).contains(&disk.data_loss)) => {
                problem("disk.data_loss", "is a probability: write a number from 0 to 1")
            }
            (None, None) if self.disk.is_some() => {
                problem("disk", "says what a failure loses: give `mtbf` and `mttr` too, how servers fail")
            }
            _ if self.servers == 0 => problem("servers", "must be at least 1: somebody has to serve the requests"),
            _ if ![0, 1, usize::from(self.servers)].contains(&self.regions.len()) => {
                let message = format!("{} regions for {} servers: name one for each", self.regions.len(), self.servers);
                Err(Problem { key: "regions", message })
            }
            _ if self.workers == 0 => problem("workers", "must be at least 1: somebody has to serve the requests"),
            _ if self.rpc_timeout == Duration::ZERO => problem("rpc_timeout", "must be longer than zero, as in \"5s\""),
            _ => Ok(()),
        }
    }

    fn servers(&self) -> Vec<Server> {
        let server = Server {
            uplink: self.uplink.0,
            downlink: self.downlink.0,
            link_queue: self.queue.0,
            service: self.service.law().expect("the configuration was checked"),
            workers: self.workers,
            queue: self.waiting,
            failures: self.mtbf.zip(self.mttr),
            data_loss: self.disk.map_or(0.0, |disk| disk.data_loss),
            failover: self.failover,
            region: None,
        };
        let region = |number: usize| self.regions.get(number).or(self.regions.first()).cloned();
        (0..usize::from(self.servers)).map(|number| Server { region: region(number), ..server.clone() }).collect()
    }

    fn patience(&self) -> Patience {
        Patience { timeout: self.rpc_timeout, retries: self.retries, backoff: self.backoff }
    }
}

/// What clients and server say to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// Query for the responsible server, or with a record for its newest version.
    Request { record: Option<RecordId> },
    /// The server is.
    Serves,
    /// The record.
    Holds { version: Version, bytes: u32 },
}

impl Payload for Message {
    fn has_key(&self) -> bool {
        matches!(self, Message::Request { .. })
    }

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

/// A client, or a server.
#[derive(Clone, Debug)]
pub struct ClientServer {
    started: bool,
    rpcs: Rpcs<Asked>,
}

/// What an entry of a client's bookkeeping is for.
#[derive(Clone, Copy, Debug)]
struct Asked {
    walk: Walk,
    /// The request is not under way: it is sent again when the time of the entry has passed.
    paused: bool,
}

impl Protocol for ClientServer {
    type Config = Config;
    type Message = Message;
    type Timer = Timer;
    type Shared = Servers;

    const RULE: Rule<ClientServer> = Rule::Servers(choose);

    fn new(_config: &Config, _view: &View<'_>) -> Self {
        ClientServer { started: false, rpcs: Rpcs::default() }
    }

    fn start(&mut self, cx: &mut Context<'_, Self>, _contact: Option<NodeId>) {
        self.started = true;
        cx.joined();
    }

    fn start_converged(&mut self, _cx: &mut Context<'_, Self>, _roster: &Roster) {
        self.started = true;
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
            Message::Holds { version, .. } => cx.found_record(pending.tag.walk.op, server, version),
            Message::Serves => cx.found(&pending.tag.walk, &[server]),
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
            let Asked { walk, paused } = pending.tag;
            if paused {
                self.request(cx, walk, pending.retries);
                continue;
            }
            cx.timed_out(Some(walk.op));
            if pending.retries < cx.config.retries {
                self.request_again(cx, walk, pending.retries);
            } else {
                cx.give_up(walk.op, Cause::Timeout);
            }
        }
        self.rpcs.rearm_in(cx);
        timed_out
    }

    fn on_notice(&mut self, cx: &mut Context<'_, Self>, notice: Notice<'_>) {
        if let Notice::Refused { rpc } = notice {
            self.refused(cx, rpc);
        }
    }

    fn walk(&mut self, cx: &mut Context<'_, Self>, walk: Walk) {
        self.request(cx, walk, 0);
    }

    fn cancel(&mut self, op: OpId) {
        self.rpcs.retain(|pending| pending.tag.walk.op != op);
    }

    fn suspend(&mut self) {
        self.rpcs.clear();
    }

    fn nearest(&self, shared: &Servers, _view: &View<'_>, key: Key, count: usize, out: &mut Vec<NodeId>) {
        shared.holders(key, count, out);
    }

    fn contacts(&self, shared: &Servers, view: &View<'_>, out: &mut Vec<NodeId>) {
        out.extend(shared.all().filter(|&server| self.started && server != view.me));
    }

    fn heap_bytes(&self) -> HeapBytes {
        HeapBytes { tables: 0, rpc: self.rpcs.heap_bytes() }
    }
}

impl Shared<ClientServer> for Servers {
    /// The servers are the last machines: they come after the participants.
    fn new(config: &Config, machines: u32) -> Servers {
        let first = NodeId(machines.checked_sub(config.servers.into()).expect("the servers are among the machines"));
        Servers::of(first, config.servers, config.balance)
    }

    fn survey(&mut self, delay: &dyn Fn(NodeId, NodeId) -> Duration) {
        self.measure(delay);
    }
}

/// The server that a client sends a request for `key` to, `instead_of` one that did not answer it.
fn choose(shared: &Servers, client: NodeId, key: Key, instead_of: Option<NodeId>, noise: &mut Noise) -> NodeId {
    match instead_of {
        Some(asked) => shared.instead_of(client, asked, key, noise),
        None => shared.choose(client, key, 0, noise),
    }
}

impl ClientServer {
    fn refused(&mut self, cx: &mut Context<'_, Self>, rpc: u16) {
        let Some(pending) = self.rpcs.close_from_anyone(rpc) else { return };
        if cx.config.backoff.is_some() && pending.retries < cx.config.retries {
            self.request_again(cx, pending.tag.walk, pending.retries);
        } else {
            cx.give_up(pending.tag.walk.op, Cause::QueueFull);
        }
    }

    fn request(&mut self, cx: &mut Context<'_, Self>, walk: Walk, retries: u8) {
        let server = cx.shared.choose(cx.me(), walk.target, retries, cx.noise);
        let (timeout, message) = (cx.config.rpc_timeout, Message::Request { record: walk.record });
        let asked = Asked { walk, paused: false };
        self.rpcs.call_again(cx, server, Some(walk.op), message, timeout, asked, retries);
    }

    /// Sends a request again that was sent again `retries` times before: after a pause, if there is back-off.
    fn request_again(&mut self, cx: &mut Context<'_, Self>, walk: Walk, retries: u8) {
        let Some(backoff) = cx.config.backoff else { return self.request(cx, walk, retries + 1) };
        let pause = backoff.pause(retries, cx.noise);
        let timer = self.rpcs.pause(cx.now, cx.me(), Asked { walk, paused: true }, pause, retries + 1);
        if let Some(at) = timer {
            cx.set_timeout_timer(at);
        }
    }
}

#[cfg(test)]
mod tests;
