//! Eager repair: two copies on the two responsible nodes.

use super::*;

#[test]
fn whoever_appears_among_the_responsible_gets_the_record_and_whoever_falls_out_drops_it() {
    let mut nodes = Nodes::new(3);
    nodes.give(&[1, 2], 4);
    nodes.change(2, &[0], &[]);
    assert_eq!(nodes.holds(4), [0, 1], "node 0 is new, node 2 is third of two");
}

#[test]
fn a_copy_that_is_not_ones_own_is_held_for_a_while_in_reserve_before_it_is_dropped() {
    let mut nodes = Nodes::new(3);
    nodes.hold = Duration::from_secs(1800);
    nodes.give(&[1, 2], 4);
    nodes.change(2, &[0], &[]);
    nodes.pass(Duration::from_secs(1799));
    assert_eq!(nodes.holds(4), [0, 1, 2]);
    let given = [1, 2].map(|node| nodes.nodes[node].store.version_given(RECORD));
    assert_eq!(given, [Some(Version(4)), None], "node 2 gives it to nobody who walks past");
    nodes.pass(Duration::from_secs(1));
    assert_eq!(nodes.holds(4), [0, 1]);
}

#[test]
fn a_copy_that_is_ones_own_again_before_the_hold_is_over_stays() {
    let mut nodes = Nodes::new(3);
    nodes.hold = Duration::from_secs(1800);
    nodes.give(&[1, 2], 4);
    nodes.change(2, &[0], &[]);
    nodes.down.push(NodeId(0));
    nodes.nodes[0] = StorageNode::default();
    nodes.known.iter_mut().for_each(|known| known.responsible.retain(|node| node.0 != 0));
    for node in [1, 2] {
        nodes.change(node, &[], &[0]);
    }
    nodes.pass(Duration::from_secs(7200));
    assert_eq!(nodes.holds(4), [1, 2]);
}

#[test]
fn a_copy_that_is_not_ones_own_is_dropped_only_when_as_many_others_as_should_have_just_said_that_they_hold_it() {
    let mut nodes = Nodes::new(3);
    nodes.give(&[1, 2], 4);
    nodes.down = vec![NodeId(0)];
    nodes.change(2, &[], &[]);
    assert_eq!(nodes.holds(4), [1, 2], "node 0, which should hold it, is stale in node 2's table");
    nodes.time_out();
    nodes.down = vec![NodeId(1)];
    nodes.pass(Duration::from_secs(90));
    assert_eq!(nodes.holds(4), [0, 1, 2], "node 1 said so long ago, and is gone by now");
    nodes.down.clear();
    nodes.pass(Duration::from_secs(200));
    assert_eq!(nodes.holds(4), [0, 1]);
}

#[test]
fn what_was_put_back_is_dropped_only_if_enough_others_stored_it() {
    let mut nodes = Nodes::new(3);
    nodes.give(&[2], 4);
    nodes.down = vec![NodeId(0), NodeId(1)];
    nodes.with(2, |storage, cx, known| storage.on_returned(cx, RECORD, &[NodeId(0), NodeId(2)], known));
    assert_eq!(nodes.holds(4), [2]);
    nodes.with(2, |storage, cx, known| storage.on_returned(cx, RECORD, &[NodeId(0), NodeId(1)], known));
    assert!(nodes.holds(4).is_empty());
}

#[test]
fn the_node_that_moves_up_gets_the_record_when_a_holder_has_gone() {
    let mut nodes = Nodes::new(3);
    nodes.give(&[1], 4);
    nodes.known[1].responsible.retain(|node| node.0 != 0);
    nodes.change(1, &[], &[0]);
    assert_eq!(nodes.holds(4), [1, 2], "though node 2 does not know yet that node 0 is gone");
}

