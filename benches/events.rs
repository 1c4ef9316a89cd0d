//! Events per second of whole runs: Chord and Kademlia (k = 20) from a converged start, without churn, one lookup a
//! minute and node, the unit of docs/development/speed.md. Divan's item rate is the event rate, set-up included
//! (about a tenth of the time).

use divan::Bencher;
use divan::counter::ItemsCount;
use peerlab::measure::outcome::Outcome;
use peerlab::registry::Registry;
use peerlab::run::Wanted;
use peerlab::scenario::Scenario;

const NODES: [u32; 2] = [1_000, 10_000];
/// Virtual seconds measured: the product with the nodes is the same, so that a run takes about as long.
const NODE_SECONDS: u32 = 2_400_000;

fn main() {
    divan::main();
}

/// Runs the one system of a scenario.
fn simulate(protocol: &str, nodes: u32) -> Outcome {
    let measure = NODE_SECONDS / nodes;
    let text = format!(
        "title = \"events\"\n[time]\nwarmup = \"10s\"\nmeasure = \"{measure}s\"\n[population]\nonline = {nodes}\n\
         [network.latency.plane]\nwidth = \"150ms\"\n[workload]\nlookup = {{ every = \"1min\" }}\n[systems.it.{protocol}]\n"
    );
    let registry = Registry::standard();
    let scenario = Scenario::parse("events.toml".into(), ".".into(), text, &[]).expect("the scenario is right");
    let run = &scenario.runs(registry.registered()).expect("the scenario is right").runs[0];
    let entry = registry.find(protocol).expect("the protocol is registered");
    let outcome = (entry.simulate)(&run.plan, run.system(), run.seed, Wanted::default(), None, &|_, _| true);
    outcome.expect("nobody interrupts it")
}

fn events(bencher: Bencher, protocol: &str, nodes: u32) {
    let events = simulate(protocol, nodes).timing.events;
    bencher.counter(ItemsCount::new(events)).bench_local(|| simulate(protocol, nodes));
}

#[divan::bench(args = NODES, sample_count = 5, sample_size = 1)]
fn chord(bencher: Bencher, nodes: u32) {
    events(bencher, "chord", nodes);
}

#[divan::bench(args = NODES, sample_count = 5, sample_size = 1)]
fn kademlia(bencher: Bencher, nodes: u32) {
    events(bencher, "kademlia", nodes);
}
