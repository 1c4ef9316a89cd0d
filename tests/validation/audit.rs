//! The audit: what a run reports of its machines, bytes, requests and losses is recomputed from its trace alone.

use std::collections::BTreeMap;

use super::lab::{Ran, every_system, runs, traced};
use peerlab::model::Traffic;
use peerlab::network::Loss;
use peerlab::run::Wanted;

const NODES_TOO: Wanted = Wanted { nodes: true, resources: false, operations: false };

/// Sessions of minutes with and without notice, lost packets, narrow lines, large values, all operations.
const ENVIRONMENT: &str = r#"
    seed = 21
    [time]
    warmup = "4min"
    measure = "8min"
    sample = "90s"
    [population]
    online = 60
    departures.probability = 0.3
    [population.churn]
    session.exponential = { mean = "8min" }
    downtime.exponential = { mean = "4min" }
    graceful = 0.5
    notice = "15s"
    [network]
    loss = 0.02
    latency.plane = { width = "150ms" }
    access = { uplink = "500kbit/s", downlink = "2Mbit/s", queue = "64KiB" }
    [resources]
    count = 60
    size = "12KiB"
    [workload]
    lookup = { every = "30s" }
    get = { every = "20s" }
    put = { every = "2min" }
"#;

const BEHIND_NATS: &str = r#"
    [network.nat]
    shares = { open = 0.4, full-cone = 0.2, port-restricted = 0.3, symmetric = 0.1 }
    [traversal]
    transport = "connection"
    reversal = true
    punching = true
    relays = { connections = 16, rate = "1Mbit/s", lifetime = "2min" }
"#;

/// Participants, servers, and those who replace others.
const MOST_MACHINES: usize = 1000;

/// What one line of a trace says.
struct Line<'a> {
    at: u64,
    event: &'a str,
    node: usize,
    other: usize,
    detail: &'a str,
    bytes: u64,
    operation: &'a str,
    sake: &'a str,
    cause: &'a str,
}

impl<'a> Line<'a> {
    fn read(line: &'a str) -> Line<'a> {
        let cells: Vec<&str> = line.split(',').collect();
        let [at, event, node, other, detail, bytes, operation, sake, cause] = cells[..] else { panic!("{line}") };
        let number = |cell: &str| if cell.is_empty() { 0 } else { cell.parse().expect("a number") };
        let (node, other) = (number(node) as usize, number(other) as usize);
        Line { at: number(at), event, node, other, detail, bytes: number(bytes), operation, sake, cause }
    }
}

/// What was counted of one machine in the measurement.
#[derive(Clone, Default)]
struct Machine {
    sent: u64,
    received: u64,
    upload: u64,
    requests: u64,
    online_ns: u64,
    record_ns: u128,
    /// Not only of the measurement.
    up: bool,
    records: u64,
    since: u64,
}

impl Machine {
    fn pass(&mut self, at: u64) {
        if self.up {
            self.online_ns += at - self.since;
            self.record_ns += u128::from(self.records) * u128::from(at - self.since);
        }
        self.since = at;
    }
}

#[derive(Default)]
struct Audit {
    machines: Vec<Machine>,
    by_kind: BTreeMap<String, u64>,
    lost: BTreeMap<String, u64>,
    packets: u64,
    /// Who has issued an operation.
    issuers: BTreeMap<String, usize>,
    forwards: u64,
    recursive: bool,
}

impl Audit {
    fn of(trace: &str, recursive: bool) -> Audit {
        let mut audit = Audit { recursive, machines: vec![Machine::default(); MOST_MACHINES], ..Audit::default() };
        let mut measuring = false;
        for line in trace.lines().skip(1).map(Line::read) {
            match line.event {
                "measurement-begins" => {
                    audit.machines.iter_mut().for_each(|machine| machine.pass(line.at));
                    let kept = |machine: &Machine| Machine {
                        up: machine.up,
                        records: machine.records,
                        since: machine.since,
                        ..Machine::default()
                    };
                    audit.machines = audit.machines.iter().map(kept).collect();
                    measuring = true;
                }
                "measurement-ends" => {
                    audit.machines.iter_mut().for_each(|machine| machine.pass(line.at));
                    return audit;
                }
                "up" | "down" | "records" => {
                    let machine = &mut audit.machines[line.node];
                    machine.pass(line.at);
                    match line.event {
                        "records" => machine.records = line.detail.parse().expect("a number"),
                        event => machine.up = event == "up",
                    }
                }
                "issue" | "publish" => {
                    assert_eq!(line.operation.starts_with('u'), line.event == "publish");
                    audit.issuers.insert(line.operation.to_owned(), line.node);
                }
                // Its name is used again, perhaps by an operation on a piece, which the trace does not tell of.
                "end" => drop(audit.issuers.remove(line.operation)),
                "send" | "moved" | "transfer" | "deliver" | "lose" => {
                    audit.check_sake(&line);
                    if measuring {
                        audit.count(&line);
                    }
                }
                _ => {}
            }
        }
        panic!("the measurement does not end");
    }

