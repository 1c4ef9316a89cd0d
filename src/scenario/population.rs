//! Meaning of `[population]`: number of participants and churn.

use super::check::{Check, Noted};
use super::churn::{Cycle, churn};
use super::classes::{Common, classes};
use super::daily::daily;
use super::environment::law;
use super::file;
use super::inputs::Files;
use super::plan::{Churn, DEADLINE, Population, Sessions, Start};
use crate::engine::{Duration, LawUse, Time};
use crate::network::{NetworkPlan, Processor};
use crate::population::trace::{Bounds, Found};
use crate::population::{Departures, Parting, Trace};

/// Default time over which a joining population joins.
const JOIN_OVER: Duration = Duration::from_secs(600);

/// Most new participants in a run: each takes memory to its end.
pub(super) const MOST_ARRIVALS: u64 = 10_000_000;

/// Share of a run; a trace without changes for so long at its end gets a warning.
const STATIC_REST: f64 = 0.1;

/// Latest time zero of a trace in seconds: the year 2286, well within 64 bits of nanoseconds.
const LATEST_START: u64 = 9_999_999_999;

/// Population of a scenario. `end`: of the run, after its start; `network`: if it could be read.
pub(super) fn population(
    check: &mut Check<'_>,
    files: &mut Files,
    end: Duration,
    network: Option<&NetworkPlan>,
) -> Result<Population, Noted> {
    let said: file::Population = check.section("population")?.unwrap_or_default();
    let start = start(check, &said);
    if let Some(churn) = said.churn.as_ref()
        && let Some(file) = &churn.trace
    {
        let mut population = traced(check, &said, churn, file, files, end, start)?;
        let churn = population.churn.clone();
        population.processor = processor(check, "population.processor", said.processor.as_ref())?;
        let common = Common { network, churn, cycle: None, processor: population.processor.as_ref() };
        population.classes = classes(check, &said, &common)?;
        return Ok(population);
    }
    let number = number(check, &said);
    let diurnal = said.diurnal.as_ref().map(|said| daily(check, "population.diurnal", said, network)).transpose();
    let cycle = said
        .churn
        .as_ref()
        .map_or(Ok(None), |said_churn| churn(check, "population.churn", said_churn, said.arrivals.is_some()))?;
    let churn = said.churn.as_ref().zip(cycle.as_ref()).map(|(said, cycle)| cycle.plan(said));
    let processor = processor(check, "population.processor", said.processor.as_ref())?;
    let common = Common { network, churn: churn.clone(), cycle: cycle.as_ref(), processor: processor.as_ref() };
    let classes = classes(check, &said, &common)?;
    let departures = departures(check, &said, cycle.as_ref(), classes.iter().any(|class| class.churn.is_some()));
    let availability = match &classes[..] {
        [] => cycle.as_ref().map_or(1.0, Cycle::availability),
        classes => classes.iter().map(|class| class.share * class.availability()).sum(),
    };
    let (path, participants) = match number? {
        Number::Participants(participants) => ("population.participants", f64::from(participants)),
        Number::Online(online) => ("population.online", (f64::from(online) / availability).round()),
    };
    if !(1.0..f64::from(u32::MAX)).contains(&participants) {
        let message = format!("there cannot be {participants} participants");
        return Err(check.wrong(path, message, format!("there may be 1 to {}", u32::MAX - 1)));
    }
    let online = participants * availability;
    let arrivals = arrivals(check, &said, cycle.as_ref(), online, end)?;
    let (diurnal, departures) = (diurnal?, departures?);
    let local_hours = said.diurnal.is_some_and(|diurnal| diurnal.local);
    let (participants, rejoin) = (participants as u32, said.rejoin);
    Ok(Population {
        participants,
        online,
        start,
        rejoin,
        churn,
        departures,
        arrivals,
        diurnal,
        local_hours,
        processor,
        classes,
    })
}

