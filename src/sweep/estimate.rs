//! What runs will roughly need, from small trials of them.
//!
//! No formula knows the protocols of other people. So each system is simulated for two minutes with few participants,
//! twice as long again with four times as many, and what an online node causes a second is drawn out along the power law
//! through both. Good to about a factor of two: joining, crashes and rare maintenance do not show in two minutes.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::execute::{Finished, execute};
use crate::engine::Duration;
use crate::registry::Registry;
use crate::run::Wanted;
use crate::scenario::{Plan, Population, Run, Sessions, Start, Workload};

/// Online participants of the two trials, if the scenario has as many.
const SMALL: f64 = 250.0;
const LARGE: f64 = 1_000.0;

/// How long a trial lasts at most.
const LENGTH: Duration = Duration::from_secs(120);

/// What one run is expected to need.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Need {
    /// Events, late time-outs apart.
    pub events: f64,
    /// Bytes at its end.
    pub memory: f64,
}

/// What was seen in a trial.
#[derive(Clone, Copy, Debug)]
struct Seen {
    online: f64,
    /// Events per online participant and second.
    events: f64,
    /// Bytes per online participant.
    memory: f64,
}

/// What each of `runs` is expected to need; `None` where a trial failed. Repetitions need the same, so only runs with
/// the first seed of their plan are tried.
pub fn estimate(registry: &Registry, runs: &[Run]) -> Vec<Option<Need>> {
    let first = |run: &Run| Run { seed: run.plan.seed, ..run.clone() };
    let tried: Vec<Run> = runs.iter().filter(|run| run.seed == run.plan.seed).map(first).collect();
    let trials: Vec<Run> = tried.iter().flat_map(|run| [SMALL, LARGE].map(|online| trial(run, online))).collect();
    let seen = execute(registry, &trials, Wanted::default(), &AtomicBool::new(false), &());
    let seen: Vec<Option<Seen>> = trials.iter().zip(&seen).map(|(run, finished)| look(run, finished)).collect();
    let same =
        |run: &Run| tried.iter().position(|other| Arc::ptr_eq(&other.plan, &run.plan) && other.system == run.system);
    let need = |run: &Run| {
        let at = same(run).expect("every plan has a run with its first seed");
        Some(drawn_out(run, seen[2 * at]?, seen[2 * at + 1]?))
    };
    runs.iter().map(need).collect()
}

/// A run of the same environment with at most `online` participants online, for a short time.
fn trial(run: &Run, online: f64) -> Run {
    let Plan { population, warmup, measure, .. } = &*run.plan;
    let share = (online / population.online).min(1.0);
    let participants = ((f64::from(population.participants) * share).ceil() as u32).max(1);
    let online = population.online * share;
    let measure = LENGTH.min(*warmup + *measure);
    // A file names participants who are not in a trial.
    let churn = population.churn.clone().filter(|churn| matches!(churn.sessions, Sessions::Laws { .. }));
    let arrivals = population.arrivals.map(|every| every / share);
    let plan = Plan {
        population: Population { participants, online, start: Start::Converged, churn, arrivals, ..population.clone() },
        workload: Workload { requests: Arc::default(), ..run.plan.workload.clone() },
        warmup: Duration::ZERO,
        measure,
        sample: measure,
        events: Vec::new(),
        ..(*run.plan).clone()
    };
    Run { plan: Arc::new(plan), ..run.clone() }
}

fn look(trial: &Run, finished: &Finished) -> Option<Seen> {
    let timing = &finished.outcome()?.timing;
    let (online, seconds) = (trial.plan.population.online, trial.plan.measure.as_secs_f64());
    let memory: u64 = timing.bytes_by_part.iter().map(|(_, bytes)| bytes).sum();
    Some(Seen { online, events: timing.events as f64 / online / seconds, memory: memory as f64 / online })
}

fn drawn_out(run: &Run, small: Seen, large: Seen) -> Need {
    let online = run.plan.population.online;
    let seconds = (run.plan.warmup + run.plan.measure).as_secs_f64();
    let at_full_size = |of: fn(&Seen) -> f64| {
        let (few, many) = (of(&small), of(&large));
        // Without growth between the trials there is none to draw out.
        let known = few > 0.0 && many > 0.0 && large.online > small.online;
        let exponent = if known { libm::log(many / few) / libm::log(large.online / small.online) } else { 0.0 };
        many * libm::pow(online / large.online, exponent)
    };
    Need {
        events: at_full_size(|seen| seen.events) * online * seconds,
        memory: at_full_size(|seen| seen.memory) * online,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::Scenario;

    fn runs(online: u32) -> Vec<Run> {
        let text = format!(
            "[time]\nwarmup = \"1min\"\nmeasure = \"10min\"\n[population]\nonline = {online}\n[workload]\nlookup = {{ \
             every = \"10s\" }}\n[systems.all.full-table]\n[systems.kad.kademlia]\nk = 8\n[sweep]\nrepetitions = 2\n"
        );
        let scenario = Scenario::parse("s".into(), "".into(), text, &[]).unwrap();
        scenario.runs(Registry::standard().registered()).unwrap().runs
    }

    #[test]
    fn the_estimate_is_within_a_factor_of_two_of_what_a_run_needs() {
        let runs = runs(3_000);
        let needs = estimate(&Registry::standard(), &runs);
        let runs = [runs[0].clone(), runs[2].clone()];
        let finished = execute(&Registry::standard(), &runs, Wanted::default(), &AtomicBool::new(false), &());
        for (need, finished) in [needs[0], needs[2]].into_iter().zip(&finished) {
            let events = finished.outcome().unwrap().timing.events as f64;
            let ratio = need.unwrap().events / events;
            assert!((0.5..2.0).contains(&ratio), "{ratio} times the {events} events");
        }
    }

    #[test]
    fn repetitions_need_the_same_and_a_small_scenario_is_its_own_trial() {
        let needs = estimate(&Registry::standard(), &runs(40));
        assert_eq!(needs.len(), 4);
        assert_eq!((needs[0], needs[2]), (needs[1], needs[3]));
        assert!(needs.iter().all(|need| need.is_some_and(|need| need.memory > 0.0)));
    }
}
