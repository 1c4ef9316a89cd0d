//! What a Chord ring must do, on the bench.

use super::tables::{Query, Step, Tables};
use super::{Chord, Config, Fingers, Message, Tag};
use crate::engine::{Duration, Noise, Source, Time};
use crate::model::{Cause, Held, Key, NodeId, RecordId, Version};
use crate::overlay::testing::{Bench, End};
use crate::overlay::{Change, Contact, Effect, Protocol, Roster, Routing, View};

/// The first joined node at or after `key`.
pub(super) fn successor(bench: &Bench<Chord>, key: Key) -> NodeId {
    let joined = (0..bench.keys.len()).filter(|&node| bench.joined[node]);
    let nearest = joined.min_by_key(|&node| key.clockwise(bench.keys[node])).expect("somebody has joined");
    NodeId(nearest as u32)
}

/// First hop of a lookup by node 0.
fn first_hop(bench: &Bench<Chord>, target: Key) -> NodeId {
    let (view, query) = (View::new(NodeId(0), &bench.keys), Query { target, record: None, count: 1 });
    let step = bench.nodes[0].tables.find_successor(&view, &bench.config, &query, &[]);
    let Step::Next(first) = step else { panic!("a first hop, not {step:?}") };
    first
}

/// No maintenance happens during a test.
fn still() -> Config {
    let never = || Duration::from_secs(1 << 30).into();
    Config { stabilize: never(), fix_fingers: never(), check_predecessor: never(), ..Config::default() }
}

fn converged(config: Config, nodes: u32, seed: u64) -> Bench<Chord> {
    let mut bench = Bench::new(config, nodes, seed);
    bench.start_converged();
    bench
}

/// Node 0 founds the ring, the others join it through it, one every `gap`.
fn joined(config: Config, nodes: u32, seed: u64, gap: Duration) -> Bench<Chord> {
    let mut bench = Bench::new(config, nodes, seed);
    bench.start(NodeId(0), None);
    for node in 1..nodes {
        bench.run_for(gap);
        bench.start(NodeId(node), Some(NodeId(0)));
    }
    bench.run_for(Duration::from_secs(2));
    bench
}

/// Every pointer of every joined node is what `Tables::converged` makes it.
fn assert_tables_are_perfect(bench: &Bench<Chord>) {
    let up: Vec<_> = (0..bench.keys.len()).filter(|&node| bench.joined[node]).collect();
    let between = bench.between.unwrap_or(|_, _| Duration::ZERO);
    let roster = Roster::new(up.iter().map(|&node| (bench.keys[node], NodeId(node as u32))).collect());
    let roster = roster.with_round_trips(&between);
    for node in up {
        let view = View::new(NodeId(node as u32), &bench.keys);
        let right = Tables::converged(&view, &bench.config, &roster);
        let tables = &bench.nodes[node].tables;
        assert_eq!(tables.predecessors(), right.predecessors(), "predecessors of {node}");
        assert_eq!(tables.successors(), right.successors(), "successors of {node}");
        assert_eq!(tables.fingers(), right.fingers(), "fingers of {node}");
    }
}

/// `lookups` random lookups from random nodes all name the three responsible nodes, nearest first.
fn assert_lookups_are_correct(bench: &mut Bench<Chord>, lookups: u32, seed: u64) {
    let mut random = Noise::new(seed);
    let up: Vec<_> = (0..bench.keys.len()).filter(|&node| bench.joined[node]).collect();
    for _ in 0..lookups {
        let from = NodeId(up[random.below(up.len() as u64) as usize] as u32);
        let target = Key(random.next_u64());
        let walked = bench.walk(from, target, None, 3);
        let End::Found(named) = walked.end else { panic!("a lookup failed: {walked:?}") };
        let mut right: Vec<_> = up.iter().map(|&node| NodeId(node as u32)).collect();
        right.sort_by_key(|node| target.clockwise(bench.keys[node.index()]));
        right.truncate(3);
        assert_eq!(named.iter().map(|contact| contact.node).collect::<Vec<_>>(), right);
    }
}

