//! Estimate of the cost of runs, from small trials.
//!
//! No formula covers protocols from other crates. So each system is simulated for two minutes with few participants,
//! then for two minutes with four times as many, and the cost per online node and second is extrapolated along the
//! power law through both. Accurate to about a factor of two: joins, crashes and rare maintenance do not show in two
//! minutes. Trials are limited by counts, whatever the scenario, and by processor time if events are slow: a trial over
//! the limit is ended, and its rates are used as they are.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::execute::{Finished, Watch, execute};
use crate::engine::{Duration, Time};
use crate::registry::Registry;
use crate::run::{PROGRESS_EVERY, Wanted};
use crate::scenario::{Churn, Plan, Population, Resources, Run, Sessions, Start, Workload};

/// Online participants of the smaller trial, if the scenario has as many.
const SMALL: f64 = 250.0;
const LARGE: f64 = 1_000.0;

/// Longest trial.
const LENGTH: Duration = Duration::from_secs(120);

/// Most events of all trials together, and again of repeated trials, since each event may leave state behind.
const MOST_EVENTS: u64 = 350_000;
/// Number of events by which a trial may exceed the limit before it is ended.
const OVERRUN: u64 = PROGRESS_EVERY;
/// Processor time of all trials together, in nanoseconds, beyond which one is ended: an event in which a node scans all
/// its state may take thousands of times as long as others.
const PATIENCE_NS: u64 = 20_000_000_000;
/// Events per core and second, roughly.
pub const EVENTS_PER_S: f64 = 1.5e6;
/// Most operations, and most sessions, of a participant in a trial: with more the trial is shorter. Operations in
/// progress are scanned one by one, and all sessions are drawn at the start.
const MOST_TIMES: f64 = 500.0;
/// Most plans and systems tried: others of a grid are assumed to cost as much as their neighbours.
const MOST_TRIED: usize = 16;
/// Most participants, records and copies of a trial, so that all take less than 300 MB. Where few nodes hold many
/// copies, an event that scans all of them is slow, too.
const MOST_PARTICIPANTS: f64 = 10_000.0;
const MOST_RECORDS: u32 = 10_000;
const MOST_COPIES: u32 = 30_000;

/// Least bytes of a participant, online or not, and of a copy of a record, known without a trial.
const OF_PARTICIPANT: f64 = 150.0;
const OF_COPY: f64 = 24.0;

/// Expected cost of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Need {
    /// Number of events, without late timeouts.
    pub events: f64,
    /// Processor time in seconds: by the measured cost of an event in trials ended for their time, by the usual cost in
    /// others.
    pub seconds: f64,
    /// Memory at its end in bytes.
    pub memory: f64,
}

/// Measurements of a trial.
#[derive(Clone, Copy, Debug)]
struct Seen {
    online: f64,
    /// Events per online participant and second.
    events: f64,
    /// Bytes per participant, as counted by [`heads`].
    memory: f64,
    /// Number of copies of records.
    copies: f64,
    /// Least processor time of an event in seconds.
    cost: f64,
}

/// Clock of this thread's processor time in nanoseconds, if known.
pub type Clock = fn() -> Option<u64>;

/// Number of participants with which memory grows: those online, or, with a trace, all that ever are.
fn heads(population: &Population) -> f64 {
    match &population.churn {
        Some(Churn { sessions: Sessions::Trace(_), .. }) => population.participants.into(),
        _ => population.online,
    }
}

/// Budget of trials: ends each after a number of events, or when it has taken too long, and records its progress.
struct Budget {
    events: u64,
    patience_ns: u64,
    clock: Clock,
    reached: Vec<Reached>,
}

/// Progress of a trial.
#[derive(Default)]
struct Reached {
    nanos: AtomicU64,
    events: AtomicU64,
    begun: OnceLock<u64>,
    /// Processor time in nanoseconds.
    spent: AtomicU64,
}

impl Watch for Budget {
    fn progresses(&self, run: usize, at: Time, events: u64) -> bool {
        let reached = &self.reached[run];
        let now = (self.clock)().unwrap_or(0);
        let spent = now.saturating_sub(*reached.begun.get_or_init(|| now));
        reached.nanos.store(at.as_nanos(), Ordering::Relaxed);
        reached.events.store(events, Ordering::Relaxed);
        reached.spent.store(spent, Ordering::Relaxed);
        events < self.events && spent < self.patience_ns
    }
}

impl Reached {
    /// Length of a trial that was ended, at least a nanosecond.
    fn length(&self) -> Duration {
        Duration::from_nanos(self.nanos.load(Ordering::Relaxed).max(1))
    }

    fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// Seconds per event, if they exceed the limit.
    fn cost(&self, patience_ns: u64) -> f64 {
        let spent = self.spent.load(Ordering::Relaxed);
        let measured = if spent < patience_ns { 0.0 } else { spent as f64 / 1e9 / self.events().max(1) as f64 };
        measured.max(1.0 / EVENTS_PER_S)
    }
}

/// Expected cost of each of `runs`. Repetitions cost the same, so only runs with the first seed of their plan are
/// tried, and only some points of a large grid.
///
/// # Errors
/// A trial that panicked: its system, and the message.
pub fn estimate(registry: &Registry, runs: &[Run], clock: Clock) -> Result<Vec<Need>, (String, String)> {
    let candidates: Vec<&Run> = runs.iter().filter(|run| run.seed == run.plan.seed).collect();
    let stride = candidates.len().div_ceil(MOST_TRIED);
    let systems = candidates.iter().map(|run| run.system).max().map_or(1, |last| last + 1);
    // Every so many plans, with all their systems.
    let numbered = candidates.iter().enumerate();
    let tried: Vec<&Run> =
        numbered.filter(|(at, _)| (at / systems).is_multiple_of(stride)).map(|(_, run)| *run).collect();
    let trials: Vec<Run> = tried.iter().flat_map(|run| [SMALL, LARGE].map(|online| trial(run, online))).collect();
    let seen = try_out(registry, &trials, clock)?;
    let key = |run: &Run| (Arc::as_ptr(&run.plan) as usize, run.system);
    let places: BTreeMap<_, _> = candidates.iter().enumerate().map(|(place, run)| (key(run), place)).collect();
    let need = |run: &Run| {
        let mine = places[&key(run)];
        let of_system = tried.iter().enumerate().filter(|(_, other)| other.system == run.system);
        let nearest = of_system.min_by_key(|(_, other)| places[&key(other)].abs_diff(mine));
        let (at, _) = nearest.expect("every system is tried");
        drawn_out(run, seen[2 * at], seen[2 * at + 1])
    };
    Ok(runs.iter().map(need).collect())
}

/// Trial: a short run in an equal environment with at most `online` participants online.
fn trial(run: &Run, online: f64) -> Run {
    let Plan { population, resources, workload, warmup, measure: all, .. } = &*run.plan;
    let share = (online / population.online).min(MOST_PARTICIPANTS / f64::from(population.participants)).min(1.0);
    let participants = ((f64::from(population.participants) * share).ceil() as u32).max(1);
    let online = population.online * share;
    let gaps = [&workload.lookup, &workload.get, &workload.put].into_iter().flatten();
    let asked_per_s: f64 = gaps.map(|gap| 1.0 / gap.mean()).sum();
    let cycle = match population.churn.as_ref().map(|churn| &churn.sessions) {
        Some(Sessions::Laws { session, downtime }) => session.mean() + downtime.mean(),
        _ => f64::INFINITY,
    };
    let few_enough = Duration::from_secs_f64(MOST_TIMES * cycle.min(1.0 / asked_per_s)).max(Duration::from_nanos(1));
    let measure = LENGTH.min(*warmup + *all).min(few_enough);
    let least = (2.0 * LENGTH.as_secs_f64()) / MOST_PARTICIPANTS;
    let arrivals = population.arrivals.map(|every| (every / share).max(least));
    let population = Population { participants, online, start: Start::Converged, arrivals, ..population.clone() };
    let population = of_trace(population, share, *warmup + *all, measure);
    let storage = &run.system().storage;
    let most = MOST_RECORDS.min(MOST_COPIES / storage.replicas) / storage.coding.pieces();
    let plan = Plan {
        population,
        resources: Resources { count: resources.count.min(most), ..resources.clone() },
        workload: Workload { requests: Arc::default(), deadline: workload.deadline.min(measure), ..workload.clone() },
        warmup: Duration::ZERO,
        measure,
        sample: measure,
        events: Vec::new(),
        ..(*run.plan).clone()
    };
    Run { plan: Arc::new(plan), ..run.clone() }
}

/// Excerpt of a trace around the middle of the run, with a share of its participants; if none is online then, the mean
/// number stays online.
fn of_trace(population: Population, share: f64, run: Duration, length: Duration) -> Population {
    let Some(Churn { sessions: Sessions::Trace(trace), graceful, notice }) = &population.churn else {
        return population;
    };
    let middle = Time::ZERO + Duration::from_nanos(run.saturating_sub(length).as_nanos() / 2);
    let excerpt = trace.excerpt(middle, length, (1.0 / share).round() as u32);
    let (participants, online) = (excerpt.participants(), excerpt.online_mean(Time::ZERO + length));
    if online == 0.0 {
        let participants = (population.online.ceil() as u32).max(1);
        return Population { participants, online: participants.into(), churn: None, ..population };
    }
    let churn = Some(Churn { sessions: Sessions::Trace(Arc::new(excerpt)), graceful: *graceful, notice: *notice });
    Population { participants, online, churn, ..population }
}

