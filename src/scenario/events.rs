//! Meaning of `[[events]]`.

use super::check::{Check, Noted};
use super::file;
use super::plan::{Class, Event, Group, What};
use super::population::MOST_ARRIVALS;
use super::problem::Problem;
use crate::engine::Duration;
use crate::model::OperationKind;
use crate::network::NetworkPlan;

/// Default time over which a flash crowd arrives.
const CROWD_OVER: Duration = Duration::from_secs(60);

/// Largest reasonable factor: beyond it gaps vanish.
const LARGEST_FACTOR: f64 = 1e6;

/// Tolerance of the sum of shares.
const ROUNDING: f64 = 1e-9;

/// Run, resources and classes, against which events are checked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stage<'a> {
    /// End of the run, after its start.
    pub end: Duration,
    /// Number of resources.
    pub resources: u32,
    /// Classes; `None`: they could not be read.
    pub classes: Option<&'a [Class]>,
    pub network: Option<&'a NetworkPlan>,
}

pub(super) fn events(check: &mut Check<'_>, stage: Stage<'_>) -> Result<Vec<Event>, Noted> {
    let said: Vec<file::Event> = check.section("events")?.unwrap_or_default();
    let events: Vec<_> = said.into_iter().enumerate().map(|(number, said)| event(check, number, said, stage)).collect();
    events.into_iter().collect()
}

fn event(check: &mut Check<'_>, number: usize, said: file::Event, stage: Stage<'_>) -> Result<Event, Noted> {
    let Stage { end, resources, .. } = stage;
    let (name, event) = meant(check, number, said, stage)?;
    let path = |key: &str| format!("events.{number}.{name}.{key}");
    if event.at >= end {
        let help = format!("the run ends {end} after its start, warm-up and measurement together");
        check.wrong(&path("at"), format!("nothing happens at {} any more", event.at), help);
    }
    if event.lasts == Some(Duration::ZERO) {
        check.wrong(
            &path("for"),
            "an event that lasts no time is none",
            "write a duration above zero, or leave it out",
        );
    }
    match &event.what {
        What::Crash { share, .. } => check.range(&path("share"), *share, 0.0..=1.0),
        What::Demand { factor, .. } => check.range(&path("factor"), *factor, 0.0..=LARGEST_FACTOR),
        What::ServerOutage | What::CutOff { .. } => {}
        What::Rush { resource } if *resource < resources => {}
        What::Rush { resource } => no_resource(check, &path("resource"), *resource, resources),
        What::Partition { shares } => self::shares(check, &path("shares"), shares),
        What::FlashCrowd { arrivals, record, factor, .. } => {
            check.range(&path("factor"), *factor, 1.0..=LARGEST_FACTOR);
            check.range(&path("arrivals"), f64::from(*arrivals), 0.0..=MOST_ARRIVALS as f64);
            if *factor > 1.0 && *record >= resources {
                no_resource(check, &path("resource"), *record, resources);
            }
            if *factor == 1.0 && *arrivals == 0 {
                check.wrong(
                    &path("at"),
                    "nobody comes, and nothing is wanted more",
                    "add arrivals = 100 or factor = 10",
                );
            }
        }
    }
    Ok(event)
}

fn no_resource(check: &mut Check<'_>, path: &str, resource: u32, count: u32) {
    let help = match count {
        0 => "add [resources] with a count".to_owned(),
        count => format!("write a number from 0 to {}", count - 1),
    };
    check.wrong(path, format!("there is no resource {resource} to be wanted"), help);
}

/// Name of an event, and its meaning.
fn meant(
    check: &mut Check<'_>,
    number: usize,
    said: file::Event,
    stage: Stage<'_>,
) -> Result<(&'static str, Event), Noted> {
    let event = |at, lasts, what| Event { at, lasts, what };
    Ok(match said {
        file::Event::Crash { at, lasts, share, class, region } => {
            let group = group(check, &format!("events.{number}.crash"), class, region, stage)?;
            ("crash", event(at, lasts, What::Crash { share, group }))
        }
        file::Event::CutOff { at, lasts, region, class } => {
            let path = format!("events.{number}.cut-off");
            let group = group(check, &path, class, region, stage)?;
            if group == Group::Everybody {
                let help = "add region = \"…\" or class = \"…\"";
                return Err(check.wrong(&path, "it is not said who is cut off", help));
            }
            ("cut-off", event(at, lasts, What::CutOff { group }))
        }
        file::Event::FlashCrowd { at, lasts, arrivals, over, resource, factor } => {
            let over = over.unwrap_or(CROWD_OVER);
            ("flash-crowd", event(at, lasts, What::FlashCrowd { arrivals, over, record: resource, factor }))
        }
        file::Event::Partition { at, lasts, shares } => ("partition", event(at, lasts, What::Partition { shares })),
        file::Event::ServerOutage { at, lasts } => ("server-outage", event(at, lasts, What::ServerOutage)),
        file::Event::Rush { at, resource } => ("rush", event(at, None, What::Rush { resource })),
        file::Event::Demand { at, lasts, factor, operation } => {
            ("demand", event(at, lasts, What::Demand { operation: operation.map(OperationKind::from), factor }))
        }
    })
}

/// Group of the event at `path`, if given.
fn group(
    check: &mut Check<'_>,
    path: &str,
    class: Option<String>,
    region: Option<String>,
    stage: Stage<'_>,
) -> Result<Group, Noted> {
    let regions = || Some(stage.network?.regions().map_or(vec![], |regions| regions.names.iter().collect()));
    let classes = || Some(stage.classes?.iter().map(|class| &class.name).collect());
    let (what, name, known): (_, _, Option<Vec<&String>>) = match (class, region) {
        (None, None) => return Ok(Group::Everybody),
        (Some(_), Some(_)) => {
            let help = "keep one: a class, or a region";
            return Err(check.wrong(&format!("{path}.class"), "`region` and `class` exclude each other", help));
        }
        (Some(class), None) => ("class", class, classes()),
        (None, Some(region)) => ("region", region, regions()),
    };
    // What could not be read was noted where it stands.
    let known = known.ok_or(Noted)?;
    match known.iter().position(|known| **known == name) {
        Some(number) if what == "class" => Ok(Group::Class(number as u8)),
        Some(number) => Ok(Group::Region(number as u8)),
        None => {
            let span = check.at(&format!("{path}.{what}"), "").span.expect("the name was read from there");
            let known: Vec<&str> = known.into_iter().map(String::as_str).collect();
            Err(check.note(Problem::unknown(span, what, &name, &known)))
        }
    }
}

fn shares(check: &mut Check<'_>, path: &str, shares: &[f64]) {
    let groups = 2..=usize::from(u8::MAX);
    if !groups.contains(&shares.len()) {
        let help = format!("write {} to {} of them, as in [0.5, 0.5]", groups.start(), groups.end());
        check.wrong(path, format!("a partition into {} groups is none", shares.len()), help);
    } else if let Some(at) = shares.iter().position(|share| !(0.0..=1.0).contains(share)) {
        check.range(&format!("{path}.{at}"), shares[at], 0.0..=1.0);
    } else if (shares.iter().sum::<f64>() - 1.0).abs() > ROUNDING {
        let sum: f64 = shares.iter().sum();
        check.wrong(path, format!("the shares add up to {sum}"), "together they must be 1");
    }
}
