//! What was said of the events of a run.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::engine::Duration;
use crate::model::OperationKind;

/// Something that happens at an instant, after the start of the run, the warm-up included.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Event {
    /// Participants go without notice: for a while, keeping their disks, or for good, disks included.
    Crash {
        at: Duration,
        /// Of those online then, 0 to 1.
        share: f64,
        /// Those of this class only.
        class: Option<String>,
        /// Those in this region only.
        region: Option<String>,
        /// Absent: they do not return.
        #[serde(rename = "for")]
        lasts: Option<Duration>,
    },
    /// New participants come, and one resource is wanted more than before.
    FlashCrowd {
        at: Duration,
        /// How long each of them stays, and how long the demand is higher. Absent: to the end.
        #[serde(rename = "for")]
        lasts: Option<Duration>,
        /// How many come. Default 0.
        #[serde(default)]
        arrivals: u32,
        /// They come evenly spread over this time. Default "1min".
        over: Option<Duration>,
        /// The resource's number, from 0, the most popular at the start. Default 0.
        #[serde(default)]
        resource: u32,
        /// Its gets become so many times as many, 1 or more; those of others stay. Default 1.
        #[serde(default = "one")]
        factor: f64,
    },
    /// No packet passes between groups of participants.
    Partition {
        at: Duration,
        /// Absent: it is not healed.
        #[serde(rename = "for")]
        lasts: Option<Duration>,
        /// Of the participants in each group; together 1. Dedicated servers are in the first.
        shares: Vec<f64>,
    },
    /// No packet passes between a group of machines and all others. One of `region` and `class`.
    CutOff {
        at: Duration,
        /// Absent: it is not healed.
        #[serde(rename = "for")]
        lasts: Option<Duration>,
        /// Everybody in this region, servers there included.
        region: Option<String>,
        /// The participants of this class.
        class: Option<String>,
    },
    /// Every dedicated server is down, its disk kept.
    ServerOutage {
        at: Duration,
        /// Absent: it does not come back.
        #[serde(rename = "for")]
        lasts: Option<Duration>,
    },
    /// Every participant that is online then gets the same resource.
    Rush {
        at: Duration,
        /// The resource's number, from 0. Default 0.
        #[serde(default)]
        resource: u32,
    },
    /// Everybody asks more, or less.
    Demand {
        at: Duration,
        /// Absent: to the end.
        #[serde(rename = "for")]
        lasts: Option<Duration>,
        /// So many times as often, 0 or more.
        factor: f64,
        /// One kind only. Absent: all.
        operation: Option<Operation>,
    },
}

fn one() -> f64 {
    1.0
}

/// What a participant may ask.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    Lookup,
    Get,
    Put,
}

impl From<Operation> for OperationKind {
    fn from(said: Operation) -> OperationKind {
        match said {
            Operation::Lookup => OperationKind::Lookup,
            Operation::Get => OperationKind::Get,
            Operation::Put => OperationKind::Put,
        }
    }
}
