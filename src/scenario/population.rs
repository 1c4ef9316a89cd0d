//! What the `[population]` section means: how many take part, and how they come and go.

use super::check::{Check, Noted};
use super::daily::daily;
use super::environment::law;
use super::file;
use super::inputs::Files;
use super::plan::{Churn, Population, Sessions, Start};
use super::problem::Problem;
use crate::engine::{Duration, Law, Time};
use crate::population::presets::preset;
use crate::population::{self, Departures, PRESETS, Parting, Preset};

/// How long a joining population takes to come, if the file does not say.
const JOIN_OVER: Duration = Duration::from_secs(600);

/// New participants in a run at most: each takes memory to its end.
pub(super) const MOST_ARRIVALS: u64 = 10_000_000;

/// `end`: of the run, after its start.
pub(super) fn population(check: &mut Check<'_>, files: &mut Files, end: Duration) -> Result<Population, Noted> {
    let said: file::Population = check.section("population")?.unwrap_or_default();
    let start = start(check, &said);
    if let Some(churn) = said.churn.as_ref()
        && let Some(file) = &churn.trace
    {
        return traced(check, &said, churn, file, files, end, start);
    }
    let number = number(check, &said);
    let diurnal = said.diurnal.as_ref().map(|said| daily(check, "population.diurnal", said)).transpose();
    let churn = said.churn.as_ref().map_or(Ok(None), |churn| self::churn(check, churn, said.arrivals.is_some()))?;
    let departures = departures(check, &said, churn.as_ref());
    let availability = churn.as_ref().map_or(1.0, Cycle::availability);
    let (path, participants) = match number? {
        Number::Participants(participants) => ("population.participants", f64::from(participants)),
        Number::Online(online) => ("population.online", (f64::from(online) / availability).round()),
    };
    if !(1.0..f64::from(u32::MAX)).contains(&participants) {
        let message = format!("there cannot be {participants} participants");
        return Err(check.wrong(path, message, format!("there may be 1 to {}", u32::MAX - 1)));
    }
    let online = participants * availability;
    let arrivals = arrivals(check, &said, churn.as_ref(), online, end)?;
    let churn = said.churn.zip(churn).map(|(said, Cycle { session, downtime })| Churn {
        sessions: Sessions::Laws { session, downtime: downtime.unwrap_or(Law::Constant(0.0)) },
        graceful: said.graceful,
        notice: said.notice,
    });
    let (diurnal, departures) = (diurnal?, departures?);
    let (participants, rejoin) = (participants as u32, said.rejoin);
    Ok(Population { participants, online, start, rejoin, churn, departures, arrivals, diurnal })
}

/// A population of which a file says who is up when.
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
    // A session that ends soon after the run may still give notice in it.
    let latest = Time::ZERO + end + churn.notice;
    let trace = files.trace(check, file, said.participants, latest)?;
    let participants = said.participants.unwrap_or(trace.participants());
    if participants == 0 {
        return Err(check.wrong("population.churn.trace", "nobody is in this file", "write a row for each change"));
    }
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
    })
}

/// Seconds online and away, stretched; without a downtime everybody has one session only.
#[derive(Clone, Copy, Debug)]
struct Cycle {
    session: Law,
    downtime: Option<Law>,
}

impl Cycle {
    /// Of a participant of the start.
    fn availability(&self) -> f64 {
        self.downtime.map_or(1.0, |downtime| population::Churn { session: self.session, downtime }.availability())
    }
}

/// Without a downtime the first session is the last.
fn departures(
    check: &mut Check<'_>,
    said: &file::Population,
    churn: Option<&Cycle>,
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
    if churn.is_none() {
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
            let law = law(check, path, lifetime)?;
            if !law.mean().is_finite() {
                let message = "a law without a finite mean has no stationary start";
                return Err(check.wrong(path, message, "choose another law, or, for a Pareto law, a shape above 1"));
            }
            Parting::Lifetime(law)
        }
        (None, None) => {
            let help = "add probability = 0.1, or a law, as in lifetime.exponential = { mean = \"30d\" }";
            return Err(check.wrong(path, "it is not said when somebody departs", help));
        }
    };
    Ok(Some(Departures { law, replaced: said.replaced }))
}

