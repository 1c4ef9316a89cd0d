//! Columns of traffic: bytes by kind and by machine, bootstrap service, servers, losses.

use super::column;
use crate::measure::counters::Carried;
use crate::measure::metric::Better::*;
use crate::measure::metric::Format::{Bytes, BytesPerSecond, Number, Percent};
use crate::measure::metric::Section::Network;
use crate::measure::metric::{Row, over, ratio, row};
use crate::measure::metrics::Metrics;
use crate::measure::report::Facts;
use crate::model::Traffic;
use crate::network::Loss;

/// Columns of `runs.csv`.
pub(super) fn metrics() -> Vec<Row<Facts>> {
    let mut rows = totals();
    rows.extend(busiest());
    rows.extend(service());
    rows.extend(servers());
    rows.extend(left_out());
    rows.extend(packets());
    rows
}

/// Bytes sent and received by some machines.
fn moved(carried: &[Carried]) -> f64 {
    carried.iter().map(Carried::moved).sum::<u64>() as f64
}

fn totals() -> Vec<Row<Facts>> {
    let total = "bytes put on the wire by all machines in the measurement";
    let rate = "bytes put on the wire per machine and second online";
    let mut rows = vec![
        row("bytes_total", "B", Lower, total, |metrics: &Metrics, _| Some(metrics.bytes_total() as f64)).shown(
            Network,
            "total traffic",
            Bytes,
        ),
        row("bytes_per_online_s_mean", "B/s", Lower, rate, |metrics: &Metrics, facts: &Facts| {
            over(metrics.bytes_total() as f64, facts.online_s)
        })
        .shown(Network, "traffic per machine online", BytesPerSecond)
        .in_sweeps()
        .charted(),
    ];
    for kind in Traffic::ALL {
        let about = format!("{} bytes put on the wire per machine and second online", kind.name());
        let row = row(
            format!("{}_bytes_per_online_s_mean", kind.name()),
            "B/s",
            Lower,
            about,
            move |metrics, facts: &Facts| over(metrics.bytes[kind as usize] as f64, facts.online_s),
        );
        rows.push(match kind {
            Traffic::Maintenance => row.shown(Network, "  maintenance", BytesPerSecond).charted(),
            _ => row,
        });
    }
    rows
}

fn busiest() -> Vec<Row<Facts>> {
    let busiest = "bytes sent and received per second online by the busiest of the machines online for at least a tenth of the measurement";
    let mean =
        "bytes sent and received per second online, mean over the same machines without those of the bootstrap service";
    let share = "bytes sent and received by the busiest machine over twice all bytes put on the wire, at most one half";
    let peers = "bytes sent and received by all participants";
    vec![
        row("busiest_machine_bytes_per_s", "B/s", Lower, busiest, |_, facts: &Facts| facts.busiest_bytes_per_s)
            .shown(Network, "busiest machine", BytesPerSecond)
            .in_sweeps()
            .charted(),
        row("machine_bytes_per_s_mean", "B/s", Lower, mean, |_, facts: &Facts| facts.machine_bytes_per_s),
        row("busiest_machine_share_ratio", "", Lower, share, |metrics, _| {
            let most = metrics.carried.iter().map(Carried::moved).max().unwrap_or(0);
            // What was on its way when the measurement began is received, and was put on the wire before.
            ratio(most, 2 * metrics.bytes_total().max(most))
        })
        .shown(Network, "busiest machine's share (%)", Percent),
        row("peers_bytes_total", "B", Lower, peers, |metrics, _| {
            Some(moved(&metrics.carried[..metrics.hosts.participants() as usize]))
        })
        .shown(Network, "moved by participants", Bytes),
    ]
}

