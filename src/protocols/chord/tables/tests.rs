//! Tables of one node of a small ring.

use super::*;
use crate::engine::Duration;

/// Node i has key i · 10; this is node 5 on a ring of 0 … 9.
const KEYS: [Key; 10] = [Key(0), Key(10), Key(20), Key(30), Key(40), Key(50), Key(60), Key(70), Key(80), Key(90)];

fn nodes(ids: &[u32]) -> Vec<NodeId> {
    ids.iter().map(|&id| NodeId(id)).collect()
}

fn roster<'a>() -> Roster<'a> {
    Roster::new(KEYS.iter().enumerate().map(|(i, &key)| (key, NodeId(i as u32))).collect())
}

fn config(successors: u8) -> Config {
    Config { successors, ..Config::default() }
}

fn query(target: u64, count: u8) -> Query {
    Query { target: Key(target), record: None, count }
}

#[test]
fn converged_tables_hold_each_distinct_finger_once() {
    let view = View::new(NodeId(5), &KEYS);
    let tables = Tables::converged(&view, &config(3), &roster());
    assert_eq!(tables.predecessors(), nodes(&[4, 3, 2]));
    assert_eq!(tables.successors(), nodes(&[6, 7, 8]));
    // 50 + 16 is served by 70, 50 + 32 by 90, and 50 + 64 … by 0: key 0 is 2⁶⁴ − 50 away.
    assert_eq!(tables.fingers(), nodes(&[7, 9, 0]));
}

#[test]
fn a_finger_is_the_nearest_of_the_first_few_of_its_interval() {
    let view = View::new(NodeId(0), &KEYS);
    let near = |node: u32| move |_: NodeId, other: NodeId| Duration::from_secs(u64::from(other.0.abs_diff(node)));
    let fingers = |proximity, round_trip: &dyn Fn(NodeId, NodeId) -> Duration| {
        let roster = roster().with_round_trips(round_trip);
        Tables::converged(&view, &Config { proximity, ..config(3) }, &roster).fingers().to_vec()
    };
    // Seen from key 0, beyond node 1: node 2 and 3 lie between 16 and 32, 4 to 6 between 32 and 64, 7 to 9 behind.
    assert_eq!(fingers(1, &near(9)), nodes(&[2, 4, 7]));
    assert_eq!(fingers(2, &near(9)), nodes(&[3, 5, 8]));
    assert_eq!(fingers(3, &near(9)), nodes(&[3, 6, 9]), "never one of the next interval");
    assert_eq!(fingers(3, &near(5)), nodes(&[3, 5, 7]));
}

#[test]
fn a_node_names_the_responsible_only_as_far_as_its_list_has_no_gap() {
    let view = View::new(NodeId(5), &KEYS);
    let tables = Tables::converged(&view, &config(3), &roster());
    let config = Config { answers: Answers::List, ..Config::default() };
    let step = |target, count| tables.find_successor(&view, &config, &query(target, count), &[]);
    let named = |target| tables.responsible(&view, Key(target), &[]).collect::<Vec<_>>();
    assert_eq!((step(55, 3), named(55)), (Step::Responsible, nodes(&[6, 7, 8])));
    assert_eq!((step(75, 1), named(75)), (Step::Responsible, nodes(&[8])));
    assert_eq!(step(75, 2), Step::Next(NodeId(7)), "only one of two could be named");
    assert_eq!((step(45, 2), named(45)), (Step::Responsible, nodes(&[5, 6, 7, 8])), "its own keys");
    assert_eq!(step(95, 1), Step::Next(NodeId(9)));
    let predecessor = Config { answers: Answers::Predecessor, ..config.clone() };
    let step = |config: &Config, target, count| tables.find_successor(&view, config, &query(target, count), &[]);
    assert_eq!(step(&predecessor, 55, 3), Step::Responsible, "who is just before the key");
    assert_eq!(step(&predecessor, 75, 1), Step::Next(NodeId(7)), "the nearest of the list, which answers");
    let paper = Config { answers: Answers::None, ..config };
    assert_eq!(step(&paper, 65, 1), Step::Next(NodeId(6)));
}

#[test]
fn excluded_nodes_are_neither_named_nor_passed_through() {
    let view = View::new(NodeId(5), &KEYS);
    let tables = Tables::converged(&view, &config(3), &roster());
    let config = Config { answers: Answers::None, ..Config::default() };
    let step = |target, excluded: &[u32]| tables.find_successor(&view, &config, &query(target, 1), &nodes(excluded));
    assert_eq!(step(95, &[9]), Step::Next(NodeId(7)));
    assert_eq!(step(95, &[9, 7]), Step::Next(NodeId(6)));
    assert_eq!(step(95, &[9, 7, 6]), Step::Next(NodeId(8)), "the first successor left");
    assert_eq!(step(65, &[6]), Step::Responsible, "the first successor left is the answer");
    assert_eq!(tables.responsible(&view, Key(55), &nodes(&[6])).next(), Some(NodeId(7)));
    assert_eq!(step(95, &[9, 8, 7, 6]), Step::Nobody);
}

#[test]
fn a_fixed_finger_takes_the_place_of_what_it_makes_obsolete() {
    let view = View::new(NodeId(5), &KEYS);
    let mut tables = Tables::new(&[], &[], &nodes(&[7, 8, 9, 0]));
    tables.set_finger(&view, 4, NodeId(8)); // 8 is 30 away: 7 was between 16 and 30
    assert_eq!(tables.fingers(), nodes(&[8, 9, 0]));
    tables.set_finger(&view, 4, NodeId(7));
    assert_eq!(tables.fingers(), nodes(&[7, 9, 0]), "8 is no finger when 7 lies in its interval");
    tables.set_finger(&view, 5, NodeId(5));
    assert_eq!(tables.fingers(), nodes(&[7]), "nothing lies beyond");
    tables.set_finger(&view, 6, NodeId(6));
    assert_eq!(tables.fingers(), nodes(&[7]), "6 comes after this node, seen from 50 + 64");
    tables.set_finger(&view, 5, NodeId(9));
    assert_eq!(tables.fingers(), nodes(&[7, 9]));
}

#[test]
fn the_nearest_are_counted_clockwise_from_the_key() {
    let view = View::new(NodeId(5), &KEYS);
    let tables = Tables::converged(&view, &config(3), &roster());
    let nearest = |key, count| tables.nearest(&view, Key(key), count).collect::<Vec<_>>();
    assert_eq!(nearest(41, 2), nodes(&[5, 6]));
    assert_eq!(nearest(71, 3), nodes(&[8, 2, 3]));
    assert_eq!(nearest(33, 9), nodes(&[4, 5, 6, 7, 8, 2, 3]));
    assert_eq!(nearest(25, 3), nodes(&[3, 4, 5]), "the last of its three");
    assert_eq!(nearest(15, 3), nodes(&[2, 3, 4]), "not its own to keep");
    let alone = Tables::default();
    assert_eq!(alone.nearest(&view, Key(7), 3).collect::<Vec<_>>(), nodes(&[5]));
}
