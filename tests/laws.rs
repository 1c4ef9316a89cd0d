//! Laws that hold of any environment, crossed with every environment: a new environment is one row of [`ENVIRONMENTS`], and a new
//! law one test.

#[path = "validation/lab.rs"]
#[allow(dead_code)]
mod lab;

use std::thread;

use lab::{FIGURES, every_system, runs, simulate, traced};
use peerlab::run::Wanted;
use peerlab::scenario::Run;

/// Everything that a run can be asked for.
const EVERYTHING: Wanted = Wanted { nodes: true, resources: true, operations: true };

/// An environment: its name, its tables, what is set, and systems beside the one of each protocol.
struct Environment {
    name: &'static str,
    text: &'static str,
    systems: &'static [&'static str],
}

/// Demand of all kinds on a hundred resources, by machines that come and go, over lines that are narrow and lose packets.
const ROUGH: &str = r#"
seed = 4
time = { warmup = "3min", measure = "7min" }
population = { online = 60, churn = { session.weibull = { shape = 0.6, mean = "10min" }, downtime.exponential.mean = "10min" } }
network.loss = 0.01
network.jitter = 0.2
network.latency.plane.width = "150ms"
network.access = { uplink = "1Mbit/s", downlink = "2Mbit/s", queue = "64KiB" }
resources.count = 100
workload = { lookup = { every = "20s", target = "node" }, get.every = "20s", put.every = "1min" }
events = [{ crash = { at = "5min", share = 0.2 } }]
"#;

/// Machines that stay, on a network without loss.
const CALM: &str = r#"
seed = 3
time = { warmup = "1min", measure = "4min" }
population.participants = 60
resources = { count = 80, size = "1KiB", popularity.zipf.exponent = 0.9 }
workload = { lookup.every = "20s", get.every = "20s", put.every = "2min" }
"#;

/// Joining one by one, through a bootstrap service of two machines.
const JOINING: &str = r#"
seed = 5
time = { warmup = "0s", measure = "8min" }
population = { participants = 60, start = "join", join_over = "4min" }
network.bootstrap.machines = 2
resources.count = 50
workload = { lookup.every = "20s", get.every = "20s", put.every = "1min" }
"#;

/// Most machines behind NATs and firewalls.
const NATS: &str = r#"
seed = 6
time = { warmup = "2min", measure = "5min" }
population = { online = 60, churn = { session.exponential.mean = "20min", downtime.exponential.mean = "20min" } }
network.nat.shares = { open = 0.3, full-cone = 0.2, port-restricted = 0.3, symmetric = 0.1, firewall = 0.1 }
resources.count = 50
workload = { lookup.every = "20s", get.every = "20s", put.every = "1min" }
"#;

/// Classes with regions, daily demand, a partition, a flash crowd, and machines that leave for good.
const EVENTFUL: &str = r#"
seed = 7
time = { warmup = "2min", measure = "8min" }
population.online = 60
population.churn = { session.exponential.mean = "15min", downtime.exponential.mean = "15min" }
population.departures.lifetime.exponential.mean = "2h"
population.classes = [{ name = "strong", share = 0.3 }, { name = "weak", share = 0.7, access = { uplink = "256kbit/s", downlink = "1Mbit/s" } }]
network.latency.regions = {}
resources = { count = 60, popularity.zipf.exponent = 1.0 }
workload = { lookup.every = "20s", get.every = "10s", put.every = "1min" }
events = [
    { partition = { at = "4min", for = "1min", shares = [0.7, 0.3] } },
    { flash-crowd = { at = "6min", for = "2min", arrivals = 20, over = "30s", resource = 3, factor = 10 } },
]
"#;

/// Every way to keep records, beside the protocols with theirs.
const POLICIES: &str = r#"
[systems.lazy]
kademlia = {}
storage.repair.lazy.threshold = 2
[systems.soft]
chord = {}
storage.repair.republish = { every = "4min", publisher = "8min", expiry = "12min" }
[systems.coded]
chord = {}
storage = { pieces = 2, parity = 2, replicas = 1, repair = "none", audit = "4min" }
[systems.caching]
chord = {}
storage = { cache = "64KiB", cache_ttl = "2min" }
[systems.pointed]
kademlia = {}
storage = { placement = "random-participants", repair.delay.after.constant = "4min" }
[systems.checked]
chord = {}
storage = { placement = "random-participants", audit = "2min" }
"#;

/// Shared resources that nobody writes.
const SWARM: &str = r#"
seed = 8
time = { warmup = "2min", measure = "5min" }
population = { online = 50, churn = { session.exponential.mean = "20min", downtime.exponential.mean = "20min" } }
network.access = { uplink = "2Mbit/s", downlink = "10Mbit/s" }
resources = { count = 20, size = "256KiB" }
workload = { lookup.every = "20s", get.every = "1min" }
"#;

/// Providers, of whole resources and of pieces.
const PROVIDERS: &str = r#"
[systems.provided]
kademlia = {}
storage.placement = "provider"
[systems.ring-provided]
chord = {}
storage.placement = "provider"
"#;

/// Every way to connect.
const CONNECTED: &str = r#"
[systems.connected]
kademlia = {}
traversal.transport = "connection"
[systems.traversing]
chord = {}
traversal = { transport = "connection", reversal = true, punching = true, relays = {} }
"#;

/// Routing modes and layouts of nodes that are not the default.
const MODES: &str = r#"
[systems.recursive]
chord = { routing = "recursive" }
[systems.near]
chord = { proximity = 4 }
[systems.forwarded]
kademlia = { routing = "recursive", k = 8 }
[systems.direct]
full-table = { spread = "direct" }
"#;

