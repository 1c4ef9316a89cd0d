//! What was said of the network.

use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

use super::{Bootstrap, Nat, Wire};

use crate::engine::Duration;
use crate::engine::quantity::{Limit, Rate};
use crate::network::{self, Form, Holds, Missing, Names, Rows, Unit, Value, Zero};

/// What lies between the machines.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// The probability that a packet is lost, independently of all others. Default 0.
    pub loss: f64,
    /// Loss in bursts, beside `loss`. Absent: none.
    pub burst: Option<Burst>,
    /// The standard deviation of the factor, with mean 1, by which each packet's delay varies. 0 to 0.4, default 0.
    pub jitter: f64,
    /// The delay of each pair of machines, one way. Default constant = "50ms" and floor = "0.5ms".
    pub latency: Latency,
    /// Delays that follow the hour of the day. Absent: they are the same at all times.
    pub diurnal: Option<LatencyByHour>,
    /// Pairs farther apart than `latency` says, so that the triangle inequality is violated. Absent: none.
    pub inflation: Option<Inflation>,
    /// The line of every participant. Absent: no queueing and no serialisation.
    pub access: Option<Access>,
    /// NATs and firewalls. Absent: everyone can be reached.
    pub nat: Option<Nat>,
    /// Sizes of messages on the wire, for all systems.
    pub wire: Option<Wire>,
    /// How machines find a first node to talk to, for all systems that do not say so themselves: "oracle", or the table of a
    /// service. Default: a service of two machines. Clients of a server look its name up instead: one round trip, and 150 bytes
    /// each way, at the beginning of each session.
    pub bootstrap: Option<Bootstrap>,
}

/// The delay of each pair of machines, one way: a law, and the shortest.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Latency {
    /// The same for all pairs. Default, if no other law is given, "50ms".
    pub constant: Option<Duration>,
    /// Drawn for each pair.
    pub uniform: Option<UniformDelay>,
    /// Drawn for each pair. King's round trips are median "78ms", sigma 0.51.
    pub lognormal: Option<LognormalDelay>,
    /// Machines are spread evenly over a square; the delay is the distance, 0.5214 of the width on average.
    pub plane: Option<Plane>,
    /// Measured delays from a file; machines are drawn onto its rows.
    pub matrix: Option<Matrix>,
    /// Machines stand in regions; the delay is lognormal around the median of a pair's two regions.
    pub regions: Option<Regions>,
    /// Positions of measured hosts from a file; machines are drawn onto its rows and the delay is the distance.
    pub coordinates: Option<Coordinates>,
    /// The shortest delay between two machines, one way, by whatever law and after jitter. Default "0.5ms", an assumption: two
    /// network stacks and last miles. "0s": none.
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

/// Delays that are equally likely.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UniformDelay {
    pub low: Duration,
    pub high: Duration,
}

/// Delays whose logarithm is normal.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LognormalDelay {
    /// One way.
    pub median: Duration,
    /// The standard deviation of the logarithm. Default 0.51 (King).
    #[serde(default = "king_sigma")]
    pub sigma: f64,
}

/// A square of machines.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plane {
    pub width: Duration,
}

/// Delays in a file: a square of hosts, half a square, a list of pairs, PlanetLab's pings, or a topology of p2psim. Cells are
/// separated by commas, semicolons or blanks; lines that begin with `#`, `%` or `//` are comments; decimals may follow a comma.
/// A diagonal of zeros or holes was not measured. Empty cells, numbers that are negative or infinite, and words such as `nan`
/// and `-` are holes.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Matrix {
    /// Relative to the scenario file.
    pub file: String,
    pub holds: Holds,
    pub unit: Unit,
    /// How the delays stand in the file. Default "auto".
    #[serde(default)]
    pub form: Form,
    /// Which number of cells `min/avg/max` counts. Default "avg".
    #[serde(default)]
    pub value: Value,
    /// Where the names of hosts stand. With names of rows and columns the hosts that have both are taken. Default "auto".
    #[serde(default)]
    pub names: Names,
    /// What a zero between two hosts is. Default "refuse".
    #[serde(default)]
    pub zero: Zero,
    /// What stands for a delay that was not measured. Default "refuse".
    #[serde(default)]
    pub missing: Missing,
    /// Which machine stands at which row. Default "drawn".
    #[serde(default)]
    pub rows: Rows,
}

