//! What every scenario that `check` accepts promises.
#![allow(clippy::disallowed_types, reason = "whether something ends is told by the clock")]

use std::ops::RangeInclusive;
use std::sync::OnceLock;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use peerlab::engine::Time;
use peerlab::measure::catalogue::{METRICS, SERIES};
use peerlab::measure::outcome::Outcome;
use peerlab::registry::Registry;
use peerlab::run::Wanted;
use peerlab::scenario::Run;
use peerlab::sweep::estimate::{Need, estimate};
use peerlab::sweep::execute::{Finished, Watch, execute};
use serde_json::{Value, json};

use super::lab::Ran;
use super::{grow, within, written};

/// Events of one run beyond which a scenario is too large for the swarm.
const MOST_EVENTS: u64 = 200_000;
/// How long a scenario is looked at.
const PATIENCE: Duration = Duration::from_secs(20);
/// Runs of a strange scenario that are looked at.
const MOST_RUNS: usize = 4;
/// Participants, records, bytes and events of a strange scenario beyond which its runs are not begun: with thousands of requests under
/// way at one node an event takes long.
const MOST_HEADS: u32 = 20_000;
const MOST_MEMORY: f64 = 1e8;
const MOST_ESTIMATED: f64 = 1e9;

/// Nanoseconds since the first call, as a clock for trials.
fn clock() -> Option<u64> {
    static BEGUN: OnceLock<Instant> = OnceLock::new();
    Some(BEGUN.get_or_init(Instant::now).elapsed().as_nanos() as u64)
}

/// How a scenario ended that kept all promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kept {
    /// It ran to its end, over so many events.
    Ran(u64),
    /// It would have been long.
    TooLong,
    /// It was refused in words.
    Refused,
}

/// Ends a run that takes too many events, or whose events take long: what ends so is not endless.
#[derive(Default)]
struct Limit(OnceLock<Instant>);

impl Watch for Limit {
    fn progresses(&self, _run: usize, _at: Time, events: u64) -> bool {
        events < MOST_EVENTS && self.0.get_or_init(Instant::now).elapsed() < PATIENCE
    }
}

/// Runs a scenario and whatever else of it has to give equal results, by its number in turn: first on one thread, then on two.
///
/// # Errors
/// The promise that is broken.
pub(crate) fn hold(document: &Value, number: u64) -> Result<Kept, String> {
    let text = grow::text(document);
    let Some(all) = ran(grow::runs(&text)?.runs, 1)? else { return Ok(Kept::TooLong) };
    all.iter().try_for_each(|(run, outcome)| sound(run, outcome))?;
    let events = all.iter().map(|(_, outcome)| outcome.timing.events).sum();
    let Some(other) = variant(document, number) else { return Ok(Kept::Ran(events)) };
    let Some(others) = ran(grow::runs(&grow::text(&other))?.runs, 2)? else { return Ok(Kept::TooLong) };
    for (run, outcome) in &others {
        let twin = all.iter().find(|(first, _)| (&first.id, first.seed) == (&run.id, run.seed));
        if let Some((_, first)) = twin.filter(|(_, first)| first != outcome) {
            let at = first.metrics.iter().zip(&outcome.metrics).position(|(one, two)| one != two);
            let what = match at {
                Some(at) => METRICS[at].name.as_str(),
                None if first.fingerprint != outcome.fingerprint => "fingerprint",
                None => "rows",
            };
            return Err(format!("{}: another {what} beside\n{}", run.id, grow::text(&other)));
        }
    }
    if number.is_multiple_of(4) {
        written::hold(&all, &others)?;
    }
    Ok(Kept::Ran(events))
}

