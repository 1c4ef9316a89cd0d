//! NATs and firewalls in a run: what they cost an overlay and spare a server.

use crate::lab::{self, FIGURES};

/// Everybody stays; lookups and gets.
fn scenario(nat: &str, systems: &str) -> String {
    format!(
        "[time]\nwarmup = \"10min\"\nmeasure = \"20min\"\n\
         [population]\nparticipants = 400\n\
         [network.latency.plane]\nwidth = \"150ms\"\n\
         {nat}\n\
         [resources]\ncount = 200\n\
         [workload]\nlookup = {{ every = \"1min\" }}\nget = {{ every = \"2min\" }}\n\
         {systems}"
    )
}

/// Half of the participants behind NATs that filter by endpoint.
const HALF: &str = "[network.nat.shares]\nopen = 0.5\nport-restricted = 0.4\nsymmetric = 0.1";

#[test]
fn clients_behind_nats_reach_their_server_and_peers_behind_nats_are_missed() {
    let systems = "[systems.server.client-server]\n[systems.kad.kademlia]\n[systems.ring.chord]\n";
    let runs = lab::all(&scenario(HALF, systems));
    let [server, kad, ring] = &runs[..] else { panic!("three systems") };
    server.assert_all_correct("lookup");
    server.assert_all_correct("get");
    assert_eq!(server.figure("packets_lost_nat"), 0.0);
    for peers in [kad, ring] {
        let (lost, unreachable) = (peers.figure("packets_lost_nat"), peers.figure("table_unreachable_ratio"));
        println!("{}: {lost} packets lost, {unreachable:.3} of the entries unreachable", peers.id);
        assert!(lost > 100.0 && unreachable > 0.02, "{}: {lost} lost, {unreachable} unreachable", peers.id);
    }
}

#[test]
fn lookups_wait_for_the_undialable_that_everyone_has_in_the_tables() {
    let systems = "[systems.kad.kademlia]\n";
    let open = lab::only(&scenario("", systems), FIGURES);
    let half = lab::only(&scenario(HALF, systems), FIGURES);
    let [before, after] = [&open, &half].map(|ran| ran.figure("lookup_latency_mean_ms"));
    println!("{before:.0} ms without NATs, {after:.0} ms with half behind them");
    assert_eq!(open.figure("lookup_timeouts_mean"), 0.0);
    assert!(half.figure("lookup_timeouts_mean") > 0.1, "{}", half.figure("lookup_timeouts_mean"));
    assert!(after > 1.2 * before, "{after} ms against {before}");
}

#[test]
fn an_overlay_is_joined_through_those_that_can_be_dialled() {
    let text = scenario(HALF, "[systems.kad.kademlia]\n[systems.ring.chord]\n");
    let joined = text.replace("participants = 400", "participants = 400\nstart = \"join\"\njoin_over = \"5min\"");
    for ran in lab::all(&joined) {
        let (joined, online) = (ran.figure("joined_mean"), ran.figure("online_mean"));
        println!("{}: {joined:.1} of {online} joined", ran.id);
        assert!(joined > 0.9 * online, "{}: {joined} of {online}", ran.id);
    }
}
