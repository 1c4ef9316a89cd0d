//! Laws of repair, each crossed with every condition: no policy is worse than doing nothing, lazy repair is no dearer than
//! eager, and copies do not pile up.
//!
//! Five seeds each of 60 machines with 60 resources of 1 KiB in three copies, for five hours from a converged start on, or from none.

use std::collections::BTreeMap;

use crate::lab::{self, FIGURES, Ran};

const SEEDS: u32 = 5;
const REPLICAS: f64 = 3.0;

/// The policies, by name: with no word about `hold` that of 30 min.
const POLICIES: [(&str, &str); 5] = [
    ("none", "repair = 'none'"),
    ("lazy", "repair.lazy.threshold = 2"),
    ("eager", "repair = 'eager'"),
    ("lazy-0s", "repair.lazy.threshold = 2\nhold = '0s'"),
    ("eager-0s", "repair = 'eager'\nhold = '0s'"),
];

/// A condition under which the laws are to hold.
struct Condition {
    name: &'static str,
    /// The scenario's tables for population, events and workload.
    text: String,
    protocols: &'static [&'static str],
    storage: &'static str,
    /// The share of sessions that end with notice: whoever leaves and whoever was handed its copies are then up together for 15
    /// seconds of 40 minutes.
    graceful: f64,
    /// Puts make copies under every policy, and without repair nobody gives one up.
    puts: bool,
    /// Two parts that cannot see each other keep r copies each; visitors take copies away where nothing is held for them.
    apart: bool,
}

const BOTH: &[&str] = &["chord = {}", "kademlia = {}"];

fn still(events: &str) -> String {
    format!("population.participants = 60\nevents = [{events}]")
}

/// Machines that are online for 40 minutes of an hour.
fn churn(machines: u32, graceful: f64, more: &str) -> String {
    format!(
        "[population]\nparticipants = {machines}\n{more}\n[population.churn]\ngraceful = {graceful}\n\
         session.exponential.mean = '40min'\ndowntime.exponential.mean = '20min'\n"
    )
}

fn plain(name: &'static str, text: String) -> Condition {
    let said = text.split_once("graceful = ").and_then(|(_, after)| after.lines().next()?.parse().ok());
    Condition { name, text, protocols: BOTH, storage: "", graceful: said.unwrap_or(0.0), puts: false, apart: false }
}

fn conditions() -> Vec<Condition> {
    let small = "classes = [{ name = 'small', share = 0.5, storage = '2KiB' }, { name = 'big', share = 0.5 }]";
    let crowd =
        "{ flash-crowd = { at = '90min', for = '20min', arrivals = 60, over = '2min', resource = 0, factor = 10 } }";
    let cut = "{ partition = { at = '90min', for = '10min', shares = [0.7, 0.3] } }";
    let gone = "departures.probability = 0.2";
    vec![
        plain("absences", churn(60, 0.0, "")),
        plain("absences, half with notice", churn(60, 0.5, "")),
        plain("absences with notice", churn(60, 1.0, "")),
        plain("departures", churn(60, 0.0, gone)),
        plain("departures, half with notice", churn(60, 0.5, gone)),
        plain("departures with notice", churn(60, 1.0, gone)),
        plain("a crash for a while", still("{ crash = { at = '90min', share = 0.3, for = '20min' } }")),
        plain("a crash for good", still("{ crash = { at = '90min', share = 0.3 } }")),
        Condition { apart: true, ..plain("a partition", still(cut)) },
        Condition { apart: true, ..plain("a crowd that leaves", still(crowd)) },
        Condition { protocols: &["chord = { virtual_nodes = 3 }"], ..plain("virtual nodes", churn(60, 0.5, "")) },
        plain("full disks", churn(60, 0.5, small)),
        Condition { puts: true, ..plain("puts", churn(60, 0.5, "") + "[workload.put]\nevery = '10min'") },
        Condition { storage: "pieces = 3\nparity = 2", ..plain("coded pieces", churn(60, 0.5, "")) },
        plain("a joined start", churn(60, 0.5, "start = 'join'")),
        plain("a ring of 3", churn(3, 0.5, "")),
        plain("a ring of 5", churn(5, 0.5, "")),
        plain("a ring of 10", churn(10, 0.5, "")),
        plain("a ring of 20", churn(20, 0.5, "")),
    ]
}

/// The runs of every policy under a condition with one protocol.
fn run(condition: &Condition, protocol: &str) -> BTreeMap<&'static str, Vec<Ran>> {
    let systems: String = POLICIES
        .iter()
        .map(|(name, policy)| format!("[systems.{name}]\n{protocol}\n[systems.{name}.storage]\n{policy}\n"))
        .collect();
    let text = format!(
        "seed = 7\ntime = {{ warmup = '1min', measure = '5h', sample = '10min' }}\n\
         network.latency.plane.width = '100ms'\nresources = {{ count = 60, size = '1KiB' }}\n{}\n\
         [workload.get]\nevery = '5min'\n[storage]\nreplicas = 3\n{}\n[sweep]\nrepetitions = {SEEDS}\n{systems}",
        condition.text, condition.storage
    );
    let mut runs = BTreeMap::new();
    for ran in lab::all_with(&text, FIGURES) {
        let (name, _) = POLICIES.iter().find(|(name, _)| *name == ran.system).expect("a policy each");
        runs.entry(*name).or_insert_with(Vec::new).push(ran);
    }
    runs
}

/// Mean and standard error over the seeds.
fn mean(runs: &[Ran], name: &str) -> (f64, f64) {
    let values: Vec<f64> = runs.iter().map(|ran| ran.figure(name)).collect();
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    (mean, (squares / (n - 1.0) / n).sqrt())
}

