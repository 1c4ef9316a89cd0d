//! Progress of runs: the progress bar, and the cost of each run.

use std::io::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::clock::{Cost, Stopwatch, peak_memory_bytes};
use super::trace::Traces;
use crate::engine::{Duration, Time};
use crate::scenario::Run;
use crate::sweep::execute::{Finished, Watch};

/// Observer of a list of runs.
pub(super) struct Watcher<'a> {
    watched: Vec<Watched>,
    clock: Stopwatch,
    ended: AtomicU64,
    /// Number of events of all runs so far.
    events: AtomicU64,
    bar: ProgressBar,
    traces: &'a Traces,
}

/// Cost of a list of runs.
#[derive(Clone, Debug)]
pub(super) struct Costs {
    /// Wall time from the start of the first run to the end of the last.
    pub wall_s: f64,
    /// Peak memory of the process until then; `None` if the system does not provide it.
    pub peak_memory_bytes: Option<u64>,
    /// Cost by run; `None` for one that has not started.
    pub runs: Vec<Option<RunCost>>,
}

/// Cost of one run.
#[derive(Clone, Debug)]
pub(super) struct RunCost {
    pub whole: Cost,
    /// Time from its start until its state was built, until the end of the warm-up, and of the measurement; as far as
    /// it came.
    pub until: Vec<Cost>,
}

/// Observed run.
#[derive(Debug)]
struct Watched {
    length: Duration,
    /// End of its parts: building, warm-up, measurement.
    ends: [Time; 3],
    /// Virtual milliseconds and events that the bar has shown.
    seen: (AtomicU64, AtomicU64),
    clock: Mutex<Option<Stopwatch>>,
    until: Mutex<Vec<Cost>>,
    cost: Mutex<Option<RunCost>>,
}

impl<'a> Watcher<'a> {
    /// Observer with a bar, shown on a terminal only, labelled with `what` the runs are for.
    pub(super) fn new(runs: &[Run], what: &'static str, quiet: bool, traces: &'a Traces) -> Watcher<'a> {
        let watched = |run: &Run| {
            let (warmup, length) = (run.plan.warmup, run.plan.warmup + run.plan.measure);
            Watched {
                length,
                ends: [Time::ZERO, Time::ZERO + warmup, Time::ZERO + length],
                seen: Default::default(),
                clock: Mutex::default(),
                until: Mutex::default(),
                cost: Mutex::default(),
            }
        };
        let watched: Vec<_> = runs.iter().map(watched).collect();
        let total = watched.iter().map(|run| millis(run.length)).sum();
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let style = ProgressStyle::with_template("{prefix}{bar:16} {percent:>3} % {msg} {eta} left");
        let bar = ProgressBar::with_draw_target(Some(total), target)
            .with_style(style.expect("the template is well formed"))
            .with_prefix(what);
        Watcher { watched, clock: Stopwatch::start(), ended: AtomicU64::new(0), events: AtomicU64::new(0), bar, traces }
    }

    /// Removes the bar and returns the cost of the runs.
    pub(super) fn finish(self) -> Costs {
        self.bar.finish_and_clear();
        let cost = |watched: Watched| watched.cost.into_inner().expect("nobody panics while holding it");
        Costs {
            wall_s: self.clock.wall_s(),
            peak_memory_bytes: peak_memory_bytes(),
            runs: self.watched.into_iter().map(cost).collect(),
        }
    }

    /// Reads the clock at the first call at or after the end of a part of the run.
    fn mark(&self, run: usize, at: Time) {
        let Watched { ends, clock, until, .. } = &self.watched[run];
        let mut until = until.lock().expect("nobody panics while holding it");
        if ends.get(until.len()).is_some_and(|end| at >= *end) {
            let clock = clock.lock().expect("nobody panics while holding it");
            until.extend(clock.as_ref().map(Stopwatch::stop));
        }
    }

    /// Updates the bar with the progress of a run.
    fn show(&self, run: usize, at_ms: u64, events: u64) {
        let (seen_ms, seen_events) = &self.watched[run].seen;
        self.bar.inc(at_ms.saturating_sub(seen_ms.swap(at_ms, Ordering::Relaxed)));
        let new = events.saturating_sub(seen_events.swap(events, Ordering::Relaxed));
        let events = self.events.fetch_add(new, Ordering::Relaxed) + new;
        let per_s = events as f64 / self.clock.wall_s().max(1e-3);
        let hours = |ms: u64| ms as f64 / 3.6e6;
        self.bar.set_message(format!(
            "{:.1}/{:.1} h virtual, {:.2} M events/s, {}/{} runs,",
            hours(self.bar.position()),
            hours(self.bar.length().unwrap_or(0)),
            per_s / 1e6,
            self.ended.load(Ordering::Relaxed),
            self.watched.len(),
        ));
    }
}

impl Watch for Watcher<'_> {
    fn begins(&self, run: usize) {
        *self.watched[run].clock.lock().expect("nobody panics while holding it") = Some(Stopwatch::start());
    }

    fn progresses(&self, run: usize, at: Time, events: u64) -> bool {
        self.mark(run, at);
        if !self.bar.is_hidden() {
            self.show(run, millis(at.since(Time::ZERO)), events);
        }
        true
    }

    fn ended(&self, run: usize, how: &Finished) {
        let Watched { length, seen, clock, until, cost, .. } = &self.watched[run];
        let clock = clock.lock().expect("nobody panics while holding it").take();
        let until = std::mem::take(&mut *until.lock().expect("nobody panics while holding it"));
        *cost.lock().expect("nobody panics while holding it") =
            clock.map(|clock| RunCost { whole: clock.stop(), until });
        self.ended.fetch_add(1, Ordering::Relaxed);
        if !self.bar.is_hidden() {
            let events = how.outcome().map_or(seen.1.load(Ordering::Relaxed), |outcome| outcome.timing.events);
            self.show(run, millis(*length), events);
        }
    }

    fn trace(&self, run: usize) -> Option<Box<dyn Write + '_>> {
        self.traces.writer(run)
    }
}

fn millis(length: Duration) -> u64 {
    length.as_nanos() / 1_000_000
}
