//! Republishing: holders put again once an hour what nobody else has put, and copies expire after a day.

use super::*;
use crate::storage::{Published, Republish};

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// Four nodes, of which node 0 holds the record that node 3 has just put.
fn nodes() -> Nodes {
    let mut nodes = Nodes::new(4);
    nodes.repair = Repair::Republish(Republish { every: Some(HOUR), publisher: DAY, expiry: Some(DAY) });
    nodes.put(3, 7, &[0]);
    assert_eq!(nodes.holds(7), [0]);
    nodes
}

#[test]
fn a_holder_puts_again_what_nobody_has_put_within_the_period() {
    let mut nodes = nodes();
    let puts = |nodes: &mut Nodes| {
        nodes.effects_of(0);
        nodes.with(0, |storage, cx, _| storage.republish(cx, HOUR));
        nodes.effects_of(0)
    };
    assert_eq!(puts(&mut nodes), [], "it has just been put");
    nodes.pass(HOUR);
    assert_eq!(puts(&mut nodes), [Effect::Return { record: RECORD, version: Version(7) }]);
    nodes.put(2, 7, &[0]);
    assert_eq!(puts(&mut nodes), [], "somebody else has put it");
}

#[test]
fn a_copy_expires_a_day_after_its_publisher_put_it_whoever_puts_it_again() {
    for (by_publisher, left) in [(false, vec![]), (true, vec![0])] {
        let mut nodes = nodes();
        let published = Published::at(nodes.now);
        assert!(nodes.effects_of(0).contains(&Effect::ExpiryTimer { at: nodes.now + DAY }));
        nodes.pass(DAY.saturating_sub(HOUR));
        if by_publisher {
            nodes.put(3, 7, &[0]);
        } else {
            put_again(&mut nodes, published);
        }
        nodes.pass(HOUR);
        nodes.with(0, |storage, cx, _| {
            let expired = storage.expire_copies(cx);
            assert_eq!(expired.is_empty(), by_publisher);
        });
        assert_eq!(nodes.holds(7), left);
    }
}

#[test]
fn a_copy_whose_time_is_over_is_not_taken() {
    let mut nodes = nodes();
    let published = Published::at(nodes.now);
    nodes.nodes[0].store.remove(RECORD);
    nodes.pass(DAY);
    put_again(&mut nodes, published);
    assert_eq!(nodes.holds(7), [0; 0]);
    assert!(nodes.ended(|effect| matches!(effect, Effect::Failed { op: OP, .. })));
}

/// Node 2 puts again on node 0 what its publisher put at that time.
fn put_again(nodes: &mut Nodes, published: Published) {
    let named = [Contact { node: NodeId(0), hops: 1 }];
    nodes.with(2, |storage, cx, _| storage.put_again(cx, OP, (RECORD, Version(7)), published, &named));
}