/// Population of an availability trace.
fn traced(
    check: &mut Check<'_>,
    said: &file::Population,
    churn: &file::Churn,
    file: &str,
    files: &mut Files,
    end: Duration,
    start: Start,
) -> Result<Population, Noted> {
    let default = file::Churn::default();
    let contradictions = [
        ("online", said.online.is_some(), "it is the file that says how many are online"),
        ("join_over", said.join_over.is_some(), "it is the file that says when they come"),
        ("departures", said.departures.is_some(), "it is the file that says who is gone"),
        ("arrivals", said.arrivals.is_some(), "it is the file that says who comes"),
        ("diurnal", said.diurnal.is_some(), "it is the file that says who comes when"),
        ("churn.downtime", churn.downtime.is_some(), "it is the file that says who is away"),
        ("churn.time_scale", churn.time_scale != default.time_scale, "the times of a file are as they stand"),
    ];
    for (key, _, why) in contradictions.into_iter().filter(|(_, said, _)| *said) {
        check.wrong(&format!("population.{key}"), why, "leave this out, or leave `churn.trace` out");
    }
    check.range("population.churn.graceful", churn.graceful, 0.0..=1.0);
    // The run goes on until the operations of the measurement are decided, and a session that ends soon after that may still
    // give notice in it.
    let deadline = check.read("workload.deadline")?.unwrap_or(DEADLINE);
    let latest = Time::ZERO + end + deadline + churn.notice;
    let zero = trace_start(check, "population.churn.trace_start", churn.trace_start)?;
    let trace = files.trace(check, file, Bounds { participants: said.participants, start: zero, latest })?;
    let participants = said.participants.unwrap_or(trace.participants());
    if participants == 0 {
        return Err(nobody(check, &trace));
    }
    warn_of_trace(check, &trace, Time::ZERO + end);
    let online = trace.online_mean(Time::ZERO + end);
    let (graceful, notice) = (churn.graceful, churn.notice);
    Ok(Population {
        participants,
        online,
        start: if let Start::Join { .. } = start { Start::Join { over: Duration::ZERO } } else { start },
        rejoin: said.rejoin,
        churn: Some(Churn { sessions: Sessions::Trace(trace), graceful, notice }),
        departures: None,
        arrivals: None,
        diurnal: None,
        local_hours: false,
        processor: None,
        classes: Vec::new(),
    })
}

/// Timestamp in a trace that is time zero.
pub(super) fn trace_start(check: &mut Check<'_>, path: &str, seconds: u64) -> Result<Duration, Noted> {
    if seconds > LATEST_START {
        let help = format!("write seconds, {LATEST_START} at most");
        return Err(check.wrong(path, format!("a trace cannot begin at {seconds} s"), help));
    }
    Ok(Duration::from_secs(seconds))
}

fn nobody(check: &mut Check<'_>, trace: &Trace) -> Noted {
    let path = "population.churn.trace";
    match trace.found().first {
        None => check.wrong(path, "nobody is in this file", "write a row for each change, or for each session"),
        Some(first) => {
            let message = format!("nobody in this file is up in the run; it begins at {} s", first.as_secs_f64());
            check.wrong(path, message, "write the time in it that is time zero, as in trace_start = 1700000000")
        }
    }
}

/// Warns of the parts of a trace that are not simulated, and of a trace that ends long before the run.
fn warn_of_trace(check: &mut Check<'_>, trace: &Trace, end: Time) {
    let path = "population.churn.trace";
    let Found { after, repeated, last, .. } = trace.found();
    if after > 0 {
        let message = format!("the trace goes on after the run; changes left out: {after}");
        check.warn(path, message, "measure for longer, or leave it so");
    }
    if repeated > 0 {
        let message = format!("rows of the trace that say what is so already, and change nothing: {repeated}");
        check.warn(path, message, "leave it so if the file was recorded like that");
    }
    let rest = end.since(last);
    if rest.as_secs_f64() > STATIC_REST * end.as_secs_f64() {
        let message = format!("nobody comes or goes in the last {rest} of the run: the trace has no more changes");
        check.warn(path, message, "end the run with the trace, or leave it so");
    }
}