/// Measurements of trials. One that was ended is repeated for half of the length reached, so that its memory is known.
fn try_out(registry: &Registry, trials: &[Run], clock: Clock) -> Result<Vec<Seen>, (String, String)> {
    let (finished, budget) = bounded(registry, trials, clock);
    let ended =
        trials.iter().zip(&finished).zip(&budget.reached).filter(|((_, how), _)| **how == Finished::Interrupted);
    let halves: Vec<Run> = ended.map(|((trial, _), reached)| shortened(trial, reached.length())).collect();
    let mut halves = bounded(registry, &halves, clock).0.into_iter();
    let look = |((trial, finished), reached): ((&Run, &Finished), &Reached)| {
        let (end, length, events) = match finished {
            Finished::Interrupted => (halves.next().expect("each was tried again"), reached.length(), reached.events()),
            whole => (whole.clone(), trial.plan.measure, whole.outcome().map_or(0, |it| it.timing.events)),
        };
        Ok(Seen { cost: reached.cost(budget.patience_ns), ..look(trial, end, length, events)? })
    };
    trials.iter().zip(&finished).zip(&budget.reached).map(look).collect()
}

/// Runs trials within their budget.
fn bounded(registry: &Registry, trials: &[Run], clock: Clock) -> (Vec<Finished>, Budget) {
    let each = trials.len().max(1) as u64;
    let budget = Budget {
        events: (MOST_EVENTS / each).saturating_sub(OVERRUN),
        patience_ns: PATIENCE_NS / each,
        clock,
        reached: trials.iter().map(|_| Reached::default()).collect(),
    };
    let finished = execute(registry, trials, Wanted::default(), &AtomicBool::new(false), &budget);
    (finished, budget)
}

/// Trial of half of this length.
fn shortened(trial: &Run, length: Duration) -> Run {
    let measure = length.mul_f64(0.5).max(Duration::from_nanos(1));
    let workload = Workload { deadline: trial.plan.workload.deadline.min(measure), ..trial.plan.workload.clone() };
    Run { plan: Arc::new(Plan { measure, sample: measure, workload, ..(*trial.plan).clone() }), ..trial.clone() }
}

/// Measurements of a trial with its events in this time, and its memory at the end, unknown if it was ended too.
fn look(trial: &Run, end: Finished, length: Duration, events: u64) -> Result<Seen, (String, String)> {
    let online = trial.plan.population.online;
    let memory: u64 = match end {
        Finished::Done(outcome) => outcome.timing.bytes_by_part.iter().map(|(_, bytes)| bytes).sum(),
        Finished::Interrupted => 0,
        Finished::Failed(why) => return Err((trial.system().name.clone(), why)),
    };
    let events = events as f64 / online / length.as_secs_f64();
    let memory = memory as f64 / heads(&trial.plan.population);
    Ok(Seen { online, events, memory, copies: copies(trial), cost: 1.0 / EVENTS_PER_S })
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
    let events = at_full_size(|seen| seen.events) * online * seconds;
    Need {
        events,
        seconds: events * small.cost.max(large.cost),
        memory: (at_full_size(|seen| seen.memory) * heads(&run.plan.population)
            + OF_COPY * (copies(run) - large.copies))
            .max(least_memory(run)),
    }
}

/// Least memory of a run in bytes, known without a trial.
pub fn least_memory(run: &Run) -> f64 {
    let Plan { population, workload, warmup, measure, .. } = &*run.plan;
    let length = (*warmup + *measure + workload.deadline).as_secs_f64();
    let arrivals = population.arrivals.map_or(0.0, |every| length / every);
    (f64::from(population.participants) + arrivals) * OF_PARTICIPANT + copies(run) * OF_COPY
}

