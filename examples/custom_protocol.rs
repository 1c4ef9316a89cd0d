//! A protocol of your own, with the whole command line: every node tells every other that it is there, again and again.
//! Lookups then need no message at all. What does that cost, against a ring with fingers?
//!
//! ```text
//! cargo run --release --example custom_protocol -- run examples/custom_protocol.toml
//! ```

use std::collections::BTreeMap;

use peerlab::engine::{Duration, Source, Time};
use peerlab::overlay::{self, *};
use peerlab::registry::{Entry, Registry};

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
        let problem = Problem { key: "heartbeat", message: "must be longer than 0s".into() };
        if self.heartbeat > Duration::ZERO { Ok(()) } else { Err(problem) }
    }
}

/// The sender is there, and it has heard this node.
#[derive(Clone, Copy, Debug)]
struct Here(NodeId);

impl Payload for Here {
    fn identities(&self, _: &Lists) -> u32 {
        1
    }
}

/// One node: whom it has heard, and when last. Nobody is adopted on hearsay.
#[derive(Default)]
struct Mesh {
    heard: BTreeMap<NodeId, Time>,
    joined: bool,
}

impl Mesh {
    fn here(&self, cx: &mut Context<'_, Mesh>) -> Here {
        let any = cx.noise.below(self.heard.len().max(1) as u64) as usize;
        Here(self.heard.keys().nth(any).copied().unwrap_or(cx.me()))
    }

    fn join(&mut self, cx: &mut Context<'_, Mesh>) {
        if !std::mem::replace(&mut self.joined, true) {
            cx.joined();
        }
    }
}

impl Protocol for Mesh {
    type Config = Config;
    type Message = Here;
    type Timer = ();
    type Shared = ();

    const PLACEMENT: Placement = Placement::Closest(Metric::Ring);

    fn shared(_: &Config, _: u32) {}

    fn new(_: &Config, _: &View<'_>) -> Mesh {
        Mesh::default()
    }

    fn start(&mut self, cx: &mut Context<'_, Mesh>, contact: Option<NodeId>) {
        match contact {
            Some(contact) => cx.notice(contact, Here(cx.me())),
            None => self.join(cx),
        }
        cx.set_timer(cx.config.heartbeat, ());
    }

    fn start_converged(&mut self, cx: &mut Context<'_, Mesh>, roster: &Roster) {
        let others = roster.iter().map(|(_, node)| node).filter(|node| *node != cx.me());
        self.heard = others.map(|node| (node, cx.now)).collect();
        self.joined = true;
        let phase = cx.noise.below(cx.config.heartbeat.as_nanos());
        cx.set_timer(Duration::from_nanos(phase), ());
    }

    fn on_message(&mut self, cx: &mut Context<'_, Mesh>, from: &Envelope, Here(other): Here) {
        for node in [from.from, other] {
            if node != cx.me() && !self.heard.contains_key(&node) {
                let here = self.here(cx);
                cx.notice(node, here);
            }
        }
        if self.heard.insert(from.from, cx.now).is_none() {
            cx.neighbour(from.from, Change::Appeared);
        }
        self.join(cx);
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
        let here = self.here(cx);
        self.heard.keys().for_each(|node| cx.notice(*node, here));
        cx.set_timer(cx.config.heartbeat, ());
    }

    fn walk(&mut self, cx: &mut Context<'_, Mesh>, walk: Walk) {
        let mut nodes = Vec::new();
        self.nearest(&(), &cx.view, walk.target, walk.count.into(), &mut nodes);
        let contact = |node| Contact { node, hops: u8::from(node != cx.me()) };
        cx.found(&walk, &nodes.into_iter().map(contact).collect::<Vec<_>>());
    }

    fn suspend(&mut self) {
        self.joined = false;
    }

    fn nearest(&self, _: &(), view: &View<'_>, key: Key, count: usize, out: &mut Vec<NodeId>) {
        let mut nodes: Vec<NodeId> = self.heard.keys().copied().chain([view.me]).collect();
        nodes.sort_unstable_by_key(|node| Metric::Ring.distance(key, view.key(*node)));
        out.extend(nodes.into_iter().take(count));
    }

    fn contacts(&self, _: &(), _: &View<'_>, out: &mut Vec<NodeId>) {
        out.extend(self.heard.keys());
    }

    fn heap_bytes(&self) -> usize {
        self.heard.len() * size_of::<(NodeId, Time)>()
    }
}

fn main() -> std::process::ExitCode {
    peerlab::cli::main(Registry::standard().with(Entry::of::<Mesh>("mesh", "everyone hears everyone", "an example")))
}