/// Permanent departures; without downtimes the first session is the last. `ending`: sessions of some class end.
fn departures(
    check: &mut Check<'_>,
    said: &file::Population,
    churn: Option<&Cycle>,
    ending: bool,
) -> Result<Option<Departures>, Noted> {
    let path = "population.departures";
    if churn.is_some_and(|churn| churn.downtime.is_none()) {
        if said.departures.is_some() {
            let message = "without a downtime everybody departs when its session ends";
            return Err(check.wrong(path, message, "leave this out, or add a downtime"));
        }
        return Ok(Some(Departures { law: Parting::Probability(1.0), replaced: false }));
    }
    let Some(said) = &said.departures else { return Ok(None) };
    if churn.is_none() && !ending {
        let message = "where no session ends nobody departs";
        return Err(check.wrong(path, message, "add [population.churn], or leave this out"));
    }
    let law = match (said.probability, &said.lifetime) {
        (Some(probability), _) => {
            check.range("population.departures.probability", probability, 0.0..=1.0);
            Parting::Probability(probability)
        }
        (None, Some(lifetime)) => {
            let path = "population.departures.lifetime";
            Parting::Lifetime(law(check, path, lifetime, LawUse::Periods)?)
        }
        (None, None) => {
            let help = "add probability = 0.1, or a law, as in lifetime.exponential = { mean = \"30d\" }";
            return Err(check.wrong(path, "it is not said when somebody departs", help));
        }
    };
    Ok(Some(Departures { law, replaced: said.replaced }))
}

/// Mean gap in seconds, checked against the limit of arrivals in a run, until the operations of the measurement are
/// decided.
fn few_enough(check: &mut Check<'_>, every: f64, end: Duration) -> Result<f64, Noted> {
    let deadline = check.read("workload.deadline")?.unwrap_or(DEADLINE);
    if (end + deadline).as_secs_f64() / every <= MOST_ARRIVALS as f64 {
        return Ok(every);
    }
    let message = format!("more than {MOST_ARRIVALS} would arrive in the run");
    Err(check.wrong("population.arrivals.every", message, "write a longer gap"))
}

/// Mean gap between arrivals in seconds; the default keeps the number online constant if participants have one session.
fn arrivals(
    check: &mut Check<'_>,
    said: &file::Population,
    churn: Option<&Cycle>,
    online: f64,
    end: Duration,
) -> Result<Option<f64>, Noted> {
    let Some(said) = &said.arrivals else { return Ok(None) };
    match (said.every, churn) {
        (Some(Duration::ZERO), _) => {
            let message = "a stream without a gap would never end";
            Err(check.wrong("population.arrivals.every", message, "write a gap above zero"))
        }
        (Some(every), _) => few_enough(check, every.as_secs_f64(), end).map(Some),
        (None, Some(Cycle { session, downtime: None })) => few_enough(check, session.mean() / online, end).map(Some),
        (None, _) => {
            let message = "it is not said how often somebody arrives";
            Err(check.wrong("population.arrivals", message, "add every = \"10s\""))
        }
    }
}

/// Processor at `path`.
pub(super) fn processor(
    check: &mut Check<'_>,
    path: &str,
    said: Option<&file::Processor>,
) -> Result<Option<Processor>, Noted> {
    let Some(said) = said else { return Ok(None) };
    if said.workers == 0 {
        let help = "write 1 or more, or leave `processor` out";
        return Err(check.wrong(&format!("{path}.workers"), "somebody has to serve the requests", help));
    }
    let service = law(check, &format!("{path}.service"), &said.service, LawUse::Values)?;
    Ok(Some(Processor { service, workers: said.workers, waiting: said.waiting }))
}

enum Number {
    Participants(u32),
    Online(u32),
}

fn number(check: &mut Check<'_>, said: &file::Population) -> Result<Number, Noted> {
    match (said.participants, said.online) {
        (Some(participants), _) => Ok(Number::Participants(participants)),
        (None, Some(online)) => Ok(Number::Online(online)),
        (None, None) => Err(check.wrong(
            "population",
            "it is not said how many take part",
            "add online = 1_000 or participants = 1_000 to [population]",
        )),
    }
}

fn start(check: &mut Check<'_>, said: &file::Population) -> Start {
    match (said.start, said.join_over) {
        (file::Start::Join, over) => Start::Join { over: over.unwrap_or(JOIN_OVER) },
        (file::Start::Converged, None) => Start::Converged,
        (file::Start::Converged, Some(_)) => {
            let message = "a converged start takes no time";
            check.wrong("population.join_over", message, "add start = \"join\", or leave this out");
            Start::Converged
        }
    }
}
