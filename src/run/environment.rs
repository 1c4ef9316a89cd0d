//! What of a run is settled before it begins: who is there when, how demand changes, which events are shown.

use std::sync::Arc;

use crate::engine::{Duration, Streams, Time};
use crate::measure::outcome::Mark;
use crate::model::Hosts;
use crate::network::{Access, Latency, Machines, NatPlan, Shares, Site};
use crate::overlay::{Config, Protocol};
use crate::population::{
    self, Changes, Churn, Classes, Crowd, Crowding, Demography, Life, Pace, Places, Surge, Timeline, Workload,
};
use crate::scenario::plan::{
    self as scenario, Bootstrap, BootstrapService, Event, Group, Plan, Sessions, Start, System, What,
};

/// The end of the measurement.
fn measured(plan: &Plan) -> Time {
    Time::ZERO + plan.warmup + plan.measure
}

/// The end of a run: what is issued in the measurement is decided by then.
fn end(plan: &Plan) -> Time {
    measured(plan) + plan.workload.deadline
}

/// From when until when an event lasts.
fn span(event: &Event) -> (Time, Time) {
    let from = Time::ZERO + event.at;
    (from, event.lasts.map_or(Time::NEVER, |lasts| from + lasts))
}

/// The classes of participants with their churn; none if all are alike.
fn classes(plan: &Plan) -> Classes {
    Classes::new(plan.population.classes.iter().map(|class| (class.share, class.churn.as_ref().and_then(laws))))
}

/// The laws of churn that has them.
fn laws(churn: &scenario::Churn) -> Option<Churn> {
    match &churn.sessions {
        Sessions::Laws { session, downtime } => Some(Churn { session: session.clone(), downtime: downtime.clone() }),
        Sessions::Trace(_) => None,
    }
}

/// Where participants stand, if there are regions, and a class or the hour of the day asks who stands where. (Otherwise
/// the network draws it, for each identity anew.)
fn places(plan: &Plan) -> Option<Places> {
    let Latency::Regions(regions) = &plan.network.latency else { return None };
    let weights: Vec<_> = plan.population.classes.iter().map(|class| class.regions.clone()).collect();
    let asked = plan.population.local_hours || plan.workload.local_hours || weights.iter().any(Option::is_some);
    asked.then(|| Places { regions: Arc::clone(regions), weights })
}

/// Timeline of the sessions of a run: equal in every system.
pub fn timeline(plan: &Plan, seed: u64) -> Timeline {
    let said = &plan.population;
    let sessions = match said.churn.as_ref().map(|churn| &churn.sessions) {
        Some(Sessions::Trace(trace)) => population::Sessions::Read(trace),
        _ => population::Sessions::Drawn(Box::new(Life {
            churn: said.churn.as_ref().and_then(laws),
            classes: classes(plan),
            departures: said.departures.clone(),
            arrivals: said.arrivals,
            pace: Pace { daily: said.diurnal, steps: Vec::new() },
            places: places(plan).filter(|_| said.local_hours),
        })),
    };
    let crowd = |(position, event): (usize, &Event)| match event.what {
        What::FlashCrowd { arrivals, over, .. } if arrivals > 0 => {
            let (at, stay) = (Time::ZERO + event.at, event.lasts.unwrap_or(Duration::MAX));
            Some(Crowd { draws: plan.draws_of(position), at, arrivals, over, stay })
        }
        _ => None,
    };
    let population = Demography {
        participants: said.participants,
        sessions,
        join_over: match said.start {
            Start::Converged => None,
            Start::Join { over } => Some(over),
        },
        crowds: plan.events.iter().enumerate().filter_map(crowd).collect(),
        end: end(plan),
    };
    Timeline::new(&Streams::new(seed), &population)
}

/// The environment of a run: equal in every system.
pub(super) struct Environment {
    pub timeline: Timeline,
    pub kinds: Kinds,
    pub workload: Workload,
}

/// What identities are like beside their sessions, each list by identity: the same in every system.
#[derive(Clone, Debug, Default)]
pub(super) struct Kinds {
    /// Classes of identities; empty without classes.
    pub classes: Vec<u8>,
    /// Regions of identities; empty if the network draws them.
    pub regions: Vec<u8>,
    /// How far the clocks that their demand follows are ahead of the run's; empty if they are not.
    pub ahead: Vec<Duration>,
}

impl Kinds {
    pub(super) fn new(plan: &Plan, streams: &Streams, timeline: &Timeline) -> Kinds {
        let (classes, places) = (classes(plan), places(plan));
        let participants = || timeline.identities().iter().map(|identity| identity.participant);
        let region = |places: &Places| {
            participants().map(|one| places.region(streams, one, classes.of(streams, one))).collect::<Vec<_>>()
        };
        let regions = places.as_ref().map_or(Vec::new(), region);
        let local = places.iter().filter(|_| plan.workload.local_hours);
        let ahead = local.flat_map(|places| regions.iter().map(|region| places.ahead(*region))).collect();
        Kinds { classes: participants().filter_map(|one| classes.of(streams, one)).collect(), regions, ahead }
    }

