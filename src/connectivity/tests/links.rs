//! Links: kept alive, closed when idle or silent, limited.

use super::*;

#[test]
fn the_end_that_opened_a_link_keeps_it_alive() {
    let mut bench = Bench::new(NatClass::Open);
    bench.finds_out = false;
    bench.gets(PEER, Signal::Accept);
    bench.gets(OTHER, Signal::Dial { called: false });
    assert_eq!(bench.after(24), []);
    let effects = bench.after(1);
    assert_eq!(said(&effects), [(PEER, Signal::KeepAlive)]);
    assert!(matches!(events(&effects)[..], [LinkEvent::KeptAlive { .. }]));
}

#[test]
fn a_keep_alive_is_answered_where_there_is_a_link_and_refused_elsewhere() {
    let mut bench = Bench::new(NatClass::Open);
    bench.link(PEER, false);
    assert_eq!(said(&bench.gets(PEER, Signal::KeepAlive)), [(PEER, Signal::Alive)]);
    assert_eq!(said(&bench.gets(OTHER, Signal::KeepAlive)), [(OTHER, Signal::Reset)]);
    assert_eq!(bench.gets(PEER, Signal::Alive), []);
    assert_eq!(events(&bench.gets(PEER, Signal::Reset)), [LinkEvent::Links(0)]);
}

#[test]
fn an_idle_link_is_closed_and_the_other_end_told() {
    let mut bench = Bench::new(NatClass::Open);
    bench.finds_out = false;
    bench.gets(PEER, Signal::Accept);
    for _ in 0..2 {
        assert_eq!(said(&bench.after(25)), [(PEER, Signal::KeepAlive)]);
        bench.gets(PEER, Signal::Alive);
    }
    let effects = bench.after(10);
    assert_eq!((said(&effects), events(&effects)), (vec![(PEER, Signal::Close)], vec![LinkEvent::Links(0)]));
    // At the other end.
    bench.link(PEER, false);
    let effects = bench.gets(PEER, Signal::Close);
    assert_eq!((said(&effects), events(&effects)), (vec![], vec![LinkEvent::Links(0)]));
    assert_eq!(bench.gets(PEER, Signal::Close), [], "there is none any more");
}

#[test]
fn a_silent_link_is_closed_though_it_is_used() {
    let mut bench = Bench::new(NatClass::Open);
    bench.finds_out = false;
    bench.gets(PEER, Signal::Accept);
    for number in 0..5 {
        bench.after(10);
        assert_eq!(sent(&bench.sends(letter(ME, PEER, number, 100))), [number]);
    }
    assert_eq!(events(&bench.after(5)), [LinkEvent::Links(0)], "silent for two intervals and a dial");
}

#[test]
fn at_the_limit_the_least_recently_used_link_makes_room() {
    let mut bench = Bench::new(NatClass::Open);
    bench.settings.limit = Some(3);
    for (peer, seconds) in [(PEER, 0), (RENDEZVOUS, 1), (OTHER, 1)] {
        bench.now += Duration::from_secs(seconds);
        bench.gets(peer, Signal::Dial { called: false });
    }
    bench.sends(letter(ME, PEER, 1, 100));
    let effects = bench.gets(NodeId(4), Signal::Dial { called: false });
    assert_eq!(said(&effects), [(NodeId(4), Signal::Accept), (RENDEZVOUS, Signal::Close)]);
    assert_eq!(events(&effects), [LinkEvent::Links(3), LinkEvent::Links(3)]);
    assert!(bench.node.has_link(PEER) && !bench.node.has_link(RENDEZVOUS));
}

#[test]
fn a_timer_that_was_replaced_by_a_later_one_does_nothing() {
    let mut bench = Bench::new(NatClass::Open);
    bench.finds_out = false;
    bench.gets(PEER, Signal::Dial { called: false });
    assert!(bench.node.sets_timer(at(1001)) && !bench.node.sets_timer(at(1002)));
    assert_eq!(bench.call(Node::on_timer), [], "not yet");
    assert_eq!(bench.after(1), [], "nothing is due");
    assert!(!bench.node.sets_timer(at(1056)), "set to the time at which the peer has been silent for too long");
}
