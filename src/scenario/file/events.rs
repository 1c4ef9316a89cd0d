//! The `[[events]]` of a scenario file.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::engine::Duration;
use crate::model::OperationKind;

/// Events at given times after the start of the run, warm-up included.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) enum Event {
    /// Crash of participants without notice: temporary, with their disks kept, or permanent, disks included.
    Crash {
        /// Time of the event, from the start of the run.
        at: Duration,
        /// Share of the participants online at that time, 0 to 1.
        share: f64,
        /// Participants of this class only.
        class: Option<String>,
        /// Participants in this region only.
        region: Option<String>,
        /// Time until they return. Absent: never.
        #[serde(rename = "for")]
        lasts: Option<Duration>,
    },
    /// Flash crowd: new participants arrive, and the demand for one resource rises.
    FlashCrowd {
        /// Time of the event, from the start of the run.
        at: Duration,
        /// Length of the session of each newcomer, and of the higher demand. Absent: to the end of the run.
        #[serde(rename = "for")]
        lasts: Option<Duration>,
        /// Number of new participants. Default 0.
        #[serde(default)]
        arrivals: u32,
        /// Time over which they arrive, evenly spread. Default "1min".
        over: Option<Duration>,
        /// Number of the resource, from 0, the most popular one at the start. Default 0.
        #[serde(default)]
        resource: u32,
        /// Factor (≥ 1) on the rate of gets of this resource; that of other resources stays. Default 1.
        #[serde(default = "one")]
        factor: f64,
    },
    /// Partition of the network: no packet passes between the groups of participants.
    Partition {
        /// Time of the event, from the start of the run.
        at: Duration,
        /// Time until it heals. Absent: never.
        #[serde(rename = "for")]
        lasts: Option<Duration>,
        /// Share of the participants in each group; together 1. Dedicated servers are in the first group.
        shares: Vec<f64>,
    },
    /// Isolation of a group of machines: no packet passes between it and the rest. One of `region` and `class`.
    CutOff {
        /// Time of the event, from the start of the run.
        at: Duration,
        /// Time until it heals. Absent: never.
        #[serde(rename = "for")]
        lasts: Option<Duration>,
        /// All machines in this region, servers included.
        region: Option<String>,
        /// The participants of this class.
        class: Option<String>,
    },
    /// Outage of all dedicated servers; their disks are kept.
    ServerOutage {
        /// Time of the event, from the start of the run.
        at: Duration,
        /// Time until they are up again. Absent: never.
        #[serde(rename = "for")]
        lasts: Option<Duration>,
    },
    /// Rush: every participant online at that time gets the given resource.
    Rush {
        /// Time of the event, from the start of the run.
        at: Duration,
        /// Number of the resource, from 0. Default 0.
        #[serde(default)]
        resource: u32,
    },
    /// Change of the request rate of all participants.
    Demand {
        /// Time of the event, from the start of the run.
        at: Duration,
        /// Duration. Absent: to the end of the run.
        #[serde(rename = "for")]
        lasts: Option<Duration>,
        /// Factor on the request rate, 0 or more.
        factor: f64,
        /// Kind of operation that is affected. Absent: all.
        operation: Option<Operation>,
    },
}

fn one() -> f64 {
    1.0
}

/// Kinds of operations.
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
