//! What a scenario means at one parameter point: checked, with every default and preset resolved.
//!
//! A plan is all that `run/` needs to know. Nothing in it can be wrong any more.

use std::any::Any;
use std::fmt;
use std::mem::discriminant;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::aggregate::Aggregate;
use crate::engine::random::mix;
use crate::engine::{Duration, Law};
use crate::model::OperationKind;
use crate::network::{Access, NetworkPlan, Processor, Shares};
use crate::overlay::Wire;
use crate::overlay::bootstrap::Terms;
use crate::population::requests::Requests;
use crate::population::{Daily, Departures, Request, Trace};
pub use crate::population::{Popularity, Target};
pub use crate::storage::{Caching, Coding, Keepers, Repair};

/// An operation without an answer fails after this long (DESIGN §1), transfers included,
/// unless the scenario says otherwise.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// A scenario at one parameter point.
#[derive(Clone, Debug)]
pub struct Plan {
    pub title: String,
    /// The seed of the first repetition, from which those of the others follow.
    pub seed: u64,
    /// Simulated before the measurement begins.
    pub warmup: Duration,
    /// How long figures are taken.
    pub measure: Duration,
    /// The distance between two rows of the time series.
    pub sample: Duration,
    pub population: Population,
    pub network: NetworkPlan,
    pub resources: Resources,
    pub workload: Workload,
    /// In the order of the file.
    pub events: Vec<Event>,
    /// In the order of the file; at least one.
    pub systems: Vec<System>,
}

/// Who takes part, and how they come and go.
#[derive(Clone, Debug)]
pub struct Population {
    /// Those of the start; arrivals come on top.
    pub participants: u32,
    /// The expected number online at the start: `participants · availability`; of a trace the mean.
    pub online: f64,
    pub start: Start,
    pub rejoin: Rejoin,
    /// `None`: everybody is online from the start to the end.
    pub churn: Option<Churn>,
    /// `None`: everybody returns as who it was.
    pub departures: Option<Departures>,
    /// Mean seconds between two arrivals of new participants, a Poisson stream.
    pub arrivals: Option<f64>,
    /// The pace by hour at which absences, and the gaps between arrivals, go by.
    pub diurnal: Option<Daily>,
    /// Whether the hours of absences are those of a participant's region.
    pub local_hours: bool,
    /// What serves the requests that a participant without a class receives; `None`: they are handled at once.
    pub processor: Option<Processor>,
    /// None: all are alike.
    pub classes: Vec<Class>,
}

impl Population {
    /// Whether the same participants are there from the start to the end.
    pub fn is_steady(&self) -> bool {
        let laws = self.classes.iter().map(|class| &class.churn);
        let everybodys = self.classes.is_empty().then_some(&self.churn);
        self.arrivals.is_none() && laws.chain(everybodys).all(Option::is_none)
    }

    /// How participants of a class come and go; without classes everybody.
    pub fn churn_of(&self, class: Option<u8>) -> Option<&Churn> {
        class.map_or(&self.churn, |class| &self.classes[usize::from(class)].churn).as_ref()
    }

    /// What serves the requests that participants of a class receive; without classes everybody.
    pub fn processor_of(&self, class: Option<u8>) -> Option<&Processor> {
        class.map_or(&self.processor, |class| &self.classes[usize::from(class)].processor).as_ref()
    }

    /// Whether some participants have a processor.
    pub fn has_processors(&self) -> bool {
        let of_classes = self.classes.iter().map(|class| &class.processor);
        of_classes.chain([&self.processor]).any(Option::is_some)
    }
}

/// A class of participants, with what it has from the population and the network filled in.
#[derive(Clone, Debug)]
pub struct Class {
    /// Unique.
    pub name: String,
    /// Of the participants; together 1.
    pub share: f64,
    /// `None`: they are online from the start to the end.
    pub churn: Option<Churn>,
    /// `None`: no queueing and no serialisation.
    pub access: Option<Access>,
    /// The share of them in each region; `None`: as the regions say.
    pub regions: Option<Vec<f64>>,
    /// The shares of what they are behind; `None`: as for those who are in no class.
    pub nat: Option<Shares>,
    /// `None`: the requests that they receive are handled at once.
    pub processor: Option<Processor>,
    /// Bytes of values that the disk of each takes; `u64::MAX` without limit.
    pub storage: u64,
}

/// How the overlay comes to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Tables as the protocol would have built them, at time zero.
    Converged,
    /// Through the protocol itself: those online at the start begin at an instant drawn from `0 .. over`.
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

/// How participants come and go.
#[derive(Clone, Debug)]
pub struct Churn {
    pub sessions: Sessions,
    /// The probability that a session ends with notice.
    pub graceful: f64,
    /// How long before its end a graceful session calls `leave`.
    pub notice: Duration,
}

/// Where sessions come from.
#[derive(Clone, Debug)]
pub enum Sessions {
    /// Sessions and downtimes alternate, each drawn from its law: seconds, the time scale applied, means finite.
    Laws { session: Law, downtime: Law },
    /// A file says who is there when.
    Trace(Arc<Trace>),
}

/// What there is to be found.
#[derive(Clone, Debug)]
pub struct Resources {
    /// Zero: there are no gets and no puts.
    pub count: u32,
    /// Bytes of each, at most 2³¹: draws above that count as it. Above 16 KiB they move as transfers.
    pub size: Law,
    pub popularity: Popularity,
    /// So often the least popular becomes the most popular, and all others fall one rank.
    pub rotate_every: Option<Duration>,
}

