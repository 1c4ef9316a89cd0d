//! Columns of connections: outcomes of dials, cost of keep-alives and relays, number of connections.

use std::sync::LazyLock;

use super::{probability, words};
use crate::measure::connecting::Connecting;
use crate::measure::metric::Better::*;
use crate::measure::metric::{Better, Catalogue, Row, over, ratio, row};
use crate::measure::metrics::Metrics;
use crate::measure::report::Facts;
use crate::model::DialOutcome;
use crate::network::NatClass;

/// NAT classes of the dialling and the dialled machine.
#[derive(Clone, Copy, Debug)]
pub struct Pair {
    pub from: NatClass,
    pub reached: NatClass,
}

/// Columns of `pairs.csv` after `from` and `reached`, in their order: counts of dials in the measurement.
pub static PAIRS: LazyLock<Catalogue<Pair>> = LazyLock::new(|| {
    let about = "completed or failed dials from machines of one NAT class to machines of the other";
    let mut rows = vec![row("dials", "", Neither, about, |metrics: &Metrics, pair: &Pair| {
        Some(metrics.connecting.as_ref()?.ended(*pair).iter().sum::<u64>() as f64)
    })];
    for outcome in DialOutcome::ALL {
        let (better, how) = meaning(outcome);
        rows.push(row(outcome.name(), "", better, format!("dials that ended {how}"), move |metrics, pair| {
            Some(metrics.connecting.as_ref()?.ended(*pair)[outcome as usize] as f64)
        }));
    }
    Catalogue::new(rows)
});

/// Direction and definition of a dial's outcome.
const fn meaning(outcome: DialOutcome) -> (Better, &'static str) {
    match outcome {
        DialOutcome::Direct => (Neither, "with a direct connection to a peer not known to be undialable"),
        DialOutcome::Reversed => (Neither, "with a connection back from the peer (connection reversal)"),
        DialOutcome::Punched => (Neither, "with a connection by hole punching, coordinated by a rendezvous"),
        DialOutcome::Organic => {
            (Neither, "with a direct connection to a peer that announces that it cannot be dialled")
        }
        DialOutcome::Relayed => (Lower, "with a connection through a relay"),
        DialOutcome::Failed => (Lower, "without a connection"),
    }
}

/// Row with a value only for systems with connections.
fn of(
    name: impl Into<String>,
    unit: &'static str,
    better: Better,
    about: impl Into<String>,
    function: impl Fn(&Connecting, &Metrics, &Facts) -> Option<f64> + Send + Sync + 'static,
) -> Row<Facts> {
    row(name, unit, better, about, move |metrics, facts| function(metrics.connecting.as_ref()?, metrics, facts))
}

/// Columns of `runs.csv`.
pub(super) fn metrics() -> Vec<Row<Facts>> {
    let mut rows = dials();
    rows.extend(punches_and_relays());
    rows.extend(links());
    rows
}

fn dials() -> Vec<Row<Facts>> {
    let about = "dials completed or failed, those to a rendezvous included";
    let mut rows =
        vec![of("dials", "", Neither, about, |connecting, _, _| Some(connecting.dials().iter().sum::<u64>() as f64))];
    for outcome in DialOutcome::ALL {
        let (better, how) = meaning(outcome);
        let about = format!("share of the dials that ended {how}");
        rows.push(of(format!("dial_{}_ratio", outcome.name()), "", better, about, move |connecting, _, _| {
            let dials = connecting.dials();
            ratio(dials[outcome as usize], dials.iter().sum())
        }));
    }
    let about = |statistic| format!("time from the start of a dial to its connection, {}", words(statistic));
    rows.push(of("dial_latency_mean_ms", "ms", Lower, about("mean"), |connecting, _, _| connecting.latency_mean_ms()));
    for statistic in ["p50", "p90"] {
        let name = format!("dial_latency_{statistic}_ms");
        rows.push(of(name, "ms", Lower, about(statistic), move |connecting, _, _| {
            connecting.latency_ms(probability(statistic))
        }));
    }
    let about = "time from the start of a dial to its failure, mean: the delay of packets that wait for it";
    rows.push(of("dial_failed_wait_mean_ms", "ms", Lower, about, |connecting, _, _| connecting.failed_wait_mean_ms()));
    let about = "time spent on failed dials, per participant and second online";
    rows.push(of("dial_failed_wait_per_online_s_ms", "ms", Lower, about, |connecting, metrics, _| {
        let participants = &metrics.machines[..metrics.hosts.participants() as usize];
        let online_s = participants.iter().map(|machine| machine.online().as_secs_f64()).sum::<f64>();
        over(connecting.failed_wait_ms(), online_s)
    }));
    rows
}

fn punches_and_relays() -> Vec<Row<Facts>> {
    let success = "share of the dials with hole punching that ended with a punched connection";
    let first = "share of the punched connections made at the first attempt";
    let share = "share of the bytes forwarded by relays in all bytes put on the wire";
    let load = "Gini coefficient of the bytes forwarded per second online, over participants";
    let reservations = "reservation requests refused by a relay or rendezvous without capacity";
    let circuits = "connection requests refused by a relay";
    vec![
        of("punch_attempts", "", Neither, "hole-punching attempts", |connecting, _, _| {
            Some(connecting.punch_attempts as f64)
        }),
        of("punch_success_ratio", "", Higher, success, |connecting, _, _| connecting.punch_success_ratio()),
        of("punch_first_ratio", "", Higher, first, |connecting, _, _| connecting.punch_first_ratio()),
        of("relay_share_bytes_ratio", "", Lower, share, |connecting, metrics, _| {
            ratio(connecting.forwarded(), metrics.bytes_total())
        }),
        of("relay_load_gini", "", Lower, load, |connecting, metrics, _| {
            connecting.relay_load_gini(&metrics.machines, metrics.hosts.participants())
        }),
        of("relay_reservations_refused", "", Lower, reservations, |connecting, _, _| {
            Some(connecting.reservations_refused as f64)
        }),
        of("relay_circuits_refused", "", Lower, circuits, |connecting, _, _| Some(connecting.circuits_refused as f64)),
    ]
}

fn links() -> Vec<Row<Facts>> {
    let kept = "bytes of keep-alives and their replies per machine and second online; part of maintenance";
    let mean = "connections of a machine while online, time mean over all machines, servers included";
    let most = "largest number of simultaneous connections of any machine";
    let gini = "Gini coefficient of the mean number of connections over machines";
    vec![
        of("keepalive_bytes_per_online_s_mean", "B/s", Lower, kept, |connecting, _, facts| {
            over(connecting.kept_alive as f64, facts.all_online_s)
        }),
        of("connections_per_node_mean", "", Lower, mean, |connecting, _, facts| {
            over(connecting.links_integral() as f64 / 1e9, facts.all_online_s)
        }),
        of("connections_per_node_max", "", Lower, most, |connecting, _, _| Some(f64::from(connecting.most))),
        of("connections_gini", "", Lower, gini, |connecting, metrics, _| connecting.links_gini(&metrics.machines)),
    ]
}