/// Estimates and runs what `check` accepts, however strange.
///
/// # Errors
/// The promise that is broken.
pub(crate) fn complete(runs: Vec<Run>) -> Result<Kept, String> {
    let runs: Vec<Run> = runs.into_iter().take(MOST_RUNS).collect();
    let estimated = runs.clone();
    let needs = within(1, move || estimate(&Registry::standard(), &estimated, clock))?;
    let needs = needs.map_err(|(system, why)| format!("{system}: a trial {why}"))?;
    if let Some(need) = needs.iter().find(|need| !(need.events >= 0.0 && need.memory >= 0.0)) {
        return Err(format!("an estimate of {need:?}"));
    }
    let is_small = |run: &Run| {
        let records = run.plan.resources.count.saturating_mul(run.system().storage.coding.pieces());
        run.plan.population.participants.max(records) <= MOST_HEADS
    };
    let is_large = |need: &Need| need.memory > MOST_MEMORY || need.events > MOST_ESTIMATED;
    if !runs.iter().all(is_small) || needs.iter().any(is_large) {
        return Ok(Kept::TooLong);
    }
    let Some(all) = ran(runs, 1)? else { return Ok(Kept::TooLong) };
    all.iter().try_for_each(|(run, outcome)| sound(run, outcome))?;
    Ok(Kept::Ran(all.iter().map(|(_, outcome)| outcome.timing.events).sum()))
}

/// What came out of runs on so many threads; `None` where they are too large.
fn ran(runs: Vec<Run>, threads: usize) -> Result<Option<Vec<(Run, Outcome)>>, String> {
    let (runs, finished) = within(threads, move || {
        let wanted = Wanted { nodes: true, resources: true, operations: true };
        let finished = execute(&Registry::standard(), &runs, wanted, &AtomicBool::new(false), &Limit::default());
        (runs, finished)
    })?;
    let mut all = Vec::new();
    for (run, finished) in runs.into_iter().zip(finished) {
        match finished {
            Finished::Done(outcome) => all.push((run, *outcome)),
            Finished::Failed(why) => return Err(format!("{}: {why}", run.id)),
            Finished::Interrupted => return Ok(None),
        }
    }
    Ok(Some(all))
}

/// Every figure is a number, every share lies in [0, 1], and operations add up.
fn sound(run: &Run, outcome: &Outcome) -> Result<(), String> {
    let figures = METRICS.iter().map(|metric| &metric.name).zip(&outcome.metrics);
    let samples =
        outcome.samples.iter().flat_map(|sample| SERIES.iter().map(|series| &series.name).zip(&sample.values));
    for (name, value) in figures.chain(samples) {
        let Some(value) = *value else { continue };
        if !value.is_finite() {
            return Err(format!("{}: {name} is {value}", run.id));
        }
        if is_share(name) && !SHARES.contains(&value) {
            return Err(format!("{}: {name} is {value}", run.id));
        }
    }
    let ran = Ran { id: run.id.clone(), system: run.system().name.clone(), outcome: outcome.clone() };
    std::panic::catch_unwind(|| ran.assert_accounts_balance())
        .map_err(|_| format!("{}: operations do not add up", run.id))
}

/// Whether a figure is a share by its name: most ratios are, some are of one amount to another.
pub(crate) fn is_share(name: &str) -> bool {
    name.contains("_ratio") && name != "storage_overhead_ratio"
}

/// Where shares lie, rounding included.
pub(crate) const SHARES: RangeInclusive<f64> = -1e-9..=1.0 + 1e-9;

/// A scenario some of whose runs are those of this one: itself, its systems in another order, without one, or with a repetition
/// more.
fn variant(document: &Value, number: u64) -> Option<Value> {
    let mut other = document.clone();
    let systems = other["systems"].as_object_mut()?;
    match number % 4 {
        0 => {}
        1 => {
            let reversed = std::mem::take(systems).into_iter().rev().collect();
            *systems = reversed;
        }
        2 => {
            let last = systems.keys().next_back()?.clone();
            systems.shift_remove(&last).filter(|_| !systems.is_empty())?;
        }
        _ => other["sweep"]["repetitions"] = json!(2),
    }
    Some(other)
}