    /// Replies, repair and what is passed on are for others; what an operation's own machine asks for it is not.
    fn check_sake(&mut self, line: &Line<'_>) {
        let (traffic, kind) = line.detail.split_once('-').expect("what for, and what");
        let issuer = self.issuers.get(line.operation);
        let expected = match kind {
            "reply" | "refusal" => Some("others"),
            "request" | "notice" if traffic == "repair" => Some("others"),
            "request" if line.operation.starts_with('u') => panic!("repair goes as {}", line.detail),
            "request" if issuer != Some(&line.node) => issuer.map(|_| "others"),
            // A walk that is passed on may come back to its issuer, which passes it on like any other.
            "request" if self.recursive => None,
            "request" => Some("own"),
            _ => None,
        };
        self.forwards += u64::from(kind == "request" && issuer.is_some_and(|issuer| *issuer != line.node));
        assert!(expected.is_none_or(|expected| expected == line.sake), "{} {} {}", line.at, line.detail, line.sake);
    }

    fn count(&mut self, line: &Line<'_>) {
        let kind = line.detail.split_once('-').expect("what for, and what").0;
        match line.event {
            "send" | "moved" => {
                let sender = &mut self.machines[line.node];
                sender.sent += line.bytes;
                sender.upload += if line.sake == "others" { line.bytes } else { 0 };
                *self.by_kind.entry(kind.to_owned()).or_default() += line.bytes;
                if line.event == "moved" {
                    self.machines[line.other].received += line.bytes;
                } else {
                    self.packets += 1;
                }
            }
            "transfer" => self.packets += 1,
            "deliver" => {
                let asked = line.operation != "-" && !line.operation.starts_with('u');
                let receiver = &mut self.machines[line.other];
                receiver.received += line.bytes;
                receiver.requests += u64::from(asked && line.detail.ends_with("-request"));
            }
            _ => *self.lost.entry(line.cause.replace('-', "_")).or_default() += 1,
        }
    }