/// What participants ask: for each kind of operation the gap between two of them, in seconds, per online participant.
#[derive(Clone, Debug)]
pub struct Workload {
    pub lookup: Option<Law>,
    pub get: Option<Law>,
    pub put: Option<Law>,
    /// What lookups look for.
    pub target: Target,
    /// The pace of all demand by hour.
    pub diurnal: Option<Daily>,
    /// Whether that is the hour of a participant's region.
    pub local_hours: bool,
    /// What is asked for beside that, from a file; in the order of time.
    pub requests: Arc<Requests>,
    /// An operation without an answer fails after this long.
    pub deadline: Duration,
}

impl Plan {
    /// Whether somebody gets something: else what users would see of the resources is not known.
    pub fn has_gets(&self) -> bool {
        let requested = |request: &Request| request.kind == OperationKind::Get;
        let rush = |event: &Event| matches!(event.what, What::Rush { .. });
        self.workload.get.is_some() || self.workload.requests.list.iter().any(requested) || self.events.iter().any(rush)
    }
}

/// What happens at an instant of the run, by the scenario's word.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// After the start of the run, the warm-up included.
    pub at: Duration,
    /// How long it lasts; `None`: to the end.
    pub lasts: Option<Duration>,
    pub what: What,
}

/// The kinds of events.
#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// A share of the participants of a group that are online then goes, without notice: for a while with their disks, or
    /// for good.
    Crash { share: f64, group: Group },
    /// New participants come, spread over a time, for one session each; one record is wanted so many times as often.
    FlashCrowd { arrivals: u32, over: Duration, record: u32, factor: f64 },
    /// Everybody who is online gets this resource.
    Rush { resource: u32 },
    /// No packet passes between groups with these shares of the participants; servers are in the first.
    Partition { shares: Vec<f64> },
    /// No packet passes between a group and all others. Servers are in a group if they stand in its region.
    CutOff { group: Group },
    /// Every dedicated server is down.
    ServerOutage,
    /// Demand, of one kind or all, is so many times as high.
    Demand { operation: Option<OperationKind>, factor: f64 },
}

impl Plan {
    /// Names the draws of an event: who goes, who is on which side, when somebody comes. It follows from the time, the group
    /// and the number of the event among those of its kind that are alike in both. So an event that changes nothing may
    /// stand anywhere in the file.
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
    /// Group that the event draws from; `None` if it draws nobody: it is of a kind that does not, or has no share to draw.
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

/// Whom an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Everybody,
    /// The participants of a class, by its number.
    Class(u8),
    /// The machines in a region, by its number.
    Region(u8),
}

/// An architecture under test.
#[derive(Clone)]
pub struct System {
    /// The user's name for it; unique.
    pub name: String,
    /// The protocol's registered name.
    pub protocol: &'static str,
    /// The protocol's `Config`, for the registry to downcast.
    pub config: Arc<dyn Any + Send + Sync>,
    pub storage: Storage,
    /// How machines connect; `None`: a packet is a datagram and needs no connection.
    pub connections: Option<Connections>,
    /// Bytes of the parts of a message.
    pub wire: Wire,
    pub bootstrap: Bootstrap,
    /// What is expected of its operations, each aggregate once.
    pub aggregates: Vec<Aggregate>,
}

/// How a machine finds a first node to talk to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bootstrap {
    /// For nothing: of an overlay a joined node that can be dialled, at random; of a server its address.
    Oracle,
    /// By asking a service.
    Service(BootstrapService),
    /// By looking a server's name up.
    Name,
}

/// A bootstrap service and its machines, which are all alike.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BootstrapService {
    pub terms: Terms,
    pub access: Access,
    /// Mean time between failures and to repair, both exponential; `None`: never fails.
    pub failures: Option<(Duration, Duration)>,
}

/// How machines connect, and what they do where they cannot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Connections {
    /// How long each way of connecting is tried.
    pub dial_timeout: Duration,
    /// How long a link may be silent before the end that opened it asks whether the other is there; `None`: nobody asks.
    pub keep_alive: Option<Duration>,
    /// A link over which nothing was said for so long is closed; `None`: never.
    pub idle_close: Option<Duration>,
    /// Links of a node at most; the one not used for longest makes room.
    pub limit: Option<u32>,
    /// A node that can be dialled has one that cannot call it back.
    pub reversal: bool,
    pub punching: bool,
    /// What a node that can be dialled forwards for others; `None`: nothing.
    pub relays: Option<Relays>,
}

/// The limits of every relay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Relays {
    /// Nodes that a relay keeps a place for.
    pub reservations: u32,
    /// Pairs that it connects at a time.
    pub connections: u32,
    /// Bits per second that it forwards, all pairs together; infinite without limit.
    pub rate: f64,
    /// For how long it connects a pair.
    pub lifetime: Duration,
}

/// How records are kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Storage {
    /// Responsible nodes of each piece, 1 ..= 20.
    pub replicas: u32,
    /// How resources are cut into pieces.
    pub coding: Coding,
    pub keepers: Keepers,
    pub repair: Repair,
    /// How long a copy is held that is no longer its node's to keep, under eager and lazy repair.
    pub hold: Duration,
    /// Between two looks of a holder for the next piece, `None`: pieces are not made again from others; or of who keeps a
    /// pointer for the copies that it names, where these are repaired.
    pub audit: Option<Duration>,
    /// How records are cached along the way; `None`: not at all.
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
