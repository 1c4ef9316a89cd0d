//! The columns of connections.

use std::sync::LazyLock;

use super::{Better, Catalogue, Metric, add, words};

/// How machines connected, where systems have connections.
pub fn metrics(list: &mut Vec<Metric>) {
    use Better::*;
    add(list, "dials", "", Neither, "dials that ended, those to a rendezvous included");
    for (outcome, better, how) in DIALS {
        add(list, format!("dial_{outcome}_ratio"), "", better, format!("dials that ended {how}, of all that ended"));
    }
    for statistic in ["mean", "p50", "p90"] {
        let about = format!("time from the beginning of a dial to its link, {}", words(statistic));
        add(list, format!("dial_latency_{statistic}_ms"), "ms", Lower, about);
    }
    let about = "time from the beginning of a dial to its failure, mean: what waits for a dead dial waits so long";
    add(list, "dial_failed_wait_mean_ms", "ms", Lower, about);
    let about = "time spent waiting for dials that failed, per participant and second online";
    add(list, "dial_failed_wait_per_online_s_ms", "ms", Lower, about);
    add(list, "punch_attempts", "", Neither, "attempts to punch a hole");
    let about = "dials that ended with a hole, of those that tried to punch one";
    add(list, "punch_success_ratio", "", Higher, about);
    add(list, "punch_first_ratio", "", Higher, "dials that ended with a hole at the first attempt, of all with a hole");
    let about = "bytes that relays forwarded, of all bytes put on the wire";
    add(list, "relay_share_bytes_ratio", "", Lower, about);
    let about = "Gini coefficient of the bytes forwarded per second online, over participants";
    add(list, "relay_load_gini", "", Lower, about);
    add(
        list,
        "relay_reservations_refused",
        "",
        Lower,
        "requests for a place at a relay or rendezvous that had none left",
    );
    add(list, "relay_circuits_refused", "", Lower, "requests to be connected through a relay that it refused");
    let about = "bytes of keep-alives and their answers per machine and second online; part of maintenance";
    add(list, "keepalive_bytes_per_online_s_mean", "B/s", Lower, about);
    let about = "connections that a machine has while it is online, time mean over all machines, servers included";
    add(list, "connections_per_node_mean", "", Lower, about);
    add(list, "connections_per_node_max", "", Lower, "most connections that any machine had at a time");
    let about = "Gini coefficient of the machines' time mean of connections";
    add(list, "connections_gini", "", Lower, about);
}

/// The columns of `pairs.csv` after `from` and `reached`, in their order: counts of dials in the measurement.
pub static PAIRS: LazyLock<Catalogue> = LazyLock::new(|| {
    let mut list = Vec::new();
    add(
        &mut list,
        "dials",
        "",
        Better::Neither,
        "dials from machines of one class to machines of the other that ended",
    );
    for (outcome, better, how) in DIALS {
        add(&mut list, outcome, "", better, format!("of them those that ended {how}"));
    }
    Catalogue::new(list)
});

/// How a dial may end: the words of the columns, which end is the good one, and what they mean.
const DIALS: [(&str, Better, &str); 6] = [
    ("direct", Better::Neither, "with a link to a peer that does not say it cannot be dialled"),
    ("reversed", Better::Neither, "with the peer calling back"),
    ("punched", Better::Neither, "with a hole, by the help of a rendezvous"),
    ("organic", Better::Neither, "with a link to a peer that says it cannot be dialled, without help"),
    ("relayed", Better::Lower, "with a link through a relay"),
    ("failed", Better::Lower, "without a link"),
];
