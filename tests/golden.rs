//! Golden results: every shipped scenario, shortened to some 20,000 events, all systems, at the first and the last point of its grid.
//!
//! Where results change, this test fails until the version is raised and `GOLDEN=write cargo test --test golden` has written
//! `tests/golden.csv` anew; `CHANGELOG.md` says why.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::{env, fs};

use peerlab::engine::{Duration, Time};
use peerlab::measure::catalogue::{METRICS, SERIES};
use peerlab::measure::outcome::Outcome;
use peerlab::registry::Registry;
use peerlab::run::Wanted;
use peerlab::scenario::{Event, Plan, Run, Scenario};
use peerlab::sweep::execute::{Finished, Watch, execute};

/// Events of a shortened run, roughly.
const EVENTS: u64 = 20_000;

const FOLDERS: [&str; 4] = ["scenarios", "scenarios/bench", "scenarios/validation", "tests/cli"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The scenarios of a folder, by name.
fn scenarios(folder: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).expect("there are scenarios");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("it can be read").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    paths
}

/// Ends each run after so many events, and keeps when that was.
struct Until(Vec<AtomicU64>);

impl Watch for Until {
    fn progresses(&self, run: usize, at: Time, events: u64) -> bool {
        self.0[run].store(at.as_nanos(), Ordering::Relaxed);
        events < EVENTS
    }
}

fn executed(runs: &[Run], watch: &impl Watch) -> Vec<Finished> {
    execute(&Registry::standard(), runs, Wanted::default(), &AtomicBool::new(false), watch)
}

/// A run in which all that happens comes earlier, by the share of the time that is left.
fn shortened(run: &Run, until: Duration) -> Run {
    let plan = &run.plan;
    let share = until.as_secs_f64() / (plan.warmup + plan.measure).as_secs_f64();
    if share >= 1.0 {
        return run.clone();
    }
    let [warmup, measure, sample, deadline] =
        [plan.warmup, plan.measure, plan.sample, plan.workload.deadline].map(|time| time.mul_f64(share));
    let earlier = |event: &Event| Event {
        at: event.at.mul_f64(share),
        lasts: event.lasts.map(|lasts| lasts.mul_f64(share)),
        ..event.clone()
    };
    let events = plan.events.iter().map(earlier).collect();
    let deadline = deadline.max(Duration::from_secs(10)).min(plan.workload.deadline);
    let workload = peerlab::scenario::Workload { deadline, ..plan.workload.clone() };
    Run { plan: Arc::new(Plan { warmup, measure, sample, events, workload, ..(**plan).clone() }), ..run.clone() }
}

/// All runs of a scenario's first seed, at the first and the last point of its grid.
fn of_scenario(path: &Path) -> Vec<Run> {
    let scenario = Scenario::load(path, &[]).unwrap_or_else(|problems| panic!("{problems}"));
    let all = scenario.runs(Registry::standard().registered()).unwrap_or_else(|problems| panic!("{problems}")).runs;
    let (first, last) = (all[0].plan.clone(), all[all.len() - 1].plan.clone());
    let is_wanted = |run: &Run| Arc::ptr_eq(&run.plan, &first) || Arc::ptr_eq(&run.plan, &last);
    all.into_iter().filter(|run| run.seed == run.plan.seed && is_wanted(run)).collect()
}

/// FNV-1a over all figures by their names: their order does not count.
fn figures(outcome: &Outcome) -> u64 {
    let of_run = METRICS.iter().map(|metric| metric.name.as_str()).zip(&outcome.metrics);
    let samples = outcome.samples.iter();
    let over_time = samples.flat_map(|sample| SERIES.iter().map(|series| series.name.as_str()).zip(&sample.values));
    let known = of_run.chain(over_time).filter_map(|(name, value)| Some(format!("{name}={:?}\n", (*value)?)));
    let mut lines: Vec<String> = known.collect();
    lines.sort();
    let bytes = lines.iter().flat_map(|line| line.bytes());
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// A row for each run of all scenarios, below a line with the version.
fn golden() -> String {
    let paths: Vec<PathBuf> = FOLDERS.iter().flat_map(|folder| scenarios(folder)).collect();
    let runs: Vec<(&PathBuf, Run)> =
        paths.iter().flat_map(|path| of_scenario(path).into_iter().map(move |run| (path, run))).collect();
    let whole: Vec<Run> = runs.iter().map(|(_, run)| run.clone()).collect();
    let until = Until(whole.iter().map(|_| AtomicU64::new(u64::MAX)).collect());
    executed(&whole, &until);
    let short: Vec<Run> = whole
        .iter()
        .zip(&until.0)
        .map(|(run, at)| shortened(run, Duration::from_nanos(at.load(Ordering::Relaxed))))
        .collect();
    let mut text = format!("version,{}\nscenario,run,events,fingerprint,figures\n", env!("CARGO_PKG_VERSION"));
    for ((path, run), finished) in runs.iter().zip(executed(&short, &())) {
        let name = path.strip_prefix(root()).expect("it is ours").display();
        match finished {
            Finished::Done(outcome) => writeln!(
                text,
                "{name},{},{},{:016x},{:016x}",
                run.id,
                outcome.timing.events,
                outcome.fingerprint,
                figures(&outcome)
            ),
            other => panic!("{name}, {}: {other:?}", run.id),
        }
        .expect("a text takes all");
    }
    text
}

#[test]
fn results_of_one_version_are_those_of_its_golden_file() {
    let path = root().join("tests/golden.csv");
    let now = golden();
    if env::var("GOLDEN").is_ok_and(|value| value == "write") {
        return fs::write(&path, now).expect("the file can be written");
    }
    let before = fs::read_to_string(&path).expect("the golden file is there");
    let changed = before.lines().zip(now.lines()).find(|(before, now)| before != now);
    assert!(
        before == now,
        "results changed: raise the version, say why in the changelog, and run GOLDEN=write cargo test --test golden\n\
         {changed:#?}"
    );
}