#[test]
fn a_node_that_is_silent_three_times_is_passed_over_until_it_says_something() {
    let mut nodes = Nodes::new(3);
    nodes.give(&[0, 1], 4);
    nodes.down.push(NodeId(0));
    nodes.change(1, &[], &[]);
    for _ in 0..2 {
        nodes.pass(Duration::from_secs(3));
        assert_eq!(nodes.holds(4), [0, 1], "it may only have lost a packet");
        nodes.pass(Duration::from_secs(60));
    }
    nodes.pass(Duration::from_secs(3));
    assert_eq!(nodes.holds(4), [0, 1, 2], "nobody's tables have changed");
    nodes.down.clear();
    nodes.with(0, |storage, cx, known| storage.on_return(cx, known));
    nodes.pass(Duration::from_secs(3600));
    assert_eq!(nodes.holds(4), [0, 1]);
}

#[test]
fn without_repair_nothing_moves() {
    let mut nodes = Nodes::new(3);
    nodes.repair = Repair::None;
    nodes.give(&[2], 4);
    nodes.change(2, &[0], &[1]);
    nodes.with(2, |storage, cx, known| storage.on_return(cx, known));
    nodes.with(2, |storage, cx, known| storage.on_leave(cx, known));
    nodes.pass(Duration::from_secs(7200));
    assert_eq!((nodes.holds(4), nodes.lists.in_use(), nodes.offers()), (vec![2], 0, vec![]));
}

#[test]
fn a_returning_node_learns_what_became_newer_and_gives_away_what_is_not_its_own() {
    let mut nodes = Nodes::new(3);
    nodes.give(&[0], 1);
    nodes.give(&[1], 9);
    nodes.with(0, |storage, cx, known| storage.on_return(cx, known));
    assert_eq!(nodes.holds(9), [0, 1], "node 0 is responsible and was behind");
    nodes.give(&[2], 5);
    nodes.with(2, |storage, cx, known| storage.on_return(cx, known));
    assert_eq!((nodes.holds(9), nodes.holds(5)), (vec![0, 1], vec![]));
}

#[test]
fn whoever_holds_a_newer_version_brings_the_others_up_to_date() {
    let mut nodes = Nodes::new(3);
    nodes.give(&[0], 9);
    nodes.give(&[1], 1);
    nodes.with(0, |storage, cx, known| storage.on_return(cx, known));
    assert_eq!(nodes.holds(9), [0, 1]);
}

#[test]
fn a_copy_stored_on_the_wrong_node_is_passed_on() {
    let mut nodes = Nodes::new(3);
    nodes.put(0, 6, &[1, 2]);
    assert_eq!(nodes.holds(6), [0, 1], "node 2 knows two that are nearer");
}

#[test]
fn a_value_is_sent_by_one_of_those_who_offer_it() {
    for size in [LARGEST_IN_PACKET, LARGEST_IN_PACKET + 1] {
        let mut nodes = Nodes::new(3);
        nodes.size = size;
        nodes.give(&[1, 2], 4);
        for holder in [1, 2] {
            nodes.call(NodeId(holder), |storage, cx, known| storage.on_change(cx, &[NodeId(0)], &[], known));
        }
        assert_eq!((nodes.deliver(), nodes.holds(4)[..2].to_vec()), (1, vec![0, 1]), "{size} bytes");
    }
}

#[test]
fn a_value_on_its_way_is_not_wanted_until_its_way_breaks_off() {
    let mut nodes = Nodes::new(2);
    nodes.give(&[1], 4);
    nodes.nodes[0].on_coming(RECORD, Version(4), Time::NEVER);
    nodes.now += Duration::from_secs(3600);
    nodes.change(1, &[0], &[]);
    assert_eq!(nodes.holds(4), [1]);
    nodes.nodes[0].no_more_coming(RECORD, Version(4));
    nodes.pass(Duration::from_secs(20));
    assert_eq!(nodes.holds(4), [0, 1]);
}

#[test]
fn a_leaving_node_hands_over_to_its_heir() {
    let mut nodes = Nodes::new(4);
    nodes.give(&[0, 1], 2);
    nodes.with(0, |storage, cx, known| storage.on_leave(cx, known));
    assert_eq!(nodes.holds(2), [0, 1, 2], "the heir keeps it, though it may not know yet that node 0 leaves");
}

