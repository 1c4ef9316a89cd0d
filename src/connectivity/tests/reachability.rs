//! AutoNAT, and the rendezvous of a node that cannot be dialled.

use super::*;
use crate::model::Reachability;

/// Undialable node with links that it has dialled, the first of which is to its rendezvous.
fn attended(others: &[NodeId]) -> Bench {
    let mut bench = Bench::new(NatClass::Symmetric);
    assert_eq!(said(&bench.gets(RENDEZVOUS, Signal::Accept)), [(RENDEZVOUS, Signal::Reserve)]);
    assert_eq!(bench.gets(RENDEZVOUS, Signal::Reserved), [Effect::Announce { rendezvous: Some(RENDEZVOUS) }]);
    assert_eq!(bench.node.rendezvous(), Some(RENDEZVOUS));
    for &other in others {
        assert_eq!(said(&bench.gets(other, Signal::Accept)), [], "it has what it needs");
    }
    bench
}

#[test]
fn a_node_probes_through_the_first_peer_that_it_has_dialled() {
    let mut bench = Bench::ignorant(NatClass::Open);
    assert_eq!(said(&bench.gets(PEER, Signal::Dial { called: false })), [(PEER, Signal::Accept)], "not one of its own");
    assert_eq!(said(&bench.gets(OTHER, Signal::Accept)), [(OTHER, Signal::Probe)]);
    assert_eq!(said(&bench.gets(NodeId(4), Signal::Accept)), [], "one question at a time");
}

#[test]
fn a_probe_is_passed_to_a_third_node_which_dials_back() {
    let mut bench = Bench::new(NatClass::Open);
    bench.link(PEER, false);
    assert_eq!(said(&bench.gets(PEER, Signal::Probe)), [(PEER, Signal::NoHelp)], "there is no other");
    bench.link(OTHER, false);
    assert_eq!(said(&bench.gets(PEER, Signal::Probe)), [(OTHER, Signal::DialBack { node: PEER })]);
    // At the third node.
    assert_eq!(said(&bench.gets(OTHER, Signal::DialBack { node: NodeId(4) })), [(NodeId(4), Signal::Knock)]);
}

#[test]
fn a_dial_back_from_a_stranger_proves_that_the_node_can_be_dialled() {
    let mut bench = Bench::ignorant(NatClass::FullCone);
    bench.gets(PEER, Signal::Accept);
    let effects = bench.gets(OTHER, Signal::Knock);
    assert_eq!(bench.node.reachability(), Reachability::Yes);
    assert_eq!(effects[0], Effect::FoundOut);
    assert_eq!(said(&effects), [(PEER, Signal::Reserve)], "its mapping must not expire");
    assert_eq!(bench.gets(PEER, Signal::Reserved), [], "a dialable node announces no rendezvous");
    assert_eq!(bench.gets(NodeId(4), Signal::Knock), [], "it knows");
}

#[test]
fn a_dial_back_from_an_invited_node_proves_nothing() {
    let mut bench = Bench::ignorant(NatClass::PortRestricted);
    bench.invites(OTHER);
    assert_eq!(bench.gets(OTHER, Signal::Knock), []);
    assert_eq!(bench.node.reachability(), Reachability::Unknown);
}

#[test]
fn three_probes_without_a_dial_back_prove_that_the_node_cannot_be_dialled() {
    let mut bench = Bench::ignorant(NatClass::Symmetric);
    let mut effects = bench.gets(PEER, Signal::Accept);
    for _ in 0..3 {
        assert_eq!(said(&effects), [(PEER, Signal::Probe)]);
        assert_eq!(bench.node.reachability(), Reachability::Unknown);
        effects = bench.after(5);
    }
    assert_eq!(bench.node.reachability(), Reachability::No);
    assert_eq!((effects[0], said(&effects)), (Effect::FoundOut, vec![(PEER, Signal::Reserve)]));
}

#[test]
fn a_probe_that_nobody_can_help_with_is_repeated_and_does_not_count() {
    let mut bench = Bench::ignorant(NatClass::Symmetric);
    bench.gets(PEER, Signal::Accept);
    for _ in 0..5 {
        bench.gets(PEER, Signal::NoHelp);
        bench.sends(letter(ME, PEER, 1, 100));
        bench.after(25);
        bench.gets(PEER, Signal::Alive);
        assert_eq!(said(&bench.after(5)), [(PEER, Signal::Probe)]);
    }
    assert_eq!(bench.node.reachability(), Reachability::Unknown);
}