    /// Holds the figures of a run against this.
    fn compare(&self, ran: &Ran) {
        let online_s: f64 = self.machines.iter().map(|machine| machine.online_ns as f64 / 1e9).sum();
        let near = |name: &str, found: f64, counted: f64| {
            let same = (found - counted).abs() <= 1e-9 * counted.abs().max(1.0);
            assert!(same, "{}: {name} is {found}, by the trace {counted}", ran.id);
        };
        let bytes: u64 = self.by_kind.values().sum();
        near("bytes_total", ran.figure("bytes_total"), bytes as f64);
        near("packets_sent", ran.figure("packets_sent"), self.packets as f64);
        for kind in Traffic::ALL.map(Traffic::name) {
            let counted = self.by_kind.get(kind).copied().unwrap_or(0);
            let name = format!("{kind}_bytes_per_online_s_mean");
            near(&name, ran.figure(&name) * online_s, counted as f64);
        }
        for cause in Loss::ALL.map(|cause| cause.name().replace('-', "_")) {
            let counted = self.lost.get(cause.as_str()).copied().unwrap_or(0);
            near(&cause, ran.figure(&format!("packets_lost_{cause}")), counted as f64);
        }
        for row in &ran.outcome.nodes {
            let machine = &self.machines[row.machine as usize];
            let seconds = machine.online_ns as f64 / 1e9;
            let of = |name: &str| format!("{name} of {}", row.machine);
            assert_eq!((row.bytes_sent, row.bytes_received), (machine.sent, machine.received), "{}", of(&ran.id));
            near(&of("online"), row.online_s, seconds);
            let upload = row.upload_per_online_s.unwrap_or(0.0) * seconds;
            near(&of("upload"), upload, if seconds > 0.0 { machine.upload as f64 } else { 0.0 });
            let requests = row.requests_per_online_s.unwrap_or(0.0) * seconds;
            near(&of("requests"), requests, if seconds > 0.0 { machine.requests as f64 } else { 0.0 });
            if ran.system != "full-table" {
                let records = row.records_mean.unwrap_or(0.0) * seconds;
                near(&of("records"), records, machine.record_ns as f64 / 1e9);
            }
        }
    }
}

fn audit(text: &str) -> Vec<(Ran, Audit)> {
    let audited = |run| {
        let (ran, trace) = traced(&run, NODES_TOO);
        let audit = Audit::of(&trace, ran.system.ends_with("recursive"));
        audit.compare(&ran);
        (ran, audit)
    };
    runs(text).into_iter().map(audited).collect()
}

const POLICIES: [&str; 4] = [
    "[storage]\nrepair = \"none\"\n",
    "[storage]\nrepair = \"eager\"\n",
    "[storage.repair.lazy]\nthreshold = 2\n",
    "[storage]\nrepair.republish = { every = \"2min\", publisher = \"4min\", expiry = \"10min\" }\n",
];

fn every_routing() -> String {
    let recursive = |name: &str| format!("[systems.{name}-recursive.{name}]\nrouting = \"recursive\"\n");
    format!("{}{}{}", every_system(), recursive("chord"), recursive("kademlia"))
}

#[test]
fn what_every_system_reports_under_every_policy_is_what_its_trace_says() {
    for policy in POLICIES {
        let audits = audit(&format!("{ENVIRONMENT}{policy}{}", every_routing()));
        let forwards: u64 = audits.iter().map(|(_, audit)| audit.forwards).sum();
        assert!(forwards > 1000, "recursive walks are passed on: {forwards}");
        let gone: f64 = audits.iter().map(|(ran, _)| ran.figure("packets_lost_sender_gone")).sum();
        let repair: f64 = audits.iter().map(|(ran, _)| ran.figure("repair_bytes_per_online_s_mean")).sum();
        assert!(repair > 0.0 || policy.contains("none"), "{policy}");
        assert!(gone > 0.0, "nobody went with anything in its queue");
    }
}

#[test]
fn behind_nats_and_over_connections_too() {
    for policy in POLICIES {
        let audits = audit(&format!("{ENVIRONMENT}{BEHIND_NATS}{policy}{}", every_routing()));
        let dials: f64 = audits.iter().map(|(ran, _)| ran.figure("packets_lost_dial")).sum();
        assert!(dials > 0.0, "every dial succeeded");
    }
}

#[test]
fn what_moves_as_flows_too() {
    let text = ENVIRONMENT.replace("12KiB", "40KiB");
    let audits = audit(&format!("{text}{}{}", POLICIES[1], every_routing()));
    let gone: f64 = audits.iter().map(|(ran, _)| ran.figure("packets_lost_sender_gone")).sum();
    assert!(gone > 0.0, "no transfer broke off because its sender went");
}

/// Coded pieces with audits, copies along the way, and copies that pointers name.
const PLACEMENTS: &str = r#"
    [systems.coded]
    chord = {}
    storage = { pieces = 2, parity = 2, replicas = 1, repair = "none", audit = "2min" }
    [systems.cached]
    kademlia = {}
    storage = { cache = "64KiB", cache_ttl = "2min" }
    [systems.pointed]
    kademlia = {}
    storage = { placement = "random-participants" }
"#;

#[test]
fn pieces_caches_and_pointers_too() {
    for nats in ["", BEHIND_NATS] {
        let audits = audit(&format!("{ENVIRONMENT}{nats}{PLACEMENTS}"));
        let repair: Vec<f64> = audits.iter().map(|(ran, _)| ran.figure("repair_bytes_per_online_s_mean")).collect();
        assert!(repair[0] > 0.0 && repair[2] > 0.0, "audits and pointers are looked after: {repair:?}");
    }
}