    /// The class of an identity; `None` without classes, and of a server.
    pub(super) fn class(&self, identity: u32) -> Option<u8> {
        self.classes.get(identity as usize).copied()
    }
}

/// The bootstrap service of a system, if it has one.
pub(super) fn bootstrap(system: &System) -> Option<&BootstrapService> {
    match &system.bootstrap {
        Bootstrap::Service(service) => Some(service),
        Bootstrap::Oracle | Bootstrap::Name => None,
    }
}

/// The machines and nodes of a run with so many identities.
pub(super) fn hosts<P: Protocol>(system: &System, config: &P::Config, participants: u32) -> Hosts {
    let hosts = Hosts::new(participants, config.servers().len() as u32, config.nodes_per_machine());
    hosts.with_bootstrap(bootstrap(system).map_or(0, |service| service.terms.machines))
}

/// The machines of a run as its network needs them.
pub(super) fn machines(plan: &Plan, timeline: &Timeline, kinds: &Kinds, servers: Vec<Site>) -> Machines {
    let classes = &plan.population.classes;
    let link = |class: &u8| classes[usize::from(*class)].access.unwrap_or(Access::UNLIMITED);
    let linked = classes.iter().any(|class| class.access.is_some());
    Machines {
        participants: timeline.identities().len() as u32,
        links: kinds.classes.iter().filter(|_| linked).map(link).collect(),
        regions: kinds.regions.clone(),
        servers,
    }
}

/// The shares from which it is drawn what each identity is behind: those of its class, otherwise of its region.
pub(super) fn behind<'p>(
    plan: &'p Plan,
    nat: &'p NatPlan,
    kinds: &Kinds,
    regions: impl Iterator<Item = Option<u8>>,
) -> Vec<&'p Shares> {
    let classes = &plan.population.classes;
    let shares = |(identity, region): (u32, Option<u8>)| {
        let own = kinds.class(identity).and_then(|class| classes[usize::from(class)].nat.as_ref());
        own.unwrap_or_else(|| nat.shares_in(region))
    };
    (0..).zip(regions).map(shares).collect()
}

/// What participants ask for.
pub fn workload(plan: &Plan) -> Workload {
    let mut changes = Changes {
        daily: plan.workload.diurnal,
        rotation: plan.resources.rotate_every,
        end: end(plan),
        ..Changes::default()
    };
    for event in &plan.events {
        let (from, until) = span(event);
        match event.what {
            What::Demand { operation: kind, factor } if factor != 1.0 => {
                changes.surges.push(Surge { from, until, kind, factor });
            }
            What::FlashCrowd { record, factor, .. } if factor > 1.0 => {
                changes.crowds.push(Crowding { from, until, record, factor });
            }
            _ => {}
        }
    }
    let gaps = [&plan.workload.lookup, &plan.workload.get, &plan.workload.put].map(Clone::clone);
    let records = plan.resources.popularity.over(plan.resources.count.max(1));
    Workload::new(gaps, plan.workload.target, records, changes)
}

/// The events of the scenario as charts show them, those within the run, in the order of time.
pub fn marks(plan: &Plan) -> Vec<Mark> {
    let mut marks = Vec::new();
    for event in &plan.events {
        let (from, until) = span(event);
        let (begins, over) = words(plan, &event.what);
        marks.push(Mark { at: from, label: begins });
        if until < measured(plan) {
            marks.push(Mark { at: until, label: over.to_owned() });
        }
    }
    marks.sort_by_key(|mark| mark.at);
    marks
}

/// What an event is called when it begins and when it is over.
fn words(plan: &Plan, what: &What) -> (String, &'static str) {
    let percent = |share: f64| (share * 1000.0).round() / 10.0;
    match what {
        What::Crash { share, group: Group::Everybody } => (format!("{} % crash", percent(*share)), "they return"),
        What::Crash { share, group } => {
            (format!("{} % of {} crash", percent(*share), name(plan, *group)), "they return")
        }
        What::CutOff { group } => (format!("{} cut off", name(plan, *group)), "healed"),
        What::FlashCrowd { arrivals, factor, .. } => {
            let coming = (*arrivals > 0).then(|| format!("+{arrivals}"));
            let wanted = (*factor > 1.0).then(|| format!("key × {factor}"));
            (coming.into_iter().chain(wanted).collect::<Vec<_>>().join(", "), "crowd over")
        }
        What::Partition { shares } => {
            let shares: Vec<String> = shares.iter().map(|share| percent(*share).to_string()).collect();
            (format!("partition {}", shares.join(":")), "healed")
        }
        What::Rush { resource } => (format!("all get {resource}"), ""),
        What::ServerOutage => ("server down".into(), "server up"),
        What::Demand { operation: None, factor } => (format!("demand × {factor}"), "demand as before"),
        What::Demand { operation: Some(kind), factor } => (format!("{}s × {factor}", kind.name()), "demand as before"),
    }
}

/// What a class or region is called.
fn name(plan: &Plan, group: Group) -> &str {
    match group {
        Group::Everybody => "all",
        Group::Class(class) => &plan.population.classes[usize::from(class)].name,
        Group::Region(region) => {
            let regions = plan.network.regions().expect("an event names one of them");
            &regions.names[usize::from(region)]
        }
    }
}
