//! Columns of routing state, population, and waiting times.

use crate::measure::counters::TableCheck;
use crate::measure::metric::Better::*;
use crate::measure::metric::Format::{Number, Percent};
use crate::measure::metric::Section::State;
use crate::measure::metric::{Row, over, ratio, row};
use crate::measure::metrics::Metrics;
use crate::measure::report::Facts;
use crate::network::Loss;

/// Purposes of requests that time out: an operation's lookup, an overlay's maintenance, storage.
pub const TIMEOUTS: [&str; 3] = ["lookup", "maintenance", "storage"];

/// Definition of `table_unreachable_ratio`, in an interval and in the measurement.
const UNREACHABLE: &str =
    "share of the routing entries whose node is online but unreachable because of a NAT or firewall";

/// The columns of tables, at an instant or in the measurement: `of` gives what was seen, `over` is the end of a description.
pub(super) fn tables<F: 'static>(
    of: impl Fn(&Metrics, &F) -> TableCheck + Send + Sync + Copy + 'static,
    when: &str,
) -> Vec<Row<F>> {
    let stale = format!("share of the routing entries that name a node that is not online{when}");
    vec![
        row("table_stale_ratio", "", Lower, stale, move |metrics, facts| {
            let seen = of(metrics, facts);
            ratio(seen.stale, seen.entries)
        })
        .shown(State, "stale contacts (%)", Percent)
        .charted(),
        row("table_unreachable_ratio", "", Lower, UNREACHABLE, move |metrics, facts| {
            let seen = of(metrics, facts);
            ratio(seen.unreachable, seen.entries)
        }),
    ]
}

/// Routing entries per examined node.
pub(super) fn contacts(seen: &TableCheck) -> Option<f64> {
    ratio(seen.entries, seen.nodes)
}

/// Columns of the correctness of routing tables, likewise.
pub(super) fn structure<F: 'static>(
    of: impl Fn(&Metrics, &F) -> TableCheck + Send + Sync + Copy + 'static,
) -> Vec<Row<F>> {
    let successors = "share of the nodes whose first successor is the next joined node on the ring";
    let rings = "rings formed by first live successors, largest number at any sample: one if the ring is not split";
    let nearest = "share of the k nodes nearest to its own identifier that a node knows (a full bucket need not hold the nearest of its range)";
    vec![
        row("successor_correct_ratio", "", Higher, successors, move |metrics, facts| {
            let seen = of(metrics, facts);
            ratio(seen.successors_right, seen.successors)
        })
        .shown(State, "correct successors (%)", Percent),
        row("rings", "rings", Lower, rings, move |metrics, facts| of(metrics, facts).rings.map(f64::from)).shown(
            State,
            "rings, maximum",
            Number,
        ),
        row("nearest_known_ratio", "", Higher, nearest, move |metrics, facts| {
            let seen = of(metrics, facts);
            ratio(seen.nearest_known, seen.nearest)
        })
        .shown(State, "nearest nodes known (%)", Percent),
    ]
}

/// Columns of `runs.csv`.
pub(super) fn metrics() -> Vec<Row<Facts>> {
    let contacts_mean = "routing entries held per joined node, time mean";
    let peers = "distinct machines that a machine sent a packet to";
    let mut rows = vec![
        row("contacts_mean", "contacts", Lower, contacts_mean, |metrics: &Metrics, _| contacts(&metrics.tables))
            .shown(State, "contacts per node", Number)
            .charted(),
        row("peers_contacted_mean", "machines", Lower, peers, |metrics: &Metrics, _| metrics.peers_contacted_mean()),
    ];
    rows.extend(tables(|metrics, _| metrics.tables, ", time mean"));
    rows.extend(structure(|metrics, _| metrics.tables));
    rows.extend(failures());
    rows.extend(population());
    rows.extend(waits());
    rows
}

/// Columns of the state at the start, and of unanswered messages.
fn failures() -> Vec<Row<Facts>> {
    let before = "successor_correct_ratio at the last sample of the warm-up";
    let offline = "share of the packets sent whose receiver was offline on arrival";
    let mut rows = vec![
        row("successor_correct_at_start_ratio", "", Higher, before, |metrics: &Metrics, _| {
            ratio(metrics.tables_before.successors_right, metrics.tables_before.successors)
        }),
        row("rings_at_start", "rings", Lower, "rings at the last sample of the warm-up", |metrics, _| {
            metrics.tables_before.rings.map(f64::from)
        }),
        row("packets_to_offline_ratio", "", Lower, offline, |metrics, _| {
            let offline = metrics.lost[Loss::Offline as usize];
            // Some were sent before the measurement.
            ratio(offline, metrics.packets_sent.max(offline))
        })
        .shown(State, "packets to offline nodes (%)", Percent),
    ];
    for (at, kind) in TIMEOUTS.iter().enumerate() {
        let about = format!("requests for {kind} that timed out");
        let count = move |metrics: &Metrics, _: &Facts| Some(metrics.timeouts[at] as f64);
        rows.push(row(format!("{kind}_timeouts"), "", Lower, about, count));
    }
    rows
}

/// Columns of the population.
fn population() -> Vec<Row<Facts>> {
    let participants = "participants that are ever online, warm-up included; a replacement counts separately";
    let no_bootstrap = "join attempts without a contact to join through, in the whole run";
    vec![
        row("participants", "machines", Neither, participants, |metrics: &Metrics, _| {
            let participants = &metrics.machines[..metrics.hosts.participants() as usize];
            Some(participants.iter().filter(|machine| machine.came).count() as f64)
        }),
        row("online_mean", "machines", Neither, "participants online, time mean", |metrics, facts: &Facts| {
            over(metrics.online.integral() as f64, facts.measured_ns(metrics))
        }),
        row(
            "joined_mean",
            "machines",
            Neither,
            "machines online that have joined the overlay, time mean",
            |metrics, facts: &Facts| over(metrics.joined.integral() as f64, facts.measured_ns(metrics)),
        ),
        row("no_bootstrap", "", Lower, no_bootstrap, |metrics, _| Some(metrics.no_bootstrap as f64)),
    ]
}

/// Columns of waiting times for the workers of servers and the processors of participants.
fn waits() -> Vec<Row<Facts>> {
    let server = "waiting time in the server's queue, of the requests whose service begins in the measurement";
    let waited = "share of these requests that have to wait for a worker";
    let busy = "utilisation of the server's workers in the measurement, while it is up";
    let peer = "waiting time in a participant's queue, of the requests whose service begins in the measurement; with processors only";
    vec![
        row("server_wait_mean_ms", "ms", Lower, server, |metrics: &Metrics, _| metrics.served[0].wait_mean_ms())
            .shown(State, "server wait, mean (ms)", Number)
            .charted(),
        row("server_wait_ratio", "", Lower, waited, |metrics: &Metrics, _| metrics.served[0].waited_ratio()).shown(
            State,
            "server: requests that wait (%)",
            Percent,
        ),
        row("server_utilisation_ratio", "", Lower, busy, |metrics, facts: &Facts| {
            over(metrics.busy.integral() as f64, facts.worker_ns as f64)
        })
        .shown(State, "server busy (%)", Percent),
        row("peer_wait_mean_ms", "ms", Lower, peer, |metrics, _| metrics.served[1].wait_mean_ms()).shown(
            State,
            "peer wait, mean (ms)",
            Number,
        ),
        row("peer_wait_ratio", "", Lower, "share of these requests that have to wait for a worker", |metrics, _| {
            metrics.served[1].waited_ratio()
        })
        .shown(State, "peer: requests that wait (%)", Percent),
    ]
}