#[test]
fn a_ring_built_by_joining_only_ends_in_the_converged_tables() {
    for fingers in [Fingers::All, Fingers::One] {
        let fix_fingers = Duration::from_secs(if fingers == Fingers::All { 120 } else { 10 });
        let config = Config { fingers, fix_fingers: fix_fingers.into(), ..Config::default() };
        let mut bench = joined(config, 200, 1, Duration::from_secs(2));
        bench.run_for(Duration::from_secs(600));
        assert_tables_are_perfect(&bench);
        assert_lookups_are_correct(&mut bench, 500, 2);
    }
}

#[test]
fn a_ring_that_doubles_at_once_is_perfect_within_ten_periods() {
    let mut bench = Bench::<Chord>::new(Config::default(), 200, 3);
    bench.start(NodeId(0), None);
    for node in 1..200 {
        bench.run_for(Duration::from_secs(if node < 100 { 2 } else { 0 }));
        bench.start(NodeId(node), Some(NodeId(node.saturating_sub(100))));
        if node == 99 {
            bench.run_for(Duration::from_secs(400));
        }
    }
    bench.run_for(Duration::from_secs(200));
    assert_lookups_are_correct(&mut bench, 500, 4);
    bench.run_for(Duration::from_secs(240));
    assert_tables_are_perfect(&bench);
}

/// All stand behind the founder at first, and a node passes one or more others in a period.
#[test]
fn nodes_that_join_a_lone_founder_at_once_find_their_places() {
    let mut bench = joined(Config::default(), 100, 3, Duration::ZERO);
    assert!(bench.joined.iter().all(|&joined| joined));
    bench.run_for(Duration::from_secs(1200));
    assert_tables_are_perfect(&bench);
}

#[test]
fn after_a_fifth_crashed_all_lookups_are_correct_within_ten_periods() {
    let mut bench = converged(Config::default(), 300, 4);
    let mut random = Noise::new(5);
    for node in (0..300).map(NodeId) {
        if random.chance(0.2) {
            bench.crash(node);
        }
    }
    bench.run_for(Duration::from_secs(200));
    assert_lookups_are_correct(&mut bench, 1000, 6);
    bench.run_for(Duration::from_secs(240));
    assert_tables_are_perfect(&bench);
}

#[test]
fn rings_of_one_two_and_three_nodes_are_rings() {
    for nodes in 1..=3 {
        let mut born = converged(Config::default(), nodes, 7);
        assert_lookups_are_correct(&mut born, 50, 8);
        let mut grown = joined(Config::default(), nodes, 7, Duration::from_secs(1));
        grown.run_for(Duration::from_secs(200));
        assert_tables_are_perfect(&grown);
        assert_lookups_are_correct(&mut grown, 50, 8);
        for node in 1..nodes {
            grown.leave(NodeId(node));
            grown.run_for(Duration::from_secs(1));
        }
        assert_lookups_are_correct(&mut grown, 10, 9);
        assert_eq!(grown.nodes[0].tables.successors(), []);
    }
}

#[test]
fn a_voluntary_leave_keeps_the_ring_intact_without_a_single_timeout() {
    let mut bench = converged(still(), 100, 10);
    for node in (0..100).step_by(3).map(NodeId) {
        bench.leave(node);
        bench.run_for(Duration::from_secs(1));
    }
    for node in (0..100).filter(|node| node % 3 != 0) {
        let tables = &bench.nodes[node].tables;
        let next = successor(&bench, bench.keys[node].plus(1));
        assert_eq!(tables.successor(), Some(next));
        assert_eq!(bench.nodes[next.index()].tables.predecessor(), Some(NodeId(node as u32)));
    }
    assert_eq!((bench.lost, bench.lists.in_use()), (0, 0));
}

