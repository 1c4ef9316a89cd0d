//! How a file of delays is to be read.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::network::measured::{Holds, Unit};

/// All that a scenario says of a file of delays.
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
    /// The defaults of a scenario file.
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

/// How the delays stand in the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// What the file looks like; what can be read in two ways is refused.
    #[default]
    Auto,
    /// A row and a column for each host.
    Square,
    /// A row `i j value` for each pair, hosts by number or by name (Meridian).
    Pairs,
    /// Half a square, with its diagonal or without: rows that get longer, or shorter, by one.
    Triangle,
    /// PlanetLab's all-pairs pings: three head lines, the third with the hosts, and a square.
    Planetlab,
    /// A topology of p2psim: `node i x,y` and `i,j value` (King).
    P2psim,
}

/// Which number of a cell with three, `min/avg/max`, is its delay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    Min,
    #[default]
    Avg,
    Max,
}

/// Where the names of the hosts stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Names {
    /// Where there are addresses, AS numbers or words. Plain numbers are no names, except below a row of names.
    #[default]
    Auto,
    FirstRow,
    FirstColumn,
    Both,
    /// Nowhere.
    None,
}

/// What a zero between two different hosts is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Zero {
    /// A mistake, unless it fills the half of a square that is not given.
    #[default]
    Refuse,
    /// A delay that was not measured.
    Hole,
    /// A delay of nothing.
    Delay,
}

/// What stands for a delay that was not measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Missing {
    /// Nothing: it is a mistake.
    #[default]
    Refuse,
    /// The delay in the other direction; a pair without either is a mistake.
    OtherDirection,
    /// The other direction, else the mean of the medians of the two hosts' rows.
    RowMedian,
    /// The other direction, else the shortest way over one other host: low, on PlanetLab by 7 % in the median.
    ShortestDetour,
    /// Hosts are left out until nothing is missing, those with most holes first, of equals the first in the file.
    DropHost,
}

/// Which machine stands at which row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rows {
    /// Each at a row drawn uniformly, with replacement.
    #[default]
    Drawn,
    /// Machine i, participants first, at row i; machines beyond the last row are drawn.
    InOrder,
}
