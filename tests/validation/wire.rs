//! Sizes on the wire and handshakes, in whole runs, against messages that were computed by hand.

use super::lab::{FIGURES, Ran, all, every_mode, only};

/// A hundred machines that never go read a resource of 1,000 bytes so often, over 50 ms one way, with these sizes.
fn reads(every: &str, system: &str, wire: &str) -> Ran {
    ask("get", every, system, wire)
}

fn ask(what: &str, every: &str, system: &str, wire: &str) -> Ran {
    let text = format!(
        r#"
        seed = 3
        [time]
        warmup = "10min"
        measure = "2h"
        [population]
        participants = 100
        [network]
        latency.constant = "50ms"
        wire = {{ {wire} }}
        [resources]
        count = 1
        size = "1000B"
        [workload]
        {what} = {{ every = "{every}" }}
        [systems.{system}.{system}]
        "#
    );
    only(&text, FIGURES)
}

#[test]
fn a_get_from_a_server_takes_a_request_and_a_reply_of_the_preset() {
    let none = "handshake = { bytes = \"0B\", answer = \"0B\", round_trips = 0 }";
    for (wire, bytes) in [
        ("preset = \"p2psim\"".to_owned(), 28 + 20 + 28 + 20 + 1000),
        ("preset = \"bep5\"".to_owned(), 28 + 92 + 28 + 58 + 1000),
        (format!("preset = \"https\", {none}"), 52 + 148 + 52 + 278 + 1000),
        (format!("preset = \"https\", {none}, reply = \"100B\""), 52 + 148 + 52 + 100 + 1000),
    ] {
        let ran = reads("1min", "client-server", &wire);
        let of_each = ran.figure("bytes_total") / ran.figure("gets");
        assert!((of_each - f64::from(bytes)).abs() < 0.2, "{wire}: {of_each} bytes a get, not {bytes}");
        ran.assert_near("get_latency_p99_ms", 100.0, 2.0);
    }
}

#[test]
fn the_first_request_after_a_while_shakes_hands() {
    // Gaps are exponential: a share of exp(-75 s ÷ 5 min) is longer than the idle time of https.
    let ran = reads("5min", "client-server", "preset = \"https\"");
    let (handshakes, gets) = (ran.figure("handshakes"), ran.figure("gets"));
    let expected = libm::exp(-75.0 / 300.0);
    assert!((handshakes / gets - expected).abs() < 0.03, "{} of {gets} gets, not {expected}", handshakes);
    let bytes = ran.figure("handshake_bytes_total") / handshakes;
    assert!((bytes - (797.0 + 3855.0)).abs() < 10.0, "{bytes} bytes a handshake");
    let rest = ran.figure("bytes_total") - ran.figure("handshake_bytes_total");
    assert!((rest / gets - 1530.0).abs() < 5.0, "{} bytes a get beside it", rest / gets);
    // Two round trips more for those that shake hands.
    ran.assert_near("get_latency_mean_ms", 100.0 + 200.0 * handshakes / gets, 3.0);
    ran.assert_near("get_latency_p99_ms", 300.0, 2.0);
    ran.assert_all_correct("get");
}

#[test]
fn peers_shake_hands_as_clients_do() {
    let peers = reads("5min", "kademlia", "preset = \"libp2p\"");
    let (handshakes, bytes) = (peers.figure("handshakes"), peers.figure("handshake_bytes_total"));
    assert!(handshakes > peers.figure("gets") && (bytes / handshakes - 3800.0).abs() < 40.0, "{handshakes}, {bytes} B");
    let without = reads(
        "5min",
        "kademlia",
        "preset = \"libp2p\", handshake = { bytes = \"0B\", answer = \"0B\", round_trips = 0 }",
    );
    assert!(without.maybe("handshakes").is_none());
    assert!(without.figure("bytes_total") < peers.figure("bytes_total") - 0.9 * bytes);
    peers.assert_all_correct("get");
}

/// A reply of Kademlia names twenty contacts: the sizes of the contact decide what it sends.
#[test]
fn contacts_decide_what_kademlia_sends() {
    let bytes =
        |preset: &str| ask("lookup", "1min", "kademlia", &format!("preset = \"{preset}\"")).figure("bytes_total");
    let (p2psim, bep5) = (bytes("p2psim"), bytes("bep5"));
    // By hand, for a round trip that names twenty: 28 + 20 + 28 + 20 + 80 = 176, and 28 + 92 + 28 + 58 + 520 = 726.
    assert!((bep5 / p2psim - 726.0 / 176.0).abs() < 0.1, "{bep5} against {p2psim}: {}", bep5 / p2psim);
}

/// Handshakes crossed with all that keeps a packet from leaving at once: boxes, connections, lines, sessions that end, disks and
/// servers that fail, processors.
#[test]
fn every_system_shakes_hands_behind_nats_over_links_and_between_sessions() {
    for transport in ["datagram", "connection"] {
        let text = format!(
            r#"
            seed = 5
            time = {{ warmup = "5min", measure = "10min" }}
            traversal.transport = "{transport}"
            resources = {{ count = 40, size = "6KiB" }}
            workload = {{ get = {{ every = "1min" }}, put = {{ every = "5min" }}, lookup = {{ every = "1min" }} }}
            [population]
            online = 60
            churn = {{ session.exponential.mean = "10min", downtime.exponential.mean = "5min", graceful = 0.5 }}
            processor.service.exponential.mean = "5ms"
            [network]
            loss = 0.005
            latency.plane.width = "100ms"
            access = {{ uplink = "2Mbit/s", downlink = "10Mbit/s" }}
            nat.shares = {{ open = 0.4, full-cone = 0.3, port-restricted = 0.3 }}
            wire = {{ preset = "libp2p", handshake.round_trips = 3 }}
            {}
            [systems.failing.client-server]
            mtbf = "5min"
            mttr = "1min"
            disk.data_loss = 0.5
            "#,
            every_mode()
        );
        let fingerprint = |ran: &Ran| (ran.id.clone(), ran.outcome.fingerprint);
        let (first, second) = (all(&text), all(&text));
        assert_eq!(
            first.iter().map(fingerprint).collect::<Vec<_>>(),
            second.iter().map(fingerprint).collect::<Vec<_>>()
        );
        for ran in first {
            let (handshakes, bytes) = (ran.figure("handshakes"), ran.figure("handshake_bytes_total"));
            assert!(handshakes > 0.0 && bytes < ran.figure("bytes_total"), "{}: {handshakes}, {bytes} B", ran.id);
            // Some are not answered: both ends pay 1,900 bytes at most.
            let of_each = bytes / handshakes;
            assert!((1_900.0..=3_900.0).contains(&of_each), "{}: {of_each} bytes a handshake", ran.id);
        }
    }
}
