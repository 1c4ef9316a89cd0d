//! Format of a file of delays.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::network::measured::{Holds, Unit};

/// Format of a file of delays, as given by a scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Format {
    pub holds: Holds,
    pub unit: Unit,
    pub form: Form,
    pub value: Value,
    pub names: Names,
    pub zero: Zero,
    pub missing: Missing,
    pub rows: Rows,
}

impl Format {
    /// Format with the defaults of a scenario file.
    pub fn new(holds: Holds, unit: Unit) -> Format {
        Format {
            holds,
            unit,
            form: Form::default(),
            value: Value::default(),
            names: Names::default(),
            zero: Zero::default(),
            missing: Missing::default(),
            rows: Rows::default(),
        }
    }
}

/// Layout of the delays in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Detected from the content; an ambiguous file is refused.
    #[default]
    Auto,
    /// Square matrix, with a row and a column for each host.
    Square,
    /// List of pairs, with a row `i j value` for each, hosts by number or by name (Meridian).
    Pairs,
    /// Triangular matrix, with its diagonal or without: rows get longer, or shorter, by one.
    Triangle,
    /// PlanetLab's all-pairs pings: three header lines, the third with the hosts, and a square matrix.
    Planetlab,
    /// Topology of p2psim: `node i x,y` and `i,j value` (King).
    P2psim,
}

/// Number that is used as the delay of a cell `min/avg/max`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    Min,
    #[default]
    Avg,
    Max,
}

/// Position of the host names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Names {
    /// Detected: addresses, AS numbers and words are names; plain numbers are names only below a header row of names.
    #[default]
    Auto,
    FirstRow,
    FirstColumn,
    Both,
    /// No names.
    None,
}

/// Meaning of a zero between two different hosts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Zero {
    /// An error, unless zeros fill the half of a square matrix that is not given.
    #[default]
    Refuse,
    /// A missing value.
    Hole,
    /// A delay of zero.
    Delay,
}

/// Substitute for a missing delay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// None: a missing delay is an error.
    #[default]
    Refuse,
    /// The delay in the opposite direction; a pair without either is an error.
    OtherDirection,
    /// The opposite direction, otherwise the mean of the medians of the two hosts' rows.
    RowMedian,
    /// The opposite direction, otherwise the shortest detour through one other host, which underestimates (on PlanetLab
    /// by 7 % in the median).
    ShortestDetour,
    /// None: hosts are dropped until no value is missing, those with most missing values first, and the first in the
    /// file among equals.
    DropHost,
}

/// Assignment of machines to rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rows {
    /// Random: a row drawn uniformly for each machine, with replacement.
    #[default]
    Drawn,
    /// In order: machine i, participants first, has row i; machines beyond the last row are drawn.
    InOrder,
}