/// A node has lost sight of the 80 that follow it. The last of them leads back to the first by a round trip each, 8 s; a member
/// that is named halfway saves half of this, although an answer on the way back is always awaited.
#[test]
fn a_member_that_is_named_is_a_shortcut_to_nodes_out_of_sight() {
    let after = |named: Option<usize>| {
        let mut bench = converged(Config { merge: false, ..still() }, 100, 17);
        let mut ring: Vec<NodeId> = (0..100).map(NodeId).collect();
        ring.sort_by_key(|node| bench.keys[node.index()].0);
        bench.with(ring[0], |overlay, cx| {
            overlay.tables.set_successors(&ring[81..89]);
            overlay.stabilize(cx);
        });
        bench.run_for(Duration::from_secs(1));
        bench.with(ring[0], |overlay, cx| {
            assert!(overlay.waits_for(Tag::Stabilize));
            overlay.found_members(cx, &named.map(|at| ring[at]).into_iter().collect::<Vec<_>>());
        });
        bench.run_for(Duration::from_secs(5));
        ring.iter().position(|node| Some(*node) == bench.nodes[ring[0].index()].tables.successor())
    };
    assert_eq!(after(Some(40)), Some(1));
    assert_eq!(after(None), Some(22), "59 of 80 in 6 s");
}

#[test]
fn a_node_that_has_said_that_it_leaves_is_not_taken_in_again_while_it_is_still_up() {
    let mut bench = converged(Config::default(), 50, 13);
    let leaver = NodeId(7);
    bench.with(leaver, |overlay, cx| overlay.leave(cx));
    bench.run_for(Duration::from_secs(60));
    assert!(!bench.joined[leaver.index()]);
    for (node, overlay) in bench.nodes.iter().enumerate().filter(|(node, _)| *node != leaver.index()) {
        let next = successor(&bench, bench.keys[node].plus(1));
        assert_eq!(overlay.tables.successor(), Some(next), "of n{node}");
        assert_ne!(overlay.tables.predecessor(), Some(leaver), "of n{node}");
    }
}

#[test]
fn recursive_lookups_give_the_same_answers_at_the_same_depth() {
    let mut iterative = converged(still(), 500, 11);
    let mut recursive = converged(Config { routing: Routing::Recursive, ..still() }, 500, 11);
    let mut random = Noise::new(12);
    for _ in 0..1000 {
        let (from, target) = (NodeId(random.below(500) as u32), Key(random.next_u64()));
        let (asked, routed) = (iterative.walk(from, target, None, 2), recursive.walk(from, target, None, 2));
        assert_eq!((&asked.end, asked.rpcs), (&routed.end, routed.rpcs));
        assert!(routed.took <= asked.took, "each hop one way, and the answer straight back");
    }
    assert_eq!((iterative.lists.in_use(), recursive.lists.in_use()), (0, 0));
}

#[test]
fn fingers_found_by_a_race_of_pings_are_those_with_the_shortest_round_trip() {
    let config = Config { proximity: 4, fix_fingers: Duration::from_secs(10).into(), ..Config::default() };
    let mut bench = Bench::new(config, 100, 24);
    bench.between = Some(|a, b| Duration::from_nanos(20_000_000 + 1_000_003 * u64::from((a.0 ^ b.0) * 61 % 101)));
    bench.start_converged();
    (0..100).step_by(5).for_each(|node| bench.crash(NodeId(node)));
    bench.run_for(Duration::from_secs(300));
    assert_tables_are_perfect(&bench);
    assert_lookups_are_correct(&mut bench, 200, 25);
}

#[test]
fn a_recursive_ring_builds_and_repairs_itself_too() {
    let config = Config { routing: Routing::Recursive, ..Config::default() };
    let mut bench = joined(config, 60, 13, Duration::from_secs(2));
    bench.crash(NodeId(7));
    bench.run_for(Duration::from_secs(600));
    assert_tables_are_perfect(&bench);
    assert_lookups_are_correct(&mut bench, 100, 14);
}

