//! Figures of the state that nodes keep.

use super::{Better, Metric, TIMEOUTS, UNREACHABLE, add};

/// Whether tables are right.
pub fn structure(list: &mut Vec<Metric>) {
    use Better::*;
    let about = "share of the nodes whose first successor is the joined node that follows them";
    add(list, "successor_correct_ratio", "", Higher, about);
    let about = "rings that the nodes make by their first successors that are members, the most at any sample: of a ring that is whole one";
    add(list, "rings", "rings", Lower, about);
    let about = "of the k nodes nearest to its own key, the share that a node knows (a full bucket need not hold the nearest of its range)";
    add(list, "nearest_known_ratio", "", Higher, about);
}

/// The state that nodes keep, who was there, and how the server fared.
pub fn metrics(list: &mut Vec<Metric>) {
    use Better::*;
    add(list, "contacts_mean", "contacts", Lower, "routing entries held per joined node, time mean");
    add(list, "peers_contacted_mean", "machines", Lower, "different machines that a machine sent a packet to");
    let about = "share of the routing entries that name a node that is not online, time mean";
    add(list, "table_stale_ratio", "", Lower, about);
    add(list, "table_unreachable_ratio", "", Lower, UNREACHABLE);
    structure(list);
    let about = "successor_correct_ratio at the last sample of the warm-up";
    add(list, "successor_correct_at_start_ratio", "", Higher, about);
    add(list, "rings_at_start", "rings", Lower, "rings at the last sample of the warm-up");
    let about = "share of the packets sent that found their receiver offline";
    add(list, "packets_to_offline_ratio", "", Lower, about);
    for kind in TIMEOUTS {
        let about = format!("requests of {kind} that were not answered in time");
        add(list, format!("{kind}_timeouts"), "", Lower, about);
    }
    add(
        list,
        "participants",
        "machines",
        Neither,
        "all who are ever online, in the warm-up or later; a replacement counts by itself",
    );
    add(list, "online_mean", "machines", Neither, "participants online, time mean");
    add(list, "joined_mean", "machines", Neither, "machines online and joined, time mean");
    add(
        list,
        "no_bootstrap",
        "",
        Lower,
        "attempts to join for which nobody was there to join through, in the whole run",
    );
    let about = "wait at the server of the requests whose service begins in the measurement, all of it";
    add(list, "server_wait_mean_ms", "ms", Lower, about);
    let about = "share of these requests that wait at all, before a worker is free";
    add(list, "server_wait_ratio", "", Lower, about);
    let about = "busy share of the server's workers in the measurement, while it is up";
    add(list, "server_utilisation_ratio", "", Lower, about);
    let about = "wait for a participant's processor, likewise, where participants have one";
    add(list, "peer_wait_mean_ms", "ms", Lower, about);
    add(list, "peer_wait_ratio", "", Lower, "share of these requests that wait at all");
}