#[test]
fn a_node_that_was_refused_asks_another_peer_after_a_pause() {
    let mut bench = Bench::new(NatClass::Symmetric);
    bench.gets(RENDEZVOUS, Signal::Accept);
    bench.gets(OTHER, Signal::Accept);
    assert_eq!(bench.gets(OTHER, Signal::Refused), [], "it was not asked");
    assert_eq!(bench.gets(RENDEZVOUS, Signal::Refused), []);
    let keep_alives = [RENDEZVOUS, OTHER].map(|peer| (peer, Signal::KeepAlive));
    assert_eq!(said(&bench.after(25)), keep_alives);
    [RENDEZVOUS, OTHER].iter().for_each(|peer| drop(bench.gets(*peer, Signal::Alive)));
    assert_eq!(said(&bench.after(5)), [(OTHER, Signal::Reserve)]);
}

#[test]
fn a_peer_that_announces_a_rendezvous_of_its_own_is_not_asked() {
    let mut bench = Bench::new(NatClass::Symmetric);
    bench.announces(PEER, OTHER);
    assert_eq!(said(&bench.gets(PEER, Signal::Accept)), []);
    assert_eq!(said(&bench.gets(OTHER, Signal::Accept)), [(OTHER, Signal::Reserve)]);
}

#[test]
fn a_node_whose_rendezvous_has_left_looks_for_another() {
    let mut bench = attended(&[OTHER]);
    let effects = bench.gets(RENDEZVOUS, Signal::Close);
    assert_eq!(effects[..2], [Effect::Observe(LinkEvent::Links(1)), Effect::Announce { rendezvous: None }]);
    assert_eq!(said(&effects), [(OTHER, Signal::Reserve)]);
}

#[test]
fn the_request_for_another_rendezvous_is_the_keep_alive_of_its_link() {
    let mut bench = attended(&[]);
    bench.now += Duration::from_secs(25);
    for later in [OTHER, NodeId(4)] {
        bench.gets(later, Signal::Accept);
    }
    // Nothing was heard from the rendezvous, which comes first, and 25 s passed without a message to the others.
    bench.now += Duration::from_secs(30);
    assert!([OTHER, NodeId(4)].iter().all(|peer| bench.node.links.hear(bench.now, *peer, true)));
    let effects = bench.call(Node::on_timer);
    let signals = said(&effects);
    assert_eq!(signals[0], (RENDEZVOUS, Signal::Close));
    let (asked, reserve) = signals[1];
    assert_eq!(reserve, Signal::Reserve);
    let kept_alive: Vec<NodeId> = signals[2..].iter().map(|(peer, _)| *peer).collect();
    assert_eq!(kept_alive, [if asked == OTHER { NodeId(4) } else { OTHER }]);
}

#[test]
fn a_converged_start_gives_reservations_as_far_as_there_is_room() {
    let streams = Streams::new(1);
    let mut connectivity = Connectivity::<Letter>::new(SETTINGS, true, MACHINES);
    let open = [RENDEZVOUS, OTHER];
    let given = (10..20).filter(|&node| connectivity.begin_reservation(&streams, NodeId(node), &open).is_some());
    assert_eq!(given.count(), 4, "two at each");
    assert_eq!(connectivity.begin_reservation(&streams, PEER, &[]), None);
    let mut bench = Bench::new(NatClass::Open);
    assert_eq!(events(&bench.call(|node, cx| node.begin_link(cx, PEER, true))), [LinkEvent::Links(1)]);
    assert!(bench.node.has_link(PEER));
}

#[test]
fn servers_and_nodes_that_need_not_find_out_ask_nobody() {
    let mut bench = Bench::ignorant(NatClass::Open);
    bench.finds_out = false;
    assert_eq!(said(&bench.gets(PEER, Signal::Accept)), []);
    bench.finds_out = true;
    bench.node.found();
    assert_eq!((bench.node.reachability(), said(&bench.gets(OTHER, Signal::Accept))), (Reachability::Yes, vec![]));
}