#[test]
fn a_holder_met_on_the_way_ends_the_walk() {
    for routing in [Routing::Iterative, Routing::Recursive] {
        let mut bench = converged(Config { routing, ..still() }, 500, 16);
        let (from, record) = (NodeId(0), RecordId::new(3));
        let target = bench.keys[0].plus(u64::MAX / 8 * 7);
        let End::Found(named) = bench.walk(from, target, Some(record), 3).end else { panic!("nobody holds it yet") };
        assert!(named[0].hops > 2);
        let first = first_hop(&bench, target);
        bench.held[first.index()].push(Held { record, version: Version(9) });
        let walked = bench.walk(from, target, Some(record), 3);
        assert_eq!(walked.end, End::FoundRecord(Contact { node: first, hops: 1 }, Version(9)));
        assert_eq!(walked.rpcs, 1);
    }
}

#[test]
fn ones_own_key_is_found_at_once_with_no_hop() {
    let mut bench = converged(still(), 50, 17);
    let next = successor(&bench, bench.keys[5].plus(1));
    let walked = bench.walk(NodeId(5), bench.keys[5], None, 2);
    let named = vec![Contact { node: NodeId(5), hops: 0 }, Contact { node: next, hops: 1 }];
    assert_eq!((walked.end, walked.rpcs), (End::Found(named), 0));
}

#[test]
fn a_node_that_timed_out_leaves_the_tables_and_a_retry_gives_it_a_second_chance() {
    for retries in [0, 2] {
        let mut bench = converged(Config { retries, ..still() }, 100, 18);
        let target = bench.keys[0].plus(u64::MAX / 4 * 3);
        let first = first_hop(&bench, target);
        bench.crash(first);
        let walked = bench.walk(NodeId(0), target, None, 1);
        assert!(matches!(walked.end, End::Found(_)));
        assert_eq!(walked.timeouts, 1 + u32::from(retries));
        assert!(!bench.nodes[0].tables.fingers().contains(&first));
    }
}

#[test]
fn a_node_back_before_its_absence_was_noticed_joins_behind_its_real_successor() {
    let mut bench = converged(Config::default(), 100, 19);
    bench.crash(NodeId(8));
    bench.nodes[8] = Chord::default();
    bench.start(NodeId(8), Some(NodeId(50)));
    bench.run_for(Duration::from_secs(300));
    assert_tables_are_perfect(&bench);
}

#[test]
fn a_node_whose_successor_has_just_died_joins_behind_the_next() {
    let mut bench = Bench::<Chord>::new(Config::default(), 40, 19);
    bench.start(NodeId(0), None);
    for node in 1..39 {
        bench.run_for(Duration::from_secs(2));
        bench.start(NodeId(node), Some(NodeId(0)));
    }
    bench.run_for(Duration::from_secs(300));
    let dead = successor(&bench, bench.keys[39]);
    bench.crash(dead);
    let contact = bench.joined.iter().position(|&joined| joined).map(|node| NodeId(node as u32));
    bench.start(NodeId(39), contact);
    bench.run_for(Duration::from_secs(3));
    assert_eq!(bench.nodes[39].tables.successor(), Some(successor(&bench, bench.keys[39].plus(1))));
    bench.run_for(Duration::from_secs(400));
    assert_tables_are_perfect(&bench);
}

#[test]
fn a_join_through_a_dead_contact_fails_and_may_be_tried_again() {
    let mut bench = Bench::<Chord>::new(still(), 3, 20);
    bench.start(NodeId(0), None);
    bench.start(NodeId(2), Some(NodeId(1)));
    bench.now = Time::ZERO + Duration::from_secs(2);
    bench.with(NodeId(2), |chord, cx| {
        assert_eq!(chord.on_timeout(cx), 1);
        assert_eq!(cx.effects.list.pop(), Some(Effect::JoinFailed));
    });
    bench.start(NodeId(2), Some(NodeId(0)));
    bench.run_for(Duration::from_secs(1));
    assert_eq!(bench.joined, [true, false, true]);
}

