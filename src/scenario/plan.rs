//! Plan: the meaning of a scenario at one parameter point, checked, with every default and preset resolved.
//!
//! A plan is all that `run/` needs, and is always valid.

use std::any::Any;
use std::fmt;
use std::mem::discriminant;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::aggregate::Aggregate;
use crate::connectivity::Connections;
use crate::engine::random::mix;
use crate::engine::{Duration, Law};
pub use crate::model::Coding;
use crate::model::OperationKind;
use crate::network::{Access, NetworkPlan, Processor, Shares};
use crate::overlay::Wire;
use crate::overlay::bootstrap::Terms;
use crate::population::requests::Requests;
use crate::population::{Daily, Departures, Request, Trace};
pub use crate::population::{Popularity, Target};
pub use crate::storage::{Caching, Keepers, Repair};

/// Default deadline of an operation, transfers included (docs/model/definitions.md).
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Plan of a scenario at one parameter point.
#[derive(Clone, Debug)]
pub struct Plan {
    pub title: String,
    /// Seed of the first repetition, from which those of the others are derived.
    pub seed: u64,
    /// Length of the warm-up.
    pub warmup: Duration,
    /// Length of the measurement.
    pub measure: Duration,
    /// Interval between two rows of the time series.
    pub sample: Duration,
    pub population: Population,
    pub network: NetworkPlan,
    pub resources: Resources,
    pub workload: Workload,
    /// Events in the order of the file.
    pub events: Vec<Event>,
    /// Systems in the order of the file; at least one.
    pub systems: Vec<System>,
}

/// Population: participants and their churn.
#[derive(Clone, Debug)]
pub struct Population {
    /// Number of initial participants, arrivals not counted.
    pub participants: u32,
    /// Expected number online at the start: `participants · availability`; for a trace the mean.
    pub online: f64,
    pub start: Start,
    pub rejoin: Rejoin,
    /// Churn; `None`: all participants are online from start to end.
    pub churn: Option<Churn>,
    /// Permanent departures; `None`: every participant returns with its identity.
    pub departures: Option<Departures>,
    /// Mean seconds between two arrivals of new participants (Poisson); `None`: none.
    pub arrivals: Option<f64>,
    /// Hourly pace of downtimes and of gaps between arrivals.
    pub diurnal: Option<Daily>,
    /// Whether the hours of downtimes are local to a participant's region.
    pub local_hours: bool,
    /// Processor of participants without a class; `None`: requests are handled at once.
    pub processor: Option<Processor>,
    /// Classes of participants; empty: all are alike.
    pub classes: Vec<Class>,
}

impl Population {
    /// Whether all participants are present from start to end.
    pub fn is_steady(&self) -> bool {
        let laws = self.classes.iter().map(|class| &class.churn);
        let everybodys = self.classes.is_empty().then_some(&self.churn);
        self.arrivals.is_none() && laws.chain(everybodys).all(Option::is_none)
    }

    /// Churn of a class; without classes, of all participants.
    pub fn churn_of(&self, class: Option<u8>) -> Option<&Churn> {
        class.map_or(&self.churn, |class| &self.classes[usize::from(class)].churn).as_ref()
    }

    /// Processor of a class; without classes, of all participants.
    pub fn processor_of(&self, class: Option<u8>) -> Option<&Processor> {
        class.map_or(&self.processor, |class| &self.classes[usize::from(class)].processor).as_ref()
    }

    /// Whether any participants have a processor.
    pub fn has_processors(&self) -> bool {
        let of_classes = self.classes.iter().map(|class| &class.processor);
        of_classes.chain([&self.processor]).any(Option::is_some)
    }
}

