//! What every scenario that `check` accepts promises.

use std::sync::atomic::AtomicBool;

use peerlab::engine::Time;
use peerlab::registry::Registry;
use peerlab::run::Wanted;
use peerlab::run::catalogue::{METRICS, SERIES};
use peerlab::run::outcome::Outcome;
use peerlab::scenario::Run;
use peerlab::sweep::execute::{Finished, Watch, execute};
use serde_json::{Value, json};

use super::grow;
use super::lab::Ran;

/// Events of one run beyond which a scenario is too large for the swarm.
const MOST_EVENTS: u64 = 200_000;
/// How a scenario ended that kept all promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// It ran to its end, over so many events.
    Ran(u64),
    /// It would have been long.
    TooLong,
}

/// Ends a run that takes too many events.
struct Limit;

impl Watch for Limit {
    fn progresses(&self, _run: usize, _at: Time, events: u64) -> bool {
        events < MOST_EVENTS
    }
}

/// Runs a scenario and whatever else of it has to give equal results, by its number in turn.
///
/// # Errors
/// The promise that is broken.
pub fn hold(document: &Value, number: u64) -> Result<Kept, String> {
    let Some(all) = outcomes(document)? else { return Ok(Kept::TooLong) };
    all.iter().try_for_each(|(run, outcome)| sound(run, outcome))?;
    let events = all.iter().map(|(_, outcome)| outcome.timing.events).sum();
    let Some(other) = variant(document, number) else { return Ok(Kept::Ran(events)) };
    let Some(others) = outcomes(&other)? else { return Ok(Kept::TooLong) };
    for (run, outcome) in &others {
        let twin = all.iter().find(|(first, _)| (&first.id, first.seed) == (&run.id, run.seed));
        if let Some((_, first)) = twin.filter(|(_, first)| first != outcome) {
            let at = first.metrics.iter().zip(&outcome.metrics).position(|(one, two)| one != two);
            let what = at.map_or("rows", |at| METRICS[at].name.as_str());
            return Err(format!("{}: another {what} beside\n{}", run.id, grow::text(&other)));
        }
    }
    Ok(Kept::Ran(events))
}

/// The runs of a scenario and what came out; `None` where it is too large.
fn outcomes(document: &Value) -> Result<Option<Vec<(Run, Outcome)>>, String> {
    let runs = grow::runs(&grow::text(document))?.runs;
    let wanted = Wanted { nodes: true, resources: true, operations: true };
    let finished = execute(&Registry::standard(), &runs, wanted, &AtomicBool::new(false), &Limit);
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
        let is_share = name.contains("_ratio") && !MAY_EXCEED_ONE.iter().any(|part| name.contains(part));
        if is_share && !(-1e-9..=1.0 + 1e-9).contains(&value) {
            return Err(format!("{}: {name} is {value}", run.id));
        }
    }
    let ran = Ran { id: run.id.clone(), system: run.system().name.clone(), outcome: outcome.clone() };
    std::panic::catch_unwind(|| ran.assert_accounts_balance())
        .map_err(|_| format!("{}: operations do not add up", run.id))
}

/// Ratios that are no shares: of one amount to another.
const MAY_EXCEED_ONE: [&str; 1] = ["storage_overhead_ratio"];

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
            let last = systems.keys().last()?.clone();
            systems.shift_remove(&last).filter(|_| !systems.is_empty())?;
        }
        _ => other["sweep"]["repetitions"] = json!(2),
    }
    Some(other)
}