/// Machines of several nodes, which NATs do not know.
const VIRTUAL: &str = r#"
[systems.virtual]
chord = { virtual_nodes = 4 }
"#;

/// Joining where there is nothing to store.
const NOTHING: &str = r#"
seed = 9
time = { warmup = "0s", measure = "6min" }
population = { online = 60, start = "join", churn = { session.exponential.mean = "10min", downtime.exponential.mean = "10min", graceful = 0.5 } }
workload.lookup.every = "20s"
"#;

const ENVIRONMENTS: [Environment; 8] = [
    Environment { name: "calm", text: CALM, systems: &[POLICIES, MODES, VIRTUAL] },
    Environment { name: "rough", text: ROUGH, systems: &[POLICIES, MODES, VIRTUAL] },
    Environment { name: "joining", text: JOINING, systems: &[MODES] },
    Environment { name: "joining with policies", text: JOINING, systems: &[POLICIES] },
    Environment { name: "behind NATs", text: NATS, systems: &[CONNECTED, POLICIES, MODES] },
    Environment { name: "eventful", text: EVENTFUL, systems: &[MODES] },
    Environment { name: "swarm", text: SWARM, systems: &[PROVIDERS] },
    Environment { name: "nothing to store", text: NOTHING, systems: &[POLICIES, PROVIDERS, MODES, VIRTUAL] },
];

impl Environment {
    /// The runs of all its systems, the protocols with their defaults first.
    fn runs(&self) -> Vec<Run> {
        runs(&format!("{}{}{}", self.text, every_system(), self.systems.concat()))
    }
}

/// A law, held to all runs of every environment, two environments at a time.
fn in_every_environment(law: impl Fn(&Environment, &[Run]) + Sync) {
    thread::scope(|scope| {
        for half in [0, 1] {
            let law = &law;
            scope.spawn(move || {
                ENVIRONMENTS.iter().skip(half).step_by(2).for_each(|environment| law(environment, &environment.runs()));
            });
        }
    });
}

#[test]
fn a_run_repeated_is_identical_to_the_last_bit() {
    in_every_environment(|environment, runs| {
        for run in runs {
            let (once, trace) = traced(run, EVERYTHING);
            let (again, second) = traced(run, EVERYTHING);
            assert_eq!(once.outcome, again.outcome, "{}: {}", environment.name, run.id);
            assert!(trace == second && trace.len() > 10_000, "{}: {}: two traces", environment.name, run.id);
        }
    });
}

#[test]
fn being_watched_changes_nothing() {
    in_every_environment(|environment, runs| {
        for run in runs {
            let plain = simulate(run, FIGURES).outcome;
            let watched = traced(run, EVERYTHING).0.outcome;
            let seen = |outcome: &peerlab::measure::outcome::Outcome| {
                (outcome.metrics.clone(), outcome.samples.clone(), outcome.checkpoints.clone(), outcome.fingerprint)
            };
            assert_eq!(seen(&plain), seen(&watched), "{}: {}", environment.name, run.id);
        }
    });
}

#[test]
fn sessions_and_operations_are_those_of_every_other_system() {
    in_every_environment(|environment, runs| {
        let events = |run: &Run| lab::environment(&traced(run, FIGURES).1, run.plan.population.participants);
        let first = events(&runs[0]);
        for (word, said, least) in
            [(",up,", "seed", 50), (",lookup ", "lookup", 300), (",get ", "get.every", 150), (",put ", "put.every", 60)]
        {
            let count = first.iter().filter(|line| line.contains(word)).count();
            assert!(
                count >= least || !environment.text.contains(said),
                "{}: there is little to compare: {count} {word}",
                environment.name
            );
        }
        for run in &runs[1..] {
            let other = events(run);
            let differ = other.iter().zip(&first).find(|(a, b)| a != b);
            assert!(
                differ.is_none() && other.len() == first.len(),
                "{}: {} and {}: {differ:?}",
                environment.name,
                run.id,
                runs[0].id
            );
        }
    });
}

/// What was sent in a run was delivered or lost, or is under way: by the trace. (The simulator asserts it of its own counts.)
#[test]
fn no_more_packets_arrive_than_were_sent() {
    in_every_environment(|environment, runs| {
        for run in runs {
            let (ran, trace) = traced(run, FIGURES);
            let count = |event: &str| trace.lines().filter(|line| line.split(',').nth(1) == Some(event)).count();
            let (sent, arrived) = (count("send") + count("transfer"), count("deliver") + count("lose"));
            assert!(sent > 100 && arrived <= sent, "{}: {}: {arrived} of {sent}", environment.name, ran.id);
            assert!(sent - arrived < sent / 5, "{}: {}: {arrived} of {sent}", environment.name, ran.id);
        }
    });
}

/// A table of NATs by which all machines are open is as no table. (Where machines have connections they know without it that
/// they can be dialled.)
#[test]
fn where_all_are_open_there_might_be_no_nats() {
    in_every_environment(|environment, _| {
        let shares = environment.text.lines().find(|line| line.starts_with("network.nat.shares"));
        let without = environment.text.replace(shares.unwrap_or("\0"), "");
        let text = |nats: &str| format!("{nats}\n{without}{}", every_system());
        let (without, open) = (runs(&text("")), runs(&text("network.nat.shares.open = 1.0")));
        for (without, open) in without.iter().zip(&open) {
            let (plain, behind) = (simulate(without, EVERYTHING).outcome, simulate(open, EVERYTHING).outcome);
            assert_eq!(plain.fingerprint, behind.fingerprint, "{}: {}", environment.name, open.id);
            assert_eq!(plain.metrics, behind.metrics, "{}: {}", environment.name, open.id);
        }
    });
}