/// Class of participants, with defaults from the population and the network filled in.
#[derive(Clone, Debug)]
pub struct Class {
    /// Name, unique.
    pub name: String,
    /// Share of the participants; together 1.
    pub share: f64,
    /// Churn; `None`: online from start to end.
    pub churn: Option<Churn>,
    /// Access link; `None`: no queueing and no serialisation delay.
    pub access: Option<Access>,
    /// Share of the class in each region; `None`: the regions' shares.
    pub regions: Option<Vec<f64>>,
    /// Shares of NAT classes; `None`: as for participants without a class.
    pub nat: Option<Shares>,
    /// Processor; `None`: requests are handled at once.
    pub processor: Option<Processor>,
    /// Disk capacity in bytes of values; `u64::MAX` for no limit.
    pub storage: u64,
}

/// State of the overlay at time zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Converged overlay: routing tables as the protocol would have built them.
    Converged,
    /// No overlay: the participants online at the start join through the protocol, at times drawn from `0 .. over`.
    Join { over: Duration },
}

/// Routing state of a returning node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Rejoin {
    /// Fresh: none is kept, and the node joins through a contact as a new one does.
    #[default]
    Fresh,
    /// Keep: the routing state of the end of its last session.
    Keep,
}

/// Churn of participants.
#[derive(Clone, Debug)]
pub struct Churn {
    pub sessions: Sessions,
    /// Probability that a session ends gracefully, with notice.
    pub graceful: f64,
    /// Time between the call of `leave` and the end of a graceful session.
    pub notice: Duration,
}

/// Source of the sessions.
#[derive(Clone, Debug)]
pub enum Sessions {
    /// Alternating sessions and downtimes, each drawn from its law: seconds, the time scale applied, means finite.
    Laws { session: Law, downtime: Law },
    /// Availability trace.
    Trace(Arc<Trace>),
}

/// Resources that participants get and put.
#[derive(Clone, Debug)]
pub struct Resources {
    /// Number of resources; zero: there are no gets and puts.
    pub count: u32,
    /// Law of the size of each in bytes, cut at 2³¹. Values above 16 KiB are transfers.
    pub size: Law,
    pub popularity: Popularity,
    /// Period after which the least popular resource becomes the most popular, and all others fall by one rank.
    pub rotate_every: Option<Duration>,
}

/// Workload: for each kind of operation, the gap between two of them, in seconds, per online participant.
#[derive(Clone, Debug)]
pub struct Workload {
    pub lookup: Option<Law>,
    pub get: Option<Law>,
    pub put: Option<Law>,
    /// Target of lookups.
    pub target: Target,
    /// Hourly pace of all operations.
    pub diurnal: Option<Daily>,
    /// Whether hours are local to a participant's region.
    pub local_hours: bool,
    /// Further operations from a trace, in order of time.
    pub requests: Arc<Requests>,
    /// Deadline of an operation.
    pub deadline: Duration,
}

impl Plan {
    /// Whether there are gets: otherwise the availability seen by users is unknown.
    pub fn has_gets(&self) -> bool {
        let requested = |request: &Request| request.kind == OperationKind::Get;
        let rush = |event: &Event| matches!(event.what, What::Rush { .. });
        self.workload.get.is_some() || self.workload.requests.list.iter().any(requested) || self.events.iter().any(rush)
    }
}

/// Event of the scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Time after the start of the run, warm-up included.
    pub at: Duration,
    /// Duration; `None`: to the end of the run.
    pub lasts: Option<Duration>,
    pub what: What,
}

/// Kinds of events.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// Crash of a share of the online participants of a group, without notice: temporary, with their disks kept, or
    /// permanent.
    Crash { share: f64, group: Group },
    /// Flash crowd: new participants arrive, spread over a time, for one session each, and the gets of one record are
    /// multiplied by a factor.
    FlashCrowd { arrivals: u32, over: Duration, record: u32, factor: f64 },
    /// Rush: every online participant gets this resource.
    Rush { resource: u32 },
    /// Partition between groups with these shares of the participants; servers are in the first.
    Partition { shares: Vec<f64> },
    /// Isolation of a group from all other machines. Servers are in a group if they stand in its region.
    CutOff { group: Group },
    /// Outage of all dedicated servers.
    ServerOutage,
    /// Factor on the rate of operations, of one kind or all.
    Demand { operation: Option<OperationKind>, factor: f64 },
}

