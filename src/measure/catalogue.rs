//! The one list of figures: every metric column, every series over time and every quantile column.
//!
//! Files, tables, charts, `peerlab list metrics` and the README's table of columns all follow from it. To add a figure,
//! add its line here and set it in the observer that knows it ([`Figures`]); nothing else needs to change.
//!
//! Names carry their unit or qualifier last (`lookup_latency_p99_ms`); the definitions of the words are in DESIGN §1.

pub mod connections;
mod load;
mod state;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use indexmap::IndexMap;

use super::observer::Copied;
use crate::model::Cause;
use crate::network::Loss;

/// What a participant may ask. The words of the columns.
pub const OPERATIONS: [&str; 3] = ["lookup", "get", "put"];

/// Why a packet was lost. The words of the columns.
pub const LOSSES: [&str; Loss::ALL.len()] = [
    "uplink_queue",
    "downlink_queue",
    "loss",
    "sender_gone",
    "offline",
    "stale",
    "server_queue",
    "partition",
    "nat",
    "firewall",
    "dial",
    "relay",
    "peer_queue",
];

/// The kinds of traffic. The words of the columns.
pub const TRAFFIC: [&str; 4] = ["lookup", "maintenance", "storage", "repair"];

/// What requests that are not answered in time are sent for: an operation's walk, an overlay's upkeep, values.
pub const TIMEOUTS: [&str; 3] = ["lookup", "maintenance", "storage"];

/// Which end of a figure's range is the good one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Better {
    Lower,
    Higher,
    /// A description of the run, not a merit.
    Neither,
}

/// A figure: its column name, its unit, and what it means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// The column's name.
    pub name: String,
    /// The unit as it is printed beside the figure (`ms`, `B/s`); empty for ratios and indices.
    pub unit: &'static str,
    pub better: Better,
    /// One line: what it is, over what it is taken.
    pub about: String,
}

/// An ordered list of figures that can be found by name.
pub struct Catalogue {
    metrics: Vec<Metric>,
    places: IndexMap<String, usize>,
}

impl Catalogue {
    /// # Panics
    /// If two figures have the same name.
    pub fn new(metrics: Vec<Metric>) -> Catalogue {
        let places: IndexMap<_, _> = metrics.iter().enumerate().map(|(i, metric)| (metric.name.clone(), i)).collect();
        assert_eq!(places.len(), metrics.len(), "two figures have the same name");
        Catalogue { metrics, places }
    }

    /// Where the figure with this name stands in the list.
    pub fn index_of(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }

    /// The figure with this name.
    pub fn get(&self, name: &str) -> Option<&Metric> {
        self.index_of(name).map(|i| &self.metrics[i])
    }
}

impl std::ops::Deref for Catalogue {
    type Target = [Metric];

    fn deref(&self) -> &[Metric] {
        &self.metrics
    }
}

/// The metric columns of `runs.csv`, in their order.
pub static METRICS: LazyLock<Catalogue> = LazyLock::new(|| {
    let mut list = Vec::new();
    OPERATIONS.iter().for_each(|operation| operation_metrics(&mut list, operation));
    record_metrics(&mut list);
    load::metrics(&mut list);
    traffic_metrics(&mut list);
    state::metrics(&mut list);
    connections::metrics(&mut list);
    Catalogue::new(list)
});

