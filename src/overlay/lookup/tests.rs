//! Properties of the iterative lookup.

use proptest::prelude::*;

use super::*;
use crate::engine::{Noise, Source};

/// A network whose nodes know up to `k` random nodes of each half, quarter, … of the space beside their own: all there
/// are, where there are fewer.
struct Network {
    keys: Vec<Key>,
    tables: Vec<Vec<NodeId>>,
    dead: Vec<bool>,
}

impl Network {
    fn new(size: usize, k: usize, dead_share: f64, noise: &mut Noise) -> Network {
        let keys: Vec<Key> = (0..size).map(|_| Key(noise.next_u64())).collect();
        let tables = (0..size).map(|me| Network::table(&keys, me, k, noise)).collect();
        let dead = (0..size).map(|node| node > 0 && noise.chance(dead_share)).collect();
        Network { keys, tables, dead }
    }

    fn table(keys: &[Key], me: usize, k: usize, noise: &mut Noise) -> Vec<NodeId> {
        let mut held = [0; 64];
        let mut others: Vec<usize> = (0..keys.len()).filter(|&node| node != me).collect();
        others.sort_by_cached_key(|_| noise.next_u64());
        others.retain(|&node| {
            let half = (keys[node].0 ^ keys[me].0).leading_zeros() as usize;
            held[half] += 1;
            held[half] <= k
        });
        others.into_iter().map(|node| NodeId(node as u32)).collect()
    }

    fn key(&self, node: NodeId) -> Key {
        self.keys[node.index()]
    }

    /// The k nodes nearest to the target that `node` knows.
    fn reply(&self, node: NodeId, aim: Aim) -> Vec<NodeId> {
        let mut known = self.tables[node.index()].clone();
        known.sort_by_key(|&node| aim.metric.distance(aim.target, self.key(node)));
        known.truncate(aim.k);
        known
    }
}

