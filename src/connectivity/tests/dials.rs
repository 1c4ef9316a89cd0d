//! Dials: direct, reversed, punched, and those that fail.

use super::super::dial::{ATTEMPTS, WAITING};
use super::*;
use crate::model::DialOutcome;
use crate::network::Loss;

/// Outcome of the dial that ends with these effects.
fn outcome(effects: &[Effect<Letter>]) -> Option<DialOutcome> {
    let outcome = |event| if let LinkEvent::Dialled { outcome, .. } = event { Some(outcome) } else { None };
    events(effects).into_iter().find_map(outcome)
}

fn pass(message: RendezvousMessage) -> (NodeId, Signal) {
    (RENDEZVOUS, Signal::Pass { to: PEER, message })
}

#[test]
fn a_packet_waits_for_the_dial_and_leaves_when_the_peer_accepts() {
    let mut bench = Bench::new(NatClass::Open);
    let effects = bench.sends(letter(ME, PEER, 1, 100));
    assert_eq!((said(&effects), sent(&effects)), (vec![(PEER, Signal::Dial { called: false })], vec![]));
    assert_eq!(bench.sends(letter(ME, PEER, 2, 100)), [], "one dial is enough");
    bench.now += Duration::from_secs(1);
    let effects = bench.gets(PEER, Signal::Accept);
    let took = Duration::from_secs(1);
    let dialled = LinkEvent::Dialled { peer: PEER, outcome: DialOutcome::Direct, took, attempts: 0 };
    assert_eq!(events(&effects), [LinkEvent::Links(1), dialled]);
    assert_eq!(sent(&effects), [1, 2], "in order");
    assert_eq!(sent(&bench.sends(letter(ME, PEER, 3, 100))), [3]);
}

#[test]
fn a_dial_that_is_not_answered_loses_what_waits() {
    let mut bench = Bench::new(NatClass::Open);
    let waiting = letter(ME, PEER, 1, 100);
    bench.sends(waiting);
    assert_eq!(bench.after(4), []);
    let effects = bench.after(1);
    assert_eq!(outcome(&effects), Some(DialOutcome::Failed));
    assert_eq!(effects.last(), Some(&Effect::Drop { packet: waiting, loss: Loss::Dial }));
    assert_eq!(said(&bench.sends(waiting)), [(PEER, Signal::Dial { called: false })], "the next begins another");
}

#[test]
fn only_so_many_packets_wait_for_a_dial() {
    let mut bench = Bench::new(NatClass::Open);
    (0..WAITING as u32).for_each(|number| drop(bench.sends(letter(ME, PEER, number, 100))));
    let last = letter(ME, PEER, 99, 100);
    assert_eq!(bench.sends(last), [Effect::Drop { packet: last, loss: Loss::Dial }]);
    assert_eq!(bench.node.go_offline().count(), WAITING);
    assert_eq!(bench.after(9), [], "nothing is left of the dial");
}

#[test]
fn the_dialled_end_accepts_and_has_a_link_that_is_not_its_to_keep_alive() {
    let mut bench = Bench::new(NatClass::Open);
    let effects = bench.gets(PEER, Signal::Dial { called: false });
    assert_eq!((said(&effects), events(&effects)), (vec![(PEER, Signal::Accept)], vec![LinkEvent::Links(1)]));
    assert!(!bench.node.links.get(PEER).unwrap().outbound);
}

#[test]
fn a_dialable_node_has_an_undialable_peer_dial_back() {
    let mut bench = Bench::towards_undialable(NatClass::Open);
    let effects = bench.sends(letter(ME, PEER, 1, 100));
    assert_eq!(said(&effects), [pass(RendezvousMessage::CallBack)]);
    let effects = bench.gets(PEER, Signal::Dial { called: true });
    assert_eq!((outcome(&effects), sent(&effects)), (Some(DialOutcome::Reversed), vec![1]));
    // At the peer.
    let effects = bench.is_told(RENDEZVOUS, OTHER, RendezvousMessage::CallBack);
    assert_eq!(said(&effects), [(OTHER, Signal::Dial { called: true })]);
}

#[test]
fn a_rendezvous_without_a_link_is_dialled_first() {
    let mut bench = Bench::new(NatClass::Open);
    bench.announces(PEER, RENDEZVOUS);
    assert_eq!(said(&bench.sends(letter(ME, PEER, 1, 100))), [(RENDEZVOUS, Signal::Dial { called: false })]);
    assert_eq!(said(&bench.gets(RENDEZVOUS, Signal::Accept)), [pass(RendezvousMessage::CallBack)]);
}

