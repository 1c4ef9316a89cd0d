//! Pairs of machines that dial each other in an otherwise silent network.

use super::*;
use crate::engine::{Duration, Streams, Time};
use crate::model::DialOutcome;
use crate::protocols::kademlia::Kademlia;
use crate::run::environment::{self, Kinds};
use crate::scenario::plan::Plan;
use crate::scenario::{Registered, Scenario};

/// Every node has all others in its tables and nothing to say to them.
const QUIET: &str = "[systems.kad.kademlia]\nk = 100\nrefresh = \"10000h\"\n";
const RELAYS: &str = "[traversal.relays]\nconnections = 2\n";

/// How dials ended, by node and peer, and what else happened to links.
#[derive(Default)]
struct Seen {
    dials: Vec<(NodeId, NodeId, DialOutcome, Duration)>,
    kept_alive: u64,
}

impl Observer for Seen {
    fn link_event(&mut self, _: Time, node: NodeId, event: LinkEvent) {
        match event {
            LinkEvent::Dialled { peer, outcome, took, .. } => self.dials.push((node, peer, outcome, took)),
            LinkEvent::KeptAlive { bytes } => self.kept_alive += u64::from(bytes),
            _ => {}
        }
    }
}

type Sim<'p> = Simulation<'p, Kademlia, Seen>;

/// The plan of a quiet scenario with so many participants, these NATs and this traversal beside connections.
fn plan(participants: u32, nat: &str, traversal: &str) -> Plan {
    parsed(format!(
        "[population]\nparticipants = {participants}\n[network.latency.plane]\nwidth = \"100ms\"\n[network.nat]\n{nat}\n\
         [traversal]\ntransport = \"connection\"\n{traversal}\n{QUIET}"
    ))
}

fn parsed(text: String) -> Plan {
    let scenario = Scenario::parse("test".into(), "".into(), text, &[]).unwrap_or_else(|error| panic!("{error}"));
    scenario
        .plan(&scenario.points()[0], &[Registered::of::<Kademlia>("kademlia")])
        .unwrap_or_else(|error| panic!("{error}"))
}

fn begin(plan: &Plan) -> Sim<'_> {
    let system = &plan.systems[0];
    let config = system.config.downcast_ref().expect("it is Kademlia's");
    let timeline = environment::timeline(plan, 1);
    let kinds = Kinds::new(plan, &Streams::new(1), &timeline);
    let mut sim = Sim::new(plan, system, config, (timeline, kinds), 1, Seen::default());
    sim.begin();
    sim
}

impl Sim<'_> {
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        self.run_until(until, &|_, _| true).expect("nobody stops it");
    }

    fn of_class(&self, class: NatClass) -> Vec<NodeId> {
        (0..self.fixed.hosts.participants()).map(NodeId).filter(|node| self.nat_class(*node) == class).collect()
    }

    /// A node of one class and another of another, neither of which is the other's rendezvous.
    fn strangers(&self, from: NatClass, reached: NatClass) -> (NodeId, NodeId) {
        let (nodes, peers) = (self.of_class(from), self.of_class(reached));
        let pairs = nodes.iter().flat_map(|node| peers.iter().map(|peer| (*node, *peer)));
        let mut pairs = pairs.filter(|(node, peer)| node != peer && !self.has_link(*node, *peer));
        pairs.next().expect("there are several of each class")
    }

    /// How a dial of `node` to `peer` ends that begins when all mappings of earlier ones have died.
    fn dials(&mut self, node: NodeId, peer: NodeId) -> DialOutcome {
        self.pass(Duration::from_secs(240));
        self.with_connections(node, |own, cx| own.begin_dial(cx, peer, None));
        self.pass(Duration::from_secs(60));
        let ended: Vec<_> = self.observer.dials.drain(..).filter(|dial| (dial.0, dial.1) == (node, peer)).collect();
        assert_eq!(ended.len(), 1, "{node} dials {peer} once: {ended:?}");
        ended[0].2
    }
}

const EVERY_CLASS: &str = "shares = { open = 0.3, full-cone = 0.1, restricted = 0.1, port-restricted = 0.15, \
     symmetric = 0.15, firewall = 0.1, blocked = 0.1 }";