/// Runs a lookup from node 0, with replies and failures in random order, and checks what holds at every step.
fn run(network: &Network, aim: Aim, noise: &mut Noise) -> (Lookup, Vec<NodeId>) {
    let mut lookup = Lookup::default();
    lookup.begin(aim, NodeId(0), &network.reply(NodeId(0), aim), |node| network.key(node));
    let (mut asked, mut in_flight) = (Vec::new(), Vec::new());
    loop {
        match lookup.step() {
            Step::Ask(node) => {
                assert!(node != NodeId(0) && !asked.contains(&node), "{node} was asked twice");
                asked.push(node);
                in_flight.push(node);
                assert!(in_flight.len() <= aim.alpha && lookup.in_flight() == in_flight.len());
            }
            Step::Wait => {
                assert!(!in_flight.is_empty() && !lookup.is_finished(), "waits for nobody");
                let node = in_flight.swap_remove(noise.below(in_flight.len() as u64) as usize);
                if network.dead[node.index()] {
                    lookup.on_failure(node);
                } else {
                    lookup.on_success(node, &network.reply(node, aim), |node| network.key(node));
                }
                assert!(lookup.candidates.len() <= 1 + 2 * aim.k + asked.len(), "unbounded memory");
            }
            Step::Finished => {
                assert!(lookup.is_finished());
                return (lookup, asked);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200,
        rng_seed: proptest::test_runner::RngSeed::Fixed(1),
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn finds_the_closest_when_nothing_fails(
        seed: u64, target: u64, size in 1usize..150, k in 1usize..12, alpha in 1usize..5,
    ) {
        let mut noise = Noise::new(seed);
        let network = Network::new(size, k, 0.0, &mut noise);
        let aim = Aim { target: Key(target), metric: Metric::Xor, k, answered: k, alpha, widen: false, patient: 0, rounds: false };
        let (lookup, _) = run(&network, aim, &mut noise);
        let mut all: Vec<NodeId> = (0..size as u32).map(NodeId).collect();
        all.sort_by_key(|node| network.keys[node.index()].0 ^ target);
        prop_assert_eq!(lookup.result(1).next().unwrap().node, all[0]);
    }

    #[test]
    fn ends_sorted_with_the_front_answered_whatever_fails(
        seed: u64, target: u64, size in 1usize..150, k in 1usize..12, alpha in 1usize..5, dead in 0.0..1.0f64,
        ring: bool,
    ) {
        let mut noise = Noise::new(seed);
        let network = Network::new(size, k, dead, &mut noise);
        let metric = if ring { Metric::Ring } else { Metric::Xor };
        let aim = Aim { target: Key(target), metric, k, answered: k, alpha, widen: false, patient: 0, rounds: false };
        let (lookup, asked) = run(&network, aim, &mut noise);
        let found: Vec<Contact> = lookup.result(usize::MAX).collect();
        let distance = |contact: &Contact| metric.distance(aim.target, network.keys[contact.node.index()]);
        prop_assert!(found.is_sorted_by(|a, b| distance(a) < distance(b)));
        prop_assert!(found.iter().all(|contact| !network.dead[contact.node.index()]));
        prop_assert!(found.iter().all(|contact| (contact.hops == 0) == (contact.node == NodeId(0))));
        prop_assert_eq!(found.len(), lookup.answers() + 1);
        prop_assert!(lookup.answers() <= asked.len() && (found.len() >= k || lookup.heard == 0));
    }
}

const AIM: Aim =
    Aim { target: Key(0), metric: Metric::Xor, k: 2, answered: 2, alpha: 1, widen: false, patient: 0, rounds: false };

/// Every node has its number as key.
fn key(node: NodeId) -> Key {
    Key(node.0.into())
}

#[test]
fn depth_is_counted_from_the_reply_that_named_a_node_first() {
    let mut lookup = Lookup::default();
    lookup.begin(AIM, NodeId(99), &[50, 40].map(NodeId), key);
    assert_eq!(lookup.step(), Step::Ask(NodeId(40)));
    lookup.on_success(NodeId(40), &[10, 50].map(NodeId), key);
    assert_eq!(lookup.step(), Step::Ask(NodeId(10)));
    lookup.on_success(NodeId(10), &[5, 40].map(NodeId), key);
    assert_eq!(lookup.step(), Step::Ask(NodeId(5)));
    lookup.on_success(NodeId(5), &[10].map(NodeId), key);
    assert_eq!(lookup.step(), Step::Finished);
    let hops: Vec<_> = lookup.result(9).map(|contact| (contact.node.0, contact.hops)).collect();
    assert_eq!(hops, [(5, 3), (10, 2), (40, 1), (99, 0)]);
    assert_eq!((lookup.hops(NodeId(50)), lookup.hops(NodeId(7))), (Some(1), None));
}

#[test]
fn a_failed_node_makes_room_for_the_next_and_is_not_asked_again() {
    let mut lookup = Lookup::default();
    lookup.begin(AIM, NodeId(99), &[10, 20, 30].map(NodeId), key);
    assert_eq!(lookup.step(), Step::Ask(NodeId(10)));
    lookup.on_failure(NodeId(10));
    assert_eq!(lookup.step(), Step::Ask(NodeId(20)));
    lookup.on_success(NodeId(20), &[10, 30].map(NodeId), key);
    assert_eq!(lookup.step(), Step::Ask(NodeId(30)));
    assert_eq!(lookup.step(), Step::Wait);
    lookup.on_success(NodeId(10), &[1].map(NodeId), key);
    assert_eq!(lookup.step(), Step::Wait, "an answer after the failure is not awaited");
    lookup.on_success(NodeId(30), &[].map(NodeId), key);
    assert_eq!(lookup.step(), Step::Finished);
}

#[test]
fn an_initiator_without_contacts_is_finished_and_finds_itself() {
    let mut lookup = Lookup::default();
    lookup.begin(AIM, NodeId(99), &[].map(NodeId), key);
    assert_eq!(lookup.step(), Step::Finished);
    assert_eq!(lookup.result(3).collect::<Vec<_>>(), [Contact { node: NodeId(99), hops: 0 }]);
    assert!(lookup.is_alone());
    assert_eq!((lookup.answers(), size_of::<Candidate>()), (0, 16));
}

/// Ten nodes at the distances of their numbers from the target, the initiator far away.
fn begun(aim: Aim, known: &[u32]) -> Lookup {
    let mut lookup = Lookup::default();
    let known: Vec<NodeId> = known.iter().map(|&node| NodeId(node)).collect();
    lookup.begin(aim, NodeId(99), &known, |node| Key(node.0.into()));
    lookup
}

fn asks(lookup: &mut Lookup) -> Vec<u32> {
    let mut asked = Vec::new();
    while let Step::Ask(node) = lookup.step() {
        asked.push(node.0);
    }
    asked
}

#[test]
fn a_slow_node_frees_its_slot_and_counts_again_when_it_answers() {
    let mut lookup = begun(Aim { k: 2, answered: 2, alpha: 1, ..AIM }, &[1, 2, 3]);
    assert_eq!(asks(&mut lookup), [1]);
    lookup.on_slow(NodeId(1));
    assert_eq!(asks(&mut lookup), [2]);
    lookup.on_success::<NodeId>(NodeId(2), &[], |node| Key(node.0.into()));
    assert_eq!(asks(&mut lookup), [3], "two others make the front");
    lookup.on_success::<NodeId>(NodeId(1), &[], |node| Key(node.0.into()));
    assert_eq!(lookup.step(), Step::Finished);
    assert_eq!(lookup.result(2).map(|contact| contact.node.0).collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn slow_nodes_are_waited_for_where_too_few_others_are_left() {
    let mut lookup = begun(Aim { k: 2, answered: 2, alpha: 3, ..AIM }, &[1]);
    assert_eq!(asks(&mut lookup), [1]);
    lookup.on_slow(NodeId(1));
    assert_eq!(lookup.step(), Step::Wait);
    lookup.on_failure(NodeId(1));
    assert_eq!(lookup.step(), Step::Finished);
}

#[test]
fn a_patient_lookup_waits_for_a_slow_node_that_is_nearer_than_what_it_names() {
    let mut lookup = begun(Aim { k: 3, answered: 2, alpha: 3, patient: 1, ..AIM }, &[1, 2, 3, 4]);
    assert_eq!(asks(&mut lookup), [1, 2, 3]);
    lookup.on_slow(NodeId(1));
    asks(&mut lookup);
    for node in [2, 3] {
        lookup.on_success::<NodeId>(NodeId(node), &[], |node| Key(node.0.into()));
    }
    assert_eq!(lookup.step(), Step::Wait, "the nearest is merely slow");
    let mut failed = lookup.clone();
    failed.on_failure(NodeId(1));
    assert_eq!(failed.step(), Step::Finished);
    lookup.on_success::<NodeId>(NodeId(1), &[], |node| Key(node.0.into()));
    assert_eq!(lookup.step(), Step::Finished);
    assert_eq!(lookup.result(1).next().map(|contact| contact.node.0), Some(1));
}

#[test]
fn after_a_round_without_progress_all_of_the_front_are_asked_at_once() {
    let aim = Aim { k: 6, answered: 6, alpha: 2, widen: true, ..AIM };
    let mut lookup = begun(aim, &[2, 3, 4, 5, 6, 7, 8]);
    let key = |node: NodeId| Key(node.0.into());
    assert_eq!(asks(&mut lookup), [2, 3]);
    lookup.on_success(NodeId(2), &[NodeId(1)], key);
    assert_eq!(asks(&mut lookup), [1], "a nearer one was named: that is progress");
    lookup.on_success::<NodeId>(NodeId(3), &[], key);
    assert_eq!(asks(&mut lookup), [4]);
    lookup.on_success::<NodeId>(NodeId(1), &[], key);
    assert_eq!(asks(&mut lookup), [5, 6], "all that are left of six");
    let mut narrow = begun(Aim { widen: false, ..aim }, &[2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(asks(&mut narrow), [2, 3]);
    narrow.on_failure(NodeId(2));
    narrow.on_failure(NodeId(3));
    assert_eq!(asks(&mut narrow), [4, 5]);
}

#[test]
fn a_lookup_ends_when_as_many_of_the_nearest_have_answered_as_are_wanted() {
    let mut lookup = begun(Aim { k: 5, answered: 2, alpha: 3, ..AIM }, &[1, 2, 3, 4, 5]);
    let key = |node: NodeId| Key(node.0.into());
    assert_eq!(asks(&mut lookup), [1, 2, 3]);
    lookup.on_success::<NodeId>(NodeId(3), &[], key);
    assert_eq!(asks(&mut lookup), [4], "the slots are used for the rest of the five");
    lookup.on_success::<NodeId>(NodeId(1), &[], key);
    lookup.on_success::<NodeId>(NodeId(2), &[], key);
    assert_eq!((lookup.step(), lookup.is_finished()), (Step::Finished, true));
}
