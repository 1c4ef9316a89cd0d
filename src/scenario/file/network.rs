//! The `[network]` section of a scenario file.

use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

use super::{Bootstrap, Nat, Wire};

use crate::engine::Duration;
use crate::engine::quantity::{Limit, Rate};
use crate::network::{self, Form, Holds, Missing, Names, Rows, Unit, Value, Zero};

/// The network between the machines: delay, loss, access links, NATs, message sizes, bootstrap service.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Network {
    /// Packet loss probability, independent of other packets. Default 0.
    pub loss: f64,
    /// Bursty loss, in addition to `loss`. Absent: none.
    pub burst: Option<Burst>,
    /// Jitter: the standard deviation of the factor, with mean 1, on each packet's delay. 0 to 0.4, default 0.
    pub jitter: f64,
    /// One-way delay of each pair of machines. Default constant = "50ms" and floor = "0.5ms".
    pub latency: Latency,
    /// Daily variation of delays. Absent: delays are constant over the day.
    pub diurnal: Option<LatencyByHour>,
    /// Pairs with a longer delay than `latency` gives, so that the triangle inequality is violated. Absent: none.
    pub inflation: Option<Inflation>,
    /// Access link of every participant. Absent: no queueing and no serialisation delay.
    pub access: Option<Access>,
    /// NATs and firewalls. Absent: every participant can be reached.
    pub nat: Option<Nat>,
    /// Message sizes on the wire, for all systems.
    pub wire: Option<Wire>,
    /// Bootstrap: how a joining node finds a first contact, for systems without a table of their own: "oracle", or a
    /// bootstrap service. Default: a service of two machines. Clients of a server need a name lookup instead: one round
    /// trip, and 150 bytes each way, at the start of each session.
    pub bootstrap: Option<Bootstrap>,
}

/// One-way delay of each pair of machines: at most one model, and a lower bound.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Latency {
    /// Constant delay of all pairs. Default, if no model is given, "50ms".
    pub constant: Option<Duration>,
    /// Uniform delay, drawn for each pair.
    pub uniform: Option<UniformDelay>,
    /// Lognormal delay, drawn for each pair. (King's round-trip times: median "78ms", sigma 0.51.)
    pub lognormal: Option<LognormalDelay>,
    /// Machines at uniformly random points of a square; the delay is the distance, on average 0.5214 of the width.
    pub plane: Option<Plane>,
    /// Measured delays from a file; each machine is assigned one of its hosts.
    pub matrix: Option<Matrix>,
    /// Machines in geographic regions; the delay is lognormal around the median of the pair of regions.
    pub regions: Option<Regions>,
    /// Measured network coordinates from a file; each machine is assigned one of its hosts, and the delay is the
    /// distance.
    pub coordinates: Option<Coordinates>,
    /// Minimum one-way delay between two machines, under every model and after jitter. Default "0.5ms", an assumption:
    /// two network stacks and last miles. "0s": none.
    pub floor: Duration,
}

impl Default for Latency {
    fn default() -> Latency {
        let floor = Duration::from_nanos(500_000);
        Latency {
            constant: None,
            uniform: None,
            lognormal: None,
            plane: None,
            matrix: None,
            regions: None,
            coordinates: None,
            floor,
        }
    }
}

/// Uniform distribution of delays.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UniformDelay {
    /// Shortest one-way delay.
    pub low: Duration,
    /// Longest one-way delay.
    pub high: Duration,
}

/// Lognormal distribution of delays.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LognormalDelay {
    /// Median of the one-way delay.
    pub median: Duration,
    /// Standard deviation of the logarithm. Default 0.51 (King).
    #[serde(default = "king_sigma")]
    pub sigma: f64,
}

/// Square plane on which machines stand, measured in delay.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Plane {
    /// Width of the square, as a one-way delay.
    pub width: Duration,
}

/// Delay matrix from a file: a square matrix, half of one, a list of pairs, PlanetLab's all-pairs pings, or a topology
/// of p2psim. Cells are separated by commas, semicolons or blanks; lines that begin with `#`, `%` or `//` are comments;
/// a decimal comma is allowed. A diagonal of zeros or missing values is ignored. Empty cells, negative or infinite
/// numbers, and words such as `nan` and `-` are missing values.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Matrix {
    /// Path of the file, relative to the scenario file.
    pub file: String,
    pub holds: Holds,
    pub unit: Unit,
    /// Layout of the file. Default "auto".
    #[serde(default)]
    pub form: Form,
    /// Number that is used of cells `min/avg/max`. Default "avg".
    #[serde(default)]
    pub value: Value,
    /// Position of host names. With names of rows and of columns, the hosts that have both are used. Default "auto".
    #[serde(default)]
    pub names: Names,
    /// Meaning of a zero between two hosts. Default "refuse".
    #[serde(default)]
    pub zero: Zero,
    /// Substitute for a missing delay. Default "refuse".
    #[serde(default)]
    pub missing: Missing,
    /// Assignment of machines to rows. Default "drawn".
    #[serde(default)]
    pub rows: Rows,
}

