//! A protocol over a metric of its own, by which several nodes are equally near a key: one file, one registry row, one `mod`
//! line.

use peerlab::model::{Envelope, Key, Metric, NodeId};
use peerlab::overlay::{self, *};
use peerlab::registry::{Entry, Registry};
use peerlab::run::{Wanted, simulate};

use super::lab;

/// Numeric closeness on the ring, as in Pastry (Rowstron and Druschel, Middleware 2001), but in steps of a 64th of the ring:
/// two nodes on either side of a key may be equally near, and so may many on one side.
const CLOSENESS: Metric = Metric::Other(|key, node| key.clockwise(node).min(node.clockwise(key)) >> 58);

/// The table `[systems.NAME.numeric]`.
#[derive(Clone, Debug, Default, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {}

impl overlay::Config for Config {
    fn check(&self) -> Result<(), Problem> {
        Ok(())
    }
}

/// A node that knows all others, and of nodes that are equally near prefers those whose numbers follow its own.
#[derive(Default)]
struct Numeric {
    all: Vec<NodeId>,
}

impl Protocol for Numeric {
    type Config = Config;
    type Message = NodeId;
    type Timer = ();
    type Shared = ();
    const RULE: Rule<Numeric> = Rule::Closest(CLOSENESS);

    fn new(_: &Config, _: &View<'_>) -> Numeric {
        Numeric::default()
    }

    fn start(&mut self, cx: &mut Context<'_, Numeric>, _: Option<NodeId>) {
        cx.joined();
    }

    fn start_converged(&mut self, cx: &mut Context<'_, Numeric>, roster: &Roster) {
        self.all = roster.iter().map(|(_, node)| node).filter(|node| *node != cx.me()).collect();
    }

    fn on_message(&mut self, _: &mut Context<'_, Numeric>, _: &Envelope, _: NodeId) {}

    fn on_timer(&mut self, _: &mut Context<'_, Numeric>, (): ()) {}

    fn walk(&mut self, cx: &mut Context<'_, Numeric>, walk: Walk) {
        let mut nodes = Vec::new();
        self.nearest(&(), &cx.view, walk.target, walk.count.into(), &mut nodes);
        cx.found_known(&walk, &nodes);
    }

    fn nearest(&self, (): &(), view: &View<'_>, key: Key, count: usize, out: &mut Vec<NodeId>) {
        let mut ranked: Vec<NodeId> = self.all.iter().copied().chain([view.me]).collect();
        ranked.sort_by_key(|node| (CLOSENESS.distance(key, view.key(*node)), node.0.wrapping_sub(view.me.0)));
        out.extend(&ranked[..count.min(ranked.len())]);
    }

    fn contacts(&self, (): &(), _: &View<'_>, out: &mut Vec<NodeId>) {
        out.extend(&self.all);
    }

    fn heap_bytes(&self) -> HeapBytes {
        HeapBytes { tables: self.all.capacity() * size_of::<NodeId>(), rpc: 0 }
    }
}

const SCENARIO: &str = r#"
seed = 1
[time]
warmup = "1min"
measure = "20min"
[population]
online = 200
[workload]
lookup.every = "30s"
[systems.numeric.numeric]
"#;

#[test]
fn each_of_the_nodes_that_are_equally_near_a_key_is_responsible_for_it() {
    let registry = Registry::standard().with(Entry::of::<Numeric>("numeric", "numeric closeness with ties", "a test"));
    let scenario = lab::scenario(SCENARIO, "");
    let run = scenario.runs(registry.registered()).unwrap_or_else(|error| panic!("{error}")).runs.remove(0);
    let wanted = Wanted { nodes: true, ..Wanted::default() };
    let outcome = simulate::<Numeric>(&run.plan, run.system(), run.seed, wanted, None, &|_, _| true);
    let outcome = outcome.expect("nobody stops it");
    let figure = |name| outcome.metrics[peerlab::measure::catalogue::METRICS.index_of(name).expect("a metric")];
    assert!(figure("lookups").expect("there are some") > 5_000.0);
    assert_eq!(figure("lookup_correct_ratio"), Some(1.0));
    // Some 200 / 64 nodes are in each step, so that initiators name different nodes for one key: half of the lookups would be
    // wrong if only one of them were responsible.
    assert_eq!(figure("lookup_hops_mean").map(|hops| hops < 1.0), Some(true), "some initiators are themselves nearest");
}