/// The columns of `timeseries.csv` after `time_s`, in their order. Counts and rates are of the sampling interval that
/// ends at the row's time.
pub static SERIES: LazyLock<Catalogue> = LazyLock::new(|| {
    use Better::*;
    let mut list = Vec::new();
    add(&mut list, "online", "machines", Neither, "participants online");
    add(&mut list, "joined", "machines", Neither, "machines online and joined");
    for operation in OPERATIONS {
        for (outcome, better) in [("correct", Higher), ("incorrect", Lower), ("failed", Lower)] {
            let about = format!("{operation}s decided as {outcome} in the interval");
            add(&mut list, format!("{operation}_{outcome}"), "", better, about);
        }
        let about = format!("share of the {operation}s decided in the interval that were correct");
        add(&mut list, format!("{operation}_correct_ratio"), "", Higher, about);
    }
    add(&mut list, "availability", "", Higher, format!("{AVAILABLE}, at the instant"));
    let about = "resources stored once of which too few pieces are left on any disk";
    add(&mut list, "resources_lost", "resources", Lower, about);
    for kind in TRAFFIC {
        let about = format!("{kind} bytes put on the wire by all machines");
        add(&mut list, format!("{kind}_bytes_per_s"), "B/s", Lower, about);
    }
    let about = "bytes sent and received by the machine that moved most in the interval, of all, over the interval's length, \
        online or not";
    add(&mut list, "busiest_machine_bytes_per_s", "B/s", Lower, about);
    add(&mut list, "contacts_mean", "contacts", Lower, "routing entries held per joined node");
    add(&mut list, "table_stale_ratio", "", Lower, "share of the routing entries that name a node that is not online");
    add(&mut list, "table_unreachable_ratio", "", Lower, UNREACHABLE);
    state::structure(&mut list);
    Catalogue::new(list)
});

/// The columns of `load.csv` after `quantile`, in their order.
///
/// Beside each load stands its Lorenz curve, exact at the 101 points: drawn from the quantiles alone it would smear one
/// server's load over a hundredth of the machines.
pub static QUANTILES: LazyLock<Catalogue> = LazyLock::new(|| {
    use Better::*;
    let mut list = Vec::new();
    for (name, lorenz, unit, what) in load::LOADS {
        add(&mut list, name, unit, Lower, format!("quantiles over machines: {what}"));
        let about =
            format!("share of all {lorenz} borne by the least loaded machines up to this quantile (Lorenz curve)");
        add(&mut list, format!("{lorenz}_lorenz_ratio"), "", Neither, about);
    }
    for operation in OPERATIONS {
        let about = format!("quantiles over correct {operation}s: time from issue to answer");
        add(&mut list, format!("{operation}_latency_ms"), "ms", Lower, about);
    }
    let about = "quantiles over machines: connections while online, time mean; only where some system has them";
    add(&mut list, CONNECTIONS, "", Lower, about);
    Catalogue::new(list)
});

/// What availability is to the oracle.
const AVAILABLE: &str = "share of the resources of which enough pieces are on machines that are online, \
    in the newest acknowledged version or a later one";

/// What `table_unreachable_ratio` is, in an interval and in the measurement.
const UNREACHABLE: &str =
    "share of the routing entries whose node is online and would not be reached, because of a NAT or firewall";

/// The quantile column of connections, which is only written where some system has them.
pub const CONNECTIONS: &str = "connections";

pub fn add(
    list: &mut Vec<Metric>,
    name: impl Into<String>,
    unit: &'static str,
    better: Better,
    about: impl Into<String>,
) {
    list.push(Metric { name: name.into(), unit, better, about: about.into() });
}

