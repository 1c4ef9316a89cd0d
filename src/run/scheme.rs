//! What of a run is settled before it begins: who is there when, how demand changes, which events are shown.

use super::outcome::Mark;
use crate::engine::{Duration, Streams, Time};
use crate::population::{self, Changes, Churn, Crowd, Crowding, Demography, Life, Pace, Surge, Timeline, Workload};
use crate::scenario::plan::{Event, Plan, Sessions, Start, What};

/// The end of a run.
fn end(plan: &Plan) -> Time {
    Time::ZERO + plan.warmup + plan.measure
}

/// From when until when an event lasts.
fn span(event: &Event) -> (Time, Time) {
    let from = Time::ZERO + event.at;
    (from, event.lasts.map_or(Time::NEVER, |lasts| from + lasts))
}

/// Who is there when: the same in every system.
pub fn timeline(plan: &Plan, seed: u64) -> Timeline {
    let said = &plan.population;
    let laws = said.churn.as_ref().map(|churn| &churn.sessions);
    let sessions = match laws {
        Some(Sessions::Trace(trace)) => population::Sessions::Read(trace),
        laws => population::Sessions::Drawn(Box::new(Life {
            churn: laws.and_then(|laws| match *laws {
                Sessions::Laws { session, downtime } => Some(Churn { session, downtime }),
                Sessions::Trace(_) => None,
            }),
            departures: said.departures,
            arrivals: said.arrivals,
            pace: Pace { daily: said.diurnal, steps: Vec::new() },
        })),
    };
    let crowd = |event: &Event| match event.what {
        What::FlashCrowd { arrivals, over, .. } if arrivals > 0 => {
            let stay = event.lasts.unwrap_or(Duration::MAX);
            Some(Crowd { at: Time::ZERO + event.at, arrivals, over, stay })
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
        crowds: plan.events.iter().filter_map(crowd).collect(),
        end: end(plan),
    };
    Timeline::new(&Streams::new(seed), &population)
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
            What::Demand { operation: kind, factor } => changes.surges.push(Surge { from, until, kind, factor }),
            What::FlashCrowd { record, factor, .. } if factor > 1.0 => {
                changes.crowds.push(Crowding { from, until, record, factor });
            }
            _ => {}
        }
    }
    let gaps = [plan.workload.lookup, plan.workload.get, plan.workload.put];
    let records = plan.resources.popularity.over(plan.resources.count.max(1));
    Workload::new(gaps, plan.workload.target, records, changes)
}

/// The events of the scenario as charts show them, those within the run, in the order of time.
pub fn marks(plan: &Plan) -> Vec<Mark> {
    let mut marks = Vec::new();
    for event in &plan.events {
        let (from, until) = span(event);
        let (begins, over) = words(&event.what);
        marks.push(Mark { at: from, label: begins });
        if until < end(plan) {
            marks.push(Mark { at: until, label: over.to_owned() });
        }
    }
    marks.sort_by_key(|mark| mark.at);
    marks
}

/// What an event is called when it begins and when it is over.
fn words(what: &What) -> (String, &'static str) {
    let percent = |share: f64| (share * 1000.0).round() / 10.0;
    match what {
        What::Crash { share } => (format!("{} % crash", percent(*share)), "they return"),
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