fn lost(runs: &[Ran]) -> f64 {
    runs.iter().map(|ran| ran.figure("resources_lost")).sum()
}

fn assert_laws(condition: &Condition, protocol: &str) {
    let runs = run(condition, protocol);
    let of = |policy: &str, name: &str| mean(&runs[policy], name);
    let alive = |policy: &str| of(policy, "replicas_alive_mean");
    let bytes = |policy: &str| of(policy, "repair_bytes_per_online_s_mean").0;
    let at = format!("{}, {protocol}", condition.name);
    for (name, _) in POLICIES {
        let ((copies, error), bytes) = (alive(name), bytes(name));
        println!("{at}: {name}: {copies:.3} ± {error:.3} alive, {bytes:.2} B/s, {} lost", lost(&runs[name]));
    }
    for policy in ["none", "lazy-0s", "eager-0s"] {
        let copies = alive(policy).0;
        let allowed = (1.02 + condition.graceful * 15.0 / 2400.0) * REPLICAS;
        assert!(condition.puts || condition.apart || copies <= allowed, "{at}: {policy}: {copies} copies alive");
    }
    assert_eq!(bytes("none"), 0.0, "{at}: nothing is repaired");
    for (lazy, eager) in [("lazy", "eager"), ("lazy-0s", "eager-0s")] {
        assert!(bytes(lazy) <= 1.1 * bytes(eager), "{at}: {lazy} costs {} B/s, {eager} {}", bytes(lazy), bytes(eager));
        for (less, more) in [("none", lazy), (lazy, eager)] {
            let without_hold = less == "none" && lazy == "lazy-0s";
            let piles_up = condition.puts && less == "none";
            for figure in ["replicas_alive_mean", "durability_ratio"] {
                let [(a, a_error), (b, b_error)] = [less, more].map(|policy| of(policy, figure));
                let within = 4.0 * a_error.hypot(b_error) + 1e-9;
                let exempt = piles_up || condition.apart && without_hold;
                assert!(exempt || a <= b + within, "{at}: {figure}: {less} {a}, {more} {b}");
            }
        }
    }
    for policy in ["lazy", "eager"] {
        let [kept, by_none] = [policy, "none"].map(|policy| lost(&runs[policy]));
        // A full disk drops what is in reserve first, and that may be the last copy.
        let allowed = by_none + f64::from(u8::from(condition.name == "full disks"));
        assert!(kept <= allowed, "{at}: {policy} lost {kept} resources, doing nothing {by_none}");
    }
}

fn assert_all(wanted: impl Fn(&str) -> bool) {
    for condition in conditions().iter().filter(|condition| wanted(condition.name)) {
        condition.protocols.iter().for_each(|protocol| assert_laws(condition, protocol));
    }
}

#[test]
fn no_policy_is_worse_than_nothing_while_machines_come_and_go() {
    assert_all(|name| name.starts_with("absences") || name.starts_with("departures"));
}

#[test]
fn no_policy_is_worse_than_nothing_in_small_rings() {
    assert_all(|name| name.starts_with("a ring"));
}

#[test]
fn no_policy_is_worse_than_nothing_under_other_conditions() {
    let others = |name: &str| !["absences", "departures", "a ring"].iter().any(|other| name.starts_with(other));
    assert!(conditions().iter().filter(|condition| others(condition.name)).count() >= 8);
    assert_all(others);
}

/// Copies on random participants, whose holders are asked every ten minutes.
#[test]
fn no_policy_is_worse_than_nothing_on_random_participants() {
    for (name, text) in [
        ("absences", churn(60, 0.5, "")),
        ("departures", churn(60, 0.5, "departures.probability = 0.2")),
        ("puts", churn(60, 0.5, "") + "[workload.put]\nevery = '10min'"),
    ] {
        for protocol in BOTH {
            let policies = ["repair = 'none'", "repair.lazy.threshold = 2\naudit = '10min'", "audit = '10min'"];
            let runs = policies.map(|policy| {
                let text = format!(
                    "seed = 7\ntime = {{ warmup = '1h', measure = '4h' }}\nresources = {{ count = 60, size = '1KiB' }}\n\
                     {text}\n[workload.get]\nevery = '5min'\n[storage]\nplacement = 'random-participants'\n{policy}\n\
                     [sweep]\nrepetitions = {SEEDS}\n[systems.a]\n{protocol}\n"
                );
                lab::all_with(&text, FIGURES)
            });
            let alive = runs.each_ref().map(|runs| mean(runs, "replicas_alive_mean"));
            let stale = runs.each_ref().map(|runs| mean(runs, "get_incorrect_ratio").0);
            println!("{name}, {protocol}: none, lazy, eager: {alive:.3?} alive, {stale:.4?} stale");
            for (less, more) in [(0, 1), (1, 2)] {
                let within = 4.0 * alive[less].1.hypot(alive[more].1);
                assert!(alive[less].0 <= alive[more].0 + within, "{name}, {protocol}: {alive:?}");
                // Losses are few and independent: twice the deviation of a count.
                let (kept, by_less) = (lost(&runs[more]), lost(&runs[less]));
                println!("{kept} lost, {by_less} by doing less");
                assert!(kept <= by_less + 2.0 * (by_less + 1.0).sqrt(), "{name}, {protocol}: {kept}, {by_less} before");
            }
            assert!(stale[1] <= stale[0] && stale[2] <= stale[0], "{name}, {protocol}: versions are not compared");
        }
    }
}
