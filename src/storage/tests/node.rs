//! Audits, checks of holders, and cached copies: what one node is asked to do, and what it asks for.

use super::*;
use crate::model::{Errand, Key, Operation, OperationKind, Passed, Stage};
use crate::storage::repair::audit;

const POINTED: RecordSpace = RecordSpace::new(1, Coding::WHOLE).with_pointers();

#[test]
fn an_audit_looks_for_the_piece_that_follows_each_held_one() {
    let mut nodes = Nodes::new(1);
    nodes.space = RecordSpace::new(2, Coding { needed: 2, parity: 1 });
    [0, 1, 5].into_iter().for_each(|piece| _ = nodes.nodes[0].store.keep(RecordId::new(piece), Version(0)));
    nodes.with(0, |storage, cx, _| storage.audit(cx));
    let looked_for = [1, 2, 3].map(|piece| Effect::Audit { piece: RecordId::new(piece) });
    assert_eq!(nodes.effects_of(0), looked_for);
}

#[test]
fn a_piece_is_made_again_only_if_an_audit_was_told_that_nobody_has_it() {
    let operation = |errand| Operation {
        id: OP,
        node: NodeId(0),
        session: 0,
        number: 0,
        kind: OperationKind::Get,
        target: Key(0),
        record: Some(RECORD),
        version: Version(0),
        issued: Time::ZERO,
        counted: false,
        errand,
        parent: None,
        stage: Stage::Storage,
        rpcs: 0,
        timeouts: 0,
        touched: 0,
        hops: 0,
        cached: false,
    };
    let audit_of = operation(Some(Errand::Audit));
    assert_eq!(audit::follow_up(&audit_of, Cause::Unreachable), Some(Errand::Rebuild(RECORD)));
    assert_eq!(audit::follow_up(&audit_of, Cause::Timeout), None, "who did not answer may have it");
    assert_eq!(audit::follow_up(&operation(None), Cause::Unreachable), None);
}

#[test]
fn the_nearest_node_to_a_pointer_checks_the_holders_that_it_names() {
    let mut nodes = Nodes::new(3);
    nodes.space = POINTED;
    let pointer = POINTED.name_of(RECORD).expect("there are pointers");
    nodes.nodes.iter_mut().for_each(|storage| _ = storage.store.keep(pointer, Version(0)));
    for (node, checked) in [(0, vec![RECORD]), (1, vec![])] {
        nodes.with(node, |storage, cx, known| assert_eq!(storage.values_to_check(cx, known), checked));
    }
}

#[test]
fn a_holder_says_what_it_has_or_nothing_in_time_and_sends_copies_where_it_is_told_to() {
    let mut nodes = Nodes::new(5);
    nodes.space = POINTED;
    nodes.give(&[0, 1], 7);
    nodes.down.push(NodeId(3));
    let probed = |holder, version: Option<u32>| {
        let (holder, version) = (NodeId(holder), version.map(Version));
        Effect::Probed { value: RECORD, holder, version }
    };
    for (holder, found) in [(0, Some(7)), (1, Some(7)), (2, None)] {
        nodes.with(0, |storage, cx, _| storage.probe(cx, RECORD, NodeId(holder)));
        assert_eq!(nodes.effects_of(0), [probed(holder, found)]);
    }
    nodes.with(0, |storage, cx, _| storage.probe(cx, RECORD, NodeId(3)));
    assert_eq!(nodes.effects_of(0), []);
    nodes.time_out();
    assert_eq!(nodes.effects_of(0), [probed(3, None)]);
    for (from, to) in [(0, 2), (1, 4)] {
        nodes.with(0, |storage, cx, _| storage.have_copied(cx, RECORD, NodeId(from), NodeId(to)));
    }
    assert_eq!(nodes.holds(7), [0, 1, 2, 4]);
}

#[test]
fn a_reader_leaves_copies_with_the_nodes_that_its_lookup_has_passed_and_they_answer_with_them() {
    let mut nodes = Nodes::new(4);
    nodes.caching = Some(Caching { limit: 150, ttl: Duration::from_secs(64) });
    let passed = [(1, 0), (2, 3)].map(|(node, nearer)| Passed { node: NodeId(node), nearer });
    nodes.with(0, |storage, cx, _| storage.leave_copies(cx, RECORD, Version(7).into(), &passed));
    assert_eq!(nodes.effects_of(1), [Effect::Cached { before: 0, after: 100 }]);
    assert_eq!(nodes.holds(7), [0; 0], "a cached copy is no replica");
    let answers = |nodes: &Nodes, seconds| {
        let now = Time::ZERO + Duration::from_secs(seconds);
        [1, 2, 3].map(|node| nodes.nodes[node].answer(RECORD, now).map(|answer| answer.version.0))
    };
    assert_eq!(answers(&nodes, 31), [Some(7), Some(7), None]);
    assert_eq!(answers(&nodes, 32), [Some(7), None, None], "one more than r nodes nearer: half the life");
    assert_eq!(answers(&nodes, 64), [None; 3]);
    nodes.size = 151;
    nodes.with(0, |storage, cx, _| storage.leave_copies(cx, RECORD, Version(8).into(), &passed));
    assert!(nodes.effects.is_empty(), "it is larger than a cache");
}
