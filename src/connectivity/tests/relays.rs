//! Rendezvous and relays: reservations, messages that are forwarded, circuits and their limits.

use super::*;
use crate::network::Loss;

/// Message from one node to another as a rendezvous gets it.
fn asked(to: NodeId, message: RendezvousMessage) -> Signal {
    Signal::Pass { to, message }
}

fn passed(from: NodeId, message: RendezvousMessage) -> Signal {
    Signal::Passed { from, message }
}

/// Relay with links to a node and to a peer that has a reservation.
fn relay() -> Bench {
    let mut bench = Bench::new(NatClass::Open);
    [PEER, OTHER].iter().for_each(|peer| drop(bench.gets(*peer, Signal::Dial { called: false })));
    bench.gets(PEER, Signal::Reserve);
    bench
}

/// Node that is connected to the peer through a relay.
fn relayed() -> Bench {
    let mut bench = Bench::towards_undialable(NatClass::Symmetric);
    bench.settings.punching = false;
    let effects = bench.sends(letter(ME, PEER, 1, 100));
    assert_eq!(said(&effects), [(RENDEZVOUS, asked(PEER, RendezvousMessage::Circuit))]);
    bench.is_told(RENDEZVOUS, PEER, RendezvousMessage::Joined);
    bench
}

/// Slot of the enclosed packet that is put on the wire, and who carries it to whom.
fn carried(effects: &[Effect<Letter>]) -> Option<(u32, NodeId, NodeId, Kind)> {
    effects.iter().find_map(|effect| match effect {
        Effect::Send(Letter { to, envelope, body: Ok(Signal::Relayed { slot }) }) => {
            Some((*slot, envelope.from, *to, envelope.kind))
        }
        _ => None,
    })
}

#[test]
fn a_rendezvous_grants_reservations_up_to_its_limit() {
    let mut bench = Bench::new(NatClass::Open);
    for peer in [PEER, OTHER] {
        bench.link(peer, false);
        assert_eq!(said(&bench.gets(peer, Signal::Reserve)), [(peer, Signal::Reserved)]);
    }
    bench.link(NodeId(4), false);
    let effects = bench.gets(NodeId(4), Signal::Reserve);
    assert_eq!(said(&effects), [(NodeId(4), Signal::Refused)]);
    assert_eq!(events(&effects), [LinkEvent::ReservationRefused]);
    bench.gets(PEER, Signal::Close);
    assert_eq!(said(&bench.gets(NodeId(4), Signal::Reserve)), [(NodeId(4), Signal::Reserved)], "a place is free again");
}

#[test]
fn a_link_with_a_reservation_is_not_closed_for_being_idle() {
    let mut bench = relay();
    for _ in 0..4 {
        bench.after(25);
        bench.gets(PEER, Signal::KeepAlive);
    }
    assert!(bench.node.has_link(PEER) && !bench.node.has_link(OTHER));
}

#[test]
fn a_rendezvous_forwards_messages_to_those_it_has_a_link_to() {
    let mut bench = relay();
    let (sync, gone) = (RendezvousMessage::Sync, RendezvousMessage::Gone);
    assert_eq!(said(&bench.gets(OTHER, asked(PEER, sync))), [(PEER, passed(OTHER, sync))]);
    assert_eq!(said(&bench.gets(OTHER, asked(NodeId(9), sync))), [(OTHER, passed(NodeId(9), gone))]);
}

#[test]
fn a_relay_opens_circuits_to_nodes_with_a_reservation_up_to_its_limit() {
    let (circuit, gone) = (RendezvousMessage::Circuit, RendezvousMessage::Gone);
    let mut bench = relay();
    let effects = bench.gets(PEER, asked(OTHER, circuit));
    assert_eq!(said(&effects), [(PEER, passed(OTHER, gone))], "it has made no reservation");
    assert_eq!(events(&effects), [LinkEvent::CircuitRefused]);
    assert_eq!(said(&bench.gets(OTHER, asked(PEER, circuit))), [(PEER, passed(OTHER, circuit))]);
    bench.link(NodeId(4), false);
    let effects = bench.gets(NodeId(4), asked(PEER, circuit));
    assert_eq!(said(&effects), [(NodeId(4), passed(PEER, gone))], "one circuit is the limit");
    assert_eq!(events(&effects), [LinkEvent::CircuitRefused]);
}

