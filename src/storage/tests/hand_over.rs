//! Hand-over: a node that leaves with notice sends its copies to the nodes that take its place.

use super::*;

/// Five nodes, of which the first two have been given two records; node 0 leaves with notice. Its effects.
fn leaves(repair: Repair) -> (Nodes, Vec<Effect>) {
    let mut nodes = Nodes::new(5);
    (nodes.repair, nodes.space) = (repair, RecordSpace::new(2, Coding::WHOLE));
    for (holder, record) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
        nodes.nodes[holder].store.keep(RecordId::new(record), Version(7));
    }
    nodes.call(NodeId(0), |storage, cx, known| storage.on_leave(cx, known));
    let effects = nodes.effects_of(0);
    (nodes, effects)
}

fn handed_over(record: u32) -> Effect {
    Effect::HandedOver { record: RecordId::new(record), to: NodeId(2) }
}

#[test]
fn copies_go_one_after_another_to_the_node_that_becomes_responsible() {
    let (mut nodes, effects) = leaves(Repair::Eager);
    assert_eq!(effects, [handed_over(0)], "the second waits for the first");
    assert_eq!(nodes.packets.len(), 1);
    nodes.deliver();
    assert_eq!(nodes.effects_of(0), [handed_over(1)]);
    assert_eq!(nodes.nodes[2].store.held().len(), 2);
}

#[test]
fn the_next_copy_goes_when_the_one_before_has_left_the_line_or_was_not_answered() {
    let (mut nodes, _) = leaves(Repair::Eager);
    nodes.packets.clear();
    nodes.call(NodeId(0), |storage, cx, known| storage.handed_over(cx, RecordId::new(0), known));
    assert_eq!(nodes.effects_of(0), [handed_over(1)]);
    let (mut nodes, _) = leaves(Repair::Eager);
    nodes.packets.clear();
    nodes.time_out();
    assert!(nodes.effects_of(0).contains(&handed_over(1)));
}

#[test]
fn nothing_is_handed_over_while_enough_copies_may_be_left_or_nobody_repairs() {
    for repair in [Repair::Lazy { threshold: 1 }, Repair::None] {
        let (nodes, effects) = leaves(repair);
        assert_eq!((effects, nodes.packets.len()), (vec![], 0));
    }
}