#[test]
fn a_node_that_finds_everyone_dead_is_alone_and_responsible() {
    let mut bench = converged(Config { successors: 2, verify: true, ..still() }, 40, 21);
    (1..40).for_each(|node| bench.crash(NodeId(node)));
    let walked = bench.walk(NodeId(0), bench.keys[0].plus(1 << 63), None, 1);
    assert_eq!(walked.end, End::Found(vec![Contact { node: NodeId(0), hops: 0 }]));
}

#[test]
fn a_lookup_that_met_too_many_dead_gives_up() {
    let mut bench = converged(Config { successors: 40, verify: true, ..still() }, 41, 21);
    (1..41).for_each(|node| bench.crash(NodeId(node)));
    let walked = bench.walk(NodeId(0), bench.keys[0].plus(1 << 63), None, 1);
    assert_eq!((walked.end, walked.timeouts), (End::GaveUp(Cause::Limit), 33));
}

#[test]
fn storage_is_told_once_of_each_neighbour_that_comes_or_goes() {
    let mut bench = joined(still(), 2, 22, Duration::from_secs(1));
    let (a, b) = (NodeId(0), NodeId(1));
    assert_eq!(bench.changes, [(b, a, Change::Appeared), (a, b, Change::Appeared)]);
    bench.changes.clear();
    bench.leave(b);
    bench.run_for(Duration::from_secs(1));
    assert_eq!(bench.changes, [(a, b, Change::Gone)]);
}

#[test]
fn a_cancelled_walk_and_an_ended_session_leave_nothing_behind() {
    let mut bench = converged(still(), 100, 23);
    let target = bench.keys[0].plus(u64::MAX / 4 * 3);
    let op = bench.begin(NodeId(0), target, None, 1);
    bench.with(NodeId(0), |chord, _| chord.cancel(op));
    assert_eq!((bench.nodes[0].lookups.iter().count(), bench.nodes[0].rpcs.outstanding().count()), (0, 0));
    bench.begin(NodeId(0), target, None, 1);
    bench.crash(NodeId(0));
    assert_eq!((bench.nodes[0].lookups.iter().count(), bench.nodes[0].rpcs.outstanding().count()), (0, 0));
    bench.run_for(Duration::from_secs(10));
    assert_eq!(bench.lists.in_use(), 0);
}

#[test]
fn a_busy_ring_gives_all_its_lists_back_and_stays_small() {
    let mut bench = converged(Config::default(), 1000, 24);
    for node in (0..1000).step_by(50).map(NodeId) {
        bench.crash(node);
    }
    assert_lookups_settle(&mut bench);
    let heap: usize = bench.nodes.iter().map(Chord::heap_bytes).map(|bytes| bytes.tables + bytes.rpc).sum();
    let bytes = size_of::<Chord>() + heap / bench.nodes.len();
    println!("{} + {} bytes a node", size_of::<Chord>(), heap / bench.nodes.len());
    assert!(bytes < 600, "{bytes} bytes a node");
    for node in (0..1000).map(NodeId) {
        bench.crash(node);
    }
    bench.run_for(Duration::from_secs(10));
    assert_eq!(bench.lists.in_use(), 0);
}

fn assert_lookups_settle(bench: &mut Bench<Chord>) {
    bench.run_for(Duration::from_secs(300));
    assert_lookups_are_correct(bench, 1000, 25);
}

#[test]
fn a_message_to_a_node_that_has_not_joined_is_not_answered() {
    let mut bench = Bench::<Chord>::new(still(), 2, 26);
    bench.up[1] = true;
    bench.with(NodeId(0), |_, cx| {
        let predecessors = cx.lists.put([]);
        cx.notice(NodeId(1), Message::Notify { predecessors });
    });
    bench.run_for(Duration::from_secs(1));
    assert_eq!(bench.nodes[1].tables.predecessor(), None);
}