/// Number of copies of records in a run.
fn copies(run: &Run) -> f64 {
    let storage = &run.system().storage;
    f64::from(run.plan.resources.count) * f64::from(storage.coding.pieces()) * f64::from(storage.replicas)
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
        let needs = estimate(&Registry::standard(), &runs, || None).unwrap();
        let runs = [runs[0].clone(), runs[2].clone()];
        let finished = execute(&Registry::standard(), &runs, Wanted::default(), &AtomicBool::new(false), &());
        for (need, finished) in [needs[0], needs[2]].into_iter().zip(&finished) {
            let events = finished.outcome().unwrap().timing.events as f64;
            let ratio = need.events / events;
            assert!((0.5..2.0).contains(&ratio), "{ratio} times the {events} events");
        }
    }

    /// A scenario that would take years is known for it after some 100,000 events.
    #[test]
    fn trials_are_bounded_by_counts() {
        let text = "population = { participants = 3_000_000, churn = { preset = 'kad' } }\nresources.count = 100_000_000\n\
                    workload.get.every = '1ns'\nworkload.deadline = '900d'\n[systems.ring.chord]\n";
        let scenario = Scenario::parse("s".into(), "".into(), text.into(), &[]).unwrap();
        let runs = scenario.runs(Registry::standard().registered()).unwrap().runs;
        let trial = trial(&runs[0], LARGE);
        assert!(trial.plan.population.participants <= 10_000 && trial.plan.resources.count <= 10_000);
        let need = estimate(&Registry::standard(), &runs, || None).unwrap()[0];
        assert!(need.events > 1e15 && need.memory > 7e9, "{need:?}");
    }

    /// Each trial takes some events before it is looked at.
    #[test]
    fn trials_of_as_many_systems_as_there_may_be_take_no_more_events_in_all() {
        let systems: String = (0..256).map(|n| format!("[systems.s{n}.chord]\n")).collect();
        let text = format!("population.online = 9\nworkload.lookup.every = '1ms'\n{systems}");
        let scenario = Scenario::parse("s".into(), "".into(), text, &[]).unwrap();
        let runs = scenario.runs(Registry::standard().registered()).unwrap().runs;
        let trials: Vec<Run> = runs.iter().flat_map(|run| [SMALL, LARGE].map(|online| trial(run, online))).collect();
        let (finished, budget) = bounded(&Registry::standard(), &trials, || None);
        assert!(trials.len() == 512 && finished.iter().all(|end| *end == Finished::Interrupted));
        let events: u64 = budget.reached.iter().map(Reached::events).sum();
        assert!(events > 0 && events <= MOST_EVENTS, "{events}");
    }

    /// Of 200 points some are tried, and the others need what their neighbours do.
    #[test]
    fn a_large_grid_is_known_by_some_of_its_points() {
        let loss: Vec<String> = (0..200).map(|n| format!("{}", f64::from(n) / 1000.0)).collect();
        let text = format!(
            "population.online = 20\nworkload.lookup.every = '10s'\ntime = {{ warmup = '1s', measure = '1min' }}\n\
             [systems.a.chord]\n[systems.b.full-table]\n[sweep.axes]\n\"network.loss\" = [{}]\n",
            loss.join(", ")
        );
        let scenario = Scenario::parse("s".into(), "".into(), text, &[]).unwrap();
        let runs = scenario.runs(Registry::standard().registered()).unwrap().runs;
        let needs = estimate(&Registry::standard(), &runs, || None).unwrap();
        assert_eq!(needs.len(), 400);
        assert!(needs.chunks(2).all(|both| both[0].events > both[1].events), "a ring is kept up, a table is not");
    }

    #[test]
    fn a_trace_is_estimated_with_those_who_are_online_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        // Two hundred visitors one after another: exactly one is online, but each is named.
        let visit = |one: u32| format!("v{one},{},{}\n", 36 * one, 36 * (one + 1));
        let text: String = (0..200).map(visit).collect();
        std::fs::write(folder.path().join("t.csv"), format!("node,start,end\n{text}")).unwrap();
        let text = "time = { warmup = '1h', measure = '1h' }\npopulation.churn.trace = 't.csv'\n\
                    workload.lookup = { every = '1min' }\n[systems.ring.chord]\n[systems.kad.kademlia]\n";
        let scenario = Scenario::parse("s".into(), folder.path().into(), text.into(), &[]).unwrap();
        let runs = scenario.runs(Registry::standard().registered()).unwrap().runs;
        let finished = execute(&Registry::standard(), &runs, Wanted::default(), &AtomicBool::new(false), &());
        for (need, finished) in estimate(&Registry::standard(), &runs, || None).unwrap().into_iter().zip(&finished) {
            let events = finished.outcome().unwrap().timing.events as f64;
            let ratio = need.events / events;
            assert!((0.5..2.0).contains(&ratio), "{ratio} times the {events} events");
        }
    }

    #[test]
    fn repetitions_need_the_same_and_a_small_scenario_is_its_own_trial() {
        let needs = estimate(&Registry::standard(), &runs(40), || None).unwrap();
        assert_eq!(needs.len(), 4);
        assert_eq!((needs[0], needs[2]), (needs[1], needs[3]));
        assert!(needs.iter().all(|need| need.memory > 0.0));
    }
}
