//! A protocol of your own, with the whole command line: everyone tells everyone that it is there, so lookups are free.
//!
//! Run it: `cargo run --release --example custom_protocol -- run examples/custom_protocol.toml`

use peerlab::engine::{Duration, Source, Time};
use peerlab::model::{Envelope, Metric, NodeId};
use peerlab::overlay::{self, *};
use peerlab::registry::{Entry, Registry};
use std::collections::BTreeMap;

/// The table `[systems.NAME.mesh]` of a scenario.
#[derive(Clone, Debug, serde::Deserialize, serde::Serialize, schemars::JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Config {
    /// How often a node says that it is there; silent for three times as long, it has gone. Default "10s".
    heartbeat: Duration,
}

impl Default for Config {
    fn default() -> Config {
        Config { heartbeat: Duration::from_secs(10) }
    }
}

impl overlay::Config for Config {
    fn check(&self) -> Result<(), Problem> {
        Problem::unless(self.heartbeat > Duration::ZERO, "heartbeat", "must be longer than 0s")
    }
}

/// One node: whom it has heard, and when last. Nobody is adopted on hearsay.
#[derive(Default)]
struct Mesh {
    heard: BTreeMap<NodeId, Time>,
    joined: bool,
}

impl Mesh {
    /// A heartbeat: "I am there, and I have heard this node".
    fn tell(&self, cx: &mut Context<'_, Mesh>, to: NodeId) {
        let any = cx.noise.below(self.heard.len().max(1) as u64) as usize;
        cx.notice(to, self.heard.keys().nth(any).copied().unwrap_or(cx.me()));
    }
}

impl Protocol for Mesh {
    type Config = Config;
    type Message = NodeId;
    type Timer = ();
    type Shared = ();
    const RULE: Rule<Mesh> = Rule::Closest(Metric::Ring);

    fn new(_: &Config, _: &View<'_>) -> Mesh {
        Mesh::default()
    }

    fn start(&mut self, cx: &mut Context<'_, Mesh>, contact: Option<NodeId>) {
        self.joined = contact.is_none();
        match contact {
            Some(contact) => self.tell(cx, contact),
            None => cx.joined(),
        }
        cx.set_timer(cx.config.heartbeat, ());
    }

    fn start_converged(&mut self, cx: &mut Context<'_, Mesh>, roster: &Roster) {
        let others = roster.iter().map(|(_, node)| node).filter(|node| *node != cx.me());
        self.heard = others.map(|node| (node, cx.now)).collect();
        self.joined = true;
        cx.set_timer_within(cx.config.heartbeat, ());
    }

    fn on_message(&mut self, cx: &mut Context<'_, Mesh>, from: &Envelope, other: NodeId) {
        for node in [from.from, other] {
            if node != cx.me() && !self.heard.contains_key(&node) {
                self.tell(cx, node);
            }
        }
        if self.heard.insert(from.from, cx.now).is_none() {
            cx.neighbour(from.from, Change::Appeared);
        }
        if !std::mem::replace(&mut self.joined, true) {
            cx.joined();
        }
    }

    fn on_timer(&mut self, cx: &mut Context<'_, Mesh>, (): ()) {
        if !self.joined {
            return cx.join_failed();
        }
        let (now, patience) = (cx.now, cx.config.heartbeat.mul_f64(3.0));
        for (&node, _) in self.heard.iter().filter(|(_, last)| now.since(**last) > patience) {
            cx.neighbour(node, Change::Gone);
        }
        self.heard.retain(|_, last| now.since(*last) <= patience);
        self.heard.keys().for_each(|node| self.tell(cx, *node));
        cx.set_timer(cx.config.heartbeat, ());
    }

    fn walk(&mut self, cx: &mut Context<'_, Mesh>, walk: Walk) {
        let mut nodes = Vec::new();
        self.nearest(&(), &cx.view, walk.target, walk.count.into(), &mut nodes);
        cx.found_known(&walk, &nodes);
    }

    fn contacts(&self, _: &(), _: &View<'_>, out: &mut Vec<NodeId>) {
        out.extend(self.heard.keys());
    }

    fn heap_bytes(&self) -> HeapBytes {
        HeapBytes { tables: self.heard.len() * size_of::<(NodeId, Time)>(), rpc: 0 }
    }
}

fn main() -> std::process::ExitCode {
    peerlab::cli::main(Registry::standard().with(Entry::of::<Mesh>("mesh", "everyone hears everyone", "an example")))
}
