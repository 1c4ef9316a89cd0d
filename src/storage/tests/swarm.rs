//! Provider records, and the exchange of pieces with those whom they name.

use super::*;
use crate::model::ResourceId;
use crate::storage::Providing;
use crate::storage::swarm::pieces::Line;

const HOUR: Duration = Duration::from_secs(3600);
const RESOURCE: ResourceId = ResourceId(0);

/// Nodes that share one resource in three pieces, any two of which are enough.
fn sharing(count: u32, share: bool) -> Nodes {
    let mut nodes = Nodes::new(count);
    let line = Line { flows: 0, is_full: false };
    let providing = Providing { ttl: HOUR, republish: HOUR, share, uplink: None };
    nodes.terms = Some(Terms { providing, uplink: line, downlink: line });
    nodes.space = RecordSpace::new(1, Coding { needed: 2, parity: 1 }).with_providers();
    nodes
}

fn announce(nodes: &mut Nodes, provider: u32, to: &[u32]) {
    let record = nodes.space.providers_of(RESOURCE);
    let named: Vec<Contact> = to.iter().map(|&node| Contact { node: NodeId(node), hops: 1 }).collect();
    nodes.with(provider, |storage, cx, _| storage.put(cx, OP.unasked(), record, Version(0), &named));
}

fn providers(nodes: &Nodes, node: usize) -> Vec<u32> {
    nodes.nodes[node].providers(RESOURCE, nodes.now).map(|provider| provider.0).collect()
}

#[test]
fn provider_records_are_kept_for_their_lifetime_after_the_provider_said_so_last() {
    let mut nodes = sharing(4, true);
    announce(&mut nodes, 2, &[0, 1]);
    announce(&mut nodes, 3, &[0]);
    assert_eq!([providers(&nodes, 0), providers(&nodes, 1)], [vec![2, 3], vec![2]]);
    nodes.pass(HOUR.mul_f64(0.5));
    announce(&mut nodes, 3, &[0]);
    nodes.effects_of(0);
    nodes.pass(HOUR.mul_f64(0.5));
    assert_eq!([providers(&nodes, 0), providers(&nodes, 1)], [vec![3], vec![]]);
    let dropped = Effect::Dropped { record: nodes.space.providers_of(RESOURCE), version: Version(0) };
    assert_eq!(nodes.effects, [(NodeId(1), dropped)], "node 0 knows one provider still");
}

/// Node 0 has all pieces; node 1 gets the resource from it.
fn fetch(share: bool) -> Nodes {
    let mut nodes = sharing(3, share);
    (0..3).for_each(|piece| _ = nodes.nodes[0].store.keep(RecordId::new(piece), Version(0)));
    get(&mut nodes, 1, 0);
    nodes
}

fn get(nodes: &mut Nodes, reader: u32, provider: u32) {
    let named = [Contact { node: NodeId(provider), hops: 2 }];
    nodes.with(reader, |storage, cx, _| storage.join(cx, OP, RESOURCE, &named));
}

#[test]
fn a_get_fetches_enough_pieces_from_a_provider_and_keeps_them_if_it_shares() {
    for share in [false, true] {
        let mut nodes = fetch(share);
        let got = Effect::Got { op: OP, holder: Contact { node: NodeId(0), hops: 2 }, answer: Version(0).into() };
        assert!(nodes.effects_of(1).contains(&got));
        assert_eq!(nodes.nodes[1].store.held().len(), if share { 2 } else { 0 });
    }
}

#[test]
fn who_shares_what_it_has_fetched_provides_it() {
    let mut nodes = fetch(true);
    nodes.down.push(NodeId(0));
    get(&mut nodes, 2, 1);
    let by = |effect: &Effect| matches!(effect, Effect::Got { op: OP, holder, .. } if holder.node == NodeId(1));
    assert!(nodes.effects_of(2).iter().any(by));
}

#[test]
fn a_get_whose_only_provider_does_not_answer_fails() {
    let mut nodes = sharing(2, true);
    nodes.down.push(NodeId(0));
    get(&mut nodes, 1, 0);
    assert_eq!(nodes.effects_of(1), []);
    nodes.time_out();
    assert!(nodes.effects_of(1).contains(&Effect::Failed { op: OP, cause: Cause::Unreachable }));
}
