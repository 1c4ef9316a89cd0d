//! Meaning of a `churn` table: laws of session and downtime, given directly or by a preset.

use std::ops::RangeInclusive;

use super::check::{Check, Noted, Plainly};
use super::environment::law;
use super::file;
use super::plan::{Churn, Sessions};
use super::problem::Problem;
use crate::engine::{Law, LawUse};
use crate::population::presets::preset;
use crate::population::{PRESETS, Preset};

/// Range of the time scale: beyond it, sessions of hours are shorter than a packet's path or longer than any run.
const TIME_SCALES: RangeInclusive<f64> = 1e-6..=1e6;

/// Session and downtime in seconds, with the time scale applied; without a downtime each participant has one session.
#[derive(Clone, Debug)]
pub(super) struct Cycle {
    pub session: Law,
    pub downtime: Option<Law>,
}

impl Cycle {
    /// Availability of an initial participant.
    pub(super) fn availability(&self) -> f64 {
        let up = self.session.mean();
        self.downtime.as_ref().map_or(1.0, |downtime| up / (up + downtime.mean()))
    }

    /// Churn plan with the remaining keys.
    pub(super) fn plan(&self, said: &file::Churn) -> Churn {
        let (session, downtime) = (self.session.clone(), self.downtime.clone().unwrap_or(Law::Constant(0.0)));
        Churn { sessions: Sessions::Laws { session, downtime }, graceful: said.graceful, notice: said.notice }
    }
}

/// Laws at `path` with the time scale applied; `None` for the preset `none`.
///
/// `arriving`: new participants arrive, so that the present ones need not return.
pub(super) fn churn(
    check: &mut Check<'_>,
    path: &str,
    said: &file::Churn,
    arriving: bool,
) -> Result<Option<Cycle>, Noted> {
    check.range(&format!("{path}.graceful"), said.graceful, 0.0..=1.0);
    if !TIME_SCALES.contains(&said.time_scale) {
        let message = format!("`time_scale` cannot be {}", Plainly(said.time_scale));
        let help = format!("write a number from {} to {}", TIME_SCALES.start(), TIME_SCALES.end());
        return Err(check.wrong(&format!("{path}.time_scale"), message, help));
    }
    if said.trace_start > 0 {
        let help = "add trace = \"FILE\", or leave this out";
        return Err(check.wrong(&format!("{path}.trace_start"), "there is no trace that could begin", help));
    }
    let Some(Cycle { session, downtime }) = laws(check, path, said, arriving)? else { return Ok(None) };
    let scaled = |law: &Law| law.scaled(said.time_scale);
    Ok(Some(Cycle { session: scaled(&session), downtime: downtime.as_ref().map(scaled) }))
}

/// Session and downtime without the time scale.
fn laws(check: &mut Check<'_>, path: &str, said: &file::Churn, arriving: bool) -> Result<Option<Cycle>, Noted> {
    let given = |check: &mut Check<'_>, name: &str, said: &Option<_>, usage| {
        let path = format!("{path}.{name}");
        said.as_ref().map(|said| law(check, &path, said, usage)).transpose()
    };
    let session = given(check, "session", &said.session, LawUse::Renewals)?;
    let downtime = given(check, "downtime", &said.downtime, LawUse::Periods)?;
    let of_preset = match said.preset.as_deref() {
        None => None,
        Some("none") => return Ok(None),
        Some(name) => Some(known_preset(check, path, name)?),
    };
    let measured = of_preset.and_then(|preset| preset.downtime.clone());
    if let (Some(_), Some(_)) = (&downtime, &measured) {
        return Err(check.wrong(
            &format!("{path}.downtime"),
            "the preset has a downtime of its own",
            "leave this out, or give a `session` instead of the preset",
        ));
    }
    match (session.or(of_preset.map(|preset| preset.session.clone())), downtime.or(measured)) {
        (Some(session), Some(downtime)) => Ok(Some(Cycle { session, downtime: Some(downtime) })),
        (Some(session), None) if arriving => Ok(Some(Cycle { session, downtime: None })),
        (None, _) => Err(check.wrong(
            path,
            "it is not said how long sessions last",
            "add a law, as in session.exponential = { mean = \"1h\" }, or a preset, as in preset = \"kad\"",
        )),
        (_, None) => Err(check.wrong(
            path,
            "it is not said how long participants are away",
            "add a law, as in downtime.exponential = { mean = \"1h\" }, or [population.arrivals] of new participants",
        )),
    }
}

fn known_preset(check: &mut Check<'_>, path: &str, name: &str) -> Result<&'static Preset, Noted> {
    preset(name).ok_or_else(|| {
        let names: Vec<&str> = PRESETS.iter().map(|preset| preset.name).chain(["none"]).collect();
        let span = check.at(&format!("{path}.preset"), "").span.expect("the preset was read from there");
        check.note(Problem::unknown(span, "preset", name, &names))
    })
}