#[test]
fn nobody_takes_what_is_not_its_own_and_the_holder_puts_it_where_it_belongs_after_pauses() {
    let mut nodes = Nodes::new(5);
    // As on a ring far from the key: nodes 3 and 4 know that others come before them, and node 4 not which.
    nodes.known[4] = Known { responsible: vec![NodeId(2), NodeId(3), NodeId(4)], passes_puts_on: false };
    nodes.known[2] = Known { responsible: vec![NodeId(0), NodeId(1), NodeId(2)], passes_puts_on: false };
    nodes.give(&[4], 1);
    let back = (NodeId(4), Effect::Return { record: RECORD, version: Version(1) });
    let put_back = |nodes: &Nodes| nodes.effects.iter().filter(|effect| **effect == back).count();
    nodes.change(4, &[3], &[]);
    assert_eq!((nodes.holds(1), put_back(&nodes)), (vec![4], 1), "nodes 2 and 3 decline");
    for _ in 0..600 {
        nodes.pass(Duration::from_millis(100));
        nodes.change(4, &[3], &[]);
    }
    assert!((1..=2).contains(&put_back(&nodes)), "{} times in a minute", put_back(&nodes));
    for _ in 0..240 {
        nodes.pass(Duration::from_secs(60));
    }
    assert!((8..20).contains(&put_back(&nodes)), "{} times in four hours", put_back(&nodes));
}

#[test]
fn a_record_is_not_offered_ten_times_a_minute_to_anyone_whatever_the_tables_do() {
    let mut nodes = Nodes::new(4);
    nodes.replicas = 3;
    nodes.give(&[0], 1);
    nodes.disks = vec![u64::MAX, 0, u64::MAX, u64::MAX];
    nodes.down.push(NodeId(2));
    nodes.offers();
    for _ in 0..600 {
        nodes.pass(Duration::from_millis(100));
        nodes.change(0, &[1, 2], &[3]);
        nodes.change(0, &[3], &[1, 2]);
    }
    let offers = nodes.offers();
    for to in [1, 2, 3] {
        let many = offers.iter().filter(|offer| **offer == (0, to)).count();
        assert!(many <= 10, "{many} offers to node {to} in a minute");
    }
}

#[test]
fn a_node_without_room_is_offered_nothing_before_the_next_review() {
    let mut nodes = Nodes::new(3);
    nodes.give(&[0], 1);
    nodes.disks[1] = 0;
    nodes.change(0, &[1], &[]);
    assert_eq!(nodes.offers(), [(0, 1)]);
    for _ in 0..14 {
        nodes.pass(Duration::from_secs(60));
        nodes.change(0, &[2], &[]);
    }
    assert_eq!(nodes.offers(), []);
    assert_eq!(nodes.effects.iter().filter(|(_, effect)| *effect == Effect::Refused { record: RECORD }).count(), 1);
}

#[test]
fn whoever_drops_its_copy_tells_the_others() {
    let mut nodes = Nodes::new(3);
    nodes.give(&[0, 1, 2], 4);
    // Node 0 has just joined, and takes itself for the last.
    nodes.known[0] = Known { responsible: vec![NodeId(1), NodeId(2), NodeId(0)], passes_puts_on: false };
    nodes.with(0, |storage, cx, known| storage.on_return(cx, known));
    assert_eq!(nodes.holds(4), [1, 2]);
    nodes.known[0] = Known { responsible: vec![NodeId(0), NodeId(1), NodeId(2)], passes_puts_on: false };
    nodes.pass(Duration::from_secs(20));
    assert_eq!(nodes.holds(4)[..2], [0, 1], "node 1 has heard that it dropped it");
}

#[test]
fn a_copy_whose_time_is_over_when_it_arrives_is_not_taken() {
    use crate::storage::Republish;
    let second = Duration::from_secs(1);
    for (late, kept) in [(0, vec![0]), (1, vec![0]), (2, vec![])] {
        let mut nodes = Nodes::new(2);
        nodes.repair = Repair::Republish(Republish { every: None, publisher: second, expiry: Some(second + second) });
        let named = [Contact { node: NodeId(0), hops: 1 }];
        nodes.call(NodeId(1), |storage, cx, _| storage.put(cx, OP, RECORD, Version(3), &named));
        nodes.now += Duration::from_secs(late);
        nodes.deliver();
        assert_eq!(nodes.holds(3), kept, "{late} s on its way");
    }
}