#[test]
fn every_pair_of_classes_connects_in_a_way_that_follows_from_their_rules() {
    // Reached by row, from by column, in the order of the classes: the table of the reference.
    let admitted = [
        ["D", "D", "D", "D", "D", "D", "D"],
        ["D", "D", "D", "D", "D", "D", "DR"],
        ["V", "VP", "P", "P", "P", "P", "R"],
        ["V", "VP", "P", "P", "R", "P", "R"],
        ["V", "VP", "P", "R", "R", "R", "R"],
        ["V", "VP", "P", "P", "R", "P", "R"],
        ["V", "VR", "R", "R", "R", "R", "R"],
    ];
    let plan = plan(60, EVERY_CLASS, RELAYS);
    let mut sim = begin(&plan);
    let mut wrong = Vec::new();
    for (reached, row) in NatClass::ALL.into_iter().zip(admitted) {
        for (from, ways) in NatClass::ALL.into_iter().zip(row) {
            let (node, peer) = sim.strangers(from, reached);
            let letter = match sim.dials(node, peer) {
                DialOutcome::Direct => "D",
                DialOutcome::Reversed => "V",
                DialOutcome::Punched => "P",
                DialOutcome::Relayed => "R",
                DialOutcome::Organic => "organic",
                DialOutcome::Failed => "failed",
            };
            if !ways.contains(letter) {
                wrong.push(format!("{} from {}: {letter}, not {ways}", reached.name(), from.name()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn without_relays_the_share_that_connects_is_that_of_the_formula() {
    let shares = "shares = { open = 0.3, full-cone = 0.1, restricted = 0.1, port-restricted = 0.2, symmetric = 0.2, \
                  firewall = 0.1 }";
    let plan = plan(24, shares, "");
    let mut sim = begin(&plan);
    let count =
        |sim: &Sim<'_>, classes: &[NatClass]| -> usize { classes.iter().map(|class| sim.of_class(*class).len()).sum() };
    let filtered = count(&sim, &[NatClass::PortRestricted, NatClass::Firewall]);
    let symmetric = count(&sim, &[NatClass::Symmetric]);
    let behind: Vec<NodeId> = NatClass::ALL[1..].iter().flat_map(|class| sim.of_class(*class)).collect();
    assert!(filtered > 2 && symmetric > 2, "{filtered}, {symmetric} of {}", behind.len());
    let mut failed = 0;
    for &node in &behind {
        for &peer in behind.iter().filter(|peer| **peer != node) {
            failed += usize::from(sim.dials(node, peer) == DialOutcome::Failed);
        }
    }
    // Of all n(n − 1) ordered pairs.
    println!(
        "{} behind NATs, {filtered} filtered by endpoint, {symmetric} symmetric: {failed} pairs fail",
        behind.len()
    );
    assert_eq!(failed, 2 * filtered * symmetric + symmetric * (symmetric - 1));
}

#[test]
fn two_behind_one_box_connect_through_it_or_through_a_relay() {
    let nat = |hairpinning: bool| {
        format!(
            "shares = {{ open = 0.5, port-restricted = 0.5 }}\n\
             carrier = {{ share = 1.0, subscribers = 20, hairpinning = {hairpinning} }}"
        )
    };
    for (hairpinning, traversal, way) in
        [(true, RELAYS, DialOutcome::Punched), (false, RELAYS, DialOutcome::Relayed), (false, "", DialOutcome::Failed)]
    {
        let plan = plan(20, &nat(hairpinning), traversal);
        let mut sim = begin(&plan);
        let behind = sim.of_class(NatClass::PortRestricted);
        assert_eq!(sim.dials(behind[0], behind[1]), way, "hairpinning {hairpinning}");
    }
}

#[test]
fn who_does_not_keep_its_mapping_alive_is_not_found_again() {
    let half = "shares = { open = 0.5, port-restricted = 0.5 }";
    for (keep_alive, way) in
        [("25s", DialOutcome::Punched), ("off", DialOutcome::Failed), ("5min", DialOutcome::Failed)]
    {
        let plan = plan(20, half, &format!("keep_alive = \"{keep_alive}\"\n"));
        let mut sim = begin(&plan);
        let behind = sim.of_class(NatClass::PortRestricted);
        assert_eq!(sim.dials(behind[0], behind[1]), way, "{keep_alive}");
        assert_eq!(sim.observer.kept_alive > 0, keep_alive == "25s", "{keep_alive}");
    }
}

#[test]
fn a_node_finds_out_whether_it_can_be_dialled() {
    let mut plan = plan(40, EVERY_CLASS, "idle_close = \"off\"\n");
    plan.population.start = crate::scenario::Start::Join { over: Duration::from_secs(60) };
    let mut sim = begin(&plan);
    sim.pass(Duration::from_secs(600));
    for node in (0..40).map(NodeId) {
        let class = sim.nat_class(node);
        let dialable = matches!(class, NatClass::Open | NatClass::FullCone);
        let known = if dialable { Reachability::Yes } else { Reachability::No };
        assert_eq!(sim.reachability(node), known, "{node} is {}", class.name());
        assert!(
            class == NatClass::Open || sim.connectivity.as_ref().unwrap().node(node).rendezvous().is_some(),
            "{node} has nobody"
        );
    }
}

#[test]
fn who_is_behind_what_follows_from_the_class_and_then_from_the_region() {
    let shares = |shares: &str| {
        format!(
            "[population]\nparticipants = 400\n\
             [[population.classes]]\nname = \"home\"\nshare = 0.7\n\
             [[population.classes]]\nname = \"office\"\nshare = 0.3\nnat.shares = {{ firewall = 1 }}\n\
             [network.latency.regions]\n[network.nat]\nregions.oceania.shares = {{ symmetric = 1 }}\n{shares}\n{QUIET}"
        )
    };
    let (all, half) = (parsed(shares("shares.open = 1")), parsed(shares("shares = { open = 0.5, restricted = 0.5 }")));
    let (all, half) = (begin(&all), begin(&half));
    let mut seen = [0; 4];
    for machine in (0..400).map(NodeId) {
        let class = |sim: &Sim<'_>| sim.nat_class(machine);
        let oceania = all.network.region(machine.0) == Some(9);
        let (case, expected) = match (all.environment.kinds.class(machine.0), oceania) {
            (Some(1), _) => (0, NatClass::Firewall),
            (_, true) => (1, NatClass::Symmetric),
            _ => (2, NatClass::Open),
        };
        assert_eq!(class(&all), expected, "{machine}");
        // Other shares for some leave the others as they were.
        seen[case + usize::from(class(&half) == NatClass::Restricted)] += 1;
        assert!(class(&half) == expected || case == 2, "{machine}");
    }
    assert!(seen.iter().all(|&count| count > 10), "{seen:?}");
}