#[test]
fn both_ends_punch_half_a_round_trip_after_the_answer() {
    let mut bench = Bench::towards_undialable(NatClass::PortRestricted);
    let effects = bench.sends(letter(ME, PEER, 1, 100));
    assert_eq!(said(&effects), [pass(RendezvousMessage::Connect { attempt: 1 })]);
    assert_eq!(events(&effects), [LinkEvent::PunchProposed { first: true }]);
    bench.now += Duration::from_secs(2);
    let effects = bench.is_told(RENDEZVOUS, PEER, RendezvousMessage::Connected { attempt: 1 });
    assert_eq!(said(&effects), [pass(RendezvousMessage::Sync)]);
    assert_eq!(said(&bench.after(1)), [(PEER, Signal::Punch)]);
    let effects = bench.gets(PEER, Signal::Punch);
    assert_eq!(said(&effects), [(PEER, Signal::Accept)]);
    assert_eq!((outcome(&effects), sent(&effects)), (Some(DialOutcome::Punched), vec![1]));
    let link = bench.node.links.get(PEER).unwrap();
    assert_eq!((link.path, link.outbound), (Path::Punched, true));
}

#[test]
fn the_peer_answers_a_proposal_and_punches_when_told() {
    let mut bench = Bench::new(NatClass::PortRestricted);
    bench.link(RENDEZVOUS, true);
    let effects = bench.is_told(RENDEZVOUS, PEER, RendezvousMessage::Connect { attempt: 2 });
    assert_eq!(said(&effects), [pass(RendezvousMessage::Connected { attempt: 2 })]);
    assert_eq!(said(&bench.is_told(RENDEZVOUS, PEER, RendezvousMessage::Sync)), [(PEER, Signal::Punch)]);
    bench.gets(PEER, Signal::Punch);
    assert!(!bench.node.links.get(PEER).unwrap().outbound, "it has not dialled");
}

#[test]
fn punching_is_tried_three_times_and_then_the_relay() {
    let mut bench = Bench::towards_undialable(NatClass::Symmetric);
    let mut effects = bench.sends(letter(ME, PEER, 1, 100));
    for attempt in 1..=ATTEMPTS {
        assert_eq!(said(&effects), [pass(RendezvousMessage::Connect { attempt })]);
        bench.now += Duration::from_secs(1);
        bench.is_told(RENDEZVOUS, PEER, RendezvousMessage::Connected { attempt: attempt - 1 });
        bench.is_told(RENDEZVOUS, PEER, RendezvousMessage::Connected { attempt });
        assert_eq!(said(&bench.after(1)), [(PEER, Signal::Punch)], "half a second later");
        bench.node.links.hear(bench.now, RENDEZVOUS, true);
        effects = bench.after(2);
    }
    assert_eq!(said(&effects), [pass(RendezvousMessage::Circuit)]);
}

#[test]
fn without_an_answer_to_the_proposal_the_next_method_is_tried_at_the_time_out() {
    let mut bench = Bench::towards_undialable(NatClass::Symmetric);
    bench.sends(letter(ME, PEER, 1, 100));
    assert_eq!(said(&bench.after(5)), [pass(RendezvousMessage::Circuit)]);
    bench.settings.relays = None;
    assert_eq!(outcome(&bench.after(5)), Some(DialOutcome::Failed));
}

#[test]
fn a_rendezvous_that_has_lost_the_peer_ends_the_method_at_once() {
    let mut bench = Bench::towards_undialable(NatClass::Open);
    bench.settings.relays = None;
    bench.sends(letter(ME, PEER, 1, 100));
    let effects = bench.is_told(RENDEZVOUS, PEER, RendezvousMessage::Gone);
    assert_eq!(said(&effects), [pass(RendezvousMessage::Connect { attempt: 1 })]);
    let effects = bench.is_told(RENDEZVOUS, PEER, RendezvousMessage::Gone);
    assert_eq!(outcome(&effects), Some(DialOutcome::Failed));
}

#[test]
fn a_packet_without_a_link_is_refused_unless_its_sender_is_being_dialled() {
    let mut bench = Bench::new(NatClass::Open);
    let stray = letter(PEER, ME, 1, 100);
    assert!(!bench.node.hears(bench.now, &stray));
    let (taken, effects) = bench.ask(|node, cx| node.on_stray(cx, &stray));
    assert_eq!((taken, said(&effects)), (false, vec![(PEER, Signal::Reset)]));
    bench.sends(letter(ME, PEER, 2, 100));
    let (taken, effects) = bench.ask(|node, cx| node.on_stray(cx, &stray));
    assert_eq!((taken, outcome(&effects), sent(&effects)), (true, Some(DialOutcome::Direct), vec![2]));
    assert!(bench.node.hears(bench.now, &stray));
    assert!(bench.node.hears(bench.now, &letter(OTHER, ME, 3, 0)), "the end of a transfer has moved already");
}