/// The mean gap in seconds; by default what keeps the number online where everybody has one session.
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
        (Some(every), _) if end.as_nanos() / every.as_nanos() > MOST_ARRIVALS => {
            let message = format!("more than {MOST_ARRIVALS} would arrive in the run");
            Err(check.wrong("population.arrivals.every", message, "write a longer gap"))
        }
        (Some(every), _) => Ok(Some(every.as_secs_f64())),
        (None, Some(Cycle { session, downtime: None })) => Ok(Some(session.mean() / online)),
        (None, _) => {
            let message = "it is not said how often somebody arrives";
            Err(check.wrong("population.arrivals", message, "add every = \"10s\""))
        }
    }
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

/// The laws, stretched; `None` for the preset `none`.
///
/// `arriving`: new participants come, so that those who are there need not return.
fn churn(check: &mut Check<'_>, said: &file::Churn, arriving: bool) -> Result<Option<Cycle>, Noted> {
    check.range("population.churn.graceful", said.graceful, 0.0..=1.0);
    if !(said.time_scale > 0.0 && said.time_scale.is_finite()) {
        let message = format!("`time_scale` cannot be {}", said.time_scale);
        return Err(check.wrong("population.churn.time_scale", message, "write a number above zero"));
    }
    let Some(Cycle { session, downtime }) = laws(check, said, arriving)? else { return Ok(None) };
    for (path, law) in [("population.churn.session", Some(session)), ("population.churn.downtime", downtime)] {
        if law.is_some_and(|law| !law.mean().is_finite()) {
            return Err(check.wrong(
                path,
                "a law without a finite mean has no stationary start",
                "choose another law, or, for a Pareto law, a shape above 1",
            ));
        }
    }
    if session.mean() <= 0.0 {
        return Err(check.wrong(
            "population.churn.session",
            "sessions of no length",
            "write a law with a mean above zero",
        ));
    }
    let scaled = |law: Law| law.scaled(said.time_scale);
    Ok(Some(Cycle { session: scaled(session), downtime: downtime.map(scaled) }))
}

/// Session and downtime before the time scale.
fn laws(check: &mut Check<'_>, said: &file::Churn, arriving: bool) -> Result<Option<Cycle>, Noted> {
    let given = |check: &mut Check<'_>, name: &str, said: &Option<_>| {
        let path = format!("population.churn.{name}");
        said.as_ref().map(|said| law(check, &path, said)).transpose()
    };
    let session = given(check, "session", &said.session)?;
    let downtime = given(check, "downtime", &said.downtime)?;
    let of_preset = match said.preset.as_deref() {
        None => None,
        Some("none") => return Ok(None),
        Some(name) => Some(known_preset(check, name)?),
    };
    let measured = of_preset.and_then(|preset| preset.downtime);
    if let (Some(_), Some(_)) = (downtime, measured) {
        return Err(check.wrong(
            "population.churn.downtime",
            "the preset has a downtime of its own",
            "leave this out, or give a `session` instead of the preset",
        ));
    }
    match (session.or(of_preset.map(|preset| preset.session)), downtime.or(measured)) {
        (Some(session), Some(downtime)) => Ok(Some(Cycle { session, downtime: Some(downtime) })),
        (Some(session), None) if arriving => Ok(Some(Cycle { session, downtime: None })),
        (None, _) => Err(check.wrong(
            "population.churn",
            "it is not said how long sessions last",
            "add a law, as in session.exponential = { mean = \"1h\" }, or a preset, as in preset = \"kad\"",
        )),
        (_, None) => Err(check.wrong(
            "population.churn",
            "it is not said how long participants are away",
            "add a law, as in downtime.exponential = { mean = \"1h\" }, or [population.arrivals] of new participants",
        )),
    }
}

fn known_preset(check: &mut Check<'_>, name: &str) -> Result<&'static Preset, Noted> {
    preset(name).ok_or_else(|| {
        let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).chain(["none"]).collect();
        let span = check.at("population.churn.preset", "").span.expect("the preset was read from there");
        check.note(Problem::unknown(span, "preset", name, &names))
    })
}