#[test]
fn both_ends_of_a_circuit_have_a_link_through_the_relay() {
    let bench = relayed();
    let link = bench.node.links.get(PEER).unwrap();
    assert_eq!((link.path, link.outbound), (Path::Relayed(RENDEZVOUS), true));
    // At the peer.
    let mut bench = Bench::new(NatClass::Symmetric);
    bench.link(RENDEZVOUS, true);
    let effects = bench.is_told(RENDEZVOUS, OTHER, RendezvousMessage::Circuit);
    assert_eq!(said(&effects), [(RENDEZVOUS, asked(OTHER, RendezvousMessage::Joined))]);
    let link = bench.node.links.get(OTHER).unwrap();
    assert_eq!((link.path, link.outbound), (Path::Relayed(RENDEZVOUS), false));
    assert_eq!(bench.is_told(RENDEZVOUS, PEER, RendezvousMessage::Joined), [], "it has not dialled");
}

#[test]
fn a_packet_through_a_relay_travels_within_another() {
    let mut bench = relayed();
    let effects = bench.sends(letter(ME, PEER, 2, 100));
    let (slot, from, to, kind) = carried(&effects).expect("it leaves");
    assert_eq!((effects[0], from, to, kind), (Effect::Enclose { slot }, ME, RENDEZVOUS, Kind::Relayed));
    let enclosed = bench.enclosed.get(slot).unwrap();
    let wire = Wire::P2PSIM;
    assert_eq!((enclosed.packet.envelope.bytes, enclosed.bytes), (0, 100 + wire.identifier));
    let large = letter(ME, PEER, 3, 10_001);
    assert_eq!(bench.sends(large), [Effect::Drop { packet: large, loss: Loss::Relay }], "a flow");
}

#[test]
fn a_relay_forwards_within_its_rate_and_loses_the_rest() {
    let mut bench = relay();
    bench.gets(OTHER, asked(PEER, RendezvousMessage::Circuit));
    let mut park =
        |bytes: u32| bench.enclosed.park(Enclosed { packet: letter(OTHER, PEER, 1, 0), named: Vec::new(), bytes });
    let [first, second, third] = [600, 600, 100].map(&mut park);
    let effects = bench.gets(OTHER, Signal::Relayed { slot: first });
    assert_eq!(carried(&effects), Some((first, ME, PEER, Kind::Relayed)));
    assert_eq!(events(&effects), [LinkEvent::Forwarded { bytes: 600 }]);
    let effects = bench.gets(OTHER, Signal::Relayed { slot: second });
    assert_eq!(effects, [Effect::Lose { slot: second, loss: Loss::Relay }], "1,000 bytes a second");
    bench.now += Duration::from_secs(120);
    let effects = bench.gets(OTHER, Signal::Relayed { slot: third });
    assert_eq!(said(&effects), [(OTHER, passed(PEER, RendezvousMessage::Gone))], "the circuit has ended");
    assert_eq!(effects.last(), Some(&Effect::Lose { slot: third, loss: Loss::Relay }));
}

#[test]
fn a_packet_within_another_is_delivered_to_the_one_it_is_for() {
    let mut bench = relayed();
    let packet = letter(PEER, ME, 1, 0);
    let slot = bench.enclosed.park(Enclosed { packet, named: Vec::new(), bytes: 100 });
    assert_eq!(bench.gets(RENDEZVOUS, Signal::Relayed { slot }), [Effect::Deliver { slot }]);
}

#[test]
fn a_circuit_that_has_ended_closes_the_link_and_a_punch_makes_it_direct() {
    let mut bench = relayed();
    let effects = bench.is_told(RENDEZVOUS, PEER, RendezvousMessage::Gone);
    assert_eq!(events(&effects), [LinkEvent::Links(1)], "that to the relay stays");
    let mut bench = relayed();
    bench.gets(PEER, Signal::Punch);
    assert_eq!(sent(&bench.sends(letter(ME, PEER, 4, 100))), [4]);
}