/// Columns of the bootstrap service: empty without one.
fn service() -> Vec<Row<Facts>> {
    let total = "bytes sent and received by the machines of the bootstrap service; empty without one";
    let rate = "bytes sent and received per second online by the busiest machine of the bootstrap service";
    let asks = "messages of nodes to the bootstrap service: queries for members, and announcements";
    let machines = |metrics: &Metrics| metrics.carried.get(metrics.hosts.machines() as usize..)?.first().map(|_| ());
    vec![
        row("bootstrap_bytes_total", "B", Lower, total, move |metrics: &Metrics, _| {
            machines(metrics).map(|()| moved(&metrics.carried[metrics.hosts.machines() as usize..]))
        })
        .shown(Network, "moved by the bootstrap service", Bytes),
        row("bootstrap_busiest_bytes_per_s", "B/s", Lower, rate, |_, facts: &Facts| facts.service_bytes_per_s),
        row("bootstrap_asks", "", Lower, asks, move |metrics, _| {
            machines(metrics).map(|()| metrics.service_asked as f64)
        }),
    ]
}

/// Columns of servers: empty without any.
fn servers() -> Vec<Row<Facts>> {
    let peak =
        "bytes sent and received per second by all servers, 95th percentile over minutes (as bandwidth is billed)";
    let workers =
        "workers for a utilisation of 70 % in the minute of the 95th percentile of requests, refused ones included";
    let expected = "expected number of server failures in the measurement, by mtbf and mttr";
    vec![
        row("server_bytes_total", "B", Lower, "bytes sent and received by all servers", |metrics: &Metrics, _| {
            let machines = metrics.hosts.participants() as usize..metrics.hosts.machines() as usize;
            metrics.minutes.as_ref().map(|_| moved(&metrics.carried[machines]))
        })
        .shown(Network, "moved by servers", Bytes),
        row("server_peak_bytes_per_s", "B/s", Lower, peak, |metrics, facts: &Facts| {
            metrics.minutes.as_ref()?.peak_bytes_per_s(facts.measured(metrics))
        })
        .shown(Network, "  peak (95 % of minutes)", BytesPerSecond),
        row("server_workers_needed", "workers", Lower, workers, |metrics, facts: &Facts| {
            metrics.minutes.as_ref()?.workers_needed(facts.measured(metrics))
        })
        .shown(Network, "  workers needed", Number),
        row("server_failures", "", Lower, "failures of servers, outages included", |metrics, _| {
            Some(metrics.minutes.as_ref()?.failures() as f64)
        }),
        row("server_failures_expected", "", Neither, expected, |metrics, facts: &Facts| {
            metrics.minutes.as_ref()?.failures_expected(facts.measured(metrics))
        }),
    ]
}

fn left_out() -> Vec<Row<Facts>> {
    let machines =
        "machines online for less than a tenth of the measurement: in the totals, not in rates and loads per machine";
    let bytes = "share of the machines left out in all bytes sent and received; empty if there are none";
    vec![
        row("machines_left_out", "machines", Neither, machines, |metrics: &Metrics, _| {
            Some(f64::from(metrics.left_out().0))
        }),
        row("left_out_bytes_ratio", "", Neither, bytes, |metrics, _| {
            let (number, bytes) = metrics.left_out();
            let moved = metrics.carried.iter().map(Carried::moved).sum();
            ratio(bytes, moved).filter(|_| number > 0)
        })
        .shown(Network, "machines left out: bytes (%)", Percent),
    ]
}

fn packets() -> Vec<Row<Facts>> {
    let sent = "packets sent, those dropped at the sender's own uplink included";
    let handshakes = "handshakes started; empty if the message sizes have none";
    let bytes = "bytes of handshakes, of both ends";
    let mut rows = vec![
        row("packets_sent", "packets", Lower, sent, |metrics: &Metrics, _| Some(metrics.packets_sent as f64)),
        row("handshakes", "", Lower, handshakes, |metrics, _| Some(metrics.handshakes?[0] as f64)),
        row("handshake_bytes_total", "B", Lower, bytes, |metrics, _| Some(metrics.handshakes?[1] as f64)),
    ];
    for cause in Loss::ALL {
        let about = format!("packets lost, cause {}", cause.name().replace('-', " "));
        let lost = move |metrics: &Metrics, _: &Facts| Some(metrics.lost[cause as usize] as f64);
        rows.push(row(format!("packets_lost_{}", column(cause.name())), "packets", Lower, about, lost));
    }
    rows
}