/// Geographic regions and the share of participants in each.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Regions {
    /// User-defined regions. Default: ten regions of the world, with medians of WonderNetwork's pings between 232
    /// cities on 2018-11-10 (`peerlab list latency` names them).
    pub table: Option<RegionTable>,
    /// Share of participants in each region, by its name; they add up to 1, and a region not named has none. Default:
    /// equal shares, an assumption.
    #[schemars(with = "Option<BTreeMap<String, f64>>")]
    pub shares: Option<BTreeMap<Spanned<String>, f64>>,
    /// Region of the servers. Default: the first.
    #[schemars(with = "Option<String>")]
    pub servers: Option<Spanned<String>>,
    /// Standard deviation of the logarithm of the delay between two regions, 0 to 10. Default 0.24 (the pings).
    pub sigma: f64,
    /// Standard deviation of the logarithm of the delay within a region, 0 to 10. Default 0.61 (the pings).
    pub sigma_within: f64,
}

impl Default for Regions {
    fn default() -> Regions {
        let (sigma, sigma_within) = (network::Regions::SIGMA, network::Regions::SIGMA_WITHIN);
        Regions { table: None, shares: None, servers: None, sigma, sigma_within }
    }
}

/// User-defined regions and the median delays between them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegionTable {
    /// Names of the regions, 1 to 255, all different.
    pub names: Vec<String>,
    /// Matrix of median delays, a row and a column for each region. The two directions of a pair are averaged.
    pub medians: Vec<Vec<f64>>,
    pub holds: Holds,
    pub unit: Unit,
    /// Offset of each region's local time from UTC in hours, -24 to 24. Needed where hours are local.
    pub offsets: Option<Vec<f64>>,
}

/// Network coordinates of hosts, from a file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Coordinates {
    /// Path of the file, relative to the scenario file. Each row has an optional id, an optional name, and the coordinates of a
    /// host, separated by commas, semicolons or blanks. A header row and comments are allowed.
    pub file: String,
    /// Meaning of a distance: round-trip time or one-way delay.
    pub holds: Holds,
    pub unit: Unit,
    /// Number of dimensions, 2 or 3. Default 2.
    #[serde(default = "plane")]
    pub dimensions: u8,
    /// Whether a height follows the coordinates: a delay added at both ends of each path (Dabek et al. 2004). Default
    /// false.
    #[serde(default)]
    pub height: bool,
    /// Whether ids or names precede the coordinates. Default: true if any of them is not a number.
    pub names: Option<bool>,
}

fn plane() -> u8 {
    2
}

/// Bursty loss: a two-state Markov chain for each sender (Gilbert 1960, Elliott 1963), which advances with each packet.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Burst {
    /// Long-run loss rate, from `loss_good` to below `loss_bad`.
    pub mean_loss: f64,
    /// Mean length of the bad state in packets, at least 1.
    pub mean_burst: f64,
    /// Loss probability in the good state. Default 0 (Gilbert).
    #[serde(default)]
    pub loss_good: f64,
    /// Loss probability in the bad state. Default 1: a bad state is a run of losses.
    #[serde(default = "certain")]
    pub loss_bad: f64,
}

fn certain() -> f64 {
    1.0
}

/// Factor on all delays for each hour of the day, as a step function.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LatencyByHour {
    /// Factors of the 24 hours from 0:00 on, each 0.01 to 100.
    #[schemars(length(equal = 24))]
    pub factors: Vec<f64>,
    /// Hour of the day at the start of the run, 0 to 23. Default 0.
    #[serde(default)]
    pub start_hour: u8,
}

/// Randomly chosen pairs with a longer delay, as caused by routing policies (Zheng et al. 2005).
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Inflation {
    /// Share of all pairs, 0 to 1.
    pub share: f64,
    /// Factor on their delay, 1 to 100.
    pub factor: f64,
}

fn king_sigma() -> f64 {
    0.51
}

/// Access link between a machine and the network.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Access {
    /// Uplink rate. Default "unlimited".
    pub uplink: Rate,
    /// Downlink rate. Default "unlimited".
    pub downlink: Rate,
    /// Queue capacity of each direction in bytes; packets beyond it are dropped. Default "1MiB".
    pub queue: Limit,
}

impl Default for Access {
    fn default() -> Access {
        Access { uplink: Rate(f64::INFINITY), downlink: Rate(f64::INFINITY), queue: Limit(1 << 20) }
    }
}
