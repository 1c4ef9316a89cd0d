//! What the `[population]` section means: how many take part, and how they come and go.

use super::check::{Check, Noted};
use super::environment::law;
use super::file;
use super::plan::{Churn, Population, Start};
use super::problem::Problem;
use crate::engine::{Duration, Law};
use crate::population::presets::preset;
use crate::population::{self, PRESETS, Preset};

/// How long a joining population takes to come, if the file does not say.
const JOIN_OVER: Duration = Duration::from_secs(600);

pub(super) fn population(check: &mut Check<'_>) -> Result<Population, Noted> {
    let said: file::Population = check.section("population")?.unwrap_or_default();
    let start = start(check, &said);
    let number = number(check, &said);
    let (graceful, notice) = said.churn.as_ref().map_or((0.0, Duration::ZERO), |churn| (churn.graceful, churn.notice));
    let churn = said.churn.map_or(Ok(None), |churn| self::churn(check, &churn))?;
    let availability = churn.map_or(1.0, |churn| churn.availability());
    let (path, participants) = match number? {
        Number::Participants(participants) => ("population.participants", f64::from(participants)),
        Number::Online(online) => ("population.online", (f64::from(online) / availability).round()),
    };
    if !(1.0..f64::from(u32::MAX)).contains(&participants) {
        let message = format!("there cannot be {participants} participants");
        return Err(check.wrong(path, message, format!("there may be 1 to {}", u32::MAX - 1)));
    }
    let churn = churn.map(|population::Churn { session, downtime }| Churn { session, downtime, graceful, notice });
    let online = participants * availability;
    Ok(Population { participants: participants as u32, online, start, rejoin: said.rejoin, churn })
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
fn churn(check: &mut Check<'_>, said: &file::Churn) -> Result<Option<population::Churn>, Noted> {
    check.range("population.churn.graceful", said.graceful, 0.0..=1.0);
    if !(said.time_scale > 0.0 && said.time_scale.is_finite()) {
        let message = format!("`time_scale` cannot be {}", said.time_scale);
        return Err(check.wrong("population.churn.time_scale", message, "write a number above zero"));
    }
    let Some((session, downtime)) = laws(check, said)? else { return Ok(None) };
    for (path, law) in [("population.churn.session", session), ("population.churn.downtime", downtime)] {
        if !law.mean().is_finite() {
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
    Ok(Some(population::Churn { session, downtime }.scaled(said.time_scale)))
}

/// Session and downtime before the time scale.
fn laws(check: &mut Check<'_>, said: &file::Churn) -> Result<Option<(Law, Law)>, Noted> {
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
        (Some(session), Some(downtime)) => Ok(Some((session, downtime))),
        (None, _) => Err(check.wrong(
            "population.churn",
            "it is not said how long sessions last",
            "add a law, as in session.exponential = { mean = \"1h\" }, or a preset, as in preset = \"kad\"",
        )),
        (_, None) => Err(check.wrong(
            "population.churn",
            "it is not said how long participants are away",
            "add a law, as in downtime.exponential = { mean = \"1h\" }",
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