/// Regions and who stands in them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Regions {
    /// Own regions. Default: ten regions of the world, medians over WonderNetwork's pings between 232 cities on
    /// 2018-11-10 (`peerlab list latency` names them).
    pub table: Option<RegionTable>,
    /// The share of participants in each region, by its name; their sum is 1, and a region that is not named has none.
    /// Default: equal shares, an assumption.
    #[schemars(with = "Option<BTreeMap<String, f64>>")]
    pub shares: Option<BTreeMap<Spanned<String>, f64>>,
    /// The region of the servers. Default: the first.
    #[schemars(with = "Option<String>")]
    pub servers: Option<Spanned<String>>,
    /// The standard deviation of the logarithm of the delay over pairs in two regions, 0 to 10. Default 0.24 (the pings).
    pub sigma: f64,
    /// The same over pairs in one region. Default 0.61 (the pings).
    pub sigma_within: f64,
}

impl Default for Regions {
    fn default() -> Regions {
        let (sigma, sigma_within) = (network::Regions::SIGMA, network::Regions::SIGMA_WITHIN);
        Regions { table: None, shares: None, servers: None, sigma, sigma_within }
    }
}

/// Regions of one's own.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegionTable {
    /// At least one, at most 255, all different.
    pub names: Vec<String>,
    /// A row for each region, and in it a number for each: medians. Directions are averaged.
    pub medians: Vec<Vec<f64>>,
    pub holds: Holds,
    pub unit: Unit,
    /// Hours of each region's clocks ahead of universal time, -24 to 24. Needed where hours are local.
    pub offsets: Option<Vec<f64>>,
}

/// Positions of hosts in a file.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Coordinates {
    /// Relative to the scenario file. A row a host: an id or a name or both, if there are any, and its coordinates, separated
    /// by commas, semicolons or blanks. A first row of names and comments are allowed.
    pub file: String,
    /// What a distance is.
    pub holds: Holds,
    pub unit: Unit,
    /// 2 or 3. Default 2.
    #[serde(default = "plane")]
    pub dimensions: u8,
    /// Whether a height follows the coordinates, which each packet pays at both its ends (Dabek et al. 2004). Default
    /// false.
    #[serde(default)]
    pub height: bool,
    /// Whether ids or names come before the coordinates. Default: if any of them is no number.
    pub names: Option<bool>,
}

fn plane() -> u8 {
    2
}

/// A chain of good and bad times for each sender (Gilbert 1960, Elliott 1963), which advances by packets.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Burst {
    /// The share of packets lost in the long run, from `loss_good` to below `loss_bad`.
    pub mean_loss: f64,
    /// The mean length of a bad time in packets, at least 1.
    pub mean_burst: f64,
    /// The probability of a loss in a good time. Default 0, as Gilbert's.
    #[serde(default)]
    pub loss_good: f64,
    /// The probability of a loss in a bad time. Default 1: all are lost, and bad times are runs of losses.
    #[serde(default = "certain")]
    pub loss_bad: f64,
}

fn certain() -> f64 {
    1.0
}

/// A factor on all delays for each hour of the day; it steps from hour to hour.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LatencyByHour {
    /// 24 numbers, from 0:00 on, each from 0.01 to 100.
    #[schemars(length(equal = 24))]
    pub factors: Vec<f64>,
    /// The hour of the day at the start of the run, 0 to 23. Default 0.
    #[serde(default)]
    pub start_hour: u8,
}

/// Pairs, drawn at random, whose delay is longer, as routing policies have it (Zheng et al. 2005).
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Inflation {
    /// Of all pairs, 0 to 1.
    pub share: f64,
    /// By what their delay is multiplied, 1 to 100.
    pub factor: f64,
}

fn king_sigma() -> f64 {
    0.51
}

/// The line between a machine and the network.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Access {
    /// Default "unlimited".
    pub uplink: Rate,
    /// Default "unlimited".
    pub downlink: Rate,
    /// What each direction may queue before it drops. Default "1MiB".
    pub queue: Limit,
}

impl Default for Access {
    fn default() -> Access {
        Access { uplink: Rate(f64::INFINITY), downlink: Rate(f64::INFINITY), queue: Limit(1 << 20) }
    }
}