/// How the operations of one kind ended, how long they took and what they cost.
fn operation_metrics(list: &mut Vec<Metric>, operation: &str) {
    use Better::*;
    add(list, format!("{operation}s"), "", Neither, format!("{operation}s issued in the measurement"));
    for (outcome, better) in [("correct", Higher), ("incorrect", Lower), ("failed", Lower)] {
        let about = format!("{outcome} {operation}s of those decided (correct, incorrect and failed)");
        add(list, format!("{operation}_{outcome}_ratio"), "", better, about);
    }
    let about = format!("{operation}s whose node went offline first, of those issued");
    add(list, format!("{operation}_abandoned_ratio"), "", Neither, about);
    let about = format!("{operation}s still under way at the end, of those issued");
    add(list, format!("{operation}_open_ratio"), "", Neither, about);
    for cause in Cause::ALL {
        let name = format!("{operation}_failed_{}", cause.name().replace('-', "_"));
        add(list, name, "", Lower, format!("{operation}s that failed with the cause {}", cause.name()));
    }
    for statistic in ["mean", "p50", "p90", "p99"] {
        let about = format!("time from issue to answer of correct {operation}s, {}", words(statistic));
        add(list, format!("{operation}_latency_{statistic}_ms"), "ms", Lower, about);
    }
    let about = format!("time from issue to the end of failed {operation}s, mean; never part of the latency above");
    add(list, format!("{operation}_latency_failed_mean_ms"), "ms", Lower, about);
    for statistic in ["mean", "p50", "p99"] {
        let about =
            format!("depth in the referral tree of the node where a correct {operation} ended, {}", words(statistic));
        add(list, format!("{operation}_hops_{statistic}"), "hops", Lower, about);
    }
    let about = format!("requests by anyone on behalf of a decided {operation}, whether or not they could leave");
    add(list, format!("{operation}_rpcs_mean"), "RPCs", Lower, about);
    let about = format!("requests that timed out on behalf of a decided {operation}");
    add(list, format!("{operation}_timeouts_mean"), "RPCs", Lower, about);
    for statistic in ["p10", "p50", "p90"] {
        let about =
            format!("latency of correct {operation}s over the round trip to the responsible, {}", words(statistic));
        add(list, format!("{operation}_stretch_{statistic}"), "", Lower, about);
    }
    if operation == "get" {
        add(list, "get_local_ratio", "", Higher, "correct gets answered from the machine's own portion");
        let about = "from the first get of a resource until the last who asked has it, the longest of all; empty if some never do";
        add(list, "distribution_time_s", "s", Lower, about);
    }
    if operation == "put" {
        add(
            list,
            "nodes_touched_per_put",
            "nodes",
            Lower,
            "nodes that stored the version of a correct put, the writer included where it does",
        );
    }
}

/// What became of the records.
fn record_metrics(list: &mut Vec<Metric>) {
    use Better::*;
    add(list, "availability_mean", "", Higher, format!("{AVAILABLE}: time mean; as an oracle sees it, not users"));
    add(list, "availability_min", "", Higher, format!("{AVAILABLE}: minimum over time"));
    let about = "share of the resources of which enough pieces are left on any disk at the end";
    add(list, "durability_ratio", "", Higher, about);
    let about = "resources of which too few pieces are left on any disk at the end";
    add(list, "resources_lost", "resources", Lower, about);
    let about = "copies of each piece on machines that are online, mean over time and pieces";
    add(list, "replicas_alive_mean", "copies", Higher, about);
    let about =
        "pieces on all disks, those offline too, over the pieces needed, time mean; full table: of the machines online";
    add(list, "storage_overhead_ratio", "", Lower, about);
    let about = "correct gets that were answered by a cached copy; of a resource in pieces, by cached copies only";
    add(list, "cache_hit_ratio", "", Higher, about);
    let about = "bytes of values in the caches, time mean over the participants online";
    add(list, "cached_bytes_mean", "B", Neither, about);
    add(list, "repairs", "copies", Lower, "copies made by repair and hand-over in the measurement, of pointers too");
    let about =
        "share of them that were made although enough copies were on disks, of machines away or not known to have them";
    add(list, "repair_useless_ratio", "", Lower, about);
    for (name, what) in Copied::NAMES.iter().zip(["whole values", "pieces", "pointers and records of providers"]) {
        let about = format!("copies of {what} among the repairs");
        add(list, format!("{name}_repairs"), "copies", Lower, about);
        let about = format!("copies of {what} made although enough were on disks");
        add(list, format!("{name}_repairs_in_vain"), "copies", Lower, about);
    }
}

