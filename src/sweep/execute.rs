//! Execution of a list of runs on all cores. Prints nothing and reads no clock: observers are notified.

use std::any::Any;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;

use crate::engine::Time;
use crate::measure::outcome::Outcome;
use crate::registry::Registry;
use crate::run::Wanted;
use crate::scenario::Run;

/// Result of a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Finished {
    Done(Box<Outcome>),
    /// Panic, with its message: a bug of peerlab or of the protocol.
    Failed(String),
    /// Interrupted, or never started.
    Interrupted,
}

impl Finished {
    /// Outcome of a completed run.
    pub fn outcome(&self) -> Option<&Outcome> {
        match self {
            Finished::Done(outcome) => Some(outcome),
            _ => None,
        }
    }
}

/// Observer of runs, identified by their index in the list. Called on the thread that executes the run, and by several
/// threads at once; it does not affect results. All methods do nothing by default.
#[allow(unused_variables)]
pub trait Watch: Sync {
    fn begins(&self, run: usize) {}
    /// Progress report after a number of events; false interrupts this run.
    fn progresses(&self, run: usize, at: Time, events: u64) -> bool {
        true
    }
    fn ended(&self, run: usize, how: &Finished) {}
    /// Writer of the run's trace, if one is wanted. It is flushed at the end of the run; the writer keeps its errors.
    fn trace(&self, run: usize) -> Option<Box<dyn Write + '_>> {
        None
    }
}

/// No observer.
impl Watch for () {}

/// Executes `runs` on the threads of the current rayon pool. Results are in the order of the list, and each depends on
/// its run only. A run that panics fails alone; when `stop` becomes true, active runs end soon and no other starts.
///
/// # Panics
/// If the registry lacks a protocol that a plan names.
pub fn execute(
    registry: &Registry,
    runs: &[Run],
    wanted: Wanted,
    stop: &AtomicBool,
    watch: &impl Watch,
) -> Vec<Finished> {
    // One run at a time: whole halves of the list would leave threads idle when one half is the slower.
    let each = runs.par_iter().enumerate().with_max_len(1);
    each.map(|(number, run)| {
        if stop.load(Ordering::Relaxed) {
            return Finished::Interrupted;
        }
        watch.begins(number);
        let finished = one(registry, number, run, wanted, stop, watch);
        watch.ended(number, &finished);
        finished
    })
    .collect()
}

fn one(
    registry: &Registry,
    number: usize,
    run: &Run,
    wanted: Wanted,
    stop: &AtomicBool,
    watch: &impl Watch,
) -> Finished {
    let system = run.system();
    let entry = registry.find(system.protocol).expect("the plan was made with this registry");
    let progress = |at, events| watch.progresses(number, at, events) && !stop.load(Ordering::Relaxed);
    let simulated = catch_unwind(AssertUnwindSafe(|| {
        let mut trace = watch.trace(number);
        let out = trace.as_mut().map(|out| out as &mut dyn Write);
        let outcome = (entry.simulate)(&run.plan, system, run.seed, wanted, out, &progress);
        if let Some(out) = &mut trace {
            // As with every line before: the writer keeps the error.
            let _ = out.flush();
        }
        outcome
    }));
    match simulated {
        Ok(Ok(outcome)) => Finished::Done(Box::new(outcome)),
        Ok(Err(_)) => Finished::Interrupted,
        Err(panic) => Finished::Failed(format!("panicked: {}", said(&*panic))),
    }
}

/// Message of a panic.
fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "a panic without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Entry;
    use crate::scenario::Scenario;

    fn runs(registry: &Registry) -> Vec<Run> {
        let text = "[population]\nonline = 20\n[time]\nwarmup = \"1s\"\nmeasure = \"1min\"\n[workload]\nlookup = { every = \
                    \"10s\" }\n[systems.a.chord]\n[systems.b.broken]\n[systems.c.kademlia]\n";
        Scenario::parse("s".into(), "".into(), text.into(), &[]).unwrap().runs(registry.registered()).unwrap().runs
    }

    /// With a protocol `broken` whose runs panic.
    fn registry() -> Registry {
        let chord = *Registry::standard().find("chord").unwrap();
        let registered = crate::scenario::Registered { name: "broken", ..chord.registered };
        Registry::standard().with(Entry { registered, simulate: |_, _, _, _, _, _| panic!("it broke"), ..chord })
    }

    #[test]
    fn a_run_that_panics_fails_alone() {
        let registry = registry();
        let finished = execute(&registry, &runs(&registry), Wanted::default(), &AtomicBool::new(false), &());
        assert_eq!(finished[1], Finished::Failed("panicked: it broke".to_owned()));
        assert!(finished[0].outcome().is_some() && finished[2].outcome().is_some());
    }

    #[test]
    fn no_run_begins_once_it_is_stopped() {
        struct Counts(std::sync::atomic::AtomicU32);
        impl Watch for Counts {
            fn begins(&self, _: usize) {
                self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
        let (registry, counts) = (registry(), Counts(0.into()));
        let finished = execute(&registry, &runs(&registry), Wanted::default(), &AtomicBool::new(true), &counts);
        assert_eq!(finished, [Finished::Interrupted, Finished::Interrupted, Finished::Interrupted]);
        assert_eq!(counts.0.into_inner(), 0);
    }
}