impl Plan {
    /// Stream number of an event's draws: affected participants, their sides, arrival times. It follows from the time,
    /// the group and the number of the event among those of its kind that are alike in both. So an event that changes
    /// nothing may stand anywhere in the file.
    pub fn draws_of(&self, position: usize) -> u64 {
        let event = &self.events[position];
        let alike = |other: &&Event| other.at == event.at && other.what.draws_like(&event.what);
        let number = self.events[..position].iter().filter(alike).count() as u64;
        let group = match event.what.drawn_from() {
            None | Some(Group::Everybody) => 0,
            Some(Group::Class(class)) => 1 << 8 | u64::from(class),
            Some(Group::Region(region)) => 2 << 8 | u64::from(region),
        };
        mix(mix(event.at.as_nanos()) ^ (group << 32 | number))
    }
}

impl What {
    /// Group that the event draws from; `None` if it draws from none: its kind does not, or has no share to draw.
    fn drawn_from(&self) -> Option<Group> {
        match self {
            What::Crash { share, group } if *share > 0.0 => Some(*group),
            What::FlashCrowd { arrivals: 1.., .. } => Some(Group::Everybody),
            What::Partition { shares } if shares.iter().filter(|share| **share > 0.0).count() > 1 => {
                Some(Group::Everybody)
            }
            _ => None,
        }
    }

    fn draws_like(&self, other: &What) -> bool {
        discriminant(self) == discriminant(other) && self.drawn_from() == other.drawn_from()
    }
}

/// Group of machines affected by an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Everybody,
    /// Participants of a class, by its number.
    Class(u8),
    /// Machines in a region, by its number.
    Region(u8),
}

/// Architecture under test.
#[derive(Clone)]
pub struct System {
    /// Name in the scenario, unique.
    pub name: String,
    /// Registered name of the protocol.
    pub protocol: &'static str,
    /// Protocol's `Config`, for the registry to downcast.
    pub config: Arc<dyn Any + Send + Sync>,
    pub storage: Storage,
    /// Connections and NAT traversal; `None`: packets are datagrams.
    pub connections: Option<Connections>,
    /// Sizes of the parts of a message in bytes.
    pub wire: Wire,
    pub bootstrap: Bootstrap,
    /// Aggregates of operations in the expectations, each once.
    pub aggregates: Vec<Aggregate>,
}

/// Bootstrap of joining nodes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bootstrap {
    /// Oracle, at no cost: a random joined node that can be dialled, or the address of a server.
    Oracle,
    /// Query to a bootstrap service.
    Service(BootstrapService),
    /// Lookup of a server's name.
    Name,
}

/// Bootstrap service with identical machines.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BootstrapService {
    pub terms: Terms,
    pub access: Access,
    /// Mean time between failures and mean time to repair, both exponential; `None`: no failures.
    pub failures: Option<(Duration, Duration)>,
}

/// Storage of records.
#[derive(Clone, Debug, PartialEq)]
pub struct Storage {
    /// Replicas of each piece, 1 ..= 20.
    pub replicas: u32,
    /// Coding of resources into pieces.
    pub coding: Coding,
    pub keepers: Keepers,
    pub repair: Repair,
    /// Time for which a node keeps a copy that it is no longer responsible for, under eager and lazy repair.
    pub hold: Duration,
    /// Audit period of a holder for the next piece, `None`: pieces are not rebuilt from others; or of the keeper of a
    /// pointer for its holders, with repair.
    pub audit: Option<Duration>,
    /// Path caching; `None`: none.
    pub caching: Option<Caching>,
}

impl fmt::Debug for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("System")
            .field("name", &self.name)
            .field("protocol", &self.protocol)
            .field("storage", &self.storage)
            .finish_non_exhaustive()
    }
}