/// What went over the network, who moved most of it, and what got lost.
fn traffic_metrics(list: &mut Vec<Metric>) {
    use Better::*;
    add(list, "bytes_total", "B", Lower, "bytes put on the wire by all machines in the measurement");
    add(list, "bytes_per_online_s_mean", "B/s", Lower, "bytes put on the wire per machine and second online");
    for kind in TRAFFIC {
        let about = format!("{kind} bytes put on the wire per machine and second online");
        add(list, format!("{kind}_bytes_per_online_s_mean"), "B/s", Lower, about);
    }
    let about = "bytes sent and received per second online, largest of the machines online for at least a tenth of the \
        measurement";
    add(list, "busiest_machine_bytes_per_s", "B/s", Lower, about);
    let about = "bytes sent and received per second online, mean over these machines without the bootstrap service's";
    add(list, "machine_bytes_per_s_mean", "B/s", Lower, about);
    let about = "the most that any machine sent and received, over twice all bytes put on the wire: at most one half";
    add(list, "busiest_machine_share_ratio", "", Lower, about);
    add(list, "peers_bytes_total", "B", Lower, "bytes sent and received by all participants");
    let about = "bytes sent and received by the machines of the bootstrap service; empty without one";
    add(list, "bootstrap_bytes_total", "B", Lower, about);
    let about = "as busiest_machine_bytes_per_s, of the machines of the bootstrap service";
    add(list, "bootstrap_busiest_bytes_per_s", "B/s", Lower, about);
    add(
        list,
        "bootstrap_asks",
        "",
        Lower,
        "words of nodes to the bootstrap service: for members, and that they are ones",
    );
    add(list, "server_bytes_total", "B", Lower, "bytes sent and received by all servers");
    let about = "bytes sent and received per second by all servers, 95th percentile of minutes, as bandwidth is billed";
    add(list, "server_peak_bytes_per_s", "B/s", Lower, about);
    let about =
        "workers that are busy for 70 % of the time in the minute of the 95th percentile of requests, refused ones too";
    add(list, "server_workers_needed", "workers", Lower, about);
    add(list, "server_failures", "", Lower, "times that a server went down, outages included");
    let about = "failures of servers to be expected in the measurement by their mtbf and mttr";
    add(list, "server_failures_expected", "", Neither, about);
    let about =
        "machines online for less than a tenth of the measurement: in the totals, not in rates and loads by machine";
    add(list, "machines_left_out", "machines", Neither, about);
    let about = "their part of all bytes sent and received; empty if none was left out";
    add(list, "left_out_bytes_ratio", "", Neither, about);
    let about = "packets that machines sent, those dropped at their own uplink included";
    add(list, "packets_sent", "packets", Lower, about);
    let about = "handshakes that machines began; empty where first messages cost no more than others";
    add(list, "handshakes", "", Lower, about);
    add(list, "handshake_bytes_total", "B", Lower, "their bytes, of those that began and of those that answered");
    for cause in LOSSES {
        let about = format!("packets lost, cause {}", cause.replace('_', " "));
        add(list, format!("packets_lost_{cause}"), "packets", Lower, about);
    }
}

/// A statistic's name in words.
fn words(statistic: &str) -> String {
    match statistic.strip_prefix('p') {
        Some("50") => "median".to_owned(),
        Some(percent) => format!("{percent}th percentile"),
        None => statistic.to_owned(),
    }
}

/// The values of one run or one sample, parallel to a catalogue; what is not set does not apply.
#[derive(Clone)]
pub struct Figures {
    catalogue: &'static Catalogue,
    values: Vec<Option<f64>>,
}

impl Figures {
    /// Nothing set yet; `&METRICS` or `&SERIES`.
    pub fn new(catalogue: &'static Catalogue) -> Figures {
        Figures { catalogue, values: vec![None; catalogue.len()] }
    }

    /// Sets a figure.
    ///
    /// # Panics
    /// On a name that is not in the catalogue, and on NaN and infinity: a ratio over nothing is left out, not set.
    pub fn set(&mut self, name: &str, value: f64) {
        assert!(value.is_finite(), "{name} = {value} is not a figure");
        let index = self.catalogue.index_of(name).unwrap_or_else(|| panic!("{name} is not in the catalogue"));
        self.values[index] = Some(value);
    }

    /// Sets a figure if there is a value.
    ///
    /// # Panics
    /// As [`Figures::set`].
    pub fn set_some(&mut self, name: &str, value: Option<f64>) {
        if let Some(value) = value {
            self.set(name, value);
        }
    }

    /// The values, parallel to the catalogue.
    pub fn into_values(self) -> Vec<Option<f64>> {
        self.values
    }
}
